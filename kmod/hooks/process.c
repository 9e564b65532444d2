// SPDX-License-Identifier: GPL-2.0-only
/*
 * process.fork, process.exit: each process's beginning and end. exec.c has
 * process.exec.
 *
 * The probes run in task context, on 7.0 and later with preemption on: only
 * between reserve and submit may anything depend on the CPU.
 */
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <trace/events/sched.h>
#include <trace/events/task.h>

#include "../compat/sched.h"
#include "cputime.h"
#include "family.h"
#include "process.h"
#include "who.h"

enum { FORK, EXIT };

/* After the child is made, before it runs. A new thread is no new process. */
static void probe_newtask(void *data, struct task_struct *child, EVRING_CLONE_FLAGS clone_flags)
{
	struct evring_event_hook *hook = data;
	struct process_fork *e;
	struct evring_slot slot;

	if (clone_flags & CLONE_THREAD)
		return;
	e = evring_begin_task(&slot, hook->type, sizeof(*e), sizeof(*e));
	if (!e)
		return;
	e->ppid = evring_parent_pid(current);
	e->child_pid = task_tgid_nr(child);
	e->child_pidns = task_active_pid_ns(child)->ns.inum;
	e->child_ns_pid = task_tgid_nr_ns(child, task_active_pid_ns(child));
	e->clone_flags = clone_flags;
	e->child_start_time = child->group_leader->start_boottime;
	evring_hook_submit(hook, &slot);
}

/* In one thread of a process, current, when all of its threads are on their way out. */
static void emit_exit(struct evring_event_hook *hook, struct task_struct *task)
{
	struct signal_struct *signal = task->signal;
	struct process_exit *e;
	struct evring_slot slot;
	u64 user, system;
	int status;

	evring_group_cputime(task, &user, &system);
	e = evring_begin_task(&slot, hook->type, sizeof(*e), sizeof(*e));
	if (!e)
		return;
	/* As wait() will tell it: exit() of one thread is the group's */
	status = signal->flags & SIGNAL_GROUP_EXIT ? signal->group_exit_code : task->exit_code;
	e->ppid = evring_parent_pid(task);
	e->exit_code = (status >> 8) & 0xff;
	e->signal = status & 0x7f;
	e->core_dumped = !!(status & 0x80);
	e->user_time = user;
	e->system_time = system;
	e->max_rss = (u64)signal->maxrss << PAGE_SHIFT;
	evring_hook_submit(hook, &slot);
}

EVRING_EXIT_PROBE(emit_exit)

/* Tracepoints are found by name, and take any probe: these are of the right type. */
static void __maybe_unused probes_check(void)
{
	check_trace_callback_type_task_newtask(probe_newtask);
	check_trace_callback_type_sched_process_exit(exit_probe);
}

static struct evring_event_hook process_hooks[EXIT + 1] = {
	[FORK] = {
		.desc = &process_fork_desc,
		EVRING_POINTS(EVRING_TRACEPOINT("task_newtask", probe_newtask)),
	},
	[EXIT] = {
		.desc = &process_exit_desc,
		EVRING_POINTS(EVRING_TRACEPOINT("sched_process_exit", exit_probe)),
	},
};

const struct evring_hook_family evring_process_family = {
	.hooks = process_hooks,
	.nr = ARRAY_SIZE(process_hooks),
};
