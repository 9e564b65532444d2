/* SPDX-License-Identifier: MIT */
/* The library's map: what its files share, in the order in which an event flows. */
#ifndef EVRING_INTERNAL_H
#define EVRING_INTERNAL_H

#include "evring.h"

/* session.c: the device and its meta page */

/* How the handle reads */
enum mode {
	MODE_NONE,
	MODE_TAP,	/* nothing is held: copy, then check */
	MODE_FOLLOW,	/* a group that holds nothing: the same */
	MODE_HOLD,	/* a group whose events stay put until committed */
};

/* The lines from raw time stamps to nanoseconds */
struct clock {
	struct evring_clock now;
	uint32_t nr_past;
	struct evring_clock_line past[EVRING_CLOCK_PAST];
};

struct evring {
	int fd;
	const struct evring_meta *meta;
	size_t meta_len;
	struct clock clock;		/* as of the last snapshot */

	struct evring_type **types;	/* by id; each allocated on its own, as users keep them */
	unsigned int nr_types;

	enum mode mode;
	uint32_t lanes;
	uint32_t start;			/* of a tap */
	uint32_t group;			/* index of the group */
	struct ring *rings;		/* by event.ring */
	unsigned int nr_rings;
	unsigned int seen_rings;	/* meta->nr_rings when we last looked for new ones */
	struct ring **heap;		/* rings with something to read, oldest event first */
	unsigned int nr_heap;
	uint64_t watermark;		/* raw time before the heads were read */
	int error;			/* what the next evring_next() returns, if not 0 */
	struct evring_run run;		/* of the ring on top of the heap, while @running */
	bool running;
	char *copy;			/* the event, where the ring may change under us */
};

int evring_ioctl(const struct evring *ev, unsigned long request, void *arg);

/* ring.c: one mapped ring */

struct ring {
	const struct evring_ring_page *page;
	const char *data;
	size_t map_len;
	uint64_t mask;
	uint64_t segment;	/* bytes */
	uint32_t record_max;	/* bytes; what is longer is no record but a pad */
	uint64_t pos;		/* of the next event */
	uint64_t head;		/* as of the last snapshot */
	uint64_t seq;		/* expected next; EVRING_SEQ_NONE if anything will do */
	uint64_t time;		/* raw, of the event at pos */
	uint64_t committed;	/* position */
	uint64_t missed;	/* since the last commit */
	uint16_t lane;
	uint16_t cpu;
	bool stable;		/* what is between pos and head cannot change */
};

int ring_map(const struct evring *ev, struct ring *ring, unsigned int lane, unsigned int cpu);
void ring_unmap(struct ring *ring);
void ring_place(struct ring *ring, uint64_t pos, uint64_t seq);
int ring_peek(struct ring *ring);
bool ring_take(struct ring *ring, char *copy, struct evring_event *event);
uint64_t rec_covers(const struct evring_rec *rec);

/* run.c: the ring on top, as far as no other one comes between */

int run_next(struct evring *ev);
void run_end(struct evring *ev);
void run_reset(struct evring *ev);

/* clock.c: raw time stamps */

void clock_refresh(struct evring *ev);
uint64_t clock_now(const struct evring *ev);
uint64_t evring_raw_to_boot(const struct evring *ev, uint64_t raw);
uint64_t evring_raw_to_wall(const struct evring *ev, uint64_t raw);

/* reader.c: all rings together */

int reader_start(struct evring *ev, enum mode mode, uint32_t lanes);
void reader_stop(struct evring *ev);
int reader_snapshot(struct evring *ev);
int reader_ready(struct evring *ev);
int heap_step(struct evring *ev);

/* host.c */

/* 32 hex digits, dashes left out. -ENODATA: the file is empty; -EINVAL: it has something else. */
int host_read_id(const char *path, char id[33]);

/* type.c */

void types_free(struct evring *ev);

/*
 * What the kernel stores with release, and what it may be storing right now.
 * The compiler's builtins, as C11's atomics want other types.
 */
#define load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define load_once(p)	__atomic_load_n(p, __ATOMIC_RELAXED)
#define read_fence()	__atomic_thread_fence(__ATOMIC_ACQUIRE)

#endif /* EVRING_INTERNAL_H */
