/* SPDX-License-Identifier: MIT */
/* ReplaceField, InsertField and MaskField, of an event's own fields: JSON's "data". */
#include "transforming.h"

#include "shape.h"
#include "words.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

/* A list of names, or of pairs of names */
struct names {
	char (*names)[EVRING_NAME_MAX];
	size_t nr;
};

static bool names_add(struct names *names, const char *word, size_t len)
{
	char *name;

	names->names = xgrow(names->names, names->nr, names->nr + 1, sizeof(*names->names));
	name = names->names[names->nr++];
	if (len >= EVRING_NAME_MAX || names->nr > WORDS_MAX)
		return false;
	memcpy(name, word, len);
	name[len] = '\0';
	return field_name_fits(name);
}

static bool names_have(const struct names *names, const char *name)
{
	size_t i;

	for (i = 0; i < names->nr; i++)
		if (!strcmp(names->names[i], name))
			return true;
	return false;
}

#define NAMES_ALLOWED "allowed: names of an event's fields, a-z 0-9 _, with commas between, at most 1000"

/* A list that is not set is empty. False: it is wrong. */
static bool parse_names(const struct options *options, const char *key, struct names *names)
{
	const char *rest = option(options, key), *word;
	size_t len;

	while ((word = next_word(&rest, &len))) {
		if (!len && !rest && !names->nr)
			break;
		if (names_add(names, word, len))
			continue;
		option_wrong(options, key, "entry %zu is no field's name; " NAMES_ALLOWED, names->nr);
		return false;
	}
	return true;
}

/*
 * ReplaceField
 */

struct replace {
	struct names exclude, include, from, to;
};

static const char *const replace_options[] = { "exclude", "include", "renames", NULL };

/* "FROM:TO,..." */
static bool parse_renames(const struct options *options, struct replace *replace)
{
	const char *rest = option(options, "renames"), *word, *colon;
	size_t len;

	while ((word = next_word(&rest, &len))) {
		if (!len && !rest && !replace->from.nr)
			break;
		colon = memchr(word, ':', len);
		if (colon && names_add(&replace->from, word, (size_t)(colon - word)) &&
		    names_add(&replace->to, colon + 1, len - (size_t)(colon + 1 - word)))
			continue;
		option_wrong(options, "renames", "entry %zu is not FROM:TO, names of fields, or the 1001st",
			     replace->to.nr + 1);
		return false;
	}
	return true;
}

static bool replace_parse(struct transform *t, const struct options *options)
{
	struct replace *replace = xzalloc(sizeof(*replace));

	t->own = replace;
	return parse_names(options, "exclude", &replace->exclude) &&
	       parse_names(options, "include", &replace->include) &&
	       parse_renames(options, replace);
}

static void replace_release(struct transform *t)
{
	struct replace *replace = t->own;

	free(replace->exclude.names);
	free(replace->include.names);
	free(replace->from.names);
	free(replace->to.names);
	free(replace);
}

/* Has another field this one's name? A new name goes before an old one, a later before an earlier. */
static bool is_in_the_way(const struct draft *draft, unsigned int number)
{
	const struct draft_field *field = &draft->fields[number], *other;
	unsigned int i;

	for (i = 0; i < draft->nr; i++) {
		other = &draft->fields[i];
		if (i != number && other->renamed && !strcmp(other->name, field->name) &&
		    (!field->renamed || i > number))
			return true;
	}
	return false;
}

/* Each field gets its new name once: names may be exchanged. */
static void rename_all(const struct replace *replace, struct draft *draft)
{
	unsigned int i;
	size_t n;

	for (i = 0; i < draft->nr; i++) {
		struct draft_field *field = &draft->fields[i];

		for (n = 0; n < replace->from.nr && strcmp(field->name, replace->from.names[n]); n++)
			;
		field->renamed = n < replace->from.nr;
		if (field->renamed)
			snprintf(field->name, sizeof(field->name), "%s", replace->to.names[n]);
	}
	for (i = draft->nr; i--;)
		if (is_in_the_way(draft, i))
			draft_remove(draft, &draft->fields[i]);
}

static void replace_reshape(struct transform *t, struct draft *draft)
{
	const struct replace *replace = t->own;
	unsigned int i;

	for (i = draft->nr; i--;) {
		const char *name = draft->fields[i].name;

		if (names_have(&replace->exclude, name) ||
		    (replace->include.nr && !names_have(&replace->include, name)))
			draft_remove(draft, &draft->fields[i]);
	}
	rename_all(replace, draft);
}

const struct transform_kind replace_field = {
	"ReplaceField", .options = replace_options, .fields = true, .parse = replace_parse,
	.reshape = replace_reshape, .release = replace_release,
};

/*
 * InsertField
 */

struct insert {
	char *constant, *value;		/* static.field, static.value */
	char *topic, *timestamp;	/* names of fields */
};

static const char *const insert_options[] = {
	"static.field", "static.value", "topic.field", "timestamp.field", NULL,
};

