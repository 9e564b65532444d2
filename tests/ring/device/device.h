/* SPDX-License-Identifier: MIT */
/*
 * libevring against the module, both in this process: each test has a module of
 * its own, in a child. Time stands still where a test does not want it to go on,
 * so that "at the flush time" is a sharp word.
 */
#ifndef EVRING_TESTS_RING_DEVICE_H
#define EVRING_TESTS_RING_DEVICE_H

#include "../../harness/tap.h"
#include "internal.h"
#include "model.h"
#include "sim.h"

#define CRITICAL	(1u << LANE_CRITICAL)
#define BULK		(1u << LANE_BULK)
#define APP		(1u << LANE_APP)
#define SEGMENT		4096u
#define RING		(4 * SEGMENT)
#define PAYLOAD		32u		/* of most events: 64 bytes with the header */
#define IN_SEGMENT	(SEGMENT / (PAYLOAD + 32))
#define IN_RING		(4 * IN_SEGMENT)
#define MS		1000000ull
#define TICK		(4 * MS)	/* of the simulation */

#define MANY		256u		/* CPUs, where a test asks for ALL_CPUS */
#define PRODUCERS	3u		/* CPUs with REAL */

/* Which module a test has: on a stepped clock, in real time, with many CPUs, or its own. */
enum module { STEPPED, REAL, ALL_CPUS, NONE };

struct test {
	void (*run)(void);
	enum module module;
	const char *name;
};

/* Each ends with one that has no name. */
extern const struct test reading_tests[], groups_tests[], waking_tests[], calls_tests[],
			 parallel_tests[], programs_tests[], filters_tests[];

/*
 * TSan knows no fences: a copy of memory that may be overwritten meanwhile, and a check
 * afterwards, is a race to it. Under TSan such copies are left out.
 */
#ifdef __SANITIZE_THREAD__
#define COPIES	false
#else
#define COPIES	true
#endif

extern uint64_t seed;			/* of the random programs */
extern unsigned long programs;		/* random ones to play */
/* The seed of the program that is played: main() tells it if the child dies. */
extern uint64_t *playing;

/* How many events there were of each lane: event n is filled as event n of the model is. */
extern uint64_t counts[LANES];
void fill(void *room, uint32_t len, void *arg);
bool emit_len(unsigned int lane, unsigned int cpu, uint32_t len);
/* Returns how many were not lost. */
unsigned int emit(unsigned int lane, unsigned int cpu, unsigned int n);
struct evring *session(void);
int join(struct evring *ev, const char *name, uint32_t policy, uint32_t start);
struct evring *member(const char *name, uint32_t policy);
struct evring *tap(uint64_t lanes, uint32_t start);
/* Reads events that are all as they were filled. Returns how many. */
unsigned int read_all(struct evring *ev, unsigned int max, uint64_t *first);
int call(const struct evring *ev, unsigned long request, void *arg);
bool readable(const struct evring *ev);
/* A copy of one ring's page, good until the next call. Each thread has its own. */
const struct evring_ring_page *page(struct evring *ev, unsigned int lane, unsigned int cpu);
/* One of the groups, as it is now; so is its time. */
const struct evring_group_info *group_info(struct evring *ev, unsigned int group);
void *unmapped(void);

#endif /* EVRING_TESTS_RING_DEVICE_H */
