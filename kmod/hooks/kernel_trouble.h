/* SPDX-License-Identifier: GPL-2.0-only */
/* The events of kernel_trouble.c. */
#ifndef _KMOD_HOOKS_KERNEL_TROUBLE_H
#define _KMOD_HOOKS_KERNEL_TROUBLE_H

#include <linux/evring.h>

extern const struct evring_names_desc evring_log_levels;
extern const struct evring_names_desc evring_log_facilities;

#define EVRING_LOG_LEVEL_NONE	255

#define LOG_FIELDS(F, S)							\
	F(S, U8, level, ENUM, "how bad", .names = &evring_log_levels)		\
	F(S, U32, facility, ENUM, "whose message", .names = &evring_log_facilities) \
	F(S, TEXT, text, NONE, "the message")

EVRING_EVENT(kernel_log, "kernel.log", 1, "critical", "a message in the kernel's log", LOG_FIELDS);

#define OOM_FIELDS(F, S)							\
	F(S, U32, victim_pid, PID, "the process that is killed; the event's own needed memory") \
	F(S, U32, victim_uid, UID, "its real user id")				\
	F(S, U64, victim_start_time, BOOTTIME, "when it began")			\
	F(S, U64, victim_cgroup, NONE, "id of its cgroup (v2)")			\
	F(S, U64, rss, NONE, "memory that it has", .unit = "bytes")		\
	F(S, U64, anon_rss, NONE, "of that, without a file", .unit = "bytes")	\
	F(S, U64, file_rss, NONE, "of that, of files", .unit = "bytes")		\
	F(S, U64, shmem_rss, NONE, "of that, shared", .unit = "bytes")		\
	F(S, U64, total_vm, NONE, "memory that it has asked for", .unit = "bytes") \
	F(S, S32, oom_score_adj, NONE, "what its owner thinks of killing it: from -1000, never") \
	F(S, TEXT, victim_comm, NONE, "its name")

EVRING_TASK_EVENT(kernel_oom, "kernel.oom", 1, "critical",
		  "memory is short, and a process is killed", OOM_FIELDS);

#define HANG_FIELDS(F, S)							\
	F(S, U32, hung_pid, PID, "process of the task that hangs")		\
	F(S, U32, hung_tid, PID, "the task")					\
	F(S, U64, hung_start_time, BOOTTIME, "when the process began")		\
	F(S, U64, hung_for, DURATION, "how long it has not run")		\
	F(S, TEXT, hung_comm, NONE, "name of the task")

EVRING_EVENT(kernel_hang, "kernel.hang", 1, "critical",
	     "a task waits and cannot be interrupted, for too long", HANG_FIELDS);

#define PANIC_FIELDS(F, S)							\
	F(S, TEXT, text, NONE, "why")

EVRING_EVENT(kernel_panic, "kernel.panic", 1, "critical",
	     "the kernel gives up; for rings that are looked at in its dump", PANIC_FIELDS);

#endif /* _KMOD_HOOKS_KERNEL_TROUBLE_H */
