/* SPDX-License-Identifier: MIT */
/* Predicates: which events a transform is for. EventMatches is evringd's own. */
#include "transforming.h"

#include "extras.h"
#include "log.h"

#include <stdlib.h>

/* The filter of one type */
struct asked {
	const struct evring_type *type;	/* held */
	struct evring_filter *filter;	/* NULL: it cannot be asked */
};

struct predicate {
	const struct transform_kind *kind;
	char *alias;
	struct pattern *pattern;	/* TopicNameMatches */
	char *header;			/* HasHeaderKey */
	bool own;			/* ... evringd gives it to each message */
	char *expression;		/* EventMatches */
	struct asked *asked;
	size_t nr_asked;
};

static const char *const of_pattern[] = { "pattern", NULL };
static const char *const of_name[] = { "name", NULL };
static const char *const of_filter[] = { "filter", NULL };
static const char *const of_nothing[] = { NULL };

static const struct transform_kind topic_matches = { "TopicNameMatches", .options = of_pattern };
static const struct transform_kind has_header = { "HasHeaderKey", .options = of_name };
static const struct transform_kind is_tombstone = { "RecordIsTombstone", .options = of_nothing };
static const struct transform_kind event_matches = {
	"EventMatches", .options = of_filter, .local = true,
};

static const struct transform_kind *const kinds[] = {
	&topic_matches, &has_header, &is_tombstone, &event_matches, NULL,
};

const struct transform_kind *predicate_kind(unsigned int number)
{
	return number < sizeof(kinds) / sizeof(kinds[0]) ? kinds[number] : NULL;
}

static bool parse_pattern(struct predicate *p, const struct options *options)
{
	const char *pattern = option_needed(options, "pattern");
	char why[200];

	if (!pattern)
		return false;
	p->pattern = pattern_new(pattern, why, sizeof(why));
	if (!p->pattern)
		option_wrong(options, "pattern", "%s", why);
	return p->pattern;
}

static bool parse_name(struct predicate *p, const struct options *options)
{
	const char *name = option_needed(options, "name");

	if (!name)
		return false;
	p->header = xstrdup(name);
	p->own = message_has_header(options->cfg, name);
	return true;
}

static bool parse_filter(struct predicate *p, const struct options *options)
{
	const char *filter = option_needed(options, "filter");

	p->expression = filter ? xstrdup(filter) : NULL;
	return filter;
}

static bool parse(struct predicate *p, const struct options *options)
{
	if (p->kind == &topic_matches)
		return parse_pattern(p, options);
	if (p->kind == &has_header)
		return parse_name(p, options);
	return p->kind != &event_matches || parse_filter(p, options);
}

static void options_check(const struct options *options, const struct transform_kind *kind)
{
	size_t i, len = strlen(options->prefix);

	for (i = 0; i < options->cfg->nr_smts; i++) {
		const char *name = options->cfg->smts[i].name;

		if (!strncmp(name, options->prefix, len) && strcmp(name + len, "type") &&
		    (!kind->options[0] || strcmp(name + len, kind->options[0])))
			problem(options->problems, "key \"%.200s\": %s has no such option", name,
				kind->name);
	}
}

struct predicate *predicate_new(const struct config *cfg, const char *alias, size_t entry,
				struct problems *problems)
{
	char *prefix = xprintf("predicates.%s.", alias);
	const struct options options = {
		.cfg = cfg, .problems = problems, .prefix = prefix, .entry = entry,
	};
	const char *class = option(&options, "type");
	const struct transform_kind *kind = class ? kind_find(kinds, class) : NULL;
	struct predicate *p = NULL;

	if (!class)
		option_no_type(&options, "predicates");
	else if (!kind)
		option_wrong(&options, "type", "is no predicate; allowed: TopicNameMatches, "
			     "HasHeaderKey, RecordIsTombstone, EventMatches");
	if (kind) {
		options_check(&options, kind);
		p = xzalloc(sizeof(*p));
		p->kind = kind;
		p->alias = xstrdup(alias);
		if (!parse(p, &options)) {
			predicate_free(p);
			p = NULL;
		}
	}
	free(prefix);
	return p;
}

