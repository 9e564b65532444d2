/* SPDX-License-Identifier: GPL-2.0-only */
/* process_names.c: what requests, outcomes and bits of processes are called. */
#ifndef _KMOD_HOOKS_PROCESS_NAMES_H
#define _KMOD_HOOKS_PROCESS_NAMES_H

#include <linux/evring.h>

extern const struct evring_names_desc evring_ptrace_requests;
extern const struct evring_names_desc evring_signal_outcomes;
extern const struct evring_names_desc evring_securebits;

#endif /* _KMOD_HOOKS_PROCESS_NAMES_H */
