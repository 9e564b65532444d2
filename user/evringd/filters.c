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

/* A connector's filter of one type id; another type can get the id. */
struct wanted {
	const struct evring_type *type;	/* held */
	struct evring_filter *filter;	/* hooks.filter.TYPE */
	struct evring_filter *also;	/* "filter" */
	bool never;			/* that cannot be asked of the type */
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
			"allowed: the hooks that evring hooks lists", filter->name);
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

/* The filter is of as many types as it can be asked of. */
static void common_check(struct evring *ev, const struct config *cfg, struct problems *problems)
{
	struct evring_filter *compiled = NULL;
	struct evring_filter_error error;
	int nr = evring_types(ev), i;
	unsigned int column = 0;

	for (i = 0; i < nr && !compiled; i++) {
		const struct evring_type *type = evring_type(ev, (unsigned int)i);

		if (type && evring_filter_compile(&compiled, type, cfg->filter, &error) &&
		    error.column > column)
			column = error.column;
	}
	if (!compiled)
		problem(problems, "key \"filter\": wrong at column %u, whichever type is asked; "
			"evring filter check TYPE EXPRESSION says why", column);
	evring_filter_free(compiled);
}

void filters_check(struct evring *ev, const struct config *cfg, struct problems *problems)
{
	size_t i;

	for (i = 0; i < cfg->nr_filters; i++)
		filter_check(ev, cfg, &cfg->filters[i], problems);
	if (cfg->filter)
		common_check(ev, cfg, problems);
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
	for (i = 0; i < filters->nr; i++) {
		evring_filter_free(filters->wanted[i].filter);
		evring_filter_free(filters->wanted[i].also);
		evring_type_free(filters->wanted[i].type);
	}
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

/* Losses and the like: they are always sent. */
static bool is_own(const struct evring_type *type)
{
	return !strncmp(type->name, "evring.", 7);
}

/* A type that "filter" cannot be asked of is not wanted, as with evring tail --filter. */
static void look_at(const struct config *cfg, const struct evring_type *type,
		    struct wanted *wanted)
{
	evring_filter_free(wanted->filter);
	evring_filter_free(wanted->also);
	evring_type_free(wanted->type);
	*wanted = (struct wanted){
		.type = evring_type_hold(type), .filter = compile(cfg, type),
	};
	if (cfg->filter && !is_own(type))
		wanted->never = evring_filter_compile(&wanted->also, type, cfg->filter, NULL);
	if (wanted->never)
		info("key \"filter\": type %s does not have its fields, so none of its events is sent",
		     type->name);
}

static struct wanted *wanted_of(struct filters *filters, const struct evring_type *type)
{
	struct wanted *wanted;

	if (type->id >= filters->nr) {
		filters->wanted = xgrow(filters->wanted, filters->nr, type->id + 1,
					sizeof(*filters->wanted));
		filters->nr = type->id + 1;
	}
	wanted = &filters->wanted[type->id];
	if (wanted->type != type)
		look_at(filters->cfg, type, wanted);
	return wanted;
}

const struct evring_filter *filters_of(struct filters *filters, const struct evring_type *type)
{
	return wanted_of(filters, type)->filter;
}

bool filters_want(struct filters *filters, const struct evring_event *event)
{
	const struct config *cfg = filters->cfg;
	const struct wanted *wanted;

	if ((!cfg->nr_filters && !cfg->filter) || !event->type)
		return true;
	wanted = wanted_of(filters, event->type);
	if (wanted->never || (wanted->filter && !evring_filter_match(wanted->filter, event)))
		return false;
	return !wanted->also || evring_filter_match(wanted->also, event);
}
