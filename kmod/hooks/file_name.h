/* SPDX-License-Identifier: GPL-2.0-only */
/* The events of file_name.c. */
#ifndef _KMOD_HOOKS_FILE_NAME_H
#define _KMOD_HOOKS_FILE_NAME_H

#include <linux/evring.h>

#include "file_names.h"
#include "path.h"

/* The first fields of events about one name */
#define NAME_FIELDS(F, S)							\
	F(S, TEXT, path, PATH, "the name, from the root of the task")		\
	F(S, TEXT, path_given, PATH, "the path that the task gave")		\
	F(S, S32, result, ERRNO, "0, or why it failed")			\
	F(S, U32, dev, DEV, "the filesystem")					\
	F(S, U16, path_flags, FLAGS, "what path is", .names = &evring_path_flags) \
	F(S, BOOL, path_given_truncated, NONE, "the front of path_given is missing")

/* Those about two */
#define NAMES_FIELDS(F, S)							\
	F(S, TEXT, path, PATH, "the file, from the root of the task")		\
	F(S, TEXT, new_path, PATH, "its new name, likewise")			\
	F(S, TEXT, path_given, PATH, "the path that the task gave")		\
	F(S, TEXT, new_path_given, PATH, "the new path that the task gave")	\
	F(S, S32, result, ERRNO, "0, or why it failed")			\
	F(S, U32, dev, DEV, "the filesystem")					\
	F(S, U64, inode, NONE, "the file's inode; 0: the kernel did not get to it") \
	F(S, U16, file_type, ENUM, "what kind of file it is", .names = &evring_file_types) \
	F(S, U16, path_flags, FLAGS, "what path is", .names = &evring_path_flags) \
	F(S, U16, new_path_flags, FLAGS, "what new_path is", .names = &evring_path_flags) \
	F(S, BOOL, path_given_truncated, NONE, "the front of path_given is missing") \
	F(S, BOOL, new_path_given_truncated, NONE, "the front of new_path_given is missing")

/* The file that goes */
#define GONE_FIELDS(F, S)							\
	NAME_FIELDS(F, S)							\
	F(S, U64, inode, NONE, "the file's inode; 0: the kernel did not get to it") \
	F(S, U16, file_type, ENUM, "what kind of file it is", .names = &evring_file_types) \
	F(S, U32, nlink, NONE, "names that the file had before")

EVRING_TASK_EVENT(file_unlink, "file.unlink", 1, "bulk", "a file lost a name, or could not",
		  GONE_FIELDS);
EVRING_TASK_EVENT(file_rmdir, "file.rmdir", 1, "bulk", "a folder was removed, or could not be",
		  GONE_FIELDS);

#define MKDIR_FIELDS(F, S)							\
	NAME_FIELDS(F, S)							\
	F(S, U16, mode, MODE, "permissions that were asked for")

EVRING_TASK_EVENT(file_mkdir, "file.mkdir", 1, "bulk", "a folder was made, or could not be",
		  MKDIR_FIELDS);

#define MKNOD_FIELDS(F, S)							\
	NAME_FIELDS(F, S)							\
	F(S, U16, file_type, ENUM, "what kind of file it is", .names = &evring_file_types) \
	F(S, U16, mode, MODE, "permissions that were asked for")		\
	F(S, U32, rdev, DEV, "the device that it stands for, if it is one")

EVRING_TASK_EVENT(file_mknod, "file.mknod", 1, "bulk",
		  "a device, pipe or socket was made, or could not be", MKNOD_FIELDS);

#define SYMLINK_FIELDS(F, S)							\
	NAME_FIELDS(F, S)							\
	F(S, TEXT, target, PATH, "where it points to, as it was given")		\
	F(S, BOOL, target_truncated, NONE, "the front of target is missing")

EVRING_TASK_EVENT(file_symlink, "file.symlink", 1, "bulk",
		  "a symbolic link was made, or could not be", SYMLINK_FIELDS);

#define RENAME_FIELDS(F, S)							\
	NAMES_FIELDS(F, S)							\
	F(S, U32, flags, FLAGS, "how", .names = &evring_rename_flags)

EVRING_TASK_EVENT(file_rename, "file.rename", 1, "bulk", "a file was renamed, or could not be",
		  RENAME_FIELDS);

#define LINK_FIELDS(F, S)							\
	NAMES_FIELDS(F, S)							\
	F(S, U32, flags, FLAGS, "how", .names = &evring_at_flags)

EVRING_TASK_EVENT(file_link, "file.link", 1, "bulk", "a file got another name, or could not",
		  LINK_FIELDS);

#endif /* _KMOD_HOOKS_FILE_NAME_H */
