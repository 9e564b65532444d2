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
 * Room is a question only where a segment is entered (ring_enter()). To enter,
 * close the current segment (word says CLOSED, its tail becomes a pad), see
 * whether the next one is free, announce that it will be overwritten (tail),
 * move base, reopen the word. While it is closed every attempt comes here too:
 * if the next segment is held it takes a number and is lost, and the numbers
 * between close and reopen are exactly the ones that the lost record covers.
 *
 * This file needs nothing but the ring: it also compiles in user space, where
 * tests drive it (tests/ring).
 */
#include "clock.h"
#include "pages.h"
#include "redact/stage.h"
#include "ring.h"
#include "type.h"

#define UNIT_SHIFT	3			/* the ring is counted in 8-byte units */
#define TAKEN_MASK	0xffffUL
#define TAKEN_CLOSED	TAKEN_MASK		/* no segment is that long */
#define SEQ_SHIFT	16
#define SEQ_ONE		BIT(SEQ_SHIFT)

/* Task, softirq, hard irq, NMI, and room for a probe that probes itself */
#define NEST_MAX	8

#define LOST_SIZE	(sizeof(struct evring_rec) + sizeof(struct evring_lost))
#define LOST_UNITS	(LOST_SIZE >> UNIT_SHIFT)

/**
 * struct attempt - a request for room
 * @type: of the event
 * @seqs: sequence numbers that it takes, one an event
 * @lost: the cause if it is to be a lost record, which holds if it finds no room, too;
 *	-1: the cause is the reason that it finds no room
 * @try: without room it is no attempt: nothing is counted
 */
struct attempt {
	struct evring_event_type *type;
	u32 seqs;
	int lost;
	bool try;
};

static_assert(BITS_PER_LONG == 64, "the reservation word needs 64 bits");
static_assert(SEQ_SHIFT + EVRING_SEQ_BITS == 64);
static_assert(LOST_SIZE % 8 == 0);

static inline u64 word_seq(unsigned long word)
{
	return word >> SEQ_SHIFT;
}

static inline unsigned long word_taken(unsigned long word)
{
	return word & TAKEN_MASK;
}

static inline unsigned long word_make(u64 seq, unsigned long taken)
{
	return seq << SEQ_SHIFT | taken;
}

/* Returns true, or the word as it is now in *@word. */
static inline bool word_exchange(struct evring_ring *ring, unsigned long *word, unsigned long new)
{
	unsigned long old = local_cmpxchg(&ring->word, *word, new);

	if (likely(old == *word))
		return true;
	*word = old;
	return false;
}

static inline void *ring_at(const struct evring_ring *ring, u64 pos)
{
	return ring->data + (pos & (ring->data_size - 1));
}

static inline struct evring_rec *ring_record(const struct evring_ring *ring, u64 base,
					     unsigned long taken)
{
	return ring_at(ring, base + (taken << UNIT_SHIFT));
}

/* The reservation of @units behind @before, in the segment at @base */
static inline void ring_slot(struct evring_ring *ring, struct evring_slot *slot, u64 base,
			     unsigned long before, unsigned long units)
{
	slot->rec = ring_record(ring, base, word_taken(before));
	slot->word = before + SEQ_ONE + units;
	slot->head = base + (word_taken(slot->word) << UNIT_SHIFT);
}

/*
 * Close the current segment: no reservation gets in behind us, and its tail becomes
 * a pad. Runs with ring->entering set, in the context that set it or in an NMI on top;
 * the exchange makes it happen once.
 */
static void ring_close(struct evring_ring *ring)
{
	unsigned long word = local_read(&ring->word);
	struct evring_rec *pad;

	do {
		if (word_taken(word) == TAKEN_CLOSED)
			return;
	} while (!word_exchange(ring, &word, word_make(word_seq(word), TAKEN_CLOSED)));

	/* Only the context that closed it writes this: it is read at reopening. */
	ring->closed_seq = word_seq(word);
	if (word_taken(word) < ring->segment_units) {
		pad = ring_record(ring, ring->base, word_taken(word));
		pad->len = (ring->segment_units - word_taken(word)) << UNIT_SHIFT;
		pad->type = EVRING_TYPE_PAD;
		pad->flags = 0;
	}
}

