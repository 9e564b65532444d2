/* SPDX-License-Identifier: MIT */
/* See memory.h. A daemon's events stay in the ring, for its next start. */
#include "memory.h"

#include "log.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void *must(void *pointer)
{
	if (!pointer)
		fatal("out of memory");
	return pointer;
}

void *xalloc(size_t size)
{
	return must(malloc(size));
}

void *xzalloc(size_t size)
{
	return must(calloc(1, size));
}

void *xaligned(size_t align, size_t size)
{
	return must(aligned_alloc(align, (size + align - 1) & ~(align - 1)));
}

void *xgrow(void *array, size_t old, size_t nr, size_t size)
{
	char *mem = must(reallocarray(array, nr ? nr : 1, size));

	memset(mem + old * size, 0, (nr - old) * size);
	return mem;
}

char *xstrdup(const char *str)
{
	size_t size = strlen(str) + 1;

	return memcpy(xalloc(size), str, size);
}

char *xprintf(const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	return must(n < 0 ? NULL : text);
}

FILE *stream_begin(char **text, size_t *len)
{
	*text = NULL;
	return must(open_memstream(text, len));
}

void stream_end(FILE *stream)
{
	if (fclose(stream))
		must(NULL);
}
