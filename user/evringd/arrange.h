/* SPDX-License-Identifier: MIT */
/* arrange: an event's JSON as a layout (layout.h) has been compiled for its type. */
#ifndef ARRANGE_H
#define ARRANGE_H

#include "layout.h"
#include "schema.h"

struct source;

#define ARRANGE_SLACK	32u	/* bytes of a text that can be read, however short it is */
#define ARRANGE_DEPTH	12	/* of objects in one another */

enum arrange_what {
	ARRANGE_OPEN,		/* an object: its name and a brace; it goes if nothing is in it */
	ARRANGE_CLOSE,
	ARRANGE_TEXT,		/* a constant, with its name */
	ARRANGE_VALUE,		/* a column, behind its name */
};

struct arrange_op {
	enum arrange_what what;
	char *text;
	size_t len;
	enum place_as as;
	bool nulls;			/* null is written, else the name is left out with it */
	const struct word *words;
	const struct schema_column *column;
	const struct schema_column *base;	/* the column before it, of the same field */
};

struct arrangement {
	struct arrange_op *ops;
	size_t nr;
	size_t texts;			/* bytes of all texts, and one more for each */
	unsigned int depth;
	const struct schema_column *when;	/* NULL: there is no variant */
	const char *word;			/* @when's, of the events that are arranged as @variant */
	struct arrangement *variant;
};

/* @layout: NULL: envelope and fields beside each other */
struct arrangement *layout_compile(const struct layout *layout, const struct schema *schema);
void arrangement_free(void *arrangement);

#endif /* ARRANGE_H */
