/* SPDX-License-Identifier: MIT */
/* See filters.h. */
#include "filters.h"

#include "config.h"
#include "log.h"
#include "memory.h"
#include "names.h"
#include "problem.h"
#include "sets.h"

#include <stdlib.h>
#include <string.h>

/* What is known of the type with some id; another one can come to it. */
struct wanted {
	const struct evring_type *type;
	struct evring_filter *filter;
};

struct filters {
	const struct config *cfg;
	struct wanted *wanted;		/* by id */
	size_t nr;
};

static bool is_attached(const struct config *cfg, const char *name)
{
	char **glob;

	for (glob = cfg->hooks; *glob; glob++)
		if (hook_matches(*glob, name))
			return true;
	return false;
}

/* No problem has a value in it, so the expression's error is told by its place alone. */
static void filter_check(struct evring *ev, const struct config *cfg,
			 const struct property *filter, struct problems *problems)
{
	const struct evring_type *type = evring_type_by_name(ev, filter->name);
	struct evring_filter_error error;
	struct evring_filter *compiled = NULL;

	if (!type || !is_hook(type)) {
		problem(problems, "key \"" FILTER_PREFIX "%.80s\": there is no such hook; "
			"allowed: what evring hooks lists", filter->name);
		return;
	}
	if (!is_attached(cfg, filter->name))
		problem(problems, "key \"" FILTER_PREFIX "%.80s\": \"hooks\" does not attach it",
			filter->name);
	if (evring_filter_compile(&compiled, type, filter->value, &error))
		problem(problems, "key \"" FILTER_PREFIX "%.80s\": wrong at column %u; "
			"evring filter check %.80s EXPRESSION says why", filter->name,
			error.column, filter->name);
	evring_filter_free(compiled);
}

void filters_check(struct evring *ev, const struct config *cfg, struct problems *problems)
{
	size_t i;

	for (i = 0; i < cfg->nr_filters; i++)
		filter_check(ev, cfg, &cfg->filters[i], problems);
}

struct filters *filters_new(const struct config *cfg)
{
	struct filters *filters = xzalloc(sizeof(*filters));

	filters->cfg = cfg;
	return filters;
}

void filters_free(struct filters *filters)
{
	size_t i;

	if (!filters)
		return;
	for (i = 0; i < filters->nr; i++)
		evring_filter_free(filters->wanted[i].filter);
	free(filters->wanted);
	free(filters);
}

static struct evring_filter *compile(const struct config *cfg, const struct evring_type *type)
{
	struct evring_filter *filter = NULL;
	size_t i;

	for (i = 0; i < cfg->nr_filters; i++)
		if (!strcmp(cfg->filters[i].name, type->name) &&
		    evring_filter_compile(&filter, type, cfg->filters[i].value, NULL))
			warn("key \"" FILTER_PREFIX "%s\": version %u of the type lacks a field of "
			     "it, so all of its events are sent", type->name, type->version);
	return filter;
}

const struct evring_filter *filters_of(struct filters *filters, const struct evring_type *type)
{
	struct wanted *wanted;

	if (type->id >= filters->nr) {
		filters->wanted = xgrow(filters->wanted, filters->nr, type->id + 1,
					sizeof(*filters->wanted));
		filters->nr = type->id + 1;
	}
	wanted = &filters->wanted[type->id];
	if (wanted->type != type) {
		evring_filter_free(wanted->filter);
		wanted->type = type;
		wanted->filter = compile(filters->cfg, type);
	}
	return wanted->filter;
}

bool filters_want(struct filters *filters, const struct evring_event *event)
{
	const struct evring_filter *filter;

	if (!filters->cfg->nr_filters || !event->type)
		return true;
	filter = filters_of(filters, event->type);
	return !filter || evring_filter_match(filter, event);
}
