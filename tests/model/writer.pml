/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The writer of the models that are about readers: contexts of one CPU, where
 * those on top publish nothing while one below has not. Nothing else of their
 * nesting can be seen from outside (nesting.pml has the rest), so that an emit
 * is one block, which others interrupt where a store waits for room in the
 * store buffer, a barrier for its end, or a load of hold for its turn.
 *
 * The first emits fill the ring: readers come later.
 */
#define CPU_LOCAL		local
#define NEST_MAX		3
#define CLOCK_CALL		false
#define local_irq_save()	skip
#define local_irq_restore()	skip

/* Whoever looks at the ring's inside: nesting.pml */
#define seen_written(pos, size)		skip
#define seen_number(time)		skip
#define seen_lost(time)			skip
#define seen_reopened()			skip
#define seen_lost_times(x, y, z)	skip
#define seen_published(to)		skip
#define seen_undone()			skip

#include "memory.pml"
#include "ring.pml"

#define POSITIONS	40
byte follows[POSITIONS];	/* the assertions': number of what comes at a position */
byte emits = EMITS;
bool begun, finished, drained;

inline seen_taken(pos, size, seq)
{
	follows[(pos) + (size)] = seq
}

/*
 * Where a context was interrupted before its exchange it has reserved nothing,
 * but what those on top of it emit is published when it goes on.
 */
active proctype writer()
{
	CONTEXT_LOCALS;

	do
	:: atomic { emits > 0 -> emits--;
		begun = begun || emits < READ_EMITS;
		if
		:: begun -> units = 1
		:: units = 2
		fi;
		if
		:: begun && nest == 0 -> nest = 1	/* interrupted */
		:: true
		fi;
		emit();
		context_clear()
	   }
	:: atomic { nest == 1 -> ring_publish(); context_clear() }
	:: atomic { emits == 0 && nest == 0 -> break }
	od;
	/* Whoever has read and committed all gets to see the next event. */
	finished = true;
	atomic { drained -> units = 2; emit(); assert(entry == RING_ENTERED) }
}
