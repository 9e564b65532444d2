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

/* A field has a table of its own for its values' names. */
static void count_values(const struct evring_type *like, uint32_t *tables, uint32_t *values,
			 size_t *strings)
{
	const struct evring_field *field;
	uint32_t i, j;

	*tables = 0;
	*values = 0;
	for (i = 0; i < like->nr_fields; i++) {
		field = &like->fields[i];
		*tables += !!field->nr_values;
		*values += field->nr_values;
		for (j = 0; j < field->nr_values; j++)
			*strings += string_size(field->values[j].name) +
				    string_size(field->values[j].doc);
	}
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

/* Where the parts of a block are put together */
struct parts {
	struct evring_block *block;
	struct evring_block_field *fields;
	struct evring_block_names *tables;
	struct evring_block_value *values;
	char *strings;
	uint32_t used;		/* of the strings */
};

static void put_values(struct parts *parts, struct evring_block_field *field,
		       const struct evring_field *from)
{
	struct evring_block *block = parts->block;
	struct evring_block_value *value;
	uint32_t i;

	if (!from->nr_values)
		return;
	parts->tables[block->tables.count++] = (struct evring_block_names){
		.first = block->values.count, .count = from->nr_values,
	};
	field->names = (uint16_t)block->tables.count;
	for (i = 0; i < from->nr_values; i++) {
		value = &parts->values[block->values.count++];
		value->value = from->values[i].value;
		value->name = put_string(parts->strings, &parts->used, from->values[i].name);
		value->doc = put_string(parts->strings, &parts->used, from->values[i].doc);
	}
}

static struct evring_table table_at(const struct parts *parts, const void *at, size_t stride)
{
	return (struct evring_table){
		.offset = (uint32_t)((const char *)at - (const char *)parts->block),
		.stride = (uint32_t)stride,
	};
}

static void block_fill(struct parts *parts, const struct evring_type *like)
{
	struct evring_block *block = parts->block;
	uint32_t i;

	block->magic = EVRING_BLOCK_MAGIC;
	block->size = sizeof(*block);
	block->version = like->version;
	block->common_size = like->common_size;
	block->data_size = like->size;
	block->name = put_string(parts->strings, &parts->used, like->name);
	block->doc = put_string(parts->strings, &parts->used, like->doc);
	block->lane = put_string(parts->strings, &parts->used, like->own_lane);
	block->fields = table_at(parts, parts->fields, sizeof(*parts->fields));
	block->tables = table_at(parts, parts->tables, sizeof(*parts->tables));
	block->values = table_at(parts, parts->values, sizeof(*parts->values));
	block->strings = table_at(parts, parts->strings, 1);
	for (i = 0; i < like->nr_fields; i++) {
		const struct evring_field *from = &like->fields[i];
		struct evring_block_field *field = &parts->fields[block->fields.count++];

		field->name = put_string(parts->strings, &parts->used, from->name);
		field->unit = put_string(parts->strings, &parts->used, from->unit);
		field->doc = put_string(parts->strings, &parts->used, from->doc);
		field->kind = from->kind;
		field->format = from->format;
		field->offset = from->offset;
		field->size = from->size;
		put_values(parts, field, from);
	}
	block->strings.count = parts->used;
}

int evring_type_build(struct evring_type **type, const struct evring_type *like)
{
	size_t strings = strings_size(like), len;
	struct parts parts = { .used = 1 };
	uint32_t nr_tables, nr_values;
	int ret;

	count_values(like, &nr_tables, &nr_values, &strings);
	len = ALIGN8(sizeof(*parts.block) + like->nr_fields * sizeof(*parts.fields) +
		     nr_tables * sizeof(*parts.tables) + nr_values * sizeof(*parts.values) +
		     strings);
	parts.block = calloc(1, len);
	if (!parts.block)
		return -ENOMEM;
	parts.fields = (struct evring_block_field *)(parts.block + 1);
	parts.tables = (struct evring_block_names *)(parts.fields + like->nr_fields);
	parts.values = (struct evring_block_value *)(parts.tables + nr_tables);
	parts.strings = (char *)(parts.values + nr_values);
	parts.block->len = (uint32_t)len;
	block_fill(&parts, like);
	ret = evring_type_parse(type, parts.block, len);
	free(parts.block);
	if (!ret)
		(*type)->id = like->id;
	return ret == -EBADMSG ? -EINVAL : ret;
}
