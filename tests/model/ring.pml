/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The writer: kmod/ring.c and segment.c, function by function, under the same names. Included
 * by each model, which says what CPU it runs on: how a store reaches memory
 * (store(), store_release(), smp_mb()), and what may strike between two steps.
 *
 * A statement, or an atomic block, is a step: at most one access that others
 * could come between, and what follows from it. The atomic blocks that store
 * several words are no exception: where the order of these stores matters the
 * stores go into a store buffer, which empties by itself.
 *
 * -D switches that begin with NO_, and the like, are the mutants: each takes
 * away what the code has for a reason. tests/model/run lists them.
 */

#define CLOSED		7	/* TAKEN_CLOSED */
#define LOST_UNITS	2
#define HELD_NONE	255	/* U64_MAX */

/* struct evring_ring: this CPU's alone */
CPU_LOCAL byte word_seq, word_taken;	/* word: both change in one exchange */
CPU_LOCAL byte base, segment, nest, closed_seq, lost_first, lost_last;
CPU_LOCAL bool entering;
CPU_LOCAL byte head, tail;		/* the ring page, as its writer sees it */
CPU_LOCAL byte clock = 1;

byte hold = HOLD_FIRST;		/* written by whoever commits */

#define RING_ENTERED	1
#define RING_AGAIN	2
#define RING_LOST	3

/* What a context has on its stack; slot_*: struct evring_slot */
#define CONTEXT_LOCALS							\
	byte units, w_seq, w_taken, base_, segment_, now, next, entry, floor;	\
	byte slot_seq, slot_taken, slot_head, rec;			\
	byte lost_seq, lost_count, first, last, new_head;		\
	bool done, free, outer, give_up

/* A stack that is left holds nothing: there would be as many states as leftovers. */
inline context_clear()
{
	d_step {
		units = 0; w_seq = 0; w_taken = 0; base_ = 0; segment_ = 0; now = 0; next = 0;
		entry = 0; floor = 0; slot_seq = 0; slot_taken = 0; slot_head = 0; rec = 0;
		lost_seq = 0; lost_count = 0; first = 0; last = 0; new_head = 0;
		done = false; free = false; outer = false; give_up = false
	}
}

/* local_read(&ring->word) */
inline word_load()
{
	d_step { w_seq = word_seq; w_taken = word_taken }
}

/* word_exchange(): done, or the word as it is now. Always within a d_step. */
inline word_exchange(new_seq, new_taken)
{
	if
	:: word_seq == w_seq && word_taken == w_taken ->
		word_seq = new_seq;
		word_taken = new_taken;
		done = true
	:: else ->
		w_seq = word_seq;
		w_taken = word_taken;
		done = false
	fi
}

/* ring_slot(): what was reserved behind w_*, in the segment at @pos, which begins at @start */
inline ring_slot(pos, start)
{
	rec = start + w_taken;
	slot_seq = w_seq + 1;
	slot_taken = w_taken + units;
	slot_head = pos + slot_taken
}

/* segment_close() */
inline segment_close()
{
	word_load();
	do
	:: w_taken == CLOSED -> break
	:: else ->
		d_step {
			word_exchange(w_seq, CLOSED);
			if
			:: done && w_taken < SEGMENT ->
				seen_taken(base + w_taken, SEGMENT - w_taken, w_seq)
			:: else
			fi
		}
		if
		:: done ->
#ifdef CLOSED_SEQ_LATE
			closed_seq = word_seq;
#else
			closed_seq = w_seq;
#endif
			if
			:: w_taken < SEGMENT ->
				atomic {
					store(HDR(base + w_taken),
					      header(base + w_taken, PAD, SEGMENT - w_taken));
					seen_written(base + w_taken, SEGMENT - w_taken)
				}
			:: else
			fi;
			break
		:: else
		fi
	od
}

/* segment_lose() */
inline segment_lose()
{
	word_load();
	do
	:: now = clock;
	   d_step {
		word_exchange(w_seq + 1, w_taken);
		if
		:: done -> seen_number(now); seen_lost(now)
		:: else
		fi
	   }
	   if
	   :: done -> break
	   :: else
	   fi
	od;
	if
#ifdef FIRST_BLIND
	:: lost_first == 0
#else
	:: lost_first == 0 || lost_first > now
#endif
	   -> lost_first = now
	:: else
	fi;
	lost_last = now
}

