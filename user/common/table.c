/* SPDX-License-Identifier: MIT */
/* Rows as a table, which libsmartcols lays out: see columns.h. */
#include "columns.h"

#include "memory.h"
#include "names.h"
#include "text.h"

#include <ctype.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct table {
	const struct column *columns;
	unsigned int nr_causes;
	struct libscols_table *scols;
};

bool want_colour(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if ((no_color && *no_color) || (term && !strcmp(term, "dumb")))
		return false;
	return isatty(STDOUT_FILENO);
}

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

/* libsmartcols returns -errno, which is -ENOMEM wherever its arguments are good. */
static void done(int ret)
{
	if (ret)
		must(NULL);
}

static void set_style(struct libscols_cell *cell, enum style style)
{
	if (style != STYLE_PLAIN)
		done(scols_cell_set_color(cell, style_on(style, true)));
}

static void new_column(struct table *table, const char *head, bool left)
{
	struct libscols_column *column =
		must(scols_table_new_column(table->scols, head, 0, left ? 0 : SCOLS_FL_RIGHT));

	set_style(scols_column_get_header(column), STYLE_HEAD);
}

struct table *table_new(const struct column *columns, unsigned int nr_causes)
{
	struct table *table = xzalloc(sizeof(*table));
	char head[32];

	table->columns = columns;
	table->nr_causes = nr_causes;
	table->scols = must(scols_new_table());
	/* The same on a terminal as in a pipe: no line is cut or broken. */
	scols_table_set_termforce(table->scols, SCOLS_TERMFORCE_NEVER);
	done(scols_table_enable_colors(table->scols, want_colour()));
	done(scols_table_set_column_separator(table->scols, "  "));
	for (; columns->key; columns++) {
		if (!columns->head)
			continue;
		new_column(table, columns->head, columns->kind == COLUMN_TEXT ||
						 columns->kind == COLUMN_WORDS);
		for (unsigned int i = 0; columns->kind == COLUMN_CAUSES && i < nr_causes; i++) {
			snprintf(head, sizeof(head), "%s", cause_name(i));
			for (char *c = head; *c; c++)
				*c = (char)toupper((unsigned char)*c);
			new_column(table, head, false);
		}
	}
	return table;
}

static void set_cell(struct libscols_line *line, size_t *at, enum style style, const char *text)
{
	done(scols_line_set_data(line, *at, text));
	set_style(scols_line_get_cell(line, *at), style);
	++*at;
}

static void set_number(struct libscols_line *line, size_t *at, const struct column *column,
		       uint64_t number, enum style style)
{
	char text[HUMAN_MAX] = "-";

	if (number != COLUMN_NONE) {
		if (column->kind == COLUMN_BYTES)
			human_size(text, number);
		else if (column->kind == COLUMN_DURATION)
			human_duration(text, number);
		else
			snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
		if (column->kind == COLUMN_FAULT || column->kind == COLUMN_CAUSES)
			style = number ? STYLE_BAD : style;
	} else {
		style = STYLE_DIM;
	}
	set_cell(line, at, style, text);
}

static void set_words(struct libscols_line *line, size_t *at, const json_t *words, enum style style)
{
	const char *comma = "";
	const json_t *word;
	char *text;
	size_t len, i;
	FILE *out = stream_begin(&text, &len);

	json_array_foreach(words, i, word) {
		fprintf(out, "%s%s", comma, json_string_value(word));
		comma = ",";
	}
	stream_end(out);
	set_cell(line, at, style, text);
	free(text);
}

static void set_causes(struct libscols_line *line, size_t *at, const struct column *column,
		       const struct causes *causes, unsigned int nr)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < nr; i++)
		sum += causes->lost[i];
	set_number(line, at, column, sum, STYLE_PLAIN);
	for (unsigned int i = 0; i < nr; i++)
		set_number(line, at, column, causes->lost[i], STYLE_PLAIN);
}

void table_row(struct table *table, const void *row)
{
	struct libscols_line *line = must(scols_table_new_line(table->scols, NULL));
	const struct column *column;
	size_t at = 0;

	for (column = table->columns; column->key; column++) {
		const void *member = (const char *)row + column->offset;
		enum style style = column->style ? column->style(row) : STYLE_PLAIN;

		if (!column->head)
			continue;
		switch (column->kind) {
		case COLUMN_TEXT:
			set_cell(line, &at, style, *(const char *const *)member);
			break;
		case COLUMN_FLAG:
			set_cell(line, &at, style, *(const bool *)member ? "yes" : "no");
			break;
		case COLUMN_COUNT:
		case COLUMN_FAULT:
		case COLUMN_BYTES:
		case COLUMN_DURATION:
			set_number(line, &at, column, *(const uint64_t *)member, style);
			break;
		case COLUMN_WORDS:
			set_words(line, &at, *(json_t *const *)member, style);
			break;
		case COLUMN_ROWS:
			set_number(line, &at, column, json_array_size(*(json_t *const *)member),
				   style);
			break;
		case COLUMN_CAUSES:
			set_causes(line, &at, column, member, table->nr_causes);
			break;
		}
	}
}

void table_free(struct table *table)
{
	scols_unref_table(table->scols);
	free(table);
}

void table_print(struct table *table)
{
	done(scols_print_table(table->scols));
	table_free(table);
}
