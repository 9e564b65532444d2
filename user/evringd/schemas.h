/* SPDX-License-Identifier: MIT */
/*
 * schemas: for a task's converter, the columns of each type of events, and the bytes
 * that each value begins with. With a schema registry these
 * bytes have an id, which it must be asked for; until then events of the type wait.
 */
#ifndef SCHEMAS_H
#define SCHEMAS_H

#include "schema.h"

#include <stdint.h>

struct config;
struct evring_event;
struct loop;
struct schemas;
struct source;

/* Of one type in one lane: a topic, and so a subject, is theirs. */
struct written {
	const struct schema *schema;
	char *head;			/* the first bytes of each value */
	size_t head_len;
	void *plan;			/* the converter's own, ... */
	size_t more;			/* ... and bytes that it needs beside its bound */
};

/*
 * Sets @src->schemas, to NULL if the converter needs none; the rest of @src is there. @wake is
 * called when the registry has answered. False: errno is set.
 */
bool schemas_open(struct source *src, struct loop *loop,
		  void (*wake)(void *arg), void *arg);
/* The registry is asked nothing more. */
void schemas_stop(struct schemas *schemas);
/* The loop has no operation of it, so free it. */
bool schemas_idle(const struct schemas *schemas);
void schemas_free(struct schemas *schemas);

/* The places of a type's fields, for schema_number(); NULL: they are in their order. */
typedef const uint16_t *field_places(void *arg, const struct evring_type *type);
/* @places is asked of each type that is new here. */
void schemas_on_number(struct schemas *schemas, field_places *places, void *arg);

enum schemas_state { SCHEMAS_READY, SCHEMAS_WAIT, SCHEMAS_REFUSED, SCHEMAS_GIVEN_UP };

/*
 * Can an event of @type, which is going to @topic, be written? If the registry was not
 * asked yet it is asked now. SCHEMAS_REFUSED: never, and *@why says why.
 * SCHEMAS_GIVEN_UP: nobody knows, as errors.retry.timeout is over.
 */
enum schemas_state schemas_look(struct schemas *schemas, const struct evring_type *type,
				unsigned int lane, const char *topic, const char **why);
/* Nothing goes to @topic any more, of the types that have this id. @schemas may be NULL. */
void schemas_forget(struct schemas *schemas, unsigned int id, unsigned int lane,
		    const char *topic);
/* No event of @type, which a transform has made, comes any more. @arg: struct schemas */
void schemas_forget_type(void *arg, const struct evring_type *type);
/* NULL: not ready. */
const struct written *schemas_find(struct schemas *schemas, const struct evring_event *event);
/* Bytes that a value has beside those that its converter tells; @schemas may be NULL. */
size_t schemas_head_len(struct schemas *schemas, const struct evring_event *event);

#endif /* SCHEMAS_H */
