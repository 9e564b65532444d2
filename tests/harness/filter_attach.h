/* SPDX-License-Identifier: MIT */
/* Attach a hook with a filter that is given as an expression. */
#ifndef EVRING_TESTS_FILTER_ATTACH_H
#define EVRING_TESTS_FILTER_ATTACH_H

#include <stdlib.h>
#include <string.h>

#include "evring.h"

/* As evring_attach_with() returns, or -errno. NULL: without a filter */
static inline int attach_expression(struct evring *ev, struct evring_attachment how,
				    const char *expression)
{
	struct evring_filter *filter = NULL;
	int ret = expression ? evring_types(ev) : 0;

	if (expression && ret >= 0)
		ret = evring_filter_compile(&filter, evring_type_by_name(ev, how.hook),
					    expression, NULL);
	how.filter = filter;
	if (!ret)
		ret = evring_attach_with(ev, &how);
	evring_filter_free(filter);
	return ret;
}

/* An expression's program, for the caller to spoil and to free */
static inline struct evring_program *program_copy(const struct evring_type *type,
						  const char *expression)
{
	const struct evring_program *program;
	struct evring_program *copy;
	struct evring_filter *filter;

	if (evring_filter_compile(&filter, type, expression, NULL))
		abort();
	program = evring_filter_program(filter);
	copy = malloc(program->len);
	if (!copy)
		abort();
	memcpy(copy, program, program->len);
	evring_filter_free(filter);
	return copy;
}

#endif /* EVRING_TESTS_FILTER_ATTACH_H */
