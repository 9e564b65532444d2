// SPDX-License-Identifier: MIT
/*
 * The clock: an event has the wall time of when it was, whenever it is read, on
 * either source of time stamps; and no rate is believed that is not the TSC's.
 * Starts with evring not loaded.
 */
#include <sys/klog.h>
#ifdef __x86_64__
#include <x86intrin.h>
#endif

#include "device.h"
#include "kmodule.h"

#define PARAMS	"lanes=critical:256,bulk:256,app:256 segment_kib=16"
#define EVENTS	200
#define HOUR	3600
#define SECOND	1000000000ull

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec;
}

#ifdef __x86_64__
/* Both clocks at one moment: the closest of many reads, as the task may be interrupted. */
static void read_both(uint64_t *ns, uint64_t *cycles)
{
	uint64_t before, after, now, closest = UINT64_MAX;
	int i;

	for (i = 0; i < 1000; i++) {
		before = clock_ns(CLOCK_MONOTONIC);
		now = __rdtsc();
		after = clock_ns(CLOCK_MONOTONIC);
		if (after - before >= closest)
			continue;
		closest = after - before;
		*ns = before + closest / 2;
		*cycles = now;
	}
}

/* kHz, of a rate that does not change */
static unsigned int tsc_khz(void)
{
	uint64_t ns[2], cycles[2];

	read_both(&ns[0], &cycles[0]);
	usleep(500000);
	read_both(&ns[1], &cycles[1]);
	return (unsigned int)((cycles[1] - cycles[0]) * 1000000 / (ns[1] - ns[0]));
}
#else
static unsigned int tsc_khz(void)
{
	return 0;
}
#endif

FIXTURE(clock) {
	uint64_t first[EVENTS];
};

FIXTURE_VARIANT(clock) {
	bool tsc;
};

FIXTURE_VARIANT_ADD(clock, boottime) {
	.tsc = false,
};

#ifdef __x86_64__
FIXTURE_VARIANT_ADD(clock, tsc) {
	.tsc = true,
};
#endif

FIXTURE_SETUP(clock)
{
	const struct evring_clock *clock;
	struct evring_meta meta;
	char params[256];

	module_unload("evring_torture");
	module_unload("evring");
	snprintf(params, sizeof(params), PARAMS " tsc=%d tsc_rate=%u", variant->tsc,
		 variant->tsc ? tsc_khz() : 0);
	ASSERT_EQ(0, module_load("evring", params));
	ASSERT_EQ(0, module_load("evring_torture", ""));
	meta_get(&meta);
	clock = page_at(meta_whole(), &meta.clocks, 0);
	ASSERT_EQ(variant->tsc ? EVRING_CLOCK_TSC : EVRING_CLOCK_BOOTTIME, clock->source);
}

FIXTURE_TEARDOWN(clock)
{
	EXPECT_EQ(0, module_unload("evring_torture"));
	EXPECT_EQ(0, module_unload("evring"));
}

/* Read all there is with a tap of its own. Returns how many, and their wall times. */
static unsigned int walls(uint64_t *to)
{
	struct evring_event event;
	struct evring *ev;
	unsigned int n = 0;

	if (evring_open(&ev, NULL) || evring_tap(ev, CRITICAL, EVRING_EARLIEST))
		abort();
	while (n < EVENTS && evring_next(ev, &event) > 0)
		to[n++] = evring_realtime(ev, &event);
	evring_close(ev);
	return n;
}

static void clock_step(int64_t seconds)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += seconds;
	if (clock_settime(CLOCK_REALTIME, &ts))
		abort();
}

TEST_F_TIMEOUT(clock, an_event_read_again_has_the_same_wall_time, 120)
{
	uint64_t again[EVENTS];
	int i;

	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, emit(10, 0));
	ASSERT_EQ(50, walls(self->first));
	for (i = 0; i < 5; i++) {
		usleep(2500000);
		ASSERT_EQ(50, walls(again));
		EXPECT_EQ(0, memcmp(self->first, again, 50 * sizeof(*again)));
	}
}

TEST_F_TIMEOUT(clock, a_step_of_the_wall_clock_is_for_later_events_alone, 120)
{
	static const int64_t steps[] = { HOUR, -2 * HOUR, HOUR };
	uint64_t again[EVENTS], before, after;
	unsigned int i, n = 20;

	ASSERT_EQ(0, emit(20, 0));
	ASSERT_EQ(n, walls(self->first));
	for (i = 0; i < 3; i++, n += 20) {
		clock_step(steps[i]);
		before = clock_ns(CLOCK_REALTIME);
		ASSERT_EQ(0, emit(20, 0));
		after = clock_ns(CLOCK_REALTIME);
		usleep(2500000);
		ASSERT_EQ(n + 20, walls(again));
		EXPECT_EQ(0, memcmp(self->first, again, n * sizeof(*again)));
		/* As far as CLOCK_REALTIME and the line of the TSC may be apart */
		EXPECT_LE(before, again[n] + SECOND / 1000);
		EXPECT_GE(after + SECOND / 1000, again[n + 19]);
		memcpy(self->first, again, sizeof(again));
	}
}

#ifdef __x86_64__
/* Does the kernel's log have this line? */
static bool log_has(const char *text)
{
	int len = klogctl(10 /* size */, NULL, 0);
	char *log = calloc(1, (size_t)len + 1);
	bool has;

	if (klogctl(3 /* read all */, log, len) < 0)
		abort();
	has = strstr(log, text) != NULL;
	free(log);
	return has;
}

TEST(a_rate_that_the_tsc_does_not_have_is_refused)
{
	static const unsigned int wrong[] = { 1, 1000, 50000000, 4294967295 };
	unsigned int i;
	char text[128];

	for (i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "tsc_rate=%u", wrong[i]);
		EXPECT_EQ(EINVAL, module_load("evring", text)) {
			module_unload("evring");
		}
		snprintf(text, sizeof(text), "evring: tsc_rate=%u: the TSC runs at", wrong[i]);
		EXPECT_TRUE(log_has(text));
	}
}
#endif

TEST_HARNESS_MAIN
