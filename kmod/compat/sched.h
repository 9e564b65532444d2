/* SPDX-License-Identifier: GPL-2.0-only */
/* Arguments of the scheduler's tracepoints, which differ between kernels. */
#ifndef _KMOD_COMPAT_SCHED_H
#define _KMOD_COMPAT_SCHED_H

#include <linux/atomic.h>
#include <linux/sched/signal.h>

/*
 * EVRING_EXIT_PROBE(fn) makes exit_probe(), for sched_process_exit, which calls
 * fn(hook, task) once a process, when no thread of it is left.
 *
 * From 6.16 the tracepoint tells whether the group is dead. Before that it fires
 * for each thread, behind the decrement of signal->live: of threads that exit at
 * once several can find it at zero, and at least one does. The first of these
 * has it. They settle it by signal->quick_threads, the number of threads
 * that have not begun to exit. It is zero for ever when live is, since each thread
 * takes itself off it first (synchronize_group_exit()), nobody reads it again,
 * and it goes with the process. We move it to -1: that can be done once.
 */
#ifdef EVRING_HAVE_EXIT_GROUP_DEAD
#define EVRING_EXIT_PROBE(_fn)							\
	static void exit_probe(void *hook, struct task_struct *task, bool group_dead) \
	{									\
		if (group_dead)							\
			_fn(hook, task);					\
	}
#else
static inline bool evring_exit_claim(struct signal_struct *signal)
{
	/* cmpxchg's barrier pairs with that of atomic_dec_and_test() in do_exit(). */
	return !atomic_read(&signal->live) && !cmpxchg(&signal->quick_threads, 0, -1);
}

#define EVRING_EXIT_PROBE(_fn)							\
	static void exit_probe(void *hook, struct task_struct *task)		\
	{									\
		if (evring_exit_claim(task->signal))				\
			_fn(hook, task);					\
	}
#endif

/* Type of task_newtask's clone_flags */
#ifdef EVRING_HAVE_NEWTASK_U64
#define EVRING_CLONE_FLAGS	u64
#else
#define EVRING_CLONE_FLAGS	unsigned long
#endif

#endif /* _KMOD_COMPAT_SCHED_H */
