/* SPDX-License-Identifier: GPL-2.0-only */
/* The word of a ring: attempts and how far the segment is taken. For ring.c and segment.c. */
#ifndef _KMOD_WORD_H
#define _KMOD_WORD_H

#include <linux/build_bug.h>
#include "ring.h"

#define UNIT_SHIFT	3			/* the ring is counted in 8-byte units */
#define TAKEN_MASK	0xffffUL
#define TAKEN_CLOSED	TAKEN_MASK		/* no segment is that long */
#define SEQ_SHIFT	16
#define SEQ_ONE		BIT(SEQ_SHIFT)

static_assert(BITS_PER_LONG == 64, "the reservation word needs 64 bits");
static_assert(SEQ_SHIFT + EVRING_SEQ_BITS == 64);

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

#endif /* _KMOD_WORD_H */
