/* SPDX-License-Identifier: GPL-2.0-only */
/* The event of process_session.c. */
#ifndef _KMOD_HOOKS_PROCESS_SESSION_H
#define _KMOD_HOOKS_PROCESS_SESSION_H

#include <linux/evring.h>

#include "process_names.h"

#define SESSION_FIELDS(F, S)							\
	F(S, U32, operation, ENUM, "what was done", .names = &evring_session_operations) \
	F(S, S32, result, ERRNO, "0, or why it was refused")			\
	F(S, U32, old_loginuid, UID, "user who logged in (audit) before, 4294967295: unset") \
	F(S, U32, new_loginuid, UID, "and after; of a refused login, what was asked for") \
	F(S, U32, old_sessionid, NONE, "session of the login (audit) before, 4294967295: unset") \
	F(S, U32, new_sessionid, NONE, "and after")				\
	F(S, U32, old_sid, PID, "session before")				\
	F(S, U32, new_sid, PID, "and after")					\
	F(S, TEXT, tty, NONE, "controlling terminal before, empty: none")

EVRING_TASK_EVENT(process_session, "process.session", 1, "critical",
		  "a user logged in, or a process began a session, or could not", SESSION_FIELDS);

#endif /* _KMOD_HOOKS_PROCESS_SESSION_H */
