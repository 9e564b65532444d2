/* SPDX-License-Identifier: MIT */
/* connect: keys that Kafka Connect's users write and that evringd does not support. */
#ifndef CONNECT_H
#define CONNECT_H

#include <stdbool.h>

struct problems;

/*
 * False: Kafka Connect has no such key either. A key that would change the delivered
 * messages is refused; the problem names the key to use in its place.
 */
bool connect_refuse(const char *name, struct problems *problems);

#endif /* CONNECT_H */
