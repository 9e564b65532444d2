/* SPDX-License-Identifier: GPL-2.0-only */
/* The event of process_state.c, and how snapshots are asked for. */
#ifndef _KMOD_HOOKS_PROCESS_STATE_H
#define _KMOD_HOOKS_PROCESS_STATE_H

#include <linux/evring.h>

struct evring_event_hook;

u32 evring_snapshot_ask(struct evring_event_hook *hook);
void evring_snapshot_look(struct evring_hook *arg);
void evring_snapshots_exit(void);

#endif /* _KMOD_HOOKS_PROCESS_STATE_H */
