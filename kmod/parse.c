// SPDX-License-Identifier: GPL-2.0-only
/*
 * The block of bytes with which an application describes a type, and that anybody may
 * have written, becomes a description as a module declares one, with the common part in
 * front.
 *
 * The caller has copied the block once. Nothing in it is followed before it was checked:
 * its tables lie within it, its strings end in it and are printable ASCII (an
 * administrator's terminal shows them), its fields lie one behind another.
 */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "block.h"
#include "lane.h"
#include "name.h"
#include "parse.h"
#include "type.h"

/* As far as ABI 1 began */
#define BLOCK_MIN	offsetofend(struct evring_block, strings)
#define FIELD_MIN	offsetofend(struct evring_block_field, reserved)
#define NAMES_MIN	offsetofend(struct evring_block_names, reserved)
#define VALUE_MIN	offsetofend(struct evring_block_value, doc)

#define STRING_MAX	1024	/* bytes of any string, its NUL included */
#define VALUES_MAX	1024	/* of all tables of names together */

static const struct evring_field_desc common_fields[] = {
	__EVRING_COMMON_FIELDS
};

static int refuse(struct evring_parse *p, const char *format, ...) __printf(2, 3);

static int refuse(struct evring_parse *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vscnprintf(p->reason->text, sizeof(p->reason->text), format, args);
	va_end(args);
	return -EINVAL;
}

static bool table_ok(const struct evring_block *head, const struct evring_table *table,
		     size_t min, u32 max)
{
	return table->count <= max && !table->reserved && table->offset <= head->len &&
	       (table->stride >= min || !table->count) &&
	       (u64)table->stride * table->count <= head->len - table->offset;
}

/* Element @i, which there is, need not be aligned. */
static void table_get(const struct evring_parse *p, const struct evring_table *table, u32 i,
		      void *to, size_t size)
{
	memcpy(to, p->bytes + table->offset + (size_t)table->stride * i, size);
}

/* Are all bytes behind the members that this kernel knows 0? */
static bool table_known(const struct evring_parse *p, const struct evring_table *table, size_t size)
{
	u32 i;

	for (i = 0; i < table->count; i++)
		if (memchr_inv(p->bytes + table->offset + (size_t)table->stride * i + size, 0,
			       table->stride - size))
			return false;
	return true;
}

static int parse_head(struct evring_parse *p, size_t len)
{
	struct evring_block *head = &p->head;

	if (len < BLOCK_MIN)
		return refuse(p, "the block is shorter than its head");
	memcpy(head, p->bytes, BLOCK_MIN);
	if (head->magic != EVRING_BLOCK_MAGIC)
		return refuse(p, "this is no block of a type");
	if (head->len != len || len % 8 || head->size < BLOCK_MIN || head->size > len ||
	    head->reserved)
		return refuse(p, "the block's head is wrong");
	if (memchr_inv(p->bytes + BLOCK_MIN, 0, head->size - BLOCK_MIN))
		return refuse(p, "the block's head has members that this kernel does not know");
	if (!table_ok(head, &head->fields, FIELD_MIN, EVRING_FIELDS_MAX) ||
	    !table_ok(head, &head->tables, NAMES_MIN, EVRING_FIELDS_MAX) ||
	    !table_ok(head, &head->values, VALUE_MIN, VALUES_MAX) ||
	    !table_ok(head, &head->strings, 1, U32_MAX) || head->strings.stride != 1)
		return refuse(p, "a table is not within the block, or too long");
	if (!table_known(p, &head->fields, FIELD_MIN) ||
	    !table_known(p, &head->tables, NAMES_MIN) || !table_known(p, &head->values, VALUE_MIN))
		return refuse(p, "a table has members that this kernel does not know");
	if (head->common_size > head->data_size)
		return refuse(p, "the common part is longer than the payload");
	return 0;
}

static int parse_strings(struct evring_parse *p)
{
	const struct evring_table *table = &p->head.strings;
	const char *strings = p->bytes + table->offset;
	u32 i;

	if (!table->count || strings[0] || strings[table->count - 1])
		return refuse(p, "the strings do not begin and end with a NUL");
	for (i = 0; i < table->count; i++)
		if (strings[i] && (!isascii(strings[i]) || !isprint(strings[i])))
			return refuse(p, "a string is not printable ASCII");
	return 0;
}

