/* SPDX-License-Identifier: GPL-2.0-only */
/* mark_victim's task, which it names by its id on older kernels. */
#ifndef _KMOD_COMPAT_OOM_H
#define _KMOD_COMPAT_OOM_H

#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <trace/events/oom.h>

/*
 * EVRING_VICTIM_PROBE(fn) makes victim_probe(), for mark_victim, which calls
 * fn(hook, task) under RCU.
 */
#ifdef EVRING_HAVE_MARK_VICTIM_TASK
#define EVRING_VICTIM_PROBE(_fn)						\
	static void victim_probe(void *hook, struct task_struct *task, uid_t uid) \
	{									\
		rcu_read_lock();						\
		_fn(hook, task);						\
		rcu_read_unlock();						\
	}
#else
#define EVRING_VICTIM_PROBE(_fn)						\
	static void victim_probe(void *hook, int pid)				\
	{									\
		struct task_struct *task;					\
										\
		rcu_read_lock();						\
		task = pid_task(find_pid_ns(pid, &init_pid_ns), PIDTYPE_PID);	\
		if (task)							\
			_fn(hook, task);					\
		rcu_read_unlock();						\
	}
#endif

#endif /* _KMOD_COMPAT_OOM_H */
