/* SPDX-License-Identifier: MIT */
/*
 * Events on their way to Kafka, and the positions that can be committed.
 *
 * Each ring has a queue of its events in order of position. Acknowledgements
 * come in any order; the ring's acknowledged prefix leaves the queue, and its
 * last event has the position to commit. So a commit never covers an event that
 * Kafka does not have.
 *
 * Deliveries and their values lie one behind the other in chunks: there is no
 * allocation per event, and librdkafka sends from where the encoder wrote.
 *
 *	chunk: | delivery value | delivery value | ... | room |
 *
 * A chunk lives as long as a delivery in it, or as it is being filled: one event
 * that Kafka does not acknowledge pins its chunk. So the bound is on chunks, and
 * they are small. A chunk is aligned to its size, so that a delivery finds its
 * chunk by its own address. A value that is too large for a chunk gets one of
 * its own.
 */
#include "delivery.h"

#include "memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE ((size_t)64 << 10)
#define CHUNK_ROOM (CHUNK_SIZE - sizeof(struct chunk))
#define SPARE_CHUNKS 64

#define ALIGN8(n) (((n) + 7) & ~(size_t)7)

struct chunk {
	struct chunk *next;		/* among the spare ones */
	size_t room;
	size_t used;
	unsigned int live;		/* deliveries in it, and one while it is being filled */
	_Alignas(64) char mem[];
};

_Static_assert(sizeof(struct delivery) == 64 && offsetof(struct delivery, value) == 64,
	       "a cache line");

static struct chunk *chunk_of(const struct delivery *delivery)
{
	return (struct chunk *)((uintptr_t)delivery & ~(uintptr_t)(CHUNK_SIZE - 1));
}

struct ring {
	struct delivery *first, *last;	/* not acknowledged, or behind one that is not */
	struct evring_commit_entry entry;	/* where the prefix ends */
	uint64_t missed;		/* not committed yet */
	uint64_t events;		/* in the prefix, not committed yet */
	bool grown;			/* it is in the list of rings that have grown */
	uint32_t next_grown;
};

struct deliveries {
	struct chunk *filling;
	struct chunk *spare;
	unsigned int nr_spare;
	struct ring *rings;
	size_t nr_rings;
	uint32_t first_grown;		/* ring number + 1 */
	uint64_t events;		/* in the queues */
	uint64_t chunks;		/* bytes of all but the spare ones */
	uint64_t elsewhere;		/* bytes that lie in no chunk: the deliveries' */
	uint64_t order;			/* of the last message */
	uint32_t time;			/* of the event that comes next */
	uint64_t unacked;
	uint64_t takable;		/* events in prefixes that were not taken */
	uint64_t max_bytes, max_events;
};

struct deliveries *deliveries_new(uint64_t max_bytes, uint64_t max_events)
{
	struct deliveries *ds = xgrow(NULL, 0, 1, sizeof(*ds));

	ds->max_bytes = max_bytes ? max_bytes : UINT64_MAX;
	ds->max_events = max_events ? max_events : UINT64_MAX;
	return ds;
}

static void chunk_put(struct deliveries *ds, struct chunk *chunk)
{
	if (--chunk->live)
		return;
	ds->chunks -= sizeof(*chunk) + chunk->room;
	/* Oversized chunks are rare: free them. */
	if (chunk->room > CHUNK_ROOM || ds->nr_spare == SPARE_CHUNKS) {
		free(chunk);
		return;
	}
	chunk->next = ds->spare;
	ds->spare = chunk;
	ds->nr_spare++;
}

static struct chunk *spare_get(struct deliveries *ds)
{
	struct chunk *chunk = ds->spare;

	if (chunk) {
		ds->spare = chunk->next;
		ds->nr_spare--;
	}
	return chunk;
}

static struct chunk *chunk_get(struct deliveries *ds, size_t need)
{
	size_t room = need > CHUNK_ROOM ? need : CHUNK_ROOM, freed;
	struct chunk *chunk = NULL;

	if (room == CHUNK_ROOM)
		chunk = spare_get(ds);
	/* The spare ones are memory too: a large one takes their place. */
	for (freed = 0; room > CHUNK_ROOM && ds->spare && freed < room; freed += CHUNK_SIZE)
		free(spare_get(ds));
	if (!chunk) {
		chunk = xaligned(CHUNK_SIZE, sizeof(*chunk) + room);
		chunk->room = room;
	}
	chunk->used = 0;
	chunk->live = 1;
	ds->chunks += sizeof(*chunk) + chunk->room;
	return chunk;
}

