/* SPDX-License-Identifier: GPL-2.0-only */
/* group.c: named cursors. */
#ifndef _KMOD_GROUP_H
#define _KMOD_GROUP_H

#include <linux/evring.h>
#include "pages.h"
#include "ring.h"
#include "session.h"

void evring_groups_exit(void);
void evring_groups_snapshot(struct evring_meta_pages *to);
int evring_group_find(const char *name);
int evring_group_claim(struct evring_session *session, struct evring_join *join);
void evring_group_unclaim(struct evring_session *session);
void evring_group_take(struct evring_session *session, const struct evring_join *join);
int evring_group_leave(struct evring_session *session);
int evring_group_commit(struct evring_session *session, const struct evring_commit *commit);
int evring_group_drop(const char *name, unsigned int *group);
void evring_groups_add_ring(struct evring_ring *ring, struct evring_ring **slot);
bool evring_name_valid(const char *name);

#endif /* _KMOD_GROUP_H */
