/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a mount is mounted: the start of struct mount, which is private to fs/. It
 * is the same on each kernel from 3.3 on that does not shuffle its structures;
 * evring_paths_init() compares paths that depend on it with d_path()'s.
 */
#ifndef _KMOD_COMPAT_MOUNT_H
#define _KMOD_COMPAT_MOUNT_H

#include <linux/container_of.h>
#include <linux/mount.h>

/* PID_FS_MAGIC, which kernels before 6.9 lack, as they lack the filesystem */
#define EVRING_PID_FS_MAGIC	0x50494446

struct evring_mount {
	void *hash[2];
	struct evring_mount *parent;
	struct dentry *mountpoint;
	struct vfsmount mnt;
};

static inline const struct evring_mount *evring_mount(const struct vfsmount *mnt)
{
	return container_of(mnt, struct evring_mount, mnt);
}

#endif /* _KMOD_COMPAT_MOUNT_H */
