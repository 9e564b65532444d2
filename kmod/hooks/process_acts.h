/* SPDX-License-Identifier: GPL-2.0-only */
/* The events of process_acts.c. */
#ifndef _KMOD_HOOKS_PROCESS_ACTS_H
#define _KMOD_HOOKS_PROCESS_ACTS_H

#include <linux/evring.h>

#include "process_names.h"

/* The process that something is done to */
#define TARGET_FIELDS(F, S)							\
	F(S, U32, target_pid, PID, "the process that it is done to")		\
	F(S, S32, result, ERRNO, "0, or why it was refused")			\
	F(S, U64, target_start_time, BOOTTIME, "when that process began")	\
	F(S, TEXT, target_comm, NONE, "its name")

#define PTRACE_FIELDS(F, S)							\
	TARGET_FIELDS(F, S)							\
	F(S, U32, target_tid, PID, "the task that is traced")			\
	F(S, U32, tracer_pid, PID, "the process that traces it")		\
	F(S, U32, request, ENUM, "what was asked for", .names = &evring_ptrace_requests)

EVRING_TASK_EVENT(process_ptrace, "process.ptrace", 1, "critical",
		  "a task is traced by another one, or could not be", PTRACE_FIELDS);

#define SIGNAL_FIELDS(F, S)							\
	TARGET_FIELDS(F, S)							\
	F(S, U32, signal, SIGNAL, "the signal; 0: whether there is such a process") \
	F(S, U32, outcome, ENUM, "where it was not refused: what became of it",	\
	  .names = &evring_signal_outcomes)

EVRING_TASK_EVENT(process_signal, "process.signal", 1, "critical",
		  "a process sent another one a signal, or could not", SIGNAL_FIELDS);

#define CRED_FIELDS(F, S)							\
	F(S, U32, old_uid, UID, "real user id before")				\
	F(S, U32, new_uid, UID, "and after")					\
	F(S, U32, old_euid, UID, "effective user id before")			\
	F(S, U32, new_euid, UID, "and after")					\
	F(S, U32, old_suid, UID, "saved user id before")			\
	F(S, U32, new_suid, UID, "and after")					\
	F(S, U32, old_fsuid, UID, "user id for files before")			\
	F(S, U32, new_fsuid, UID, "and after")					\
	F(S, U32, old_gid, GID, "real group id before")				\
	F(S, U32, new_gid, GID, "and after")					\
	F(S, U32, old_egid, GID, "effective group id before")			\
	F(S, U32, new_egid, GID, "and after")					\
	F(S, U32, old_securebits, FLAGS, "securebits before", .names = &evring_securebits) \
	F(S, U32, new_securebits, FLAGS, "and after", .names = &evring_securebits) \
	CAPS_FIELD(F, S, old_cap_permitted, "permitted capabilities before")	\
	CAPS_FIELD(F, S, new_cap_permitted, "and after")			\
	CAPS_FIELD(F, S, old_cap_effective, "effective capabilities before")	\
	CAPS_FIELD(F, S, new_cap_effective, "and after")			\
	CAPS_FIELD(F, S, old_cap_inheritable, "inheritable capabilities before") \
	CAPS_FIELD(F, S, new_cap_inheritable, "and after")			\
	CAPS_FIELD(F, S, old_cap_ambient, "ambient capabilities before: exec keeps them") \
	CAPS_FIELD(F, S, new_cap_ambient, "and after")				\
	CAPS_FIELD(F, S, old_cap_bounding, "capabilities that exec could give, before") \
	CAPS_FIELD(F, S, new_cap_bounding, "and after")			\
	F(S, U32, old_sgid, GID, "saved group id before")			\
	F(S, U32, new_sgid, GID, "and after")					\
	F(S, U32, old_fsgid, GID, "group id for files before")			\
	F(S, U32, new_fsgid, GID, "and after")

EVRING_TASK_EVENT(process_cred, "process.cred", 1, "critical",
		  "a task's user ids, group ids (but the supplementary ones) or capabilities change", CRED_FIELDS);

#endif /* _KMOD_HOOKS_PROCESS_ACTS_H */
