/* SPDX-License-Identifier: MIT */
/* See schema.h: the columns of a type. */
#include "schema.h"

#include "memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ROOT "evring"

/* Protobuf's number of the first field's column. Each field has two: it may need both. */
#define NUMBER_NESTED	1u
#define NUMBER_FLAT	33u

static const struct schema_column envelope[] = {
	{ .name = "type", .part = PART_TYPE, .kind = SCHEMA_STRING, .number = 1,
	  .doc = "name of the type of events" },
	{ .name = "version", .part = PART_VERSION, .kind = SCHEMA_INT, .number = 2,
	  .doc = "version of the type; within one version fields are only appended" },
	{ .name = "time", .part = PART_TIME, .kind = SCHEMA_TIME, .number = 3,
	  .doc = "when it happened" },
	{ .name = "time_ns", .part = PART_TIME_NS, .kind = SCHEMA_ULONG, .number = 4,
	  .doc = "the same, nanoseconds since 1970" },
	{ .name = "boottime_ns", .part = PART_BOOTTIME, .kind = SCHEMA_ULONG, .number = 5,
	  .doc = "the same, nanoseconds of CLOCK_BOOTTIME" },
	{ .name = "host", .part = PART_HOST, .kind = SCHEMA_STRING, .number = 6,
	  .doc = "name of the host" },
	{ .name = "machine_id", .part = PART_MACHINE, .kind = SCHEMA_STRING, .number = 7,
	  .doc = "id of the host; with boot_id, lane, cpu and seq the event's identity" },
	{ .name = "boot_id", .part = PART_BOOT, .kind = SCHEMA_STRING, .number = 8,
	  .doc = "id of this boot; its last 8 digits tell the module's load" },
	{ .name = "lane", .part = PART_LANE, .kind = SCHEMA_STRING, .number = 9,
	  .doc = "lane of the ring" },
	{ .name = "cpu", .part = PART_CPU, .kind = SCHEMA_UINT, .number = 10,
	  .doc = "CPU of the ring" },
	{ .name = "seq", .part = PART_SEQ, .kind = SCHEMA_ULONG, .number = 11,
	  .doc = "number of the event on the ring" },
	{ .name = "context", .part = PART_CONTEXT, .kind = SCHEMA_STRING, .number = 12,
	  .doc = "task, softirq, hardirq or nmi" },
	{ .name = "pid", .part = PART_PID, .kind = SCHEMA_UINT, .number = 13,
	  .doc = "process, in the initial pid namespace" },
	{ .name = "tid", .part = PART_TID, .kind = SCHEMA_UINT, .number = 14,
	  .doc = "thread, likewise" },
	{ .name = "data", .part = PART_DATA, .number = 15,
	  .doc = "the fields of the type" },
	{ .name = "redacted", .part = PART_REDACTED, .kind = SCHEMA_STRING, .array = true,
	  .nullable = true, .number = 16,
	  .doc = "names of fields that secrets were left out of" },
};

#define NR_ENVELOPE (sizeof(envelope) / sizeof(envelope[0]))

/*
 * Names: each word of "process.exec" becomes one that Avro, Protobuf and Java allow. No two types
 * become one name, or a user's type would meet another's in a registry: what a name cannot have,
 * and what would look like it or like a version, is "__" and two digits.
 */

static bool is_version(const char *text, size_t len)
{
	size_t i;

	for (i = 2; i < len && isdigit((unsigned char)text[i]); i++)
		;
	return len > 2 && text[0] == '_' && text[1] == 'v' && i == len;
}

/* @last: it is the last word. @version: a version follows. */
static void put_word(FILE *to, const char *word, size_t len, bool last, bool version)
{
	size_t i;

	if (!len)
		fputs("__", to);
	for (i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)word[i];
		bool plain = isalnum(c) && !(isdigit(c) && !i);

		if (c == '_')
			plain = (i + 1 < len ? isalnum((unsigned char)word[i + 1]) : !version) &&
				!(last && is_version(word + i, len - i));
		if (plain)
			fputc(c, to);
		else
			fprintf(to, "__%02x", c);
	}
}

