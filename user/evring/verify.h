/* SPDX-License-Identifier: MIT */
/* Shared by verify.c and verify_report.c. */
#ifndef EVRING_VERIFY_H
#define EVRING_VERIFY_H

#include "arrival.h"
#include "ledger.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define VERIFY_CAUSES	32

/* The result of evring verify */
struct verify {
	struct ledger *ledger;
	struct arrived_rest rest;
	uint64_t messages;
	uint64_t never;			/* events whose numbers cannot be */
	uint64_t others;		/* events of other hosts than those that are wanted */
	uint64_t nameless;		/* events without a host's name, which was asked for */
	uint64_t causes[VERIFY_CAUSES];	/* of lost events; one of several causes counts in each */
	json_t *hosts;			/* machine id to host name, as far as it is told */
	json_t *emptied;		/* the partitions of which retention has left nothing */
	json_t *latest;			/* the partition that begins last, if one does later; or NULL */
	bool asked;			/* for events from some time on */
	bool is_short;			/* ... which @latest begins after */
	bool complete;			/* read to the end */
};

/* Print it, and return an EXIT_*. */
int verify_report(const struct verify *v, bool json);

#endif /* EVRING_VERIFY_H */
