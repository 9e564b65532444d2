/* SPDX-License-Identifier: MIT */
/*
 * columns: rows for people and for programs, of one definition.
 *
 * A row is a structure. A column describes one of its members: the member's name is
 * its key in JSON, and the heading stands above it in a table.
 *
 *	struct hook_row { const char *name; uint64_t owners; };
 *
 *	static const struct column columns[] = {
 *		COLUMN(struct hook_row, name, TEXT, "HOOK"),
 *		COLUMN(struct hook_row, owners, COUNT, "OWNERS"),
 *		{ 0 },
 *	};
 */
#ifndef EVRING_COLUMNS_H
#define EVRING_COLUMNS_H

#include "snapshot.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers that are not known: null in JSON, "-" in a table */
#define COLUMN_NONE	UINT64_MAX

/* The member's type is behind the kind; "fault" colours all numbers but 0. */
enum column_kind {
	COLUMN_TEXT,		/* const char * */
	COLUMN_FLAG,		/* bool */
	COLUMN_COUNT,		/* uint64_t */
	COLUMN_FAULT,		/* uint64_t */
	COLUMN_BYTES,		/* uint64_t: "1.5 MiB" in a table */
	COLUMN_DURATION,	/* uint64_t, ns: "4.2 s" in a table */
	COLUMN_WORDS,		/* json_t *, an array of strings, which the row owns */
	COLUMN_ROWS,		/* json_t *, which the row owns: its length in a table; NULL: no such
				 * key */
	COLUMN_CAUSES,		/* struct causes: a number and a column for each cause */
};

struct causes {
	unsigned int nr;
	uint64_t lost[CAUSES_MAX];
};

enum style { STYLE_PLAIN, STYLE_HEAD, STYLE_GOOD, STYLE_BAD, STYLE_DIM };

struct column {
	const char *key;			/* in JSON; NULL: the end of the columns */
	const char *head;			/* NULL: the column is in JSON alone */
	size_t offset;				/* of the member */
	enum column_kind kind;
	enum style (*style)(const void *row);	/* of the table's cell; NULL: by the kind */
};

#define COLUMN_STYLED(row, member, column_kind, heading, cell_style) \
	{ .key = #member, .head = (heading), .offset = offsetof(row, member), \
	  .kind = COLUMN_##column_kind, .style = (cell_style) }
#define COLUMN(row, member, column_kind, heading) \
	COLUMN_STYLED(row, member, column_kind, heading, NULL)

/* columns.c */

/* The row as an object. Arrays of the row are referenced, not taken. */
json_t *columns_json(const struct column *columns, const void *row);
/* Give the arrays of a row back. */
void columns_release(const struct column *columns, const void *row);
/* A text of any bytes: as in events, what is no UTF-8 becomes U+FFFD. */
json_t *json_utf8(const char *text);
/* Add to a number of an object, 0 before. */
void json_add(json_t *object, const char *key, uint64_t number);
/* @json, which this takes, as one line on standard output */
void json_print(json_t *json);

/* table.c */

struct table;

/* @nr_causes: how many a member of the kind CAUSES has */
struct table *table_new(const struct column *columns, unsigned int nr_causes);
void table_row(struct table *table, const void *row);
void table_free(struct table *table);
/* Print the table to standard output and free it; without a row nothing is printed. */
void table_print(struct table *table);

/* True: standard output is a terminal, and the user has not asked for no colours. */
bool want_colour(void);
/* The escape sequences around a text of this style; "" without @colour */
const char *style_on(enum style style, bool colour);
const char *style_off(enum style style, bool colour);

#endif /* EVRING_COLUMNS_H */
