/* SPDX-License-Identifier: MIT */
/* See transform.h and transforming.h. */
#include "transforming.h"

#include "extras.h"
#include "shape.h"
#include "words.h"

#include <stdlib.h>

/*
 * Those that were used last are kept, as transforms with predicates can make 2^64 of one type.
 * One that comes again is made again, and a schema registry is asked again.
 */
#define SHAPES_MAX 4096

/* The shape of a type behind some of the transforms */
struct made_shape {
	struct made_shape *next;
	const struct evring_type *type;	/* held */
	uint32_t missing;		/* fields that the record is too short for */
	uint64_t applied;
	struct shape *shape;		/* NULL: the fields cannot be changed so, ... */
	const char *why;		/* ... and why */
};

struct transforms {
	const struct source *src;
	unsigned int nr;
	struct transform *chain[TRANSFORMS_MAX];
	struct made_shape *shapes;
	unsigned int nr_shapes;
	type_forget *forget;		/* NULL: nobody keeps anything of the types made here */
	void *forget_arg;
	bool seeing;			/* one of them sees all events */
	struct draft draft;
	struct shaped shaped;
	char reason[REASON_MAX];
};

static const struct transform_kind *const kinds[] = {
	&regex_router, &timestamp_router, &filter_out, &replace_field, &insert_field, &mask_field,
	&insert_header, &header_from, &drop_headers, &flatten, &user_names, &container, &ancestors, NULL,
};

/*
 * The chain
 */

static bool is_option(const struct transform_kind *kind, const char *name)
{
	const char *const *known;

	if (!strcmp(name, "type") || !strcmp(name, "predicate") || !strcmp(name, "negate"))
		return true;
	for (known = kind->options; *known && strcmp(*known, name); known++)
		;
	return *known;
}

static void options_check(const struct options *options, const struct transform_kind *kind)
{
	size_t i, len = strlen(options->prefix);

	for (i = 0; i < options->cfg->nr_smts; i++) {
		const char *name = options->cfg->smts[i].name;

		if (!strncmp(name, options->prefix, len) && !is_option(kind, name + len))
			problem(options->problems, "key \"%.200s\": %s has no such option; see "
				"evringd(8)", name, kind->name);
	}
}

static bool negated(const struct options *options)
{
	const char *negate = option(options, "negate");

	if (negate && strcmp(negate, "true") && strcmp(negate, "false"))
		option_wrong(options, "negate", "is none of its values; allowed: true|false");
	return negate && !strcmp(negate, "true");
}

static bool is_listed(char *const *list, const char *alias, size_t len)
{
	for (; list && *list; list++)
		if (strlen(*list) == len && !strncmp(*list, alias, len))
			return true;
	return false;
}

static void transform_free(struct transform *t)
{
	if (t->kind->release)
		t->kind->release(t);
	predicate_free(t->predicate);
	free(t);
}

/* NULL: there is a problem. */
static struct transform *transform_new(const struct options *options, const char *alias)
{
	const struct config *cfg = options->cfg;
	const char *class = option(options, "type"), *name = option(options, "predicate");
	const struct transform_kind *kind = class ? kind_find(kinds, class) : NULL;
	struct problems others = { 0 };
	struct transform *t;

