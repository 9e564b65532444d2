/* SPDX-License-Identifier: MIT */
/*
 * A reader: user/libevring/ring.c, under the same names. Between an acquire and
 * a fence its loads reach memory in any order where that can matter, as on
 * ARM; the stores of the writer in memory.pml's.
 */
#define SEQ_NONE	63

/* r_pos, r_head, r_seq: struct ring. was_overtaken: since it last took an event. */
#define READER_LOCALS							\
	byte r_pos, r_head, r_seq;					\
	bool was_overtaken;						\
	byte from, r_tail, seen_head, told_seq, missed;		\
	short r_hdr, c_hdr, c_seq, c_payload;				\
	bool overtaken, got_hdr, got_seq, got_payload, loaded_early

/* rec_sane() */
#define rec_sane(p, hdr)						\
	(LEN(hdr) > 0 && (p) % SEGMENT + LEN(hdr) <= SEGMENT &&		\
	 (KIND(hdr) == PAD || LEN(hdr) <= 2) && (KIND(hdr) != LOST || LEN(hdr) == LOST_UNITS))

/* ring_overtaken(), where STABLE says no */
inline ring_overtaken()
{
	d_step {
#ifndef NO_FENCE
		r_tail = mem[TAIL];
#endif
#ifdef NO_TAIL_CHECK
		overtaken = false;
#else
		overtaken = !STABLE && r_tail > r_pos;
#endif
		if
		:: overtaken ->
			r_pos = r_tail;
			r_head = (r_head < r_tail -> r_tail : r_head);
			was_overtaken = true
		:: else
		fi;
		r_tail = 0
	}
}

/* What a load of tail can do where no fence holds it: come before the others */
inline load_tail_early()
{
#ifdef NO_FENCE
	r_tail = mem[TAIL]
#else
	skip
#endif
}

/* ring_peek(): an event is at r_pos if r_pos < r_head */
inline ring_peek()
{
	do
	:: r_pos >= r_head -> break
	:: else ->
		load_tail_early();
#ifdef NO_ACQUIRE
		if
		:: !loaded_early -> r_hdr = mem[HDR(r_pos)]
		:: else -> loaded_early = false
		fi;
#else
		r_hdr = mem[HDR(r_pos)];
#endif
		atomic {
			ring_overtaken();
			assert(overtaken || rec_sane(r_pos, r_hdr) && POS(r_hdr) == r_pos);
			if
			:: overtaken -> overtaken = false
			:: else ->
				if
				:: KIND(r_hdr) == PAD -> r_pos = r_pos + LEN(r_hdr)
				:: else -> break
				fi
			fi
		}
	od;
	r_hdr = 0
}

/* memcpy(): in any order. The header is loaded anew. */
inline copy()
{
	do
	:: !got_hdr -> atomic { c_hdr = mem[HDR(r_pos)]; got_hdr = true }
	:: !got_seq -> atomic { c_seq = mem[SEQ(r_pos)]; got_seq = true }
	:: !got_payload && LEN(r_hdr) > 1 ->
		atomic { c_payload = mem[PAYLOAD(r_pos)]; got_payload = true }
	:: got_hdr && got_seq && (got_payload || LEN(r_hdr) <= 1) -> break
	od;
	atomic { got_hdr = false; got_seq = false; got_payload = false }
}

/* ring_take() */
inline ring_take()
{
	load_tail_early();
	r_hdr = mem[HDR(r_pos)];
	if
	:: KIND(r_hdr) == PAD || !rec_sane(r_pos, r_hdr) ->
		atomic { ring_overtaken(); assert(overtaken) }
	:: else ->
		copy();
		atomic {
			ring_overtaken();
			if
			:: !overtaken -> ring_taken()
			:: else
			fi
		}
	fi;
	atomic { c_hdr = 0; c_seq = 0; c_payload = 0; r_hdr = 0; overtaken = false }
}

/* The second half of ring_take(): what it makes of the copy */
inline ring_taken()
{
	d_step {
		assert(c_hdr == r_hdr && POS(c_hdr) == r_pos && POS(c_seq) == r_pos);
		assert(LEN(c_hdr) == 1 || POS(c_payload) == r_pos);
		assert(KIND(c_hdr) != EVENT || LEN(c_hdr) == 1 || c_payload == c_seq);
		missed = (r_seq == SEQ_NONE -> 0 : VALUE(c_seq) - r_seq);
		r_pos = r_pos + LEN(c_hdr);
		r_seq = VALUE(c_seq) + (KIND(c_hdr) == LOST -> VALUE(c_payload) : 1);
		seen_taken_event();
		missed = 0;
		was_overtaken = false
	}
}

/* ring_walk(): from @from to r_pos */
inline ring_walk()
{
	do
	:: from >= r_pos -> break
	:: else ->
		r_hdr = mem[HDR(from)];
		if
		:: !rec_sane(from, r_hdr) -> break
		:: rec_sane(from, r_hdr) && KIND(r_hdr) == PAD
		:: rec_sane(from, r_hdr) && KIND(r_hdr) == LOST ->
			told_seq = VALUE(mem[SEQ(from)]);
			told_seq = (told_seq + VALUE(mem[PAYLOAD(from)])) & 31
		:: else -> told_seq = VALUE(mem[SEQ(from)]) + 1
		fi;
		from = from + LEN(r_hdr)
	od;
	r_pos = (from > r_pos -> from : r_pos)
}

/* ring_place(): r_pos, where @seq is expected if that is known */
inline ring_place(seq)
{
	do
	:: r_tail = mem[TAIL];
	   d_step {
		seen_head = mem[HEAD];	/* acquire */
#ifdef REJOIN_AT_TAIL
		r_pos = (r_pos < r_tail -> r_tail : r_pos);
#else
		r_pos = (!STABLE && r_pos < r_tail -> r_tail : r_pos);
#endif
		from = r_pos - r_pos % SEGMENT;
		from = (from == r_pos && from > r_tail -> from - SEGMENT : from);
		told_seq = (r_pos -> SEQ_NONE : 0)
	   }
	   if
	   :: r_pos <= seen_head -> ring_walk()
	   :: else
	   fi;
	   if
	   :: told_seq == SEQ_NONE && r_pos < seen_head ->
		told_seq = VALUE(mem[SEQ(r_pos)])
	   :: else
	   fi;
#ifdef NO_PLACE_LOOP
	   break
#else
	   if
	   :: mem[TAIL] == r_tail -> break
	   :: else
	   fi
#endif
	od;
	atomic {
		r_seq = (seq == SEQ_NONE -> told_seq : seq);
		r_head = r_pos;
		seen_placed();
		from = 0; r_tail = 0; seen_head = 0; told_seq = 0; r_hdr = 0
	}
}

/* reader_snapshot() */
inline reader_snapshot()
{
	r_head = mem[HEAD];	/* acquire */
	ring_peek()
}
