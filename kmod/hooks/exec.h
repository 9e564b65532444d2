/* SPDX-License-Identifier: GPL-2.0-only */
/* The event of exec.c. */
#ifndef _KMOD_HOOKS_EXEC_H
#define _KMOD_HOOKS_EXEC_H

#include <linux/evring.h>

#include "path.h"
#include "process_names.h"
#include "program.h"

#define EXEC_FIELDS(F, S)							\
	F(S, U32, ppid, PID, "the parent's process")				\
	F(S, U32, egid, GID, "effective group id")				\
	F(S, U32, old_tid, PID, "id of the thread that called exec")		\
	F(S, TEXT, path, PATH, "the program, or the script, from the root of the task") \
	F(S, TEXTS, argv, NONE, "its arguments")				\
	F(S, U32, argv_len, NONE, "length of all arguments; of a refused exec: of argv", \
	  .unit = "bytes")							\
	F(S, BOOL, argv_truncated, NONE, "argv is not all of them")		\
	F(S, BOOL, path_given_truncated, NONE, "the front of path_given is missing") \
	F(S, U16, path_flags, FLAGS, "what path is", .names = &evring_path_flags) \
	F(S, TEXT, path_given, PATH, "the path that the task gave")		\
	F(S, TEXT, interpreter, PATH, "the program that runs the script, if it is one") \
	F(S, TEXTS, argv_end, NONE, "if argv is not all of them: the last bytes of the arguments") \
	F(S, TEXT, cwd, PATH, "current folder")					\
	F(S, TEXT, tty, NONE, "controlling terminal, empty: none")		\
	F(S, TEXT, parent_comm, NONE, "name of the parent")			\
	F(S, U64, parent_start_time, BOOTTIME, "when the parent began")		\
	F(S, U32, sid, PID, "session")						\
	F(S, U32, pgid, PID, "process group")					\
	F(S, S32, result, ERRNO, "0, or why exec was refused")			\
	F(S, U16, interpreter_flags, FLAGS, "what interpreter is", .names = &evring_path_flags) \
	F(S, U16, cwd_flags, FLAGS, "what cwd is", .names = &evring_path_flags)	\
	CAPS_FIELD(F, S, cap_permitted, "capabilities that the process may use") \
	CAPS_FIELD(F, S, cap_effective, "capabilities that it uses")		\
	CAPS_FIELD(F, S, cap_inheritable, "capabilities that exec may pass on")	\
	F(S, U64, inode, NONE, "the file's inode; 0: the kernel did not get to it") \
	PROGRAM_FILE_FIELDS(F, S)						\
	F(S, BOOL, secureexec, NONE, "the program gives privileges (set-user-id, capabilities)") \
	PROGRAM_FILE_KIND_FIELDS(F, S)						\
	F(S, TEXTS, env, NONE, "variables of its environment that were asked for (exec_env)") \
	F(S, BOOL, env_truncated, NONE, "there may be more that were asked for")

EVRING_TASK_EVENT(process_exec, "process.exec", 1, "critical",
		  "a process runs another program, or could not", EXEC_FIELDS);

#endif /* _KMOD_HOOKS_EXEC_H */