/* A name that may end with Connect's "?" or "!"; NULL: it is not set, or wrong. */
static char *parse_field(const struct options *options, const char *key, bool *good)
{
	const char *value = option(options, key);
	size_t len = value ? strlen(value) : 0;
	char *name;

	if (!value)
		return NULL;
	if (len && strchr("?!", value[len - 1]))
		len--;
	name = xprintf("%.*s", (int)len, value);
	if (field_name_fits(name))
		return name;
	option_wrong(options, key, "is no name that a field can have; allowed: a-z 0-9 _");
	free(name);
	*good = false;
	return NULL;
}

static bool insert_parse(struct transform *t, const struct options *options)
{
	struct insert *insert = xzalloc(sizeof(*insert));
	const char *value = option(options, "static.value");
	bool good = true;

	t->own = insert;
	insert->constant = parse_field(options, "static.field", &good);
	insert->topic = parse_field(options, "topic.field", &good);
	insert->timestamp = parse_field(options, "timestamp.field", &good);
	insert->value = value ? xstrdup(value) : NULL;
	if (good && (insert->constant || value) && !(insert->constant && value)) {
		option_wrong(options, insert->constant ? "static.value" : "static.field", "missing");
		good = false;
	}
	if (good && !insert->constant && !insert->topic && !insert->timestamp) {
		option_wrong(options, "type", "has no field to insert; allowed: with static.field and "
			     "static.value, topic.field, timestamp.field");
		good = false;
	}
	t->body_bytes = 3 * sizeof(uint64_t) + (value ? strlen(value) : 0) +
			(insert->topic ? TOPIC_MAX : 0);
	return good;
}

static void insert_release(struct transform *t)
{
	struct insert *insert = t->own;

	free(insert->constant);
	free(insert->value);
	free(insert->topic);
	free(insert->timestamp);
	free(insert);
}

static const char *constant_text(struct transform *t, const struct draft_field *field,
				const struct evring_event *event, size_t *len)
{
	const struct insert *insert = t->own;

	(void)field;
	(void)event;
	*len = strlen(insert->value);
	return insert->value;
}

/* The topic as the transforms before this one have made it */
static const char *topic_text(struct transform *t, const struct draft_field *field,
				const struct evring_event *event, size_t *len)
{
	(void)field;
	(void)event;
	*len = t->topic_len;
	return t->topic;
}

/* Of the record, in milliseconds, as Kafka Connect has it */
static bool timestamp_number(struct transform *t, const struct evring_event *event,
			     uint64_t *value)
{
	*value = evring_realtime(t->src->ev, event) / 1000000;
	return true;
}

/* Protobuf's numbers: they stay. */
enum { INSERT_CONSTANT, INSERT_TOPIC, INSERT_TIMESTAMP };

static void insert_text(struct transform *t, struct draft *draft, unsigned int number,
			const char *name, field_text *text)
{
	struct draft_field *field = name ? draft_add(draft, t, number, name, EVRING_KIND_TEXT) : NULL;

	if (field)
		field->text = text;
}

static void insert_reshape(struct transform *t, struct draft *draft)
{
	const struct insert *insert = t->own;
	struct draft_field *field;

	insert_text(t, draft, INSERT_TOPIC, insert->topic, topic_text);
	field = insert->timestamp ? draft_add(draft, t, INSERT_TIMESTAMP, insert->timestamp,
					      EVRING_KIND_U64) : NULL;
	if (field)
		field->number = timestamp_number;
	insert_text(t, draft, INSERT_CONSTANT, insert->constant, constant_text);
}

const struct transform_kind insert_field = {
	"InsertField", .options = insert_options, .fields = true, .adds = true, .parse = insert_parse,
	.reshape = insert_reshape, .release = insert_release,
};

/*
 * MaskField
 */

struct mask {
	struct names fields;
	char *replacement;		/* NULL: 0, false or nothing */
	bool is_number, negative;
	uint64_t number;
};

static const char *const mask_options[] = { "fields", "replacement", NULL };

static bool mask_parse(struct transform *t, const struct options *options)
{
	struct mask *mask = xzalloc(sizeof(*mask));
	const char *replacement = option(options, "replacement");
	char *end;

	t->own = mask;
	if (!option_needed(options, "fields") || !parse_names(options, "fields", &mask->fields))
		return false;
	if (!mask->fields.nr)
		option_wrong(options, "fields", "is empty; " NAMES_ALLOWED);
	if (!replacement)
		return mask->fields.nr;
	mask->replacement = xstrdup(replacement);
	t->body_bytes = mask->fields.nr * (sizeof(uint64_t) + strlen(replacement));
	errno = 0;
	mask->negative = *replacement == '-';
	mask->number = mask->negative ? (uint64_t)strtoll(replacement, &end, 10) :
					strtoull(replacement, &end, 10);
	mask->is_number = isdigit((unsigned char)replacement[mask->negative]) && !*end;
	if (mask->is_number && errno)
		option_wrong(options, "replacement", "no field can be that number; allowed: -2^63 to 2^64 - 1");
	return mask->fields.nr;
}

