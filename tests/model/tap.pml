/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A CPU that writes, with contexts that publish late, and a tap that begins at
 * any time, at the earliest position or the latest, and holds nothing.
 *
 * What must hold: what the tap takes is a whole record of the place where it
 * was read, never a torn or overwritten one; it knows from the start which
 * number comes next; and what it missed is exactly what was overwritten.
 */
#define HOLD_FIRST		HELD_NONE
#define STABLE			false
#define load_hold()		skip
#define seen_stored(addr, value)	skip

#include "writer.pml"
#include "reader.pml"

/* Where there was nothing to read, at or before its place, the tap knows no number. */
inline seen_placed()
{
	assert(r_seq == follows[r_pos] || r_seq == SEQ_NONE && r_pos >= seen_head)
}

inline seen_taken_event()
{
	assert(r_seq == follows[r_pos]);
	assert(missed == 0 || was_overtaken)
}

active proctype tap()
{
	READER_LOCALS;

	begun;
	if
	:: r_pos = mem[TAIL]	/* EVRING_EARLIEST */
	:: r_pos = mem[HEAD]	/* EVRING_LATEST */
	fi;
	ring_place(SEQ_NONE);
end:
	do
	:: r_pos < r_head -> ring_take(); ring_peek()
	:: r_pos >= r_head && r_head != mem[HEAD] -> reader_snapshot()
#ifdef NO_ACQUIRE
	:: r_pos >= r_head && !loaded_early ->
		atomic { r_hdr = mem[HDR(r_pos)]; loaded_early = true }
#endif
	:: atomic { finished && buffered == 0 && r_pos == mem[HEAD] -> drained = true; break }
	od
}
