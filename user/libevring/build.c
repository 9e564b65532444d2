/* SPDX-License-Identifier: MIT */
/* A type put together by hand becomes one with a block of bytes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define ALIGN8(n)	(((size_t)(n) + 7) & ~(size_t)7)

static size_t string_size(const char *s)
{
	return s ? strlen(s) + 1 : 0;
}

static size_t strings_size(const struct evring_type *like)
{
	size_t size = 1 + string_size(like->name) + string_size(like->doc) +
		      string_size(like->own_lane);
	uint32_t i;

	for (i = 0; i < like->nr_fields; i++)
		size += string_size(like->fields[i].name) + string_size(like->fields[i].doc) +
			string_size(like->fields[i].unit);
	return size;
}

static uint32_t put_string(char *strings, uint32_t *used, const char *s)
{
	uint32_t at = *used;

	if (!s || !*s)
		return 0;
	strcpy(strings + at, s);
	*used += (uint32_t)strlen(s) + 1;
	return at;
}

static void block_fill(struct evring_block *block, const struct evring_type *like)
{
	struct evring_block_field *field = (struct evring_block_field *)(block + 1);
	char *strings = (char *)(field + like->nr_fields);
	uint32_t used = 1, i;

	block->magic = EVRING_BLOCK_MAGIC;
	block->size = sizeof(*block);
	block->version = like->version;
	block->common_size = like->common_size;
	block->data_size = like->size;
	block->name = put_string(strings, &used, like->name);
	block->doc = put_string(strings, &used, like->doc);
	block->lane = put_string(strings, &used, like->own_lane);
	block->fields = (struct evring_table){
		.offset = sizeof(*block), .stride = sizeof(*field), .count = like->nr_fields,
	};
	for (i = 0; i < like->nr_fields; i++, field++) {
		const struct evring_field *from = &like->fields[i];

		field->name = put_string(strings, &used, from->name);
		field->unit = put_string(strings, &used, from->unit);
		field->doc = put_string(strings, &used, from->doc);
		field->kind = from->kind;
		field->format = from->format;
		field->offset = from->offset;
		field->size = from->size;
	}
	block->strings = (struct evring_table){
		.offset = (uint32_t)(strings - (char *)block), .stride = 1, .count = used,
	};
}

int evring_type_build(struct evring_type **type, const struct evring_type *like)
{
	size_t len = ALIGN8(sizeof(struct evring_block) +
			    like->nr_fields * sizeof(struct evring_block_field) +
			    strings_size(like));
	struct evring_block *block = calloc(1, len);
	int ret;

	if (!block)
		return -ENOMEM;
	block->len = (uint32_t)len;
	block_fill(block, like);
	ret = evring_type_parse(type, block, len);
	free(block);
	if (!ret)
		(*type)->id = like->id;
	return ret == -EBADMSG ? -EINVAL : ret;
}
