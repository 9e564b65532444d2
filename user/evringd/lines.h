/* SPDX-License-Identifier: MIT */
/* lines: packs of JSON, a line for each event, in whichever layout. See struct converter. */
#ifndef LINES_H
#define LINES_H

#include "converter.h"
#include "pack.h"

#include <jansson.h>

#define LINES_FRAME	"jsonl/1"

int lines_prepare(const struct source *src, const struct evring_event *event,
		  struct scratch *scratch);
size_t lines_need(const struct evring_event *event, const struct scratch *scratch);
bool lines_put(const struct source *src, struct pack *pack, const struct evring_event *event,
	       const struct scratch *scratch);
/* The first line's event; NULL: there is none. Give it back with json_decref(). */
json_t *lines_first(const void *value, size_t len);
/* As the header evring.type has it. @version: null or NULL, if the type is not known */
void lines_type(struct identity *who, const char *type, const json_t *version);
/* What an event that tells of a loss covers. @fields: its own, or NULL */
void lines_covers(struct identity *who, const char *type, const json_t *fields);
/* Of evring's own layout, flat or not */
bool lines_identity(const void *value, size_t len, struct identity *who);
bool lines_cut(const void *value, size_t len, struct cut *cut);

#endif /* LINES_H */
