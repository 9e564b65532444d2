// SPDX-License-Identifier: GPL-2.0-only
/*
 * process.namespace: unshare(), setns(), and clone() with namespaces of the child's own.
 *
 * The entry of a call has the requested namespaces, its return the result: both sets
 * are the task's own, which nobody else changes. A clone is told where the child is
 * made, or by its return if there is no child.
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/ipc_namespace.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/sched/task.h>
#include <linux/time_namespace.h>
#include <linux/user_namespace.h>
#include <linux/utsname.h>
#include <net/net_namespace.h>
#include <trace/events/task.h>

#include "../compat/call.h"
#include "../compat/kprobe.h"
#include "../compat/ns.h"
#include "../compat/sched.h"
#include "family.h"
#include "process_ns.h"

#define ACTIVE	64	/* calls at once */

#define KINDS	(CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | \
		 CLONE_NEWTIME | CLONE_NEWUSER | CLONE_NEWUTS)

struct ns_set {
	u32 cgroup;
	u32 ipc;
	u32 mnt;
	u32 net;
	u32 pid;
	u32 time;
	u32 user;
	u32 uts;
};

/* A call under way */
struct ns_call {
	struct ns_set old;
	u32 operation;
	u32 kinds;
	u32 given;
};

/* A kernel that was built without namespaces of a kind may have no object for it. */
#define INUM(_ns)	((_ns) ? (_ns)->ns.inum : 0)

/* Of current, or of a child that does not run yet */
static void ns_read(struct ns_set *set, struct task_struct *task)
{
	const struct nsproxy *ns = task->nsproxy;

	*set = (struct ns_set){ };
	rcu_read_lock();
	set->user = __task_cred(task)->user_ns->ns.inum;
	rcu_read_unlock();
	if (!ns)
		return;
	set->cgroup = INUM(ns->cgroup_ns);
	set->ipc = INUM(ns->ipc_ns);
	set->mnt = evring_mntns(task);
	set->net = INUM(ns->net_ns);
	set->pid = INUM(ns->pid_ns_for_children);
	set->time = INUM(ns->time_ns_for_children);
	set->uts = INUM(ns->uts_ns);
}

static u32 ns_changed(const struct ns_set *old, const struct ns_set *new)
{
	return (old->cgroup != new->cgroup ? CLONE_NEWCGROUP : 0) |
	       (old->ipc != new->ipc ? CLONE_NEWIPC : 0) |
	       (old->mnt != new->mnt ? CLONE_NEWNS : 0) |
	       (old->net != new->net ? CLONE_NEWNET : 0) |
	       (old->pid != new->pid ? CLONE_NEWPID : 0) |
	       (old->time != new->time ? CLONE_NEWTIME : 0) |
	       (old->user != new->user ? CLONE_NEWUSER : 0) |
	       (old->uts != new->uts ? CLONE_NEWUTS : 0);
}

