// SPDX-License-Identifier: GPL-2.0-only
/* Names of flags and kinds of files: user space's own names, this architecture's numbers. */
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/stat.h>
#include <linux/xattr.h>
#include <uapi/linux/mount.h>

#include "file_names.h"
#include "names.h"

/*
 * O_CLOEXEC is the descriptor's. Those of several bits come before those that these
 * bits are by themselves.
 */
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
#ifdef O_EMPTYPATH
	{ O_EMPTYPATH, "O_EMPTYPATH", "without a path the folder's descriptor itself" },
#endif
#ifdef __O_REGULAR
	/* The kernel's own bit for one that an int has no room for */
	{ __O_REGULAR, "OPENAT2_REGULAR", "fail if it is no regular file" },
#endif
};

EVRING_NAMES(evring_open_flags, "open_flags", open_flags);

static const struct evring_value_desc file_types[] = {
	{ S_IFREG, "regular", "a regular file" },
	{ S_IFDIR, "directory", "a folder" },
	{ S_IFLNK, "symlink", "a symbolic link" },
	{ S_IFCHR, "chardev", "a character device" },
	{ S_IFBLK, "blockdev", "a block device" },
	{ S_IFIFO, "fifo", "a pipe" },
	{ S_IFSOCK, "socket", "a socket" },
};

EVRING_NAMES(evring_file_types, "file_type", file_types);

static const struct evring_value_desc rename_flags[] = {
	{ RENAME_NOREPLACE, "RENAME_NOREPLACE", "fail if there is a file of the new name" },
	{ RENAME_EXCHANGE, "RENAME_EXCHANGE", "the two files swap their names" },
	{ RENAME_WHITEOUT, "RENAME_WHITEOUT", "leave an overlay's whiteout behind" },
};

EVRING_NAMES(evring_rename_flags, "rename_flags", rename_flags);

static const struct evring_value_desc at_flags[] = {
	{ AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW", "a symbolic link is meant itself" },
	{ AT_SYMLINK_FOLLOW, "AT_SYMLINK_FOLLOW", "a symbolic link's target is meant" },
	{ AT_EMPTY_PATH, "AT_EMPTY_PATH", "the descriptor's own file is meant" },
};

EVRING_NAMES(evring_at_flags, "at_flags", at_flags);

static const struct evring_value_desc xattr_flags[] = {
	{ XATTR_CREATE, "XATTR_CREATE", "fail if there is one" },
	{ XATTR_REPLACE, "XATTR_REPLACE", "fail if there is none" },
};

EVRING_NAMES(evring_xattr_flags, "xattr_flags", xattr_flags);

static const struct evring_value_desc mount_flags[] = {
	{ MS_RDONLY, "MS_RDONLY", "nothing can be written" },
	{ MS_NOSUID, "MS_NOSUID", "set-user-ID programs have no effect" },
	{ MS_NODEV, "MS_NODEV", "devices cannot be opened" },
	{ MS_NOEXEC, "MS_NOEXEC", "nothing can be executed" },
	{ MS_SYNCHRONOUS, "MS_SYNCHRONOUS", "each write waits for the disk" },
	{ MS_REMOUNT, "MS_REMOUNT", "change the flags of what is mounted" },
	{ MS_MANDLOCK, "MS_MANDLOCK", "mandatory locks" },
	{ MS_DIRSYNC, "MS_DIRSYNC", "each change of a folder waits for the disk" },
	{ MS_NOSYMFOLLOW, "MS_NOSYMFOLLOW", "symbolic links are not followed" },
	{ MS_NOATIME, "MS_NOATIME", "times of access are not kept" },
	{ MS_NODIRATIME, "MS_NODIRATIME", "those of folders are not" },
	{ MS_BIND, "MS_BIND", "show a folder at a second place" },
	{ MS_MOVE, "MS_MOVE", "move what is mounted to another place" },
	{ MS_REC, "MS_REC", "with what is mounted below" },
	{ MS_SILENT, "MS_SILENT", "no warnings in the kernel's log" },
	{ MS_UNBINDABLE, "MS_UNBINDABLE", "it cannot be shown at a second place" },
	{ MS_PRIVATE, "MS_PRIVATE", "mounts below do not spread" },
	{ MS_SLAVE, "MS_SLAVE", "mounts below spread to it alone" },
	{ MS_SHARED, "MS_SHARED", "mounts below spread" },
	{ MS_RELATIME, "MS_RELATIME", "times of access are kept once a day" },
	{ MS_I_VERSION, "MS_I_VERSION", "inodes count their changes" },
	{ MS_STRICTATIME, "MS_STRICTATIME", "times of access are always kept" },
	{ MS_LAZYTIME, "MS_LAZYTIME", "times are written late" },
};

EVRING_NAMES(evring_mount_flags, "mount_flags", mount_flags);

static const struct evring_value_desc umount_flags[] = {
	{ MNT_FORCE, "MNT_FORCE", "even if it is in use" },
	{ MNT_DETACH, "MNT_DETACH", "out of sight now, unmounted when it is not in use" },
	{ MNT_EXPIRE, "MNT_EXPIRE", "at the second call, if it was not used since the first" },
	{ UMOUNT_NOFOLLOW, "UMOUNT_NOFOLLOW", "a symbolic link is not followed" },
};

EVRING_NAMES(evring_umount_flags, "umount_flags", umount_flags);
