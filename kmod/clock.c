// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clock. Reading it is the larger half of an emit, so where the TSC can be
 * trusted a record carries raw cycles, and the line from cycles to nanoseconds
 * is published in the meta page. Elsewhere it carries CLOCK_BOOTTIME, and the
 * line is the identity.
 *
 * The line is renewed every two seconds (deferrable: an idle CPU sleeps on).
 * It is bent, not cut: the new one starts where the old one is and meets
 * CLOCK_BOOTTIME at the next renewal. Only a difference that bending cannot
 * mend, as after a suspend, makes a step.
 */
#include <linux/clocksource.h>
#include <linux/math64.h>
#include <linux/moduleparam.h>
#include <linux/suspend.h>

#include "evring.h"

#define RENEW_NS	(2 * NSEC_PER_SEC)
#define YOUNG_NS	(100 * NSEC_PER_MSEC)	/* too short to measure a rate by */
#define STEP_NS		((s64)NSEC_PER_MSEC)	/* bends by at most 500 ppm */

DEFINE_STATIC_KEY_FALSE(evring_clock_tsc);

static bool tsc = true;
module_param(tsc, bool, 0444);
MODULE_PARM_DESC(tsc, "time stamps are TSC cycles where the TSC can be trusted (default: Y)");

static uint tsc_rate;
module_param(tsc_rate, uint, 0444);
MODULE_PARM_DESC(tsc_rate, "kHz of a TSC that you trust though the kernel does not (default: 0)");

static struct evring_clock *line;	/* in the meta page; only clock_write() writes it */
static u64 last_cycles, last_boot;	/* the sample before */
static DEFINE_MUTEX(renew_lock);

/* One instant in both clocks, as close together as the CPU lets us. */
static void clock_sample(u64 *cycles, u64 *boot)
{
	u64 before, after, best = U64_MAX;
	unsigned long flags;
	int i;

	local_irq_save(flags);
	for (i = 0; i < 5; i++) {
		u64 ns;

		before = evring_clock();
		ns = ktime_get_boot_fast_ns();
		after = evring_clock();
		if (after - before >= best)
			continue;
		best = after - before;
		*cycles = before + best / 2;
		*boot = ns;
	}
	local_irq_restore(flags);
}

static void clock_write(u64 base, u64 boot_ns, u32 mult)
{
	preempt_disable();	/* nobody waits long for an even seq */
	WRITE_ONCE(line->seq, line->seq + 1);
	smp_wmb();	/* pairs with the readers' fence between seq and the rest */
	WRITE_ONCE(line->base, base);
	WRITE_ONCE(line->boot_ns, boot_ns);
	WRITE_ONCE(line->mult, mult);
	WRITE_ONCE(line->wall_ns, ktime_get_real_fast_ns() - ktime_get_boot_fast_ns());
	smp_wmb();	/* pairs with the readers' fence between the rest and seq */
	WRITE_ONCE(line->seq, line->seq + 1);
	preempt_enable();
}

static void clock_renew_tsc(void)
{
	u64 cycles, boot, now, mult, age;
	s64 error;

	clock_sample(&cycles, &boot);
	age = boot - last_boot;
	if (age < YOUNG_NS)
		return;
	now = line->boot_ns + mul_u64_u32_shr(cycles - line->base, line->mult, line->shift);
	error = boot - now;
	if (error > STEP_NS || error < -STEP_NS || cycles <= last_cycles) {
		mult = line->mult;
		now = boot;
	} else {
		/* As the two clocks agree so far, the quotient is a sane one. */
		mult = mul_u64_u64_div_u64(age, 1ULL << line->shift, cycles - last_cycles);
		/*
		 * Gone by the next renewal, which comes after as long as this
		 * one did where the CPU sleeps and the work is deferred.
		 */
		mult += div64_s64((s64)mult * error, max_t(s64, age, RENEW_NS));
		mult = min_t(u64, mult, U32_MAX);
	}
	last_cycles = cycles;
	last_boot = boot;
	clock_write(cycles, now, mult);
}

/* A line as it is at one moment. May sleep. */
void evring_clock_snapshot(struct evring_clock *to)
{
	mutex_lock(&renew_lock);
	*to = *line;
	mutex_unlock(&renew_lock);
}

static void clock_renew(void)
{
	mutex_lock(&renew_lock);
	if (static_key_enabled(&evring_clock_tsc))
		clock_renew_tsc();
	else
		clock_write(0, 0, 1);
	mutex_unlock(&renew_lock);
}

static void clock_work_fn(struct work_struct *work);
static DECLARE_DEFERRABLE_WORK(clock_work, clock_work_fn);

static void clock_work_fn(struct work_struct *work)
{
	clock_renew();
	schedule_delayed_work(&clock_work, nsecs_to_jiffies(RENEW_NS));
}

/* BOOTTIME has gone on meanwhile, the TSC may not have. */
static int clock_resumed(struct notifier_block *nb, unsigned long event, void *unused)
{
	if (event == PM_POST_SUSPEND || event == PM_POST_HIBERNATION)
		clock_renew();
	return NOTIFY_DONE;
}

static struct notifier_block clock_pm = { .notifier_call = clock_resumed };

int evring_clock_init(struct evring_clock *published)
{
	u32 khz = tsc_rate ?: evring_tsc_khz();
	u32 mult = 1, shift = 0;
	int ret;

	line = published;
	ret = register_pm_notifier(&clock_pm);
	if (ret)
		return ret;
	if (tsc && khz) {
		static_branch_enable(&evring_clock_tsc);
		clocks_calc_mult_shift(&mult, &shift, khz, NSEC_PER_MSEC, 0);
		clock_sample(&last_cycles, &last_boot);
		line->source = EVRING_CLOCK_TSC;
	}
	line->shift = shift;
	clock_write(last_cycles, last_boot, mult);
	schedule_delayed_work(&clock_work, nsecs_to_jiffies(RENEW_NS));
	return 0;
}

void evring_clock_exit(void)
{
	unregister_pm_notifier(&clock_pm);
	cancel_delayed_work_sync(&clock_work);
}
