// SPDX-License-Identifier: GPL-2.0-only
/* Fields about a process's program, for process.exec and process.state. */
#include <linux/dcache.h>
#include <linux/magic.h>
#include <linux/mm.h>

#include "../compat/exec.h"
#include "program.h"

/* A memfd's file is in a filesystem that nobody can mount, under a name that starts so. */
static bool is_memfd(const struct file *file)
{
	const struct dentry *dentry = file->f_path.dentry;

	return (dentry->d_sb->s_flags & SB_KERNMOUNT) &&
	       (dentry->d_sb->s_magic == TMPFS_MAGIC ||
		dentry->d_sb->s_magic == HUGETLBFS_MAGIC) &&
	       !strncmp(dentry->d_name.name, "memfd:", 6);
}

void evring_program_file(struct evring_program_file *to, const struct file *file)
{
	const struct inode *inode = file_inode(file);

	*to = (struct evring_program_file){
		.inode = inode->i_ino,
		.mtime = evring_mtime(inode),
		.ctime = evring_ctime(inode),
		.dev = inode->i_sb->s_dev,
		.uid = from_kuid(&init_user_ns, inode->i_uid),
		.nlink = inode->i_nlink,
		.mode = inode->i_mode & S_IALLUGO,
		.is_memfd = is_memfd(file),
		.is_deleted = !inode->i_nlink || d_unlinked(file->f_path.dentry),
		.is_upper = evring_is_upper(inode),
	};
}
