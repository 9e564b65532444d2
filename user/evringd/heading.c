/* SPDX-License-Identifier: MIT */
/*
 * InsertHeader, HeaderFrom and DropHeaders. A field's value in a header is that of JSON: a
 * text as it is, a number, an enumeration's name; a list is a JSON array.
 */
#include "transforming.h"

#include "cell.h"
#include "extras.h"
#include "jsontext.h"
#include "message.h"
#include "shape.h"
#include "text.h"
#include "words.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define NAME_LONGEST 255

/* Names of headers, or of fields */
struct list {
	char **words;
	size_t nr;
};

static void list_free(struct list *list)
{
	while (list->nr)
		free(list->words[--list->nr]);
	free(list->words);
}

static bool list_parse(const struct options *options, const char *key, struct list *list)
{
	const char *rest = option_needed(options, key), *word;
	size_t len;

	while ((word = next_word(&rest, &len))) {
		list->words = xgrow(list->words, list->nr, list->nr + 1, sizeof(*list->words));
		list->words[list->nr++] = xprintf("%.*s", (int)len, word);
		if (len && len <= NAME_LONGEST && list->nr <= EXTRAS_MAX)
			continue;
		option_wrong(options, key, "entry %zu is empty, too long or one too many; allowed: at "
			     "most %d names with commas between", list->nr, EXTRAS_MAX);
		return false;
	}
	return list->nr;
}

/*
 * A second header of a name that evringd writes itself would tell of another event, and
 * those of a dead letter are taken away when it is put back.
 */
static bool name_is_free(const struct options *options, const char *key, const char *name)
{
	if (strncmp(name, "evring.", 7) && strncmp(name, LETTER_PREFIX, strlen(LETTER_PREFIX)) &&
	    !message_has_header(options->cfg, name))
		return true;
	option_wrong(options, key, "is a header of evringd's own; allowed: other names than evring.*, "
		     LETTER_PREFIX "* and those that \"headers\" gives");
	return false;
}

static bool no_room(const struct transform *t, struct passage *passage)
{
	snprintf(passage->reason, REASON_MAX, "transforms.%.80s: a message gets more than %d headers",
		 t->alias, EXTRAS_MAX);
	return false;
}

/*
 * InsertHeader
 */

struct constant {
	char *name, *value;
	size_t len;
};

static const char *const insert_options[] = { "header", "value.literal", NULL };

static bool insert_parse(struct transform *t, const struct options *options)
{
	const char *name = option_needed(options, "header");
	const char *value = option_needed(options, "value.literal");
	struct constant *c = xzalloc(sizeof(*c));

	t->own = c;
	if (!name || !value)
		return false;
	c->name = xstrdup(name);
	c->value = xstrdup(value);
	c->len = strlen(value);
	t->head_bytes = NAME_LONGEST + c->len;
	if (!*name || strlen(name) > NAME_LONGEST) {
		option_wrong(options, "header", "is no header's name; allowed: 1 to %d bytes",
			     NAME_LONGEST);
		return false;
	}
	if (c->len > EXTRA_LONGEST) {
		option_wrong(options, "value.literal", "is too long; allowed: up to %d bytes",
			     EXTRA_LONGEST);
		return false;
	}
	return name_is_free(options, "header", name);
}

static bool insert_head(struct transform *t, struct passage *passage)
{
	const struct constant *c = t->own;
	char *to = extras_begin(passage->made->extras);

	if (!to)
		return no_room(t, passage);
	memcpy(to, c->value, c->len);
	extras_end(passage->made->extras, c->name, c->len);
	return true;
}

static void insert_release(struct transform *t)
{
	struct constant *c = t->own;

	free(c->name);
	free(c->value);
	free(c);
}

const struct transform_kind insert_header = {
	"InsertHeader", .options = insert_options, .parse = insert_parse, .head = insert_head,
	.release = insert_release,
};

/*
 * DropHeaders
 */

static const char *const drop_options[] = { "headers", NULL };

static bool drop_parse(struct transform *t, const struct options *options)
{
	t->own = xzalloc(sizeof(struct list));
	return list_parse(options, "headers", t->own);
}

static bool drop_head(struct transform *t, struct passage *passage)
{
	const struct list *list = t->own;
	size_t i;

	for (i = 0; i < list->nr; i++)
		extras_drop(passage->made->extras, list->words[i]);
	return true;
}

static void drop_release(struct transform *t)
{
	list_free(t->own);
	free(t->own);
}

const struct transform_kind drop_headers = {
	"DropHeaders", .options = drop_options, .parse = drop_parse, .head = drop_head,
	.release = drop_release,
};

/*
 * HeaderFrom
 */

