/* SPDX-License-Identifier: MIT */
/* See arrange.h: value.format=json with json.layout=ecs or ocsf, or data.flatten. */
#include "arrange.h"

#include "cell.h"
#include "config.h"
#include "converter.h"
#include "jsontext.h"
#include "lines.h"
#include "memory.h"
#include "names.h"
#include "schemas.h"
#include "wire.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

/* A column has at most three places, and a text two. */
#define PLACES		3u
#define BYTE_MAX	24u
#define ENVELOPE_MAX	512u		/* bytes of a value of the envelope */

#define NAMES_LONGEST	32768u		/* the names of all fields at their places */

/* Two places of the longest text, each byte as "\u0001", and once in base 16 */
#define LONGEST		(EVRING_JSON_HEAD + NAMES_LONGEST + 14u * RECORD_LONGEST)

/* An event that is being written */
struct arranging {
	struct cells cells;
	const char *limit;
	char *opened[ARRANGE_DEPTH];	/* where objects begin that are not closed */
	unsigned int depth;
};

/*
 * Values: each returns NULL if there is none.
 */

static char *put_quoted(char *p, const char *text, size_t len)
{
	*p++ = '"';
	p = json_escape(p, text, len);
	*p++ = '"';
	return p;
}

static char *put_text(char *p, const struct cell *cell)
{
	if (cell->form != FORM_HEX)
		return put_quoted(p, cell->text, cell->len);
	*p++ = '"';
	p = cell_put_hex(p, cell->text, cell->len);
	*p++ = '"';
	return p;
}

static char *put_name(char *p, const struct cell *cell)
{
	const char *slash = memrchr(cell->text, '/', cell->len);
	size_t skip = slash ? (size_t)(slash - cell->text) + 1 : 0;

	return put_quoted(p, cell->text + skip, cell->len - skip);
}

static char *put_word(char *p, const struct cell *cell, const struct word *words)
{
	while (words->from && (strlen(words->from) != cell->len ||
			       memcmp(words->from, cell->text, cell->len)))
		words++;
	return words->json ? stpcpy(p, words->json) : NULL;
}

static char *put_line(char *p, struct cells *cells, struct cell *cell)
{
	bool first = true;

	*p++ = '"';
	for (; cell_element(cells, cell); first = false) {
		if (!first)
			*p++ = ' ';
		p = json_escape(p, cell->text, cell->len);
	}
	*p++ = '"';
	return p;
}

/* A call that goes on is neither. */
static char *put_result(char *p, const struct cell *cell, enum place_as as)
{
	const int64_t result = (int64_t)cell->number;
	const unsigned int state = result >= 0 ? 0 : result == -EINPROGRESS ? 2 : 1;
	static const char *const words[][3] = {
		[AS_OUTCOME] = { "\"success\"", "\"failure\"", "\"unknown\"" },
		[AS_STATUS] = { "\"Success\"", "\"Failure\"", "\"Unknown\"" },
		[AS_STATUS_ID] = { "1", "2", "0" },
	};

	if (as != AS_ERRNO)
		return stpcpy(p, words[as][state]);
	if (result >= 0)
		return NULL;
	*p++ = '"';
	p = json_decimal(p, (uint64_t)-result, false);
	*p++ = '"';
	return p;
}

static char *put_id(char *p, const struct cells *cells)
{
	const struct evring_host *host = &cells->src->host;
	const struct evring_event *event = cells->event;
	const char *lane = lane_name(cells->src->ev, event->lane);

	*p++ = '"';
	p = json_escape(p, host->machine_id, strlen(host->machine_id));
	*p++ = '/';
	p = json_escape(p, host->boot_id, strlen(host->boot_id));
	*p++ = '/';
	p = json_escape(p, lane, strlen(lane));
	*p++ = '/';
	p = json_decimal(p, event->cpu, false);
	*p++ = '/';
	p = json_decimal(p, event->seq, false);
	*p++ = '"';
	return p;
}

static bool is_signed(const struct schema_column *column)
{
	return column->kind == SCHEMA_INT || column->kind == SCHEMA_LONG;
}

/* 0, or the boot, which is where the boot's time is 0 */
static bool is_zero(const struct cells *cells, const struct schema_column *column,
		    const struct cell *cell)
{
	return cell->number == (column->part == PART_BOOT_WALL ?
				evring_clock_to_wall(cells->src->ev, 0) : 0);
}

