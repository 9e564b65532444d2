// SPDX-License-Identifier: GPL-2.0-only
/*
 * Applications write events into the ring.
 *
 * Events are first copied out of user memory, as many at once as the stack has room for,
 * and checked one by one; then the ring gets each from the copy. From the check on
 * nothing can fault, sleep or be changed by the writer. So an event that is refused was
 * never in the ring and takes no number, and the event in the ring is the one that was
 * checked. The price is a second copy, from the cache.
 *
 * Preemption is off from the lookup of the type to the publication. A type's
 * unregistration waits for that before the id can be another type's (app_type.c).
 *
 * A writer that finds no room waits for a group's commit (room.c), and tries again on
 * the CPU that it then runs on.
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

#include "app.h"
#include "compat/stack.h"
#include "publish.h"
#include "redact/stage.h"
#include "ring.h"
#include "room.h"
#include "session.h"
#include "type.h"
#include "user.h"

#define CHUNK		512	/* bytes of events that the stack has room for */
#define FEW		128	/* bytes that are copied without a call */
#define NOT_PREPARED	1	/* no error: evring_user_prepare() first */

/**
 * struct writing - one call of write()
 * @session: of the writer
 * @user: the bytes that are still to be copied, unless they are in @iter
 * @iter: of several buffers; NULL: one, at @user
 * @left: how many they are
 * @nonblock: do not wait for room
 * @chunk: CHUNK bytes: copies of the next events
 * @at: where the next one is in @chunk
 * @end: of the bytes in @chunk
 * @big: for a payload that @chunk is too small for, once there is one
 * @pub: header of the event
 * @len: bytes of its payload
 * @payload: copy of it: in @chunk or @big
 * @lane: NOT_PREPARED: for which
 * @full: the attempt; EAGAIN: it had no room
 */
struct writing {
	struct evring_session *session;
	const char __user *user;
	struct iov_iter *iter;
	size_t left;
	bool nonblock;
	char *chunk;
	u32 at;
	u32 end;
	void *big;
	struct evring_pub pub;
	u32 len;
	const void *payload;
	u32 lane;
	struct evring_full full;
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
	if (!type->app || !uid_eq(type->app->uid, w->session->writer->uid))
		return -EPERM;
	if (type->generation != w->pub.generation)
		return -ESTALE;
	if (READ_ONCE(type->flags) & EVRING_TYPE_F_GONE)
		return -ENOENT;
	if (w->len < type->app->size || !refs_good(type->app, w->payload, w->len))
		return -EINVAL;
	return 0;
}

/* Without a call where they are few; memcpy() is one, of some start-up time */
static __always_inline void payload_copy(char *to, const char *from, u32 len)
{
	if (len > FEW) {
		memcpy(to, from, len);
		return;
	}
	for (; len >= sizeof(u64); len -= sizeof(u64), to += sizeof(u64), from += sizeof(u64))
		WRITE_ONCE(*(u64 *)to, *(const u64 *)from);
	for (; len; len--)
		WRITE_ONCE(*to++, *from++);
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
	struct evring_slot slot;
	struct evring_usage *usage;
	char *at;

	if (!ring)
		return -ENOMEM;	/* there was none when the CPU came */
	usage = evring_user_usage(w->session->user, ring->lane);
	if (!usage) {
		w->lane = ring->lane;
		return NOT_PREPARED;
	}
	/* Before the attempt: a change that comes later shows that it may have room after all. */
	evring_room_look(&w->full, ring, &usage->line, size);
	if (!evring_user_may(usage, ring, size))
		return -EAGAIN;
	if (!READ_ONCE(type->app->used))
		WRITE_ONCE(type->app->used, true);
	at = evring_try_reserve(&slot, ring, type, len);
	if (!at)
		return -EAGAIN;
	evring_fill_common((struct evring_common *)at);
	payload_copy(at + COMMON_SIZE, w->payload, w->len);
	refs_correct(type->app, at + COMMON_SIZE);
	if (unlikely(slot.stage)) {
		/* Only now it goes into the ring, and without its secrets it is shorter. */
		if (!evring_land(&slot))
			return -EAGAIN;
		size = ALIGN(slot.rec->len, 8);
	}
	if (likely(slot.ring == ring))
		evring_user_took(usage, ring, slot.head, size);
	evring_submit(&slot);
	return 0;
}