	if (!class)
		option_no_type(options, "transforms");
	else if (!kind)
		option_no_class(options, class);
	if (!kind)
		return NULL;
	t = xzalloc(sizeof(*t));
	*t = (struct transform){ .kind = kind, .alias = alias, .negate = negated(options) };
	options_check(options, kind);
	/* The predicate's errors are problems of its own. */
	if (name && is_listed(cfg->predicates, name, strlen(name)))
		t->predicate = predicate_new(cfg, name, 0, &others);
	else if (name)
		option_wrong(options, "predicate", "\"predicates\" does not have it");
	problems_free(&others);
	if (kind->reshape && !kind->head && cfg->format == VALUE_RAW)
		option_wrong(options, "type", "with this \"value.format\" a value is the record as it "
			     "lies in the ring, whose fields %s cannot change; allowed: another format",
			     kind->name);
	/* A masked one can be of another kind. Avro's readers would know, and JSON's. */
	if (kind->reshape && t->predicate && predicate_is_of_event(t->predicate) &&
	    cfg->format == VALUE_PROTOBUF)
		option_wrong(options, "predicate", "events of one type could have other kinds of values "
			     "under the same numbers; allowed with protobuf: TopicNameMatches, behind a "
			     "RegexRouter that has EventMatches");
	if (kind->head && cfg->pack_bytes)
		option_wrong(options, "type", "a pack has the headers of all its events; allowed: %s "
			     "with \"pack.bytes\" 0", kind->name);
	if ((!kind->parse || kind->parse(t, options)) && (!name || t->predicate))
		return t;
	transform_free(t);
	return NULL;
}

/* Keys of a name that no list has, and names with a character that ends them */
static void strays_check(const struct config *cfg, struct problems *problems)
{
	char *const *list;
	size_t i, len;

	for (i = 0; i < cfg->nr_smts; i++) {
		const char *name = cfg->smts[i].name, *alias = strchr(name, '.') + 1;
		bool transform = *name == 't';

		len = strcspn(alias, ".");
		list = transform ? cfg->transforms : cfg->predicates;
		if (!alias[len] || !is_listed(list, alias, len))
			problem(problems, "key \"%.200s\": \"%s\" names no \"%.*s\"", name,
				transform ? "transforms" : "predicates", (int)len, alias);
	}
}

static void list_check(char *const *list, struct problems *problems)
{
	size_t i, k;

	for (i = 0; list && list[i] && i <= TRANSFORMS_MAX; i++) {
		if (strchr(list[i], '.'))
			problem(problems, "key \"transforms\": entry %zu has a dot", i + 1);
		for (k = 0; k < i && strcmp(list[k], list[i]); k++)
			;
		if (k < i)
			problem(problems, "key \"transforms\": entry %zu is entry %zu, too", i + 1,
				k + 1);
	}
	if (i > TRANSFORMS_MAX)
		problem(problems, "key \"transforms\": too many; allowed: %d", TRANSFORMS_MAX);
}

static void chain_make(struct transforms *transforms, const struct config *cfg,
		       struct problems *problems)
{
	struct options options = { .cfg = cfg, .problems = problems };
	struct transform *t;
	unsigned int adders = 0;
	char **alias, *prefix;

	for (alias = cfg->transforms; alias && *alias && transforms->nr < TRANSFORMS_MAX; alias++) {
		options.entry = (size_t)(alias - cfg->transforms) + 1;
		prefix = xprintf("transforms.%s.", *alias);
		options.prefix = prefix;
		t = transform_new(&options, *alias);
		free(prefix);
		if (!t)
			continue;
		t->number = transforms->nr;
		t->adder = adders;
		adders += t->kind->adds;
		transforms->chain[transforms->nr++] = t;
	}
}

bool transforms_flatten(const struct config *cfg)
{
	struct options options = { .cfg = cfg };
	const char *class;
	bool found = false;
	char **alias, *prefix;

	for (alias = cfg->transforms; alias && *alias; alias++) {
		prefix = xprintf("transforms.%s.", *alias);
		options.prefix = prefix;
		class = option(&options, "type");
		found = found || (class && kind_find(kinds, class) == &flatten);
		free(prefix);
	}
	return found;
}

void transforms_check(const struct config *cfg, struct problems *problems)
{
	struct transforms *transforms = xzalloc(sizeof(*transforms));
	char **alias;

	strays_check(cfg, problems);
	list_check(cfg->transforms, problems);
	chain_make(transforms, cfg, problems);
	for (alias = cfg->predicates; alias && *alias; alias++)
		predicate_free(predicate_new(cfg, *alias, (size_t)(alias - cfg->predicates) + 1,
					     problems));
	transforms_free(transforms);
}

