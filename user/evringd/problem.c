/* SPDX-License-Identifier: MIT */
/* See problem.h. */
#include "problem.h"

#include "log.h"
#include "memory.h"
#include "text.h"

#include <stdarg.h>
#include <stdlib.h>

/* The file's author can have written anything, in its name, too: it stays one line of text. */
__attribute__((format(printf, 1, 0))) static char *line_of(const char *fmt, va_list ap)
{
	char *line;

	if (vasprintf(&line, fmt, ap) < 0)
		must(NULL);
	make_printable(line, '?');
	return line;
}

void print_line(FILE *to, const char *fmt, ...)
{
	char *line;
	va_list ap;

	va_start(ap, fmt);
	line = line_of(fmt, ap);
	va_end(ap);
	fprintf(to, "%s\n", line);
	free(line);
}

void problem(struct problems *list, const char *fmt, ...)
{
	char *line;
	va_list ap;

	if (list->nr == PROBLEMS_MAX)
		return;
	va_start(ap, fmt);
	line = line_of(list->nr == PROBLEMS_MAX - 1 ? "(and more, which are not told)" : fmt, ap);
	va_end(ap);
	list->lines = xgrow(list->lines, list->nr, list->nr + 1, sizeof(*list->lines));
	list->lines[list->nr++] = line;
}

void problems_print(const struct problems *list, FILE *to)
{
	size_t i;

	for (i = 0; i < list->nr; i++)
		print_line(to, "%s: %s", list->file, list->lines[i]);
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
