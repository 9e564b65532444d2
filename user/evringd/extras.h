/* SPDX-License-Identifier: MIT */
/*
 * extras: headers that transforms give to a message beside those of "headers", and those
 * of "headers" that they take away. Memory is kept for the next message.
 */
#ifndef EXTRAS_H
#define EXTRAS_H

#include <stdbool.h>
#include <stddef.h>

#define EXTRAS_MAX 64			/* of one message */
#define EXTRA_LONGEST 1024		/* bytes of a value; the rest is cut off */

struct extra {
	const char *name;		/* its transform's */
	size_t at, len;			/* of the value, in @text */
};

struct extras {
	struct extra list[EXTRAS_MAX];
	unsigned int nr;
	unsigned int dropped;		/* a bit for each of evringd's own: own_header() */
	char *text;
	size_t used, room;
};

/*
 * The number of a header that evringd may give a message by itself, or -1. Those of its
 * messages under one configuration: message_has_header().
 */
int own_header(const char *name);

static inline bool extras_any(const struct extras *extras)
{
	return extras->nr || extras->dropped;
}

void extras_reset(struct extras *extras);
void extras_free(struct extras *extras);
/* Room for the value of one more; NULL: there are EXTRAS_MAX. */
char *extras_begin(struct extras *extras);
/* ... which is so long now */
void extras_end(struct extras *extras, const char *name, size_t len);
/* All of that name, evringd's own too */
void extras_drop(struct extras *extras, const char *name);
/* Is one of that name among those that were added? */
bool extras_have(const struct extras *extras, const char *name);
/* Was evringd's own of that name taken away? @extras may be NULL. */
bool extras_dropped(const struct extras *extras, const char *name);

#endif /* EXTRAS_H */
