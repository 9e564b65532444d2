// SPDX-License-Identifier: GPL-2.0-only
/*
 * A type's block: the bytes by which user space knows it (struct evring_block),
 * made of the C tables that a module declares. A string or a table of names that
 * several fields share is in there once.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "block.h"
#include "limits.h"

/* A block in the making. All tables but the strings have their places from the start. */
struct maker {
	struct evring_block *block;
	struct evring_block_field *fields;
	struct evring_block_names *tables;
	struct evring_block_value *values;
	char *strings;
	const struct evring_names_desc **made;	/* by number of table */
};

/* Upper bounds of a block's tables: as if no two fields shared a string */
struct extent {
	size_t fields, tables, values, strings;
};

static size_t string_size(const char *s)
{
	return s ? strlen(s) + 1 : 0;
}

/* The unit that a format implies */
static const char *field_unit(const struct evring_field_desc *field)
{
	if (field->unit)
		return field->unit;
	switch (field->format) {
	case EVRING_FORMAT_DURATION:
	case EVRING_FORMAT_BOOTTIME:
	case EVRING_FORMAT_TIME:
		return "ns";
	default:
		return NULL;
	}
}

/* Does a field before this one have the same table? */
static bool names_shared(const struct evring_type_desc *desc, u32 i)
{
	u32 j;

	for (j = 0; j < i; j++)
		if (desc->fields[j].names == desc->fields[i].names)
			return true;
	return false;
}

/* May sleep. */
static struct extent desc_extent(const struct evring_type_desc *desc)
{
	struct extent extent = {
		.fields = desc->nr_fields,
		.strings = 1 + string_size(desc->name) + string_size(desc->doc) +
			   string_size(desc->lane),
	};
	u32 i, j;

	for (i = 0; i < desc->nr_fields; i++) {
		const struct evring_field_desc *field = &desc->fields[i];
		const struct evring_names_desc *names = field->names;

		extent.strings += string_size(field->name) + string_size(field->doc) +
				  string_size(field_unit(field));
		if (!names || names_shared(desc, i))
			continue;
		extent.tables++;
		extent.values += names->nr_values;
		extent.strings += string_size(names->name);
		for (j = 0; j < names->nr_values; j++)
			extent.strings += string_size(names->values[j].name) +
					  string_size(names->values[j].doc);
		/* A user's block may have hundreds of tables of the same thousand long strings. */
		cond_resched();
	}
	return extent;
}

/* Position of a string that is there, or is put there. */
static u32 put_string(struct maker *m, const char *s)
{
	struct evring_table *strings = &m->block->strings;
	size_t len;
	u32 at;

	if (!s || !*s)
		return 0;
	for (at = 0; at < strings->count; at += strlen(m->strings + at) + 1)
		if (!strcmp(m->strings + at, s))
			return at;
	len = strlen(s) + 1;
	memcpy(m->strings + at, s, len);
	strings->count += len;
	return at;
}

/* Number of a table plus 1 */
static u16 put_names(struct maker *m, const struct evring_names_desc *names)
{
	struct evring_block *block = m->block;
	struct evring_block_names *table;
	struct evring_block_value *value;
	u32 i;

	if (!names)
		return 0;
	for (i = 0; i < block->tables.count; i++)
		if (m->made[i] == names)
			return i + 1;
	m->made[block->tables.count] = names;
	table = &m->tables[block->tables.count++];
	table->name = put_string(m, names->name);
	table->first = block->values.count;
	table->count = names->nr_values;
	for (i = 0; i < names->nr_values; i++) {
		value = &m->values[block->values.count++];
		value->value = names->values[i].value;
		value->name = put_string(m, names->values[i].name);
		value->doc = put_string(m, names->values[i].doc);
		cond_resched();		/* each string is compared with all others */
	}
	return block->tables.count;
}

static void put_field(struct maker *m, const struct evring_field_desc *field)
{
	struct evring_block_field *to = &m->fields[m->block->fields.count++];

	to->name = put_string(m, field->name);
	to->doc = put_string(m, field->doc);
	to->unit = put_string(m, field_unit(field));
	to->kind = field->kind;
	to->format = field->format;
	to->offset = field->offset;
	to->size = field->size;
	to->names = put_names(m, field->names);
}

