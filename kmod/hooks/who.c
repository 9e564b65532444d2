// SPDX-License-Identifier: GPL-2.0-only
/* Fields about tasks that are not in the common part: parents, targets, terminals. */
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/uaccess.h>

#include "who.h"

#define TRIES_MAX	3

u32 evring_parent_pid(struct task_struct *task)
{
	u32 pid;

	rcu_read_lock();
	pid = task_tgid_nr(rcu_dereference(task->real_parent));
	rcu_read_unlock();
	return pid;
}

/*
 * When @task's process began; 0: it has ended, and @task is a thread of it that somebody
 * keeps. Such a thread's leader may be freed. RCU, or preemption that is off, keeps the
 * leader of one that was not released when we looked.
 */
static u64 process_start(struct task_struct *task)
{
	if (thread_group_leader(task))
		return task->start_boottime;
	return pid_alive(task) ? READ_ONCE(task->group_leader)->start_boottime : 0;
}

/* The process of @task, which the caller or RCU keeps. Any context, preemption off. */
void evring_who(struct evring_who *who, struct task_struct *task)
{
	who->pid = task_tgid_nr(task);
	who->start_time = process_start(task);
	/* Not under task_lock(): a rename may show half. */
	memcpy(who->comm, task->comm, sizeof(who->comm));
	who->comm[sizeof(who->comm) - 1] = '\0';
}

void evring_who_parent(struct evring_who *who, struct task_struct *task)
{
	rcu_read_lock();
	evring_who(who, rcu_dereference(task->real_parent)->group_leader);
	rcu_read_unlock();
}

/*
 * The name of a task's terminal, empty: none. No lock is taken, which on PREEMPT_RT
 * would sleep: as long as it is the terminal it is referenced, so a name is good
 * if it is the terminal still after it was read. One that keeps changing is not told.
 */
void evring_tty(char name[EVRING_TTY_BYTES], const struct task_struct *task)
{
	const struct tty_struct *tty;
	unsigned int tries = 0;

	do {
		name[0] = '\0';
		tty = READ_ONCE(task->signal->tty);
		if (!tty)
			return;
		if (!copy_from_kernel_nofault(name, tty->name, EVRING_TTY_BYTES))
			name[EVRING_TTY_BYTES - 1] = '\0';
		smp_rmb();	/* the name before the second look; signal->tty has no pair */
		if (READ_ONCE(task->signal->tty) == tty)
			return;
	} while (++tries < TRIES_MAX);
	/* It keeps changing: the name may be of memory that was freed. */
	name[0] = '\0';
}