/* segment_claim(): free, or not */
inline segment_claim()
{
	if
	:: next + SEGMENT <= DATA -> free = true
	:: else ->
		floor = next + SEGMENT - DATA;
#ifdef NO_FLOOR_HEAD
		free = true;
#else
		free = floor <= head;
#endif
		if
		:: free -> atomic { load_hold(); free = floor <= hold }	/* acquire */
		:: else
		fi;
#ifndef TAIL_LATE
		if
		:: free -> store(TAIL, floor); tail = floor
		:: else
		fi;
#ifndef NO_CLAIM_MB
		if
		:: free -> smp_mb()
		:: else
		fi;
#endif
#endif
#ifndef NO_SECOND_LOOK
		if
		:: free -> atomic { load_hold(); free = floor <= hold }
		:: else
		fi;
#endif
#ifdef TAIL_LATE
		if
		:: free -> store(TAIL, floor); tail = floor; smp_mb()
		:: else
		fi;
#endif
		skip
	fi
}

/* evring_loss_write() */
inline loss_write()
{
	atomic {
		seen_lost_times(first, last, now);
		store(HDR(next), header(next, LOST, LOST_UNITS));
		store(SEQ(next), word(next, lost_seq));
		store(PAYLOAD(next), word(next, lost_count));
		seen_written(next, LOST_UNITS)
	}
}

/* segment_reopen() */
inline segment_reopen()
{
#ifndef OPEN_BEFORE_BASE
	base = next;
#endif
	segment = next;		/* only who interrupted nobody looks at it */
	word_load();
	first = 0;
#ifdef STALE_COUNT
	lost_count = w_seq - closed_seq;
#endif
	do
	:: lost_seq = closed_seq;
#ifndef STALE_COUNT
	   lost_count = w_seq - lost_seq;
#endif
	   d_step {
		if
		:: first == 0 -> first = lost_first
		:: else
		fi;
		lost_first = 0
	   }
	   last = lost_last;
	   now = clock;
	   d_step {
		slot_taken = (lost_count -> LOST_UNITS : 0);
		word_exchange(w_seq + 1, slot_taken + units);
		if
		:: done ->
			seen_number(now);
			if
			:: lost_count -> seen_taken(next, LOST_UNITS, w_seq); seen_reopened()
			:: else
			fi;
			seen_taken(next + slot_taken, units, w_seq + 1)
		:: else
		fi
	   }
	   if
	   :: done -> break
	   :: else
	   fi
	od;
#ifdef OPEN_BEFORE_BASE
	base = next;
#endif
#ifdef CLOSED_SEQ_AFTER
	lost_seq = closed_seq;
#endif
	if
	:: lost_count -> loss_write()
	:: else
	fi;
	d_step {
		w_taken = slot_taken;
		ring_slot(next, next);
		lost_seq = 0; lost_count = 0; first = 0; last = 0;
		floor = 0; base_ = 0; segment_ = 0
	}
}

/* segment_enter(): entry */
inline segment_enter()
{
	local_irq_save();
	if
#ifdef NO_ENTERING
	:: false ->
#else
	:: entering ->
#endif
		segment_close();
		segment_lose();
		entry = RING_LOST
	:: else ->
		entering = true;
		next = base + SEGMENT;
		if
		:: word_taken + units <= SEGMENT -> entry = RING_AGAIN
		:: else ->
			segment_close();
			segment_claim();
			if
			:: free -> segment_reopen(); entry = RING_ENTERED
			:: else -> segment_lose(); entry = RING_LOST
			fi
		fi;
		entering = false
	fi;
	local_irq_restore()
}

/* segment_refuse() */
inline segment_refuse()
{
	local_irq_save();
	outer = !entering;
	entering = true;
	segment_close();
	segment_lose();
	if
	:: outer -> entering = false
	:: else
	fi;
	local_irq_restore();
	entry = RING_LOST
}

/* ring_header(), and the payload that the caller fills in */
inline ring_fill()
{
	atomic {
		store(HDR(rec), header(rec, EVENT, units));
		store(SEQ(rec), word(rec, slot_seq - 1));
		if
		:: units > 1 -> store(PAYLOAD(rec), word(rec, slot_seq - 1))
		:: else
		fi;
		seen_written(rec, units)
	}
}

