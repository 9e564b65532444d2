/* SPDX-License-Identifier: MIT */
/* value.format=protobuf: an event is one message of its type's schema (schema_protobuf.c). */
#include "converter.h"
#include "schemas.h"
#include "typed.h"

char *put_tag(char *p, const struct schema_column *column)
{
	const bool bytes = column->kind == SCHEMA_STRING || column->kind == SCHEMA_TIME ||
			   column->part == PART_DATA;

	return put_varint(p, column->number << 3 | (bytes ? WIRE_BYTES : WIRE_VARINT));
}

char *put_timestamp(char *p, uint64_t ns)
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

/* A null is left out. Numbers of a list need not be packed: all readers take both. */
static size_t protobuf_put(char *to, struct cells *cells, const struct schema_column *column,
			   struct cell *cell)
{
	char *p = to;

	if (cell->state == CELL_NULL)
		return 0;
	if (cell->state != CELL_LIST)
		return (size_t)(put_value(put_tag(p, column), column, cell, false) - to);
	while (cell_element(cells, cell))
		p = put_value(put_tag(p, column), column, cell, false);
	return (size_t)(p - to);
}

static void protobuf_lead(struct plan_lead *lead, const struct schema_column *column)
{
	char room[16] = { 0 };

	lead->len = (uint8_t)(put_tag(room, column) - room);
	memcpy(lead->bytes, room, sizeof(lead->bytes));
}

const struct plan_format format_protobuf = {
	.lead = protobuf_lead,
	.element = protobuf_lead,
	.put = protobuf_put,
};

static void *protobuf_plan(const struct source *src, struct written *written, unsigned int lane)
{
	return plan_new(&format_protobuf, src, written, lane);
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
	.plan = protobuf_plan,
	.plan_free = plan_free,
};
