/* SPDX-License-Identifier: MIT */
/* All counters of the module at one time, and what they come to. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "cli.h"

static int read_rings(struct evring *ev, struct snapshot *snap)
{
	const struct evring_meta *meta = &snap->meta;
	/* rings may have come since the meta page was read: they are for the next time */
	struct evring_ring_page *rings = must(calloc(meta->nr_rings + 1, sizeof(*rings)));

	snap->rings = rings;
	for (unsigned int lane = 0; lane < meta->nr_lanes; lane++) {
		for (unsigned int cpu = 0; cpu < meta->nr_cpus; cpu++) {
			int ret;

			if (snap->nr_rings == meta->nr_rings)
				return 0;
			ret = evring_ring_read(ev, lane, cpu, &rings[snap->nr_rings]);
			if (ret >= 0)
				snap->nr_rings++;
			else if (ret != -ENXIO)
				return ret;
		}
	}
	return 0;
}

int snapshot_take(struct evring *ev, struct snapshot *snap)
{
	struct timespec now;
	int ret;

	*snap = (struct snapshot){ 0 };
	ret = evring_meta_read(ev, &snap->meta);
	if (ret < 0)
		return ret;
	clock_gettime(CLOCK_BOOTTIME, &now);
	snap->boottime_ns = now.tv_sec * 1000000000ULL + now.tv_nsec;
	ret = read_rings(ev, snap);
	if (ret < 0)
		snapshot_free(snap);
	return ret;
}

void snapshot_free(struct snapshot *snap)
{
	free(snap->rings);
	snap->rings = NULL;
}

void tally_add(struct tally *tally, const struct evring_ring_page *ring)
{
	tally->rings++;
	tally->size += ring->data_size;
	tally->kept += ring->head - ring->tail;
	tally->bytes += ring->head;
	tally->emitted += ring->seq;
	for (unsigned int i = 0; i < EVRING_LOST_CAUSES; i++)
		tally->lost[i] += ring->lost[i];
	tally->discarded += ring->discarded;
	tally->wakeups += ring->wakeups;
}

uint64_t tally_lost(const struct tally *tally)
{
	uint64_t lost = 0;

	for (unsigned int i = 0; i < EVRING_LOST_CAUSES; i++)
		lost += tally->lost[i];
	return lost;
}

/* The counters are read while they move, so the difference may be below 0 for a moment. */
uint64_t tally_published(const struct tally *tally)
{
	uint64_t failed = tally_lost(tally) + tally->discarded;

	return tally->emitted > failed ? tally->emitted - failed : 0;
}

void group_lag(const struct snapshot *snap, unsigned int group, struct lag *lag)
{
	*lag = (struct lag){ .events_known = true };
	for (unsigned int i = 0; i < snap->nr_rings; i++) {
		const struct evring_ring_page *ring = &snap->rings[i];
		const struct evring_cursor *cursor = &ring->cursors[group];

		if (!(snap->meta.groups[group].lanes & 1U << ring->lane))
			continue;
		lag->missed += cursor->missed;
		if (ring->head <= cursor->pos)
			continue;
		lag->bytes += ring->head - cursor->pos;
		if (cursor->seq != EVRING_SEQ_NONE && ring->seq >= cursor->seq)
			lag->events += ring->seq - cursor->seq;
		else if (!cursor->pos)
			lag->events += ring->seq;
		else
			lag->events_known = false;
	}
}