static struct ring *ring_of(struct deliveries *ds, uint32_t number)
{
	if (number >= ds->nr_rings) {
		assert(!(number >> (64 - ORDER_BITS)));
		ds->rings = xgrow(ds->rings, ds->nr_rings, number + 1, sizeof(*ds->rings));
		ds->nr_rings = number + 1;
	}
	return &ds->rings[number];
}

static void free_queues(struct deliveries *ds)
{
	struct delivery *d, *next;
	size_t i;

	for (i = 0; i < ds->nr_rings; i++) {
		for (d = ds->rings[i].first; d; d = next) {
			next = d->next;
			chunk_put(ds, chunk_of(d));
		}
	}
	free(ds->rings);
}

void deliveries_free(struct deliveries *ds)
{
	struct chunk *chunk;

	free_queues(ds);
	if (ds->filling)
		chunk_put(ds, ds->filling);
	while ((chunk = spare_get(ds)))
		free(chunk);
	free(ds);
}

bool deliveries_full(const struct deliveries *ds)
{
	/* The chunk that is being filled counts even if it is empty. */
	return ds->events && (ds->chunks + ds->elsewhere >= ds->max_bytes ||
			      ds->events >= ds->max_events);
}

uint64_t deliveries_memory(const struct deliveries *ds)
{
	return ds->chunks + ds->elsewhere + ds->nr_spare * CHUNK_SIZE;
}

uint64_t deliveries_bytes(const struct deliveries *ds)
{
	return ds->chunks + ds->elsewhere;
}

void deliveries_time(struct deliveries *ds, uint32_t time)
{
	ds->time = time;
}

bool deliveries_oldest(const struct deliveries *ds, uint64_t *order)
{
	bool found = false;
	size_t i;

	for (i = 0; i < ds->nr_rings; i++) {
		const struct delivery *first = ds->rings[i].first;

		if (first && (!found || order_before(first->order, *order)))
			*order = first->order;
		found = found || first;
	}
	return found;
}

uint64_t deliveries_unacked(const struct deliveries *ds)
{
	return ds->unacked;
}

uint64_t deliveries_held(const struct deliveries *ds)
{
	return ds->events + ds->takable;
}

struct delivery *delivery_begin(struct deliveries *ds, size_t room)
{
	size_t need = ALIGN8(sizeof(struct delivery) + room);
	struct chunk *chunk = ds->filling;

	if (!chunk || chunk->room - chunk->used < need || (chunk->room > CHUNK_ROOM && chunk->used)) {
		if (chunk)
			chunk_put(ds, chunk);
		chunk = ds->filling = chunk_get(ds, need);
	}
	return (struct delivery *)(chunk->mem + chunk->used);
}

void delivery_push(struct deliveries *ds, struct delivery *delivery,
		   const struct evring_event *event, size_t used, size_t extra)
{
	struct ring *ring = ring_of(ds, event->ring);
	uint64_t covers = event->next_seq - event->seq;
	bool lost = covers > 1 && !event->missed;

	/* Whole: to write a bit field would be to read the line first, which is cold. */
	*delivery = (struct delivery){
		.pos = event->next, .seq = event->next_seq, .lost = lost,
		.missed = (lost ? covers : event->missed) & INT64_MAX,
		.ring = event->ring, .order = ++ds->order, .elsewhere = (uint32_t)extra,
		.events = 1, .parts = 1, .time = ds->time,
	};
	chunk_of(delivery)->used += ALIGN8(sizeof(*delivery) + used);
	chunk_of(delivery)->live++;

	ring->entry.lane = event->lane;
	ring->entry.cpu = event->cpu;
	if (ring->first)
		ring->last->next = delivery;
	else
		ring->first = delivery;
	ring->last = delivery;
	ds->elsewhere += extra;
	ds->events++;
	ds->unacked++;
}

static void prefix_grow(struct deliveries *ds, struct ring *ring, const struct delivery *delivery)
{
	ring->entry.pos = delivery->pos;
	ring->entry.seq = delivery->seq;
	ring->missed += delivery->lost ? 0 : delivery->missed;
	ring->events += delivery->events;
	ds->takable += delivery->events;
	if (ring->grown)
		return;
	ring->grown = true;
	ring->next_grown = ds->first_grown;
	ds->first_grown = (uint32_t)(ring - ds->rings) + 1;
}

/* One more event in it: there is no first number that it would be asked for. */
static void extend(struct deliveries *ds, struct delivery *last, const struct evring_event *event)
{
	last->pos = event->next;
	last->seq = event->next_seq;
	last->missed = ((last->lost ? 0 : last->missed) + event->missed) & INT64_MAX;
	last->lost = 0;
	last->events++;
	ds->events++;
}

