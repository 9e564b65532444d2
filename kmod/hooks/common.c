// SPDX-License-Identifier: GPL-2.0-only
/* The part that all events of task context have in common: who did it. */
#include <linux/audit.h>
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/pid_namespace.h>
#include <linux/user_namespace.h>

#include "../evring.h"

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

	common->uid = from_kuid(&init_user_ns, current_uid());
	common->euid = from_kuid(&init_user_ns, current_euid());
	common->loginuid = from_kuid(&init_user_ns, audit_get_loginuid(current));
	common->pidns = pidns ? pidns->ns.inum : 0;	/* NULL once it was reaped */
	common->cgroup = current_cgroup();
	/* Not under task_lock(), which an NMI cannot take: a rename may show half. */
	memcpy(common->comm, current->comm, sizeof(common->comm));
	common->comm[sizeof(common->comm) - 1] = '\0';
}
EXPORT_SYMBOL_GPL(evring_fill_common);