static char *put_number(char *p, const struct schema_column *column, const struct cell *cell,
			enum place_as as)
{
	if (column->kind == SCHEMA_BOOL)
		return stpcpy(p, cell->number ? "true" : "false");
	if (column->kind == SCHEMA_TIME && (as == AS_MS || as == AS_KNOWN_MS))
		return json_decimal(p, cell->number / 1000000, false);
	if (column->kind == SCHEMA_TIME)
		return json_time(p, cell->number);
	if (as != AS_TEXT)
		return json_decimal(p, cell->number, is_signed(column));
	*p++ = '"';
	p = json_decimal(p, cell->number, is_signed(column));
	*p++ = '"';
	return p;
}

static char *put_list(char *p, struct cells *cells, const struct schema_column *column,
		      struct cell *cell)
{
	*p++ = '[';
	while (cell_element(cells, cell)) {
		p = cell->state == CELL_TEXT ? put_text(p, cell) :
					       put_number(p, column, cell, AS_IT_IS);
		*p++ = ',';
	}
	if (p[-1] == ',')
		p--;
	*p++ = ']';
	return p;
}

static char *put_made(char *p, struct cells *cells, const struct arrange_op *op,
		      struct cell *cell)
{
	if (op->as == AS_ID)
		return put_id(p, cells);
	if (op->as >= AS_OUTCOME)
		return cell->state == CELL_NUMBER ? put_result(p, cell, op->as) : NULL;
	if (op->as == AS_LINE)
		return cell->state == CELL_LIST ? put_line(p, cells, cell) : NULL;
	if (cell->state != CELL_TEXT)
		return NULL;
	return op->as == AS_NAME ? put_name(p, cell) : put_word(p, cell, op->words);
}

static char *put_cell(char *p, struct cells *cells, const struct arrange_op *op,
		      struct cell *cell)
{
	if (cell->state == CELL_NULL)
		return NULL;
	if (op->as > AS_EXACT)
		return put_made(p, cells, op, cell);
	if (cell->state == CELL_LIST)
		return put_list(p, cells, op->column, cell);
	if (cell->state == CELL_TEXT)
		return put_text(p, cell);
	if ((op->as == AS_KNOWN || op->as == AS_KNOWN_MS) && is_zero(cells, op->column, cell))
		return NULL;
	return put_number(p, op->column, cell, op->as);
}

/*
 * Members
 */

/* The column's cell. Returns the most that it can take. */
static size_t cell_of(struct cells *cells, const struct arrange_op *op, struct cell *cell)
{
	const struct schema_column *column = op->column;
	const struct evring_type *type = cells->event->type;
	size_t len;

	if (!column->field) {
		cell_envelope(cells, column, cell);
		if (column->part == PART_VERSION && !type)
			cell->state = CELL_NULL;
		return ENVELOPE_MAX + (column->part == PART_REDACTED && type ? type->json_max : 0);
	}
	len = cells_enter(cells, column->field);
	if (op->base)
		cell_field(cells, op->base, cell);
	cell_field(cells, column, cell);
	return column->field->json_max + EVRING_JSON_BYTE * len;
}

/* Most names are short: then as one word, which has the room that the value would have. */
static char *put_name_of(char *p, const struct arrange_op *op)
{
	if (op->len > ARRANGE_SLACK)
		return put_bytes(p, op->text, op->len);
	memcpy(p, op->text, ARRANGE_SLACK);
	return p + op->len;
}

/* False: there may not be room. */
static bool put_value(struct arranging *a, char **to, const struct arrange_op *op)
{
	struct cell cell;
	size_t most = cell_of(&a->cells, op, &cell);
	char *p = *to, *end;

	if (p > a->limit || (size_t)(a->limit - p) < most)
		return false;
	p = put_name_of(p, op);
	end = put_cell(p, &a->cells, op, &cell);
	if (!end && !op->nulls)
		return true;
	if (!end)
		end = put_bytes(p, "null", 4);
	*end++ = ',';
	*to = end;
	return true;
}

/* An object with nothing in it is none. */
static char *close_object(const struct arranging *a, char *p)
{
	if (p[-1] == '{')
		return a->opened[a->depth];
	p[-1] = '}';
	*p++ = ',';
	return p;
}

/* The arrangement of the event's type, or that of its variant */
static const struct arrangement *choose(const struct arrangement *made, struct cells *cells)
{
	struct cell cell;

	if (!made->when)
		return made;
	cells_enter(cells, made->when->field);
	cell_field(cells, made->when, &cell);
	return cell.state == CELL_TEXT && cell.len == strlen(made->word) &&
	       !memcmp(cell.text, made->word, cell.len) ? made->variant : made;
}

