// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clock. Reading it is the larger half of an emit, so where the TSC can be
 * trusted a record carries raw cycles, and the line from cycles to nanoseconds
 * is published in the meta page. Elsewhere it carries CLOCK_BOOTTIME, and the
 * line is the identity.
 *
 * A line, once published, is the truth for the events of its time: it is never
 * changed, only followed by another one, and the last ones are kept. So an event
 * has the same time whenever it is read. There is a new line where
 *
 * - the wall clock is set. The timekeeper tells at that very moment, with its
 *   own offsets: nothing is measured;
 * - the line has come away from CLOCK_BOOTTIME, which NTP steers. That is looked
 *   at when the timekeeper advances and two seconds have passed: on whichever CPU is
 *   awake, and an idle host sleeps on. The first interrupt that ends its sleep makes the
 *   timekeeper advance, too. The line is bent, not cut; only an error that bending cannot
 *   mend, as after a suspend, is a step.
 */
#include <linux/clocksource.h>
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/moduleparam.h>
#include <linux/pvclock_gtod.h>
#include <linux/suspend.h>
#include <linux/timekeeper_internal.h>

#include "clock.h"
#include "pages.h"

#define RENEW_NS	(2 * NSEC_PER_SEC)
#define RENEW_JIFFIES	(2 * HZ)
#define YOUNG_NS	(100 * NSEC_PER_MSEC)	/* too short to measure a rate by */
#define BEND_NS		((s64)20 * NSEC_PER_USEC)	/* less is left as it is */
#define MEND_NS		(256 * NSEC_PER_SEC)	/* how long that much takes to go */
#define STEP_NS		((s64)10 * NSEC_PER_MSEC)	/* more is no drift */

#define MEASURE_TRIES	5
#define MEASURE_US	20000

DEFINE_STATIC_KEY_FALSE(evring_clock_tsc);

static bool tsc = true;
module_param(tsc, bool, 0444);
MODULE_PARM_DESC(tsc, "time stamps are TSC cycles where the TSC can be trusted (default: Y)");

static uint tsc_rate;
module_param(tsc_rate, uint, 0444);
MODULE_PARM_DESC(tsc_rate, "kHz of a TSC that you trust though the kernel does not (default: 0)");

/*
 * The lines and the offset. Raw, with interrupts off, and nothing under it asks
 * the timekeeper but by its NMI-safe clock: clock_update() runs inside of the
 * timekeeper's own lock and write section.
 */
static DEFINE_RAW_SPINLOCK(line_lock);
static struct evring_meta_pages *meta;	/* where the lines are published; NULL: not yet */
static s64 wall_ns;			/* CLOCK_REALTIME - CLOCK_BOOTTIME */
static u64 last_cycles, last_boot;	/* the sample that the line's rate is measured from */
static s64 last_error;			/* of the line when it was looked at last */

/* One instant in both clocks, as close together as the CPU lets us. */
static void clock_sample(u64 *cycles, u64 *boot)
{
	u64 before, after, best = U64_MAX;
	unsigned long flags;
	int i;

	*cycles = 0;
	*boot = 0;
	local_irq_save(flags);
	for (i = 0; i < 5; i++) {
		u64 ns;

		before = evring_tsc();
		ns = ktime_get_boot_fast_ns();
		after = evring_tsc();
		if (after - before >= best)
			continue;
		best = after - before;
		*cycles = before + best / 2;
		*boot = ns;
	}
	local_irq_restore(flags);
}

/* CLOCK_BOOTTIME at @raw, by the line of now. Another CPU may have read @raw before its base. */
static u64 line_at(u64 raw)
{
	const struct evring_clock *line = &meta->clock;
	s64 since = raw - line->base;

	if (since < 0)
		return line->boot_ns - mul_u64_u32_shr(-since, line->mult, line->shift);
	return line->boot_ns + mul_u64_u32_shr(since, line->mult, line->shift);
}

/*
 * From now on another line holds: one that goes on at the end of the old one,
 * and @step ns away from it.
 *
 * A reader must not use the old line for an event after the new base. seq is made
 * odd before the clock is read, and all CPUs see it by then: the barrier has ended, and
 * the read is an ordered one. A reader loads head first and seq second
 * (clock_refresh() in libevring): if head covers such an event, seq is odd or the
 * new line is there.
 */
