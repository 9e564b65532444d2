/* SPDX-License-Identifier: MIT */
/* See choice.h. */
#include "choice.h"

#include "cli.h"
#include "memory.h"
#include "names.h"
#include "text.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* Is a type wanted, and which of its events? */
struct judged {
	const struct evring_type *type;
	bool yes;
	struct evring_filter *filter;	/* NULL: all of them */
};

static bool matches(const struct choice *choice, const struct evring_type *type)
{
	for (unsigned int i = 0; i < choice->nr_globs; i++) {
		if (!fnmatch(choice->globs[i], type->name, 0))
			return true;
	}
	return !choice->nr_globs;
}

/* A type that the filter cannot be asked of is not wanted. */
static void look_at(const struct choice *choice, const struct evring_type *type,
		    struct judged *judged)
{
	evring_filter_free(judged->filter);
	evring_type_free(judged->type);
	*judged = (struct judged){
		.type = evring_type_hold(type), .yes = matches(choice, type),
	};
	if (judged->yes && choice->filter)
		judged->yes = !evring_filter_compile(&judged->filter, type, choice->filter, NULL);
}

static const struct judged *judge(struct choice *choice, const struct evring_type *type)
{
	struct judged *judged;

	if (type->id >= choice->nr_types) {
		choice->types = xgrow(choice->types, choice->nr_types, type->id + 1, sizeof(*judged));
		choice->nr_types = type->id + 1;
	}
	judged = &choice->types[type->id];
	/* An id can come to another type. */
	if (judged->type != type)
		look_at(choice, type, judged);
	return judged;
}

bool choice_has(struct choice *choice, const struct evring_event *event)
{
	const struct judged *judged;

	if (!choice->nr_globs && !choice->filter)
		return true;
	if (!event->type)
		return false;
	judged = judge(choice, event->type);
	return judged->yes && (!judged->filter || evring_filter_match(judged->filter, event));
}

/*
 * The filter applies to all types that it compiles for. If there is none, print the
 * error of the type with which the compiler came farthest.
 */
int choice_check(const struct choice *choice, struct evring *ev)
{
	struct evring_filter_error error, farthest = { 0 };
	const struct evring_type *type, *of = NULL;
	struct evring_filter *filter;
	int nr = choice->filter ? evring_types(ev) : 0;

	for (int id = 0; id < nr; id++) {
		type = evring_type(ev, (unsigned int)id);
		if (!type || !matches(choice, type))
			continue;
		if (!evring_filter_compile(&filter, type, choice->filter, &error)) {
			evring_filter_free(filter);
			return 0;
		}
		if (error.column >= farthest.column) {
			farthest = error;
			of = type;
		}
	}
	if (!choice->filter)
		return 0;
	if (of)
		filter_print_error(of->name, choice->filter, &farthest);
	else
		fputs("evring: no type matches --type\n", stderr);
	return -EINVAL;
}

/* One that is not on this kernel is no help. */
static bool could_emit(struct choice *choice, const struct evring_type *type)
{
	return is_hook(type) && !(type->flags & EVRING_TYPE_F_ABSENT) &&
	       choice->lanes & 1ULL << type->lane && judge(choice, type)->yes;
}

static void print_hint(const struct choice *choice, const char *one)
{
	bool narrow = choice->nr_globs || choice->filter || choice->lanes != EVRING_LANES_ALL;

	fprintf(stderr, "evring: no hook %sis attached: evring hooks attach",
		narrow ? "that emits such events " : "");
	for (unsigned int i = 0; i < choice->nr_globs; i++) {
		putc(' ', stderr);
		quote_string(stderr, choice->globs[i], strlen(choice->globs[i]));
	}
	if (!choice->nr_globs)
		fprintf(stderr, " %s", narrow ? one : "'process.*'");
	fputs("; 'evring hooks' lists all\n", stderr);
}

void choice_tell_detached(struct choice *choice, struct evring *ev)
{
	const struct evring_type *type, *detached = NULL;
	int nr = evring_types(ev);

	for (int id = 0; id < nr; id++) {
		type = evring_type(ev, (unsigned int)id);
		if (!type || !could_emit(choice, type))
			continue;
		if (type->flags & EVRING_TYPE_F_ATTACHED)
			return;
		if (!detached)
			detached = type;
	}
	if (detached)
		print_hint(choice, detached->name);
}

void choice_free(struct choice *choice)
{
	for (unsigned int i = 0; i < choice->nr_types; i++) {
		evring_filter_free(choice->types[i].filter);
		evring_type_free(choice->types[i].type);
	}
	free(choice->types);
	free(choice->globs);
}
