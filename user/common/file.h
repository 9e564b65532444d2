/* SPDX-License-Identifier: MIT */
#ifndef EVRING_FILE_H
#define EVRING_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Returns the number of bytes, or -1 with errno set; EFBIG if the file has @room or more. */
ssize_t file_read(const char *path, char *buf, size_t room);
/* The same of a regular file alone: no other one is opened, and errno is ESPIPE. */
ssize_t file_read_regular(const char *path, char *buf, size_t room);
/*
 * Why another library should not be asked to read it; NULL: it is a regular file, or @folder and
 * a folder. The open of a FIFO would wait, and a device can have no end.
 */
const char *file_unfit(const char *path, bool folder);
/* The text of an errno of these */
const char *file_error(int err);

#endif /* EVRING_FILE_H */
