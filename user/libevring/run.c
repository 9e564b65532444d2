/* SPDX-License-Identifier: MIT */
/*
 * A run: successive events of one ring, with none of another ring between them.
 * Records that are held for a group do not change, so the reader walks along the
 * records themselves (evring_run_next(), inlined into the reader), and looks at the
 * heap of rings once a run, not once an event.
 */
#include <errno.h>

#include "internal.h"

/* A type below EVRING_TYPE_FIRST: a pad ends the run; a lost record tells how many it covers. */
const struct evring_rec *evring_run_builtin(const struct evring_run *run)
{
	const struct evring_rec *rec = run->rec;

	if (rec->type == EVRING_TYPE_PAD)
		return NULL;
	if (rec->type == EVRING_TYPE_LOST &&
	    rec->len < sizeof(*rec) + LOST_MIN)
		return NULL;
	return rec;
}

/*
 * The ring on top of the heap is next, until it meets its head, the end of its
 * segment, or the time of another ring's event. An odd clock may have brought
 * it to the top with a later time: then it is one event long.
 */
static void run_begin(struct evring *ev)
{
	struct evring_run *run = &ev->run;
	struct ring *ring = ev->heap[0];
	uint64_t end = (ring->pos | (ring->segment - 1)) + 1, limit = ev->watermark;
	unsigned int i;

	for (i = 1; i < 3 && i < ev->nr_heap; i++)
		limit = ev->heap[i]->time < limit ? ev->heap[i]->time : limit;
	end = ring->head < end ? ring->head : end;
	run->rec = (const void *)(ring->data + (ring->pos & ring->mask));
	run->first = run->rec;
	run->last = NULL;
	run->end = (const char *)run->rec + (end - ring->pos);
	run->limit = limit > ring->time ? limit : ring->time;
	run->room = ring->record_max - (uint32_t)sizeof(struct evring_rec);
	run->pos = ring->pos;
	run->seq = ring_seq(ring, run->rec->seq);
	run->missed = ring->seq == EVRING_SEQ_NONE ? 0 : run->seq - ring->seq;
	run->lane = ring->lane;
	run->cpu = ring->cpu;
	run->ring = (uint32_t)(ring - ev->rings);
	ev->running = true;
}

void run_end(struct evring *ev)
{
	struct evring_run *run = &ev->run;
	struct ring *ring = ev->heap ? ev->heap[0] : NULL;

	/* A run of which nothing was taken is still to come. */
	if (!ev->running || !run->last)
		return;
	ring->pos = run->pos + (uint64_t)((const char *)run->rec - (const char *)run->first);
	ring->seq = run->seq;	/* from which ring_seq() counts */
	ring->seq = ring_seq(ring, run->last->seq) + rec_covers(run->last);
	ring->missed += run->missed;
	run_reset(ev);
	/* An error behind the run is told after it. */
	ev->error = heap_step(ev);
}

void run_reset(struct evring *ev)
{
	ev->running = false;
	ev->run.rec = NULL;
	ev->run.end = NULL;
	ev->run.last = NULL;
}

/*
 * The run's first event. ring_peek() saw it, so there is one, unless the ring has changed,
 * which is an error (NULL): else the reader would ask for this run for ever.
 */
const struct evring_rec *run_first(struct evring *ev)
{
	const struct evring_rec *rec = evring_run_next(&ev->run);

	if (!rec) {
		run_reset(ev);
		ev->nr_heap = 0;
	}
	return rec;
}

/* 1: ev->run has an event; 0: there is none now. */
int run_next(struct evring *ev)
{
	int ret;

	run_end(ev);
	if (ev->running)
		return 1;
	ret = ev->error;
	ev->error = 0;
	if (!ret)
		ret = reader_ready(ev);
	if (ret || !ev->nr_heap)
		return ret;
	run_begin(ev);
	return 1;
}

int evring_next_run(struct evring *ev, struct evring_run **run)
{
	int ret;

	if (ev->mode != MODE_HOLD)
		return -EPERM;
	*run = &ev->run;
	ret = run_next(ev);
	if (ret <= 0)
		return ret;
	if (!run_first(ev))
		return -EBADMSG;
	ev->run.rec = ev->run.first;
	ev->run.last = NULL;
	return 1;
}
