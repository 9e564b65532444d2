/* SPDX-License-Identifier: GPL-2.0-only */
/* file_names.c: names of flags and kinds of files. */
#ifndef _KMOD_HOOKS_FILE_NAMES_H
#define _KMOD_HOOKS_FILE_NAMES_H

#include <linux/evring.h>

extern const struct evring_names_desc evring_open_flags;
extern const struct evring_names_desc evring_file_types;
extern const struct evring_names_desc evring_rename_flags;
extern const struct evring_names_desc evring_at_flags;
extern const struct evring_names_desc evring_xattr_flags;
extern const struct evring_names_desc evring_mount_flags;
extern const struct evring_names_desc evring_umount_flags;

#endif /* _KMOD_HOOKS_FILE_NAMES_H */
