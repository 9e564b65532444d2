/* SPDX-License-Identifier: MIT */
/*
 * schema: a type of events as columns, as evring-json(7) writes them: the envelope with the
 * event's identity, and the fields. Avro, Protobuf, JSON Schema and Connect's schemas are
 * written from it, and the encoders of evringd go by it, so that all of them agree.
 *
 * A type's fields are only ever appended. So each column of a field can be null, and is
 * null by default: a reader with the longer schema reads older events, and one with
 * the shorter schema newer ones.
 */
#ifndef EVRING_SCHEMA_H
#define EVRING_SCHEMA_H

#include <evring.h>
#include <jansson.h>
#include <stdbool.h>

/* The kind of a column's value, or of each of its elements */
enum schema_kind {
	SCHEMA_STRING,
	SCHEMA_BOOL,
	SCHEMA_INT,		/* 32 bits, signed */
	SCHEMA_UINT,		/* 32 bits */
	SCHEMA_LONG,		/* 64 bits, signed */
	SCHEMA_ULONG,		/* 64 bits; where there are only signed ones: its two's complement */
	SCHEMA_TIME,		/* nanoseconds since 1970 */
};

/* Where a column's value comes from */
enum schema_part {
	PART_TYPE, PART_VERSION, PART_TIME, PART_TIME_NS, PART_BOOTTIME, PART_HOST, PART_MACHINE,
	PART_BOOT, PART_LANE, PART_CPU, PART_SEQ, PART_CONTEXT, PART_PID, PART_TID,
	PART_DATA,		/* the fields, if they are nested */
	PART_REDACTED,
	PART_NUMBER,		/* of a field: the number as it is */
	PART_NUMBERS,		/* ... several */
	PART_HEXES,		/* ... several, as "0x1f" */
	PART_BOOL,
	PART_HEX_NUMBER,	/* "0x1f" */
	PART_MODE,		/* "0100644" */
	PART_DEV,		/* "8:1" */
	PART_ENUM,		/* a name */
	PART_FLAGS,		/* names; of bits in base 16, which are the column before, too */
	PART_NUMBER_NAME,	/* of an errno or a signal, which is the column before; or null */
	PART_TYPE_ID,		/* a type's name */
	PART_WALL,		/* a time; nanoseconds in the next column */
	PART_BOOT_WALL,		/* likewise, of CLOCK_BOOTTIME */
	PART_WALL_NS,		/* of the column before */
	PART_RAW_NS,		/* a raw time stamp as nanoseconds since 1970 */
	PART_TEXT,
	PART_TEXTS,
	PART_TEXT_HEX,		/* of the column before, if that was no UTF-8; else null */
	PART_IP, PART_MAC, PART_UUID,
	PART_BYTES_HEX,
	PART_NULL,		/* a kind that is not known: its bytes are in the next column */
};

struct schema_column {
	enum schema_part part;
	enum schema_kind kind;
	unsigned int number;			/* Protobuf's */
	bool array;
	bool nullable;
	/* One number or bool of the fixed part, as it is: most columns are such */
	bool plain;
	bool is_signed;
	uint16_t offset, size;
	const struct evring_field *field;	/* NULL: of the envelope */
	char *name;
	char *doc;
};

/* A number of a field that has a sign */
static inline bool schema_is_signed(const struct schema_column *column)
{
	return column->is_signed && (column->kind == SCHEMA_INT || column->kind == SCHEMA_LONG);
}

struct schema {
	const struct evring_type *type;		/* stays its owner's */
	char *space, *name;			/* "evring.process" and "exec" */
	char *full;				/* both, with a dot between */
	bool flat;				/* the fields are columns beside the envelope's */
	bool unknown;				/* schema_of_unknown() */
	size_t nr_envelope, nr_fields;
	struct schema_column *envelope;		/* PART_DATA among them, unless flat */
	struct schema_column *fields;
};

/* @type must stay as long as the schema. */
struct schema *schema_new(const struct evring_type *type, bool flat);
void schema_free(struct schema *schema);
/*
 * Protobuf's numbers by these places instead of the fields' order: @places has that of each
 * field of the type. Any other text of the schema stays as it is.
 */
void schema_number(struct schema *schema, const uint16_t *places);

/* Free the text. */
char *schema_avro(const struct schema *schema);
char *schema_protobuf(const struct schema *schema);
/*
 * For the two below, of events whose types are not known: as evring_json() writes them, with a
 * name of type that has its id, no version, and data.hex. @schema has one column of bytes.
 */
void schema_of_unknown(struct schema *schema);
/* Of the JSON objects, draft 7 */
char *schema_json(const struct schema *schema);
/* Kafka Connect's, of the same JSON objects, in the form of its JsonConverter */
json_t *schema_connect(const struct schema *schema, bool docs);

/* schema.c, for those four */

/* Names of the values of an enum or of flags; NULL: the column has none. */
json_t *schema_names(const struct schema_column *column);
/* Signed 64 bits do not hold each of its values. */
bool schema_is_unsigned(const struct schema_column *column);

#endif /* EVRING_SCHEMA_H */
