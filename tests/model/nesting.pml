/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One CPU, three contexts: a task, an interrupt that can strike between any two
 * of its steps, an NMI that can strike between any two of either's; whoever
 * strikes runs to its end first. Each emits and commits or discards, in records
 * of one or two units. Somewhere else a group commits whenever it likes.
 *
 * What must hold: whoever publishes publishes whole records, whose numbers
 * follow one another, with nothing of a kept record overwritten; time never
 * runs backwards; and whenever no context is inside, head is where the word is
 * and every number is a record's or is declared lost, now or at reopening.
 */
#define CPU_LOCAL
#define ONE_CPU

/* local_irq_save() nests: an NMI can strike with interrupts off. */
#define local_irq_save()	atomic { irqs = irqs_off; irqs_off = true }
#define local_irq_restore()	irqs_off = irqs

/* A group has committed all that there is, or not yet: looked at only here. */
#define load_hold()							\
	if								\
	:: hold < head -> hold = head					\
	:: true								\
	fi

#include "memory.pml"
#include "ring.pml"

#define TASK		0	/* the contexts' process numbers, and their ranks */
#define IRQ		1
#define NMI		2

byte running = TASK;
bool irq_inside;
byte left[3] = { TASK_TOTAL, IRQ_EMITS, NMI_EMITS };	/* emits to come */
bool irqs_off;

/* The first emits fill the ring: all of it happens later. */
#define PREFILLED	(left[TASK] < TASK_EMITS)

/* What the assertions know */
bool busy[DATA];		/* unit: reserved, not written yet */
byte told;			/* number that follows the last published record */
byte declared;			/* numbers that published lost records cover */
byte failed;			/* attempts that took a number and are lost */
byte latest;			/* time of the last number */
byte lost_since;		/* time of the first attempt lost since the segment was closed */

inline seen_taken(pos, size, after)
{
	i = 0;
	do
	:: i < size ->
		assert(!busy[(pos + i) % DATA]);
		assert(pos + i >= head);	/* not published */
		assert(pos + i < tail + DATA);	/* nothing that is kept */
		busy[(pos + i) % DATA] = true;
		i++
	:: else -> break
	od;
	i = 0
}

inline seen_written(pos, size)
{
	d_step {
		i = 0;
		do
		:: i < size -> busy[(pos + i) % DATA] = false; i++
		:: else -> break
		od;
		i = 0
	}
}

inline seen_number(time)
{
	assert(time >= latest);
	undo_latest = latest;
	latest = time
}

inline seen_lost(time)
{
	failed++;
	if
	:: lost_since == 0 -> lost_since = time
	:: else
	fi
}

inline seen_reopened()
{
	true_first = lost_since;
	lost_since = 0
}

/* The first time is exact; the last one can miss an NMI that hit in the middle of telling it. */
inline seen_lost_times(first_, last_, now_)
{
	assert(first_ == true_first && first_ <= last_ && last_ <= now_)
}

inline seen_undone()
{
	latest = undo_latest
}

/* What a reader finds between the old head and the new one */
inline seen_published(to)
{
	d_step {
		assert(head <= to);
		p = head;
		do
		:: p < to ->
			w = mem[HDR(p)];
			assert(POS(w) == p && LEN(w) > 0 && p % SEGMENT + LEN(w) <= SEGMENT);
			i = 0;
			do
			:: i < LEN(w) -> assert(!busy[(p + i) % DATA]); i++
			:: else -> break
			od;
			if
			:: KIND(w) == PAD
			:: KIND(w) == LOST ->
				assert(mem[SEQ(p)] == word(p, told));
				assert(POS(mem[PAYLOAD(p)]) == p && VALUE(mem[PAYLOAD(p)]) > 0);
				told = told + VALUE(mem[PAYLOAD(p)]);
				declared = declared + VALUE(mem[PAYLOAD(p)])
			:: else ->
				assert(mem[SEQ(p)] == word(p, told));
				told++
			fi;
			p = p + LEN(w)
		:: else -> break
		od;
		assert(p == to);
		p = 0;
		i = 0;
		w = 0
	}
}

/* Nobody is inside: all is published, all is accounted for. */
inline seen_quiet()
{
	d_step {
		if
		:: nest == 0 && word_taken == CLOSED ->
			assert(head == base + SEGMENT && told == closed_seq);
			assert(declared + (word_seq - closed_seq) == failed)
		:: nest == 0 && word_taken != CLOSED ->
			assert(head == base + word_taken && told == word_seq);
			assert(declared == failed)
		:: else
		fi
	}
}

active [3] proctype context() provided (running == _pid)
{
	CONTEXT_LOCALS;
	byte i, p, undo_latest, true_first;
	short w;
	bool irqs;

end:
	do
	:: atomic { left[_pid] > 0 -> left[_pid]--;
		if
		:: left[_pid] <= TASK_EMITS -> units = 1
		:: units = 2
		fi;
		if
		:: give_up = false
		:: PREFILLED -> give_up = true
		fi
	   }
	   emit();
	   atomic {
		seen_quiet();
		context_clear();
		irqs = false; undo_latest = 0; true_first = 0;
		irq_inside = irq_inside && _pid != IRQ;
		running = (irq_inside -> IRQ : TASK)
	   }
	od
}

#define strike(rank, may)						\
	atomic {							\
		left[rank] > 0 && running < rank && (may) && PREFILLED -> \
		irq_inside = irq_inside || rank == IRQ;			\
		running = rank;						\
		clock++							\
	}

active proctype interrupts()
{
end:
	do
	:: strike(IRQ, !irqs_off)
	:: strike(NMI, true)
	od
}
