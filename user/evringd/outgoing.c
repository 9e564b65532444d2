/* SPDX-License-Identifier: MIT */
/* See outgoing.h. */
#include "outgoing.h"

#include "delivery.h"
#include "memory.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES 64		/* about what librdkafka takes for one, beside its name and value */

struct outgoing *outgoing_new(const struct outgoing *from, bool copy)
{
	size_t key_len = from->key ? from->key_len : 0, value_len = copy ? from->len : 0;
	struct outgoing *out = xalloc(sizeof(*out) + key_len + value_len);

	*out = *from;
	out->next = NULL;
	out->copy = copy;
	if (from->key)
		out->key = memcpy(out->room, from->key, key_len);
	if (copy)
		out->value = memcpy(out->room + key_len, from->value, value_len);
	return out;
}

size_t outgoing_bytes(const struct outgoing *out)
{
	size_t bytes = sizeof(*out) + (out->key ? out->key_len : 0) + (out->copy ? out->len : 0);
	const void *value;
	const char *name;
	size_t i, len;

	for (i = 0; out->headers &&
		    !rd_kafka_header_get_all(out->headers, i, &name, &value, &len); i++)
		bytes += HEADER_BYTES + strlen(name) + len;
	return bytes;
}

void outgoing_free(struct outgoing *out)
{
	if (out->headers)
		rd_kafka_headers_destroy(out->headers);
	free(out);
}

bool outgoing_before(const struct outgoing *a, const struct outgoing *b)
{
	if (a->order != b->order)
		return order_before(a->order, b->order);
	return a->place < b->place;
}

static struct outgoing *merge(struct outgoing *a, struct outgoing *b)
{
	struct outgoing *list = NULL, **end = &list;

	while (a && b) {
		struct outgoing **from = outgoing_before(b, a) ? &b : &a;

		*end = *from;
		*from = (*from)->next;
		end = &(*end)->next;
	}
	*end = a ? a : b;
	return list;
}

/* Runs of 1, 2, 4, ... messages are merged as they fill: most lists are sorted nearly. */
struct outgoing *outgoing_sort(struct outgoing *list)
{
	struct outgoing *runs[64] = { NULL }, *run;
	size_t i;

	while ((run = list)) {
		list = run->next;
		run->next = NULL;
		for (i = 0; runs[i]; i++) {
			run = merge(runs[i], run);
			runs[i] = NULL;
		}
		runs[i] = run;
	}
	for (i = 0, run = NULL; i < sizeof(runs) / sizeof(runs[0]); i++)
		if (runs[i])
			run = merge(runs[i], run);
	return run;
}
