/* SPDX-License-Identifier: MIT */
/* payload: an event's fields out of words and JSON, as its type wants them. */
#ifndef EVRING_PAYLOAD_H
#define EVRING_PAYLOAD_H

#include <evring.h>
#include <jansson.h>
#include <stdbool.h>

/* The payload of one event: the fixed part, and the tail with the fields of no fixed length */
struct payload {
	const struct evring_type *type;
	char *bytes;
	size_t len;
	char error[256];	/* why the last call failed */
};

/* Empty: each field 0. payload_free() it. */
void payload_begin(struct payload *p, const struct evring_type *type);
void payload_free(struct payload *p);

/* False: see error. */
bool payload_set_text(struct payload *p, const char *name, const char *text);
bool payload_set_json(struct payload *p, const char *name, const json_t *value);

#endif /* EVRING_PAYLOAD_H */
