/* SPDX-License-Identifier: MIT */
/* How long until the next try */
#include "../harness/tap.h"

#include "delay.h"

#define TRIES 200

static void doubles(void)
{
	static const uint64_t expected[] = { 100, 200, 400, 800, 1500, 1500 };
	uint64_t delay = 0, good = 0;
	unsigned int i;

	for (i = 0; i < 6; i++) {
		delay = delay_next(delay, 100, 1500);
		good += delay == expected[i];
	}
	ok(good == 6, "each is twice as long as the one before, up to the longest");
	ok(delay_next(0, 1000, 100) == 100, "the first is no longer than the longest, either");
	ok(delay_next(UINT64_MAX / 2 + 1, 1, UINT64_MAX) == UINT64_MAX, "and none overflows");
	ok(delay_next(1500, 100, 700) == 700, "a longest that is shorter now holds at once");
}

static void jitters(void)
{
	uint64_t delay, first = delay_jittered(1000000), differ = 0, good = 0;
	unsigned int i;

	for (i = 0; i < TRIES; i++) {
		delay = delay_jittered(1000000);
		good += delay >= 750000 && delay <= 1000000;
		differ += delay != first;
	}
	ok(good == TRIES, "jitter takes a quarter at most");
	ok(differ > TRIES / 2, "another part each time");
	ok(delay_jittered(0) == 0 && delay_jittered(3) == 3, "and nothing of what has no quarter");
}

int main(void)
{
	doubles();
	jitters();
	return tap_end();
}
