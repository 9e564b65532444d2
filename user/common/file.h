/* SPDX-License-Identifier: MIT */
#ifndef EVRING_FILE_H
#define EVRING_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* Returns the number of bytes, or -1 with errno set; EFBIG if the file has @room or more. */
ssize_t file_read(const char *path, char *buf, size_t room);
/* The same of a regular file alone, as a read of others could wait; ESPIPE: it is none. */
ssize_t file_read_regular(const char *path, char *buf, size_t room);
/* The text of an errno of these */
const char *file_error(int err);

#endif /* EVRING_FILE_H */
