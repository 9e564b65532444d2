/* SPDX-License-Identifier: GPL-2.0-only */
/* group.c: named cursors. */
#ifndef _KMOD_GROUP_H
#define _KMOD_GROUP_H

#include <linux/evring.h>
#include <linux/sched.h>

#include "limits.h"
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

/**
 * struct evring_owner - a process that owns a group, and that quiet hooks leave out
 * @tgid: the process; 0: it has just gone
 * @group: place of the group
 * @start_time: tells it from a later process of the same id
 * @exec_id: tells it from another program that the process has executed since
 */
struct evring_owner {
	u32 tgid;
	u32 group;
	u64 start_time;
	u64 exec_id;
};

extern struct evring_owner evring_owners[EVRING_GROUPS_MAX];
extern unsigned int evring_nr_owners;

/*
 * Does @task belong to a process that owns a group? Any context. Of a thread that was
 * released, which may still be switched from and to, the leader may be freed.
 */
static inline bool evring_is_owner(const struct task_struct *task)
{
	/* acquire: pairs with smp_store_release() in owner_add() */
	unsigned int nr = smp_load_acquire(&evring_nr_owners), i;

	for (i = 0; i < nr; i++)
		/* acquire: pairs with smp_store_release() in owner_del() */
		if (smp_load_acquire(&evring_owners[i].tgid) == task->tgid && pid_alive(task) &&
		    READ_ONCE(evring_owners[i].exec_id) == READ_ONCE(task->self_exec_id) &&
		    READ_ONCE(evring_owners[i].start_time) == task->group_leader->start_boottime)
			return true;
	return false;
}

#endif /* _KMOD_GROUP_H */
