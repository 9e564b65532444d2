/* SPDX-License-Identifier: MIT */
/*
 * A type of a block of bytes (struct evring_block). A block can come from the
 * kernel, or out of a frame of unknown origin: all positions, counts and sizes in
 * it are checked before they are used, and so are names.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* As far as ABI 1 began */
#define BLOCK_MIN	offsetofend(struct evring_block, strings)
#define FIELD_MIN	offsetofend(struct evring_block_field, reserved)
#define NAMES_MIN	offsetofend(struct evring_block_names, reserved)
#define VALUE_MIN	offsetofend(struct evring_block_value, doc)

#define FIELDS_MAX	1024u
#define VALUES_MAX	65536u
#define SLACK		8	/* json.c copies names eight bytes at a time */

/* A type and all that it points to, in one piece */
struct parsed {
	struct evring_type type;	/* first: evring_type_free() gets this one */
	unsigned int users;
	struct evring_field *fields;
	struct evring_value *values;
	char *block;
	struct evring_block head;
};

static bool table_ok(const struct evring_block *head, const struct evring_table *table,
		     size_t min, uint32_t max)
{
	return table->count <= max && (table->stride >= min || !table->count) &&
	       table->offset <= head->len &&
	       (uint64_t)table->stride * table->count <= head->len - table->offset;
}

static int head_read(struct evring_block *head, const void *block, size_t len)
{
	if (len < BLOCK_MIN)
		return -EBADMSG;
	memset(head, 0, sizeof(*head));
	memcpy(head, block, BLOCK_MIN);
	if (head->magic == __builtin_bswap32(EVRING_BLOCK_MAGIC))
		return -EPROTO;
	if (head->magic != EVRING_BLOCK_MAGIC || head->len != len || len % 8 ||
	    head->size < BLOCK_MIN || head->size > len || !head->version ||
	    head->data_size > UINT16_MAX || head->common_size > head->data_size ||
	    !table_ok(head, &head->fields, FIELD_MIN, FIELDS_MAX) ||
	    !table_ok(head, &head->tables, NAMES_MIN, FIELDS_MAX) ||
	    !table_ok(head, &head->values, VALUE_MIN, VALUES_MAX) ||
	    !table_ok(head, &head->strings, 1, UINT32_MAX) || head->strings.stride != 1 ||
	    !head->strings.count)
		return -EBADMSG;
	return 0;
}

/* Each string ends within the block, as the last byte of them is a NUL. */
static const char *string_at(const struct parsed *p, uint32_t at)
{
	return at < p->head.strings.count ? p->block + p->head.strings.offset + at : NULL;
}

static bool field_name_ok(const char *name)
{
	size_t i;

	if (!islower((unsigned char)name[0]))
		return false;
	for (i = 1; name[i]; i++)
		if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) &&
		    name[i] != '_')
			return false;
	return i < EVRING_NAME_MAX;
}

static bool values_read(struct parsed *p)
{
	const struct evring_table *table = &p->head.values;
	struct evring_block_value from;
	uint32_t i;

	for (i = 0; i < table->count; i++) {
		struct evring_value *value = &p->values[i];

		evring_table_get(p->block, p->head.len, table, i, &from, sizeof(from));
		value->value = from.value;
		value->name = string_at(p, from.name);
		value->doc = string_at(p, from.doc);
		if (!value->name || !value->doc || strlen(value->name) >= EVRING_NAME_MAX)
			return false;
	}
	return true;
}

/* Give a field the names of its values. */
static bool names_find(const struct parsed *p, struct evring_field *field, uint16_t number)
{
	struct evring_block_names names;

	if (!number)
		return true;
	if (!evring_table_get(p->block, p->head.len, &p->head.tables, number - 1u, &names,
			      sizeof(names)))
		return false;
	if (names.first > p->head.values.count || names.count > p->head.values.count - names.first)
		return false;
	field->values = p->values + names.first;
	field->nr_values = names.count;
	return true;
}

static bool size_ok(const struct evring_field *field, uint32_t data_size)
{
	uint32_t size = EVRING_KIND_SIZE(field->kind);

	if (!size || !field->size || (uint32_t)field->offset + field->size > data_size)
		return false;
	if (field->kind & EVRING_KIND_VAR)
		return field->size == sizeof(struct evring_str);
	return field->size % size == 0;
}

