/* SPDX-License-Identifier: GPL-2.0-only */
/* The number of a mount namespace, whose structure is private to fs/. */
#ifndef _KMOD_COMPAT_NS_H
#define _KMOD_COMPAT_NS_H

#include <linux/ns_common.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>

/*
 * @task is current, which alone changes its nsproxy. struct mnt_namespace begins
 * with its ns_common on each kernel from 5.10 on; from_mnt_ns(), which says so, is
 * not exported.
 */
static inline u32 evring_mntns(struct task_struct *task)
{
	const struct nsproxy *nsproxy = task->nsproxy;

	return nsproxy ? ((const struct ns_common *)nsproxy->mnt_ns)->inum : 0;
}

#endif /* _KMOD_COMPAT_NS_H */