static void name_it(struct schema *schema)
{
	/* Another version has other fields, and so is another record. */
	const bool version = schema->type->version > 1;
	const char *word = schema->type->name, *dot;
	size_t len;
	FILE *to;

	to = stream_begin(&schema->space, &len);
	fputs(ROOT, to);
	for (; (dot = strchr(word, '.')); word = dot + 1) {
		fputc('.', to);
		put_word(to, word, (size_t)(dot - word), false, false);
	}
	stream_end(to);
	to = stream_begin(&schema->name, &len);
	put_word(to, word, strlen(word), true, version);
	if (version)
		fprintf(to, "_v%u", schema->type->version);
	stream_end(to);
	schema->full = xprintf("%s.%s", schema->space, schema->name);
}

/*
 * Columns
 */

static bool is_taken(const struct schema *schema, const char *name)
{
	size_t i;

	for (i = 0; schema->flat && i < schema->nr_envelope; i++)
		if (!strcmp(schema->envelope[i].name, name))
			return true;
	for (i = 0; i < schema->nr_fields; i++)
		if (!strcmp(schema->fields[i].name, name))
			return true;
	return false;
}

/*
 * A flat schema has "data_pid" beside the envelope's "pid". The fields' own names differ, as they
 * are the keys of JSON; one that is called as such a column gets a number, if nothing else helps.
 */
static char *column_name(const struct schema *schema, const char *field, const char *suffix)
{
	char *name = xprintf("%s%s", field, suffix);
	unsigned int i;

	if (is_taken(schema, name)) {
		free(name);
		name = xprintf("data_%s%s", field, suffix);
	}
	for (i = 2; is_taken(schema, name); i++) {
		free(name);
		name = xprintf("data_%s%s_%u", field, suffix, i);
	}
	return name;
}

static bool is_named(const struct evring_field *field)
{
	return field->format == EVRING_FORMAT_ENUM || field->format == EVRING_FORMAT_FLAGS;
}

static char *column_doc(const struct evring_field *field, enum schema_part part)
{
	if (part == PART_NUMBER_NAME)
		return xprintf("the name of %s, if it has one", field->name);
	if (part == PART_FLAGS && !is_named(field))
		return xprintf("the names of the bits of %s", field->name);
	if (part == PART_NUMBER && is_named(field))
		return xprintf("the number of %s", field->name);
	if (part == PART_WALL_NS)
		return xprintf("the same as %s, nanoseconds since 1970", field->name);
	if (part == PART_TEXT_HEX)
		return xprintf("the bytes of %s in base 16, if they are no UTF-8", field->name);
	if (!*field->unit || part == PART_WALL || part == PART_BOOT_WALL || part == PART_RAW_NS)
		return xstrdup(field->doc);
	return xprintf("%s (%s)", field->doc, field->unit);
}

/* Room for two columns of each field is there. */
static struct schema_column *add(struct schema *schema, const struct evring_field *field,
				 const char *suffix, enum schema_part part, enum schema_kind kind)
{
	const unsigned int first = schema->flat ? NUMBER_FLAT : NUMBER_NESTED;
	struct schema_column *column = &schema->fields[schema->nr_fields];
	unsigned int number = first + 2 * (unsigned int)(field - schema->type->fields);
	const bool second = schema->nr_fields && column[-1].field == field;

	if (!second && field->bare)
		suffix = "";
	*column = (struct schema_column){
		.name = column_name(schema, field->name, suffix), .part = part, .kind = kind,
		.nullable = true, .field = field, .number = number + second,
		.doc = column_doc(field, part),
		.plain = (part == PART_NUMBER || part == PART_BOOL) && field->size <= 8,
		.is_signed = (field->kind & 0x7f00) == (EVRING_KIND_S8 & 0x7f00),
		.offset = field->offset, .size = field->size,
	};
	schema->nr_fields++;
	return column;
}

