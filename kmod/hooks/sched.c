// SPDX-License-Identifier: GPL-2.0-only
/*
 * sched.switch, sched.wakeup.
 *
 * sched_switch comes with the run queue's lock and interrupts off, sched_wakeup in
 * any context but NMI. A reader that waits is woken by an irq_work (wake.c), never
 * from here. Switches from and to a group's owner, and its wake-ups, are left out, as
 * each such event would make more. Kernel threads and interrupts that work for the
 * owner are told; they come to rest with it.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/string.h>
#include <trace/events/sched.h>

#include "family.h"
#include "names.h"
#include "sched.h"

/* As ps(1) and __task_state_index() have them */
static const struct evring_value_desc states[] = {
	{ 0, "running", "it could go on" },
	{ 1, "sleeping", "it waits, and a signal wakes it" },
	{ 2, "disk_sleep", "it waits, and a signal does not wake it" },
	{ 3, "stopped", "by a signal" },
	{ 4, "traced", "by a debugger" },
	{ 5, "dead", "gone" },
	{ 6, "zombie", "gone, and its parent does not know yet" },
	{ 7, "parked", "a kernel thread that is put aside" },
	{ 8, "idle", "a kernel thread that waits for work" },
};

EVRING_NAMES(evring_task_states, "task_state", states);

static bool leaves_out(const struct evring_event_hook *hook, struct task_struct *task)
{
	return hook->quiet && evring_is_owner(task);
}

/* A task may be renamed meanwhile: it shows half. */
static struct evring_str put_comm(void *payload, u32 *end, const struct task_struct *task)
{
	u32 len = strnlen(task->comm, TASK_COMM_LEN - 1);
	struct evring_str str = evring_str(*end, len);

	memcpy((char *)payload + *end, task->comm, TASK_COMM_LEN);
	*end += len;
	return str;
}

/* @next is about to be taken from the queue, with the time when it was put there. */
static u64 waited(const struct task_struct *next)
{
#ifdef CONFIG_SCHED_INFO
	u64 queued = READ_ONCE(next->sched_info.last_queued), now = local_clock();

	return queued && now > queued ? now - queued : 0;
#else
	return 0;
#endif
}

static void probe_switch(void *data, bool preempt, struct task_struct *prev,
			 struct task_struct *next, unsigned int prev_state)
{
	u32 end = sizeof(struct sched_switch);
	struct evring_event_hook *hook = data;
	struct evring_slot slot;
	struct sched_switch *e;

	if (leaves_out(hook, prev) || leaves_out(hook, next))
		return;
	e = evring_begin(&slot, hook->type, sizeof(*e), end + 2 * TASK_COMM_LEN);
	if (!e)
		return;
	e->prev_pid = prev->tgid;
	e->prev_tid = prev->pid;
	e->next_pid = next->tgid;
	e->next_tid = next->pid;
	e->prev_state = preempt ? 0 : __task_state_index(prev_state, prev->exit_state);
	e->preempted = preempt;
	e->prev_prio = prev->prio;
	e->next_prio = next->prio;
	e->latency = next->pid ? waited(next) : 0;
	e->prev_comm = put_comm(e, &end, prev);
	e->next_comm = put_comm(e, &end, next);
	/* The room that short names do not fill has bytes of older events in it. */
	memset((char *)e + end, 0, sizeof(*e) + 2 * TASK_COMM_LEN - end);
	evring_hook_submit(hook, &slot);
}

static void emit_wakeup(struct evring_event_hook *hook, struct task_struct *task, bool new)
{
	u32 end = sizeof(struct sched_wakeup);
	struct evring_slot slot;
	struct sched_wakeup *e;

	if (leaves_out(hook, task) || evring_hook_leaves_out(hook))
		return;
	e = evring_begin(&slot, hook->type, sizeof(*e), end + TASK_COMM_LEN);
	if (!e)
		return;
	e->woken_pid = task->tgid;
	e->woken_tid = task->pid;
	e->cpu = task_cpu(task);
	e->prio = task->prio;
	e->new = new;
	e->interrupt = !in_task();
	e->woken_comm = put_comm(e, &end, task);
	evring_hook_submit(hook, &slot);
}

static void probe_wakeup(void *data, struct task_struct *task)
{
	emit_wakeup(data, task, false);
}

static void probe_wakeup_new(void *data, struct task_struct *task)
{
	emit_wakeup(data, task, true);
}

/* Tracepoints are found by name, and take any probe: these are of the right type. */
static void __maybe_unused probes_check(void)
{
	check_trace_callback_type_sched_switch(probe_switch);
	check_trace_callback_type_sched_wakeup(probe_wakeup);
	check_trace_callback_type_sched_wakeup_new(probe_wakeup_new);
}

static struct evring_event_hook hooks[] = {
	{
		.desc = &sched_switch_desc,
		.quiet = true,
		EVRING_POINTS(EVRING_TRACEPOINT("sched_switch", probe_switch)),
	},
	{
		.desc = &sched_wakeup_desc,
		.quiet = true,
		EVRING_POINTS(EVRING_TRACEPOINT("sched_wakeup", probe_wakeup),
			      EVRING_TRACEPOINT("sched_wakeup_new", probe_wakeup_new)),
	},
};

const struct evring_hook_family evring_sched_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
