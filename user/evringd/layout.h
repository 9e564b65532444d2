/* SPDX-License-Identifier: MIT */
/*
 * layout: the fields of an event at other places in its JSON. A layout is two tables, of
 * which text is the same for all events of a type, and of places for columns (schema.h).
 * They are compiled for each type once (layout.c). A column for which there is no
 * place has one under @rest: nothing is left out.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

/* How a column is written at its place */
enum place_as {
	AS_IT_IS,
	AS_TEXT,		/* a number as a string */
	AS_KNOWN,		/* a number or time, but nothing where it is 0 */
	AS_MS,			/* a time as milliseconds since 1970 */
	AS_KNOWN_MS,		/* the same, but nothing where it is 0 */
	AS_EXACT,		/* the last one that is the column itself: those below are made of it */
	AS_NAME,		/* a path's last part */
	AS_LINE,		/* texts, with blanks between */
	AS_WORD,		/* a text's word of @words; if it has none, the last one */
	AS_OUTCOME,		/* of a result: "success", "failure" or "unknown" */
	AS_STATUS, AS_STATUS_ID,
	AS_ERRNO,		/* of a failure, its number as a string */
	AS_ID,			/* the event's identity, as header evring.id has it */
};

struct word {
	const char *from;	/* NULL: any other */
	const char *json;
};

/*
 * @type: a name, a family ("process.*"), or "*". The places of a column that a name has are all
 * of them; if it has none, those of its family, else those of "*". @column: ".pid" is the
 * envelope's. @path: NULL: it has no place for this type.
 */
struct place {
	const char *type, *column, *path;
	enum place_as as;
	const struct word *words;
};

/* One JSON value; the closest one for a path is it. @json: NULL: nothing is there. */
struct constant {
	const char *type, *path, *json;
};

/*
 * An event of @type whose @column is called @word is laid out as if its type was called @name:
 * where that has no row, the type's own holds. A type has one variant at most.
 */
struct variant {
	const char *type, *column, *word, *name;
};

#define NR_VARIANTS	1
extern const struct variant layout_variants[NR_VARIANTS];

/* The other side of such a connection is its source. */
#define INBOUND_CLOSE	"net.close (inbound)"

struct layout {
	const char *name;		/* of json.layout */
	const char *title;
	const char *rest;
	const struct constant *constants;
	size_t nr_constants;
	const struct place *places;
	size_t nr_places;
};

/* IANA's names of the kernel's protocols, which both layouts have */
extern const struct word layout_protocols[];

extern const struct layout layout_ecs, layout_ocsf;

/* The tables in words, as docs/reference/layouts.md has them */
void layouts_print(void);

#endif /* LAYOUT_H */
