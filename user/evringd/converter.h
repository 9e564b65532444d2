/* SPDX-License-Identifier: MIT */
/*
 * converter: how events are written as a message's value, and read back. There
 * is one for each word of value.format, a file each; nothing else looks at the
 * format.
 */
#ifndef CONVERTER_H
#define CONVERTER_H

#include <evring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes of the longest record that a connector must be able to deliver */
#define RECORD_LONGEST (32u << 10)

struct config;
struct pack;
struct schema;
struct scratch;
struct source;
struct written;

/* Which event it is, as its headers would tell */
struct identity {
	char id[256];			/* machine/boot/lane/cpu/seq */
	char type[144];			/* name/version */
	uint64_t seq;
	uint64_t covers;		/* numbers, from @seq on: more than 1 if it tells of a loss */
	int64_t timestamp;		/* ms since 1970 */
};

/* A pack's value, cut into two */
struct cut {
	const void *values[2];
	size_t lens[2];
	uint32_t events[2];
	char *room;			/* which the caller frees; NULL: they lie in the pack's value */
};

struct converter {
	const char *frame;		/* header evring.frame of its packs; NULL: it has none */
	const char *content_type;	/* of one event, as MIME has it */
	size_t longest;			/* bytes that the longest record takes */

	/*
	 * One event. encode() writes at most @room bytes and returns how many; it returns
	 * -ENOSPC only if @room was not bound_ever(), another -errno if it can never write it.
	 */
	size_t (*bound)(const struct evring_event *event);
	size_t (*bound_ever)(const struct evring_event *event);
	ssize_t (*encode)(const struct source *src, const struct evring_event *event, char *to,
			  size_t room);
	/* The value is the record, so one that stays in the ring needs no encode(). */
	bool in_ring;

	/*
	 * The bytes that each value of one type begins with (schemas.h): head(), which the caller
	 * frees; NULL: none. @id: the schema's in a registry, -1 without one. schema() writes it
	 * for the registry, which calls its language @schema_type; NULL: it goes into no registry.
	 */
	char *(*head)(const struct schema *schema, int32_t id, size_t *len);
	char *(*schema)(const struct schema *schema);
	const char *schema_type;
	/* Made once of a type in a lane: struct written's @plan; NULL: it has none. */
	void *(*plan)(const struct source *src, struct written *written, unsigned int lane);
	void (*plan_free)(void *plan);

	/*
	 * A pack: begin(), a put() for each event, end(). prepare() writes the next event to
	 * @scratch; -errno if it cannot be written. need() tells how many bytes a new pack of the
	 * event takes. put() returns false if the event does not fit into the room that is left,
	 * with all that end() adds, or does not belong into this pack.
	 */
	size_t state;			/* bytes of pack->state; a pack is used again and again */
	int (*prepare)(const struct source *src, const struct evring_event *event,
		       struct scratch *scratch);
	size_t (*need)(const struct evring_event *event, const struct scratch *scratch);
	void (*begin)(const struct source *src, struct pack *pack,
		      const struct evring_event *event);
	bool (*put)(const struct source *src, struct pack *pack, const struct evring_event *event,
		    const struct scratch *scratch);
	void (*end)(const struct source *src, struct pack *pack);
	/* The pack's memory is freed. */
	void (*release)(struct pack *pack);

	/* The first event of a pack's value; covers is 1 before. False: it cannot be read. */
	bool (*identity)(const void *value, size_t len, struct identity *who);
	/* False: the value has one event, or cannot be read. */
	bool (*cut)(const void *value, size_t len, struct cut *cut);
};

extern const struct converter converter_json, converter_raw, converter_connect;
extern const struct converter converter_json_schema, converter_avro, converter_protobuf;
extern const struct converter converter_cloudevents;
/* value.format=json: with data.flatten, and in other layouts (layout.h) */
extern const struct converter converter_flat, converter_ecs, converter_ocsf;

const struct converter *converter_of(const struct config *cfg);

#endif /* CONVERTER_H */
