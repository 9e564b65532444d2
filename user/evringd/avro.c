/* SPDX-License-Identifier: MIT */
/* value.format=avro: an event is one datum of its type's schema (schema_avro.c). */
#include "converter.h"
#include "schemas.h"
#include "typed.h"

/* A union's branches: null, and the value */
#define BRANCH_NULL	0
#define BRANCH_VALUE	2	/* 1, as a zigzag number */

static size_t avro_put(char *to, struct cells *cells, const struct schema_column *column,
		       struct cell *cell)
{
	char *p = to;

	if (column->nullable)
		*p++ = cell->state == CELL_NULL ? BRANCH_NULL : BRANCH_VALUE;
	if (cell->state == CELL_NULL)
		return (size_t)(p - to);
	if (cell->state != CELL_LIST)
		return (size_t)(put_value(p, column, cell, true) - to);
	while (cell_element(cells, cell)) {
		*p++ = ONE_ELEMENT;
		p = put_value(p, column, cell, true);
	}
	*p++ = 0;
	return (size_t)(p - to);
}

static void avro_lead(struct plan_lead *lead, const struct schema_column *column)
{
	*lead = (struct plan_lead){ .bytes = { BRANCH_VALUE }, .len = column->nullable };
}

static void avro_element(struct plan_lead *lead, const struct schema_column *column)
{
	(void)column;
	*lead = (struct plan_lead){ .bytes = { ONE_ELEMENT }, .len = 1 };
}

const struct plan_format format_avro = {
	.lead = avro_lead,
	.element = avro_element,
	.null = { .bytes = { BRANCH_NULL }, .len = 1 },
	.shift = 1,
	.put = avro_put,
};

static void *avro_plan(const struct source *src, struct written *written, unsigned int lane)
{
	return plan_new(&format_avro, src, written, lane);
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
	.plan = avro_plan,
	.plan_free = plan_free,
};