static void line_begin(u32 mult, s64 step)
{
	struct evring_clock *line = &meta->clock;
	struct evring_clock_line *past = &meta->past[meta->meta.nr_past % EVRING_CLOCK_PAST];
	u64 now;

	lockdep_assert_held(&line_lock);
	WRITE_ONCE(line->seq, line->seq + 1);
	smp_mb();	/* pairs with the readers' fences between seq and the rest; see above */
	now = evring_clock_raw_ordered();
	WRITE_ONCE(past->base, line->base);
	WRITE_ONCE(past->boot_ns, line->boot_ns);
	WRITE_ONCE(past->wall_ns, line->wall_ns);
	WRITE_ONCE(past->mult, line->mult);
	WRITE_ONCE(meta->meta.nr_past, meta->meta.nr_past + 1);
	WRITE_ONCE(line->boot_ns, line_at(now) + step);
	WRITE_ONCE(line->base, now);
	WRITE_ONCE(line->mult, mult);
	WRITE_ONCE(line->wall_ns, wall_ns);
	smp_wmb();	/* pairs with the readers' fence between the rest and seq */
	WRITE_ONCE(line->seq, line->seq + 1);
}

/*
 * The rate since the last sample, plus a correction of @error: a small error is
 * mended slowly, so that the rest of it does not soon exceed the limit again.
 */
static u32 line_bend(u64 cycles, u64 boot, s64 error)
{
	const struct evring_clock *line = &meta->clock;
	s64 mend = div64_s64(MEND_NS * BEND_NS, error < 0 ? -error : error);
	u64 mult = mul_u64_u64_div_u64(boot - last_boot, 1ULL << line->shift,
				       cycles - last_cycles);

	mult += div64_s64((s64)mult * error, max_t(s64, mend, RENEW_NS));
	return min_t(u64, mult, U32_MAX);
}

/* The sample is taken under the lock: no line begins after it that it is compared with. */
static void line_renew(void)
{
	u64 cycles, boot;
	s64 error, size;

	lockdep_assert_held(&line_lock);
	clock_sample(&cycles, &boot);
	if (boot - last_boot < YOUNG_NS)
		return;
	error = boot - line_at(cycles);
	size = error < 0 ? -error : error;
	if (size > STEP_NS || cycles <= last_cycles) {
		line_begin(meta->clock.mult, error);
	} else if (size > BEND_NS && size >= last_error) {
		line_begin(line_bend(cycles, boot, error), 0);
	} else {
		last_error = size;	/* near enough, or getting nearer */
		return;
	}
	last_cycles = cycles;
	last_boot = boot;
	last_error = size;
}

static void clock_renew(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&line_lock, flags);
	if (meta && meta->clock.source == EVRING_CLOCK_TSC)
		line_renew();
	raw_spin_unlock_irqrestore(&line_lock, flags);
}

/* The lines as they are at one moment. */
void evring_clock_snapshot(struct evring_meta_pages *to)
{
	raw_spin_lock_irq(&line_lock);
	to->clock = meta->clock;
	to->meta.nr_past = meta->meta.nr_past;
	memcpy(to->past, meta->past, sizeof(to->past));
	raw_spin_unlock_irq(&line_lock);
}

static void clock_work_fn(struct irq_work *work)
{
	clock_renew();
}

/* Hard, as it needs no thread: there is nothing that sleeps. */
static struct irq_work clock_work = IRQ_WORK_INIT_HARD(clock_work_fn);
static unsigned long renew_at = INITIAL_JIFFIES;	/* jiffies */
static bool asleep;

/*
 * The timekeeper is updated once more when only a single CPU is left and its interrupts are
 * off, and what is raised then may be forgotten by hardware that loses its state: nothing
 * must be. Afterwards BOOTTIME has gone on, and the TSC may not have.
 */
static int clock_sleeps(struct notifier_block *nb, unsigned long event, void *unused)
{
	switch (event) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		WRITE_ONCE(asleep, true);
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		WRITE_ONCE(asleep, false);
		clock_renew();
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block clock_pm = { .notifier_call = clock_sleeps };

static void wall_set(s64 offset)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&line_lock, flags);
	WRITE_ONCE(wall_ns, offset);
	if (meta)
		line_begin(meta->clock.mult, 0);
	raw_spin_unlock_irqrestore(&line_lock, flags);
}

