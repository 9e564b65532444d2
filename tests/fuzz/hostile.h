/* SPDX-License-Identifier: MIT */
/*
 * The device under the fuzzed reader: its rings are written, and spoilt, by
 * a program of bytes between any two looks of the reader.
 */
#ifndef EVRING_TESTS_HOSTILE_H
#define EVRING_TESTS_HOSTILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "internal.h"
#include "../harness/block.h"
#include "model.h"

#define PAGE		4096u
#define RINGS		2u
#define RING_SIZE	(4 * MODEL_SEGMENT)
#define RECORD_MAX	(MODEL_SEGMENT / 2)
#define TYPES		8u
#define FIELDS		6u
#define RECS_MAX	2000
#define POINTS_MAX	100000	/* looks at memory in one call: more has no end */
#define JSONS_MAX	12
#define FAKE_FD		1000000

/* The test's own loops over bytes: their branches tell the fuzzer nothing. */
#define UNGUIDED	__attribute__((no_sanitize("coverage")))

/* A store that is still to come */
struct store {
	uint64_t *at;
	uint64_t value;
};

struct truth {
	uint64_t pos, seq, covers;
	uint64_t bytes[RECORD_MAX / 8];
};

/* One ring, and its writer */
struct writer {
	char *map;
	struct evring_ring_page *page;
	uint64_t *data;
	uint64_t pos, seq, tail;	/* once all stores are made */
	uint64_t committed;
	struct store stores[RECORD_MAX / 8 + 16];
	unsigned int nr, made;
	struct truth *recs[RECS_MAX];	/* @nr_recs of this run; memory is kept for the next */
	unsigned int nr_recs;
	struct evring_cursor *cursor;	/* the one of the page */
	/* the reader's */
	uint64_t from, next;
};

#define CURSORS	512u		/* where the table is in a ring's page */

struct fake_meta {
	struct evring_meta meta;
	struct evring_clock clock;
	struct evring_clock_line past[4];
	struct evring_lane_info lanes[LANES];
};

struct hostile {
	const uint8_t *next, *end;
	struct writer rings[RINGS];
	struct fake_meta *meta;
	struct block blocks[TYPES];
	struct evring *ev;
	bool clean;
	bool reading;
	unsigned int points, jsons, stamps;
	unsigned int stalled;	/* how often a reader yet waits for the clock in vain */
};

extern struct hostile p;	/* the program, and its device */

/* The next bytes of the program; 0 once there are none. */
unsigned int byte(void);
unsigned int below(unsigned int bound);
uint64_t word(void);
/* The first @n of a writer's stores that are still to come are made. */
void store(struct writer *w, unsigned int n);
/* An event; a store of any value in the data, or in members that only the kernel writes. */
void emit(struct writer *w);
void corrupt(struct writer *w);
void corrupt_page(struct writer *w);
/* Between two looks of the reader: the writer goes on. */
void interfere(void);
/* Rings and types as a module has them that was just loaded. */
void hostile_start(void);

#endif /* EVRING_TESTS_HOSTILE_H */
