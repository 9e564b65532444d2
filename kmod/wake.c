// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waking who waits. A session that found nothing arms its lanes; an emit that
 * finds its lane armed raises an irq_work, which runs outside of whatever the
 * emit is in the middle of. Nobody armed, nobody woken: one wake a batch.
 *
 * An emit does not pay for a full barrier between its store of head and its
 * look at armed. So an emit that races with an arm may see no one armed while
 * the session, which looks at the heads once more after arming, sees no head
 * move. A store is visible long before a tick has passed: the session's timer
 * looks back one tick after each arm, once, and finds it.
 */
#include <linux/poll.h>

#include "evring.h"

static LIST_HEAD(waiters);
static DEFINE_SPINLOCK(waiters_lock);	/* the list, and each waiter's state */

static void lanes_mark(u64 lanes, int by)
{
	u32 lane;

	lockdep_assert_held(&waiters_lock);
	for (lane = 0; lane < evring_nr_lanes; lane++)
		if (lanes & BIT_ULL(lane))
			WRITE_ONCE(evring_lanes[lane].marked, evring_lanes[lane].marked + by);
}

static void waiter_set(struct evring_waiter *waiter, enum evring_wait_state state)
{
	lockdep_assert_held(&waiters_lock);
	if (waiter->state == EVRING_MARKED)
		lanes_mark(waiter->lanes, -1);
	if (state == EVRING_MARKED)
		lanes_mark(waiter->lanes, 1);
	if (state == EVRING_AWAKE)
		list_del_init(&waiter->list);
	else if (list_empty(&waiter->list))
		list_add_tail(&waiter->list, &waiters);
	WRITE_ONCE(waiter->state, state);
	if (state == EVRING_AWAKE)
		wake_up_interruptible_poll(&waiter->queue, EPOLLIN | EPOLLRDNORM);
}

/* Something came: enough for the watermark? */
static void waiter_event(struct evring_waiter *waiter)
{
	if (!waiter->watermark ||
	    evring_lanes_published(waiter->lanes) - waiter->from >= waiter->watermark) {
		waiter_set(waiter, EVRING_AWAKE);
	} else if (waiter->state == EVRING_ARMED) {
		waiter_set(waiter, EVRING_MARKED);
		mod_timer(&waiter->timer, jiffies + waiter->flush);
	}
}

/* From an emit on @work's ring; hard irq context. */
void evring_ring_wake(struct irq_work *work)
{
	struct evring_ring *ring = container_of(work, struct evring_ring, wake);
	struct evring_lane *lane = &evring_lanes[ring->lane];
	struct evring_waiter *waiter, *next;
	unsigned long flags;

	/* Disarm before looking who is: who arms after this sets it again. */
	xchg(&lane->armed, 0);
	WRITE_ONCE(ring->page->wakeups, ring->page->wakeups + 1);
	spin_lock_irqsave(&waiters_lock, flags);
	list_for_each_entry_safe(waiter, next, &waiters, list)
		if (waiter->lanes & BIT_ULL(ring->lane))
			waiter_event(waiter);
	spin_unlock_irqrestore(&waiters_lock, flags);
}

static void waiter_timer(struct timer_list *timer)
{
	struct evring_waiter *waiter = container_of(timer, struct evring_waiter, timer);
	unsigned long flags;

	spin_lock_irqsave(&waiters_lock, flags);
	if (waiter->state == EVRING_MARKED)
		waiter_set(waiter, EVRING_AWAKE);
	else if (waiter->state == EVRING_ARMED &&
		 evring_lanes_published(waiter->lanes) != waiter->from)
		waiter_event(waiter);
	spin_unlock_irqrestore(&waiters_lock, flags);
}

/* EVRING_IOC_ARM; @arm was checked */
int evring_waiter_arm(struct evring_waiter *waiter, const struct evring_arm *arm)
{
	unsigned long flags;
	u32 lane;

	spin_lock_irqsave(&waiters_lock, flags);
	waiter_set(waiter, EVRING_ARMED);	/* before its lanes change: it may be marked */
	waiter->lanes = arm->lanes;
	waiter->watermark = arm->watermark;
	waiter->flush = msecs_to_jiffies(arm->flush_ms);
	waiter->from = evring_lanes_published(arm->lanes);
	mod_timer(&waiter->timer, jiffies + 2);
	spin_unlock_irqrestore(&waiters_lock, flags);

	/* Last: an emit that finds the lane armed finds us in the list armed. */
	for (lane = 0; lane < evring_nr_lanes; lane++)
		if (arm->lanes & BIT_ULL(lane))
			WRITE_ONCE(evring_lanes[lane].armed, 1);
	/*
	 * Before user space looks at the heads again: an emit whose look at
	 * armed came later than this has its head seen, or sees us.
	 */
	smp_mb();
	return 0;
}

void evring_waiter_init(struct evring_waiter *waiter)
{
	INIT_LIST_HEAD(&waiter->list);
	init_waitqueue_head(&waiter->queue);
	timer_setup(&waiter->timer, waiter_timer, 0);
	waiter->state = EVRING_AWAKE;
}

/* Nobody uses the session any more. May sleep. */
void evring_waiter_exit(struct evring_waiter *waiter)
{
	unsigned long flags;

	spin_lock_irqsave(&waiters_lock, flags);
	waiter_set(waiter, EVRING_AWAKE);	/* so that the timer finds nothing to do */
	spin_unlock_irqrestore(&waiters_lock, flags);
	timer_delete_sync(&waiter->timer);
}
