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
	uint32_t i, j;

	for (i = 0; i < like->nr_fields; i++) {
		const struct evring_field *field = &like->fields[i];

		size += string_size(field->name) + string_size(field->doc) +
			string_size(field->unit);
		for (j = 0; j < field->nr_values; j++)
			size += string_size(field->values[j].name) +
				string_size(field->values[j].doc);
	}
	return size;
}

/* Fields with names of numbers, and all these names */
static void values_count(const struct evring_type *like, uint32_t *tables, uint32_t *values)
{
	uint32_t i;

	*tables = 0;
	*values = 0;
	for (i = 0; i < like->nr_fields; i++) {
		*tables += like->fields[i].nr_values > 0;
		*values += like->fields[i].nr_values;
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

/* A block in the making: where the next of each goes */
struct maker {
	struct evring_block *block;
	struct evring_block_field *field;
	struct evring_block_names *table;
	struct evring_block_value *value;
	char *strings;
	uint32_t used;
};

static uint32_t put(struct maker *m, const char *s)
{
	return put_string(m->strings, &m->used, s);
}

/* A field's names; a table each, called as it is. Returns the table's number plus 1, 0: none. */
static uint16_t put_values(struct maker *m, const struct evring_field *from, uint32_t name)
{
	uint32_t i;

	if (!from->nr_values)
		return 0;
	*m->table++ = (struct evring_block_names){
		.name = name, .first = m->block->values.count,
		.count = from->nr_values,
	};
	for (i = 0; i < from->nr_values; i++)
		*m->value++ = (struct evring_block_value){
			.value = from->values[i].value, .name = put(m, from->values[i].name),
			.doc = put(m, from->values[i].doc),
		};
	m->block->values.count += from->nr_values;
	return (uint16_t)++m->block->tables.count;
}

static void put_field(struct maker *m, const struct evring_field *from)
{
	uint32_t name = put(m, from->name);

	*m->field++ = (struct evring_block_field){
		.name = name, .unit = put(m, from->unit), .doc = put(m, from->doc),
		.kind = from->kind, .format = from->format,
		.offset = from->offset, .size = from->size,
		.names = put_values(m, from, name),
	};
}

static void table_place(struct evring_block *block, struct evring_table *table, const void *at,
			size_t stride)
{
	table->offset = (uint32_t)((const char *)at - (const char *)block);
	table->stride = (uint32_t)stride;
}

static void block_fill(struct evring_block *block, const struct evring_type *like)
{
	struct maker m = { .block = block, .used = 1 };
	uint32_t tables, values, i;

	values_count(like, &tables, &values);
	m.field = (struct evring_block_field *)(block + 1);
	/* The values first: they want to be aligned to 8, and a field is 24 bytes. */
	m.value = (struct evring_block_value *)(m.field + like->nr_fields);
	m.table = (struct evring_block_names *)(m.value + values);
	m.strings = (char *)(m.table + tables);
	table_place(block, &block->fields, m.field, sizeof(*m.field));
	table_place(block, &block->values, m.value, sizeof(*m.value));
	table_place(block, &block->tables, m.table, sizeof(*m.table));
	table_place(block, &block->strings, m.strings, 1);
	block->magic = EVRING_BLOCK_MAGIC;
	block->size = sizeof(*block);
	block->version = like->version;
	block->common_size = like->common_size;
	block->data_size = like->size;
	block->name = put(&m, like->name);
	block->doc = put(&m, like->doc);
	block->lane = put(&m, like->own_lane);
	for (i = 0; i < like->nr_fields; i++)
		put_field(&m, &like->fields[i]);
	block->fields.count = like->nr_fields;
	block->strings.count = m.used;
}

/* malloc'd, *@len bytes; NULL: no memory */
void *block_build(const struct evring_type *like, size_t *len)
{
	struct evring_block *block;
	uint32_t tables, values;

	values_count(like, &tables, &values);
	*len = ALIGN8(sizeof(*block) + like->nr_fields * sizeof(struct evring_block_field) +
		      tables * sizeof(struct evring_block_names) +
		      values * sizeof(struct evring_block_value) + strings_size(like));
	block = calloc(1, *len);
	if (!block)
		return NULL;
	block->len = (uint32_t)*len;
	block_fill(block, like);
	return block;
}

int evring_type_build(struct evring_type **type, const struct evring_type *like)
{
	size_t len;
	void *block = block_build(like, &len);
	int ret;

	if (!block)
		return -ENOMEM;
	ret = evring_type_parse(type, block, len);
	free(block);
	if (!ret)
		(*type)->id = like->id;
	return ret == -EBADMSG ? -EINVAL : ret;
}
