/* SPDX-License-Identifier: MIT */
/*
 * shape: an event with other fields. It is a copy of the payload behind a part with
 * the new fields' values, and a type that says where each field lies:
 *
 *	new fixed part | payload as it was, its strings' offsets moved | new texts
 *
 * The type is made once, from a draft that the transforms have changed; for an event its
 * payload is copied and the new values are written.
 */
#ifndef SHAPE_H
#define SHAPE_H

#include <evring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct draft_field;
struct shape;
struct transform;

#define SHAPE_FIELDS_MAX 256

/*
 * The places of fields, of which Protobuf's numbers are made, two of each. First come those of the
 * type as the kernel has it. Behind them, and behind the numbers that Protobuf keeps for itself
 * (19000 to 19999), each transform that adds fields has some of its own. They never change, as
 * consumers have the numbers in their .proto.
 */
#define PLACES_MADE	10000
#define PLACES_OF_ONE	SHAPE_FIELDS_MAX

/* A text's value for one event. It is absent if this returns NULL. */
typedef const char *field_text(struct transform *t, const struct draft_field *field,
			       const struct evring_event *event, size_t *len);
/* A number's; false: it is absent. */
typedef bool field_number(struct transform *t, const struct evring_event *event, uint64_t *value);
/* Has a secret been left out of the value that the field has for this event? */
typedef bool field_redacted(struct transform *t, const struct draft_field *field,
			    const struct evring_event *event);

/* One field on its way to the new type */
struct draft_field {
	struct evring_field field;	/* its name is the draft's */
	char name[EVRING_NAME_MAX];
	int from;			/* number in the type as it was; -1: it is new */
	uint16_t place;			/* ... and what Protobuf's is made of: it stays */
	bool missing;			/* the record is too short for it, and so it is absent */
	bool hidden;			/* its bytes are zeroed */
	bool renamed;			/* by the transform that is being made */
	struct transform *maker;
	const struct evring_field *of;	/* the field that a new one is made of, or NULL */
	field_text *text;		/* of a new one: one of these, or it is 0 or empty */
	field_number *number;
	field_redacted *redacted;	/* of a new one; NULL: of none has */
};

struct draft {
	const struct evring_type *type;
	const char *why;		/* no type can be made of it; NULL: it can */
	unsigned int nr;
	struct draft_field fields[SHAPE_FIELDS_MAX];
};

/* NULL: there is none of that name. */
struct draft_field *draft_find(struct draft *draft, const char *name);
void draft_remove(struct draft *draft, struct draft_field *field);
/*
 * A new field of @maker's, in place of one of the same name. @number, less than PLACES_OF_ONE, is
 * the field's among all that @maker adds, to any type. NULL: there are too many.
 */
struct draft_field *draft_add(struct draft *draft, struct transform *maker, unsigned int number,
			      const char *name, uint16_t kind);
/* All fields of this type; a payload of so many bytes may lack some. */
void draft_begin(struct draft *draft, const struct evring_type *type, uint32_t payload_len);

bool field_name_fits(const char *name);

/* NULL: no type can be like this. */
struct shape *shape_new(const struct draft *draft);
void shape_free(struct shape *shape);
/* The type of the events that have it */
const struct evring_type *shape_type(const struct shape *shape);
/* ... and the places of its fields, for schema_number() */
const uint16_t *shape_places(const struct shape *shape);

/* An event in its shape */
struct shaped {
	struct evring_event event;
	char *room;			/* the record */
	size_t size;
};

/* False: it would be too long to be an event. */
bool shape_make(const struct shape *shape, const struct evring_event *event,
		struct shaped *shaped);

#endif /* SHAPE_H */
