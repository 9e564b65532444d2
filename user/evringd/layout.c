/* SPDX-License-Identifier: MIT */
/* See layout.h: a layout's tables as operations for one type, and an event written by them. */
#include "layout.h"

#include "arrange.h"
#include "config.h"
#include "memory.h"
#include "schemas.h"

#include <stdlib.h>
#include <string.h>

/* The objects of a type on their way to operations */
struct node {
	char *name;
	struct node *first, *last, *next;	/* members; the next one beside it */
	bool is_value;
	const char *json;			/* a constant; else a column */
	struct arrange_op op;
};

const struct word layout_protocols[] = {
	{ "TCP", "\"tcp\"" }, { "UDP", "\"udp\"" }, { "ICMP", "\"icmp\"" },
	{ "ICMPV6", "\"ipv6-icmp\"" }, { "SCTP", "\"sctp\"" }, { "DCCP", "\"dccp\"" },
	{ "UDPLITE", "\"udplite\"" }, { "GRE", "\"gre\"" }, { "ESP", "\"esp\"" },
	{ "AH", "\"ah\"" }, { NULL, NULL },
};

const struct variant layout_variants[NR_VARIANTS] = {
	{ "net.close", "direction", "inbound", INBOUND_CLOSE },
};

/* A layout while it is compiled */
struct making {
	const struct layout *layout;		/* NULL: flat */
	const struct schema *schema;
	const char *variant;			/* NULL: the type as it is */
	struct node root;
	struct arrangement *made;
};

/*
 * Which rows are for a type
 */

/* 0: not for it; else the greater, the closer */
static int match(const struct making *m, const char *pattern)
{
	const char *type = m->schema->type->name;
	const size_t len = strlen(pattern);

	if (m->variant && !strcmp(pattern, m->variant))
		return 4;
	if (!strcmp(pattern, type))
		return 3;
	if (!strcmp(pattern, "*"))
		return 1;
	return pattern[len - 1] == '*' && !strncmp(pattern, type, len - 1) ? 2 : 0;
}

static int closest_place(const struct making *m, const char *column)
{
	const struct layout *layout = m->layout;
	int best = 0, now;
	size_t i;

	for (i = 0; i < layout->nr_places; i++) {
		now = match(m, layout->places[i].type);
		if (now > best && !strcmp(layout->places[i].column, column))
			best = now;
	}
	return best;
}

static bool is_closest(const struct making *m, const struct constant *constant)
{
	const struct layout *layout = m->layout;
	int mine = match(m, constant->type);
	size_t i;

	for (i = 0; mine && i < layout->nr_constants; i++)
		if (match(m, layout->constants[i].type) > mine &&
		    !strcmp(layout->constants[i].path, constant->path))
			return false;
	return mine;
}

/*
 * The tree of objects
 */

static struct node *member(struct node *of, const char *name, size_t len)
{
	struct node *node;

	for (node = of->first; node; node = node->next)
		if (!strncmp(node->name, name, len) && !node->name[len])
			return node;
	node = xzalloc(sizeof(*node));
	node->name = xprintf("%.*s", (int)len, name);
	if (of->last)
		of->last->next = node;
	else
		of->first = node;
	of->last = node;
	return node;
}

/* NULL: something else is there. */
static struct node *value_at(struct making *m, const char *path)
{
	struct node *node = &m->root;
	const char *dot;

	for (; (dot = strchr(path, '.')); path = dot + 1) {
		node = member(node, path, (size_t)(dot - path));
		if (node->is_value)
			return NULL;
	}
	node = member(node, path, strlen(path));
	if (node->is_value || node->first)
		return NULL;
	node->is_value = true;
	return node;
}

static bool add_value(struct making *m, const char *path, const struct schema_column *column,
		      enum place_as as, const struct word *words)
{
	struct node *node = value_at(m, path);
	const bool second = column->field && column > m->schema->fields &&
			    column[-1].field == column->field;

	if (!node)
		return false;
	node->op.column = column;
	node->op.base = second ? column - 1 : NULL;
	node->op.as = as;
	node->op.words = words;
	return true;
}

/* Where there is no other place; a field may be called as an object there. */
static void add_rest(struct making *m, const struct schema_column *column)
{
	char *path = xprintf("%s.%s%s", m->layout->rest, column->field ? "data." : "",
			     column->name), *longer;

	while (!add_value(m, path, column, AS_IT_IS, NULL)) {
		longer = xprintf("%s_", path);
		free(path);
		path = longer;
	}
	free(path);
}

static void place_column(struct making *m, const struct schema_column *column)
{
	char *name = xprintf("%s%s", column->field ? "" : ".", column->name);
	const int closest = closest_place(m, name);
	const struct layout *layout = m->layout;
	bool placed = false;
	size_t i;

	for (i = 0; closest && i < layout->nr_places; i++) {
		const struct place *place = &layout->places[i];

		if (strcmp(place->column, name) || !place->path ||
		    match(m, place->type) != closest)
			continue;
		if (add_value(m, place->path, column, place->as, place->words))
			placed |= place->as < AS_EXACT;
	}
	if (!placed)
		add_rest(m, column);
	free(name);
}