#define FILL_NS(_e, _name)							\
	((_e)->old_##_name##_ns = old->_name, (_e)->new_##_name##_ns = new->_name)

static void fill_namespaces(struct process_namespace *e, const struct ns_set *old,
			    const struct ns_set *new)
{
	FILL_NS(e, cgroup);
	FILL_NS(e, ipc);
	FILL_NS(e, mnt);
	FILL_NS(e, net);
	FILL_NS(e, pid);
	FILL_NS(e, time);
	FILL_NS(e, user);
	FILL_NS(e, uts);
}

/* @task: NULL if there is no child */
static void emit(struct evring_event_hook *hook, const struct ns_call *call,
		 struct task_struct *task, int result)
{
	struct process_namespace *e;
	struct evring_slot slot;
	struct ns_set new;

	e = evring_begin_task(&slot, hook->type, sizeof(*e), sizeof(*e));
	if (!e)
		return;
	ns_read(&new, task ?: current);
	fill_namespaces(e, &call->old, &new);
	e->operation = call->operation;
	e->result = result;
	e->kinds = call->kinds | ns_changed(&call->old, &new);
	e->given_ns = call->given;
	if (task) {
		e->target_pid = task_tgid_nr(task);
		e->target_tid = task_pid_nr(task);
	}
	evring_hook_submit(hook, &slot);
}

static struct ns_call *call_begin(void *data, u32 operation, u32 kinds)
{
	struct ns_call *call = data;

	*call = (struct ns_call){ .operation = operation, .kinds = kinds & KINDS };
	ns_read(&call->old, current);
	return call;
}

/* int ksys_unshare(unsigned long flags): without a flag of a namespace there is no event */
static bool enter_unshare(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	unsigned long flags = evring_argument(regs, 0);

#ifdef UNSHARE_EMPTY_MNTNS
	/* From 7.1 on it stands for both, which the kernel adds later. */
	if (flags & UNSHARE_EMPTY_MNTNS)
		flags |= CLONE_NEWNS;
#endif
	if (!(flags & KINDS))
		return false;
	call_begin(data, EVRING_NS_UNSHARE, flags);
	return true;
}

/* setns(fd, nstype): a namespace's descriptor, or a process's */
static bool enter_setns(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct ns_call *call = call_begin(data, EVRING_NS_SETNS, evring_call_argument(1));
	struct file *file = fget_raw(evring_call_argument(0));
	const struct inode *inode;

	if (!file)
		return true;
	inode = file_inode(file);
	if (inode->i_sb->s_magic == NSFS_MAGIC) {
		call->given = get_proc_ns(inode)->inum;
		call->kinds |= evring_ns_kind(get_proc_ns(inode));
	}
	fput(file);	/* sleeps for nobody: the last one is left to a task's work */
	return true;
}

static void leave(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	emit(hook, data, current, evring_told_result(evring_result(regs)));
}

/* pid_t kernel_clone(struct kernel_clone_args *) */
static bool enter_clone(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct kernel_clone_args *args =
		(const struct kernel_clone_args *)evring_argument(regs, 0);
	u64 flags = args->flags;

#ifdef CLONE_EMPTY_MNTNS
	if (flags & CLONE_EMPTY_MNTNS)
		flags |= CLONE_NEWNS;
#endif
	if (!(flags & KINDS))
		return false;
	call_begin(data, EVRING_NS_CLONE, flags);
	return true;
}

static void leave_clone(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const int result = evring_result(regs);

	if (result < 0 && !evring_is_restarted(result))
		emit(hook, data, NULL, result);
}

/* Before the child runs */
static void probe_newtask(void *data, struct task_struct *child, EVRING_CLONE_FLAGS flags)
{
	struct ns_call call;

	if (!(flags & KINDS))
		return;
	call_begin(&call, EVRING_NS_CLONE, flags);
	emit(data, &call, child, 0);
}

/* Tracepoints are found by name, and take any probe: this one is of the right type. */
static void __maybe_unused probes_check(void)
{
	check_trace_callback_type_task_newtask(probe_newtask);
}

#define CALL_POINT(_symbols, _enter, _leave, ...)				\
	EVRING_KRETPROBE(_symbols, _enter, _leave, sizeof(struct ns_call), ACTIVE, ##__VA_ARGS__)

static struct evring_event_hook hooks[] = {
	{
		.desc = &process_namespace_desc,
		EVRING_POINTS(EVRING_TRACEPOINT("task_newtask", probe_newtask),
			      CALL_POINT(("ksys_unshare"), enter_unshare, leave),
			      CALL_POINT((EVRING_SYSCALL("setns")), enter_setns, leave),
			      CALL_POINT((EVRING_SYSCALL_32("setns")), enter_setns, leave,
					 .optional = true),
			      CALL_POINT(("kernel_clone"), enter_clone, leave_clone,
					 .optional = true)),
	},
};

const struct evring_hook_family evring_process_ns_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
