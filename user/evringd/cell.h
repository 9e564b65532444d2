/* SPDX-License-Identifier: MIT */
/*
 * cell: the value of one column (schema.h) of one event, for the encoders of typed
 * formats. Nothing is allocated, and nothing of the record is trusted.
 */
#ifndef CELL_H
#define CELL_H

#include "schema.h"
#include "source.h"

#include <string.h>

#define CELL_ROOM 64		/* the longest text that is made: an address of 45 bytes */

enum cell_state { CELL_NULL, CELL_NUMBER, CELL_TEXT, CELL_LIST };

/* How a text is written */
enum cell_form {
	FORM_PLAIN,		/* its bytes are UTF-8 */
	FORM_CLEAN,		/* they are not: U+FFFD in place of each other byte */
	FORM_HEX,		/* its bytes in base 16 */
};

struct cell {
	enum cell_state state;
	enum cell_form form;
	uint64_t number;	/* signed ones with their sign in 64 bits; a time: nanoseconds */
	const char *text;
	size_t len;		/* bytes there */
	char room[CELL_ROOM];
};

/* An event's cells, from left to right. Zero the rest. */
struct cells {
	const struct source *src;
	const struct evring_event *event;
	uint64_t wall;
	/* The field of the last column, and the rest of its list */
	const struct evring_field *field;
	const char *at;
	size_t len;
	bool found;		/* all of it is in the record */
	bool dirty;		/* its text is no UTF-8 */
	uint64_t bits;
	uint32_t next;
	enum schema_part part;
};

bool cell_is_utf8(const char *text, size_t len);
/* A text that is not the record's, such as a name */
void cell_string(struct cell *cell, const char *text);
/* Of the envelope */
void cell_envelope(struct cells *cells, const struct schema_column *column, struct cell *cell);
/* Bytes of the field that the column is of: no column takes more than 8 for each, and json_max. */
size_t cells_enter(struct cells *cells, const struct evring_field *field);
/* Of the field that was entered last */
void cell_field(struct cells *cells, const struct schema_column *column, struct cell *cell);
/* The next element of the CELL_LIST that was got last. */
bool cell_element(struct cells *cells, struct cell *cell);

/* A number of 1, 2, 4 or 8 bytes, with its sign in 64 bits */
static inline uint64_t cell_load(const char *at, size_t size, bool is_signed)
{
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;

	switch (size) {
	case 1:
		return is_signed ? (uint64_t)*(const int8_t *)at : *(const uint8_t *)at;
	case 2:
		memcpy(&u16, at, sizeof(u16));
		return is_signed ? (uint64_t)(int16_t)u16 : u16;
	case 4:
		memcpy(&u32, at, sizeof(u32));
		return is_signed ? (uint64_t)(int32_t)u32 : u32;
	default:
		memcpy(&u64, at, sizeof(u64));
		return u64;
	}
}

/* The value of a plain column; false: it is outside of the record. */
static inline bool cell_plain(const struct evring_event *event, const struct schema_column *column,
			      uint64_t *number)
{
	if (column->offset + (size_t)column->size > event->payload_len)
		return false;
	*number = cell_load((const char *)event->payload + column->offset, column->size,
			    column->is_signed);
	if (column->kind == SCHEMA_BOOL)
		*number = !!*number;
	return true;
}

/* Of nearly all texts: the column beside is null, as they are UTF-8. */
static inline bool cell_is_idle(const struct cells *cells, const struct schema_column *column)
{
	return column->part == PART_TEXT_HEX && !cells->dirty;
}

size_t cell_clean_len(const char *text, size_t len);
char *cell_put_clean(char *to, const char *text, size_t len);
char *cell_put_hex(char *to, const char *bytes, size_t len);

/* Of the text as it will be written */
static inline size_t cell_len(const struct cell *cell)
{
	if (cell->form == FORM_PLAIN)
		return cell->len;
	return cell->form == FORM_HEX ? 2 * cell->len : cell_clean_len(cell->text, cell->len);
}

static inline char *cell_put(char *to, const struct cell *cell)
{
	if (cell->form == FORM_HEX)
		return cell_put_hex(to, cell->text, cell->len);
	if (cell->form == FORM_CLEAN)
		return cell_put_clean(to, cell->text, cell->len);
	memcpy(to, cell->text, cell->len);
	return to + cell->len;
}

#endif /* CELL_H */