/* The columns of a type, or of one that transforms have made */
struct columns {
	struct columns *next;
	const struct evring_type *type;	/* held */
	struct schema *schema;
	const struct schema_column *wanted[];	/* of each of @fields; NULL: the type has none */
};

struct from {
	struct list fields, headers;
	bool move;
	struct columns *known;
};

static const char *const from_options[] = { "fields", "headers", "operation", NULL };

static bool from_names(const struct from *from, const struct options *options)
{
	size_t i;

	for (i = 0; i < from->fields.nr; i++) {
		if (field_name_fits(from->fields.words[i]))
			continue;
		option_wrong(options, "fields", "entry %zu is no field's name; allowed: names of an "
			     "event's fields, a-z 0-9 _, with commas between", i + 1);
		return false;
	}
	for (i = 0; i < from->headers.nr; i++)
		if (!name_is_free(options, "headers", from->headers.words[i]))
			return false;
	return true;
}

static bool from_parse(struct transform *t, const struct options *options)
{
	const char *operation = option_needed(options, "operation");
	struct from *from = xzalloc(sizeof(*from));

	t->own = from;
	if (!list_parse(options, "fields", &from->fields) ||
	    !list_parse(options, "headers", &from->headers) || !operation)
		return false;
	if (from->fields.nr != from->headers.nr) {
		option_wrong(options, "headers", "has %zu names, and \"fields\" %zu; allowed: as many",
			     from->headers.nr, from->fields.nr);
		return false;
	}
	from->move = !strcmp(operation, "move");
	t->keeps = !from->move;
	t->head_bytes = from->headers.nr * (NAME_LONGEST + EXTRA_LONGEST);
	if (!from->move && strcmp(operation, "copy")) {
		option_wrong(options, "operation", "is none of its values; allowed: move|copy");
		return false;
	}
	if (from->move && options->cfg->format == VALUE_RAW) {
		option_wrong(options, "operation", "with this \"value.format\" a value is the record as "
			     "it lies in the ring, from which nothing moves; allowed: copy");
		return false;
	}
	return from_names(from, options);
}

/* The first one of the field: JSON has some beside it, such as a text's bytes. */
static const struct schema_column *column_of(const struct schema *schema, const char *name)
{
	size_t i;

	for (i = 0; i < schema->nr_fields; i++)
		if (!strcmp(schema->fields[i].field->name, name))
			return &schema->fields[i];
	return NULL;
}

static void columns_free(struct columns *columns)
{
	schema_free(columns->schema);
	evring_type_free(columns->type);
	free(columns);
}

/* Those of the types that had this one's id before: no event of them is left. */
static void forget_columns(struct from *from, const struct evring_type *type)
{
	struct columns **at = &from->known, *columns;

	while ((columns = *at)) {
		if (columns->type->id != type->id ||
		    columns->type->generation == type->generation) {
			at = &columns->next;
			continue;
		}
		*at = columns->next;
		columns_free(columns);
	}
}

static const struct columns *columns_of(struct from *from, const struct evring_type *type)
{
	struct columns *columns, **at = &from->known;
	size_t i;

	for (; (columns = *at); at = &columns->next) {
		if (columns->type != type)
			continue;
		/* The next event will be of this type, too. */
		*at = columns->next;
		columns->next = from->known;
		from->known = columns;
		return columns;
	}
	forget_columns(from, type);
	columns = xzalloc(sizeof(*columns) + from->fields.nr * sizeof(columns->wanted[0]));
	columns->type = evring_type_hold(type);
	columns->schema = schema_new(type, true);
	for (i = 0; i < from->fields.nr; i++)
		columns->wanted[i] = column_of(columns->schema, from->fields.words[i]);
	columns->next = from->known;
	from->known = columns;
	return columns;
}

/* As much as there is room for, in whole characters */
static size_t put_cut(char *to, size_t room, const char *text, size_t len)
{
	len = whole_characters(text, len, room);
	memcpy(to, text, len);
	return len;
}

/* A text may become longer as it is made clean, so it is cut before and behind. */
static size_t put_text(char *to, const struct cell *cell)
{
	char clean[3 * EXTRA_LONGEST];
	struct cell cut = *cell;

	if (cell->form == FORM_PLAIN)
		return put_cut(to, EXTRA_LONGEST, cell->text, cell->len);
	cut.len = cell->len < EXTRA_LONGEST ? cell->len : EXTRA_LONGEST;
	return put_cut(to, EXTRA_LONGEST, clean, (size_t)(cell_put(clean, &cut) - clean));
}

