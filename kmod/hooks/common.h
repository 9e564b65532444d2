/* SPDX-License-Identifier: GPL-2.0-only */
/* common.c: the common part of an event, of a task that is not current, and parts of it. */
#ifndef _KMOD_HOOKS_COMMON_H
#define _KMOD_HOOKS_COMMON_H

#include <linux/evring.h>

struct cred;
struct task_struct;

u64 evring_cgroup_of(struct task_struct *task);
void evring_fill_common_of(struct evring_common *common, struct task_struct *task,
			   const struct cred *cred);

#endif /* _KMOD_HOOKS_COMMON_H */
