// SPDX-License-Identifier: GPL-2.0-only
/*
 * The account of attempts that failed. Another context may interrupt between any two
 * lines here, and adds its own failures.
 */
#include "loss.h"
#include "type.h"

#define CAUSES_MASK	0xffffUL
#define TYPE_SHIFT	16
#define TYPES_DIFFER	BIT(32)

static_assert(LOST_SIZE % 8 == 0);

unsigned long evring_loss_make(const struct evring_event_type *type, enum evring_lost_cause cause)
{
	return BIT(cause) | (unsigned long)type->id << TYPE_SHIFT;
}

unsigned long evring_loss_join(unsigned long a, unsigned long b)
{
	if (!a || !b)
		return a | b;
	if ((a ^ b) & ~CAUSES_MASK)
		return ((a | b) & CAUSES_MASK) | TYPES_DIFFER;
	return a | b;
}

/* Add @causes to those of the attempts that failed since the segment was closed. */
void evring_loss_note(struct evring_ring *ring, unsigned long causes)
{
	unsigned long old = local_read(&ring->lost_causes), seen;

	while ((seen = local_cmpxchg(&ring->lost_causes, old,
				     evring_loss_join(old, causes))) != old)
		old = seen;
}

/* Fill in the causes and the type of a lost record. */
void evring_loss_explain(unsigned long causes, struct evring_lost *lost)
{
	lost->causes = causes & CAUSES_MASK;
	lost->type = causes & TYPES_DIFFER ? EVRING_TYPE_PAD : causes >> TYPE_SHIFT;
}

/* Add @more to @count and show the sum to readers: a context that interrupts us does so too. */
void evring_count_shown(local_t *count, u64 *shown, u32 more)
{
	unsigned long n;

	local_add(more, count);
	do {
		n = local_read(count);
		WRITE_ONCE(*shown, n);
	} while (n != (unsigned long)local_read(count));
}

void evring_loss_count(struct evring_ring *ring, enum evring_lost_cause cause, u32 more)
{
	evring_count_shown(&ring->lost[cause], &ring->lost_shown[cause], more);
}

/* A lost record in place of, or before, an event */
void evring_loss_write(struct evring_rec *rec, u64 seq, u64 now, const struct evring_lost *lost)
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
