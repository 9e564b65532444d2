/* SPDX-License-Identifier: MIT */
/* See snapshot.h. */
#include "snapshot.h"

#include "memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The parts of a ring's page that a snapshot keeps */
static void ring_keep(const struct snapshot *snap, struct ring_view *ring, const void *page,
		      size_t len)
{
	const struct evring_table *cursors = &ring->page.cursors;

	evring_page_get(page, len, &ring->page, sizeof(ring->page));
	ring->seq = evring_seq_near(ring->page.seq_base, ring->page.seq, snap->meta.seq_bits);
	for (unsigned int i = 0; i < CAUSES_MAX; i++)
		evring_table_get(page, len, &ring->page.lost, i, &ring->lost[i],
				 sizeof(ring->lost[i]));
	ring->nr_cursors = cursors->count;
	ring->cursors = xgrow(NULL, 0, cursors->count, sizeof(*ring->cursors));
	for (unsigned int i = 0; i < cursors->count; i++)
		evring_table_get(page, len, cursors, i, &ring->cursors[i],
				 sizeof(*ring->cursors));
}

/* A copy of a ring's page, of any length; -errno. */
static ssize_t ring_copy(struct evring *ev, unsigned int lane, unsigned int cpu, void **page,
			 size_t *room)
{
	ssize_t len = evring_ring_read(ev, lane, cpu, *page, *room);

	if (len <= (ssize_t)*room)
		return len;
	*room = (size_t)len;
	*page = xgrow(*page, *room, *room, 1);
	return evring_ring_read(ev, lane, cpu, *page, *room);
}

static int read_rings(struct evring *ev, struct snapshot *snap)
{
	const struct evring_meta *meta = &snap->meta;
	size_t room = 4096;
	void *page = xalloc(room);
	int ret = 0;

	/* Rings that came after the meta page was read are left to the next snapshot. */
	snap->rings = xgrow(NULL, 0, meta->nr_rings, sizeof(*snap->rings));
	for (unsigned int lane = 0; lane < meta->lanes.count && !ret; lane++) {
		for (unsigned int cpu = 0; cpu < meta->nr_cpus && !ret; cpu++) {
			ssize_t len;

			if (snap->nr_rings == meta->nr_rings)
				break;
			len = ring_copy(ev, lane, cpu, &page, &room);
			if (len >= 0)
				ring_keep(snap, &snap->rings[snap->nr_rings++], page, (size_t)len);
			else if (len != -ENXIO)
				ret = (int)len;
		}
	}
	free(page);
	return ret;
}

static int read_meta(struct evring *ev, struct snapshot *snap)
{
	size_t room = evring_meta(ev)->map_size;
	void *page = xzalloc(room);
	ssize_t len = evring_meta_read(ev, page, room);

	if (len >= 0) {
		evring_page_get(page, (size_t)len, &snap->meta, sizeof(snap->meta));
		evring_table_get(page, (size_t)len, &snap->meta.clocks, 0, &snap->clock,
				 sizeof(snap->clock));
		snap->groups = xgrow(NULL, 0, snap->meta.groups.count, sizeof(*snap->groups));
		for (unsigned int i = 0; i < snap->meta.groups.count; i++)
			evring_table_get(page, (size_t)len, &snap->meta.groups, i, &snap->groups[i],
					 sizeof(*snap->groups));
	}
	free(page);
	return len < 0 ? (int)len : 0;
}

int snapshot_take(struct evring *ev, struct snapshot *snap)
{
	struct timespec now;
	int ret;

	*snap = (struct snapshot){ .ev = ev };
	ret = read_meta(ev, snap);
	if (ret < 0)
		return ret;
	clock_gettime(CLOCK_BOOTTIME, &now);
	snap->boottime_ns = now.tv_sec * 1000000000ULL + now.tv_nsec;
	ret = read_rings(ev, snap);
	if (ret < 0)
		snapshot_free(snap);
	else if (snap->nr_rings)
		snap->nr_causes = snap->rings[0].page.lost.count;
	if (snap->nr_causes > CAUSES_MAX)
		snap->nr_causes = CAUSES_MAX;
	return ret;
}

void snapshot_free(struct snapshot *snap)
{
	while (snap->nr_rings)
		free(snap->rings[--snap->nr_rings].cursors);
	free(snap->rings);
	free(snap->groups);
	snap->rings = NULL;
	snap->groups = NULL;
}

