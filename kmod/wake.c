// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waking readers. A session that found nothing arms its lanes; an emit that finds its
 * lane armed raises an irq_work, which runs outside of the code that emits. A lane that
 * is not armed wakes nobody: one wake a batch.
 *
 * An emit does not pay for a full barrier between its store of head and its
 * load of armed. So an emit that races with an arm may find nobody armed while
 * the session, which loads the heads once more after arming, sees no new head.
 * A store is visible long before a tick has passed: the session checks the heads
 * again one tick after each arm, once, and finds it.
 *
 * Work with interrupts off is bounded. A wake-up counts the bytes of its own ring
 * alone and compares sums that are kept by lane; it visits WAKE_BATCH
 * waiters, and leaves the others to a work. All rings are visited when a session
 * arms, in process context, and when it looks back, LOOK_BATCH of them a tick. The
 * look back is no work: to a session that reads sched.switch the switches to the
 * work's thread are events, after which it would arm and look back again, for ever.
 */
#include <linux/poll.h>

#include "compat/timer.h"
#include "lane.h"
#include "wake.h"

#define WAKE_BATCH	64	/* waiters */
#define LOOK_BATCH	128U	/* rings */

static LIST_HEAD(waiters);
static DEFINE_SPINLOCK(waiters_lock);	/* the list, each waiter's state, @unvisited */
static u64 unvisited;			/* lanes whose waiters wait for wake_work */

