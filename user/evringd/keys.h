/* SPDX-License-Identifier: MIT */
/* keys: the table of a connector's keys. They are declared there and nowhere else. */
#ifndef KEYS_H
#define KEYS_H

#include <stdio.h>

struct config;
struct problems;

void keys_print(FILE *to);
/* Give a zeroed configuration its defaults. */
void keys_default(struct config *cfg);
/* Set one key's member; a bad value is a problem. */
void keys_set(struct config *cfg, const char *name, const char *value, struct problems *problems);
void keys_free(struct config *cfg);

#endif /* KEYS_H */
