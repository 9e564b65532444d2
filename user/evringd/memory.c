/* SPDX-License-Identifier: MIT */
/* A daemon without memory cannot go on: its events stay in the ring for the next start. */
#include "evringd.h"

#include <stdlib.h>
#include <string.h>

void *xalloc(size_t size)
{
	void *mem = malloc(size);

	if (!mem)
		fatal("out of memory");
	return mem;
}

void *xaligned(size_t align, size_t size)
{
	void *mem = aligned_alloc(align, (size + align - 1) & ~(align - 1));

	if (!mem)
		fatal("out of memory");
	return mem;
}

void *xgrow(void *array, size_t old, size_t nr, size_t size)
{
	char *mem = reallocarray(array, nr, size);

	if (!mem)
		fatal("out of memory");
	memset(mem + old * size, 0, (nr - old) * size);
	return mem;
}

char *xstrdup(const char *str)
{
	size_t size = strlen(str) + 1;

	return memcpy(xalloc(size), str, size);
}
