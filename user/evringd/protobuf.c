/* SPDX-License-Identifier: MIT */
/* value.format=protobuf: an event is one message of its type's schema (schema_protobuf.c). */
#include "cell.h"
#include "converter.h"
#include "memory.h"
#include "schemas.h"
#include "wire.h"

#include <errno.h>

enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

/* Bytes kept for the length of "data"; most have between 128 and 16,383. */
#define DATA_LENGTH	2

static char *put_tag(char *p, const struct schema_column *column, unsigned int wire)
{
	return put_varint(p, column->number << 3 | wire);
}

/* google.protobuf.Timestamp */
static char *put_time(char *p, uint64_t ns)
{
	const uint64_t seconds = ns / 1000000000, rest = ns % 1000000000;
	char *length = p++;

	*p++ = 1 << 3 | WIRE_VARINT;
	p = put_varint(p, seconds);
	*p++ = 2 << 3 | WIRE_VARINT;
	p = put_varint(p, rest);
	*length = (char)(p - length - 1);
	return p;
}

static inline char *put_value(char *p, const struct schema_column *column, const struct cell *cell)
{
	if (cell->state == CELL_TEXT) {
		p = put_tag(p, column, WIRE_BYTES);
		p = put_varint(p, cell_len(cell));
		return cell_put(p, cell);
	}
	if (column->kind == SCHEMA_TIME)
		return put_time(put_tag(p, column, WIRE_BYTES), cell->number);
	return put_varint(put_tag(p, column, WIRE_VARINT), cell->number);
}

/* What is null is left out. Numbers of a list need not be packed: all readers take both. */
static inline char *put_cell(char *p, struct cells *cells, const struct schema_column *column,
		      struct cell *cell)
{
	if (cell->state == CELL_NULL)
		return p;
	if (cell->state != CELL_LIST)
		return put_value(p, column, cell);
	while (cell_element(cells, cell))
		p = put_value(p, column, cell);
	return p;
}

/* NULL: there may not be room. */
static char *put_fields(char *p, const char *limit, struct cells *cells,
			const struct schema *schema)
{
	const struct evring_field *field = NULL;
	struct cell cell;
	uint64_t number;
	size_t i, len;

	for (i = 0; i < schema->nr_fields; i++) {
		const struct schema_column *column = &schema->fields[i];

		if (column->plain) {
			if (limit - p < (ptrdiff_t)WIRE_TAIL)
				return NULL;
			if (cell_plain(cells->event, column, &number))
				p = put_varint(put_tag(p, column, WIRE_VARINT), number);
			continue;
		}
		if (column->field != field) {
			field = column->field;
			len = cells_enter(cells, field);
			if ((size_t)(limit - p) < field->json_max + EVRING_JSON_BYTE * len)
				return NULL;
		}
		if (cell_is_idle(cells, column))
			continue;
		cell_field(cells, column, &cell);
		p = put_cell(p, cells, column, &cell);
	}
	return p;
}

/* The length stands before the fields, and is known behind them. */
static char *put_data(char *p, const char *limit, struct cells *cells, const struct schema *schema,
		      const struct schema_column *column)
{
	char *length = put_tag(p, column, WIRE_BYTES), *begin = length + DATA_LENGTH, *end;
	char room[16];
	size_t len, width;

	end = put_fields(begin, limit, cells, schema);
	if (!end)
		return NULL;
	len = (size_t)(end - begin);
	width = (size_t)(put_varint(room, len) - room);
	if (width != DATA_LENGTH)
		memmove(length + width, begin, len);
	memcpy(length, room, width);
	return length + width + len;
}

static ssize_t protobuf_encode(const struct source *src, const struct evring_event *event,
			       char *to, size_t room)
{
	const struct written *written = schemas_find(src->schemas, event);
	struct cells cells = { .src = src, .event = event };
	const char *limit = to + room - WIRE_TAIL;
	const struct schema *schema;
	char *p = to;
	size_t i;
	struct cell cell;

	if (!written)
		return -EAGAIN;
	if (room < written->head_len + EVRING_JSON_HEAD + WIRE_TAIL)
		return -ENOSPC;
	schema = written->schema;
	p = put_bytes(p, written->head, written->head_len);
	for (i = 0; p && i < schema->nr_envelope; i++) {
		const struct schema_column *column = &schema->envelope[i];

		if (column->part == PART_DATA) {
			p = put_data(p, limit, &cells, schema, column);
			continue;
		}
		cell_envelope(&cells, column, &cell);
		p = put_cell(p, &cells, column, &cell);
	}
	if (p && schema->flat)
		p = put_fields(p, limit, &cells, schema);
	return p ? p - to : -ENOSPC;
}

static char *protobuf_head(const struct schema *schema, int32_t id, size_t *len)
{
	(void)schema;
	return wire_head(id, 1, len);
}

const struct converter converter_protobuf = {
	.content_type = "application/protobuf",
	.longest = WIRE_LONGEST,
	.bound = wire_bound,
	.bound_ever = wire_bound_ever,
	.encode = protobuf_encode,
	.schema = schema_protobuf,
	.schema_type = "PROTOBUF",
	.head = protobuf_head,
};
