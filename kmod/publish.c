// SPDX-License-Identifier: GPL-2.0-only
/*
 * Applications write events into the ring.
 *
 * An event is first copied out of user memory and checked; then the ring gets it from
 * the copy. From the check on nothing can fault, sleep or be changed by the writer. So
 * an event that is refused was never in the ring and takes no number, and the event in
 * the ring is the one that was checked. The price is a second copy, from the cache.
 *
 * One rcu_read_lock() covers the lookup of the type and the publication. A type's
 * unregistration waits for it before the id can be another type's (app_type.c).
 *
 * A writer that finds no room waits for a group's commit. The commit wakes all
 * writers, and each tries again on the CPU that it then runs on.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/wait.h>

#include "publish.h"

#define SMALL		512	/* bytes of a payload that the stack has room for */
#define COMMON_SIZE	((u32)sizeof(struct evring_common))
#define NOT_PREPARED	1	/* no error: evring_user_prepare() first */

static DECLARE_WAIT_QUEUE_HEAD(room);

/**
 * struct writing - one call of write()
 * @session: of the writer
 * @from: the bytes that are still to be published
 * @nonblock: do not wait for room
 * @pub: header of the event
 * @len: bytes of its payload
 * @payload: copy of it: in @small or @big
 * @small: for most
 * @big: for the others, once there is one
 * @lane: NOT_PREPARED: for which
 * @full: EAGAIN: the ring that had no room
 * @held: the position that was held on @full before the writer found no room
 */
struct writing {
	struct evring_session *session;
	struct iov_iter *from;
	bool nonblock;
	struct evring_pub pub;
	u32 len;
	void *payload;
	void *small;
	void *big;
	u32 lane;
	struct evring_ring *full;
	u64 held;
};

static struct evring_str ref_get(const void *payload, const struct evring_ref *ref)
{
	struct evring_str str;

	memcpy(&str, payload + ref->offset, sizeof(str));
	return str;
}

/* Each reference leads into the tail, to whole elements, or to nothing. */
static bool refs_good(const struct evring_app *app, const void *payload, u32 len)
{
	unsigned int i;

	for (i = 0; i < app->nr_refs; i++) {
		struct evring_str str = ref_get(payload, &app->refs[i]);

		if (str.len && (str.offset < app->size || str.offset + str.len > len ||
				str.len % app->refs[i].size))
			return false;
	}
	return true;
}

/* In the ring the payload has the common part in front. Nothing was longer than a u16 can say. */
static void refs_correct(const struct evring_app *app, void *payload)
{
	unsigned int i;

	for (i = 0; i < app->nr_refs; i++) {
		struct evring_str str = ref_get(payload, &app->refs[i]);

		str.offset = str.len ? str.offset + COMMON_SIZE : 0;
		memcpy(payload + app->refs[i].offset, &str, sizeof(str));
	}
}

/* May the session publish this as an event of the type? */
static int event_check(const struct writing *w, const struct evring_event_type *type)
{
	if (!type)
		return -ENOENT;
	if (!type->app || !uid_eq(type->app->uid, w->session->publisher->uid))
		return -EPERM;
	if (type->generation != w->pub.generation)
		return -ESTALE;
	if (READ_ONCE(type->flags) & EVRING_TYPE_F_GONE)
		return -ENOENT;
	if (w->len < type->app->size || !refs_good(type->app, w->payload, w->len))
		return -EINVAL;
	return 0;
}

/*
 * Preemption is off. The ring is looked up once: the type may be moved to another lane
 * meanwhile, and the user's part is counted where the event is put.
 */