/*
 * Why attempts failed since the segment was closed: their causes, a bit each, and
 * their type, if it is one alone. 0: none has failed yet.
 */
#define WHAT_CAUSES	0xffffUL
#define WHAT_TYPE_SHIFT	16
#define WHAT_SEVERAL	BIT(32)

static unsigned long what_make(const struct evring_event_type *type, enum evring_lost_cause cause)
{
	return BIT(cause) | (unsigned long)type->id << WHAT_TYPE_SHIFT;
}

static unsigned long what_add(unsigned long a, unsigned long b)
{
	if (!a || !b)
		return a | b;
	if ((a ^ b) & ~WHAT_CAUSES)
		return ((a | b) & WHAT_CAUSES) | WHAT_SEVERAL;
	return a | b;
}

/* Causes and type go to where the stream tells of them. */
static void what_tell(unsigned long what, struct evring_lost *lost)
{
	lost->causes = what & WHAT_CAUSES;
	lost->type = what & WHAT_SEVERAL ? EVRING_TYPE_PAD : what >> WHAT_TYPE_SHIFT;
}

/* Any context may come between, and adds its own. */
static void ring_note(struct evring_ring *ring, unsigned long what)
{
	unsigned long old = local_read(&ring->lost_what), seen;

	while ((seen = local_cmpxchg(&ring->lost_what, old, what_add(old, what))) != old)
		old = seen;
}

/* Count @more, and show it: a context that interrupts us counts and shows too. */
static void ring_count(local_t *count, u64 *shown, u32 more)
{
	unsigned long n;

	local_add(more, count);
	do {
		n = local_read(count);
		WRITE_ONCE(*shown, n);
	} while (n != (unsigned long)local_read(count));
}

/* This attempt takes its numbers and is lost. The segment is closed. */
static void ring_lose(struct evring_ring *ring, const struct attempt *attempt,
		      enum evring_lost_cause cause)
{
	unsigned long word = local_read(&ring->word);
	u64 now, first;

	if (attempt->lost >= 0)
		cause = attempt->lost;
	do {
		now = evring_clock_raw();
	} while (!word_exchange(ring, &word, word + attempt->seqs * SEQ_ONE));

	/* An NMI since then has lost one later than ours, and said so first. */
	first = READ_ONCE(ring->lost_first);
	if (!first || first > now)
		WRITE_ONCE(ring->lost_first, now);
	WRITE_ONCE(ring->lost_last, now);
	ring_note(ring, what_make(attempt->type, cause));
	ring_count(&ring->lost[cause], &ring->lost_shown[cause], attempt->seqs);
	this_cpu_add(*attempt->type->lost, attempt->seqs);
}

/*
 * May the segment at @next be entered? That overwrites the one a ring's length before
 * it, which must be below all holds and below head: an outer context may still be
 * filling its record there.
 */
static bool ring_claim(struct evring_ring *ring, u64 next)
{
	struct evring_ring_page *page = ring->page;
	u64 floor;

	if (next + ring->segment_size <= ring->data_size)
		return true;
	floor = next + ring->segment_size - ring->data_size;
	/*
	 * acquire: pairs with smp_store_release() in group_hold(): readers have
	 * finished with the segment that we overwrite
	 */
	if (floor > page->head || floor > smp_load_acquire(&ring->hold))
		return false;

	WRITE_ONCE(page->tail, floor);
	/*
	 * Orders the store of tail before the load of hold: pairs with smp_mb()
	 * in group_hold(): a group that joins right now either is seen here or
	 * sees the new tail. And before the stores to the segment: pairs with
	 * the reader's fence between its copy and its second look at tail. If
	 * it is seen, tail stays where it is all the same: it never goes back.
	 */
	smp_mb();
	return floor <= READ_ONCE(ring->hold);
}

static void ring_write_lost(struct evring_rec *rec, u64 seq, u64 now,
			    const struct evring_lost *lost)
{
	rec->len = LOST_SIZE;
	rec->type = EVRING_TYPE_LOST;
	rec->flags = 0;
	rec->time = now;
	rec->seq = seq;
	rec->pid = 0;
	rec->tid = 0;
	*(struct evring_lost *)(rec + 1) = *lost;
}

