// SPDX-License-Identifier: GPL-2.0-only
/* A module that publishes its own event: one heart beat a second. */
#include <linux/err.h>
#include <linux/evring.h>
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/timer.h>

#define BEAT_FIELDS(F, S)			\
	F(S, U64, beat, NONE, "beats so far")	\
	F(S, TEXT, interrupted, NONE, "the task that it hit")

EVRING_EVENT(heart_beat, "heart.beat", 1, "app", "one a second", BEAT_FIELDS);

static struct evring_event_type *type;
static struct timer_list timer;
static u64 beats;

static void beat(struct timer_list *unused)
{
	u32 len = strnlen(current->comm, sizeof(current->comm));
	struct evring_slot slot;
	struct heart_beat *e;

	e = evring_reserve(&slot, type, sizeof(*e) + len);
	if (e) {
		memset(e, 0, sizeof(*e));	/* its padding too: readers see all of it */
		e->beat = beats++;
		e->interrupted = evring_str(sizeof(*e), len);
		memcpy(e + 1, current->comm, len);
		evring_submit(&slot);
	}
	mod_timer(&timer, jiffies + HZ);
}

static int __init heartbeat_init(void)
{
	type = evring_type_register(&heart_beat_desc);
	if (IS_ERR(type))
		return PTR_ERR(type);
	timer_setup(&timer, beat, 0);
	mod_timer(&timer, jiffies + HZ);
	return 0;
}

static void __exit heartbeat_exit(void)
{
	timer_shutdown_sync(&timer);
	evring_type_unregister(type);
}

module_init(heartbeat_init);
module_exit(heartbeat_exit);
MODULE_DESCRIPTION("evring sample: a module that publishes an event");
MODULE_LICENSE("GPL");
