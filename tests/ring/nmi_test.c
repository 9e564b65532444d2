/* SPDX-License-Identifier: MIT */
/*
 * Every interruption there can be, one after another: an emit is interrupted
 * before its k-th step, for every k, by an NMI that emits too, which is itself
 * interrupted before its j-th step, for every j. For each kind of emit, in each
 * state of the ring. Afterwards every attempt must be accounted for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../harness/tap.h"
#include "internal.h"
#include "sim.h"

#define SEGMENT		4096u
#define DATA_SIZE	(4 * SEGMENT)
#define SMALL		8u		/* fits into the rest that STATE_END leaves */
#define BIG		1900u		/* does not */

enum state { STATE_FRESH, STATE_END, STATE_FULL, STATE_LOSING, STATES };
enum act { ACT_SMALL, ACT_BIG, ACT_SMALL_BIG, ACT_DISCARD, ACT_DISCARD_BIG, ACT_TOOBIG, ACTS };

static struct sim *sim;
static unsigned int step, outer_at, inner_at, depth;
static enum act outer_act, inner_act;
static uint64_t attempts, done, discarded;
static uint64_t lost_after;	/* before the last attempt that was lost: a raw time */
static bool torn, came[2];	/* the NMI, and the one on top of it */

static void fill(void *room, uint32_t len, void *arg)
{
	(void)arg;
	memset(room, 0x5a, len);
	if (sim_interrupt)
		sim_interrupt();	/* half written: nobody may see it yet */
	memset(room, 0xa5, len);
}

static struct ring reader(void)
{
	return (struct ring){
		.page = sim_page(sim, 0), .data = sim_data(sim, 0), .mask = DATA_SIZE - 1,
		.segment = SEGMENT, .record_max = sim_record_max(sim), .stable = true,
		.seq_bits = SEQ_BITS,
	};
}

/* Is all that is published whole, right now? The newest records will do. */
static bool published_whole(void)
{
	struct evring_event event;
	struct ring ring = reader();
	uint32_t i;

	ring.head = ring.page->head;
	ring.pos = ring.head & ~(uint64_t)(SEGMENT - 1);
	while (ring_peek(&ring) > 0) {
		ring_take(&ring, NULL, &event);
		for (i = 0; event.rec->type >= EVRING_TYPE_FIRST && i < event.payload_len; i++)
			if (((const uint8_t *)event.payload)[i] != 0xa5)
				return false;
	}
	return ring.pos == ring.head;
}

static void emit(uint32_t len, bool discard)
{
	uint64_t now = sim_raw();
	bool ok = depth ? sim_emit_nmi(sim, len, discard, fill, NULL) :
			  sim_emit(sim, len, discard, fill, NULL);

	attempts++;
	if (!ok && now > lost_after)
		lost_after = now;
	done += ok && !discard;
	discarded += ok && discard;
}

static void act(enum act what)
{
	switch (what) {
	case ACT_SMALL:
		emit(SMALL, false);
		break;
	case ACT_SMALL_BIG:
		emit(SMALL, false);
		emit(BIG, false);
		break;
	case ACT_BIG:
		emit(BIG, false);
		break;
	case ACT_DISCARD:
		emit(SMALL, true);
		break;
	case ACT_DISCARD_BIG:
		emit(BIG, true);
		break;
	default:
		emit(SEGMENT, false);
	}
}

/* Interrupts once at each depth. */
static void interrupt(void)
{
	unsigned int saved = step;

	if (depth == 2 || step++ != (depth ? inner_at : outer_at))
		return;
	came[depth++] = true;
	step = 0;
	act(depth == 1 ? outer_act : inner_act);
	depth--;
	torn = torn || !published_whole();
	/* Never again at this depth. */
	step = saved + 1000000;
}