/*
 * The next segment is ours: move into it and take the first record there. The
 * attempts between close and reopen are the loss, exactly. Causes and times are read
 * before the word opens, as an NMI may close the new segment at once.
 */
static u64 ring_reopen(struct evring_ring *ring, struct evring_slot *slot, u64 next,
		       unsigned long units, u32 seqs)
{
	struct evring_lost lost = { 0 };
	unsigned long word, taken, what = 0;
	u64 now, seq, first;

	WRITE_ONCE(ring->base, next);
	WRITE_ONCE(ring->segment, ring_at(ring, next));
	barrier();	/* base and segment move before the word opens */
	word = local_read(&ring->word);
	do {
		seq = READ_ONCE(ring->closed_seq);
		lost.count = (word_seq(word) - seq) & EVRING_SEQ_MASK;
		first = xchg(&ring->lost_first, 0);
		lost.first = lost.first ?: first;
		lost.last = READ_ONCE(ring->lost_last);
		what = what_add(what, local_xchg(&ring->lost_what, 0));
		taken = lost.count ? LOST_UNITS : 0;
		now = evring_clock_raw();
	} while (!word_exchange(ring, &word, word_make(word_seq(word) + seqs, taken + units)));

	/* Only the context that enters a segment comes here, one at a time. */
	ring->seq_base += (seq - ring->seq_base) & EVRING_SEQ_MASK;
	WRITE_ONCE(ring->page->seq_base, ring->seq_base);
	if (lost.count) {
		what_tell(what, &lost);
		ring_write_lost(ring_at(ring, next), seq, now, &lost);
	}
	ring_slot(ring, slot, next, word_make(word_seq(word), taken), units);
	return now;
}

enum ring_entry { RING_ENTERED, RING_AGAIN, RING_LOST };

/*
 * The record does not fit into the rest of the segment. RING_AGAIN: another context
 * has entered the next segment meanwhile. RING_LOST: where it is only tried nothing
 * has changed, else the attempt was counted.
 */
static noinline enum ring_entry ring_enter(struct evring_ring *ring, struct evring_slot *slot,
					   const struct attempt *attempt, unsigned long units,
					   u64 *now)
{
	enum ring_entry entry = RING_LOST;
	unsigned long flags;
	u64 next;

	local_irq_save(flags);
	if (ring->entering) {
		/* An NMI on top of a context that is in the middle of this. */
		ring_close(ring);
		ring_lose(ring, attempt, EVRING_LOST_NESTED);
		goto out;
	}
	WRITE_ONCE(ring->entering, true);
	barrier();	/* from here on an NMI leaves base alone */

	next = ring->base + ring->segment_size;
	if (word_taken(local_read(&ring->word)) + units <= ring->segment_units) {
		entry = RING_AGAIN;
	} else if (!attempt->try || ring_claim(ring, next)) {
		/* Who only tries has claimed it before the close: no number is lost. */
		ring_close(ring);
		if (attempt->try || ring_claim(ring, next)) {
			*now = ring_reopen(ring, slot, next, units, attempt->seqs);
			entry = RING_ENTERED;
		} else {
			ring_lose(ring, attempt, EVRING_LOST_FULL);
		}
	}
	barrier();
	WRITE_ONCE(ring->entering, false);
	if (READ_ONCE(*ring->marked))
		irq_work_queue(&ring->wake);
out:
	local_irq_restore(flags);
	return entry;
}

/* More contexts than there are: a probe that probes itself. Costs the segment's rest. */
static noinline void ring_refuse(struct evring_ring *ring, const struct attempt *attempt)
{
	unsigned long flags;
	bool outer;

	local_irq_save(flags);
	outer = !ring->entering;
	WRITE_ONCE(ring->entering, true);
	barrier();	/* as in ring_enter() */
	ring_close(ring);
	ring_lose(ring, attempt, EVRING_LOST_NESTED);
	barrier();
	if (outer)
		WRITE_ONCE(ring->entering, false);
	local_irq_restore(flags);
}

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
 * Room for a record of @size bytes, header included; false if it is lost, or if
 * it was only tried and there is none. Preemption is off, and stays so until
 * ring_publish(), which must follow in any case; the nest is entered.
 */