static int event_put(struct writing *w, struct evring_event_type *type)
{
	struct evring_ring *ring = this_cpu_read(*READ_ONCE(type->rings));
	u32 len = COMMON_SIZE + w->len;
	u32 size = ALIGN(sizeof(struct evring_rec) + len, 8);
	struct evring_user *user = w->session->user;
	struct evring_slot slot;
	void *at;

	if (!ring)
		return -ENOMEM;	/* there was none when the CPU came */
	if (!evring_user_prepared(user, ring->lane)) {
		w->lane = ring->lane;
		return NOT_PREPARED;
	}
	/* First: it may have room after all once another value is there. */
	w->held = READ_ONCE(ring->hold);
	w->full = ring;
	if (!evring_user_may(user, ring, size))
		return -EAGAIN;
	if (!READ_ONCE(type->app->used))
		WRITE_ONCE(type->app->used, true);
	at = evring_try_reserve(&slot, ring, type, len);
	if (!at)
		return -EAGAIN;
	evring_fill_common(at);
	memcpy(at + COMMON_SIZE, w->payload, w->len);
	refs_correct(type->app, at + COMMON_SIZE);
	evring_user_took(user, ring, slot.head, size);
	evring_submit(&slot);
	return 0;
}

static int event_attempt(struct writing *w)
{
	struct evring_event_type *type;
	int ret;

	rcu_read_lock();
	type = evring_type_by_id(w->pub.type);
	ret = event_check(w, type);
	if (!ret) {
		preempt_disable();
		ret = event_put(w, type);
		preempt_enable();
	}
	rcu_read_unlock();
	return ret;
}

/* May sleep, once for each lane that the type is moved to meanwhile. */
static int event_try(struct writing *w)
{
	int ret;

	while ((ret = event_attempt(w)) == NOT_PREPARED) {
		ret = evring_user_prepare(w->session->user, w->lane);
		if (ret)
			break;
	}
	return ret;
}

/* Until there is room, or a signal */
static int event_await(struct writing *w)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	int ret;

	add_wait_queue(&room, &wait);
	/* Before the look at hold: pairs with smp_mb() in group_hold(), see evring_room_made() */
	smp_mb();
	while ((ret = event_try(w)) == -EAGAIN) {
		if (signal_pending(current)) {
			ret = -ERESTARTSYS;
			break;
		}
		wait_woken(&wait, TASK_INTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT);
	}
	remove_wait_queue(&room, &wait);
	return ret;
}

/* poll() says POLLOUT once something else is held on the ring. */
static void note_full(struct evring_publisher *publisher, struct evring_ring *ring, u64 held)
{
	spin_lock(&publisher->lock);
	publisher->full = ring;
	publisher->held = held;
	spin_unlock(&publisher->lock);
}

static int event_publish(struct writing *w)
{
	int ret = event_try(w);

	if (ret == -EAGAIN && !w->nonblock)
		ret = event_await(w);
	if (ret == -EAGAIN)
		note_full(w->session->publisher, w->full, w->held);
	return ret;
}

/* Room for the copy of a payload of @len bytes */
static int payload_room(struct writing *w, u32 len)
{
	w->payload = w->small;
	if (len <= SMALL)
		return 0;
	if (!w->big)
		w->big = kvmalloc(ALIGN(evring_record_max(), 8), GFP_KERNEL_ACCOUNT);
	w->payload = w->big;
	return w->big ? 0 : -ENOMEM;
}

/* The next event, in a copy. Returns its bytes, padding included. */
static ssize_t event_copy(struct writing *w)
{
	struct evring_pub *pub = &w->pub;
	u32 padded;
	int ret;

	if (iov_iter_count(w->from) < sizeof(*pub))
		return -EINVAL;
	if (copy_from_iter(pub, sizeof(*pub), w->from) != sizeof(*pub))
		return -EFAULT;
	if (pub->flags || pub->reserved || pub->len < sizeof(*pub))
		return -EINVAL;
	w->len = pub->len - sizeof(*pub);
	if (w->len > evring_record_max() - COMMON_SIZE)
		return -EMSGSIZE;
	padded = ALIGN(w->len, 8);
	if (iov_iter_count(w->from) < padded)
		return -EINVAL;
	ret = payload_room(w, padded);
	if (ret)
		return ret;
	if (copy_from_iter(w->payload, padded, w->from) != padded)
		return -EFAULT;
	if (memchr_inv(w->payload + w->len, 0, padded - w->len))
		return -EINVAL;
	return sizeof(*pub) + padded;
}

