/* SPDX-License-Identifier: MIT */
/*
 * The clock's lines (kmod/clock.c), by a TSC and a CLOCK_BOOTTIME that the test moves: at
 * every moment the line of now gives CLOCK_BOOTTIME, whatever happens while it is renewed.
 */
#include "shim.h"

static u64 evring_tsc(void);

/* In place of kmod/compat/tsc.h */
#define _KMOD_COMPAT_TSC_H
#define evring_tsc_ordered()	evring_tsc()
#define evring_tsc_khz()	0

#include "../../kmod/clock.c"
#include "../harness/tap.h"

#define KHZ		2500000u
#define CYCLES(ns)	((ns) * 5 / 2)	/* but for the drift */
#define MINUTE		(60 * NSEC_PER_SEC)
#define HOUR		(60 * MINUTE)

struct static_key_false evring_clock_tsc;
u64 sim_fence;
void (*sim_interrupt)(void);

static u64 cycles, boot;		/* the two clocks */
static s64 ppm;				/* how much faster CLOCK_BOOTTIME is */
static s64 ahead;			/* CLOCK_REALTIME - CLOCK_BOOTTIME */
static void (*reading)(void);		/* before each read of the TSC */
static struct notifier_block *timekeeper_nb;
static struct irq_work *raised;
static struct evring_meta_pages pages;

static void pass(u64 ns)
{
	cycles += CYCLES(ns);
	boot += ns + (u64)((s64)ns * ppm / 1000000);
}

static u64 evring_tsc(void)
{
	if (reading)
		reading();
	pass(10);
	return cycles;
}

u64 ktime_get_boot_fast_ns(void)
{
	return boot;
}

void usleep_range(unsigned long min, unsigned long max)
{
	(void)max;
	pass(min * NSEC_PER_USEC);
}

void irq_work_queue(struct irq_work *work)
{
	raised = work;
}

void irq_work_sync(struct irq_work *work)
{
	(void)work;
}

void clocks_calc_mult_shift(u32 *mult, u32 *shift, u32 from, u32 to, u32 seconds)
{
	(void)seconds;
	*shift = 31;
	*mult = (u32)(((u64)to << 31) / from);
}

static void timekeeper_tell(void)
{
	struct timekeeper tk = { .offs_real = ahead };

	timekeeper_nb->notifier_call(timekeeper_nb, 0, &tk);
}

/* The timekeeper advances, and then the interrupt comes that was raised meanwhile. */
static void timekeeper_update(void)
{
	struct irq_work *work;

	timekeeper_tell();
	work = raised;
	raised = NULL;
	if (work)
		work->fn(work);
}

int pvclock_gtod_register_notifier(struct notifier_block *nb)
{
	timekeeper_nb = nb;
	timekeeper_update();
	return 0;
}

void pvclock_gtod_unregister_notifier(struct notifier_block *nb)
{
	(void)nb;
}

static void begin(void)
{
	cycles = 1000 * HOUR;
	boot = 2 * HOUR;
	ppm = 0;
	ahead = 5;
	memset(&pages, 0, sizeof(pages));
	tsc_rate = KHZ;
	renew_at = 0;
	CHECK(!evring_clock_init(&pages));
	CHECK(pages.clock.source == EVRING_CLOCK_TSC);
}

/* How far the line of now is from CLOCK_BOOTTIME */
static u64 error_now(void)
{
	s64 error = (s64)(line_at(cycles) - boot);

	return (u64)(error < 0 ? -error : error);
}

static void awake(u64 ns)
{
	for (; ns >= TICK_NS; ns -= TICK_NS) {
		pass(TICK_NS);
		timekeeper_update();
		CHECK(error_now() <= 2 * (u64)NSEC_PER_MSEC);
	}
}

static void sample_of_another_cpu(void)
{
	begin();
	CHECK(line_at(pages.clock.base + CYCLES(700)) - (pages.clock.boot_ns + 699) <= 1);
	CHECK(line_at(pages.clock.base) == pages.clock.boot_ns);
	CHECK(line_at(pages.clock.base - CYCLES(700)) - (pages.clock.boot_ns - 700) <= 1);
	evring_clock_exit();
}

static unsigned int reads_left;

/* Another CPU sets the clock as soon as the lock lets it. */
static void set_meanwhile(void)
{
	void (*mine)(void) = reading;

	if (--reads_left || pthread_mutex_trylock(&line_lock))
		return;
	pthread_mutex_unlock(&line_lock);
	reading = NULL;
	ahead++;
	timekeeper_tell();
	reading = mine;
}

static void set_while_looked_at(void)
{
	unsigned int reads;
	u32 mult;

	begin();
	mult = pages.clock.mult;
	for (reads = 1; reads <= 20; reads++) {
		pass(MINUTE);
		reads_left = reads;
		reading = set_meanwhile;
		clock_renew();
		reading = NULL;
		CHECK(error_now() <= 1000);
		CHECK(pages.clock.mult == mult);
	}
	evring_clock_exit();
}

static void follows_while_awake(void)
{
	begin();
	ppm = 500;
	awake(10 * MINUTE);
	CHECK(error_now() <= 2 * (u64)BEND_NS);
	ppm = 0;
	awake(10 * MINUTE);
	CHECK(error_now() <= 2 * (u64)BEND_NS);
	evring_clock_exit();
}

/* Nothing wakes an idle host; what ends its sleep makes the timekeeper advance. */
static void right_after_idleness(void)
{
	begin();
	ppm = 40;
	awake(MINUTE);
	ppm = -40;
	pass(HOUR);
	CHECK(error_now() > (u64)STEP_NS);
	timekeeper_update();
	CHECK(error_now() <= (u64)BEND_NS);
	evring_clock_exit();
}

/* The notifier is there before the first line, and after the last one. */
static void resumed_without_a_line(void)
{
	begin();
	evring_clock_exit();
	clock_sleeps(&clock_pm, PM_POST_SUSPEND, NULL);
	CHECK(!meta);
	begin();
	boot += HOUR;
	clock_sleeps(&clock_pm, PM_POST_SUSPEND, NULL);
	CHECK(error_now() <= 1000);
	evring_clock_exit();
}

static void nothing_raised_while_asleep(void)
{
	begin();
	pass(MINUTE);
	clock_sleeps(&clock_pm, PM_SUSPEND_PREPARE, NULL);
	timekeeper_tell();
	CHECK(!raised);
	clock_sleeps(&clock_pm, PM_POST_SUSPEND, NULL);
	timekeeper_tell();
	CHECK(raised);
	raised = NULL;
	evring_clock_exit();
}

int main(void)
{
	test_case(sample_of_another_cpu, "a sample can be older than the line");
	test_case(set_while_looked_at, "the wall clock is set while the line is looked at");
	test_case(follows_while_awake, "within two milliseconds while NTP changes the rate, and soon near again");
	test_case(right_after_idleness, "right as soon as an idle host wakes");
	test_case(resumed_without_a_line, "a resume finds a line, or none");
	test_case(nothing_raised_while_asleep, "nothing is raised while the host is suspended");
	return tap_end();
}
