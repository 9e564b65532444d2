/* SPDX-License-Identifier: GPL-2.0-only */
/* One open file of /dev/evring. */
#ifndef _KMOD_SESSION_H
#define _KMOD_SESSION_H

#include "wake.h"

struct group_state;
struct evring_user;
struct evring_writer;

/**
 * struct evring_session - one open file
 * @mode: FMODE_READ, FMODE_WRITE
 * @writer: its state as a writer, if it can write; else NULL
 * @user: its user
 * @group: the group that it owns, or NULL; under groups_lock
 * @claim: the group that a JOIN under way is about to give it; likewise
 * @joins: counts the JOINs that succeeded; likewise
 * @waiter: its state as a waiter for events
 */
struct evring_session {
	fmode_t mode;
	struct evring_writer *writer;
	struct evring_user *user;
	struct group_state *group;
	struct group_state *claim;
	u64 joins;
	struct evring_waiter waiter;
};

#endif /* _KMOD_SESSION_H */
