/* SPDX-License-Identifier: GPL-2.0-only */
/* publish.c: applications write events. */
#ifndef _KMOD_PUBLISH_H
#define _KMOD_PUBLISH_H

#include <linux/bitmap.h>
#include <linux/evring.h>
#include <linux/list.h>
#include <linux/poll.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include "limits.h"

struct evring_ring;
struct evring_session;
struct iov_iter;

/**
 * struct evring_writer - a session that can write
 * @uid: real user id of its opener, whose types it publishes
 * @euid: effective user id of its opener
 * @admin: its opener had CAP_PERFMON or CAP_SYS_ADMIN
 * @registered: types by this session, a bit for each id; under the types' lock
 * @polls: of the room of @full, for as long as poll() is to wait (room.c)
 * @full: the ring that had no room for a writer that did not wait last
 * @changes: of the room of @full, before that
 * @wait: for poll()
 */
struct evring_writer {
	kuid_t uid;
	kuid_t euid;
	bool admin;
	DECLARE_BITMAP(registered, EVRING_TYPES_MAX);
	struct list_head polls;
	struct evring_ring *full;
	u64 changes;
	wait_queue_head_t wait;
};

struct evring_writer *evring_writer_alloc(void);
void evring_writer_free(struct evring_writer *writer);
__poll_t evring_publish_poll(struct evring_session *session, struct file *file,
			     struct poll_table_struct *table);
ssize_t evring_write(struct evring_session *session, const char __user *from, size_t len,
		     bool nonblock);
ssize_t evring_write_iter(struct evring_session *session, struct iov_iter *from, bool nonblock);
int evring_publish_command(struct evring_session *session, struct evring_publish *arg,
			   bool nonblock);

#endif /* _KMOD_PUBLISH_H */
