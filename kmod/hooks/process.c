// SPDX-License-Identifier: GPL-2.0-only
/*
 * process.fork, process.exec, process.exit: each process's life, in this order.
 *
 * The probes run in task context, on 7.0 and later with preemption on: only
 * between reserve and submit may anything depend on the CPU. Nothing here
 * sleeps: user memory that is not present is not read.
 */
#include <linux/binfmts.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/uaccess.h>
#include <trace/events/sched.h>
#include <trace/events/task.h>

#include "../compat/sched.h"
#include "cputime.h"
#include "family.h"
#include "process.h"

#define PATH_BYTES	4096	/* more than any path that exec takes */
#define ARGV_BYTES	4096	/* of the arguments, their NULs included */

enum { FORK, EXEC, EXIT };

static u32 parent_pid(struct task_struct *task)
{
	u32 pid;

	rcu_read_lock();
	pid = task_tgid_nr(rcu_dereference(task->real_parent));
	rcu_read_unlock();
	return pid;
}

/* After the child is made, before it runs. A new thread is no new process. */
static void probe_newtask(void *data, struct task_struct *child, EVRING_CLONE_FLAGS clone_flags)
{
	struct evring_event_hook *hook = data;
	struct process_fork *e;
	struct evring_slot slot;

	if (clone_flags & CLONE_THREAD)
		return;
	e = evring_reserve(&slot, hook->type, sizeof(*e));
	if (!e)
		return;
	evring_fill_common(&e->common);
	e->ppid = parent_pid(current);
	e->child_pid = task_tgid_nr(child);
	e->child_pidns = task_active_pid_ns(child)->ns.inum;
	e->child_ns_pid = task_tgid_nr_ns(child, task_active_pid_ns(child));
	e->clone_flags = clone_flags;
	evring_hook_submit(hook, &slot);
}

/*
 * The arguments lie where exec has just written them. A page that is not there
 * ends them: the event has a prefix, and says so.
 */
static u32 read_argv(char *to, unsigned long from, u32 len)
{
	u32 done = 0, chunk;

	while (done < len) {
		chunk = min_t(u32, len - done, PAGE_SIZE - offset_in_page(from + done));
		if (copy_from_user_nofault(to + done, (const void __user *)from + done, chunk))
			break;
		done += chunk;
	}
	memset(to + done, 0, len - done);
	return done;
}

static void probe_exec(void *data, struct task_struct *task, pid_t old_tid,
		       struct linux_binprm *bprm)
{
	struct evring_event_hook *hook = data;
	unsigned long start = task->mm->arg_start, whole = task->mm->arg_end - start;
	u32 fixed = sizeof(struct process_exec), path_len, argv_len, done;
	struct evring_slot slot;
	struct process_exec *e;

	path_len = strnlen(bprm->filename, min_t(u32, PATH_BYTES, evring_record_max() - fixed));
	argv_len = min3(whole, (unsigned long)ARGV_BYTES,
			(unsigned long)evring_record_max() - fixed - path_len);
	e = evring_reserve(&slot, hook->type, fixed + path_len + argv_len);
	if (!e)
		return;
	memset(e, 0, fixed);
	evring_fill_common(&e->common);
	e->ppid = parent_pid(task);
	e->egid = from_kgid(&init_user_ns, current_egid());
	e->old_tid = old_tid;
	e->path = evring_str(fixed, path_len);
	memcpy((char *)e + fixed, bprm->filename, path_len);
	done = read_argv((char *)e + fixed + path_len, start, argv_len);
	e->argv = evring_str(fixed + path_len, done);
	e->argv_len = min_t(unsigned long, whole, U32_MAX);
	e->argv_truncated = done < whole;
	e->path_truncated = bprm->filename[path_len] != '\0';
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
	e = evring_reserve(&slot, hook->type, sizeof(*e));
	if (!e)
		return;
	memset(e, 0, sizeof(*e));
	evring_fill_common(&e->common);
	/* As wait() will tell it: exit() of one thread is the group's */
	status = signal->flags & SIGNAL_GROUP_EXIT ? signal->group_exit_code : task->exit_code;
	e->ppid = parent_pid(task);
	e->exit_code = (status >> 8) & 0xff;
	e->signal = status & 0x7f;
	e->core_dumped = !!(status & 0x80);
	e->user_time = user;
	e->system_time = system;
	evring_hook_submit(hook, &slot);
}

EVRING_EXIT_PROBE(emit_exit)

/* Tracepoints are found by name, and take any probe: these are of the right type. */
static void __maybe_unused probes_check(void)
{
	check_trace_callback_type_task_newtask(probe_newtask);
	check_trace_callback_type_sched_process_exec(probe_exec);
	check_trace_callback_type_sched_process_exit(exit_probe);
}

static struct evring_event_hook process_hooks[EXIT + 1] = {
	[FORK] = {
		.desc = &process_fork_desc,
		EVRING_POINTS(EVRING_TRACEPOINT("task_newtask", probe_newtask)),
	},
	[EXEC] = {
		.desc = &process_exec_desc,
		EVRING_POINTS(EVRING_TRACEPOINT("sched_process_exec", probe_exec)),
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
