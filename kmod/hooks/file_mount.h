/* SPDX-License-Identifier: GPL-2.0-only */
/* The events of file_mount.c. */
#ifndef _KMOD_HOOKS_FILE_MOUNT_H
#define _KMOD_HOOKS_FILE_MOUNT_H

#include <linux/evring.h>

#include "file_names.h"
#include "path.h"

#define MOUNT_FIELDS(F, S)							\
	F(S, TEXT, path, PATH, "where it is mounted, from the root of the task") \
	F(S, TEXT, source, PATH, "what was to be mounted, as it was given")	\
	F(S, TEXT, type, NONE, "kind of the filesystem")			\
	F(S, S32, result, ERRNO, "0, or why it failed")			\
	F(S, U32, flags, FLAGS, "how", .names = &evring_mount_flags)		\
	F(S, U16, path_flags, FLAGS, "what path is", .names = &evring_path_flags) \
	F(S, BOOL, source_truncated, NONE, "the front of source is missing")	\
	F(S, BOOL, type_truncated, NONE, "the end of type is missing")

EVRING_TASK_EVENT(file_mount, "file.mount", 1, "critical",
		  "something was mounted, moved or mounted anew, or could not be", MOUNT_FIELDS);

#define UMOUNT_FIELDS(F, S)							\
	F(S, TEXT, path, PATH, "where it was mounted, from the root of the task") \
	F(S, TEXT, type, NONE, "kind of the filesystem")			\
	F(S, S32, result, ERRNO, "0, or why it failed")			\
	F(S, U32, flags, FLAGS, "how", .names = &evring_umount_flags)		\
	F(S, U16, path_flags, FLAGS, "what path is", .names = &evring_path_flags)

EVRING_TASK_EVENT(file_umount, "file.umount", 1, "critical",
		  "something was unmounted, or could not be", UMOUNT_FIELDS);

#define PIVOT_ROOT_FIELDS(F, S)							\
	F(S, TEXT, path, PATH, "the folder that becomes the root")		\
	F(S, TEXT, put_old, PATH, "where the old root goes")			\
	F(S, S32, result, ERRNO, "0, or why it failed")			\
	F(S, U16, path_flags, FLAGS, "what path is", .names = &evring_path_flags) \
	F(S, U16, put_old_flags, FLAGS, "what put_old is", .names = &evring_path_flags)

EVRING_TASK_EVENT(file_pivot_root, "file.pivot_root", 1, "critical",
		  "the root of a mount namespace was replaced, or could not be",
		  PIVOT_ROOT_FIELDS);

#endif /* _KMOD_HOOKS_FILE_MOUNT_H */