struct transforms *transforms_new(const struct config *cfg, const struct source *src)
{
	struct problems none = { 0 };
	struct transforms *transforms;
	unsigned int i;

	if (!cfg->transforms || !cfg->transforms[0])
		return NULL;
	transforms = xzalloc(sizeof(*transforms));
	transforms->src = src;
	chain_make(transforms, cfg, &none);
	problems_free(&none);
	for (i = 0; i < transforms->nr; i++) {
		transforms->chain[i]->src = src;
		transforms->seeing = transforms->seeing || transforms->chain[i]->kind->see;
	}
	return transforms;
}

void transforms_on_forget(struct transforms *transforms, type_forget *forget, void *arg)
{
	transforms->forget = forget;
	transforms->forget_arg = arg;
}

size_t transforms_bytes(const struct config *cfg, bool head)
{
	struct transforms *transforms = transforms_new(cfg, NULL);
	size_t bytes = 0;
	unsigned int i;

	for (i = 0; transforms && i < transforms->nr; i++)
		bytes += head ? transforms->chain[i]->head_bytes : transforms->chain[i]->body_bytes;
	transforms_free(transforms);
	return bytes;
}

static void made_free(struct made_shape *made)
{
	shape_free(made->shape);
	evring_type_free(made->type);
	free(made);
}

void transforms_free(struct transforms *transforms)
{
	struct made_shape *made;

	if (!transforms)
		return;
	while (transforms->nr)
		transform_free(transforms->chain[--transforms->nr]);
	while ((made = transforms->shapes)) {
		transforms->shapes = made->next;
		made_free(made);
	}
	free(transforms->shaped.room);
	free(transforms);
}

/*
 * Against the types that there are
 */

struct look {
	struct evring *ev;
	struct problems *problems;
	struct transforms *transforms;
	const struct transform *t;
	char made[SHAPE_FIELDS_MAX][EVRING_NAME_MAX];
	size_t nr;
};

/* Does a transform of the chain before this one add it to events of the type? */
static bool is_added(const struct look *look, const struct evring_type *type, const char *name)
{
	struct draft *draft = &look->transforms->draft;
	struct transform *t;
	unsigned int i;

	draft_begin(draft, type, type->size);
	for (i = 0; i < look->t->number; i++) {
		t = look->transforms->chain[i];
		if (t->kind->local && t->kind->reshape)
			t->kind->reshape(t, draft);
	}
	return draft_find(draft, name);
}

static bool field_is_known(const struct look *look, const char *name)
{
	int nr = evring_types(look->ev), i;
	const struct evring_type *type;
	size_t k;

	for (k = 0; k < look->nr; k++)
		if (!strcmp(look->made[k], name))
			return true;
	for (i = 0; i < nr; i++) {
		type = evring_type(look->ev, (unsigned int)i);
		if (type && (evring_field(type, name) || is_added(look, type, name)))
			return true;
	}
	return false;
}

/* Nothing is wrong with a mask for some of the types that have a field of that name. */
static bool takes_mask(const struct look *look, const char *name)
{
	int nr = evring_types(look->ev), i;
	const struct evring_field *field;
	const struct evring_type *type;
	bool found = false;

	for (i = 0; i < nr; i++) {
		type = evring_type(look->ev, (unsigned int)i);
		field = type ? evring_field(type, name) : NULL;
		if (field && mask_fits(look->t, field))
			return true;
		found = found || field;
	}
	return !found;
}

static void look_at(void *arg, const char *name, bool made, const char *key, size_t entry)
{
	struct look *look = arg;

	if (made && look->nr < SHAPE_FIELDS_MAX)
		snprintf(look->made[look->nr++], EVRING_NAME_MAX, "%s", name);
	else if (!made && !field_is_known(look, name))
		problem(look->problems, "key \"transforms.%s.%s\": entry %zu is a field that no type "
			"has; allowed: fields that evring types lists", look->t->alias, key, entry);
	else if (!made && !takes_mask(look, name))
		problem(look->problems, "key \"transforms.%s.replacement\": is out of the range of entry "
			"%zu of \"%s\"; allowed: a number that it can be", look->t->alias, entry, key);
}

