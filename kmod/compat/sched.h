/* SPDX-License-Identifier: GPL-2.0-only */
/* Prototypes of the scheduler's tracepoints, which differ between kernels. */
#ifndef _KMOD_COMPAT_SCHED_H
#define _KMOD_COMPAT_SCHED_H

#include <linux/sched/signal.h>
#include <linux/version.h>

/* Head of sched_process_exit's probe; whether the process's last thread exits */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#define EVRING_PROBE_EXIT(_fn, _hook, _task)						\
	static void _fn(struct evring_hook_point *_hook, struct task_struct *_task,	\
			bool group_dead)
#define EVRING_EXIT_LAST(_task)	(group_dead)
#else
#define EVRING_PROBE_EXIT(_fn, _hook, _task)						\
	static void _fn(struct evring_hook_point *_hook, struct task_struct *_task)
#define EVRING_EXIT_LAST(_task)	(atomic_read(&(_task)->signal->live) == 0)
#endif

/* Type of task_newtask's clone_flags */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define EVRING_CLONE_FLAGS	u64
#else
#define EVRING_CLONE_FLAGS	unsigned long
#endif

#endif /* _KMOD_COMPAT_SCHED_H */