/* Leave 100 bytes of the current segment, and no room in the ring for more. */
static void bring_to(enum state state)
{
	uint64_t end = state == STATE_FRESH ? 0 : state == STATE_END ? SEGMENT : DATA_SIZE;

	sim_hold(sim, 0, 0);
	while (end && sim_page(sim, 0)->head + 100 < end)
		emit(SMALL, false);
	if (state == STATE_LOSING)
		emit(BIG, false);
	if (state == STATE_END)
		emit(SMALL, true);
}

/* Read all; let go; once more, as a loss is told before the next event that fits. */
static bool account(void)
{
	struct evring_event event;
	uint64_t read = 0, lost = 0, holes = 0, lost_last = 0;
	const struct evring_lost *told;
	struct ring ring = reader();
	uint64_t published = ring.page->seq;
	bool ok = !torn;
	int pass;

	for (pass = 0; pass < 2; pass++) {
		ring.head = ring.page->head;
		while (ring_peek(&ring) > 0) {
			ring_take(&ring, NULL, &event);
			ok = ok && !event.missed;
			if (event.rec->type == EVRING_TYPE_LOST) {
				told = event.payload;
				lost += told->count;
				ok = ok && told->first <= told->last;
				lost_last = told->last > lost_last ? told->last : lost_last;
			} else if (event.rec->type == EVRING_TYPE_DISCARD) {
				holes++;
			} else {
				read++;
			}
		}
		ok = ok && ring.pos == ring.head;
		sim_hold(sim, 0, ring.pos);
		if (!pass)
			emit(SMALL, false);
	}
	/* The outermost emit has published all: the last one finds nothing to add but itself. */
	ok = ok && ring.page->seq == published + 1;
	ok = ok && lost_last >= lost_after;
	return ok && read == done && read + lost + discarded == attempts && holes <= discarded &&
	       ring.seq == read + lost + holes && sim_lost(sim) == lost;
}

static bool play(enum state state, enum act what)
{
	bool ok;

	sim = sim_new(1, DATA_SIZE, SEGMENT);
	attempts = done = discarded = lost_after = 0;
	torn = came[0] = came[1] = false;
	bring_to(state);
	step = depth = 0;
	sim_interrupt = interrupt;
	act(what);
	sim_interrupt = NULL;
	ok = account();
	if (!ok)
		printf("# state %d act %d: NMI before step %u does %d, interrupted before %u by %d: "
		       "attempts %llu done %llu discarded %llu\n", state, what, outer_at,
		       outer_act, inner_at, inner_act, (unsigned long long)attempts,
		       (unsigned long long)done, (unsigned long long)discarded);
	sim_free(sim);
	return ok;
}

/* All interruptions of one emit by one pair of NMIs. Returns how many failed. */
static unsigned long pair(enum state state, enum act what, unsigned long *runs)
{
	unsigned long bad = 0;

	/* Until the emit, and the NMI, have no such step any more. */
	came[0] = true;
	for (outer_at = 0; came[0]; outer_at++) {
		came[1] = true;
		for (inner_at = 0; came[1]; inner_at++) {
			bad += !play(state, what);
			++*runs;
		}
	}
	return bad;
}

static unsigned long all(unsigned long *runs)
{
	unsigned long bad = 0;
	int state, what, outer, inner;

	for (state = 0; state < STATES; state++)
		for (what = 0; what < ACTS; what++)
			for (outer = 0; outer < ACTS; outer++)
				for (inner = 0; inner < ACTS; inner++) {
					outer_act = outer;
					inner_act = inner;
					bad += pair(state, what, runs);
				}
	return bad;
}

static void test(const char *name)
{
	unsigned long bad, runs = 0;

	bad = all(&runs);
	printf("# %lu interruptions, %lu failed\n", runs, bad);
	ok(!bad, name);
}

int main(void)
{
	sim_be(0);
	test("each attempt is told whatever interrupts an emit whose clock is a call");
	sim_clock_inline(true);
	test("each attempt is told whatever interrupts an emit whose clock is an instruction");
	return tap_end();
}