/*
 * From the timekeeper, at each of its updates: a few a tick, and where somebody
 * sets the clock within that call. Any context but NMI. The timekeeper is in the middle
 * of it and cannot be asked for the time, so the line is compared with it afterwards.
 */
static int clock_update(struct notifier_block *nb, unsigned long was_set, void *timekeeper)
{
	const struct timekeeper *tk = timekeeper;
	s64 offset = ktime_to_ns(ktime_sub(tk->offs_real, tk->offs_boot));

	if (unlikely(offset != READ_ONCE(wall_ns)))
		wall_set(offset);
	if (static_branch_likely(&evring_clock_tsc) && time_after_eq(jiffies, renew_at) &&
	    !READ_ONCE(asleep)) {
		renew_at = jiffies + RENEW_JIFFIES;
		irq_work_queue(&clock_work);
	}
	return NOTIFY_DONE;
}

static struct notifier_block clock_wall = { .notifier_call = clock_update };

/* The TSC's rate by the kernel's own clock, in kHz; 0: it stands still */
static u64 tsc_measure(void)
{
	u64 cycles[2], boot[2];

	clock_sample(&cycles[0], &boot[0]);
	usleep_range(MEASURE_US, 2 * MEASURE_US);
	clock_sample(&cycles[1], &boot[1]);
	if (cycles[1] <= cycles[0] || boot[1] <= boot[0])
		return 0;
	return mul_u64_u64_div_u64(cycles[1] - cycles[0], NSEC_PER_MSEC, boot[1] - boot[0]);
}

/*
 * The rate of the TSC if we use it, else 0. The rate that the kernel or the
 * parameter gives must agree with a measured one, within a hundredth. A sample can
 * be late on a busy host, so try again.
 */
static int tsc_choose(u32 *khz)
{
	u64 seen = 0;
	int i;

	*khz = tsc ? tsc_rate ?: evring_tsc_khz() : 0;
	for (i = 0; i < MEASURE_TRIES && *khz; i++) {
		seen = tsc_measure();
		if (seen >= *khz - *khz / 100 && seen <= (u64)*khz + *khz / 100)
			return 0;
	}
	if (!*khz)
		return 0;
	if (tsc_rate) {
		pr_err("evring: tsc_rate=%u: the TSC runs at %llu kHz\n", *khz, seen);
		return -EINVAL;
	}
	pr_warn("evring: the TSC runs at %llu kHz, not at %u: time stamps are CLOCK_BOOTTIME\n",
		seen, *khz);
	*khz = 0;
	return 0;
}

/* The first line begins now. */
static void line_first(struct evring_meta_pages *published, u32 khz)
{
	struct evring_clock *line = &published->clock;

	line->mult = 1;
	if (khz) {
		static_branch_enable(&evring_clock_tsc);
		line->source = EVRING_CLOCK_TSC;
		clocks_calc_mult_shift(&line->mult, &line->shift, khz, NSEC_PER_MSEC, 0);
		/* At 1 GHz it takes all bits, and the line could not be bent up. */
		if (line->mult > U32_MAX / 2) {
			line->mult /= 2;
			line->shift--;
		}
		clock_sample(&last_cycles, &last_boot);
		last_error = 0;
		line->base = last_cycles;
		line->boot_ns = last_boot;
	}
	raw_spin_lock_irq(&line_lock);
	line->wall_ns = wall_ns;
	line->seq = 2;	/* readers that have read none yet have 0 */
	meta = published;
	raw_spin_unlock_irq(&line_lock);
}

int evring_clock_init(struct evring_meta_pages *published)
{
	u32 khz;
	int ret;

	ret = tsc_choose(&khz);
	if (ret)
		return ret;
	/* Tells the offset as it is now, at once. */
	ret = pvclock_gtod_register_notifier(&clock_wall);
	if (ret)
		return ret;
	ret = register_pm_notifier(&clock_pm);
	if (ret) {
		pvclock_gtod_unregister_notifier(&clock_wall);
		return ret;
	}
	line_first(published, khz);
	return 0;
}

void evring_clock_exit(void)
{
	unregister_pm_notifier(&clock_pm);
	pvclock_gtod_unregister_notifier(&clock_wall);
	irq_work_sync(&clock_work);
	meta = NULL;
}