/* The exchange that reserves; entry is RING_ENTERED if it did */
inline ring_take_room(start)
{
	d_step {
		word_exchange(w_seq + 1, w_taken + units);
		if
		:: done ->
			entry = RING_ENTERED;
			ring_slot(base_, start);
			seen_number(now);
			seen_taken(rec, units, slot_seq);
			base_ = 0;
			segment_ = 0
		:: else
		fi
	}
}

/* ring_reserve(): entry is RING_ENTERED or RING_LOST. The nest is entered. */
inline ring_reserve()
{
	if
	:: nest > NEST_MAX -> segment_refuse()
	:: else ->
#ifdef CLOCK_FIRST
		now = clock;
#endif
#ifdef BASE_FIRST
		base_ = base;
#endif
		word_load();
		do
		::
#ifndef BASE_FIRST
		   base_ = base;
#endif
		   if
		   :: w_taken + units > SEGMENT ->
			segment_enter();
			if
			:: entry == RING_AGAIN -> word_load()
			:: else -> break
			fi
		   :: else ->
#ifndef CLOCK_FIRST
			now = clock;
#endif
			ring_take_room(base_);
			if
			:: done -> break
			:: else
			fi
		   fi
		od
	fi
}

/* evring_reserve(); its fast path only where the clock is an instruction */
inline evring_reserve()
{
	nest++;
	if
	:: nest == 1 && !CLOCK_CALL ->
#ifdef CLOCK_FIRST
		now = clock;
#endif
#ifdef BASE_FIRST
		base_ = base;
		segment_ = segment;
		word_load();
#else
		word_load();
		base_ = base;
		segment_ = segment;
#endif
		if
		:: w_taken + units <= SEGMENT ->
#ifndef CLOCK_FIRST
			now = clock;
#endif
			ring_take_room(segment_)
		:: else
		fi
	:: else
	fi;
	if
	:: entry == RING_ENTERED
	:: else -> ring_reserve()
	fi;
	if
	:: entry == RING_ENTERED -> ring_fill()
	:: else
	fi
}

/* ring_head(): the word in w_*, the position in new_head */
inline ring_head()
{
	do
	:: word_load();
	   base_ = base;
#ifdef NO_HEAD_LOOP
	   break
#else
	   if
	   :: w_seq == word_seq && w_taken == word_taken -> break
	   :: else
	   fi
#endif
	od;
	new_head = base_ + (w_taken == CLOSED -> SEGMENT : w_taken)
}

/* ring_publish_all(). The look at armed decides nothing here. */
inline ring_publish_all()
{
	do
	:: nest = 1;
	   ring_head();
	   atomic { seen_published(new_head); store_release(HEAD, new_head); head = new_head }
	   nest = 0;
#ifdef NO_RECHECK
	   break
#else
	   if
	   :: w_seq == word_seq && w_taken == word_taken -> break
	   :: else
	   fi
#endif
	od
}

#ifdef NO_NEST
#define on_top		false
#else
#define on_top		(nest > 1)
#endif

/* ring_publish() */
inline ring_publish()
{
	if
	:: on_top -> nest--
	:: else -> ring_publish_all()
	fi
}

/* evring_submit() */
inline evring_submit()
{
	if
	:: on_top -> nest--
	:: else ->
		atomic {
			seen_published(slot_head);
			store_release(HEAD, slot_head);
			head = slot_head
		}
		nest = 0;
#ifndef NO_LAST_LOOK
		if
		:: slot_seq == word_seq && slot_taken == word_taken
		:: else -> ring_publish_all()
		fi
#endif
	fi
}

/* evring_discard(), up to its call of submit_slow() */
inline evring_discard()
{
	if
	:: units > 1 -> store(PAYLOAD(rec), word(rec, 0))
	:: else
	fi;
	d_step {
		w_seq = slot_seq;
		w_taken = slot_taken;
#ifdef BLIND_UNDO
		word_seq = slot_seq - 1;
		word_taken = slot_taken - units;
		done = true;
#else
		word_exchange(slot_seq - 1, slot_taken - units);
#endif
		if
		:: done -> seen_undone()
		:: else
		fi
	}
	if
	:: !done -> store(HDR(rec), header(rec, DISCARD, units))
	:: else
	fi
}

/* An event, or one that is given up */
inline emit()
{
	entry = RING_AGAIN;
	evring_reserve();
	if
	:: entry == RING_ENTERED && !give_up -> evring_submit()
	:: else ->
		if
		:: entry == RING_ENTERED -> evring_discard()
		:: else
		fi;
		ring_publish()
	fi
}