/* NULL: it is outside of the strings, or too long */
static const char *string_at(const struct evring_parse *p, u32 at)
{
	const char *s = p->bytes + p->head.strings.offset + at;

	if (at >= p->head.strings.count || strnlen(s, STRING_MAX) == STRING_MAX)
		return NULL;
	return s;
}

static int parse_values(struct evring_parse *p)
{
	struct evring_block_value from;
	u32 i;

	for (i = 0; i < p->head.values.count; i++) {
		struct evring_value_desc *to = &p->values[i];

		table_get(p, &p->head.values, i, &from, sizeof(from));
		to->value = from.value;
		to->name = string_at(p, from.name);
		to->doc = string_at(p, from.doc);
		if (!to->name || !to->doc || strlen(to->name) >= EVRING_NAME_MAX)
			return refuse(p, "a value's string is not within the strings, or too long");
	}
	return 0;
}

static int parse_names(struct evring_parse *p)
{
	struct evring_block_names from;
	u32 i;

	for (i = 0; i < p->head.tables.count; i++) {
		struct evring_names_desc *to = &p->names[i];

		table_get(p, &p->head.tables, i, &from, sizeof(from));
		to->name = string_at(p, from.name);
		if (!to->name || from.reserved || from.first > p->head.values.count ||
		    from.count > p->head.values.count - from.first)
			return refuse(p, "a table of names is not within the block");
		to->values = p->values + from.first;
		to->nr_values = from.count;
	}
	return 0;
}

static bool kind_known(u16 kind)
{
	switch (kind) {
	case EVRING_KIND_U8:
	case EVRING_KIND_U16:
	case EVRING_KIND_U32:
	case EVRING_KIND_U64:
	case EVRING_KIND_S8:
	case EVRING_KIND_S16:
	case EVRING_KIND_S32:
	case EVRING_KIND_S64:
	case EVRING_KIND_BOOL:
	case EVRING_KIND_CHARS:
	case EVRING_KIND_FIXED:
	case EVRING_KIND_U8S:
	case EVRING_KIND_U16S:
	case EVRING_KIND_U32S:
	case EVRING_KIND_U64S:
	case EVRING_KIND_S8S:
	case EVRING_KIND_S16S:
	case EVRING_KIND_S32S:
	case EVRING_KIND_S64S:
	case EVRING_KIND_TEXT:
	case EVRING_KIND_BYTES:
	case EVRING_KIND_TEXTS:
		return true;
	default:
		return false;
	}
}

/* One field behind the common part; *@end: where the one before it ends */
static int parse_field(struct evring_parse *p, const struct evring_block_field *from, u32 *end)
{
	struct evring_field_desc *to = &p->fields[p->desc.nr_fields];
	u32 at = from->offset - p->head.common_size;

	to->name = string_at(p, from->name);
	to->unit = string_at(p, from->unit);
	to->doc = string_at(p, from->doc);
	if (!to->name || !to->unit || !to->doc)
		return refuse(p, "a field's string is not within the strings, or too long");
	if (!kind_known(from->kind))
		return refuse(p, "field %.64s: kind 0x%x is not known", to->name, from->kind);
	if (from->format > EVRING_FORMAT_TYPE)
		return refuse(p, "field %.64s: format %u is not known", to->name, from->format);
	if (from->names > p->head.tables.count || from->reserved)
		return refuse(p, "field %.64s: there is no such table of names", to->name);
	if (at < *end)
		return refuse(p, "field %.64s lies over the one before it", to->name);
	*end = at + from->size;
	if (*end > p->head.data_size - p->head.common_size)
		return refuse(p, "field %.64s is not within the payload", to->name);
	to->kind = from->kind;
	to->format = from->format;
	to->offset = COMMON_SIZE + at;
	to->size = from->size;
	to->names = from->names ? &p->names[from->names - 1] : NULL;
	if (!*to->unit)
		to->unit = NULL;
	p->desc.nr_fields++;
	return 0;
}

