// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPU times as wait4() tells them: the run time that the scheduler has measured,
 * split into user and system time in the ratio that the ticks have sampled. As
 * thread_group_cputime() and cputime_adjust() do, which modules cannot call.
 */
#include <linux/math64.h>
#include <linux/sched/clock.h>
#include <linux/sched/cputime.h>
#include <linux/sched/signal.h>

#include "cputime.h"

#define THREADS_MAX	256	/* visited: dead, but not reaped yet */
#define TRIES_MAX	4

/* current's run time, with the part since the scheduler last accounted for it. */
static u64 current_runtime(void)
{
	const struct sched_entity *se = &current->se;
	unsigned long flags;
	s64 since;
	u64 sum;

	local_irq_save(flags);
	sum = se->sum_exec_runtime;
	since = local_clock() - se->exec_start;
#if defined(CONFIG_IRQ_TIME_ACCOUNTING) || defined(CONFIG_PARAVIRT_TIME_ACCOUNTING)
	/*
	 * exec_start is on a clock that leaves out interrupts, or time that a
	 * hypervisor stole, and is behind by all of that since boot. Bound the
	 * difference by the time since the task was put on this CPU, and by a tick.
	 */
#ifdef CONFIG_SCHED_INFO
	since = min_t(s64, since, local_clock() - current->sched_info.last_arrival);
#endif
	since = min_t(s64, since, TICK_NSEC);
#endif
	local_irq_restore(flags);
	return sum + max_t(s64, since, 0);
}

/* Of the threads that were reaped, and of those that were not; any context but NMI. */
static void group_sum(struct task_struct *task, struct task_cputime *sum)
{
	struct signal_struct *signal = task->signal;
	/* The bare count: on PREEMPT_RT one that has a lock could make us sleep. */
	const seqcount_t *stats = &signal->stats_lock.seqcount.seqcount;
	unsigned int seq, threads, tries = 0;
	struct task_struct *t;

	rcu_read_lock();
	do {
		seq = raw_read_seqcount(stats);
		threads = 0;
		sum->utime = signal->utime;
		sum->stime = signal->stime;
		sum->sum_exec_runtime = signal->sum_sched_runtime;
		for_each_thread(task, t) {
			if (++threads > THREADS_MAX)
				break;
			sum->utime += READ_ONCE(t->utime);
			sum->stime += READ_ONCE(t->stime);
			sum->sum_exec_runtime += t == current ? current_runtime() :
						 READ_ONCE(t->se.sum_exec_runtime);
		}
		/* A thread that was reaped meanwhile may count twice, or not at all: retry. */
	} while (((seq & 1) || read_seqcount_retry(stats, seq)) && ++tries < TRIES_MAX);
	rcu_read_unlock();
}

#ifdef CONFIG_VIRT_CPU_ACCOUNTING_NATIVE
/* Both are measured here. */
static void group_adjust(struct signal_struct *signal, struct task_cputime *sum)
{
}
#else
static void group_adjust(struct signal_struct *signal, struct task_cputime *sum)
{
	u64 runtime = sum->sum_exec_runtime, user, system;
	struct prev_cputime *prev = &signal->prev_cputime;
	unsigned long flags;

	/* Times never go back: at least the last ones of wait4() or getrusage(). */
	raw_spin_lock_irqsave(&prev->lock, flags);
	user = prev->utime;
	system = prev->stime;
	raw_spin_unlock_irqrestore(&prev->lock, flags);
	if (user + system < runtime) {
		if (sum->stime)
			sum->stime = mul_u64_u64_div_u64(sum->stime, runtime,
							 sum->stime + sum->utime);
		system = clamp(sum->stime, system, runtime - user);
		user = runtime - system;
	}
	sum->utime = user;
	sum->stime = system;
}
#endif

/* User and system time of @task's process; @task is current. */
void evring_group_cputime(struct task_struct *task, u64 *user, u64 *system)
{
	struct task_cputime sum;

	group_sum(task, &sum);
	group_adjust(task->signal, &sum);
	*user = sum.utime;
	*system = sum.stime;
}
