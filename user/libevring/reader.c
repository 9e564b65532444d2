/* SPDX-License-Identifier: MIT */
/*
 * All rings of a session, read as one stream in order of time.
 *
 * A snapshot takes the time first and then every ring's head. Events stamped
 * before that time are below the heads, so up to there the merge is complete, but
 * for one that was stamped and not yet published: it comes late, by as long as its
 * emit was interrupted. A younger event waits for another snapshot, which is taken
 * as soon as nothing older is left. Rings with something to read are in
 * a heap, the oldest event on top.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static void heap_down(struct evring *ev, unsigned int i)
{
	struct ring **heap = ev->heap, *ring = heap[i];
	unsigned int child;

	for (child = 2 * i + 1; child < ev->nr_heap; i = child, child = 2 * i + 1) {
		if (child + 1 < ev->nr_heap && heap[child + 1]->time < heap[child]->time)
			child++;
		if (ring->time <= heap[child]->time)
			break;
		heap[i] = heap[child];
	}
	heap[i] = ring;
}

static void heap_build(struct evring *ev)
{
	unsigned int i;

	for (i = ev->nr_heap / 2; i-- > 0;)
		heap_down(ev, i);
}

/* Where a ring that this session has just mapped begins */
static int ring_begin(const struct evring *ev, struct ring *ring, bool first)
{
	const struct evring_ring_page *page = ring->page;
	const struct evring_cursor *cursor;

	if (ev->mode != MODE_TAP) {
		cursor = ring_cursor(ring, ev->group);
		if (!cursor)
			return -EPROTO;
		ring_place(ring, load_once(&cursor->pos), load_once(&cursor->seq));
	} else if (first && ev->start == EVRING_LATEST) {
		ring_place(ring, load_acquire(&page->head), EVRING_SEQ_NONE);
	} else {
		ring_place(ring, load_once(&page->tail), EVRING_SEQ_NONE);
	}
	return 0;
}

/* Room for one more ring, doubled at powers of two. Nothing points into it: the heap is empty. */
static int rings_grow(struct evring *ev)
{
	size_t room = ev->nr_rings ? 2 * (size_t)ev->nr_rings : 1;
	struct ring **heap;
	struct ring *rings;

	if (ev->nr_rings & (ev->nr_rings - 1))
		return 0;
	heap = realloc(ev->heap, room * sizeof(*heap));
	if (!heap)
		return -ENOMEM;
	ev->heap = heap;
	rings = realloc(ev->rings, room * sizeof(*rings));
	if (!rings)
		return -ENOMEM;
	ev->rings = rings;
	return 0;
}

/* Unmap all rings but the first @nr. */
static void rings_cut(struct evring *ev, unsigned int nr)
{
	const struct ring *ring;

	while (ev->nr_rings > nr) {
		ring = &ev->rings[--ev->nr_rings];
		ev->mapped[ring->lane * ev->meta.nr_cpus + ring->cpu] = false;
		ring_unmap(&ev->rings[ev->nr_rings]);
	}
}

static int rings_map_lane(struct evring *ev, unsigned int lane)
{
	bool *mapped = &ev->mapped[lane * ev->meta.nr_cpus];
	unsigned int cpu;
	int ret;

	for (cpu = 0; cpu < ev->meta.nr_cpus; cpu++) {
		if (mapped[cpu])
			continue;
		ret = rings_grow(ev);
		if (!ret)
			ret = ring_map(ev, &ev->rings[ev->nr_rings], lane, cpu);
		if (ret == -ENXIO)
			continue;
		if (ret)
			return ret;
		mapped[cpu] = true;
		ev->nr_rings++;
	}
	return 0;
}

/* Map the rings that have come since we last looked: all of them, or none. */
static int rings_map(struct evring *ev)
{
	unsigned int nr = load_acquire(&ev->live->nr_rings), had = ev->nr_rings, lane;
	int ret = 0;

	for (lane = 0; lane < ev->nr_lanes && !ret; lane++)
		if (ev->lanes & (1ULL << lane))
			ret = rings_map_lane(ev, lane);
	if (ret)
		rings_cut(ev, had);
	else
		ev->seen_rings = nr;
	return ret;
}

/* Rings that have come since we last looked begin where the group has them, or at their tail. */
static int rings_update(struct evring *ev)
{
	unsigned int had = ev->nr_rings, i;
	int ret = rings_map(ev);

	for (i = had; i < ev->nr_rings && !ret; i++)
		ret = ring_begin(ev, &ev->rings[i], false);
	if (ret)
		rings_cut(ev, had);
	return ret;
}

/* Read all heads anew and build the heap; on an error the heap is empty. */
int reader_snapshot(struct evring *ev)
{
	unsigned int i;
	int ret;

	ev->nr_heap = 0;
	if (load_acquire(&ev->live->nr_rings) != ev->seen_rings) {
		ret = rings_update(ev);
		if (ret)
			return ret;
	}
	ev->watermark = clock_now(ev);	/* before any head is read */
	for (i = 0; i < ev->nr_rings; i++) {
		struct ring *ring = &ev->rings[i];

		/* acquire: pairs with the release of head in the kernel's publish */
		ring->head = load_acquire(&ring->page->head);
		ret = ring_peek(ring);
		if (ret < 0) {
			ev->nr_heap = 0;
			return ret;
		}
		if (ret)
			ev->heap[ev->nr_heap++] = ring;
	}
	clock_refresh(ev);	/* after the heads */
	heap_build(ev);
	/* After the heads: the types of all events below them are known then. */
	ret = ev->nr_heap ? types_update(ev) : 0;
	if (ret)
		ev->nr_heap = 0;
	return ret;
}

