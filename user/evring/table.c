/* SPDX-License-Identifier: MIT */
/* Columns as wide as their widest cell. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

struct cell {
	char *text;
	enum style style;
};

struct table {
	const char *const *heads;
	unsigned int columns;
	size_t nr, room;
	struct cell *cells;
};

const char *style_on(enum style style, bool colour)
{
	static const char *const codes[] = {
		[STYLE_PLAIN] = "",
		[STYLE_HEAD] = "\033[1m",
		[STYLE_GOOD] = "\033[32m",
		[STYLE_BAD] = "\033[1;31m",
		[STYLE_DIM] = "\033[2m",
	};

	return colour ? codes[style] : "";
}

const char *style_off(enum style style, bool colour)
{
	return colour && style != STYLE_PLAIN ? "\033[0m" : "";
}

static void add(struct table *table, enum style style, char *text)
{
	if (table->nr == table->room) {
		table->room = table->room ? 2 * table->room : 64;
		table->cells = must(realloc(table->cells, table->room * sizeof(*table->cells)));
	}
	table->cells[table->nr++] = (struct cell){ .text = text, .style = style };
}

struct table *table_new(const char *const *heads, unsigned int columns)
{
	struct table *table = must(calloc(1, sizeof(*table)));

	table->heads = heads;
	table->columns = columns;
	for (unsigned int i = 0; i < columns; i++)
		add(table, STYLE_HEAD, must(strdup(heads[i] + (heads[i][0] == '<'))));
	return table;
}

void table_cell(struct table *table, enum style style, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	add(table, style, must(strdup(text)));
}

void table_number(struct table *table, uint64_t number)
{
	table_cell(table, STYLE_PLAIN, "%" PRIu64, number);
}

void table_fault(struct table *table, uint64_t number)
{
	table_cell(table, number ? STYLE_BAD : STYLE_PLAIN, "%" PRIu64, number);
}

static int column_width(const struct table *table, unsigned int column)
{
	size_t width = 0;

	for (size_t i = column; i < table->nr; i += table->columns) {
		size_t len = strlen(table->cells[i].text);

		if (len > width)
			width = len;
	}
	return width;
}

void table_print(struct table *table)
{
	int *widths = must(calloc(table->columns, sizeof(*widths)));
	bool colour = want_colour();

	for (unsigned int i = 0; i < table->columns; i++)
		widths[i] = column_width(table, i);
	for (size_t i = 0; i < table->nr; i++) {
		const struct cell *cell = &table->cells[i];
		unsigned int column = i % table->columns;
		bool is_last = column + 1 == table->columns;
		int blanks = widths[column] - (int)strlen(cell->text);
		bool is_left = table->heads[column][0] == '<';

		printf("%*s%s%s%s%*s%s", is_left ? 0 : blanks, "", style_on(cell->style, colour),
		       cell->text, style_off(cell->style, colour), is_left && !is_last ? blanks : 0,
		       "", is_last ? "\n" : "  ");
		free(cell->text);
	}
	free(widths);
	free(table->cells);
	free(table);
}
