/* SPDX-License-Identifier: GPL-2.0-only */
/* owner.c: the processes that quiet hooks leave out. */
#ifndef _KMOD_OWNER_H
#define _KMOD_OWNER_H

#include <linux/evring.h>
#include <linux/sched.h>

#include "limits.h"

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

void evring_owner_add(const struct evring_owner *process);
void evring_owner_del(u32 group);

/*
 * Does @task belong to a process that owns a group? Any context. Of a thread that was
 * released, which may still be switched from and to, the leader may be freed.
 */
static inline bool evring_is_owner(const struct task_struct *task)
{
	/* acquire: pairs with smp_store_release() in evring_owner_add() */
	unsigned int nr = smp_load_acquire(&evring_nr_owners), i;

	for (i = 0; i < nr; i++)
		/* acquire: pairs with smp_store_release() in evring_owner_del() */
		if (smp_load_acquire(&evring_owners[i].tgid) == task->tgid && pid_alive(task) &&
		    READ_ONCE(evring_owners[i].exec_id) == READ_ONCE(task->self_exec_id) &&
		    READ_ONCE(evring_owners[i].start_time) == task->group_leader->start_boottime)
			return true;
	return false;
}

#endif /* _KMOD_OWNER_H */
