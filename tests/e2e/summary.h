/* SPDX-License-Identifier: MIT */
/*
 * summary: the last lines of evring-consume: the ledger of evring verify, and beside it
 * how many events of each type came, and how late they were.
 */
#ifndef EVRING_TESTS_SUMMARY_H
#define EVRING_TESTS_SUMMARY_H

#include "ledger.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct summary {
	struct ledger *ledger;
	json_t *types;			/* how many messages of each */
	int64_t *latencies;		/* ns, of each event */
	size_t nr_latencies, room;
	uint64_t messages, delivered;	/* events, duplicates included */
	uint64_t foreign;		/* messages that are no events */
	uint64_t mismatches;		/* messages whose headers are not their value's */
};

struct summary *summary_new(void);
void summary_free(struct summary *summary);
/* A message of this type, "name/version" */
void summary_type(struct summary *summary, const char *type);
/* An event that had not come before */
void summary_latency(struct summary *summary, int64_t ns);
/* Numbers that are neither an event's nor declared */
uint64_t summary_lost(const struct sums *sums);
void summary_print(struct summary *summary, FILE *to);
json_t *summary_json(struct summary *summary);

#endif /* EVRING_TESTS_SUMMARY_H */