static enum schema_kind number_kind(const struct evring_field *field)
{
	switch (field->kind & ~EVRING_KIND_VAR) {
	case EVRING_KIND_U32:
		return SCHEMA_UINT;
	case EVRING_KIND_U64:
		return SCHEMA_ULONG;
	case EVRING_KIND_S64:
		return SCHEMA_LONG;
	default:
		return SCHEMA_INT;
	}
}

static void add_times(struct schema *schema, const struct evring_field *field,
		      enum schema_part part)
{
	add(schema, field, "", part, SCHEMA_TIME);
	if (field->beside)
		add(schema, field, "_ns", PART_WALL_NS, SCHEMA_ULONG);
}

static void add_names(struct schema *schema, const struct evring_field *field)
{
	const bool flags = field->format == EVRING_FORMAT_FLAGS;

	add(schema, field, "", flags ? PART_FLAGS : PART_ENUM, SCHEMA_STRING)->array = flags;
	if (field->beside)
		add(schema, field, "_number", PART_NUMBER, number_kind(field));
}

static void add_number(struct schema *schema, const struct evring_field *field)
{
	switch (field->format) {
	case EVRING_FORMAT_HEX:
	case EVRING_FORMAT_CAPS:
		add(schema, field, "", PART_HEX_NUMBER, SCHEMA_STRING);
		if (field->beside)
			add(schema, field, "_names", PART_FLAGS, SCHEMA_STRING)->array = true;
		break;
	case EVRING_FORMAT_BOOTTIME:
		add_times(schema, field, PART_BOOT_WALL);
		break;
	case EVRING_FORMAT_TIME:
		add_times(schema, field, PART_WALL);
		break;
	case EVRING_FORMAT_RAWTIME:
		add(schema, field, "_ns", PART_RAW_NS, SCHEMA_ULONG);
		break;
	case EVRING_FORMAT_DURATION:
		add(schema, field, "_ns", PART_NUMBER, number_kind(field));
		break;
	case EVRING_FORMAT_MODE:
		add(schema, field, "", PART_MODE, SCHEMA_STRING);
		break;
	case EVRING_FORMAT_DEV:
		add(schema, field, "", PART_DEV, SCHEMA_STRING);
		break;
	case EVRING_FORMAT_ENUM:
	case EVRING_FORMAT_FLAGS:
		add_names(schema, field);
		break;
	case EVRING_FORMAT_TYPE:
		add(schema, field, "", PART_TYPE_ID, SCHEMA_STRING);
		break;
	default:
		add(schema, field, "", PART_NUMBER, number_kind(field));
		if (field->beside)
			add(schema, field, "_name", PART_NUMBER_NAME, SCHEMA_STRING);
	}
}

static void add_numbers(struct schema *schema, const struct evring_field *field)
{
	const bool hex = field->format == EVRING_FORMAT_HEX || field->format == EVRING_FORMAT_CAPS;

	add(schema, field, field->format == EVRING_FORMAT_DURATION ? "_ns" : "",
	    hex ? PART_HEXES : PART_NUMBERS, hex ? SCHEMA_STRING : number_kind(field))->array = true;
}

static void add_bytes(struct schema *schema, const struct evring_field *field)
{
	const bool fixed = field->kind == EVRING_KIND_FIXED;

	if (fixed && field->format == EVRING_FORMAT_IP && field->size == 16)
		add(schema, field, "", PART_IP, SCHEMA_STRING);
	else if (fixed && field->format == EVRING_FORMAT_MAC && field->size == 6)
		add(schema, field, "", PART_MAC, SCHEMA_STRING);
	else if (fixed && field->format == EVRING_FORMAT_UUID && field->size == 16)
		add(schema, field, "", PART_UUID, SCHEMA_STRING);
	else
		add(schema, field, "_hex", PART_BYTES_HEX, SCHEMA_STRING);
}

static void add_text(struct schema *schema, const struct evring_field *field)
{
	const bool several = field->kind == EVRING_KIND_TEXTS;

	add(schema, field, "", several ? PART_TEXTS : PART_TEXT, SCHEMA_STRING)->array = several;
	if (field->beside)
		add(schema, field, "_hex", PART_TEXT_HEX, SCHEMA_STRING)->array = several;
}

