/* SPDX-License-Identifier: MIT */
/* See unread.h. */
#include "unread.h"

#include "memory.h"
#include "snapshot.h"

#include <evring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define TRIES 8				/* a pad, and a writer that overtakes */

struct mapping {
	void *mem;			/* NULL: not mapped */
	size_t len;
};

struct unread {
	struct mapping *mappings;	/* by lane and CPU */
	size_t nr;
};

struct unread *unread_new(void)
{
	return xzalloc(sizeof(struct unread));
}

void unread_free(struct unread *unread)
{
	size_t i;

	if (!unread)
		return;
	for (i = 0; i < unread->nr; i++)
		if (unread->mappings[i].mem)
			munmap(unread->mappings[i].mem, unread->mappings[i].len);
	free(unread->mappings);
	free(unread);
}

/* NULL: it cannot be mapped. */
static const void *map(struct unread *unread, const struct snapshot *snap,
		       const struct evring_ring_page *page)
{
	size_t i = (size_t)page->lane * snap->meta.nr_cpus + page->cpu;
	struct mapping *mapping;
	void *mem;

	if (i >= unread->nr) {
		unread->mappings = xgrow(unread->mappings, unread->nr, i + 1,
					 sizeof(*unread->mappings));
		unread->nr = i + 1;
	}
	mapping = &unread->mappings[i];
	if (mapping->mem)
		return mapping->mem;
	mapping->len = page->data_offset + page->data_size;
	mem = mmap(NULL, mapping->len, PROT_READ, MAP_SHARED, evring_fd(snap->ev),
		   (off_t)EVRING_MMAP_RING(page->lane, page->cpu));
	if (mem != MAP_FAILED)
		mapping->mem = mem;
	return mapping->mem;
}

/*
 * The raw time of the first record at @pos or behind it. A writer may overtake, so the
 * record counts only if tail has not passed it: the load of tail behind the fence pairs with
 * the writer's store of tail before it overwrites a segment. False: there is none.
 */
static bool first_time(const void *mem, uint64_t pos, uint64_t *time)
{
	const struct evring_ring_page *page = mem;
	unsigned int i;

	for (i = 0; i < TRIES; i++) {
		uint64_t head = __atomic_load_n(&page->head, __ATOMIC_ACQUIRE);
		uint64_t tail = __atomic_load_n(&page->tail, __ATOMIC_ACQUIRE);
		const struct evring_rec *rec;
		uint32_t len;
		uint16_t type;

		pos = pos < tail ? tail : pos;
		if (pos >= head)
			return false;
		rec = (const void *)((const char *)mem + page->data_offset +
				     (pos & (page->data_size - 1)));
		len = __atomic_load_n(&rec->len, __ATOMIC_RELAXED);
		type = __atomic_load_n(&rec->type, __ATOMIC_RELAXED);
		/* A pad at the end of the ring has no more than these. */
		*time = type == EVRING_TYPE_PAD ? 0 : __atomic_load_n(&rec->time, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&page->tail, __ATOMIC_RELAXED) > pos)
			continue;
		if (type != EVRING_TYPE_PAD)
			return true;
		pos += ((uint64_t)len + 7) & ~7ULL;
	}
	return false;
}

/* By the line of now alone: older ones differ by less than matters here. */
static uint64_t age_ns(const struct snapshot *snap, uint64_t raw)
{
	const struct evring_clock *clock = &snap->clock;
	__int128 since = (int64_t)(raw - clock->base);
	uint64_t boot_ns = clock->boot_ns + (uint64_t)((since * clock->mult) >> clock->shift);

	return snap->boottime_ns > boot_ns ? snap->boottime_ns - boot_ns : 0;
}

uint64_t unread_ns(struct unread *unread, const struct snapshot *snap, unsigned int group)
{
	uint64_t oldest = 0;
	unsigned int i;

	for (i = 0; i < snap->nr_rings; i++) {
		const struct ring_view *ring = &snap->rings[i];
		uint64_t raw, age;
		const void *mem;

		if (group >= ring->nr_cursors ||
		    !(snap->groups[group].lanes & 1ULL << ring->page.lane) ||
		    ring->cursors[group].pos >= ring->page.head)
			continue;
		mem = map(unread, snap, &ring->page);
		if (!mem || !first_time(mem, ring->cursors[group].pos, &raw))
			continue;
		age = age_ns(snap, raw);
		oldest = age > oldest ? age : oldest;
	}
	return oldest;
}
