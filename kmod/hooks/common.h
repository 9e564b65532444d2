/* SPDX-License-Identifier: GPL-2.0-only */
/* common.c: the common part of an event, of a task that is not current. */
#ifndef _KMOD_HOOKS_COMMON_H
#define _KMOD_HOOKS_COMMON_H

#include <linux/evring.h>

struct cred;
struct task_struct;

void evring_fill_common_of(struct evring_common *common, struct task_struct *task,
			   const struct cred *cred);

#endif /* _KMOD_HOOKS_COMMON_H */