static int parse_fields(struct evring_parse *p)
{
	struct evring_block_field from;
	u32 i, end = 0;
	int ret = 0;

	memcpy(p->fields, common_fields, sizeof(common_fields));
	p->desc.nr_fields = ARRAY_SIZE(common_fields);
	for (i = 0; i < p->head.fields.count && !ret; i++) {
		table_get(p, &p->head.fields, i, &from, sizeof(from));
		/* Of the common part the kernel knows more than the block. */
		if (from.offset >= p->head.common_size)
			ret = parse_field(p, &from, &end);
		else if (from.offset + from.size > p->head.common_size)
			ret = refuse(p, "a field lies across the end of the common part");
	}
	return ret;
}

/* evring_type_desc_valid(), with the reason in words */
static int parse_check(struct evring_parse *p)
{
	const struct evring_type_desc *desc = &p->desc;
	u32 i, j;

	if (!evring_name_valid(desc->name))
		return refuse(p, "the type's name is none: [A-Za-z0-9._-]+, not \".\" or \"..\"");
	if (!desc->version)
		return refuse(p, "version 0: the first one is 1");
	if (desc->size > evring_record_max())
		return refuse(p, "the payload's fixed part is longer than a record can be");
	if (desc->nr_fields > EVRING_FIELDS_MAX)
		return refuse(p, "more than %u fields", EVRING_FIELDS_MAX);
	for (i = ARRAY_SIZE(common_fields); i < desc->nr_fields; i++) {
		struct evring_type_desc one = *desc;

		one.fields = &desc->fields[i];
		one.nr_fields = 1;
		if (!evring_type_desc_valid(&one))
			return refuse(p, "field %.64s: its name, size or table of names is wrong",
				      desc->fields[i].name);
	}
	for (i = 0; i < desc->nr_fields; i++)
		for (j = 0; j < i; j++)
			if (!strcmp(desc->fields[i].name, desc->fields[j].name))
				return refuse(p, "field %.64s is there twice%s",
					      desc->fields[i].name, j < ARRAY_SIZE(common_fields) ?
					      ": the common part has one of that name" : "");
	return evring_type_desc_valid(desc) ? 0 : refuse(p, "this type cannot be");
}

static int parse_desc(struct evring_parse *p)
{
	struct evring_type_desc *desc = &p->desc;

	desc->name = string_at(p, p->head.name);
	desc->doc = string_at(p, p->head.doc);
	desc->lane = string_at(p, p->head.lane);
	if (!desc->name || !desc->doc || !desc->lane)
		return refuse(p, "the type's strings are not within the strings, or too long");
	if (!*desc->lane)
		desc->lane = EVRING_APP_LANE;
	desc->fields = p->fields;
	desc->version = p->head.version;
	desc->common_size = COMMON_SIZE;
	desc->size = COMMON_SIZE + (p->head.data_size - p->head.common_size);
	return 0;
}

/* @p is zeroed but for its bytes and reason; evring_parse_free() must follow. */
int evring_parse_block(struct evring_parse *p, size_t len)
{
	int ret = parse_head(p, len);

	if (!ret)
		ret = parse_strings(p);
	if (ret)
		return ret;
	p->fields = kvcalloc(ARRAY_SIZE(common_fields) + p->head.fields.count,
			     sizeof(*p->fields), GFP_KERNEL);
	p->names = kvcalloc(p->head.tables.count + 1, sizeof(*p->names), GFP_KERNEL);
	p->values = kvcalloc(p->head.values.count + 1, sizeof(*p->values), GFP_KERNEL);
	if (!p->fields || !p->names || !p->values)
		return -ENOMEM;
	ret = parse_desc(p);
	if (!ret)
		ret = parse_values(p);
	if (!ret)
		ret = parse_names(p);
	if (!ret)
		ret = parse_fields(p);
	if (!ret)
		ret = parse_check(p);
	if (!ret && evring_block_room(&p->desc) > EVRING_BLOCK_MAX) {
		refuse(p, "its description is longer than %u bytes", EVRING_BLOCK_MAX);
		ret = -E2BIG;
	}
	return ret;
}

void evring_parse_free(struct evring_parse *p)
{
	kvfree(p->fields);
	kvfree(p->names);
	kvfree(p->values);
}