/*
 * A name, in two quotes and with a comma, or behind a tag and its length. Nearly all are
 * of letters; of others each byte can become "\u0001".
 */
static uint64_t name_json_max(const char *name)
{
	uint64_t len = 4;

	for (; *name; name++)
		len += isalnum((unsigned char)*name) || *name == '_' ? 1 : 6;
	return len;
}

/*
 * The JSON of a field beyond EVRING_JSON_BYTE for each of its bytes: its
 * key, twice, with a suffix; a time or the names of its values, and a number.
 */
uint64_t field_json_max(const struct evring_field *field)
{
	/* And once more with two quotes and a comma, in the list of the fields that were shortened */
	uint64_t max = 3 * (uint64_t)field->name_len + 3 + 112, longest = 0, sum = 0;
	uint32_t i, count;

	for (i = 0; i < field->nr_values; i++) {
		uint64_t len = name_json_max(field->values[i].name);

		longest = len > longest ? len : longest;
		sum += len;
	}
	count = field->kind & EVRING_KIND_VAR ? 1 : field->size / EVRING_KIND_SIZE(field->kind);
	/* Of an array there can be more elements; only one that is alone is named. */
	if (count == 1)
		max += evring_field_has_bits(field) ? sum : longest;
	/* "-9223372036854775808," of one, and one byte can be "-128," */
	return max + 24ul * (field->kind & EVRING_KIND_VAR ? 0 : count);
}

static bool is_alone(const struct evring_field *field)
{
	return !(field->kind & EVRING_KIND_VAR) && field->size == EVRING_KIND_SIZE(field->kind);
}

const char *field_suffix(const struct evring_field *field)
{
	switch (field->kind & ~EVRING_KIND_VAR) {
	case EVRING_KIND_BOOL:
		return !is_alone(field) && field->format == EVRING_FORMAT_DURATION ? "_ns" : "";
	case EVRING_KIND_U8: case EVRING_KIND_U16: case EVRING_KIND_U32: case EVRING_KIND_U64:
	case EVRING_KIND_S8: case EVRING_KIND_S16: case EVRING_KIND_S32: case EVRING_KIND_S64:
		return field->format == EVRING_FORMAT_DURATION ||
		       (is_alone(field) && field->format == EVRING_FORMAT_RAWTIME) ? "_ns" : "";
	case EVRING_KIND_FIXED:		/* and BYTES */
		return field_is_notation(field) ? "" : "_hex";
	default:
		return "";
	}
}

/* Of a number that is alone */
static const char *number_suffix(const struct evring_field *field)
{
	switch (field->format) {
	case EVRING_FORMAT_ENUM: case EVRING_FORMAT_FLAGS:
		return "_number";
	case EVRING_FORMAT_ERRNO: case EVRING_FORMAT_SIGNAL:
		return "_name";
	case EVRING_FORMAT_HEX: case EVRING_FORMAT_CAPS:
		return field->nr_values ? "_names" : NULL;
	case EVRING_FORMAT_TIME: case EVRING_FORMAT_BOOTTIME:
		return "_ns";
	default:
		return NULL;
	}
}

/* The suffix of the field's second key; NULL: the field has one key. */
static const char *beside_suffix(const struct evring_field *field)
{
	switch (field->kind & ~EVRING_KIND_VAR) {
	case EVRING_KIND_BOOL: case EVRING_KIND_FIXED:
		return NULL;
	case EVRING_KIND_U8: case EVRING_KIND_U16: case EVRING_KIND_U32: case EVRING_KIND_U64:
	case EVRING_KIND_S8: case EVRING_KIND_S16: case EVRING_KIND_S32: case EVRING_KIND_S64:
		return is_alone(field) ? number_suffix(field) : NULL;
	default:	/* texts that are no UTF-8; kinds that are not known */
		return "_hex";
	}
}

static bool is_field(const struct evring_field *field, const char *suffix,
		     const struct evring_field *fields, uint32_t nr)
{
	uint32_t i;

	for (i = 0; i < nr; i++)
		if (!strncmp(fields[i].name, field->name, field->name_len) &&
		    !strcmp(fields[i].name + field->name_len, suffix))
			return true;
	return false;
}

