// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ring: reserve, fill, submit. One writer CPU, any context, no lock.
 *
 * A reservation is one compare-and-exchange of ring->word, which holds both
 * the count of attempts (the sequence number) and how far the current segment
 * is taken: so position and seq can never disagree.
 * The exchange is local: only contexts of this CPU compete for the word, and
 * they compete by nesting: an interrupting context runs to its end first.
 *
 * Contexts nest in reserve .. submit like brackets. Only the outermost one
 * moves head, past everything that the inner ones have written meanwhile, so a
 * reader never meets a half-written record.
 *
 * An attempt that does not fit into the current segment enters the next one
 * (segment.c).
 *
 * This file, segment.c and loss.c need nothing but the ring: they also compile in user
 * space, where tests drive them (tests/ring).
 */
#include "clock.h"
#include "loss.h"
#include "redact/stage.h"
#include "ring.h"
#include "segment.h"
#include "type.h"
#include "word.h"

/* Task, softirq, hard irq, NMI, and room for a probe that probes itself */
#define NEST_MAX	8

static inline void ring_header(struct evring_rec *rec, struct evring_event_type *type, u32 size,
			       u64 now, u64 seq)
{
	/* The last unit first: the bytes that ALIGN() adds to the length must be 0. */
	*(u64 *)((void *)rec + ALIGN(size, 8) - 8) = 0;
	rec->len = size;
	rec->type = type->id;
	rec->flags = evring_context();
	rec->time = now;
	rec->seq = seq;
	rec->pid = evring_current_pid();
	rec->tid = evring_current_tid();
}

/* Contexts that interrupt us from here on publish nothing. Returns the depth. */
static __always_inline u32 ring_nest(struct evring_ring *ring)
{
	u32 nest = ring->nest + 1;

	WRITE_ONCE(ring->nest, nest);
	barrier();
	return nest;
}

/*
 * Reserve room for a record of @size bytes, header included. False: the event is lost,
 * or there is no room and the attempt only tries. Preemption is off, and stays so until
 * ring_publish(), which must follow in any case; the nest is entered.
 */
static bool ring_reserve(struct evring_ring *ring, struct evring_slot *slot,
			 const struct evring_attempt *attempt, u32 size)
{
	unsigned long units = ALIGN(size, 8) >> UNIT_SHIFT;
	unsigned long word;
	enum evring_entry entry;
	u64 base, now;

	slot->ring = ring;
	if (unlikely(ring->nest > NEST_MAX)) {
		evring_segment_refuse(ring, attempt);
		return false;
	}
again:
	word = local_read(&ring->word);
	do {
		/* word first, base second: base moves only while word changes */
		base = READ_ONCE(ring->base);
		if (unlikely(word_taken(word) + units > ring->segment_units)) {
			entry = evring_segment_enter(ring, slot, attempt, units, &now);
			if (entry == EVRING_ENTRY_AGAIN)
				goto again;
			if (entry == EVRING_ENTRY_LOST)
				return false;
			goto fill;
		}
		/*
		 * Between the load of word and the exchange, so that time never
		 * runs backwards along a ring: a context that came between makes
		 * the exchange fail, and we read the clock again.
		 */
		now = evring_clock_raw();
	} while (unlikely(!word_exchange(ring, &word, word + attempt->seqs * SEQ_ONE + units)));

	/* slot->word counts one attempt; of several (evring_lose()) it is not the word. */
	ring_slot(ring, slot, base, word, units);
fill:
	ring_header(slot->rec, attempt->type, size, now, word_seq(slot->word - SEQ_ONE));
	return true;
}

/* The word as a position. Only contexts that nest on top of us move it. */
static inline u64 ring_head(const struct evring_ring *ring, unsigned long *word)
{
	unsigned long taken;
	u64 base;

	do {
		*word = local_read(&ring->word);
		barrier();
		base = READ_ONCE(ring->base);
		barrier();
	} while (unlikely(*word != local_read(&ring->word)));

	taken = word_taken(*word);
	if (unlikely(taken == TAKEN_CLOSED))
		taken = ring->segment_units;
	return base + (taken << UNIT_SHIFT);
}

/*
 * Publish our record and those of the contexts on top of us. Then check whether
 * another context came between our load of the word and the end of our nesting: it
 * has published nothing. Return: is there anything new to read?
 */