static void *put_table(struct evring_block *block, struct evring_table *table, u32 stride,
		       size_t count)
{
	table->offset = block->len;
	table->stride = stride;
	block->len += stride * count;
	return (void *)block + table->offset;
}

static size_t extent_size(const struct extent *extent)
{
	return sizeof(struct evring_block) + extent->fields * sizeof(struct evring_block_field) +
	       extent->tables * sizeof(struct evring_block_names) +
	       extent->values * sizeof(struct evring_block_value) + ALIGN(extent->strings, 8);
}

/* Bytes that the block of @desc takes, at most. @desc was checked. */
size_t evring_block_room(const struct evring_type_desc *desc)
{
	struct extent extent = desc_extent(desc);

	return extent_size(&extent);
}

/* kfree() it. ERR_PTR: ENOMEM. @desc was checked. May sleep. */
struct evring_block *evring_block_make(const struct evring_type_desc *desc)
{
	struct extent extent = desc_extent(desc);
	struct evring_block *block;
	struct maker m;
	u32 i;

	block = kzalloc(extent_size(&extent), GFP_KERNEL_ACCOUNT);
	m.made = kcalloc(extent.tables + 1, sizeof(*m.made), GFP_KERNEL);
	if (!block || !m.made) {
		kfree(block);
		kfree(m.made);
		return ERR_PTR(-ENOMEM);
	}
	block->magic = EVRING_BLOCK_MAGIC;
	block->size = sizeof(*block);
	block->version = desc->version;
	block->common_size = desc->common_size;
	block->data_size = desc->size;
	block->len = sizeof(*block);

	m.block = block;
	m.fields = put_table(block, &block->fields, sizeof(*m.fields), extent.fields);
	m.tables = put_table(block, &block->tables, sizeof(*m.tables), extent.tables);
	m.values = put_table(block, &block->values, sizeof(*m.values), extent.values);
	m.strings = put_table(block, &block->strings, 1, 0);
	block->strings.count = 1;
	block->name = put_string(&m, desc->name);
	block->doc = put_string(&m, desc->doc);
	block->lane = put_string(&m, desc->lane);
	for (i = 0; i < desc->nr_fields; i++)
		put_field(&m, &desc->fields[i]);
	block->len = ALIGN(block->len + block->strings.count, 8);
	kfree(m.made);
	return block;
}

const char *evring_block_name(const struct evring_block *block)
{
	return (const char *)block + block->strings.offset + block->name;
}

static const struct evring_block_field *block_field(const struct evring_block *block, u32 i)
{
	return (const void *)block + block->fields.offset + i * block->fields.stride;
}

static const char *block_string(const struct evring_block *block, u32 at)
{
	return (const char *)block + block->strings.offset + at;
}

/* The property in which field @i of two blocks differs, in words; NULL: they are the same */
static const char *field_differs(const struct evring_block *a, const struct evring_block *b, u32 i)
{
	const struct evring_block_field *fa = block_field(a, i), *fb = block_field(b, i);

	if (strcmp(block_string(a, fa->name), block_string(b, fb->name)))
		return "name";
	if (fa->kind != fb->kind)
		return "kind";
	if (fa->format != fb->format)
		return "format";
	if (fa->offset != fb->offset)
		return "offset";
	return fa->size != fb->size ? "size" : NULL;
}

/*
 * The property in which two schemas first differ, of the fields that both have;
 * *@field: the name that @a has for that field. NULL: one begins with the other.
 */
const char *evring_block_differs(const struct evring_block *a, const struct evring_block *b,
				 const char **field)
{
	const char *what;
	u32 i;

	*field = "";
	if (a->common_size != b->common_size)
		return "common part";
	for (i = 0; i < a->fields.count && i < b->fields.count; i++) {
		*field = block_string(a, block_field(a, i)->name);
		what = field_differs(a, b, i);
		if (what)
			return what;
	}
	return NULL;
}

/* Is @block the same schema as @old, but for fields that were appended? */
bool evring_block_extends(const struct evring_block *block, const struct evring_block *old)
{
	const char *field;

	return block->fields.count >= old->fields.count && block->data_size >= old->data_size &&
	       !evring_block_differs(block, old, &field);
}

/* Do two blocks describe the same bytes? */
bool evring_block_same(const struct evring_block *a, const struct evring_block *b)
{
	return evring_block_extends(a, b) && evring_block_extends(b, a);
}
