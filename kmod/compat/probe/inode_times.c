// SPDX-License-Identifier: GPL-2.0-only
/* From 6.7 on an inode's times are read by functions. */
#include <linux/fs.h>

s64 probe(const struct inode *inode);

s64 probe(const struct inode *inode)
{
	return inode_get_mtime(inode).tv_sec + inode_get_ctime(inode).tv_sec;
}
