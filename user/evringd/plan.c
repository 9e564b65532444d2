/* SPDX-License-Identifier: MIT */
/* See plan.h. */
#include "plan.h"

#include "memory.h"
#include "schemas.h"
#include "wire.h"

#include <stdlib.h>

/* A plan that is being made. Its texts are at offsets until all are there. */
struct making {
	struct plan *plan;
	const struct plan_format *format;
	char *bytes;
	size_t len, room;
};

/*
 * Texts
 */

static char *room_for(struct making *m, size_t len)
{
	if (m->len + len + PLAN_SLACK > m->room) {
		m->room = 2 * (m->len + len + PLAN_SLACK);
		m->bytes = must(realloc(m->bytes, m->room));
	}
	return m->bytes + m->len;
}

/* The offset stands where the pointer will: plan_new() makes it one. */
static void text_end(struct making *m, struct plan_text *text, const char *end)
{
	text->bytes = (const char *)m->len;
	text->len = (size_t)(end - (m->bytes + m->len));
	m->len += text->len;
}

static void settle(const struct making *m, struct plan_text *text)
{
	text->bytes = m->bytes + (size_t)text->bytes;
}

/*
 * Fields
 */

static enum plan_what number_of(const struct schema_column *column)
{
	static const enum plan_what unsigneds[] = {
		[1] = PLAN_U8, [2] = PLAN_U16, [4] = PLAN_U32, [8] = PLAN_U64,
	};
	static const enum plan_what signeds[] = {
		[1] = PLAN_S8, [2] = PLAN_S16, [4] = PLAN_S32, [8] = PLAN_S64,
	};

	if (column->part == PART_BOOL)
		return PLAN_BOOL;
	return column->is_signed ? signeds[column->size] : unsigneds[column->size];
}

/* A time or a text whose second column would be called as another field has none. */
static bool is_half(const struct schema_column *column)
{
	return !column->field->beside &&
	       (column->part == PART_WALL || column->part == PART_BOOT_WALL ||
		column->part == PART_TEXT || column->part == PART_TEXTS);
}

static enum plan_what what_of(const struct schema_column *column)
{
	if (column->plain)
		return number_of(column);
	if (is_half(column))
		return PLAN_COLUMN;
	switch (column->part) {
	case PART_HEX_NUMBER:
		return PLAN_HEX;
	case PART_ENUM:
		return PLAN_ENUM;
	case PART_FLAGS:
		return PLAN_FLAGS;
	case PART_NUMBER_NAME:
		return PLAN_NAME;
	case PART_WALL:
		return PLAN_WALL;
	case PART_BOOT_WALL:
		return PLAN_BOOT_WALL;
	case PART_TEXT:
		return column->field->kind == EVRING_KIND_CHARS ? PLAN_CHARS : PLAN_TEXT;
	case PART_TEXTS:
		return PLAN_TEXTS;
	default:
		return PLAN_COLUMN;
	}
}

static bool takes_two(enum plan_what what)
{
	return what >= PLAN_WALL && what <= PLAN_TEXTS;
}

static void lead_append(struct plan_lead *lead, const struct plan_lead *more)
{
	memcpy(lead->bytes + lead->len, more->bytes, more->len);
	lead->len = (uint8_t)(lead->len + more->len);
}

/* Of equal values the first one's name is it, as in JSON; of flags each is written. */
static void add_names(struct making *m, struct plan_op *op)
{
	const struct evring_field *field = op->column->field;
	const bool flags = op->what == PLAN_FLAGS;
	struct plan_lead lead = op->lead;
	struct cell cell;
	uint32_t i, j;
	char *p;

	if (flags)
		m->format->element(&lead, op->column);
	op->names = xgrow(NULL, 0, (size_t)field->nr_values + 1, sizeof(*op->names));
	for (i = 0; i < field->nr_values; i++) {
		const struct evring_value *value = &field->values[i];

		for (j = 0; j < op->nr_names && op->names[j].value != value->value; j++)
			;
		if (flags ? !value->value : j < op->nr_names)
			continue;
		cell_string(&cell, value->name);
		p = room_for(m, cell_len(&cell) + sizeof(lead.bytes) + 10);
		p = put_bytes(p, lead.bytes, lead.len);
		p = put_varint(p, cell_len(&cell) << m->format->shift);
		op->names[op->nr_names].value = value->value;
		text_end(m, &op->names[op->nr_names++].text, cell_put(p, &cell));
	}
}

static void add_op(struct making *m, const struct schema_column *column,
		   const struct schema_column *beside, struct plan_op *op)
{
	const struct plan_format *format = m->format;

	*op = (struct plan_op){
		.what = (uint8_t)what_of(column), .column = column, .offset = column->offset,
		.size = column->size, .null = format->null,
	};
	format->lead(&op->lead, column);
	if (takes_two(op->what)) {
		format->lead(&op->beside, beside);
		op->idle = format->null;
		lead_append(&op->null, &format->null);
	}
	if (op->what == PLAN_ENUM || op->what == PLAN_FLAGS)
		add_names(m, op);
}

static size_t most_of(const struct plan_op *op)
{
	const struct evring_field *field = op->column->field;
	const bool sized = !op->careful && !(field->kind & EVRING_KIND_VAR);

	return field->json_max + (sized ? EVRING_JSON_BYTE * field->size : 0);
}

static void set_left(struct plan_op *ops, size_t nr)
{
	size_t left = 0;

	while (nr--) {
		left += ops[nr].enters ? most_of(&ops[nr]) : 0;
		ops[nr].left = left;
	}
}

