/* SPDX-License-Identifier: MIT */
/*
 * spans: a set of 64-bit numbers, kept as the stretches that have no gap. Its memory grows
 * with the gaps, not with the numbers.
 */
#ifndef EVRING_SPANS_H
#define EVRING_SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From @first to @last, both included */
struct span {
	uint64_t first, last;
};

struct spans_chunk;

/* All zeros: empty. */
struct spans {
	struct spans_chunk **chunks;	/* in order, none of them empty */
	size_t nr, room;
};

void spans_free(struct spans *spans);
/* Returns how many of the numbers were not there; of all 2^64 of them, 2^64 - 1. */
uint64_t spans_add(struct spans *spans, uint64_t first, uint64_t last);
bool spans_has(const struct spans *spans, uint64_t number);
/* The first span that ends at @from or later. False: there is none. */
bool spans_next(const struct spans *spans, uint64_t from, struct span *span);
/* How many numbers there are from @first to @last; of all 2^64 of them, 2^64 - 1. */
uint64_t spans_count(const struct spans *spans, uint64_t first, uint64_t last);

#endif /* EVRING_SPANS_H */
