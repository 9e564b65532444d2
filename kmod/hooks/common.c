// SPDX-License-Identifier: GPL-2.0-only
/* The common part of all events that a task causes: the task. */
#include <linux/audit.h>
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/evring.h>
#include <linux/pid_namespace.h>
#include <linux/uidgid.h>

#include "../compat/ns.h"

static u64 current_cgroup(void)
{
	u64 id = 0;

#ifdef CONFIG_CGROUPS
	rcu_read_lock();
	id = cgroup_id(task_dfl_cgroup(current));
	rcu_read_unlock();
#endif
	return id;
}

void evring_fill_common(struct evring_common *common)
{
	struct pid_namespace *pidns = task_active_pid_ns(current);

	/* What from_kuid(&init_user_ns, ...) comes to, which each event would call four times */
	common->uid = __kuid_val(current_uid());
	common->euid = __kuid_val(current_euid());
	common->gid = __kgid_val(current_gid());
	common->loginuid = __kuid_val(audit_get_loginuid(current));
	common->sessionid = audit_get_sessionid(current);
	common->pidns = pidns ? pidns->ns.inum : 0;	/* NULL once it was reaped */
	common->mntns = evring_mntns(current);
	common->reserved = 0;
	common->cgroup = current_cgroup();
	common->start_time = current->group_leader->start_boottime;
	/* Not under task_lock(), which an NMI cannot take: a rename may show half. */
	memcpy(common->comm, current->comm, sizeof(common->comm));
	common->comm[sizeof(common->comm) - 1] = '\0';
}
EXPORT_SYMBOL_GPL(evring_fill_common);
