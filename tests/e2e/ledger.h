/* SPDX-License-Identifier: MIT */
/*
 * ledger: the events of each ring that have arrived, by their identities.
 *
 * A ring's sequence numbers are dense: each is either an event that arrived or
 * covered by a declaration; what is neither is a hole.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A declaration: events that do not come, and why. */
enum declared {
	DECLARED_LOST,		/* evring.lost: the kernel had no room */
	DECLARED_MISSED,	/* evring.missed: overwritten before they were read */
	DECLARED_REJECTED,	/* evring.rejected: Kafka refused them */
	NR_DECLARED,
};

/* One event, or one declaration. */
struct arrival {
	const char *ring;	/* machine/boot/lane/cpu */
	const char *type;	/* name/version */
	const char *topic;
	int32_t partition;
	uint64_t seq;
	enum declared kind;
	uint64_t covers;	/* of a declaration: how many events, else 0 */
	int64_t latency_ns;
};

struct totals {
	uint64_t messages;	/* all of them */
	uint64_t delivered;	/* events, duplicates included */
	uint64_t distinct;	/* events */
	uint64_t duplicates;	/* messages whose identity had arrived before */
	uint64_t declared[NR_DECLARED];	/* sequence numbers that each kind covers */
	uint64_t lost;		/* holes */
	uint64_t conflicts;	/* both arrived and declared, or declared twice over */
	uint64_t reordered;	/* behind a later one of its ring, in its partition */
	uint64_t foreign;	/* messages that are no events */
	uint64_t mismatches;	/* messages whose headers are not their value's */
};

struct ledger;

struct ledger *ledger_new(void);
void ledger_free(struct ledger *ledger);
/* False: the numbers in it cannot be. */
bool ledger_add(struct ledger *ledger, const struct arrival *arrival);
void ledger_foreign(struct ledger *ledger);
void ledger_mismatch(struct ledger *ledger);
/* So many attempts were made on a ring ("critical", 0): what has not come is a hole. */
void ledger_expect(struct ledger *ledger, const char *lane, int cpu, uint64_t emitted);
/* Distinct events so far: cheap. */
uint64_t ledger_distinct(const struct ledger *ledger);
/* @from_zero: numbers before a ring's first arrival are a hole, too. */
struct totals ledger_totals(const struct ledger *ledger, bool from_zero);
void ledger_print(struct ledger *ledger, bool from_zero, FILE *to);
json_t *ledger_json(struct ledger *ledger, bool from_zero);

#endif /* LEDGER_H */
