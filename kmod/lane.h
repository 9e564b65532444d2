/* SPDX-License-Identifier: GPL-2.0-only */
/* lane.c: the lanes and their rings. */
#ifndef _KMOD_LANE_H
#define _KMOD_LANE_H

#include <linux/atomic.h>
#include <linux/percpu.h>
#include "limits.h"
#include "pages.h"
#include "ring.h"

/**
 * struct evring_lane - one lane
 * @info: its entry in the meta page
 * @rings: this CPU's ring, NULL until the CPU first comes online
 * @armed: a session waits for the next event (wake.c)
 * @marked: sessions that wait for their watermark (wake.c)
 * @published: bytes on its rings, as far as they were counted
 */
struct evring_lane {
	struct evring_lane_info *info;
	struct evring_ring * __percpu *rings;
	int armed;
	int marked;
	atomic64_t published;
};

extern struct evring_lane evring_lane_table[EVRING_LANES_MAX];
extern unsigned int evring_nr_lanes;

int evring_lanes_init(void);
void evring_lanes_exit(void);
int evring_lane_find(const char *name);
bool evring_lanes_resolve(u64 *lanes);
struct evring_ring *evring_ring_get(u32 lane, u32 cpu);

typedef void evring_ring_fn(struct evring_ring *ring, void *arg);

void evring_rings_each(u64 lanes, evring_ring_fn *fn, void *arg);
u64 evring_ring_count(struct evring_ring *ring);
u64 evring_lanes_published(u64 lanes);
u64 evring_lanes_count(u64 lanes);

#endif /* _KMOD_LANE_H */
