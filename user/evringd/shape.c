/* SPDX-License-Identifier: MIT */
/* See shape.h. */
#include "shape.h"

#include "transforming.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN8(n) (((n) + 7) & ~(size_t)7)
#define PAYLOAD_MAX (UINT16_MAX - 1)	/* that a position in it can tell, and one behind it */

_Static_assert(PLACES_MADE > 19999 / 2 &&
	       PLACES_MADE + TRANSFORMS_MAX * PLACES_OF_ONE <= UINT16_MAX + 1, "places and numbers");

struct shape {
	struct evring_type *type;
	uint32_t head;			/* bytes of the new fixed part */
	uint16_t *places;		/* of the fields */
	unsigned int nr;
	struct draft_field fields[];
};

/*
 * Drafts
 */

bool field_name_fits(const char *name)
{
	size_t i;

	if (!islower((unsigned char)name[0]))
		return false;
	for (i = 1; name[i]; i++)
		if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) &&
		    name[i] != '_')
			return false;
	return i < EVRING_NAME_MAX;
}

struct draft_field *draft_find(struct draft *draft, const char *name)
{
	unsigned int i;

	for (i = 0; i < draft->nr; i++)
		if (!strcmp(draft->fields[i].name, name))
			return &draft->fields[i];
	return NULL;
}

void draft_remove(struct draft *draft, struct draft_field *field)
{
	size_t at = (size_t)(field - draft->fields);

	draft->nr--;
	memmove(field, field + 1, (draft->nr - at) * sizeof(*field));
}

struct draft_field *draft_add(struct draft *draft, struct transform *maker, unsigned int number,
			      const char *name, uint16_t kind)
{
	struct draft_field *field = draft_find(draft, name);

	if (!field) {
		if (draft->nr == SHAPE_FIELDS_MAX)
			return NULL;
		field = &draft->fields[draft->nr++];
	}
	*field = (struct draft_field){
		.field = { .kind = kind, .size = kind & EVRING_KIND_VAR ?
				   sizeof(struct evring_str) : EVRING_KIND_SIZE(kind) },
		.from = -1, .maker = maker,
		.place = (uint16_t)(PLACES_MADE + maker->adder * PLACES_OF_ONE + number),
	};
	snprintf(field->name, sizeof(field->name), "%s", name);
	return field;
}

/*
 * A record that is shorter than its type, as an older module writes it, lacks some. These stay
 * in the draft, so that events of all lengths have one schema.
 */
void draft_begin(struct draft *draft, const struct evring_type *type, uint32_t payload_len)
{
	struct draft_field *field;
	uint32_t i;

	draft->type = type;
	draft->why = NULL;
	draft->nr = 0;
	for (i = 0; i < type->nr_fields && i < SHAPE_FIELDS_MAX; i++) {
		const struct evring_field *of = &type->fields[i];

		field = &draft->fields[draft->nr++];
		*field = (struct draft_field){
			.field = *of, .from = (int)i, .place = (uint16_t)i,
			.missing = (uint32_t)of->offset + of->size > payload_len,
		};
		snprintf(field->name, sizeof(field->name), "%s", type->fields[i].name);
	}
}

/*
 * Shapes
 */

/*
 * Offsets of the new fields, from 0 on. Numbers are 8 bytes, so all are aligned. No payload reaches
 * to the end of a field that is missing, so it is absent to whoever looks for it.
 */
static uint32_t place(struct shape *shape)
{
	uint32_t head = 0;
	unsigned int i;

	for (i = 0; i < shape->nr; i++) {
		struct evring_field *field = &shape->fields[i].field;

		if (shape->fields[i].missing) {
			field->offset = (uint16_t)(PAYLOAD_MAX + 1 - field->size);
			continue;
		}
		if (shape->fields[i].from >= 0)
			continue;
		field->offset = (uint16_t)head;
		head += (uint32_t)ALIGN8(field->size);
	}
	return head;
}

static bool build(struct shape *shape, const struct draft *draft)
{
	struct evring_field *fields = xgrow(NULL, 0, shape->nr + 1, sizeof(*fields));
	struct evring_type like = *draft->type;
	unsigned int i;
	bool missing = false;
	int ret;

	shape->head = place(shape);
	for (i = 0; i < shape->nr; i++) {
		missing = missing || shape->fields[i].missing;
		if (shape->fields[i].from >= 0 && !shape->fields[i].missing)
			shape->fields[i].field.offset += (uint16_t)shape->head;
		shape->places[i] = shape->fields[i].place;
		fields[i] = shape->fields[i].field;
		fields[i].name = shape->fields[i].name;
	}
	like.size = missing ? PAYLOAD_MAX + 1 : like.size + shape->head;
	like.common_size = 0;
	like.nr_fields = shape->nr;
	like.fields = fields;
	ret = evring_type_build(&shape->type, &like);
	free(fields);
	if (ret)
		return false;
	shape->type->generation = draft->type->generation;
	shape->type->flags = draft->type->flags;
	shape->type->lane = draft->type->lane;
	return true;
}

struct shape *shape_new(const struct draft *draft)
{
	size_t size = draft->nr * sizeof(draft->fields[0]);
	struct shape *shape = xzalloc(sizeof(*shape) + size);

	shape->nr = draft->nr;
	memcpy(shape->fields, draft->fields, size);
	shape->places = xgrow(NULL, 0, shape->nr + 1, sizeof(*shape->places));
	if (build(shape, draft))
		return shape;
	shape_free(shape);
	return NULL;
}

