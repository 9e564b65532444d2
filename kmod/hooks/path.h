/* SPDX-License-Identifier: GPL-2.0-only */
/* path.c: the path of a file as text. */
#ifndef _KMOD_HOOKS_PATH_H
#define _KMOD_HOOKS_PATH_H

#include <linux/evring.h>

struct dentry;
struct path;
struct vfsmount;

#define EVRING_PATH_BYTES	4096	/* PATH_MAX: most paths fit */

/* struct evring_path_text.flags; evring_path_flags are their names for a field */
#define EVRING_PATH_CUT		0x1	/* the front is missing: it did not fit */
#define EVRING_PATH_DELETED	0x2	/* the file has no name any more */
#define EVRING_PATH_UNREACHABLE	0x4	/* not below the root of the task */
#define EVRING_PATH_RACED	0x8	/* names changed meanwhile: old and new may be mixed */
#define EVRING_PATH_GIVEN	0x10	/* as it was given: the kernel did not get that far */
#define EVRING_PATH_LOCAL	0x20	/* from its filesystem's root: the mount is not known */

extern const struct evring_names_desc evring_path_flags;

/* @at points into the caller's buffer; no NUL follows. */
struct evring_path_text {
	const char *at;
	u32 len;
	u32 flags;
};

struct evring_path_text evring_path(const struct path *path, char *buf, u32 size);
struct evring_path_text evring_path_from(const struct path *root, const struct path *path,
					 char *buf, u32 size);
struct evring_path_text evring_dentry_path(struct dentry *dentry, char *buf, u32 size);
bool evring_path_is_top(const struct vfsmount *mnt);
void evring_paths_init(void);

#endif /* _KMOD_HOOKS_PATH_H */