int snapshot_group(const struct snapshot *snap, const char *name)
{
	unsigned int i;

	for (i = 0; i < snap->meta.groups.count; i++)
		if (!strcmp(snap->groups[i].name, name))
			return (int)i;
	return -1;
}

void tally_add(struct tally *tally, const struct snapshot *snap, const struct ring_view *ring)
{
	const struct evring_ring_page *page = &ring->page;
	uint64_t held_max = ring_held_max(snap, ring);

	tally->rings++;
	tally->size += page->data_size;
	tally->kept += page->head - page->tail;
	tally->bytes += page->head;
	tally->emitted += ring->seq;
	for (unsigned int i = 0; i < CAUSES_MAX; i++)
		tally->lost[i] += ring->lost[i];
	tally->discarded += page->discarded;
	tally->wakeups += page->wakeups;
	tally->held_max = held_max > tally->held_max ? held_max : tally->held_max;
}

void tally_lane(const struct snapshot *snap, unsigned int lane, struct tally *tally)
{
	*tally = (struct tally){ 0 };
	for (unsigned int i = 0; i < snap->nr_rings; i++)
		if (snap->rings[i].page.lane == lane)
			tally_add(tally, snap, &snap->rings[i]);
}

uint64_t tally_lost(const struct tally *tally)
{
	uint64_t lost = 0;

	for (unsigned int i = 0; i < CAUSES_MAX; i++)
		lost += tally->lost[i];
	return lost;
}

/* The counters change while they are read, so the difference can be below 0 for a moment. */
uint64_t tally_published(const struct tally *tally)
{
	uint64_t failed = tally_lost(tally) + tally->discarded;

	return tally->emitted > failed ? tally->emitted - failed : 0;
}

bool group_holds(const struct evring_group_info *group)
{
	return group->name[0] && group->policy == EVRING_HOLD &&
	       !(group->flags & EVRING_GROUP_ABANDONED);
}

uint64_t ring_held(const struct snapshot *snap, const struct ring_view *ring, int *holder)
{
	const struct evring_ring_page *page = &ring->page;
	uint64_t held = 0;

	for (unsigned int i = 0; i < snap->meta.groups.count && i < ring->nr_cursors; i++) {
		const struct evring_cursor *cursor = &ring->cursors[i];

		if (!group_holds(&snap->groups[i]) ||
		    !(snap->groups[i].lanes & 1ULL << page->lane) ||
		    cursor->pos >= page->head || page->head - cursor->pos <= held)
			continue;
		held = page->head - cursor->pos;
		*holder = (int)i;
	}
	return held;
}

/* The page's mark is of where a segment was entered: since then it can have become more. */
uint64_t ring_held_max(const struct snapshot *snap, const struct ring_view *ring)
{
	uint64_t held;
	int holder;

	held = ring_held(snap, ring, &holder);
	/* A cursor that was overtaken is further behind than the ring is long. */
	held = held < ring->page.data_size ? held : ring->page.data_size;
	return held > ring->page.held_max ? held : ring->page.held_max;
}

uint64_t group_away_ns(const struct snapshot *snap, const struct evring_group_info *group)
{
	return group->left_ns && snap->boottime_ns > group->left_ns ?
	       snap->boottime_ns - group->left_ns : 0;
}

void group_lag(const struct snapshot *snap, unsigned int group, struct lag *lag)
{
	*lag = (struct lag){ .events_known = true };
	for (unsigned int i = 0; i < snap->nr_rings; i++) {
		const struct ring_view *ring = &snap->rings[i];
		const struct evring_ring_page *page = &ring->page;
		const struct evring_cursor *cursor = &ring->cursors[group];

		if (!(snap->groups[group].lanes & 1ULL << page->lane) || group >= ring->nr_cursors)
			continue;
		lag->missed += cursor->missed;
		if (page->head <= cursor->pos)
			continue;
		lag->bytes += page->head - cursor->pos;
		if (cursor->seq != EVRING_SEQ_NONE && ring->seq >= cursor->seq)
			lag->events += ring->seq - cursor->seq;
		else if (!cursor->pos)
			lag->events += ring->seq;
		else
			lag->events_known = false;
	}
}
