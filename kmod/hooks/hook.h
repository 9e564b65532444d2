/* SPDX-License-Identifier: GPL-2.0-only */
/* hook.c: attaching and detaching hooks. */
#ifndef _KMOD_HOOKS_HOOK_H
#define _KMOD_HOOKS_HOOK_H

#include <linux/evring.h>

void evring_hooks_init(void);
void evring_hooks_exit(void);
int evring_hook_ctl(struct evring_hook *arg);
int evring_hook_filter(struct evring_filter_read *arg);
int evring_hooks_drop_group(const char *name);
u32 evring_hook_flags(u32 type_id);
struct evring_event_type *evring_hook_type(const char *name);

#endif /* _KMOD_HOOKS_HOOK_H */
