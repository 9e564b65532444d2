// SPDX-License-Identifier: GPL-2.0-only
/* From 5.12: the mount's ids come before the file; their type has several names. */
#include <linux/fs.h>
#include <linux/xattr.h>

int probe(struct dentry *dentry);

int probe(struct dentry *dentry)
{
	return vfs_setxattr(NULL, dentry, "", "", 0, 0) + vfs_removexattr(NULL, dentry, "");
}
