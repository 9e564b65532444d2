// SPDX-License-Identifier: GPL-2.0-only
/* Common to points of all kinds. */
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