static void mask_release(struct transform *t)
{
	struct mask *mask = t->own;

	free(mask->fields.names);
	free(mask->replacement);
	free(mask);
}

static const char *mask_text(struct transform *t, const struct draft_field *field,
				const struct evring_event *event, size_t *len)
{
	const struct mask *mask = t->own;

	(void)field;
	(void)event;
	*len = strlen(mask->replacement);
	return mask->replacement;
}

static bool mask_number(struct transform *t, const struct evring_event *event, uint64_t *value)
{
	const struct mask *mask = t->own;

	(void)event;
	*value = mask->number;
	return true;
}

static bool is_number(uint16_t kind)
{
	return !(kind & EVRING_KIND_VAR) && kind < EVRING_KIND_BOOL;
}

/* A masked number has 64 bits, and a sign but if it is one of 64 bits without. */
static uint16_t masked_kind(uint16_t kind)
{
	return EVRING_KIND_SIZE(kind) == 8 ? kind : EVRING_KIND_S64;
}

bool mask_fits(const struct transform *t, const struct evring_field *field)
{
	const struct mask *mask = t->own;

	if (t->kind != &mask_field || !mask->replacement || !mask->is_number ||
	    !is_number(field->kind))
		return true;
	return masked_kind(field->kind) == EVRING_KIND_U64 ? !mask->negative :
	       mask->negative || mask->number <= INT64_MAX;
}

/* A number, if the replacement is a text, and all without one become 0 or empty. */
static void mask_one(struct transform *t, struct draft *draft, struct draft_field *field)
{
	const struct mask *mask = t->own;
	struct evring_field *to = &field->field;
	bool number = is_number(to->kind);

	if (!mask_fits(t, to))
		draft->why = "a replacement is out of its field's range";
	field->hidden = true;
	field->redacted = NULL;
	field->text = NULL;
	field->number = NULL;
	if (!mask->replacement || to->kind == EVRING_KIND_BOOL || (number && !mask->is_number))
		return;
	to->kind = number ? masked_kind(to->kind) : EVRING_KIND_TEXT;
	to->size = number ? sizeof(uint64_t) : sizeof(struct evring_str);
	to->format = EVRING_FORMAT_NONE;
	to->values = NULL;
	to->nr_values = 0;
	field->from = -1;
	field->maker = t;
	if (number)
		field->number = mask_number;
	else
		field->text = mask_text;
}

static void mask_reshape(struct transform *t, struct draft *draft)
{
	const struct mask *mask = t->own;
	struct draft_field *field;
	size_t i;

	for (i = 0; i < mask->fields.nr; i++) {
		field = draft_find(draft, mask->fields.names[i]);
		if (field)
			mask_one(t, draft, field);
	}
}

const struct transform_kind mask_field = {
	"MaskField", .options = mask_options, .fields = true, .parse = mask_parse,
	.reshape = mask_reshape, .release = mask_release,
};

/*
 * Flatten: the converter does it, for all events (data.flatten).
 */

static const char *const flatten_options[] = { "delimiter", NULL };

static bool flatten_parse(struct transform *t, const struct options *options)
{
	const char *delimiter = option(options, "delimiter");

	t->keeps = true;
	if (delimiter && strcmp(delimiter, "_"))
		option_wrong(options, "delimiter", "fields get a name with a prefix only if theirs is "
			     "taken, which is data_NAME; allowed: _");
	if (option(options, "predicate"))
		option_wrong(options, "predicate", "a topic's values have one shape; allowed: Flatten of "
			     "all events");
	return true;
}

const struct transform_kind flatten = {
	"Flatten", .options = flatten_options, .fields = true, .parse = flatten_parse,
};

/*
 * For transforms_fields()
 */

static void tell_all(const struct names *names, bool made, const char *key, field_named *tell,
		     void *arg)
{
	size_t i;

	for (i = 0; i < names->nr; i++)
		tell(arg, names->names[i], made, key, i + 1);
}

static void tell_one(const char *name, const char *key, field_named *tell, void *arg)
{
	if (name)
		tell(arg, name, true, key, 1);
}

void fields_named(const struct transform *t, field_named *tell, void *arg)
{
	const struct replace *replace = t->own;
	const struct insert *insert = t->own;
	const struct mask *mask = t->own;

	if (t->kind == &replace_field) {
		tell_all(&replace->exclude, false, "exclude", tell, arg);
		tell_all(&replace->include, false, "include", tell, arg);
		tell_all(&replace->from, false, "renames", tell, arg);
		tell_all(&replace->to, true, "renames", tell, arg);
	} else if (t->kind == &mask_field) {
		tell_all(&mask->fields, false, "fields", tell, arg);
	} else if (t->kind == &insert_field) {
		tell_one(insert->constant, "static.field", tell, arg);
		tell_one(insert->topic, "topic.field", tell, arg);
		tell_one(insert->timestamp, "timestamp.field", tell, arg);
	}
}
