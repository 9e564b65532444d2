/* SPDX-License-Identifier: MIT */
/* snapshot: all counters of the module, read at one time. */
#ifndef EVRING_SNAPSHOT_H
#define EVRING_SNAPSHOT_H

#include <evring.h>
#include <stdbool.h>
#include <stdint.h>

#define CAUSES_MAX	16	/* causes of losses that are counted apart */

/* One ring's page, as far as this program knows its members */
struct ring_view {
	struct evring_ring_page page;
	uint64_t seq;			/* attempts so far, all 64 bits */
	uint64_t lost[CAUSES_MAX];
	struct evring_cursor *cursors;	/* by place of the group */
	unsigned int nr_cursors;
};

struct snapshot {
	struct evring *ev;
	struct evring_meta meta;
	struct evring_clock clock;
	struct evring_group_info *groups;	/* meta.groups.count; free places have no name */
	uint64_t boottime_ns;			/* when it was taken */
	struct ring_view *rings;		/* lane by lane */
	unsigned int nr_rings;
	unsigned int nr_causes;
};

/* Counters of one ring, or of several together */
struct tally {
	unsigned int rings;
	uint64_t size;			/* of the data areas */
	uint64_t kept;			/* bytes between tail and head */
	uint64_t bytes;			/* published, since the module was loaded */
	uint64_t emitted;
	uint64_t lost[CAUSES_MAX];
	uint64_t discarded;
	uint64_t wakeups;
	uint64_t held_max;		/* of the ring of which most was held */
};

/* How far a group is behind, on all of its rings together */
struct lag {
	uint64_t bytes;
	uint64_t events;		/* only if @events_known */
	uint64_t missed;
	bool events_known;
};

/* -errno; on success give the snapshot to snapshot_free(). */
int snapshot_take(struct evring *ev, struct snapshot *snap);
void snapshot_free(struct snapshot *snap);

/* The place of a group by its name; -1: there is none. */
int snapshot_group(const struct snapshot *snap, const char *name);

void tally_add(struct tally *tally, const struct snapshot *snap, const struct ring_view *ring);
/* All rings of a lane */
void tally_lane(const struct snapshot *snap, unsigned int lane, struct tally *tally);
uint64_t tally_lost(const struct tally *tally);
uint64_t tally_published(const struct tally *tally);

/* A group whose cursors keep events from being overwritten */
bool group_holds(const struct evring_group_info *group);
/* Bytes of the ring that a group keeps from being overwritten. *@holder: its place, else unchanged */
uint64_t ring_held(const struct snapshot *snap, const struct ring_view *ring, int *holder);
/* The most of it that was held since it was made */
uint64_t ring_held_max(const struct snapshot *snap, const struct ring_view *ring);
/* Nanoseconds without an owner; 0: it has one, or never had one. */
uint64_t group_away_ns(const struct snapshot *snap, const struct evring_group_info *group);
void group_lag(const struct snapshot *snap, unsigned int group, struct lag *lag);

#endif /* EVRING_SNAPSHOT_H */
