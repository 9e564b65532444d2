/* SPDX-License-Identifier: GPL-2.0-only */
/* group.c: named cursors. */
#ifndef _KMOD_GROUP_H
#define _KMOD_GROUP_H

#include <linux/evring.h>

#include "pages.h"
#include "ring.h"
#include "session.h"

int evring_groups_init(void);
void evring_groups_exit(void);
void evring_groups_snapshot(struct evring_meta_pages *to);
int evring_group_find(const char *name);
int evring_group_claim(struct evring_session *session, struct evring_join *join);
void evring_group_unclaim(struct evring_session *session);
void evring_group_take(struct evring_session *session, const struct evring_join *join);
int evring_group_leave(struct evring_session *session);
int evring_group_commit(struct evring_session *session, const struct evring_commit *commit,
			bool nonblock);
int evring_group_drop(const char *name, unsigned int *group);
int evring_group_give(const struct evring_give *give);
bool evring_group_is_users(unsigned int place);
void evring_groups_add_ring(struct evring_ring *ring, struct evring_ring **slot);

#endif /* _KMOD_GROUP_H */