static int event_attempt(struct writing *w)
{
	struct evring_event_type *type;
	int ret;

	rcu_read_lock_sched();
	type = evring_type_by_id(w->pub.type);
	ret = event_check(w, type);
	if (!ret)
		ret = event_put(w, type);
	rcu_read_unlock_sched();
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
static noinline int event_await(struct writing *w)
{
	struct evring_full full;
	int ret;

	do {
		full = w->full;
		ret = evring_room_await(&full);
		if (ret)
			break;
		ret = event_try(w);
		evring_room_pass(full.ring, full.line);
	} while (ret == -EAGAIN);
	return ret;
}

static int event_publish(struct writing *w)
{
	struct evring_writer *writer = w->session->writer;
	int ret = event_try(w);

	if (ret == -EAGAIN && !w->nonblock)
		ret = event_await(w);
	if (unlikely(ret == -EAGAIN))
		evring_room_note(writer, &w->full);
	else if (unlikely(!list_empty(&writer->polls)))
		evring_room_found(writer);
	return ret;
}

/*
 * Copy so many bytes, which are a multiple of 8, without a call. False: there is a page
 * that is not there, and it is not known how many were copied.
 */
static __always_inline bool few_copy(char *to, const char __user *from, u32 len)
{
	u64 word;

	if (!user_read_access_begin(from, len))
		return false;
	for (; len; len -= sizeof(word), to += sizeof(word), from += sizeof(word)) {
		unsafe_get_user(word, (const u64 __user *)from, fault);
		*(u64 *)to = word;
	}
	user_read_access_end();
	return true;
fault:
	user_read_access_end();
	return false;
}

/* Copy the next bytes, as many as can be read. Returns how many. */
static u32 bytes_copy(struct writing *w, void *to, u32 len)
{
	u32 copied;

	if (w->iter) {
		copied = copy_from_iter(to, len, w->iter);
	} else if (len <= FEW && !(len & 7) && few_copy(to, w->user, len)) {
		copied = len;
		w->user += copied;
	} else {
		copied = len - copy_from_user(to, w->user, len);
		w->user += copied;
	}
	w->left -= copied;
	return copied;
}

/* See to it that the chunk has the next @size bytes, which fit. */
static noinline int chunk_fill(struct writing *w, u32 size)
{
	u32 room;

	if (w->end - w->at + w->left < size)
		return -EINVAL;
	w->end -= w->at;
	memmove(w->chunk, w->chunk + w->at, w->end);
	w->at = 0;
	room = min_t(size_t, CHUNK - w->end, w->left);
	w->end += bytes_copy(w, w->chunk + w->end, room);
	/* A page is not there, and fewer bytes than were there may have been copied before it. */
	if (w->end < size)
		w->end += bytes_copy(w, w->chunk + w->end, size - w->end);
	return w->end < size ? -EFAULT : 0;
}

static inline int chunk_need(struct writing *w, u32 size)
{
	return w->end - w->at >= size ? 0 : chunk_fill(w, size);
}

/* A payload of @padded bytes that the chunk is too small for; its first ones are there. */
static noinline int big_copy(struct writing *w, u32 padded)
{
	u32 have = w->end - w->at;

	if (have + w->left < padded)
		return -EINVAL;
	if (!w->big)
		w->big = kvmalloc(ALIGN(evring_record_max(), 8), GFP_KERNEL_ACCOUNT);
	if (!w->big)
		return -ENOMEM;
	memcpy(w->big, w->chunk + w->at, have);
	w->at = 0;
	w->end = 0;
	w->payload = w->big;
	return bytes_copy(w, w->big + have, padded - have) == padded - have ? 0 : -EFAULT;
}

/* The next event, in a copy. Returns its bytes, padding included. */
static ssize_t event_copy(struct writing *w)
{
	struct evring_pub *pub = &w->pub;
	u32 padded;
	int ret = chunk_need(w, sizeof(*pub));

	if (ret)
		return ret;
	*pub = *(const struct evring_pub *)(w->chunk + w->at);
	if (pub->flags || pub->reserved || pub->len < sizeof(*pub))
		return -EINVAL;
	w->len = pub->len - sizeof(*pub);
	if (w->len > evring_record_max() - COMMON_SIZE)
		return -EMSGSIZE;
	padded = ALIGN(w->len, 8);
	if (likely(padded <= CHUNK - sizeof(*pub))) {
		ret = chunk_need(w, sizeof(*pub) + padded);
		w->payload = w->chunk + w->at + sizeof(*pub);
		w->at += sizeof(*pub) + padded;
	} else {
		w->at += sizeof(*pub);
		ret = big_copy(w, padded);
	}
	if (ret)
		return ret;
	if (padded > w->len && memchr_inv(w->payload + w->len, 0, padded - w->len))
		return -EINVAL;
	return sizeof(*pub) + padded;
}

/*
 * A descriptor can be a program's standard output. A program with more rights than the
 * opener of the descriptor must not publish in its own name the text that the opener
 * makes it print.
 */
static bool is_opener(const struct evring_writer *writer)
{
	return writer->admin || (uid_eq(current_uid(), writer->uid) &&
				 uid_eq(current_euid(), writer->euid));
}

/* Adds the bytes of the events that were published to *@done. Returns why the next one was not. */
static int publish_all(struct writing *w, size_t *done)
{
	u64 chunk[CHUNK / sizeof(u64)] evring_uninitialized;
	ssize_t size;
	int ret = 0;

	if (!is_opener(w->session->writer))
		return -EPERM;
	w->chunk = (char *)chunk;
	while (w->left || w->at < w->end) {
		size = event_copy(w);
		ret = size < 0 ? size : event_publish(w);
		if (ret)
			break;
		*done += size;
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		cond_resched();
	}
	if (unlikely(w->big))
		kvfree(w->big);
	return ret;
}

/*
 * write() of one buffer, which the VFS has checked to be the user's. Returns the bytes of
 * the events that were published, or why the first one was not.
 */
ssize_t evring_write(struct evring_session *session, const char __user *from, size_t len,
		     bool nonblock)
{
	struct writing w = { .session = session, .user = from, .left = len, .nonblock = nonblock };
	size_t done = 0;
	int ret = publish_all(&w, &done);

	return done ? (ssize_t)done : ret;
}

/* The same of several buffers, or of io_uring's */
ssize_t evring_write_iter(struct evring_session *session, struct iov_iter *from, bool nonblock)
{
	struct writing w = {
		.session = session, .iter = from, .left = iov_iter_count(from),
		.nonblock = nonblock,
	};
	size_t done = 0;
	int ret = publish_all(&w, &done);

	return done ? (ssize_t)done : ret;
}

/* EVRING_CMD_PUBLISH; @arg is a copy. */
int evring_publish_command(struct evring_session *session, struct evring_publish *arg,
			   bool nonblock)
{
	struct writing w = { .session = session, .nonblock = nonblock };
	size_t done = 0;
	int ret;

	if (arg->flags || arg->reserved || arg->done > arg->len)
		return -EINVAL;
	w.user = u64_to_user_ptr(arg->events + arg->done);
	w.left = arg->len - arg->done;
	if (!access_ok(u64_to_user_ptr(arg->events), arg->len))
		return -EFAULT;
	ret = publish_all(&w, &done);
	arg->done += done;
	return ret == -ERESTARTSYS ? -EINTR : ret;
}

__poll_t evring_publish_poll(struct evring_session *session, struct file *file,
			     struct poll_table_struct *table)
{
	struct evring_writer *writer = session->writer;

	poll_wait(file, &writer->wait, table);
	/*
	 * In the queue before the look: the waker takes the writer off the list before
	 * it looks at the queue, under the queue's lock
	 */
	smp_mb();
	return list_empty(&writer->polls) ? EPOLLOUT | EPOLLWRNORM : 0;
}

/* NULL: no memory. */
struct evring_writer *evring_writer_alloc(void)
{
	struct evring_writer *writer = kzalloc(sizeof(*writer), GFP_KERNEL_ACCOUNT);

	if (!writer)
		return NULL;
	writer->uid = current_uid();
	writer->euid = current_euid();
	writer->admin = perfmon_capable();
	INIT_LIST_HEAD(&writer->polls);
	init_waitqueue_head(&writer->wait);
	return writer;
}

/* The session is closed; NULL is fine. May sleep. */
void evring_writer_free(struct evring_writer *writer)
{
	if (!writer)
		return;
	evring_room_forget(writer);
	evring_types_leave_app(writer->registered);
	kfree(writer);
}
