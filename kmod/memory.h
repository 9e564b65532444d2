/* SPDX-License-Identifier: GPL-2.0-only */
/* memory.c: the memory of a ring. */
#ifndef _KMOD_MEMORY_H
#define _KMOD_MEMORY_H

#include "lane.h"

struct evring_ring *evring_ring_alloc(const struct evring_lane *lane, u32 number, unsigned int cpu);
bool evring_memory_fits(u64 pages);
void evring_ring_free(struct evring_ring *ring);

#endif /* _KMOD_MEMORY_H */
