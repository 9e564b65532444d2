/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The events of sched.c. They come from within the scheduler: there is no common part
 * of a task, as two tasks are meant, or one that does not run yet.
 */
#ifndef _KMOD_HOOKS_SCHED_H
#define _KMOD_HOOKS_SCHED_H

#include <linux/evring.h>

extern const struct evring_names_desc evring_task_states;

#define SWITCH_FIELDS(F, S)							\
	F(S, U32, prev_pid, PID, "process of the task that ran; 0: the CPU was idle") \
	F(S, U32, prev_tid, PID, "that task")					\
	F(S, U32, next_pid, PID, "process of the task that runs now; 0: the CPU is idle") \
	F(S, U32, next_tid, PID, "that task")					\
	F(S, U16, prev_state, ENUM, "what the first task does now", .names = &evring_task_states) \
	F(S, BOOL, preempted, NONE, "it did not give the CPU up by itself")	\
	F(S, S32, prev_prio, NONE, "its priority: 0 to 99: real-time, 100 to 139: others") \
	F(S, S32, next_prio, NONE, "likewise")					\
	F(S, U64, latency, DURATION, "how long the next task had to wait; 0: not known") \
	F(S, TEXT, prev_comm, NONE, "name of the task that ran")		\
	F(S, TEXT, next_comm, NONE, "name of the task that runs now")

EVRING_EVENT(sched_switch, "sched.switch", 1, "bulk", "a CPU goes from one task to another",
	     SWITCH_FIELDS);

#define WAKEUP_FIELDS(F, S)							\
	F(S, U32, woken_pid, PID, "process of the task that may run now")	\
	F(S, U32, woken_tid, PID, "that task")					\
	F(S, U32, cpu, NONE, "the CPU that it is to run on")			\
	F(S, S32, prio, NONE, "its priority: 0 to 99: real-time, 100 to 139: others") \
	F(S, BOOL, new, NONE, "it runs for the first time")			\
	F(S, BOOL, interrupt, NONE, "by an interrupt: the header's process has no part in it") \
	F(S, TEXT, woken_comm, NONE, "its name")

EVRING_EVENT(sched_wakeup, "sched.wakeup", 1, "bulk", "a task may run that had waited",
	     WAKEUP_FIELDS);

#endif /* _KMOD_HOOKS_SCHED_H */
