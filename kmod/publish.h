/* SPDX-License-Identifier: GPL-2.0-only */
/* Publishing by applications: their types, their users, the way into the ring. */
#ifndef _KMOD_PUBLISH_H
#define _KMOD_PUBLISH_H

#include <linux/bitmap.h>
#include <linux/list.h>
#include <linux/wait.h>
#include "limits.h"
#include "ring.h"
#include "room.h"
#include "session.h"
#include "type.h"

struct file;
struct iov_iter;
struct poll_table_struct;

/* user.c: users, their sessions and their share of the rings */

#define EVRING_USAGE_SLICES	16

/**
 * struct evring_usage - a user's share of one ring; but for @line written on its CPU alone
 * @bound: upper bound of the bytes that are held
 * @slice: number of the slice that @bytes is of, counted from position 0
 * @bytes: published by the user in that slice
 * @line: his writers that wait for room there
 */
struct evring_usage {
	u64 bound;
	u64 slice[EVRING_USAGE_SLICES];
	u32 bytes[EVRING_USAGE_SLICES];
	struct evring_room_line line;
};

struct evring_user *evring_user_get(void);
void evring_user_put(struct evring_user *user);
kuid_t evring_user_uid(const struct evring_user *user);
kuid_t evring_payer(void);
struct evring_usage *evring_user_usage(const struct evring_user *user, u32 lane);
int evring_user_prepare(struct evring_user *user, u32 lane);
bool evring_user_may(struct evring_usage *usage, const struct evring_ring *ring, u32 size);
void evring_user_took(struct evring_usage *usage, const struct evring_ring *ring, u64 end,
		      u32 size);
u64 evring_user_part(u64 data_size);
unsigned int evring_user_slice(u64 data_size, u32 segment_size);
int evring_users_init(void);
void evring_users_exit(void);

/* app.c: applications register types */

/* A reference into an event's tail, which must be checked before the event is published */
struct evring_ref {
	u16 offset;	/* behind the common part */
	u16 size;	/* of an element */
};

/**
 * struct evring_app - the part of a type that only applications' types have
 * @uid: of its owner
 * @payer: user whose quota it counts against
 * @sessions: that have it registered
 * @noting: how many of those that have unregistered it wait for its publishers to end
 * @kept: registered without a session
 * @used: an event of it was or was about to be published
 * @size: shortest payload, the common part not counted
 * @nr_refs: of @refs
 * @refs: in the order of their offsets; they do not overlap
 *
 * Up to @kept under the types' lock, the others are fixed.
 */
struct evring_app {
	kuid_t uid;
	kuid_t payer;
	unsigned int sessions;
	unsigned int noting;
	bool kept;
	bool used;
	u16 size;
	u16 nr_refs;
	struct evring_ref refs[];
};

/* One line that tells the caller of EVRING_IOC_REGISTER why it was refused */
struct evring_reason {
	char text[256];
};

int evring_app_register(struct evring_session *session, struct evring_register *arg);
int evring_app_unregister(struct evring_session *session, const struct evring_unregister *arg);

/* app_type.c: applications' types in the table */

/**
 * struct evring_app_add - a type that is to be in the table
 * @desc: its description
 * @block: the description as bytes; taken over if it is NULL afterwards
 * @app: likewise
 * @lane: where its events go
 * @keep: EVRING_REGISTER_F_KEEP
 * @registered: by the session, a bit for each id
 * @reason: for an error
 */
struct evring_app_add {
	const struct evring_type_desc *desc;
	const struct evring_block *block;
	struct evring_app *app;
	u16 lane;
	bool keep;
	unsigned long *registered;
	struct evring_reason *reason;
};

int evring_types_add_app(struct evring_app_add *add, struct evring_register *arg);
int evring_types_drop_app(u32 id, u32 generation, const kuid_t *uid, unsigned long *registered);
void evring_types_leave_app(unsigned long *registered);

/* publish.c: write() */

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