static void add_field(struct schema *schema, const struct evring_field *field)
{
	const bool alone = field->size == EVRING_KIND_SIZE(field->kind);

	switch (field->kind) {
	case EVRING_KIND_BOOL:
		if (alone)
			add(schema, field, "", PART_BOOL, SCHEMA_BOOL);
		else
			add_numbers(schema, field);
		break;
	case EVRING_KIND_U8: case EVRING_KIND_U16: case EVRING_KIND_U32: case EVRING_KIND_U64:
	case EVRING_KIND_S8: case EVRING_KIND_S16: case EVRING_KIND_S32: case EVRING_KIND_S64:
		if (alone)
			add_number(schema, field);
		else
			add_numbers(schema, field);
		break;
	case EVRING_KIND_U8S: case EVRING_KIND_U16S: case EVRING_KIND_U32S:
	case EVRING_KIND_U64S: case EVRING_KIND_S8S: case EVRING_KIND_S16S:
	case EVRING_KIND_S32S: case EVRING_KIND_S64S:
		add_numbers(schema, field);
		break;
	case EVRING_KIND_CHARS: case EVRING_KIND_TEXT: case EVRING_KIND_TEXTS:
		add_text(schema, field);
		break;
	case EVRING_KIND_FIXED: case EVRING_KIND_BYTES:
		add_bytes(schema, field);
		break;
	default:
		add(schema, field, "", PART_NULL, SCHEMA_STRING);
		if (field->beside)
			add(schema, field, "_hex", PART_BYTES_HEX, SCHEMA_STRING);
	}
}

struct schema *schema_new(const struct evring_type *type, bool flat)
{
	struct schema *schema = xzalloc(sizeof(*schema));
	size_t i;

	schema->type = type;
	schema->flat = flat;
	name_it(schema);
	schema->envelope = xgrow(NULL, 0, NR_ENVELOPE, sizeof(*schema->envelope));
	for (i = 0; i < NR_ENVELOPE; i++) {
		if (flat && envelope[i].part == PART_DATA)
			continue;
		schema->envelope[schema->nr_envelope] = envelope[i];
		schema->envelope[schema->nr_envelope].name = xstrdup(envelope[i].name);
		schema->envelope[schema->nr_envelope++].doc = xstrdup(envelope[i].doc);
	}
	schema->fields = xgrow(NULL, 0, 2 * (size_t)type->nr_fields + 1, sizeof(*schema->fields));
	for (i = 0; i < type->nr_fields; i++)
		add_field(schema, &type->fields[i]);
	return schema;
}

void schema_number(struct schema *schema, const uint16_t *places)
{
	struct schema_column *column;
	size_t i, nr;

	for (i = 0; i < schema->nr_fields; i++) {
		column = &schema->fields[i];
		nr = (size_t)(column->field - schema->type->fields);
		column->number += 2u * places[nr] - 2u * (unsigned int)nr;
	}
}

static void free_columns(struct schema_column *columns, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		free(columns[i].name);
		free(columns[i].doc);
	}
	free(columns);
}

void schema_free(struct schema *schema)
{
	if (!schema)
		return;
	free_columns(schema->envelope, schema->nr_envelope);
	free_columns(schema->fields, schema->nr_fields);
	free(schema->space);
	free(schema->name);
	free(schema->full);
	free(schema);
}

json_t *schema_names(const struct schema_column *column)
{
	const struct evring_field *field = column->field;
	json_t *names;
	uint32_t i;

	if (!field || !field->nr_values || (column->part != PART_ENUM && column->part != PART_FLAGS))
		return NULL;
	names = must(json_array());
	for (i = 0; i < field->nr_values; i++)
		json_array_append_new(names, json_string(field->values[i].name));
	return names;
}

bool schema_is_unsigned(const struct schema_column *column)
{
	return column->kind == SCHEMA_ULONG;
}
