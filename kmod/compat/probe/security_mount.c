// SPDX-License-Identifier: GPL-2.0-only
/* From 5.2: the security hook of mounts that move, with these arguments */
#include <linux/fs.h>
#include <linux/security.h>

int probe(const struct path *path);

int probe(const struct path *path)
{
	return security_move_mount(path, path) + security_sb_pivotroot(path, path);
}
