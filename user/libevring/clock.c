/* SPDX-License-Identifier: MIT */
/* Raw time stamps, and the lines from them to nanoseconds (struct evring_clock). */
#include <sched.h>
#include <time.h>

#include "internal.h"

#ifdef __x86_64__
#include <x86intrin.h>
/* No load behind it is done before it. */
#define read_tsc()	({ uint64_t tsc_ = __rdtsc(); _mm_lfence(); tsc_; })
#else
#define read_tsc()	0
#endif

#define SPINS	100
#define TRIES	1000

static void clock_copy(struct clock *to, const struct evring *ev)
{
	const struct evring_table *table = &ev->past;
	size_t len = table->stride < sizeof(*to->past) ? table->stride : sizeof(*to->past);
	unsigned int i;

	load_words(&to->now, ev->live_clock, ev->clock_len);
	to->now.shift &= 63;
	to->nr_past = load_once(&ev->live->nr_past);
	for (i = 0; i < table->count && i < to->nr_past; i++)
		load_words(&to->past[i], (const char *)ev->live + table->offset +
			   (size_t)table->stride * i, len);
}

static void clock_take(struct evring *ev, const struct clock *clock)
{
	ev->past_spare = ev->clock.past;
	ev->clock = *clock;
}

/*
 * Take the lines that the kernel publishes now. Call this after the heads were
 * read: events below them were stamped before, so these lines hold for them.
 */
void clock_refresh(struct evring *ev)
{
	const uint32_t *now = &ev->live_clock->seq;
	uint32_t seq = load_acquire(now), again;
	struct clock clock = { .past = ev->past_spare };
	int tries;

	/* The writer has interrupts off, so this is short, unless its virtual CPU is not running. */
	for (tries = 0; tries < TRIES && seq != ev->clock.now.seq; tries++) {
		if (tries > SPINS)
			sched_yield();
		clock_copy(&clock, ev);
		clock.now.seq = seq;
		read_fence();	/* pairs with smp_mb() and smp_wmb() in the kernel's line_begin() */
		again = load_acquire(now);
		if (!(seq & 1) && again == seq)
			clock_take(ev, &clock);
		seq = again;
	}
}

/* The clock that the kernel stamps with, now. */
uint64_t clock_now(const struct evring *ev)
{
	struct timespec ts;

	if (ev->clock.now.source == EVRING_CLOCK_TSC)
		return read_tsc();
	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* Signed: a raw time stamp or a boot time that is before @since */
static bool is_before(uint64_t time, uint64_t since)
{
	return (int64_t)(time - since) < 0;
}

/* Line @i counted back from the one of now; the oldest one for all that is older */
static struct evring_line line_back(const struct evring *ev, uint32_t i)
{
	const struct evring_clock *now = &ev->clock.now;
	struct evring_line line = {
		.source = now->source, .mult = now->mult, .shift = now->shift,
		.base = now->base, .boot_ns = now->boot_ns, .wall_ns = now->wall_ns,
	};
	const struct evring_clock_line *past;

	if (!i)
		return line;
	past = &ev->clock.past[(ev->clock.nr_past - i) % ev->past.count];
	line.mult = past->mult;
	line.base = past->base;
	line.boot_ns = past->boot_ns;
	line.wall_ns = past->wall_ns;
	return line;
}

static uint32_t nr_back(const struct evring *ev)
{
	return ev->clock.nr_past < ev->past.count ? ev->clock.nr_past : ev->past.count;
}

void evring_clock(const struct evring *ev, uint64_t raw, struct evring_line *line)
{
	uint32_t i = 0, nr = nr_back(ev);

	do {
		*line = line_back(ev, i);
	} while (is_before(raw, line->base) && i++ < nr);
}

static uint64_t line_boot(const struct evring_line *line, uint64_t raw)
{
	__int128 cycles = (int64_t)(raw - line->base);

	return line->boot_ns + (uint64_t)((cycles * line->mult) >> line->shift);
}

uint64_t evring_raw_to_boot(const struct evring *ev, uint64_t raw)
{
	struct evring_line line;

	evring_clock(ev, raw, &line);
	return line_boot(&line, raw);
}

uint64_t evring_clock_to_wall(const struct evring *ev, uint64_t boottime_ns)
{
	struct evring_line line;
	uint32_t i = 0, nr = nr_back(ev);

	do {
		line = line_back(ev, i);
	} while (is_before(boottime_ns, line.boot_ns) && i++ < nr);
	return boottime_ns + (uint64_t)line.wall_ns;
}

uint64_t evring_raw_to_wall(const struct evring *ev, uint64_t raw)
{
	struct evring_line line;

	evring_clock(ev, raw, &line);
	return line_boot(&line, raw) + (uint64_t)line.wall_ns;
}

uint64_t evring_boottime(const struct evring *ev, const struct evring_event *event)
{
	return evring_raw_to_boot(ev, event->rec->time);
}

uint64_t evring_realtime(const struct evring *ev, const struct evring_event *event)
{
	return evring_raw_to_wall(ev, event->rec->time);
}