void transforms_filters(struct evring *ev, const struct config *cfg, struct problems *problems)
{
	struct transforms *transforms = transforms_new(cfg, NULL);
	unsigned int i;

	for (i = 0; transforms && i < transforms->nr; i++)
		if (transforms->chain[i]->predicate)
			predicate_look(ev, transforms->chain[i]->predicate, problems);
	transforms_free(transforms);
}

void transforms_fields(struct evring *ev, const struct config *cfg, struct problems *problems)
{
	struct transforms *transforms = transforms_new(cfg, NULL);
	struct look *look;
	unsigned int i;

	if (!transforms)
		return;
	look = xzalloc(sizeof(*look));
	look->ev = ev;
	look->problems = problems;
	look->transforms = transforms;
	for (i = 0; i < transforms->nr; i++) {
		look->t = transforms->chain[i];
		fields_named(look->t, look_at, look);
		heading_named(look->t, look_at, look);
	}
	free(look);
	transforms_free(transforms);
}

/*
 * Events
 */

static void make_shape(struct transforms *transforms, const struct evring_event *event,
		       struct made_shape *made)
{
	uint64_t applied = made->applied;
	unsigned int i;

	draft_begin(&transforms->draft, event->type, event->payload_len);
	for (i = 0; i < transforms->nr; i++)
		if (applied & 1ULL << i)
			transforms->chain[i]->kind->reshape(transforms->chain[i],
							    &transforms->draft);
	made->why = transforms->draft.why ? transforms->draft.why : "too many fields";
	made->shape = transforms->draft.why ? NULL : shape_new(&transforms->draft);
}

/* Take it off the list. No event of its type comes any more, so all that was kept of it goes. */
static void forget_at(struct transforms *transforms, struct made_shape **at)
{
	struct made_shape *made = *at;
	const struct evring_type *type = made->shape ? shape_type(made->shape) : NULL;
	unsigned int i;

	*at = made->next;
	for (i = 0; type && i < transforms->nr; i++)
		if (transforms->chain[i]->kind->forget)
			transforms->chain[i]->kind->forget(transforms->chain[i], type);
	if (type && transforms->forget)
		transforms->forget(transforms->forget_arg, type);
	made_free(made);
	transforms->nr_shapes--;
}

/* Those of the type that had this one's id before: no event of it is left. */
static void forget_shapes(struct transforms *transforms, const struct evring_type *type)
{
	struct made_shape **at = &transforms->shapes, *made;

	while ((made = *at)) {
		if (made->type == type || made->type->id != type->id)
			at = &made->next;
		else
			forget_at(transforms, at);
	}
}

/* The one that was used longest ago is the last of the list. */
static void forget_last(struct transforms *transforms)
{
	struct made_shape **at = &transforms->shapes;

	while ((*at)->next)
		at = &(*at)->next;
	forget_at(transforms, at);
}

const uint16_t *transforms_places(void *arg, const struct evring_type *type)
{
	const struct transforms *transforms = arg;
	const struct made_shape *made;

	for (made = transforms->shapes; made; made = made->next)
		if (made->shape && shape_type(made->shape) == type)
			return shape_places(made->shape);
	return NULL;
}

/* A longer record has all that a shorter one has, so the number tells which ones. */
static uint32_t count_missing(const struct evring_event *event)
{
	const struct evring_type *type = event->type;
	uint32_t i, nr = 0;

	for (i = 0; event->payload_len < type->size && i < type->nr_fields; i++)
		nr += (uint32_t)type->fields[i].offset + type->fields[i].size > event->payload_len;
	return nr;
}

