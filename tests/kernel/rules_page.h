/* SPDX-License-Identifier: MIT */
/* The tables of docs/reference/rules.md, so that the tested filters are the page's. */
#ifndef EVRING_TEST_RULES_PAGE_H
#define EVRING_TEST_RULES_PAGE_H

#include <ctype.h>

#include "testing.h"

#define PAGE		"/tests/rules.md"	/* tests/kernel/run puts it there */
#define CELLS		4

struct rule {
	char name[128];		/* of the test: small letters, and _ for all else */
	char event[64];
	char filter[EVRING_TEXT_MAX];
};

/* Copy a cell without its spaces and code marks; of "\|" the bar is meant. */
static inline void cell_copy(char *to, size_t room, const char *from, const char *end)
{
	while (from < end && strchr(" `", *from))
		from++;
	while (from < end && strchr(" `", end[-1]))
		end--;
	for (; from < end && room > 1; from++)
		if (*from != '\\' || from[1] != '|') {
			*to++ = *from;
			room--;
		}
	if (from < end)
		abort();
	*to = '\0';
}

/* The cells of a row, up to CELLS of them: *@ends is where each ends, after a bar. */
static inline unsigned int row_split(const char *line, const char *starts[CELLS],
				     const char *ends[CELLS])
{
	unsigned int n = 0;
	const char *at;

	if (*line != '|')
		return 0;
	starts[0] = line + 1;
	for (at = line + 1; *at && n < CELLS; at++) {
		if (*at != '|' || at[-1] == '\\')
			continue;
		ends[n++] = at;
		if (n < CELLS)
			starts[n] = at + 1;
	}
	return n;
}

static inline void name_make(char *name)
{
	char *to = name;

	for (; *name; name++)
		if (isalnum((unsigned char)*name))
			*to++ = (char)tolower((unsigned char)*name);
		else if (to[-1] != '_')
			*to++ = '_';
	*to = '\0';
}

/* The row that a test is named after. Returns whether there is one. */
static inline bool rule_find(struct rule *rule, const char *name)
{
	static char line[16384];
	const char *starts[CELLS], *ends[CELLS];
	FILE *page = fopen(PAGE, "r");
	bool found = false;

	if (!page) {
		printf("# no " PAGE "\n");
		abort();
	}
	while (!found && fgets(line, sizeof(line), page)) {
		if (row_split(line, starts, ends) != CELLS || starts[0][0] == '-')
			continue;
		cell_copy(rule->name, sizeof(rule->name), starts[0], ends[0]);
		name_make(rule->name);
		found = !strcmp(rule->name, name);
	}
	fclose(page);
	if (found) {
		cell_copy(rule->event, sizeof(rule->event), starts[1], ends[1]);
		cell_copy(rule->filter, sizeof(rule->filter), starts[2], ends[2]);
	}
	return found;
}

#endif /* EVRING_TEST_RULES_PAGE_H */
