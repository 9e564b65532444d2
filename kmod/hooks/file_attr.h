/* SPDX-License-Identifier: GPL-2.0-only */
/* The events of file_attr.c. */
#ifndef _KMOD_HOOKS_FILE_ATTR_H
#define _KMOD_HOOKS_FILE_ATTR_H

#include <linux/evring.h>

#include "file_names.h"
#include "path.h"

/* The first fields of each of them */
#define ATTR_FIELDS(F, S)							\
	F(S, TEXT, path, PATH, "the file, from the root of the task")		\
	F(S, S32, result, ERRNO, "0, or why it failed")			\
	F(S, U32, dev, DEV, "the filesystem that has the inode")		\
	F(S, U64, inode, NONE, "the file's inode")				\
	F(S, U16, file_type, ENUM, "what kind of file it is", .names = &evring_file_types) \
	F(S, U16, path_flags, FLAGS, "what path is", .names = &evring_path_flags)

#define CHMOD_FIELDS(F, S)							\
	ATTR_FIELDS(F, S)							\
	F(S, U16, old_mode, MODE, "permissions before")				\
	F(S, U16, new_mode, MODE, "permissions that were asked for")

EVRING_TASK_EVENT(file_chmod, "file.chmod", 1, "bulk",
		  "a file's permissions were changed, or could not be", CHMOD_FIELDS);

#define CHOWN_FIELDS(F, S)							\
	ATTR_FIELDS(F, S)							\
	F(S, U32, old_owner, UID, "owner before")				\
	F(S, U32, old_group, GID, "group before")				\
	F(S, U32, new_owner, UID, "owner that was asked for, 4294967295: none")	\
	F(S, U32, new_group, GID, "group that was asked for, 4294967295: none")

EVRING_TASK_EVENT(file_chown, "file.chown", 1, "bulk",
		  "a file's owner was changed, or could not be", CHOWN_FIELDS);

#define TRUNCATE_FIELDS(F, S)							\
	ATTR_FIELDS(F, S)							\
	F(S, U64, old_size, NONE, "size before", .unit = "bytes")		\
	F(S, U64, new_size, NONE, "size that was asked for", .unit = "bytes")

EVRING_TASK_EVENT(file_truncate, "file.truncate", 1, "bulk",
		  "a file's size was changed, or could not be", TRUNCATE_FIELDS);

#define SETXATTR_FIELDS(F, S)							\
	ATTR_FIELDS(F, S)							\
	F(S, TEXT, name, NONE, "name of the attribute")				\
	F(S, U32, size, NONE, "size of its value", .unit = "bytes")		\
	F(S, U32, flags, FLAGS, "how", .names = &evring_xattr_flags)		\
	F(S, BOOL, removed, NONE, "it was removed")

EVRING_TASK_EVENT(file_setxattr, "file.setxattr", 1, "bulk",
		  "an extended attribute was set or removed, or could not be", SETXATTR_FIELDS);

#endif /* _KMOD_HOOKS_FILE_ATTR_H */
