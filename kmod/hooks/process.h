/* SPDX-License-Identifier: GPL-2.0-only */
/* The events of process.c: their names and fields. */
#ifndef _KMOD_HOOKS_PROCESS_H
#define _KMOD_HOOKS_PROCESS_H

#include <linux/evring.h>

#include "process_names.h"

#define FORK_FIELDS(F, S)							\
	F(S, U32, ppid, PID, "process of the parent's parent")			\
	F(S, U32, child_pid, PID, "the new process")				\
	F(S, U32, child_pidns, NONE, "inode of the child's pid namespace")	\
	F(S, U32, child_ns_pid, NONE, "the child's process id in that namespace") \
	F(S, U64, clone_flags, FLAGS, "what it shares with its parent, and more",	\
	  .names = &evring_clone_flags)						\
	F(S, U64, child_start_time, BOOTTIME, "when the new process began")

EVRING_TASK_EVENT(process_fork, "process.fork", 1, "critical", "a process was made", FORK_FIELDS);

#define EXIT_FIELDS(F, S)							\
	F(S, U32, ppid, PID, "the parent's process")				\
	F(S, U32, exit_code, NONE, "as wait() tells it")			\
	F(S, U32, signal, SIGNAL, "the signal that ended it, 0: none")		\
	F(S, BOOL, core_dumped, NONE, "it left a core dump")			\
	F(S, U64, user_time, DURATION, "CPU time of all its threads, in user space") \
	F(S, U64, system_time, DURATION, "CPU time of all its threads, in the kernel") \
	F(S, U64, max_rss, NONE, "the most memory that it had at once; before Linux 6.16 not all " \
	  "of it, if threads end at once", .unit = "bytes")

EVRING_TASK_EVENT(process_exit, "process.exit", 1, "critical", "a process has ended", EXIT_FIELDS);

#endif /* _KMOD_HOOKS_PROCESS_H */
