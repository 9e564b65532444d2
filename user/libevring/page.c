/* SPDX-License-Identifier: MIT */
/* Reads pages and blocks whose sizes and strides may differ from this program's. */
#include <string.h>

#include "evring.h"

/* @size bytes of which there are @have; the rest is 0. */
static void get(const void *from, size_t have, void *to, size_t size)
{
	size_t n = have < size ? have : size;

	memcpy(to, from, n);
	memset((char *)to + n, 0, size - n);
}

void evring_page_get(const void *page, size_t len, void *to, size_t size)
{
	uint32_t have = 0;

	if (len >= sizeof(have))
		memcpy(&have, page, sizeof(have));
	get(page, have < len ? have : len, to, size);
}

bool evring_table_get(const void *page, size_t len, const struct evring_table *table,
		      unsigned int i, void *to, size_t size)
{
	uint64_t at = table->offset + (uint64_t)table->stride * i;

	if (i >= table->count || at > len || table->stride > len - at)
		return false;
	get((const char *)page + at, table->stride, to, size);
	return true;
}
