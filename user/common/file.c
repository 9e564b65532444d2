/* SPDX-License-Identifier: MIT */
/* A small file, read as a whole. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
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

ssize_t file_read_regular(const char *path, char *buf, size_t room)
{
	/* The open of a FIFO would wait, too. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
		return read_all(fd, buf, room);
	close(fd);
	errno = ESPIPE;
	return -1;
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
