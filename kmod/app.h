/* SPDX-License-Identifier: GPL-2.0-only */
/* app.c: applications register types; app_type.c: these in the table. */
#ifndef _KMOD_APP_H
#define _KMOD_APP_H

#include <linux/evring.h>
#include <linux/uidgid.h>

struct evring_session;

#define COMMON_SIZE	((u32)sizeof(struct evring_common))

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

/* app_type.c */

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

#endif /* _KMOD_APP_H */