static const struct made_shape *shape_of(struct transforms *transforms,
					 const struct evring_event *event, uint64_t applied)
{
	const struct evring_type *type = event->type;
	uint32_t missing = count_missing(event);
	struct made_shape **at = &transforms->shapes, *made;

	for (; (made = *at); at = &made->next) {
		if (made->type != type || made->applied != applied || made->missing != missing)
			continue;
		/* The next event will be of this type, too. */
		*at = made->next;
		made->next = transforms->shapes;
		transforms->shapes = made;
		return made;
	}
	forget_shapes(transforms, type);
	if (transforms->nr_shapes == SHAPES_MAX)
		forget_last(transforms);
	made = xzalloc(sizeof(*made));
	*made = (struct made_shape){
		.next = transforms->shapes, .type = evring_type_hold(type), .missing = missing,
		.applied = applied,
	};
	make_shape(transforms, event, made);
	transforms->shapes = made;
	transforms->nr_shapes++;
	return made;
}

/* An event that cannot be changed is not sent: a mask may have been for a secret. */
static const struct evring_event *passage_event(struct passage *passage)
{
	struct transforms *transforms = passage->transforms;
	const struct evring_event *event = passage->event;
	const struct made_shape *made;

	if (!passage->applied)
		return event;
	made = shape_of(transforms, event, passage->applied);
	if (made->shape && shape_make(made->shape, event, &transforms->shaped))
		return &transforms->shaped.event;
	snprintf(passage->reason, REASON_MAX, "transforms: the fields of %s cannot be changed so: %s",
		 event->type->name, made->shape ? "the event becomes too long" : made->why);
	return NULL;
}

static enum transform_verdict step(struct transform *t, struct passage *passage)
{
	bool holds = !t->negate;

	if (t->predicate && !predicate_holds(t->predicate, passage, &holds))
		return TRANSFORM_FAIL;
	if (t->predicate && holds == t->negate)
		return TRANSFORM_PASS;
	if (t->kind->route)
		return t->kind->route(t, passage);
	if (t->kind->head && passage->made->extras && !t->kind->head(t, passage))
		return TRANSFORM_FAIL;
	/* The fields of a type that the kernel does not know cannot be told apart. */
	if (!t->kind->reshape || t->keeps || !passage->event->type || passage->own)
		return TRANSFORM_PASS;
	passage->applied |= 1ULL << t->number;
	t->topic_len = passage->made->topic_len;
	memcpy(t->topic, passage->made->topic, t->topic_len);
	return TRANSFORM_PASS;
}

void transforms_see(struct transforms *transforms, const struct evring_event *event)
{
	unsigned int i;

	for (i = 0; transforms->seeing && i < transforms->nr; i++)
		if (transforms->chain[i]->kind->see && event->type)
			transforms->chain[i]->kind->see(transforms->chain[i], event);
}

enum transform_verdict transforms_apply(struct transforms *transforms,
					const struct evring_event *event,
					struct transformed *made)
{
	struct passage passage = {
		.src = transforms->src, .event = event, .made = made, .transforms = transforms,
		.so_far = passage_event, .reason = transforms->reason,
		.own = event->rec->type == EVRING_TYPE_LOST ||
		       (event->type && !strncmp(event->type->name, "evring.", 7)),
	};
	enum transform_verdict verdict = TRANSFORM_PASS;
	unsigned int i;

	made->before = event;
	if (made->extras)
		extras_reset(made->extras);
	for (i = 0; i < transforms->nr && verdict == TRANSFORM_PASS; i++)
		verdict = step(transforms->chain[i], &passage);
	made->event = verdict == TRANSFORM_PASS ? passage_event(&passage) : event;
	return made->event ? verdict : TRANSFORM_FAIL;
}

const char *transforms_broken(const struct transforms *transforms)
{
	return transforms->reason;
}

const char *transform_class(unsigned int number, bool *predicate, bool *own)
{
	unsigned int nr = sizeof(kinds) / sizeof(kinds[0]) - 1;
	const struct transform_kind *kind = number < nr ? kinds[number] :
							  predicate_kind(number - nr);

	*predicate = number >= nr;
	*own = kind && kind->local;
	return kind ? kind->name : NULL;
}
