/* SPDX-License-Identifier: MIT */
/* See problem.h. */
#include "problem.h"

#include "log.h"
#include "memory.h"
#include "text.h"

#include <stdarg.h>
#include <stdlib.h>

void problem(struct problems *list, const char *fmt, ...)
{
	char *line;
	va_list ap;
	int n;

	if (list->nr == PROBLEMS_MAX)
		return;
	va_start(ap, fmt);
	n = vasprintf(&line, list->nr == PROBLEMS_MAX - 1 ? "(and more, which are not told)" : fmt,
		      ap);
	va_end(ap);
	if (n < 0)
		must(NULL);
	/* The file's author can have written anything: a problem stays one line of text. */
	make_printable(line, '?');
	list->lines = xgrow(list->lines, list->nr, list->nr + 1, sizeof(*list->lines));
	list->lines[list->nr++] = line;
}

void problems_print(const struct problems *list, FILE *to)
{
	size_t i;

	for (i = 0; i < list->nr; i++)
		fprintf(to, "%s: %s\n", list->file, list->lines[i]);
}

void problems_warn(struct problems *list)
{
	size_t i;

	for (i = 0; i < list->nr; i++)
		warn("%s", list->lines[i]);
	problems_free(list);
}

void problems_free(struct problems *list)
{
	size_t i;

	for (i = 0; i < list->nr; i++)
		free(list->lines[i]);
	free(list->lines);
	list->lines = NULL;
	list->nr = 0;
}
