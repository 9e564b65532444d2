/* SPDX-License-Identifier: MIT */
/* See wire.h. */
#include "wire.h"

#include "memory.h"

size_t wire_bound(const struct evring_event *event)
{
	return evring_json_max(event) + 2 * WIRE_TAIL;
}

size_t wire_bound_ever(const struct evring_event *event)
{
	return evring_json_max_ever(event) + 2 * WIRE_TAIL;
}

char *wire_head(int32_t id, size_t extra, size_t *len)
{
	char *head = xzalloc(5 + extra + 1);
	int i;

	*len = id < 0 ? 0 : 5 + extra;
	for (i = 0; i < 4 && id >= 0; i++)
		head[1 + i] = (char)((uint32_t)id >> (24 - 8 * i));
	return head;
}