static noinline bool ring_publish_all(struct evring_ring *ring)
{
	struct evring_ring_page *page = ring->page;
	const u64 before = page->head;
	unsigned long word;
	u64 head;

	do {
		WRITE_ONCE(ring->nest, 1);
		barrier();
		head = ring_head(ring, &word);
		WRITE_ONCE(page->seq, word_seq(word));
		/* release: pairs with the readers' load_acquire of head */
		smp_store_release(&page->head, head);
		barrier();
		WRITE_ONCE(ring->nest, 0);
		barrier();
	} while (unlikely(word != (unsigned long)local_read(&ring->word)));
	return head != before;
}

/*
 * No full barrier between head and armed: an emit that races with
 * evring_waiter_arm() may miss it, and the waiter's timer looks back.
 */
static __always_inline void ring_wake(struct evring_ring *ring)
{
	if (unlikely(READ_ONCE(*ring->armed)))
		evring_ring_raise(ring);
}

/*
 * Must follow each ring_reserve(), a failed one too. The outermost context publishes. An
 * attempt that leaves nothing in the ring, as it is full or a limit suppresses the event,
 * wakes nobody.
 */
static void ring_publish(struct evring_ring *ring)
{
	barrier();
	if (ring->nest > 1) {
		WRITE_ONCE(ring->nest, ring->nest - 1);
		return;
	}
	if (ring_publish_all(ring))
		ring_wake(ring);
}

/*
 * Write a lost record for events that never had a reservation. Preemption is off.
 */
static noinline void ring_tell_lost(struct evring_ring *ring, struct evring_slot *slot,
				    const struct evring_attempt *attempt,
				    enum evring_lost_cause cause)
{
	struct evring_lost lost = { .count = attempt->seqs };

	ring_nest(ring);
	if (ring_reserve(ring, slot, attempt, LOST_SIZE)) {
		lost.first = slot->rec->time;
		lost.last = slot->rec->time;
		evring_loss_explain(evring_loss_make(attempt->type, cause), &lost);
		evring_loss_write(slot->rec, slot->rec->seq, slot->rec->time, &lost);
		evring_loss_count(ring, cause, attempt->seqs);
		this_cpu_add(*attempt->type->lost, attempt->seqs);
	}
	ring_publish(ring);
}

/* @nr events that no probe saw are lost. This CPU's ring tells. Any context. */
void evring_lose(struct evring_event_type *type, u32 nr, enum evring_lost_cause cause)
{
	const struct evring_attempt attempt = { .type = type, .seqs = nr, .lost = cause };
	struct evring_ring *ring;
	struct evring_slot slot;

	preempt_disable_notrace();
	ring = this_cpu_read(*type->rings);
	if (ring)
		ring_tell_lost(ring, &slot, &attempt, cause);
	else
		this_cpu_add(*type->lost, nr);
	preempt_enable_notrace();
}

/* There is no ring, or the record is longer than any can be. */
static noinline void *reserve_never(struct evring_ring *ring, struct evring_slot *slot,
				    struct evring_event_type *type)
{
	const struct evring_attempt attempt = { .type = type, .seqs = 1, .lost = -1 };

	if (ring)
		ring_tell_lost(ring, slot, &attempt, EVRING_LOST_TOOBIG);
	else
		this_cpu_inc(*type->lost);
	preempt_enable_notrace();
	return NULL;
}

/* The uncommon cases of evring_reserve() and evring_try_reserve(). The nest is entered. */
static noinline void *reserve_slow(struct evring_ring *ring, struct evring_slot *slot,
				   struct evring_event_type *type, u32 size, bool try)
{
	const struct evring_attempt attempt = { .type = type, .seqs = 1, .lost = -1, .try = try };

	if (likely(ring_reserve(ring, slot, &attempt, size)))
		return slot->rec + 1;
	ring_publish(ring);
	preempt_enable_notrace();
	return NULL;
}

/*
 * The common case of ring_reserve(), without a call: no other context of this CPU is
 * emitting, the record fits into the current segment, and the clock is an instruction.
 * Preemption is off. The nest is entered in any case.
 */
static __always_inline bool reserve_fast(struct evring_ring *ring, struct evring_slot *slot,
					 struct evring_event_type *type, u32 size)
{
	unsigned long units = ALIGN(size, 8) >> UNIT_SHIFT;
	struct evring_rec *rec;
	unsigned long word;
	u64 base, now;

