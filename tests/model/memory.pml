/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory: the ring's data and what readers look at of its page. Positions and
 * lengths are in units. A word carries, besides what the code stores, the
 * position it was meant for: no code looks at that, the assertions do.
 */
#define DATA		(SEGMENT * SEGMENTS)

/* Memory: two words a unit, then what of the ring page readers look at */
#define HDR(p)		(2 * ((p) % DATA))
#define SEQ(p)		(2 * ((p) % DATA) + 1)
#define PAYLOAD(p)	HDR((p) + 1)
#define HEAD		(2 * DATA)
#define TAIL		(2 * DATA + 1)
#define WORDS		(2 * DATA + 2)

/* A word: where it belongs, and a kind and length, a seq, or a count */
#define PAD		0
#define DISCARD		1
#define LOST		2
#define EVENT		3
#define header(p, kind, len)	((p) << 5 | (kind) << 3 | (len))
#define word(p, value)	((p) << 5 | (value))
#define POS(w)		((w) >> 5)
#define KIND(w)		((w) >> 3 & 3)
#define LEN(w)		((w) & 7)
#define VALUE(w)	((w) & 31)

short mem[WORDS];

#ifdef ONE_CPU	/* nobody else looks: a store is a store */

#define store(addr, value)		mem[addr] = value
#define store_release(addr, value)	mem[addr] = value
#define smp_mb()			skip

#else

/*
 * Between the writer's CPU and memory: a store buffer. Its stores reach memory
 * in any order, but for those to one word, one with release after all before
 * it, and smp_mb(), which waits until all have: weaker than x86-TSO, where they
 * leave in order, and than ARM's as far as stores go. At most BUFFER are
 * under way.
 */
#define BUFFER		3

byte buffer_addr[BUFFER];
short buffer_value[BUFFER];
bool buffer_release[BUFFER];
byte buffered;
bool paused;		/* the writer is about to load something */

#define store(addr, value)		buffer(addr, value, false)
#ifdef NO_RELEASE
#define store_release(addr, value)	buffer(addr, value, false)
#else
#define store_release(addr, value)	buffer(addr, value, true)
#endif
#define smp_mb()			(buffered == 0)

inline buffer(addr, value, release)
{
	d_step {
		buffered < BUFFER ->
		buffer_addr[buffered] = addr;
		buffer_value[buffered] = value;
		buffer_release[buffered] = release;
		buffered++
	}
}

/* The stores before this one that must come first: none to the same word */
#define before(i, j)		(buffer_addr[i] != buffer_addr[j])
#define ready0			(buffered > 0)
#ifdef TSO	/* in order */
#define ready1			false
#define ready2			false
#else
#define ready1			(buffered > 1 && !buffer_release[1] && before(0, 1))
#define ready2			(buffered > 2 && !buffer_release[2] && before(0, 2) && before(1, 2))
#endif

inline drain(i)
{
	seen_stored(buffer_addr[i], buffer_value[i]);
	mem[buffer_addr[i]] = buffer_value[i];
	k = i;
	do
	:: k + 1 < buffered ->
		buffer_addr[k] = buffer_addr[k + 1];
		buffer_value[k] = buffer_value[k + 1];
		buffer_release[k] = buffer_release[k + 1];
		k++
	:: else -> break
	od;
	buffer_addr[k] = 0;
	buffer_value[k] = 0;
	buffer_release[k] = false;
	buffered--;
	k = 0
}

active proctype memory()
{
	byte k;

end:
	do
	:: d_step { ready0 -> drain(0) }
	:: d_step { ready1 -> drain(1) }
	:: d_step { ready2 -> drain(2) }
	:: d_step { paused -> paused = false }
	od
}

#endif
