/* SPDX-License-Identifier: GPL-2.0-only */
/* The pages that are mapped, as this module lays them out; user space goes by their tables. */
#ifndef _KMOD_PAGES_H
#define _KMOD_PAGES_H

#include <linux/cache.h>
#include <linux/evring.h>
#include "limits.h"

/* Where an array member of the structure at @_at is, for the readers of the page */
#define TABLE(_at, _array)						\
	(struct evring_table){						\
		.offset = offsetof(typeof(*(_at)), _array),		\
		.stride = sizeof((_at)->_array[0]),			\
		.count = ARRAY_SIZE((_at)->_array),			\
	}

/* The meta page */
struct evring_meta_pages {
	struct evring_meta meta;
	struct evring_clock clock;
	struct evring_clock_line past[EVRING_CLOCK_PAST];
	struct evring_lane_info lanes[EVRING_LANES_MAX];
	struct evring_group_info groups[EVRING_GROUPS_MAX];
};

extern struct evring_meta_pages *evring_meta_pages;
extern struct evring_meta *evring_meta;	/* the start of them */

/* The first pages of a ring's mapping: as this ABI is, one */
struct evring_ring_pages {
	struct evring_ring_page page;
	u64 lost[EVRING_LOST_CAUSES] ____cacheline_aligned;
	struct evring_cursor cursors[EVRING_GROUPS_MAX] ____cacheline_aligned;
};

/* Its data area begins behind them. */
#define EVRING_DATA_OFFSET	PAGE_ALIGN(sizeof(struct evring_ring_pages))

#endif /* _KMOD_PAGES_H */
