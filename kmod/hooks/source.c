// SPDX-License-Identifier: GPL-2.0-only
/* Common to points of all kinds. */
#include <linux/ktime.h>
#include <linux/tracepoint.h>

#include "family.h"

/* Wait until no probe of a detached point runs any more. May sleep. */
void evring_sources_settle(void)
{
	/* Waits for RCU too, and so for kprobes' handlers, which run with preemption off. */
	tracepoint_synchronize_unregister();
}

/*
 * Calls that did not reach the probe are lost events. Declare those that nobody has
 * declared yet, on this CPU's ring. Any context.
 */
void evring_point_tell_missed(struct evring_point *point)
{
	long told = atomic_long_read(&point->missed_told), missed;

	if (point->detail)
		return;
	do {
		missed = point->source->missed(point);
		if (missed <= told)
			return;
	} while (!atomic_long_try_cmpxchg(&point->missed_told, &told, missed));
	evring_lose(point->hook->type, missed - told, EVRING_LOST_PROBE);
}

/* 0, too, if it fails and the hook can do without it. Under hooks_lock; may sleep. */
int evring_point_attach(struct evring_point *point)
{
	int ret;

	atomic_long_set(&point->missed_told, 0);
	WRITE_ONCE(point->since, ktime_get_boottime_ns());
	ret = point->source->attach(point);
	point->attached = !ret;
	if (!ret || !point->optional)
		return ret;
	pr_warn("evring: %s does without a %s: error %d\n", point->hook->desc->name,
		point->source->name, ret);
	return 0;
}

/* Its probe may still run until evring_sources_settle(). Likewise. */
void evring_point_detach(struct evring_point *point)
{
	if (!point->attached)
		return;
	point->source->detach(point);
	point->attached = false;
	if (point->source->missed)
		evring_point_tell_missed(point);
}