static void forget(struct asked *asked)
{
	evring_filter_free(asked->filter);
	evring_type_free(asked->type);
}

void predicate_free(struct predicate *p)
{
	if (!p)
		return;
	while (p->nr_asked)
		forget(&p->asked[--p->nr_asked]);
	free(p->asked);
	free(p->expression);
	free(p->header);
	pattern_free(p->pattern);
	free(p->alias);
	free(p);
}

/* That of the type's id, another one's before or this one's; a new one if there is none */
static struct asked *asked_of(struct predicate *p, const struct evring_type *type)
{
	size_t i;

	for (i = 0; i < p->nr_asked; i++)
		if (p->asked[i].type->id == type->id)
			return &p->asked[i];
	p->asked = xgrow(p->asked, p->nr_asked, p->nr_asked + 1, sizeof(*p->asked));
	return &p->asked[p->nr_asked++];
}

static const struct evring_filter *filter_of(struct predicate *p, const struct evring_type *type)
{
	struct asked *asked = asked_of(p, type);

	if (asked->type == type)
		return asked->filter;
	forget(asked);
	asked->type = evring_type_hold(type);
	if (evring_filter_compile(&asked->filter, type, p->expression, NULL)) {
		asked->filter = NULL;
		info("key \"predicates.%s.filter\": type %s does not have its fields, so it holds for "
		     "none of its events", p->alias, type->name);
	}
	return asked->filter;
}

/* As with the key "filter": it is asked about the event as the kernel has emitted it. */
static bool event_holds(struct predicate *p, const struct evring_event *event)
{
	const struct evring_filter *filter = event->type ? filter_of(p, event->type) : NULL;

	return filter && evring_filter_match(filter, event);
}

static bool header_holds(const struct predicate *p, const struct extras *extras)
{
	return (p->own && !extras_dropped(extras, p->header)) ||
	       (extras && extras_have(extras, p->header));
}

bool predicate_is_of_event(const struct predicate *p)
{
	return p->kind == &event_matches;
}

/* The transform can be a mask, or not be one: an event of which nobody knows is not sent. */
static bool topic_holds(const struct predicate *p, struct passage *passage, bool *holds)
{
	const struct transformed *made = passage->made;
	int ret = pattern_match(p->pattern, made->topic, made->topic_len);

	*holds = ret > 0;
	if (ret < 0)
		snprintf(passage->reason, REASON_MAX, "predicates.%.80s: topic %.249s: \"pattern\" takes "
			 "too many steps", p->alias, made->topic);
	return ret >= 0;
}

bool predicate_holds(struct predicate *p, struct passage *passage, bool *holds)
{
	if (p->kind == &topic_matches)
		return topic_holds(p, passage, holds);
	if (p->kind == &has_header)
		*holds = header_holds(p, passage->made->extras);
	else	/* An event always has a value. */
		*holds = p->kind == &event_matches && event_holds(p, passage->event);
	return true;
}

void predicate_look(struct evring *ev, const struct predicate *p, struct problems *problems)
{
	struct evring_filter *compiled = NULL;
	struct evring_filter_error error;
	int nr = evring_types(ev), i;
	unsigned int column = 0;

	if (p->kind != &event_matches)
		return;
	for (i = 0; i < nr && !compiled; i++) {
		const struct evring_type *type = evring_type(ev, (unsigned int)i);

		if (type && evring_filter_compile(&compiled, type, p->expression, &error) &&
		    error.column > column)
			column = error.column;
	}
	if (!compiled)
		problem(problems, "key \"predicates.%s.filter\": wrong at column %u, whichever type "
			"is asked; evring filter check TYPE EXPRESSION says why", p->alias, column);
	evring_filter_free(compiled);
}
