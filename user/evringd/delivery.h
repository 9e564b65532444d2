/* SPDX-License-Identifier: MIT */
/* delivery: the events that Kafka has not acknowledged, and each ring's acknowledged prefix. */
#ifndef DELIVERY_H
#define DELIVERY_H

#include <evring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A message can wait for its topic while others are made: a million a second for 100 days. */
#define ORDER_BITS 44

/*
 * An event that Kafka has not acknowledged, or that waits for one before it on
 * its ring; or several that follow each other on it, in one message. Lies in a
 * chunk, directly before its value. A cache line: one is written per event.
 */
struct delivery {
	struct delivery *next;		/* on its ring, by position */
	struct delivery *with;		/* the next one in the same message, on another ring */
	uint64_t pos;			/* commit this, once this one and all before are acked */
	uint64_t seq;			/* ... and this */
	uint64_t missed : 63;		/* just before these; with @lost: numbers that it covers */
	uint64_t lost : 1;		/* it is one record of events that are lost */
	uint64_t ring : 64 - ORDER_BITS;	/* more than 16 lanes of 8192 CPUs */
	uint64_t order : ORDER_BITS;	/* of its message; goes round, see order_before() */
	uint32_t elsewhere;		/* bytes that lie in the ring, or are sent in its place */
	uint32_t events;
	uint32_t parts : 31;		/* messages that must be acked for it; 0: acked */
	uint32_t refused : 1;		/* and not tolerated: it will never be acked */
	uint32_t time;			/* of its first event, as deliveries_time() was told */
	_Alignas(8) char value[];	/* frames are written into it */
};

/* Which of two messages was made first; half as many as there are orders may lie between them. */
static inline bool order_before(uint64_t a, uint64_t b)
{
	return (int64_t)((a - b) << (64 - ORDER_BITS)) < 0;
}

struct deliveries;

/*
 * No more is to be pushed once so much memory, or so many events, are held; 0:
 * no bound. Values that lie elsewhere (in the ring) count as memory too.
 */
struct deliveries *deliveries_new(uint64_t max_bytes, uint64_t max_events);
void deliveries_free(struct deliveries *ds);
bool deliveries_full(const struct deliveries *ds);
/* Order of the oldest message that is not acknowledged; false: there is none. */
bool deliveries_oldest(const struct deliveries *ds, uint64_t *order);
/* How many have no acknowledgement; how many are not committed. */
uint64_t deliveries_unacked(const struct deliveries *ds);
uint64_t deliveries_held(const struct deliveries *ds);
/* Bytes of all chunks, the spare ones too, and of the values that lie elsewhere. */
uint64_t deliveries_memory(const struct deliveries *ds);

/* Of those, the ones that count for @max_bytes */
uint64_t deliveries_bytes(const struct deliveries *ds);

/* The time of the events that are pushed from here on, in any unit */
void deliveries_time(struct deliveries *ds, uint32_t time);
/* Room for a value of @room bytes; gone with the next delivery_begin() unless it is pushed. */
struct delivery *delivery_begin(struct deliveries *ds, size_t room);
/*
 * The delivery becomes the last on its ring. @used: bytes of its value; @extra: bytes that lie
 * elsewhere.
 */
void delivery_push(struct deliveries *ds, struct delivery *delivery,
		   const struct evring_event *event, size_t used, size_t extra);
/*
 * The event needs no message: it counts as acknowledged. It takes memory only behind one that is
 * not, and then the next ones take none.
 */
void delivery_skip(struct deliveries *ds, const struct evring_event *event);
/* The event goes into the message of @head, whose room is pushed already. */
void delivery_join(struct deliveries *ds, struct delivery *head, const struct evring_event *event);
/* The value was pushed with @room bytes, and only @used of them are needed. */
void delivery_shrink(struct deliveries *ds, struct delivery *delivery, size_t room, size_t used);
/* One more message is sent for it: all of them must be acked. */
void delivery_split(struct delivery *delivery);
/* So many bytes more are held elsewhere until all of it is acknowledged. */
void delivery_more(struct deliveries *ds, struct delivery *delivery, size_t bytes);
/*
 * Kafka has one of its messages. Once it has all of them, so are all that are
 * @with it: returns how many events these are, else 0.
 */
uint64_t delivery_ack(struct deliveries *ds, struct delivery *delivery);
/* Events of the delivery and of all that are @with it. */
uint64_t delivery_events(const struct delivery *delivery);
/* The number of its event, if it is one: the record of a loss covers more than one, up to @seq. */
uint64_t delivery_first(const struct delivery *delivery);
/* Lane and CPU of the ring that it is on. */
void delivery_place(const struct deliveries *ds, const struct delivery *delivery, uint16_t *lane,
		    uint32_t *cpu);
/*
 * Take the positions to commit: one entry for each ring whose prefix has grown,
 * @max at the most. *@events: the number of events before them.
 */
unsigned int deliveries_take(struct deliveries *ds, struct evring_commit_entry *entries,
			     unsigned int max, uint64_t *events);

#endif /* DELIVERY_H */
