/* SPDX-License-Identifier: MIT */
/* accept: the header Accept of a request (RFC 9110). */
#ifndef ACCEPT_H
#define ACCEPT_H

#include <stdbool.h>

/*
 * Is @type named, and not liked less than @other? Ranges, as "text" with a star, name nothing: a client
 * that sends only those gets the default. @accept may be NULL.
 */
bool accept_prefers(const char *accept, const char *type, const char *other);

#endif /* ACCEPT_H */