	if (unlikely(ring_nest(ring) > 1))
		return false;
	word = local_read(&ring->word);
	/* word first, the others second, as in ring_reserve() */
	base = READ_ONCE(ring->base);
	rec = READ_ONCE(ring->segment) + (word_taken(word) << UNIT_SHIFT);
	if (unlikely(word_taken(word) + units > ring->segment_units))
		return false;
	if (!evring_clock_inline(&now))
		return false;
	slot->ring = ring;
	slot->rec = rec;
	slot->word = word + SEQ_ONE + units;
	slot->head = base + ((word_taken(word) + units) << UNIT_SHIFT);
	if (unlikely(!word_exchange(ring, &word, slot->word)))
		return false;
	ring_header(rec, type, size, now, word_seq(word));
	return true;
}

static __always_inline void *reserve_now(struct evring_slot *slot,
					 struct evring_event_type *type, u32 len)
{
	u32 size = sizeof(struct evring_rec) + len;
	struct evring_ring *ring;

	ring = this_cpu_read(*type->rings);
	if (unlikely(!ring || len > ring->payload_max))
		return reserve_never(ring, slot, type);
	if (unlikely(!reserve_fast(ring, slot, type, size)))
		return reserve_slow(ring, slot, type, size, false);
	return slot->rec + 1;
}

void *evring_reserve_now(struct evring_slot *slot, struct evring_event_type *type, u32 len)
{
	preempt_disable_notrace();
	slot->stage = NULL;
	return reserve_now(slot, type, len);
}

void *evring_reserve(struct evring_slot *slot, struct evring_event_type *type, u32 len)
{
	preempt_disable_notrace();
	if (unlikely(rcu_access_pointer(type->rules)))
		return evring_stage(slot, type, len, false);
	slot->stage = NULL;
	return reserve_now(slot, type, len);
}
EXPORT_SYMBOL_GPL(evring_reserve);

/*
 * The same on this CPU's @ring, for an application, which can wait: if there is no
 * room, or the record is too long, nothing is counted and no number is taken. It runs in
 * task context and interrupts no emit, so a full ring is the only reason.
 */
static __always_inline void *try_reserve_now(struct evring_slot *slot, struct evring_ring *ring,
					     struct evring_event_type *type, u32 len)
{
	u32 size = sizeof(struct evring_rec) + len;

	slot->stage = NULL;
	if (unlikely(len > ring->payload_max)) {
		preempt_enable_notrace();
		return NULL;
	}
	if (unlikely(!reserve_fast(ring, slot, type, size)))
		return reserve_slow(ring, slot, type, size, true);
	return slot->rec + 1;
}

void *evring_try_reserve_now(struct evring_slot *slot, struct evring_ring *ring,
			     struct evring_event_type *type, u32 len)
{
	preempt_disable_notrace();
	return try_reserve_now(slot, ring, type, len);
}

/*
 * An event of a type that has rules finds out whether there is room when it goes into the
 * ring: evring_land().
 */
void *evring_try_reserve(struct evring_slot *slot, struct evring_ring *ring,
			 struct evring_event_type *type, u32 len)
{
	preempt_disable_notrace();
	if (unlikely(rcu_access_pointer(type->rules)))
		return evring_stage(slot, type, len, true);
	return try_reserve_now(slot, ring, type, len);
}

static noinline void submit_slow(struct evring_ring *ring)
{
	ring_publish(ring);
	preempt_enable_notrace();
}

/*
 * The common case of ring_publish(): no context has interrupted us. The new head was
 * known when the word was exchanged. A context that did interrupt us has published
 * nothing, and its record is behind ours.
 */
void evring_submit(struct evring_slot *slot)
{
	struct evring_ring_page *page;
	struct evring_ring *ring;
	unsigned long word;

	if (unlikely(slot->stage) && !evring_land(slot))
		return;
	ring = slot->ring;
	page = ring->page;
	word = slot->word;
	barrier();
	if (unlikely(ring->nest > 1))
		return submit_slow(ring);
	WRITE_ONCE(page->seq, word_seq(word));
	/* release: pairs with the readers' load_acquire of head */
	smp_store_release(&page->head, slot->head);
	barrier();
	WRITE_ONCE(ring->nest, 0);
	barrier();
	if (unlikely(word != (unsigned long)local_read(&ring->word)))
		ring_publish_all(ring);
	ring_wake(ring);
	preempt_enable_notrace();
}
EXPORT_SYMBOL_GPL(evring_submit);

