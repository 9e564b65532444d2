/* SPDX-License-Identifier: GPL-2.0-only */
/* cputime.c: CPU times as wait4() tells them. */
#ifndef _KMOD_HOOKS_CPUTIME_H
#define _KMOD_HOOKS_CPUTIME_H

#include <linux/sched.h>

void evring_group_cputime(struct task_struct *task, u64 *user, u64 *system);

#endif /* _KMOD_HOOKS_CPUTIME_H */
