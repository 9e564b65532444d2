// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way into the next segment of a ring: only here can there be no room.
 *
 * To enter, close the current segment (word says CLOSED, its tail becomes a pad), see
 * whether the next one is free, announce that it will be overwritten (tail), move base,
 * reopen the word. While it is closed every attempt comes here: if the next segment is
 * held the attempt takes a number and is lost, and the numbers between close and reopen
 * are exactly the ones that the lost record covers.
 */
#include <linux/irqflags.h>

#include "clock.h"
#include "loss.h"
#include "segment.h"
#include "type.h"
#include "word.h"

#define LOST_UNITS	(LOST_SIZE >> UNIT_SHIFT)

/*
 * Close the current segment: no reservation gets in behind us, and its tail becomes
 * a pad. Runs with ring->entering set, in the context that set it or in an NMI on top;
 * the exchange makes it happen once.
 */
static void segment_close(struct evring_ring *ring)
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

/* The attempt takes its numbers and is lost. The segment is closed. */
static void segment_lose(struct evring_ring *ring, const struct evring_attempt *attempt,
			 enum evring_lost_cause cause)
{
	unsigned long word = local_read(&ring->word);
	u64 now, first, last, before;

	if (attempt->lost >= 0)
		cause = attempt->lost;
	do {
		now = evring_clock_raw();
	} while (!word_exchange(ring, &word, word + attempt->seqs * SEQ_ONE));

	/* An NMI since then has lost a later attempt than ours, and has set both. */
	first = READ_ONCE(ring->lost_first);
	if (!first || first > now)
		WRITE_ONCE(ring->lost_first, now);
	/* One may come at any moment: put back what was there if it is later, until none was. */
	for (last = now; (before = xchg(&ring->lost_last, last)) > last; last = before)
		;
	evring_loss_note(ring, evring_loss_make(attempt->type, cause));
	evring_loss_count(ring, cause, attempt->seqs);
	this_cpu_add(*attempt->type->lost, attempt->seqs);
}

/*
 * Keep the high-water mark of what groups hold, for an administrator who sizes the ring. The
 * segment before @next is used up. A ring without room for one segment more counts as full.
 */
static void segment_mark(struct evring_ring *ring, u64 next)
{
	struct evring_ring_page *page = ring->page;
	u64 hold = READ_ONCE(ring->hold), held;

	if (hold >= next)
		return;
	held = next - hold;
	if (held + ring->segment_size > ring->data_size)
		held = ring->data_size;
	if (held > page->held_max)
		WRITE_ONCE(page->held_max, held);
}

/*
 * May the segment at @next be entered? Entering overwrites the segment a ring's length
 * before it, which must be below all holds and below head: an outer context may still
 * be filling its record there.
 */
static bool segment_claim(struct evring_ring *ring, u64 next)
{
	struct evring_ring_page *page = ring->page;
	u64 floor;

	segment_mark(ring, next);
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
	 * the reader's fence between its copy and its second load of tail. If
	 * the group is seen, tail stays where it is: it never goes back.
	 */
	smp_mb();
	return floor <= READ_ONCE(ring->hold);
}

/*
 * The next segment is ours: move into it and take the first record there. The
 * attempts between close and reopen are the loss, exactly. Causes and times are read
 * before the word opens, as an NMI may close the new segment at once.
 */
static u64 segment_reopen(struct evring_ring *ring, struct evring_slot *slot, u64 next,
			  unsigned long units, u32 seqs)
{
	struct evring_lost lost = { 0 };
	unsigned long word, taken, causes = 0;
	u64 now, seq, first, last;

	WRITE_ONCE(ring->base, next);
	WRITE_ONCE(ring->segment, ring_at(ring, next));
	barrier();	/* base and segment move before the word opens */
	word = local_read(&ring->word);
	do {
		seq = READ_ONCE(ring->closed_seq);
		lost.count = (word_seq(word) - seq) & EVRING_SEQ_MASK;
		first = xchg(&ring->lost_first, 0);
		lost.first = lost.first ?: first;
		last = xchg(&ring->lost_last, 0);
		lost.last = last ?: lost.last;
		causes = evring_loss_join(causes, local_xchg(&ring->lost_causes, 0));
		taken = lost.count ? LOST_UNITS : 0;
		now = evring_clock_raw();
	} while (!word_exchange(ring, &word, word_make(word_seq(word) + seqs, taken + units)));

	/* Only the context that enters a segment comes here, one at a time. */
	ring->seq_base += (seq - ring->seq_base) & EVRING_SEQ_MASK;
	WRITE_ONCE(ring->page->seq_base, ring->seq_base);
	if (lost.count) {
		evring_loss_explain(causes, &lost);
		evring_loss_write(ring_at(ring, next), seq, now, &lost);
	}
	ring_slot(ring, slot, next, word_make(word_seq(word), taken), units);
	return now;
}

/*
 * Enter the next segment: the record does not fit into the rest of this one. Returns
 * EVRING_ENTRY_AGAIN if another context has entered it meanwhile, and
 * EVRING_ENTRY_LOST if there is no room. Then an attempt that only tries has taken no
 * number, and the segment stays open, but the ring's high-water mark and tail may have moved
 * (segment_claim()); any other was counted.
 */
enum evring_entry evring_segment_enter(struct evring_ring *ring, struct evring_slot *slot,
				       const struct evring_attempt *attempt, unsigned long units,
				       u64 *now)
{
	enum evring_entry entry = EVRING_ENTRY_LOST;
	unsigned long flags;
	bool moved = false;	/* is there more to read? */
	u64 next;

	local_irq_save(flags);
	if (ring->entering) {
		/* An NMI on top of a context that is in the middle of this. */
		segment_close(ring);
		segment_lose(ring, attempt, EVRING_LOST_NESTED);
		goto out;
	}
	WRITE_ONCE(ring->entering, true);
	barrier();	/* from here on an NMI leaves base alone */

	next = ring->base + ring->segment_size;
	if (word_taken(local_read(&ring->word)) + units <= ring->segment_units) {
		entry = EVRING_ENTRY_AGAIN;
	} else if (!attempt->try || segment_claim(ring, next)) {
		/* An attempt that only tries claims before the close, to lose no number. */
		moved = word_taken(local_read(&ring->word)) != TAKEN_CLOSED;
		segment_close(ring);
		if (attempt->try || segment_claim(ring, next)) {
			*now = segment_reopen(ring, slot, next, units, attempt->seqs);
			entry = EVRING_ENTRY_DONE;
			moved = true;
		} else {
			segment_lose(ring, attempt, EVRING_LOST_FULL);
		}
	}
	barrier();
	WRITE_ONCE(ring->entering, false);
	/* What an NMI closes, or nesting, is not told here: the flush time finds it. */
	if (moved && READ_ONCE(*ring->marked))
		evring_ring_raise(ring);
out:
	local_irq_restore(flags);
	return entry;
}

/* More contexts nest than there are: a probe probes itself. Costs the segment's rest. */
void evring_segment_refuse(struct evring_ring *ring, const struct evring_attempt *attempt)
{
	unsigned long flags;
	bool outer;

	local_irq_save(flags);
	outer = !ring->entering;
	WRITE_ONCE(ring->entering, true);
	barrier();	/* as in evring_segment_enter() */
	segment_close(ring);
	segment_lose(ring, attempt, EVRING_LOST_NESTED);
	barrier();
	if (outer)
		WRITE_ONCE(ring->entering, false);
	local_irq_restore(flags);
}