/* As evring-json(7) has it of an event whose type is not known */
static const char *flat_name(const struct making *m, const struct schema_column *column)
{
	return column->field && !strcmp(m->schema->type->name, "unknown") ? "hex" : column->name;
}

static void place_columns(struct making *m, const struct schema_column *columns, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (columns[i].part == PART_DATA)
			continue;
		if (m->layout)
			place_column(m, &columns[i]);
		else
			add_value(m, flat_name(m, &columns[i]), &columns[i], AS_IT_IS, NULL);
	}
}

/* NULL: a type of that name need not have the field. */
static const struct schema_column *column_called(const struct schema *schema, const char *name)
{
	size_t i;

	for (i = 0; i < schema->nr_fields; i++)
		if (!strcmp(schema->fields[i].name, name))
			return &schema->fields[i];
	return NULL;
}

/* Has the type a field whose place is there? A type of an older module may lack it. */
static bool has_field_at(const struct making *m, const char *path)
{
	const struct place *place = m->layout->places;
	const struct place *const end = place + m->layout->nr_places;

	for (; place < end; place++)
		if (place->path && !strcmp(place->path, path) &&
		    column_called(m->schema, place->column) &&
		    match(m, place->type) == closest_place(m, place->column))
			return true;
	return false;
}

/* Where a field is at the same place, the constant stands in for it. */
static void place_constants(struct making *m)
{
	const struct layout *layout = m->layout;
	struct node *node;
	size_t i;

	for (i = 0; layout && i < layout->nr_constants; i++) {
		if (!layout->constants[i].json || !is_closest(m, &layout->constants[i]) ||
		    has_field_at(m, layout->constants[i].path))
			continue;
		node = value_at(m, layout->constants[i].path);
		if (node)
			node->json = layout->constants[i].json;
	}
}

/*
 * Operations
 */

static struct arrange_op *add_op(struct making *m, enum arrange_what what, char *text)
{
	struct arrangement *made = m->made;
	struct arrange_op *op;

	made->ops = xgrow(made->ops, made->nr, made->nr + 1, sizeof(*made->ops));
	op = &made->ops[made->nr++];
	op->what = what;
	op->len = text ? strlen(text) : 0;
	op->text = text ? must(realloc(text, op->len + 1 + ARRANGE_SLACK)) : NULL;
	made->texts += op->len + 1;
	return op;
}

/* Null is left out, unless it is a flat one's: that says as much as the nested one. */
static void add_leaf(struct making *m, struct node *node)
{
	struct arrange_op *op;

	if (node->json) {
		add_op(m, ARRANGE_TEXT, xprintf("\"%s\":%s,", node->name, node->json));
		return;
	}
	op = add_op(m, ARRANGE_VALUE, xprintf("\"%s\":", node->name));
	op->column = node->op.column;
	op->base = node->op.base;
	op->as = node->op.as;
	op->words = node->op.words;
	op->nulls = !m->layout && !op->base && op->column->part != PART_REDACTED;
}

static void add_members(struct making *m, struct node *of, unsigned int depth)
{
	struct node *node, *next;

	if (depth > m->made->depth)
		m->made->depth = depth;
	for (node = of->first; node; node = next) {
		next = node->next;
		if (node->is_value) {
			add_leaf(m, node);
		} else {
			add_op(m, ARRANGE_OPEN, xprintf("\"%s\":{", node->name));
			add_members(m, node, depth + 1);
			add_op(m, ARRANGE_CLOSE, NULL);
		}
		free(node->name);
		free(node);
	}
}

static struct arrangement *compile(const struct layout *layout, const struct schema *schema,
				   const char *variant)
{
	struct making m = { .layout = layout, .schema = schema, .variant = variant };

	m.made = xzalloc(sizeof(*m.made));
	place_constants(&m);
	place_columns(&m, schema->envelope, schema->nr_envelope);
	place_columns(&m, schema->fields, schema->nr_fields);
	add_members(&m, &m.root, 0);
	return m.made;
}

static void add_variant(struct arrangement *made, const struct layout *layout,
			const struct schema *schema)
{
	const struct variant *variant = layout_variants;

	while (variant < layout_variants + NR_VARIANTS && strcmp(variant->type, schema->type->name))
		variant++;
	if (variant == layout_variants + NR_VARIANTS)
		return;
	made->when = column_called(schema, variant->column);
	made->word = variant->word;
	if (made->when)
		made->variant = compile(layout, schema, variant->name);
}

struct arrangement *layout_compile(const struct layout *layout, const struct schema *schema)
{
	struct arrangement *made = compile(layout, schema, NULL);

	if (layout)
		add_variant(made, layout, schema);
	return made;
}

void arrangement_free(void *arg)
{
	struct arrangement *made = arg;
	size_t i;

	if (!made)
		return;
	arrangement_free(made->variant);
	for (i = 0; i < made->nr; i++)
		free(made->ops[i].text);
	free(made->ops);
	free(made);
}