/* All that can fail for want of memory: a group that nobody reads must not hold. */
int reader_map(struct evring *ev, enum mode mode, uint64_t lanes)
{
	int ret = -ENOMEM;

	ev->mode = mode;
	ev->lanes = lanes;
	ev->error = 0;
	ev->mapped = calloc((size_t)ev->nr_lanes * ev->meta.nr_cpus, sizeof(*ev->mapped));
	if (ev->mapped)
		ret = rings_map(ev);
	if (ret)
		reader_stop(ev);
	return ret;
}

/* Behind reader_map(): each ring begins where its group, or the tap, begins. */
int reader_begin(struct evring *ev)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < ev->nr_rings && !ret; i++)
		ret = ring_begin(ev, &ev->rings[i], true);
	if (ret)
		reader_stop(ev);
	return ret;
}

void reader_stop(struct evring *ev)
{
	rings_cut(ev, 0);
	free(ev->mapped);
	free(ev->rings);
	free(ev->heap);
	ev->mapped = NULL;
	ev->rings = NULL;
	ev->heap = NULL;
	ev->nr_heap = 0;
	ev->mode = MODE_NONE;
	run_reset(ev);
}

/* The top ring has moved on: put it where it belongs, or take it out. */
int heap_step(struct evring *ev)
{
	int ret = ring_peek(ev->heap[0]);

	if (ret < 0) {
		ev->nr_heap = 0;
		return ret;
	}
	if (!ret)
		ev->heap[0] = ev->heap[--ev->nr_heap];
	if (ev->nr_heap > 1)
		heap_down(ev, 0);
	return 0;
}

/*
 * Is there an event on top that no older one can precede? An event of the first
 * snapshot may be younger than one that it did not see; the second snapshot's time
 * is later than that event, unless the clock is odd: then it goes out as it is.
 */
int reader_ready(struct evring *ev)
{
	int tries, ret;

	for (tries = 0; tries < 2; tries++) {
		if (ev->nr_heap && ev->heap[0]->time <= ev->watermark)
			return 0;
		ret = reader_snapshot(ev);
		if (ret || !ev->nr_heap)
			return ret;
	}
	return 0;
}

/* For taps and groups that follow: the event may be overwritten meanwhile, which ring_take() sees. */
static int next_copy(struct evring *ev, struct evring_event *event)
{
	int ret = ev->error;
	struct ring *ring;
	bool taken;

	ev->error = 0;
	while (!ret) {
		ret = reader_ready(ev);
		if (ret || !ev->nr_heap)
			break;
		ring = ev->heap[0];
		taken = ring_take(ring, ev->copy, event);
		/* An error behind this event is told after it. */
		ret = heap_step(ev);
		if (!taken)
			continue;
		ev->error = ret;
		event->ring = (uint32_t)(ring - ev->rings);
		event->type = evring_type(ev, event->rec->type);
		return 1;
	}
	return ret;
}

static void event_fill(struct evring *ev, const struct evring_rec *rec, struct evring_event *event)
{
	struct evring_run *run = &ev->run;
	uint64_t pos = run->pos + (uint64_t)((const char *)rec - (const char *)run->first);

	event->rec = rec;
	event->payload = rec + 1;
	event->payload_len = rec->len - (uint32_t)sizeof(*rec);
	event->lane = run->lane;
	event->cpu = run->cpu;
	event->ring = run->ring;
	event->pos = pos;
	event->next = pos + (uint64_t)((const char *)run->rec - (const char *)rec);
	/* The ring's own number stays at the run's first event until the run ends. */
	event->seq = run->seq + ((rec->seq - run->seq) & (~0ULL >> (64 - ev->seq_bits)));
	event->next_seq = event->seq + 1;
	/* Told with the run's first event, which evring_run_next() may have taken, too. */
	event->missed = rec == run->first ? run->missed : 0;
	if (rec->type < EVRING_TYPE_FIRST) {
		event->next_seq = event->seq + rec_covers(rec);
		if (rec->type == EVRING_TYPE_DISCARD)
			event->payload_len = 0;
	}
	event->type = rec->type < ev->nr_types ? ev->types[rec->type] :
						 evring_type(ev, rec->type);
}

int evring_next(struct evring *ev, struct evring_event *event)
{
	const struct evring_rec *rec = evring_run_next(&ev->run);
	int ret;

	if (!rec) {
		if (ev->mode == MODE_NONE)
			return -EPERM;
		if (ev->mode != MODE_HOLD)
			return next_copy(ev, event);
		ret = run_next(ev);
		if (ret <= 0)
			return ret;
		rec = run_first(ev);
		if (!rec)
			return -EBADMSG;
	}
	event_fill(ev, rec, event);
	return 1;
}

unsigned int evring_rings(const struct evring *ev)
{
	return ev->nr_rings;
}

int evring_arm(struct evring *ev, uint32_t watermark, uint32_t flush_ms)
{
	struct evring_arm arm = {
		.lanes = ev->lanes,
		.watermark = watermark,
		.flush_ms = flush_ms,
	};
	int ret;

	if (ev->mode == MODE_NONE)
		return -EPERM;
	run_end(ev);
	if (ev->nr_heap || ev->error)
		return 1;
	ret = evring_ioctl(ev, EVRING_IOC_ARM, &arm);
	if (!ret)
		ret = reader_snapshot(ev);
	return ret ? ret : !!ev->nr_heap;
}

int evring_wait(struct evring *ev, int timeout_ms)
{
	struct pollfd pollfd = { .fd = ev->fd, .events = POLLIN };
	int ret = evring_arm(ev, 0, 0);

	if (ret)
		return ret;
	ret = poll(&pollfd, 1, timeout_ms);
	return ret < 0 ? -errno : ret;
}
