/* SPDX-License-Identifier: MIT */
/* A small file, read as a whole. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static ssize_t read_all(int fd, char *buf, size_t room)
{
	size_t len = 0;
	ssize_t n = -1;
	int err;

	while (len < room && (n = read(fd, buf + len, room - len)) > 0)
		len += (size_t)n;
	err = n < 0 ? errno : EFBIG;
	close(fd);
	errno = err;
	return n ? -1 : (ssize_t)len;
}

ssize_t file_read(const char *path, char *buf, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : read_all(fd, buf, room);
}

/* Files there look regular, and can be others' logs, which a read waits for and takes. */
static bool is_made_up(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && (fs.f_type == PROC_SUPER_MAGIC || fs.f_type == TRACEFS_MAGIC);
}

static bool is_fit(int fd)
{
	struct stat st;

	return fstat(fd, &st) || S_ISDIR(st.st_mode) || (S_ISREG(st.st_mode) && !is_made_up(fd));
}

/* Closes @fd; errno stays, or becomes @err. */
static int give_up(int fd, int err)
{
	err = err ? err : errno;
	close(fd);
	errno = err;
	return -1;
}

/* @found, of @path, for reading; or -1 */
static int open_found(int found, const char *path)
{
	char self[32];
	int fd;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", found);
	/* O_NONBLOCK: the owner of a regular file can have a lease on it, which an open waits for. */
	fd = open(self, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	/* There is no /proc. The path can have become another file's a moment ago. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 || is_fit(fd) ? fd : give_up(fd, ESPIPE);
}

/*
 * It is looked at before it is open: the open of a FIFO waits, that of a device can do things,
 * such as start a watchdog, and the path can be that of somebody who is not to do them.
 */
ssize_t file_read_regular(const char *path, char *buf, size_t room)
{
	int found = open(path, O_PATH | O_CLOEXEC), fd;

	if (found < 0)
		return -1;
	if (!is_fit(found))
		return give_up(found, ESPIPE);
	fd = open_found(found, path);
	if (fd < 0)
		return give_up(found, 0);
	close(found);
	return read_all(fd, buf, room);
}

const char *file_unfit(const char *path, bool folder)
{
	struct stat st;

	if (stat(path, &st) || access(path, R_OK))
		return "cannot be read";
	return S_ISREG(st.st_mode) || (folder && S_ISDIR(st.st_mode)) ? NULL :
								       "is no regular file";
}

const char *file_error(int err)
{
	return err == ESPIPE ? "is no regular file" : strerror(err);
}
