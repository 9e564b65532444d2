/* SPDX-License-Identifier: GPL-2.0-only */
/* What the scheduler's tracepoints tell, which differs between kernels. */
#ifndef _KMOD_COMPAT_SCHED_H
#define _KMOD_COMPAT_SCHED_H

#include <linux/kprobes.h>
#include <linux/sched/signal.h>
#include <linux/version.h>

/*
 * A process's exit, once: EVRING_EXIT_SOURCE(fn) makes what calls fn(task) in
 * the last thread of a process, EVRING_EXIT_HOOK initialises a hook with it.
 *
 * From 6.16 sched_process_exit tells whether the group is dead. Before it the
 * tracepoint fires for each thread, and several of those that exit at once can
 * find signal->live at zero. What do_exit() calls for a dead group alone is
 * disassociate_ctty(1), a little later; with a 1 nobody else calls it.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#define EVRING_EXIT_SOURCE(_fn)							\
	static void exit_probe(void *unused, struct task_struct *task, bool group_dead) \
	{									\
		if (group_dead)							\
			_fn(task);						\
	}
#define EVRING_EXIT_HOOK	.tracepoint = "sched_process_exit", .probe = exit_probe
#elif defined(CONFIG_KPROBES)
#define EVRING_EXIT_SOURCE(_fn)							\
	static int exit_probe(struct kprobe *unused, struct pt_regs *regs)	\
	{									\
		if ((int)regs_get_kernel_argument(regs, 0))			\
			_fn(current);						\
		return 0;							\
	}									\
	static struct kprobe exit_kprobe = {					\
		.symbol_name	= "disassociate_ctty",				\
		.pre_handler	= exit_probe,					\
	};
#define EVRING_EXIT_HOOK	.kprobe = &exit_kprobe
#else
/* No better than the tracepoint: a process of many threads may exit twice. */
#define EVRING_EXIT_SOURCE(_fn)							\
	static void exit_probe(void *unused, struct task_struct *task)		\
	{									\
		if (!atomic_read(&task->signal->live))				\
			_fn(task);						\
	}
#define EVRING_EXIT_HOOK	.tracepoint = "sched_process_exit", .probe = exit_probe
#endif

/* Type of task_newtask's clone_flags */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define EVRING_CLONE_FLAGS	u64
#else
#define EVRING_CLONE_FLAGS	unsigned long
#endif

#endif /* _KMOD_COMPAT_SCHED_H */
