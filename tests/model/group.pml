/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A CPU that writes, and a group that holds: kmod/group.c and its reader. It
 * joins at any time, as a new group or as one that followed until now and was
 * overtaken; reads, commits now and then; dies once and goes on where it had
 * committed. The stores of hold have a store buffer of their own.
 *
 * What must hold: nothing that the group has not committed is overwritten,
 * from its first look at the ring on; each number is read once between two
 * commits, as an event or in a lost record, and none is missed but those that
 * were overwritten before the group held; and who has read and committed all
 * gets to see the next event.
 */
#define HOLD_FIRST		HELD_NONE
#define STABLE			true

/* Others run between what came before and the load, which comes next. */
#define load_hold()		paused = true; !paused

#define KEEPS_NONE	255
byte keeps = KEEPS_NONE;	/* the assertions': the group may read all from here on */

/* To write to a segment is to overwrite the one a ring's length before it. */
#define seen_stored(addr, value)					\
	assert(addr >= HEAD || keeps == KEEPS_NONE ||			\
	       POS(value) - POS(value) % SEGMENT + SEGMENT <= DATA + keeps)

#include "writer.pml"
#include "reader.pml"

byte hold_value;		/* the group's store buffer */
bool hold_stored;

active proctype group_memory()
{
end:
	do
	:: d_step { hold_stored -> hold = hold_value; hold_value = 0; hold_stored = false }
	od
}

/* group_hold() */
inline group_hold()
{
	atomic {
		!hold_stored;
#ifdef RAISE_HOLD
		hold_value = (cursor_pos < mem[TAIL] -> mem[TAIL] : cursor_pos);
#else
		hold_value = cursor_pos;
#endif
		hold_stored = true
	}
#ifndef NO_HOLD_MB
	;
	!hold_stored
#endif
}

inline seen_placed()
{
	keeps = r_pos;
	assert(r_pos == cursor_pos);	/* what it holds is still there */
	if
	:: cursor_seq != SEQ_NONE -> assert(r_seq == cursor_seq)
	:: else ->
		assert(r_seq == follows[r_pos] || r_seq == SEQ_NONE && r_pos >= seen_head)
	fi
}

inline seen_taken_event()
{
	assert(r_seq == follows[r_pos]);
	assert(missed == 0 || behind);
	behind = false;
	next_pos = r_pos;
	next_seq = r_seq
}

/* group_take() */
inline group_take()
{
	if
	:: cursor_pos = mem[TAIL]; cursor_seq = SEQ_NONE	/* EVRING_EARLIEST */
	:: cursor_pos = mem[HEAD] - mem[HEAD] % SEGMENT; cursor_seq = SEQ_NONE;	/* leaving room */
	   cursor_pos = (cursor_pos < mem[TAIL] -> mem[TAIL] : cursor_pos)
	:: cursor_pos = mem[HEAD]; cursor_seq = SEQ_NONE	/* EVRING_LATEST */
	:: true			/* existed, and has committed nothing */
	fi;
	group_hold();
#ifndef REJOIN_AT_TAIL
	atomic {
		gap = cursor_pos < mem[TAIL];
		cursor_pos = (gap -> mem[TAIL] : cursor_pos)
	}
	if
	:: gap -> group_hold()
	:: else
	fi
#endif
}

active proctype group()
{
	READER_LOCALS;
	byte cursor_pos, cursor_seq, next_pos, next_seq;
	bool gap, behind, died;	/* gap: events are gone between cursor_seq and cursor_pos */

	begun;
	group_take();
start:
	atomic { r_pos = cursor_pos; next_pos = cursor_pos; behind = gap }
	ring_place(cursor_seq);
end:
	do
	:: r_pos < r_head -> ring_take(); ring_peek()
	:: r_pos >= r_head && r_head != mem[HEAD] -> reader_snapshot()
	:: atomic { next_pos != cursor_pos ->	/* commit_one() */
		    cursor_pos = next_pos; cursor_seq = next_seq; keeps = next_pos;
		    gap = false }
	   group_hold()
#ifdef NO_COMMIT_RELEASE
	/* The hold gets out before the loads of what is committed. */
	:: r_pos < r_head ->
		atomic { cursor_pos = r_pos + LEN(mem[HDR(r_pos)]); next_pos = cursor_pos }
		group_hold();
		ring_take();
		atomic { cursor_seq = r_seq; keeps = r_pos; gap = false }
		ring_peek()
#endif
	:: atomic { !died -> died = true; goto start }
	:: atomic { finished && buffered == 0 && r_pos == mem[HEAD] && next_pos == cursor_pos &&
		    !hold_stored -> drained = true; break }
	od
}
