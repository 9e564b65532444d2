/* SPDX-License-Identifier: MIT */
#ifndef EVRING_FILE_H
#define EVRING_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* Returns the number of bytes, or -1 with errno set; EFBIG if the file has @room or more. */
ssize_t file_read(const char *path, char *buf, size_t room);

#endif /* EVRING_FILE_H */