/* Nothing is left, so nothing was left out. */
static void slot_clear(struct evring_slot *slot)
{
	slot->rec->flags &= ~EVRING_REC_REDACTED;
	memset(slot->rec + 1, 0, slot->rec->len - sizeof(*slot->rec));
}

/* Take the reservation back. False: it is not the last one any more. */
static bool slot_undo(struct evring_slot *slot, unsigned long units)
{
	unsigned long word = slot->word;

	return word_exchange(slot->ring, &word, word - SEQ_ONE - units);
}

/*
 * The common case of submit_slow() after slot_undo(): nobody has come on top of us, and
 * before us nothing was reserved that is not published, so head and seq are right.
 */
static __always_inline void undone_submit(struct evring_slot *slot, unsigned long units)
{
	struct evring_ring *ring = slot->ring;
	struct evring_ring_page *page = ring->page;
	unsigned long word = slot->word - SEQ_ONE - units;

	barrier();
	if (unlikely(ring->nest > 1 || page->head != slot->head - (units << UNIT_SHIFT) ||
		     page->seq != word_seq(word)))
		return submit_slow(ring);
	WRITE_ONCE(ring->nest, 0);
	barrier();
	/* A context that came before this has published nothing, as in evring_submit(). */
	if (unlikely(word != (unsigned long)local_read(&ring->word))) {
		ring_publish_all(ring);
		ring_wake(ring);
	}
	preempt_enable_notrace();
}

/*
 * Drop an event that no owner wants: evring_discard() without clearing the bytes in
 * the mapping, as each of its readers may read the event. False: a discard is in its
 * place.
 */
bool evring_withdraw(struct evring_slot *slot)
{
	struct evring_ring *ring = slot->ring;
	unsigned long units = ALIGN(slot->rec->len, 8) >> UNIT_SHIFT;

	if (likely(slot_undo(slot, units))) {
		undone_submit(slot, units);
		return true;
	}
	slot_clear(slot);
	slot->rec->type = EVRING_TYPE_DISCARD;
	evring_count_shown(&ring->discarded, &ring->page->discarded, 1);
	submit_slow(ring);
	return false;
}

/*
 * Drop an event that owners want but limits suppress. True: the caller counts it, and a
 * lost record will tell of it. False: one is in its place.
 */
bool evring_suppress(struct evring_slot *slot, struct evring_event_type *type,
		     enum evring_lost_cause cause)
{
	struct evring_lost lost = {
		.count = 1, .first = slot->rec->time, .last = slot->rec->time,
	};
	struct evring_ring *ring = slot->ring;
	bool undone;

	/* The lost record would not fit; few events are so short. */
	if (slot->rec->len < LOST_SIZE) {
		evring_withdraw(slot);
		return true;
	}
	undone = slot_undo(slot, ALIGN(slot->rec->len, 8) >> UNIT_SHIFT);
	if (!undone) {
		slot_clear(slot);
		slot->rec->type = EVRING_TYPE_LOST;
		evring_loss_explain(evring_loss_make(type, cause), &lost);
		*(struct evring_lost *)(slot->rec + 1) = lost;
		evring_loss_count(ring, cause, 1);
		this_cpu_inc(*type->lost);
	}
	submit_slow(ring);
	return undone;
}

void evring_discard(struct evring_slot *slot)
{
	if (slot->stage) {
		evring_unstage(slot);
		return;
	}
	/* Readers of the mapping must not see the event either. */
	slot_clear(slot);
	evring_withdraw(slot);
}
EXPORT_SYMBOL_GPL(evring_discard);

int evring_emit(struct evring_event_type *type, const void *payload, u32 len)
{
	struct evring_slot slot;
	void *room;

	if (unlikely(len < type->size))
		return -EINVAL;
	room = evring_reserve(&slot, type, len);
	if (unlikely(!room))
		return -ENOBUFS;
	memcpy(room, payload, len);
	evring_submit(&slot);
	return 0;
}
EXPORT_SYMBOL_GPL(evring_emit);
