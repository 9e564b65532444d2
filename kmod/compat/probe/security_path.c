// SPDX-License-Identifier: GPL-2.0-only
/* From 5.9: the security hooks of names, with these arguments */
#include <linux/fs.h>
#include <linux/security.h>

int probe(const struct path *folder, struct dentry *dentry);

int probe(const struct path *folder, struct dentry *dentry)
{
	return security_path_unlink(folder, dentry) + security_path_rmdir(folder, dentry) +
	       security_path_mkdir(folder, dentry, 0) + security_path_mknod(folder, dentry, 0, 0) +
	       security_path_symlink(folder, dentry, "") +
	       security_path_rename(folder, dentry, folder, dentry, 0) +
	       security_path_link(dentry, folder, dentry);
}
