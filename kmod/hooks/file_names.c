// SPDX-License-Identifier: GPL-2.0-only
/* What flags and kinds of files are called: user space's own names, this architecture's numbers. */
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>
#include <linux/xattr.h>

#include "file_names.h"

#define TABLE(_id, _name, _values)						\
const struct evring_names_desc _id = {						\
	.name = (_name),							\
	.values = (_values),							\
	.nr_values = ARRAY_SIZE(_values),					\
}

/* O_CLOEXEC is the descriptor's. Those of several bits before those that these bits are by themselves */
static const struct evring_value_desc open_flags[] = {
	{ O_WRONLY, "O_WRONLY", "to write alone" },
	{ O_RDWR, "O_RDWR", "to read and to write; neither of both: to read alone" },
	{ O_CREAT, "O_CREAT", "make it if there is none" },
	{ O_EXCL, "O_EXCL", "fail if there is one" },
	{ O_NOCTTY, "O_NOCTTY", "a terminal does not become the controlling one" },
	{ O_TRUNC, "O_TRUNC", "empty it" },
	{ O_APPEND, "O_APPEND", "each write goes to the end" },
	{ O_NONBLOCK, "O_NONBLOCK", "do not wait" },
	{ O_SYNC, "O_SYNC", "a write returns when data and metadata are on the disk" },
	{ O_DSYNC, "O_DSYNC", "a write returns when the data is on the disk" },
	{ FASYNC, "O_ASYNC", "send a signal when there is something to read" },
	{ O_DIRECT, "O_DIRECT", "past the page cache" },
	{ O_LARGEFILE, "O_LARGEFILE", "sizes above 2 GiB" },
	{ O_TMPFILE, "O_TMPFILE", "a file without a name" },
	{ O_DIRECTORY, "O_DIRECTORY", "fail if it is no folder" },
	{ O_NOFOLLOW, "O_NOFOLLOW", "fail if it is a symbolic link" },
	{ O_NOATIME, "O_NOATIME", "leave the time of access alone" },
	{ O_PATH, "O_PATH", "to name the file alone, not to read or write it" },
};

TABLE(evring_open_flags, "open_flags", open_flags);

static const struct evring_value_desc file_types[] = {
	{ S_IFREG, "regular", "a regular file" },
	{ S_IFDIR, "directory", "a folder" },
	{ S_IFLNK, "symlink", "a symbolic link" },
	{ S_IFCHR, "chardev", "a character device" },
	{ S_IFBLK, "blockdev", "a block device" },
	{ S_IFIFO, "fifo", "a pipe" },
	{ S_IFSOCK, "socket", "a socket" },
};

TABLE(evring_file_types, "file_type", file_types);

static const struct evring_value_desc rename_flags[] = {
	{ RENAME_NOREPLACE, "RENAME_NOREPLACE", "fail if there is a file of the new name" },
	{ RENAME_EXCHANGE, "RENAME_EXCHANGE", "the two files swap their names" },
	{ RENAME_WHITEOUT, "RENAME_WHITEOUT", "leave an overlay's whiteout behind" },
};

TABLE(evring_rename_flags, "rename_flags", rename_flags);

static const struct evring_value_desc at_flags[] = {
	{ AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW", "a symbolic link is meant itself" },
	{ AT_SYMLINK_FOLLOW, "AT_SYMLINK_FOLLOW", "a symbolic link's target is meant" },
	{ AT_EMPTY_PATH, "AT_EMPTY_PATH", "the descriptor's own file is meant" },
};

TABLE(evring_at_flags, "at_flags", at_flags);

static const struct evring_value_desc xattr_flags[] = {
	{ XATTR_CREATE, "XATTR_CREATE", "fail if there is one" },
	{ XATTR_REPLACE, "XATTR_REPLACE", "fail if there is none" },
};

TABLE(evring_xattr_flags, "xattr_flags", xattr_flags);
