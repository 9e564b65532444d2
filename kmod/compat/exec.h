/* SPDX-License-Identifier: GPL-2.0-only */
/* Accessors for process.exec that differ between kernels, architectures and ABIs */
#ifndef _KMOD_COMPAT_EXEC_H
#define _KMOD_COMPAT_EXEC_H

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/time64.h>
#include <linux/unistd.h>

#include "call.h"

#define EVRING_COMPAT_EXECVE	11	/* of 32-bit x86 and ARM */
#define EVRING_X32_EXECVE	(0x40000000 + 520)

/* The argv of the execve() or execveat() that current is in; it is the caller's. */
static inline unsigned long evring_exec_argv(void)
{
#if defined(CONFIG_UML)
	return ~0UL;	/* not known: nothing is there */
#else
	int execve = evring_compat_call() ? EVRING_COMPAT_EXECVE : __NR_execve;

#if defined(CONFIG_X86_64)
	if (in_x32_syscall())
		execve = EVRING_X32_EXECVE;
#endif
	return evring_call_argument(syscall_get_nr(current, task_pt_regs(current)) == execve ? 1 :
											       2);
#endif
}

/* From 6.3 on a set of capabilities is one number. */
static inline u64 evring_caps(kernel_cap_t caps)
{
#ifdef EVRING_HAVE_CAP_VAL
	return caps.val;
#else
	return (u64)caps.cap[1] << 32 | caps.cap[0];
#endif
}

/* From 6.6 and 6.7 on an inode's times are read by functions. */
static inline u64 evring_mtime(const struct inode *inode)
{
#ifdef EVRING_HAVE_INODE_TIMES
	const struct timespec64 time = inode_get_mtime(inode);
#else
	const struct timespec64 time = inode->i_mtime;
#endif
	return timespec64_to_ns(&time);
}

static inline u64 evring_ctime(const struct inode *inode)
{
#ifdef EVRING_HAVE_INODE_TIMES
	const struct timespec64 time = inode_get_ctime(inode);
#else
	const struct timespec64 time = inode->i_ctime;
#endif
	return timespec64_to_ns(&time);
}

/*
 * Is the file in the upper layer of an overlay? struct ovl_inode is private to
 * overlayfs; behind its inode it has the upper dentry, on each kernel from 4.19 to 7.3.
 */
static inline bool evring_is_upper(const struct inode *inode)
{
	return inode->i_sb->s_magic == OVERLAYFS_SUPER_MAGIC &&
	       READ_ONCE(*(struct dentry *const *)(inode + 1));
}

#endif /* _KMOD_COMPAT_EXEC_H */
