/* SPDX-License-Identifier: MIT */
/* value.format=avro: an event is one datum of its type's schema (schema_avro.c). */
#include "cell.h"
#include "converter.h"
#include "memory.h"
#include "schemas.h"
#include "wire.h"

#include <errno.h>

/* A union's branches: null, and the value */
#define BRANCH_NULL	0
#define BRANCH_VALUE	2	/* 1, as a zigzag number */

static char *put_long(char *p, uint64_t number)
{
	return put_varint(p, number << 1 ^ -(number >> 63));
}

/* Without the union's branch */
static char *put_value(char *p, const struct schema_column *column, const struct cell *cell)
{
	if (cell->state == CELL_TEXT) {
		p = put_long(p, cell_len(cell));
		return cell_put(p, cell);
	}
	if (column->kind == SCHEMA_BOOL) {
		*p++ = (char)cell->number;
		return p;
	}
	return put_long(p, column->kind == SCHEMA_TIME ? cell->number / 1000000 : cell->number);
}

static char *put_cell(char *p, struct cells *cells, const struct schema_column *column,
		      struct cell *cell)
{
	if (column->nullable)
		*p++ = cell->state == CELL_NULL ? BRANCH_NULL : BRANCH_VALUE;
	if (cell->state == CELL_NULL)
		return p;
	if (cell->state != CELL_LIST)
		return put_value(p, column, cell);
	/* Each element is a block of its own, so that nobody need count them first. */
	while (cell_element(cells, cell)) {
		*p++ = 2;
		p = put_value(p, column, cell);
	}
	*p++ = 0;
	return p;
}

/* NULL: there may not be room. */
static char *put_fields(char *p, const char *limit, struct cells *cells,
			const struct schema *schema)
{
	const struct evring_field *field = NULL;
	struct cell cell;
	size_t i, len;

	for (i = 0; i < schema->nr_fields; i++) {
		const struct schema_column *column = &schema->fields[i];

		if (column->field != field) {
			field = column->field;
			len = cells_enter(cells, field);
			if ((size_t)(limit - p) < field->json_max + EVRING_JSON_BYTE * len)
				return NULL;
		}
		cell_field(cells, column, &cell);
		p = put_cell(p, cells, column, &cell);
	}
	return p;
}

static ssize_t avro_encode(const struct source *src, const struct evring_event *event, char *to,
			   size_t room)
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
			p = put_fields(p, limit, &cells, schema);
			continue;
		}
		cell_envelope(&cells, column, &cell);
		p = put_cell(p, &cells, column, &cell);
	}
	if (p && schema->flat)
		p = put_fields(p, limit, &cells, schema);
	return p ? p - to : -ENOSPC;
}

static char *avro_head(const struct schema *schema, int32_t id, size_t *len)
{
	(void)schema;
	return wire_head(id, 0, len);
}

const struct converter converter_avro = {
	.content_type = "application/avro",
	.longest = WIRE_LONGEST,
	.bound = wire_bound,
	.bound_ever = wire_bound_ever,
	.encode = avro_encode,
	.schema = schema_avro,
	.schema_type = "AVRO",
	.head = avro_head,
};