/* @room has the constants twice: once where they stand, and once so that nobody need count them. */
static ssize_t arrange(const struct source *src, const struct evring_event *event, char *to,
		       size_t room)
{
	const struct written *written = schemas_find(src->schemas, event);
	struct arranging a = { .cells = { .src = src, .event = event } };
	const struct arrangement *made;
	const struct arrange_op *op;
	char *p = to;

	if (!written)
		return -EAGAIN;
	if (room < written->more)
		return -ENOSPC;
	made = choose(written->plan, &a.cells);
	a.limit = to + room - made->texts - WIRE_TAIL;
	a.cells.wall = evring_realtime(src->ev, event);
	*p++ = '{';
	for (op = made->ops; op < made->ops + made->nr; op++) {
		switch (op->what) {
		case ARRANGE_OPEN:
			a.opened[a.depth++] = p;
			p = put_bytes(p, op->text, op->len);
			break;
		case ARRANGE_CLOSE:
			a.depth--;
			p = close_object(&a, p);
			break;
		case ARRANGE_TEXT:
			p = put_bytes(p, op->text, op->len);
			break;
		case ARRANGE_VALUE:
			if (!put_value(&a, &p, op))
				return -ENOSPC;
			break;
		}
	}
	p[-1] = '}';
	return p - to;
}

/*
 * The converters
 */

static size_t arrange_bound(const struct evring_event *event)
{
	return (PLACES + 1) * (EVRING_JSON_HEAD + (event->type ? event->type->json_max : 0)) +
	       BYTE_MAX * event->payload_len;
}

/* If texts overlap in the record */
static size_t arrange_bound_ever(const struct evring_event *event)
{
	return arrange_bound(event) +
	       BYTE_MAX * event->payload_len * (event->type ? event->type->nr_fields : 0);
}

static char *no_head(const struct schema *schema, int32_t id, size_t *len)
{
	(void)schema;
	(void)id;
	*len = 0;
	return xzalloc(1);
}

static void *compile(const struct layout *layout, struct written *written)
{
	struct arrangement *made = layout_compile(layout, written->schema);
	size_t texts = made->texts;

	if (made->variant && made->variant->texts > texts)
		texts = made->variant->texts;
	written->more = 2 * texts + ENVELOPE_MAX + WIRE_TAIL;
	return made;
}

static void *flat_plan(const struct source *src, struct written *written, unsigned int lane)
{
	(void)src;
	(void)lane;
	return compile(NULL, written);
}

static void *ecs_plan(const struct source *src, struct written *written, unsigned int lane)
{
	(void)src;
	(void)lane;
	return compile(&layout_ecs, written);
}

static void *ocsf_plan(const struct source *src, struct written *written, unsigned int lane)
{
	(void)src;
	(void)lane;
	return compile(&layout_ocsf, written);
}

/*
 * Read back
 */

/* "machine/boot/lane/cpu/seq" at "event.id" or "metadata.uid", and the fields beside it */
static bool identity_at(const void *value, size_t len, struct identity *who, const char *object,
			const char *id, const char *seq, const char *rest)
{
	json_t *event = lines_first(value, len), *beside = json_object_get(event, rest);
	const char *whole, *type;
	json_int_t number, time_ns;
	bool ok;

	ok = event && !json_unpack(event, "{s:{s:s, s:I}, s:{s:s, s:I}}", object, id, &whole, seq,
				   &number, rest, "type", &type, "time_ns", &time_ns);
	if (ok) {
		snprintf(who->id, sizeof(who->id), "%.255s", whole);
		lines_type(who, type, json_object_get(beside, "version"));
		lines_covers(who, type, json_object_get(beside, "data"));
		who->seq = (uint64_t)number;
		who->timestamp = time_ns / 1000000;
	}
	json_decref(event);
	return ok;
}

static bool ecs_identity(const void *value, size_t len, struct identity *who)
{
	return identity_at(value, len, who, "event", "id", "sequence", layout_ecs.rest);
}

static bool ocsf_identity(const void *value, size_t len, struct identity *who)
{
	return identity_at(value, len, who, "metadata", "uid", "sequence", layout_ocsf.rest);
}

#define CONVERTER \
	.frame = LINES_FRAME, \
	.content_type = "application/json", \
	.longest = LONGEST, \
	.bound = arrange_bound, \
	.bound_ever = arrange_bound_ever, \
	.encode = arrange, \
	.head = no_head, \
	.plan_free = arrangement_free, \
	.prepare = lines_prepare, \
	.need = lines_need, \
	.put = lines_put, \
	.cut = lines_cut

const struct converter converter_flat = {
	CONVERTER, .plan = flat_plan, .identity = lines_identity,
};

const struct converter converter_ecs = {
	CONVERTER, .plan = ecs_plan, .identity = ecs_identity,
};

const struct converter converter_ocsf = {
	CONVERTER, .plan = ocsf_plan, .identity = ocsf_identity,
};
