/* SPDX-License-Identifier: MIT */
/* memory: allocation that ends the process with a message where there is no memory. */
#ifndef EVRING_MEMORY_H
#define EVRING_MEMORY_H

#include <stddef.h>
#include <stdio.h>

void *xalloc(size_t size);
void *xzalloc(size_t size);
/* At a multiple of @align, a power of two. */
void *xaligned(size_t align, size_t size);
/* Room for @nr members of @size bytes; the members from @old on are zeroed. */
void *xgrow(void *array, size_t old, size_t nr, size_t size);
char *xstrdup(const char *str);
__attribute__((format(printf, 1, 2))) char *xprintf(const char *fmt, ...);
/* open_memstream(); stream_end() closes it, and then *@text is whole and the caller's. */
FILE *stream_begin(char **text, size_t *len);
void stream_end(FILE *stream);
/* For libraries that return NULL where there is no memory: @pointer, which is not NULL. */
void *must(void *pointer);

#endif /* EVRING_MEMORY_H */
