/* SPDX-License-Identifier: GPL-2.0-only */
/* The events of process.c: what they are called and what is in them. */
#ifndef _KMOD_HOOKS_PROCESS_H
#define _KMOD_HOOKS_PROCESS_H

#include <linux/evring.h>

#define FORK_FIELDS(F, S)			\
	F(S, U32, ppid, NONE)			\
	F(S, U32, child_pid, NONE)		\
	F(S, U32, child_pidns, NONE)		\
	F(S, U32, child_ns_pid, NONE)		\
	F(S, U64, clone_flags, HEX)

EVRING_TASK_EVENT(process_fork, "process.fork", 1, EVRING_LANE_CRITICAL, FORK_FIELDS);

#define EXEC_FIELDS(F, S)			\
	F(S, U32, ppid, NONE)			\
	F(S, U32, gid, NONE)			\
	F(S, U32, egid, NONE)			\
	F(S, U32, old_tid, NONE)		\
	F(S, STR, path, NONE)			\
	F(S, STRV, argv, NONE)			\
	F(S, U32, argv_len, NONE)		\
	F(S, BOOL, argv_truncated, NONE)	\
	F(S, BOOL, path_truncated, NONE)

EVRING_TASK_EVENT(process_exec, "process.exec", 1, EVRING_LANE_CRITICAL, EXEC_FIELDS);

#define EXIT_FIELDS(F, S)			\
	F(S, U32, ppid, NONE)			\
	F(S, U32, exit_code, NONE)		\
	F(S, U32, signal, NONE)			\
	F(S, BOOL, core_dumped, NONE)		\
	F(S, U64, start_time, BOOTTIME)		\
	F(S, U64, user_time, DURATION)		\
	F(S, U64, system_time, DURATION)

EVRING_TASK_EVENT(process_exit, "process.exit", 1, EVRING_LANE_CRITICAL, EXIT_FIELDS);

#endif /* _KMOD_HOOKS_PROCESS_H */
