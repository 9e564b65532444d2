/* SPDX-License-Identifier: GPL-2.0-only */
/* program.c: fields about a process's program, for process.exec and process.state. */
#ifndef _KMOD_HOOKS_PROGRAM_H
#define _KMOD_HOOKS_PROGRAM_H

#include <linux/fs.h>
#include <linux/types.h>

#define EVRING_ARGV_BYTES	4096	/* of the arguments, their NULs included */
#define EVRING_ARGV_END_BYTES	1024	/* of their end, where they are cut */

/* The file that it was read from */
struct evring_program_file {
	u64 inode;
	u64 mtime;
	u64 ctime;
	u32 dev;
	u32 uid;
	u32 nlink;
	u16 mode;
	bool is_memfd;
	bool is_deleted;
	bool is_upper;
};

void evring_program_file(struct evring_program_file *to, const struct file *file);

/*
 * The file's fields, and flags of odd files: two lists, as each event has something of
 * its own between them.
 */
#define PROGRAM_FILE_FIELDS(F, S)						\
	F(S, U64, mtime, TIME, "when the file's content last changed")		\
	F(S, U64, ctime, TIME, "when the file's inode last changed")		\
	F(S, U32, dev, DEV, "the filesystem that has the inode")		\
	F(S, U32, file_uid, UID, "who owns the file")				\
	F(S, U32, nlink, NONE, "names that the file has")			\
	F(S, U16, mode, MODE, "the file's permissions")

#define PROGRAM_FILE_KIND_FIELDS(F, S)						\
	F(S, BOOL, is_memfd, NONE, "the file is a memfd: memory, in no filesystem") \
	F(S, BOOL, is_deleted, NONE, "the file has no name any more, or never had one") \
	F(S, BOOL, is_upper_layer, NONE, "the file is in an overlay's upper layer, in no image")

/* Fill the event's fields with those of evring_program_file() of the same names. */
#define EVRING_FILL_PROGRAM_FILE(_e, _file) do {				\
	(_e)->inode = (_file)->inode;						\
	(_e)->mtime = (_file)->mtime;						\
	(_e)->ctime = (_file)->ctime;						\
	(_e)->dev = (_file)->dev;						\
	(_e)->file_uid = (_file)->uid;						\
	(_e)->nlink = (_file)->nlink;						\
	(_e)->mode = (_file)->mode;						\
	(_e)->is_memfd = (_file)->is_memfd;					\
	(_e)->is_deleted = (_file)->is_deleted;					\
	(_e)->is_upper_layer = (_file)->is_upper;				\
} while (0)

#endif /* _KMOD_HOOKS_PROGRAM_H */