/*
 * A descriptor can be a program's standard output. A program with more rights than the
 * opener of the descriptor must not publish in its own name the text that the opener
 * makes it print.
 */
static bool is_opener(const struct evring_publisher *publisher)
{
	return publisher->admin || (uid_eq(current_uid(), publisher->uid) &&
				    uid_eq(current_euid(), publisher->euid));
}

/* Adds the bytes of the events that were published to *@done. Returns why the next one was not. */
static int publish_all(struct evring_session *session, struct iov_iter *from, bool nonblock,
		       size_t *done)
{
	u64 small[SMALL / sizeof(u64)];
	struct writing w = {
		.session = session, .from = from, .nonblock = nonblock, .small = small,
	};
	ssize_t size;
	int ret = 0;

	if (!is_opener(session->publisher))
		return -EPERM;
	while (iov_iter_count(from) && !ret) {
		size = event_copy(&w);
		ret = size < 0 ? size : event_publish(&w);
		if (ret)
			break;
		*done += size;
		if (fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
	kvfree(w.big);
	return ret;
}

/* Returns the bytes of the events that were published, or why the first one was not. */
ssize_t evring_publish(struct evring_session *session, struct iov_iter *from, bool nonblock)
{
	size_t done = 0;
	int ret = publish_all(session, from, nonblock, &done);

	return done ? (ssize_t)done : ret;
}

/* EVRING_CMD_PUBLISH; @arg is a copy. */
int evring_publish_command(struct evring_session *session, struct evring_publish *arg,
			   bool nonblock)
{
	void __user *events = u64_to_user_ptr(arg->events);
	struct iov_iter from;
	size_t done = 0;
	int ret;

	if (arg->flags || arg->reserved || arg->done > arg->len)
		return -EINVAL;
	if (!access_ok(events, arg->len))
		return -EFAULT;
	iov_iter_ubuf(&from, ITER_SOURCE, events + arg->done, arg->len - arg->done);
	ret = publish_all(session, &from, nonblock, &done);
	arg->done += done;
	return ret == -ERESTARTSYS ? -EINTR : ret;
}

/*
 * A group holds less of a ring than before. Any context that may wake. The full
 * barrier between the store of hold and this look at the queue is group_hold()'s:
 * pairs with smp_mb() in event_await() and with that of poll_wait()'s callers.
 */
void evring_room_made(void)
{
	/* A full barrier comes before this: see above. */
	if (waitqueue_active(&room))
		wake_up_interruptible_poll(&room, EPOLLOUT | EPOLLWRNORM);
}

__poll_t evring_publish_poll(struct evring_session *session, struct file *file,
			     struct poll_table_struct *table)
{
	struct evring_publisher *publisher = session->publisher;
	__poll_t mask = EPOLLOUT | EPOLLWRNORM;

	poll_wait(file, &room, table);
	/* Before the look at hold: pairs with smp_mb() in group_hold() */
	smp_mb();
	spin_lock(&publisher->lock);
	if (publisher->full && READ_ONCE(publisher->full->hold) == publisher->held)
		mask = 0;
	spin_unlock(&publisher->lock);
	return mask;
}

/* NULL: no memory. */
struct evring_publisher *evring_publisher_alloc(void)
{
	struct evring_publisher *publisher = kzalloc(sizeof(*publisher), GFP_KERNEL_ACCOUNT);

	if (!publisher)
		return NULL;
	publisher->uid = current_uid();
	publisher->euid = current_euid();
	publisher->admin = perfmon_capable();
	spin_lock_init(&publisher->lock);
	return publisher;
}

/* The session is closed; NULL is fine. May sleep. */
void evring_publisher_free(struct evring_publisher *publisher)
{
	if (!publisher)
		return;
	evring_types_leave_app(publisher->registered);
	kfree(publisher);
}