/* @to has EXTRA_LONGEST bytes. */
static size_t put_number(char *to, const struct schema_column *column, uint64_t number)
{
	char quoted[64];
	size_t len;

	if (column->kind == SCHEMA_TIME) {
		len = (size_t)(json_time(quoted, number) - quoted) - 2;
		memcpy(to, quoted + 1, len);
		return len;
	}
	if (column->kind == SCHEMA_BOOL)
		return (size_t)(stpcpy(to, number ? "true" : "false") - to);
	if (column->kind == SCHEMA_INT || column->kind == SCHEMA_LONG)
		return (size_t)sprintf(to, "%" PRId64, (int64_t)number);
	return (size_t)sprintf(to, "%" PRIu64, number);
}

static bool append(char *to, size_t *used, const char *text, size_t len)
{
	size_t put = put_cut(to + *used, EXTRA_LONGEST - *used, text, len);

	*used += put;
	return put == len;
}

/* One element of a JSON array. False: there is room for no more. */
static bool put_element(char *to, size_t *used, const struct schema_column *column,
			const struct cell *cell)
{
	char text[EXTRA_LONGEST], *quoted;
	json_t *string;
	size_t len;
	bool room;

	if (cell->state == CELL_NUMBER)
		return append(to, used, text, put_number(text, column, cell->number));
	len = put_text(text, cell);
	string = must(json_stringn(text, len));
	quoted = must(json_dumps(string, JSON_ENCODE_ANY));
	room = append(to, used, quoted, strlen(quoted));
	free(quoted);
	json_decref(string);
	return room;
}

static size_t put_list(char *to, struct cells *cells, const struct schema_column *column,
		       struct cell *cell)
{
	const char *comma = "";
	size_t used = 0;

	append(to, &used, "[", 1);
	for (; cell_element(cells, cell); comma = ",")
		if (!append(to, &used, comma, strlen(comma)) ||
		    !put_element(to, &used, column, cell))
			return used;
	append(to, &used, "]", 1);
	return used;
}

/* False: absent. */
static bool put_value(const struct source *src, const struct evring_event *event,
		      const struct schema_column *column, char *to, size_t *len)
{
	struct cells cells = { .src = src, .event = event };
	struct cell cell;

	cells_enter(&cells, column->field);
	cell_field(&cells, column, &cell);
	switch (cell.state) {
	case CELL_TEXT:
		*len = put_text(to, &cell);
		return true;
	case CELL_NUMBER:
		*len = put_number(to, column, cell.number);
		return true;
	case CELL_LIST:
		*len = put_list(to, &cells, column, &cell);
		return true;
	default:
		return false;
	}
}

static bool from_head(struct transform *t, struct passage *passage)
{
	struct extras *extras = passage->made->extras;
	const struct evring_event *event;
	const struct columns *columns;
	struct from *from = t->own;
	size_t i, len;
	char *to;

	if (!passage->event->type || passage->own)
		return true;
	event = passage->so_far(passage);
	if (!event)
		return false;
	columns = columns_of(from, event->type);
	for (i = 0; i < from->fields.nr; i++) {
		if (!columns->wanted[i])
			continue;
		to = extras_begin(extras);
		if (!to)
			return no_room(t, passage);
		if (put_value(passage->src, event, columns->wanted[i], to, &len))
			extras_end(extras, from->headers.words[i], len);
	}
	return true;
}

static void from_reshape(struct transform *t, struct draft *draft)
{
	const struct from *from = t->own;
	struct draft_field *field;
	size_t i;

	for (i = 0; i < from->fields.nr; i++) {
		field = draft_find(draft, from->fields.words[i]);
		if (field)
			draft_remove(draft, field);
	}
}

static void from_forget(struct transform *t, const struct evring_type *type)
{
	struct from *from = t->own;
	struct columns **at = &from->known, *columns;

	while ((columns = *at) && columns->type != type)
		at = &columns->next;
	if (!columns)
		return;
	*at = columns->next;
	columns_free(columns);
}

static void from_release(struct transform *t)
{
	struct from *from = t->own;
	struct columns *columns;

	while ((columns = from->known)) {
		from->known = columns->next;
		columns_free(columns);
	}
	list_free(&from->fields);
	list_free(&from->headers);
	free(from);
}

const struct transform_kind header_from = {
	"HeaderFrom", .options = from_options, .fields = true, .parse = from_parse,
	.head = from_head, .reshape = from_reshape, .forget = from_forget,
	.release = from_release,
};

void heading_named(const struct transform *t, field_named *tell, void *arg)
{
	const struct from *from = t->own;
	size_t i;

	for (i = 0; t->kind == &header_from && i < from->fields.nr; i++)
		tell(arg, from->fields.words[i], false, "fields", i + 1);
}
