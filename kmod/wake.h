/* SPDX-License-Identifier: GPL-2.0-only */
/* wake.c: arm, poll, wake. */
#ifndef _KMOD_WAKE_H
#define _KMOD_WAKE_H

#include <linux/evring.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

enum evring_wait_state {
	EVRING_AWAKE,		/* poll says readable */
	EVRING_ARMED,		/* the next event wakes or starts the flush time */
	EVRING_MARKED,		/* an event came; waits for watermark or flush time */
};

/**
 * struct evring_waiter - a session's half of the wake-up
 * @list: of the waiters that are not awake
 * @queue: of poll()
 * @timer: ARMED: one look back after a tick, at some rings each tick; MARKED: the flush time
 * @state: enum evring_wait_state
 * @lanes: the lanes that it waits for
 * @watermark: bytes, 0 for the first event
 * @flush: jiffies
 * @from: evring_lanes_count() when it was armed: the sum of heads, which a count that is
 *	under way does not hide
 * @heads: of the rings that were looked at, the same
 * @looked: how many rings that is, of all lanes
 */
struct evring_waiter {
	struct list_head list;
	wait_queue_head_t queue;
	struct timer_list timer;
	enum evring_wait_state state;
	u64 lanes;
	u32 watermark;
	unsigned long flush;
	u64 from;
	u64 heads;
	u32 looked;
};

void evring_waiter_init(struct evring_waiter *waiter);
void evring_waiter_exit(struct evring_waiter *waiter);
int evring_waiter_arm(struct evring_waiter *waiter, const struct evring_arm *arm);
void evring_ring_wake(struct irq_work *work);
void evring_wake_exit(void);

#endif /* _KMOD_WAKE_H */