static bool ring_reserve(struct evring_ring *ring, struct evring_slot *slot,
			 const struct attempt *attempt, u32 size)
{
	unsigned long units = ALIGN(size, 8) >> UNIT_SHIFT;
	unsigned long word;
	enum ring_entry entry;
	u64 base, now;

	slot->ring = ring;
	if (unlikely(ring->nest > NEST_MAX)) {
		ring_refuse(ring, attempt);
		return false;
	}
again:
	word = local_read(&ring->word);
	do {
		/* word first, base second: base moves only while word changes */
		base = READ_ONCE(ring->base);
		if (unlikely(word_taken(word) + units > ring->segment_units)) {
			entry = ring_enter(ring, slot, attempt, units, &now);
			if (entry == RING_AGAIN)
				goto again;
			if (entry == RING_LOST)
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

	ring_slot(ring, slot, base, word, units);
fill:
	ring_header(slot->rec, attempt->type, size, now, word_seq(slot->word - SEQ_ONE));
	return true;
}

/* Where the word stands, as a position. Nobody else moves it but by nesting. */
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
 * has published nothing.
 */
static noinline void ring_publish_all(struct evring_ring *ring)
{
	struct evring_ring_page *page = ring->page;
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
}

/*
 * No full barrier between head and armed: an emit that races with
 * evring_waiter_arm() may miss it, and the waiter's timer looks back.
 */
static __always_inline void ring_wake(struct evring_ring *ring)
{
	if (unlikely(READ_ONCE(*ring->armed)))
		irq_work_queue(&ring->wake);
}

/* Must follow each ring_reserve(), a failed one too. The outermost context publishes. */
static void ring_publish(struct evring_ring *ring)
{
	barrier();
	if (ring->nest > 1) {
		WRITE_ONCE(ring->nest, ring->nest - 1);
		return;
	}
	ring_publish_all(ring);
	ring_wake(ring);
}

/*
 * Events that never asked for room of their own: a lost record takes their place
 * in the stream. Preemption is off.
 */
static noinline void ring_tell_lost(struct evring_ring *ring, struct evring_slot *slot,
				    const struct attempt *attempt, enum evring_lost_cause cause)
{
	struct evring_lost lost = { .count = attempt->seqs };

	ring_nest(ring);
	if (ring_reserve(ring, slot, attempt, LOST_SIZE)) {
		lost.first = slot->rec->time;
		lost.last = slot->rec->time;
		what_tell(what_make(attempt->type, cause), &lost);
		ring_write_lost(slot->rec, slot->rec->seq, slot->rec->time, &lost);
		ring_count(&ring->lost[cause], &ring->lost_shown[cause], attempt->seqs);
		this_cpu_add(*attempt->type->lost, attempt->seqs);
	}
	ring_publish(ring);
}

/* @nr events that no probe saw are lost, on this CPU for lack of another. Any context. */
void evring_lose(struct evring_event_type *type, u32 nr, enum evring_lost_cause cause)
{
	const struct attempt attempt = { .type = type, .seqs = nr, .lost = cause };
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
	const struct attempt attempt = { .type = type, .seqs = 1, .lost = -1 };

	if (ring)
		ring_tell_lost(ring, slot, &attempt, EVRING_LOST_TOOBIG);
	else
		this_cpu_inc(*type->lost);
	preempt_enable_notrace();
	return NULL;
}

/* The cases that evring_reserve() leaves out. The nest is entered. */
static noinline void *reserve_slow(struct evring_ring *ring, struct evring_slot *slot,
				   struct evring_event_type *type, u32 size)
{
	const struct attempt attempt = { .type = type, .seqs = 1, .lost = -1 };

	if (likely(ring_reserve(ring, slot, &attempt, size)))
		return slot->rec + 1;
	ring_publish(ring);
	preempt_enable_notrace();
	return NULL;
}

/*
 * The common case of ring_reserve(), without a call: no other context of this CPU is
 * emitting, the record fits into the current segment, and the clock is an instruction.
 * Preemption is off.
 */
static __always_inline void *reserve_now(struct evring_slot *slot,
					 struct evring_event_type *type, u32 len)
{
	u32 size = sizeof(struct evring_rec) + len;
	unsigned long units = ALIGN(size, 8) >> UNIT_SHIFT;
	struct evring_ring *ring;
	struct evring_rec *rec;
	unsigned long word;
	u64 base, now;

	ring = this_cpu_read(*type->rings);
	if (unlikely(!ring || len > ring->payload_max))
		return reserve_never(ring, slot, type);
	if (unlikely(ring_nest(ring) > 1))
		return reserve_slow(ring, slot, type, size);

	word = local_read(&ring->word);
	/* word first, the others second, as in ring_reserve() */
	base = READ_ONCE(ring->base);
	rec = READ_ONCE(ring->segment) + (word_taken(word) << UNIT_SHIFT);
	if (unlikely(word_taken(word) + units > ring->segment_units))
		return reserve_slow(ring, slot, type, size);
	if (!evring_clock_inline(&now))
		return reserve_slow(ring, slot, type, size);
	slot->ring = ring;
	slot->rec = rec;
	slot->word = word + SEQ_ONE + units;
	slot->head = base + ((word_taken(word) + units) << UNIT_SHIFT);
	if (unlikely(!word_exchange(ring, &word, slot->word)))
		return reserve_slow(ring, slot, type, size);
	ring_header(rec, type, size, now, word_seq(word));
	return rec + 1;
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
		return evring_stage(slot, type, len);
	slot->stage = NULL;
	return reserve_now(slot, type, len);
}
EXPORT_SYMBOL_GPL(evring_reserve);

/*
 * The same for an application, which can wait: where there is no room, or the
 * record is too long, nothing is counted and no number is taken. It runs in task
 * context and on top of nobody, so a full ring is the one reason.
 */
void *evring_try_reserve(struct evring_slot *slot, struct evring_event_type *type, u32 len)
{
	const struct attempt attempt = { .type = type, .seqs = 1, .lost = -1, .try = true };
	struct evring_ring *ring;

	preempt_disable_notrace();
	slot->stage = NULL;
	ring = this_cpu_read(*type->rings);
	if (unlikely(!ring || len > ring->payload_max))
		goto out;
	ring_nest(ring);
	if (likely(ring_reserve(ring, slot, &attempt, sizeof(struct evring_rec) + len)))
		return slot->rec + 1;
	ring_publish(ring);
out:
	preempt_enable_notrace();
	return NULL;
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

static void slot_clear(struct evring_slot *slot)
{
	memset(slot->rec + 1, 0, slot->rec->len - sizeof(*slot->rec));
}

/* Take it back if it is still the last one, else its place is taken. */
static bool slot_undo(struct evring_slot *slot)
{
	unsigned long word = slot->word;
	unsigned long units = ALIGN(slot->rec->len, 8) >> UNIT_SHIFT;

	return word_exchange(slot->ring, &word, word - SEQ_ONE - units);
}

/*
 * Drop an event that no owner wants: evring_discard() without clearing the bytes in
 * the mapping, whose readers could have had the event. False: a discard is in its
 * place.
 */
bool evring_withdraw(struct evring_slot *slot)
{
	struct evring_ring *ring = slot->ring;
	bool undone = slot_undo(slot);

	if (!undone) {
		slot_clear(slot);
		slot->rec->type = EVRING_TYPE_DISCARD;
		ring_count(&ring->discarded, &ring->page->discarded, 1);
	}
	submit_slow(ring);
	return undone;
}

/*
 * Some want it, and it is lost to them all the same. True: it was taken back, for the
 * caller to count. False: its place tells that it is lost.
 */
bool evring_suppress(struct evring_slot *slot, struct evring_event_type *type,
		     enum evring_lost_cause cause)
{
	struct evring_lost lost = {
		.count = 1, .first = slot->rec->time, .last = slot->rec->time,
	};
	struct evring_ring *ring = slot->ring;
	bool undone;

	/* What tells of it would not fit: few events are so short. */
	if (slot->rec->len < LOST_SIZE)
		return evring_withdraw(slot);
	undone = slot_undo(slot);
	if (!undone) {
		slot_clear(slot);
		slot->rec->type = EVRING_TYPE_LOST;
		what_tell(what_make(type, cause), &lost);
		*(struct evring_lost *)(slot->rec + 1) = lost;
		ring_count(&ring->lost[cause], &ring->lost_shown[cause], 1);
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
