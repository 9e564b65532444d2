/* SPDX-License-Identifier: MIT */
/* Shared by arrival.c and arrival_json.c. */
#ifndef EVRING_ARRIVAL_JSON_H
#define EVRING_ARRIVAL_JSON_H

#include "arrival.h"

/* NULL: it is no JSON. */
json_t *arrival_parse(const char *text, size_t len);
/* Of its type, with @count 1 */
void arrival_account(struct arrival *arrival);
/* Is it told of events, which it is none of? */
bool arrival_declares(const struct arrival *arrival);
/* Which events a declaration is about; if that cannot be, it is open. */
void arrival_covers(struct arrival *arrival, uint64_t first, uint64_t last, uint64_t count);

#endif /* EVRING_ARRIVAL_JSON_H */