static bool is_first(const struct schema *schema, size_t i)
{
	return !i || schema->fields[i - 1].field != schema->fields[i].field;
}

static void add_ops(struct making *m)
{
	const struct schema *schema = m->plan->schema;
	struct plan *plan = m->plan;
	struct plan_op *op;
	size_t i;

	plan->ops = xgrow(NULL, 0, schema->nr_fields + 1, sizeof(*plan->ops));
	for (i = 0; i < schema->nr_fields; i++) {
		op = &plan->ops[plan->nr_ops++];
		add_op(m, &schema->fields[i], &schema->fields[i] + 1, op);
		op->enters = is_first(schema, i);
		i += takes_two(op->what);
	}
	set_left(plan->ops, plan->nr_ops);
	plan->room = plan->nr_ops ? plan->ops[0].left : 0;
}

static void add_careful(struct making *m)
{
	const struct schema *schema = m->plan->schema;
	struct plan *plan = m->plan;
	size_t i;

	plan->careful = xgrow(NULL, 0, schema->nr_fields + 1, sizeof(*plan->careful));
	for (i = 0; i < schema->nr_fields; i++) {
		const struct evring_field *field = schema->fields[i].field;

		plan->careful[i] = (struct plan_op){
			.what = PLAN_COLUMN, .column = &schema->fields[i],
			.enters = is_first(schema, i), .careful = true, .null = m->format->null,
		};
		if (plan->fixed < (uint32_t)field->offset + field->size)
			plan->fixed = (uint32_t)field->offset + field->size;
	}
	plan->nr_careful = schema->nr_fields;
	set_left(plan->careful, plan->nr_careful);
}

/*
 * The envelope
 */

static void add_head(struct making *m, const struct written *written)
{
	char *p = room_for(m, written->head_len);

	text_end(m, &m->plan->front, put_bytes(p, written->head, written->head_len));
}

/* Another column's value at the end of @text, which was made last */
static void add_constant(struct making *m, struct cells *cells, struct plan_text *text,
			 const struct schema_column *column)
{
	struct cell cell;
	size_t len = text->len;
	char *p;

	cell_envelope(cells, column, &cell);
	p = room_for(m, (cell.state == CELL_TEXT ? cell_len(&cell) : 0) + 32);
	text_end(m, text, p + m->format->put(p, cells, column, &cell));
	text->bytes -= len;
	text->len += len;
}

static void add_contexts(struct making *m, struct cells *cells, const struct schema_column *column)
{
	struct evring_rec rec = { 0 };
	struct evring_event event = *cells->event;
	struct cells other = { .src = cells->src, .event = &event };
	unsigned int i;

	event.rec = &rec;
	for (i = 0; i < 4; i++) {
		rec.flags = (uint16_t)i;
		m->plan->contexts[i].bytes = (const char *)m->len;
		add_constant(m, &other, &m->plan->contexts[i], column);
	}
}

static void add_column(struct making *m, struct cells *cells, const struct schema_column *column)
{
	static const int leads[] = {
		[PART_TIME] = PLAN_TIME, [PART_TIME_NS] = PLAN_TIME_NS,
		[PART_BOOTTIME] = PLAN_BOOTTIME, [PART_CPU] = PLAN_CPU, [PART_SEQ] = PLAN_SEQ,
		[PART_PID] = PLAN_PID, [PART_TID] = PLAN_TID,
	};
	struct plan *plan = m->plan;

	switch (column->part) {
	case PART_TYPE: case PART_VERSION:
		add_constant(m, cells, &plan->front, column);
		break;
	case PART_HOST:
		plan->middle.bytes = (const char *)m->len;
		add_constant(m, cells, &plan->middle, column);
		break;
	case PART_MACHINE: case PART_BOOT: case PART_LANE:
		add_constant(m, cells, &plan->middle, column);
		break;
	case PART_CONTEXT:
		add_contexts(m, cells, column);
		break;
	case PART_DATA:
		plan->data = column;
		break;
	case PART_REDACTED:
		plan->redacted = column;
		plan->no_redacted = m->format->null;
		break;
	default:
		m->format->lead(&plan->leads[leads[column->part]], column);
	}
}

static void settle_all(struct making *m)
{
	struct plan *plan = m->plan;
	size_t i, j;

	settle(m, &plan->front);
	settle(m, &plan->middle);
	for (i = 0; i < 4; i++)
		settle(m, &plan->contexts[i]);
	for (i = 0; i < plan->nr_ops; i++)
		for (j = 0; j < plan->ops[i].nr_names; j++)
			settle(m, &plan->ops[i].names[j].text);
	plan->bytes = m->bytes;
}

struct plan *plan_new(const struct plan_format *format, const struct source *src,
		      const struct written *written, unsigned int lane)
{
	const struct evring_event event = {
		.type = written->schema->type, .lane = (uint16_t)lane,
	};
	struct making m = { .plan = xzalloc(sizeof(*m.plan)), .format = format };
	struct cells cells = { .src = src, .event = &event };
	size_t i;

	m.plan->schema = written->schema;
	add_head(&m, written);
	for (i = 0; i < written->schema->nr_envelope; i++)
		add_column(&m, &cells, &written->schema->envelope[i]);
	add_careful(&m);
	add_ops(&m);
	settle_all(&m);
	return m.plan;
}

void plan_free(void *arg)
{
	struct plan *plan = arg;
	size_t i;

	if (!plan)
		return;
	for (i = 0; i < plan->nr_ops; i++)
		free(plan->ops[i].names);
	free(plan->ops);
	free(plan->careful);
	free(plan->bytes);
	free(plan);
}