/* A field keeps its name as its key: no two keys are equal then. */
void field_set_keys(struct evring_field *field, const struct evring_field *fields, uint32_t nr)
{
	const char *own = field_suffix(field), *beside = beside_suffix(field);

	field->bare = *own && is_field(field, own, fields, nr);
	field->beside = beside && !is_field(field, beside, fields, nr);
}

static bool field_read(struct parsed *p, uint32_t i)
{
	struct evring_field *field = &p->fields[i];
	struct evring_block_field from;
	uint32_t j;

	evring_table_get(p->block, p->head.len, &p->head.fields, i, &from, sizeof(from));
	field->name = string_at(p, from.name);
	field->unit = string_at(p, from.unit);
	field->doc = string_at(p, from.doc);
	field->kind = from.kind;
	field->format = from.format;
	field->offset = from.offset;
	field->size = from.size;
	if (!field->name || !field->unit || !field->doc || !field_name_ok(field->name) ||
	    !size_ok(field, p->head.data_size) || !names_find(p, field, from.names))
		return false;
	for (j = 0; j < i; j++)
		if (!strcmp(p->fields[j].name, field->name))
			return false;
	field->name_len = (uint32_t)strlen(field->name);
	return true;
}

/*
 * The names of all fields together: many fields can have the same table of them, and each is
 * read for each field. A block that is registered has fewer: its EVRING_BLOCK_MAX bytes hold
 * 256 fields of 28 bytes, and 3,648 values of 16.
 */
#define NAMES_MAX	(1u << 20)

static bool fields_read(struct parsed *p)
{
	uint64_t json_max = 0, names = 0, max;
	uint32_t i;

	for (i = 0; i < p->head.fields.count; i++) {
		if (!field_read(p, i))
			return false;
		names += p->fields[i].nr_values;
		if (names > NAMES_MAX)
			return false;
		max = field_json_max(&p->fields[i]);
		json_max += max;
		if (json_max > 1u << 30)
			return false;
		p->fields[i].json_max = (uint32_t)max;
	}
	p->type.json_max = (uint32_t)json_max;
	for (i = 0; i < p->head.fields.count; i++)
		field_set_keys(&p->fields[i], p->fields, p->head.fields.count);
	return true;
}

static bool type_read(struct parsed *p)
{
	struct evring_type *type = &p->type;
	const struct evring_block *head = &p->head;

	if (p->block[head->strings.offset + head->strings.count - 1])
		return false;
	type->name = string_at(p, head->name);
	type->doc = string_at(p, head->doc);
	type->own_lane = string_at(p, head->lane);
	if (!type->name || !type->doc || !type->own_lane || !evring_name_ok(type->name))
		return false;
	type->version = head->version;
	type->size = head->data_size;
	type->common_size = head->common_size;
	type->nr_fields = head->fields.count;
	type->fields = p->fields;
	type->block = p->block;
	type->block_len = head->len;
	return values_read(p) && fields_read(p);
}

int evring_type_parse(struct evring_type **type, const void *block, size_t len)
{
	struct evring_block head;
	struct parsed *p;
	int ret = head_read(&head, block, len);

	if (ret)
		return ret;
	p = calloc(1, sizeof(*p) + head.fields.count * sizeof(*p->fields) +
		   head.values.count * sizeof(*p->values) + len + SLACK);
	if (!p)
		return -ENOMEM;
	p->users = 1;
	p->head = head;
	p->fields = (struct evring_field *)(p + 1);
	p->values = (struct evring_value *)(p->fields + head.fields.count);
	p->block = (char *)(p->values + head.values.count);
	memcpy(p->block, block, len);
	if (!type_read(p)) {
		free(p);
		return -EBADMSG;
	}
	*type = &p->type;
	return 0;
}

const struct evring_type *evring_type_hold(const struct evring_type *type)
{
	if (type)
		((struct parsed *)type)->users++;
	return type;
}

void evring_type_free(const struct evring_type *type)
{
	struct parsed *p = (struct parsed *)type;

	if (p && !--p->users)
		free(p);
}