void delivery_skip(struct deliveries *ds, const struct evring_event *event)
{
	struct ring *ring = ring_of(ds, event->ring);
	struct delivery *last = ring->first ? ring->last : NULL;

	if (!last) {
		ring->entry.lane = event->lane;
		ring->entry.cpu = event->cpu;
		prefix_grow(ds, ring, &(struct delivery){
			.pos = event->next, .seq = event->next_seq, .events = 1,
			.missed = event->missed & INT64_MAX,
		});
		return;
	}
	if (last->parts) {
		last = delivery_begin(ds, 0);
		delivery_push(ds, last, event, 0, 0);
		last->parts = 0;
		ds->unacked--;
		return;
	}
	extend(ds, last, event);
}

void delivery_join(struct deliveries *ds, struct delivery *head, const struct evring_event *event)
{
	struct delivery *last = ring_of(ds, event->ring)->last, *delivery;

	if (ds->rings[event->ring].first && last->order == head->order) {
		extend(ds, last, event);
		ds->unacked++;
		return;
	}
	delivery = delivery_begin(ds, 0);
	delivery_push(ds, delivery, event, 0, 0);
	delivery->order = head->order;
	delivery->with = head->with;
	head->with = delivery;
}

/* Where others lie behind it already, its room stays as it is until the chunk goes. */
void delivery_shrink(struct deliveries *ds, struct delivery *delivery, size_t room, size_t used)
{
	struct chunk *chunk = chunk_of(delivery);
	size_t at = (size_t)((char *)delivery - chunk->mem);

	if (chunk == ds->filling && at + ALIGN8(sizeof(*delivery) + room) == chunk->used)
		chunk->used = at + ALIGN8(sizeof(*delivery) + used);
}

void delivery_split(struct delivery *delivery)
{
	delivery->parts++;
}

void delivery_more(struct deliveries *ds, struct delivery *delivery, size_t bytes)
{
	if (bytes > UINT32_MAX - delivery->elsewhere)
		bytes = UINT32_MAX - delivery->elsewhere;
	delivery->elsewhere += (uint32_t)bytes;
	ds->elsewhere += bytes;
}

static void ack_one(struct deliveries *ds, struct delivery *delivery)
{
	struct ring *ring = &ds->rings[delivery->ring];

	delivery->parts = 0;
	ds->unacked -= delivery->events;
	while ((delivery = ring->first) && !delivery->parts) {
		ring->first = delivery->next;
		prefix_grow(ds, ring, delivery);
		ds->events -= delivery->events;
		ds->elsewhere -= delivery->elsewhere;
		chunk_put(ds, chunk_of(delivery));
	}
}

uint64_t delivery_ack(struct deliveries *ds, struct delivery *delivery)
{
	struct delivery *next;
	uint64_t events = 0;

	assert(delivery->parts);
	if (delivery->parts > 1) {
		delivery->parts--;
		return 0;
	}
	/* The first may be gone once it is acknowledged, the next ones are not. */
	for (; delivery; delivery = next) {
		next = delivery->with;
		events += delivery->events;
		ack_one(ds, delivery);
	}
	return events;
}

uint64_t delivery_events(const struct delivery *delivery)
{
	uint64_t events = 0;

	for (; delivery; delivery = delivery->with)
		events += delivery->events;
	return events;
}

/* evringd tells of missed events by an event of their own: it covers them, and nothing else. */
uint64_t delivery_first(const struct delivery *delivery)
{
	return delivery->seq - (delivery->events == 1 && delivery->missed ? delivery->missed : 1);
}

void delivery_place(const struct deliveries *ds, const struct delivery *delivery, uint16_t *lane,
		    uint32_t *cpu)
{
	*lane = ds->rings[delivery->ring].entry.lane;
	*cpu = ds->rings[delivery->ring].entry.cpu;
}

unsigned int deliveries_take(struct deliveries *ds, struct evring_commit_entry *entries,
			     unsigned int max, uint64_t *events)
{
	unsigned int nr = 0;

	*events = 0;
	while (ds->first_grown && nr < max) {
		struct ring *ring = &ds->rings[ds->first_grown - 1];
		uint32_t missed = ring->missed > UINT32_MAX ? UINT32_MAX : (uint32_t)ring->missed;

		entries[nr] = ring->entry;
		entries[nr++].missed = missed;
		*events += ring->events;
		ring->missed -= missed;
		ring->events = 0;
		/* The rest of the missed events goes with the next commit. */
		if (ring->missed)
			break;
		ring->grown = false;
		ds->first_grown = ring->next_grown;
	}
	ds->takable -= *events;
	return nr;
}
