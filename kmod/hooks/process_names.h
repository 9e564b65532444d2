/* SPDX-License-Identifier: GPL-2.0-only */
/* process_names.c: names of requests, outcomes and bits of processes. */
#ifndef _KMOD_HOOKS_PROCESS_NAMES_H
#define _KMOD_HOOKS_PROCESS_NAMES_H

#include <linux/evring.h>

/* struct process_namespace.operation */
#define EVRING_NS_CLONE		1
#define EVRING_NS_UNSHARE	2
#define EVRING_NS_SETNS		3

/* struct process_session.operation */
#define EVRING_SESSION_LOGIN	1
#define EVRING_SESSION_SETSID	2

/* struct process_memory.operation */
#define EVRING_MEMORY_MMAP	1
#define EVRING_MEMORY_MPROTECT	2
#define EVRING_MEMORY_SHMAT	3

/* A set of capabilities, in a list of fields */
#define CAPS_FIELD(F, S, _name, _doc)						\
	F(S, U64, _name, CAPS, _doc, .names = &evring_capabilities)

extern const struct evring_names_desc evring_clone_flags;
extern const struct evring_names_desc evring_ptrace_requests;
extern const struct evring_names_desc evring_signal_outcomes;
extern const struct evring_names_desc evring_securebits;
extern const struct evring_names_desc evring_capabilities;
extern const struct evring_names_desc evring_ns_operations;
extern const struct evring_names_desc evring_ns_kinds;
extern const struct evring_names_desc evring_session_operations;
extern const struct evring_names_desc evring_memory_operations;
extern const struct evring_names_desc evring_memory_prot;

#endif /* _KMOD_HOOKS_PROCESS_NAMES_H */
