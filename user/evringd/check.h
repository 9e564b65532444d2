/* SPDX-License-Identifier: MIT */
/* check: kafka.* keys that would break the promise of delivery. */
#ifndef CHECK_H
#define CHECK_H

struct config;
struct problems;

/* Tries the kafka.* properties, all of them. */
void kafka_check(const struct config *cfg, struct problems *problems);
/* Warnings of settings that are allowed but have a price. */
void kafka_warn(const struct config *cfg, struct problems *warnings);

#endif /* CHECK_H */