void shape_free(struct shape *shape)
{
	if (!shape)
		return;
	evring_type_free(shape->type);
	free(shape->places);
	free(shape);
}

const struct evring_type *shape_type(const struct shape *shape)
{
	return shape->type;
}

const uint16_t *shape_places(const struct shape *shape)
{
	return shape->places;
}

/*
 * Events
 */

static void room_for(struct shaped *shaped, size_t size)
{
	if (size <= shaped->size)
		return;
	free(shaped->room);
	shaped->room = xalloc(size);
	shaped->size = size;
}

/* A string whose offset would be beyond all payloads is none, as it was before. */
static void move_string(char *at, uint32_t head)
{
	struct evring_str str;
	uint32_t offset;

	memcpy(&str, at, sizeof(str));
	offset = str.offset + head;
	str.offset = (uint16_t)(offset < PAYLOAD_MAX ? offset : PAYLOAD_MAX);
	str.len = offset < PAYLOAD_MAX ? str.len : PAYLOAD_MAX;
	memcpy(at, &str, sizeof(str));
}

static void take_over(const struct draft_field *field, char *payload, uint32_t head)
{
	char *at = payload + field->field.offset;

	if (field->hidden)
		memset(at, 0, field->field.size);
	else if (field->field.kind & EVRING_KIND_VAR)
		move_string(at, head);
}

/* False: there is no room for it. */
static bool put_text(const struct draft_field *field, const struct evring_event *event,
		     struct shaped *shaped, size_t *used)
{
	struct evring_str str = { .offset = PAYLOAD_MAX, .len = PAYLOAD_MAX };
	size_t len = 0, head = sizeof(struct evring_rec);
	const char *text = field->text(field->maker, field, event, &len);

	if (text && *used + len > PAYLOAD_MAX)
		return false;
	if (text) {
		str = (struct evring_str){ .offset = (uint16_t)*used, .len = (uint16_t)len };
		if (head + *used + len > shaped->size) {
			shaped->size = head + *used + len;
			shaped->room = must(realloc(shaped->room, shaped->size));
		}
		memcpy(shaped->room + head + *used, text, len);
		*used += len;
	}
	memcpy(shaped->room + head + field->field.offset, &str, sizeof(str));
	return true;
}

/* An absent number is 0: numbers that can be absent are texts. */
static void put_number(const struct draft_field *field, const struct evring_event *event,
		       char *payload)
{
	uint64_t value = 0;

	field->number(field->maker, event, &value);
	memcpy(payload + field->field.offset, &value, field->field.size);
}

static bool is_redacted(const struct draft_field *field, const struct evring_event *event)
{
	if (field->from >= 0)
		return evring_field_redacted(event, &event->type->fields[field->from]);
	return field->redacted && field->redacted(field->maker, field, event);
}

/* Fields that secrets were left out of: a bit each, of which the last one is for many */
static uint64_t redacted_bits(const struct shape *shape, const struct evring_event *event)
{
	uint64_t bits = 0;
	unsigned int i;

	for (i = 0; i < shape->nr; i++)
		if (is_redacted(&shape->fields[i], event))
			bits |= 1ULL << (i < 63 ? i : 63);
	return bits;
}

/* Behind all, as the kernel writes it */
static bool put_redacted(struct shaped *shaped, size_t *used, uint64_t bits)
{
	size_t head = sizeof(struct evring_rec), at = ALIGN8(*used);

	if (at + sizeof(bits) > PAYLOAD_MAX)
		return false;
	if (head + at + sizeof(bits) > shaped->size) {
		shaped->size = head + at + sizeof(bits);
		shaped->room = must(realloc(shaped->room, shaped->size));
	}
	memset(shaped->room + head + *used, 0, at - *used);
	memcpy(shaped->room + head + at, &bits, sizeof(bits));
	*used = at + sizeof(bits);
	return true;
}

static void finish(const struct shape *shape, const struct evring_event *event,
		   struct shaped *shaped, size_t used, uint16_t flags)
{
	struct evring_rec rec = *event->rec;

	rec.len = (uint32_t)(sizeof(rec) + used);
	rec.flags = flags;
	memcpy(shaped->room, &rec, sizeof(rec));
	shaped->event = *event;
	shaped->event.rec = (const struct evring_rec *)shaped->room;
	shaped->event.payload = shaped->room + sizeof(rec);
	shaped->event.payload_len = (uint32_t)used;
	shaped->event.type = shape->type;
}

bool shape_make(const struct shape *shape, const struct evring_event *event,
		struct shaped *shaped)
{
	size_t head = sizeof(struct evring_rec), used = shape->head + event->payload_len;
	uint64_t redacted = redacted_bits(shape, event);
	uint16_t flags = event->rec->flags;
	unsigned int i;

	if (used > PAYLOAD_MAX)
		return false;
	room_for(shaped, head + used);
	memset(shaped->room + head, 0, shape->head);
	memcpy(shaped->room + head + shape->head, event->payload, event->payload_len);
	for (i = 0; i < shape->nr; i++) {
		const struct draft_field *field = &shape->fields[i];

		if (field->missing)
			continue;
		if (field->from >= 0)
			take_over(field, shaped->room + head, shape->head);
		else if (field->number)
			put_number(field, event, shaped->room + head);
		else if (field->text && !put_text(field, event, shaped, &used))
			return false;
	}
	if (redacted)
		flags |= EVRING_REC_REDACTED;
	if (flags & EVRING_REC_REDACTED && !put_redacted(shaped, &used, redacted))
		return false;
	finish(shape, event, shaped, used, flags);
	return true;
}
