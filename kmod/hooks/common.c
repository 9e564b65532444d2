// SPDX-License-Identifier: GPL-2.0-only
/* The common part of all events that a task causes: the task. */
#include <linux/audit.h>
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/evring.h>
#include <linux/pid_namespace.h>
#include <linux/uidgid.h>

#include "../compat/ns.h"
#include "common.h"

/* Of a task that is current, or that the caller or RCU keeps */
u64 evring_cgroup_of(struct task_struct *task)
{
	u64 id = 0;

#ifdef CONFIG_CGROUPS
	rcu_read_lock();
	id = cgroup_id(task_dfl_cgroup(task));
	rcu_read_unlock();
#endif
	return id;
}

/* @named: the task, or another one that has its program's name */
static __always_inline void fill(struct evring_common *common, struct task_struct *task,
				 const struct task_struct *named, const struct cred *cred)
{
	/* task_active_pid_ns(), without a call */
	struct pid_namespace *pidns = ns_of_pid(task_pid(task));

	/* The same as from_kuid(&init_user_ns, ...), without four calls for each event */
	common->uid = __kuid_val(cred->uid);
	common->euid = __kuid_val(cred->euid);
	common->gid = __kgid_val(cred->gid);
	common->loginuid = __kuid_val(audit_get_loginuid(task));
	common->sessionid = audit_get_sessionid(task);
	common->pidns = pidns ? pidns->ns.inum : 0;	/* NULL once it was reaped */
	common->reserved = 0;
	common->cgroup = evring_cgroup_of(task);
	/* Not under task_lock(), which an NMI cannot take: a rename may show half. */
	memcpy(common->comm, named->comm, sizeof(common->comm));
	common->comm[sizeof(common->comm) - 1] = '\0';
}

void evring_fill_common(struct evring_common *common)
{
	/* A worker of io_uring is named after itself, "iou-wrk-...", and not after its program. */
	fill(common, current, current->flags & PF_IO_WORKER ? current->group_leader : current,
	     current_cred());
	common->mntns = evring_mntns(current);
	common->start_time = current->group_leader->start_boottime;
}
EXPORT_SYMBOL_GPL(evring_fill_common);

/*
 * Of a task that the caller has referenced: all but its mount namespace and its leader's
 * start, as the leader may be gone. Under rcu_read_lock().
 */
void evring_fill_common_of(struct evring_common *common, struct task_struct *task,
			   const struct cred *cred)
{
	fill(common, task, task, cred);
	common->mntns = 0;
	common->start_time = 0;
}
