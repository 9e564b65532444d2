/* SPDX-License-Identifier: MIT */
/* Pauses between two tries: twice as long each time, up to a bound, and never quite the same. */
#include "../harness/tap.h"

#include "sending.h"

#define TRIES 200
#define MS 1000000ULL

/* Each pause's length is between three quarters of this and all of it. */
static bool fits(uint64_t ns, uint64_t ms)
{
	return ns <= ms * MS && ns >= ms * MS * 3 / 4;
}

int main(void)
{
	struct config cfg = { .retry_delay_ms = 1000, .retry_timeout_ms = UINT64_MAX };
	struct sender s = { .cfg = &cfg, .now = 1 };
	uint64_t ms = 100, ns, first = 0;
	struct pause pause = { 0 };
	bool good = true, differ = false;
	unsigned int i;

	for (i = 0; i < TRIES; i++) {
		good = pause_start(&s, &pause) == !i && good;
		ns = pause.until - s.now;
		good = good && fits(ns, ms) && pause_is_on(&s, &pause);
		first = i == 5 ? ns : first;
		differ = differ || (i > 5 && ns != first);
		ms = ms * 2 < 1000 ? ms * 2 : 1000;
		s.now = pause.until;
	}
	ok(good, "from 100 ms to errors.retry.delay.max.ms, shortened by a quarter at most");
	ok(differ, "at random");
	ok(!pause_is_on(&s, &pause), "and over when it is over");
	return tap_end();
}
