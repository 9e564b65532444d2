/* SPDX-License-Identifier: MIT */
/* Raw time stamps, and the line from them to nanoseconds (struct evring_clock). */
#include <time.h>

#include "internal.h"

#ifdef __x86_64__
#include <x86intrin.h>
/* No load behind it is done before it. */
#define read_tsc()	({ uint64_t tsc_ = __rdtsc(); _mm_lfence(); tsc_; })
#else
#define read_tsc()	0
#endif

/* Take the line that the kernel publishes now, if it has bent since. */
void clock_refresh(struct evring *ev)
{
	const struct evring_clock *from = ev->live_clock;
	struct evring_clock clock = { 0 };
	uint32_t seq = load_acquire(&from->seq);
	int tries;

	/* The kernel writes it with preemption off: a few tries are plenty. */
	for (tries = 0; tries < 1000 && seq != ev->clock.seq; tries++) {
		load_words(&clock, from, ev->clock_len);
		clock.seq = seq;
		read_fence();	/* pairs with smp_wmb() in the kernel's clock_write() */
		seq = load_acquire(&from->seq);
		if (seq == clock.seq && !(seq & 1))
			ev->clock = clock;
	}
}

/* The clock that the kernel stamps with, now. */
uint64_t clock_now(const struct evring *ev)
{
	struct timespec ts;

	if (ev->clock.source == EVRING_CLOCK_TSC)
		return read_tsc();
	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

uint64_t evring_raw_to_boot(const struct evring *ev, uint64_t raw)
{
	const struct evring_clock *clock = &ev->clock;
	__int128 cycles = (int64_t)(raw - clock->base);

	return clock->boot_ns + (uint64_t)((cycles * clock->mult) >> clock->shift);
}

uint64_t evring_clock_to_wall(const struct evring *ev, uint64_t boottime_ns)
{
	return boottime_ns + (uint64_t)ev->clock.wall_ns;
}

uint64_t evring_raw_to_wall(const struct evring *ev, uint64_t raw)
{
	return evring_clock_to_wall(ev, evring_raw_to_boot(ev, raw));
}

void evring_clock(const struct evring *ev, struct evring_clock *clock)
{
	*clock = ev->clock;
	clock->seq = 0;
}

uint64_t evring_boottime(const struct evring *ev, const struct evring_event *event)
{
	return evring_raw_to_boot(ev, event->rec->time);
}

uint64_t evring_realtime(const struct evring *ev, const struct evring_event *event)
{
	return evring_raw_to_wall(ev, event->rec->time);
}
