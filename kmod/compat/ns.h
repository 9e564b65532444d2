/* SPDX-License-Identifier: GPL-2.0-only */
/* Namespaces: that of mounts is private to fs/, and the member with their kind has moved. */
#ifndef _KMOD_COMPAT_NS_H
#define _KMOD_COMPAT_NS_H

#include <linux/ns_common.h>
#include <linux/nsproxy.h>
#include <linux/proc_ns.h>
#include <linux/sched.h>

/*
 * @task is current, which alone changes its nsproxy, or is locked. struct mnt_namespace begins
 * with its ns_common on each kernel from 5.10 on; from_mnt_ns(), which says so, is
 * not exported.
 */
static inline u32 evring_mntns(struct task_struct *task)
{
	const struct nsproxy *nsproxy = task->nsproxy;

	return nsproxy ? ((const struct ns_common *)nsproxy->mnt_ns)->inum : 0;
}

/* CLONE_NEW* */
static inline u32 evring_ns_kind(const struct ns_common *ns)
{
#ifdef EVRING_HAVE_NS_TYPE
	return ns->ns_type;
#else
	return ns->ops->type;
#endif
}

#endif /* _KMOD_COMPAT_NS_H */