static void lanes_mark(u64 lanes, int by)
{
	u32 lane;

	lockdep_assert_held(&waiters_lock);
	for (lane = 0; lane < evring_nr_lanes; lane++) {
		int *marked = &evring_lane_table[lane].marked;

		if (lanes & BIT_ULL(lane))
			WRITE_ONCE(*marked, *marked + by);
	}
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

/* An event came: has the watermark been reached? */
static void waiter_event(struct evring_waiter *waiter)
{
	s64 came = evring_lanes_published(waiter->lanes) - waiter->from;

	if (came >= waiter->watermark || !waiter->watermark) {
		waiter_set(waiter, EVRING_AWAKE);
	} else if (waiter->state == EVRING_ARMED) {
		waiter_set(waiter, EVRING_MARKED);
		mod_timer(&waiter->timer, jiffies + waiter->flush);
	}
}

/* Tell a batch of waiters from @at on. Returns the next one, or the list's head. */
static struct list_head *waiters_visit(struct list_head *at, u64 lanes)
{
	struct evring_waiter *waiter;
	struct list_head *next;
	unsigned int n;

	lockdep_assert_held(&waiters_lock);
	for (n = 0; at != &waiters && n < WAKE_BATCH; n++, at = next) {
		next = at->next;
		waiter = container_of(at, struct evring_waiter, list);
		if (waiter->lanes & lanes)
			waiter_event(waiter);
	}
	return at;
}

/*
 * Tell all waiters, from the front: those that were told already have left the list, or
 * are told twice. A dummy waiter keeps the place in the list.
 */
static void wake_work_fn(struct work_struct *work)
{
	struct evring_waiter place = { };
	struct list_head *at;
	unsigned long flags;
	u64 lanes;

	spin_lock_irqsave(&waiters_lock, flags);
	lanes = unvisited;
	unvisited = 0;
	at = waiters_visit(waiters.next, lanes);
	while (at != &waiters) {
		list_add_tail(&place.list, at);
		spin_unlock_irqrestore(&waiters_lock, flags);
		cond_resched();
		spin_lock_irqsave(&waiters_lock, flags);
		at = place.list.next;
		list_del_init(&place.list);
		at = waiters_visit(at, lanes);
	}
	spin_unlock_irqrestore(&waiters_lock, flags);
}

static DECLARE_WORK(wake_work, wake_work_fn);

/*
 * From an emit on @work's ring; hard irq context. On PREEMPT_RT a thread calls it, as
 * init_irq_work() marks no work as hard, so it may take locks that sleep there. And for
 * a CPU that has gone, from cpu.c.
 */
void evring_ring_wake(struct irq_work *work)
{
	struct evring_ring *ring = container_of(work, struct evring_ring, wake);
	struct evring_lane *lane = &evring_lane_table[ring->lane];
	unsigned long flags;

	/* Disarm before visiting the waiters: one that arms after this sets it again. */
	xchg(&lane->armed, 0);
	WRITE_ONCE(ring->page->wakeups, ring->page->wakeups + 1);
	evring_ring_count(ring);
	spin_lock_irqsave(&waiters_lock, flags);
	if (waiters_visit(waiters.next, BIT_ULL(ring->lane)) != &waiters) {
		unvisited |= BIT_ULL(ring->lane);
		schedule_work(&wake_work);
	}
	spin_unlock_irqrestore(&waiters_lock, flags);
}

/*
 * A tick after the arm: has an event come without a wake-up? An emit that comes later than the
 * look at its ring finds the lane armed, so not all rings need be looked at in one tick.
 */
static void waiter_look(struct evring_waiter *waiter)
{
	u32 rings = evring_nr_lanes * nr_cpu_ids, end = min(waiter->looked + LOOK_BATCH, rings);
	struct evring_ring *ring;
	u32 lane;

	lockdep_assert_held(&waiters_lock);
	for (; waiter->looked < end; waiter->looked++) {
		lane = waiter->looked / nr_cpu_ids;
		ring = waiter->lanes & BIT_ULL(lane) ?
			       evring_ring_get(lane, waiter->looked % nr_cpu_ids) : NULL;
		if (ring)
			waiter->heads += evring_ring_count(ring);
	}
	if (waiter->looked < rings)
		mod_timer(&waiter->timer, jiffies + 1);
	else if (waiter->heads != waiter->from)
		waiter_event(waiter);
}

static void waiter_timer(struct timer_list *timer)
{
	struct evring_waiter *waiter = container_of(timer, struct evring_waiter, timer);
	unsigned long flags;

	spin_lock_irqsave(&waiters_lock, flags);
	/* If the timer was set again meanwhile, this call is of an earlier arm. */
	if (!timer_pending(timer)) {
		if (waiter->state == EVRING_MARKED)
			waiter_set(waiter, EVRING_AWAKE);
		else if (waiter->state == EVRING_ARMED)
			waiter_look(waiter);
	}
	spin_unlock_irqrestore(&waiters_lock, flags);
}

/* EVRING_IOC_ARM; @arm was checked. May sleep. */
int evring_waiter_arm(struct evring_waiter *waiter, const struct evring_arm *arm)
{
	u64 from = evring_lanes_count(arm->lanes);
	unsigned long flags;
	u32 lane;

	spin_lock_irqsave(&waiters_lock, flags);
	waiter_set(waiter, EVRING_ARMED);	/* before its lanes change: it may be marked */
	waiter->lanes = arm->lanes;
	waiter->watermark = arm->watermark;
	waiter->flush = msecs_to_jiffies(arm->flush_ms);
	waiter->from = from;
	waiter->heads = 0;
	waiter->looked = 0;
	mod_timer(&waiter->timer, jiffies + 2);
	spin_unlock_irqrestore(&waiters_lock, flags);

	/* Last: an emit that finds the lane armed finds us armed in the list. */
	for (lane = 0; lane < evring_nr_lanes; lane++)
		if (arm->lanes & BIT_ULL(lane))
			WRITE_ONCE(evring_lane_table[lane].armed, 1);
	/*
	 * Before user space loads the heads again. This is our half alone: an emit has no
	 * such barrier, and one that neither sees us nor is seen is found by the timer.
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

/* Nobody waits any more. May sleep. */
void evring_wake_exit(void)
{
	cancel_work_sync(&wake_work);
}
