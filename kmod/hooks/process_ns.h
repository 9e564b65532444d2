/* SPDX-License-Identifier: GPL-2.0-only */
/* The event of process_ns.c. */
#ifndef _KMOD_HOOKS_PROCESS_NS_H
#define _KMOD_HOOKS_PROCESS_NS_H

#include <linux/evring.h>

#include "process_names.h"

#define NAMESPACE_FIELDS(F, S)							\
	F(S, U32, operation, ENUM, "how", .names = &evring_ns_operations)	\
	F(S, S32, result, ERRNO, "0, or why it was refused")			\
	F(S, U32, kinds, FLAGS, "namespaces that were asked for, or that are others now", \
	  .names = &evring_ns_kinds)						\
	F(S, U32, target_pid, PID, \
	  "whose namespaces these are: of clone, the new process; 0: none") \
	F(S, U32, target_tid, PID, "and which task of it")			\
	F(S, U32, given_ns, NONE, "inode of the namespace that setns() was given, 0: a process's") \
	F(S, U32, old_cgroup_ns, NONE, "inode of the cgroup namespace before")	\
	F(S, U32, new_cgroup_ns, NONE, "and after")				\
	F(S, U32, old_ipc_ns, NONE, "inode of the IPC namespace before")	\
	F(S, U32, new_ipc_ns, NONE, "and after")				\
	F(S, U32, old_mnt_ns, NONE, "inode of the mount namespace before")	\
	F(S, U32, new_mnt_ns, NONE, "and after")				\
	F(S, U32, old_net_ns, NONE, "inode of the network namespace before")	\
	F(S, U32, new_net_ns, NONE, "and after")				\
	F(S, U32, old_pid_ns, NONE, "inode of the children's pid namespace before") \
	F(S, U32, new_pid_ns, NONE, "and after")				\
	F(S, U32, old_time_ns, NONE, "inode of the children's time namespace before") \
	F(S, U32, new_time_ns, NONE, "and after")				\
	F(S, U32, old_user_ns, NONE, "inode of the user namespace before")	\
	F(S, U32, new_user_ns, NONE, "and after")				\
	F(S, U32, old_uts_ns, NONE, "inode of the UTS namespace before")	\
	F(S, U32, new_uts_ns, NONE, "and after")

EVRING_TASK_EVENT(process_namespace, "process.namespace", 1, "critical",
		  "a task enters or makes namespaces, or could not", NAMESPACE_FIELDS);

#endif /* _KMOD_HOOKS_PROCESS_NS_H */
