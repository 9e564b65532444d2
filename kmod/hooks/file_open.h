/* SPDX-License-Identifier: GPL-2.0-only */
/* The event of file_open.c. */
#ifndef _KMOD_HOOKS_FILE_OPEN_H
#define _KMOD_HOOKS_FILE_OPEN_H

#include <linux/evring.h>

#include "file_names.h"
#include "path.h"

#define OPEN_FIELDS(F, S)							\
	F(S, TEXT, path, PATH, "the file that was opened, from the root of the task") \
	F(S, TEXT, path_given, PATH, "the path that the task gave")		\
	F(S, U32, flags, FLAGS, "how it was opened", .names = &evring_open_flags) \
	F(S, S32, result, ERRNO, "0, or why it failed")			\
	F(S, U64, inode, NONE, "its inode; 0: there is no file")		\
	F(S, U32, dev, DEV, "the filesystem that has the inode")		\
	F(S, U16, file_type, ENUM, "what kind of file it is", .names = &evring_file_types) \
	F(S, U16, mode, MODE, "permissions that were asked for, of a file to be made") \
	F(S, U16, path_flags, FLAGS, "what path is", .names = &evring_path_flags) \
	F(S, BOOL, path_given_truncated, NONE, "the front of path_given is missing") \
	F(S, BOOL, created, NONE, "the file did not exist before")		\
	F(S, BOOL, truncated, NONE, "the file was emptied")			\
	F(S, BOOL, pending, NONE, "told before its end, as too many opens of its user wait: result is not known")

EVRING_TASK_EVENT(file_open, "file.open", 1, "bulk", "a file was opened, or could not be",
		  OPEN_FIELDS);

#endif /* _KMOD_HOOKS_FILE_OPEN_H */
