/* SPDX-License-Identifier: MIT */
/*
 * A tap's copy, where the ring is written in the middle of the copying: ring.c
 * alone, as the fuzzers have it, with a look between any two of its looks.
 */
#include "../harness/tap.h"

#include <stdbool.h>
#include <stdio.h>

#include "hooked_ring.c"

void (*hooked_point)(void);

#define SEGMENT	4096u
#define REC_LEN	64u

static struct evring_ring_page page;
static _Alignas(8) char data[4 * SEGMENT], copy[SEGMENT / 2];
static struct evring_rec *const rec = (struct evring_rec *)data;
static unsigned int points, when, type;
static uint32_t len;

/* At its @when-th look the reader finds another record there. */
static void change(void)
{
	if (points++ == when) {
		rec->len = len;
		rec->type = (uint16_t)type;
	}
}

/* A tap takes the first record, which may become a lie at any time: never is the event one. */
static bool holds(uint32_t new_len, unsigned int new_type)
{
	bool taken = true, good = true;

	len = new_len;
	type = new_type;
	for (when = 0; when < 30; when++) {
		struct ring ring = {
			.page = &page, .data = data, .mask = sizeof(data) - 1, .segment = SEGMENT,
			.seq_bits = 48,
			.record_max = sizeof(copy), .head = 2 * REC_LEN, .seq = 0,
		};
		struct evring_event e;

		rec[0] = (struct evring_rec){ .len = REC_LEN, .type = EVRING_TYPE_FIRST, .time = 1 };
		points = 0;
		hooked_point = NULL;
		if (ring_peek(&ring) != 1)
			return false;
		hooked_point = change;
		taken = ring_take(&ring, copy, &e);
		hooked_point = NULL;
		good &= !taken || (e.payload_len == REC_LEN - sizeof(*rec) && e.next == REC_LEN &&
				   e.rec->type == EVRING_TYPE_FIRST && e.next_seq == 1);
		good &= taken ? ring.pos == REC_LEN : ring.pos == 0;
	}
	/* So late it is nothing to the copy. */
	return good && taken;
}

int main(void)
{
	ok(holds(REC_LEN, EVRING_TYPE_FIRST), "nothing changes");
	ok(holds(SEGMENT, EVRING_TYPE_FIRST), "it becomes longer than the copy has room for");
	ok(holds(8, EVRING_TYPE_FIRST), "it becomes shorter than a header");
	ok(holds(0xffffffff, EVRING_TYPE_FIRST), "its length becomes one that overflows");
	ok(holds(40, EVRING_TYPE_LOST), "it becomes a lost record that does not say how many");
	ok(holds(REC_LEN, EVRING_TYPE_PAD), "it becomes a pad");
	return tap_end();
}
