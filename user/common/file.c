/* SPDX-License-Identifier: MIT */
/* A small file, read as a whole. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

ssize_t file_read(const char *path, char *buf, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = -1;
	int err;

	if (fd < 0)
		return -1;
	while (len < room && (n = read(fd, buf + len, room - len)) > 0)
		len += (size_t)n;
	err = n < 0 ? errno : EFBIG;
	close(fd);
	errno = err;
	return n ? -1 : (ssize_t)len;
}
