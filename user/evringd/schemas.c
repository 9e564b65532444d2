/* SPDX-License-Identifier: MIT */
/* See schemas.h. */
#include "schemas.h"

#include "config.h"
#include "converter.h"
#include "memory.h"
#include "registry.h"
#include "source.h"

#include <evring.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 1024u		/* types and lanes that are in use seldom share one */

/* One type in one lane */
struct entry {
	struct entry *next;		/* of the same slot */
	const struct evring_type *type;	/* held */
	unsigned int lane;
	char *topic;			/* of its subject; NULL: nobody has looked */
	struct schema *schema;
	struct written written;
	struct registry_ask ask;	/* of a registry, if there is one */
	bool asked;
};

struct schemas {
	const struct config *cfg;
	const struct source *src;
	const struct converter *converter;
	struct registry *registry;	/* NULL: none is configured */
	struct entry *slots[SLOTS];	/* by type id and lane */
	struct entry *looked;		/* at, last: the event that is to be encoded next is its */
	struct evring_type *unknown;
	field_places *places;		/* NULL: the fields of all types are in their order */
	void *places_arg;
};

/* Of events whose type the kernel does not know: they have an envelope and bytes. */
static struct evring_type *make_unknown(void)
{
	static const struct evring_field field = {
		.name = "payload", .kind = EVRING_KIND_FIXED, .size = 1, .unit = "",
		.doc = "all bytes of an event whose type is not known",
	};
	static const struct evring_type like = {
		.id = EVRING_TYPE_FIRST - 1, .version = 1, .size = 1, .nr_fields = 1,
		.fields = &field, .name = "unknown", .doc = "an event whose type is not known",
	};
	struct evring_type *type;

	if (evring_type_build(&type, &like))
		must(NULL);
	return type;
}

bool schemas_open(struct source *src, struct loop *loop, void (*wake)(void *arg), void *arg)
{
	const struct config *cfg = src->cfg;
	const struct converter *converter = converter_of(cfg);
	struct schemas *schemas;

	src->schemas = NULL;
	if (!converter->head)
		return true;
	schemas = xzalloc(sizeof(*schemas));
	schemas->cfg = cfg;
	schemas->src = src;
	schemas->converter = converter;
	schemas->unknown = make_unknown();
	src->schemas = schemas;
	if (cfg->registry_url)
		schemas->registry = registry_new(cfg, loop, wake, arg);
	return !cfg->registry_url || schemas->registry;
}

void schemas_on_number(struct schemas *schemas, field_places *places, void *arg)
{
	schemas->places = places;
	schemas->places_arg = arg;
}

void schemas_stop(struct schemas *schemas)
{
	if (schemas && schemas->registry)
		registry_stop(schemas->registry);
}

bool schemas_idle(const struct schemas *schemas)
{
	return !schemas || !schemas->registry || registry_idle(schemas->registry);
}

static void entry_free(struct schemas *schemas, struct entry *entry)
{
	if (schemas->converter->plan_free)
		schemas->converter->plan_free(entry->written.plan);
	schema_free(entry->schema);
	free(entry->written.head);
	free(entry->topic);
	registry_ask_release(&entry->ask);
	evring_type_free(entry->type);
	free(entry);
}

void schemas_free(struct schemas *schemas)
{
	struct entry *entry;
	size_t i;

	if (!schemas)
		return;
	if (schemas->registry)
		registry_free(schemas->registry);
	for (i = 0; i < SLOTS; i++) {
		while ((entry = schemas->slots[i])) {
			schemas->slots[i] = entry->next;
			entry_free(schemas, entry);
		}
	}
	evring_type_free(schemas->unknown);
	free(schemas);
}

static unsigned int slot_of_id(unsigned int id, unsigned int lane)
{
	return (id * 16 + lane) % SLOTS;
}

static unsigned int slot_of(const struct evring_type *type, unsigned int lane)
{
	return slot_of_id(type->id, lane);
}

/* Without @topic any of the type, as they have one schema. */
static struct entry *entry_find(const struct schemas *schemas, const struct evring_type *type,
				unsigned int lane, const char *topic)
{
	struct entry *entry = schemas->slots[slot_of(type, lane)];

	/* An id can have had another type, or this one with fewer fields. */
	while (entry && (entry->type != type || entry->lane != lane ||
			 (topic ? strcmp(entry->topic, topic) : !entry->written.head)))
		entry = entry->next;
	return entry;
}

static void set_head(struct schemas *schemas, struct entry *entry)
{
	const struct converter *converter = schemas->converter;
	struct written *written = &entry->written;

	written->schema = entry->schema;
	written->head = converter->head(entry->schema, schemas->registry ? entry->ask.id : -1,
					&written->head_len);
	if (converter->plan)
		written->plan = converter->plan(schemas->src, written, entry->lane);
}

/* One that waits for an answer stays: the registry has it. */
static bool waits(const struct entry *entry)
{
	return entry->asked && entry->ask.state == ASK_WAITS;
}

static void remove_at(struct schemas *schemas, struct entry **at)
{
	struct entry *entry = *at;

	*at = entry->next;
	if (schemas->looked == entry)
		schemas->looked = NULL;
	entry_free(schemas, entry);
}

/*
 * Those of the types that had this one's id before: no event of them is left. Of one type
 * there can be several, as transforms make them.
 */
static void forget(struct schemas *schemas, const struct evring_type *type, unsigned int lane)
{
	struct entry **at = &schemas->slots[slot_of(type, lane)], *entry;

	while ((entry = *at)) {
		if (entry->type->id != type->id || entry->type->generation == type->generation ||
		    waits(entry)) {
			at = &entry->next;
			continue;
		}
		remove_at(schemas, at);
	}
}

static void forget_topic(struct schemas *schemas, unsigned int id, unsigned int lane,
			 const char *topic)
{
	struct entry **at, *entry;

	for (at = &schemas->slots[slot_of_id(id, lane)]; (entry = *at);) {
		if (entry->type->id != id || entry->lane != lane || waits(entry) ||
		    !entry->topic || strcmp(entry->topic, topic))
			at = &entry->next;
		else
			remove_at(schemas, at);
	}
}

void schemas_forget(struct schemas *schemas, unsigned int id, unsigned int lane,
		    const char *topic)
{
	if (!schemas)
		return;
	forget_topic(schemas, id, lane, topic);
	/* Those of a type that was not known */
	forget_topic(schemas, schemas->unknown->id, lane, topic);
}

void schemas_forget_type(void *arg, const struct evring_type *type)
{
	struct schemas *schemas = arg;
	struct entry **at, *entry;
	size_t i;

	for (i = 0; i < SLOTS; i++) {
		for (at = &schemas->slots[i]; (entry = *at);) {
			if (entry->type != type || waits(entry))
				at = &entry->next;
			else
				remove_at(schemas, at);
		}
	}
}

static struct entry *entry_new(struct schemas *schemas, const struct evring_type *type,
			       unsigned int lane)
{
	struct entry **slot = &schemas->slots[slot_of(type, lane)];
	struct entry *entry = xzalloc(sizeof(*entry));
	const uint16_t *places;

	forget(schemas, type, lane);
	entry->type = evring_type_hold(type);
	entry->lane = lane;
	entry->schema = schema_new(type, schemas->cfg->flatten);
	places = schemas->places ? schemas->places(schemas->places_arg, type) : NULL;
	if (places)
		schema_number(entry->schema, places);
	/* Without a plan a converter leaves the event to evring_json(). */
	if (type == schemas->unknown && !schemas->converter->plan)
		schema_of_unknown(entry->schema);
	entry->next = *slot;
	*slot = entry;
	if (!schemas->registry)
		set_head(schemas, entry);
	return entry;
}

/* Confluent's three strategies */
static char *subject_of(const struct config *cfg, const struct schema *schema, const char *topic)
{
	if (cfg->subject == SUBJECT_RECORD)
		return xstrdup(schema->full);
	if (cfg->subject == SUBJECT_TOPIC_RECORD)
		return xprintf("%s-%s", topic, schema->full);
	return xprintf("%s-value", topic);
}

static void ask(struct schemas *schemas, struct entry *entry, const char *topic)
{
	entry->asked = true;
	entry->ask.subject = subject_of(schemas->cfg, entry->schema, topic);
	entry->ask.type = schemas->converter->schema_type;
	entry->ask.schema = schemas->converter->schema(entry->schema);
	registry_ask(schemas->registry, &entry->ask);
}

enum schemas_state schemas_look(struct schemas *schemas, const struct evring_type *type,
				unsigned int lane, const char *topic, const char **why)
{
	struct entry *entry;

	if (!schemas || !schemas->registry)
		return SCHEMAS_READY;
	type = type ? type : schemas->unknown;
	entry = entry_find(schemas, type, lane, topic);
	if (!entry) {
		entry = entry_new(schemas, type, lane);
		entry->topic = xstrdup(topic);
	}
	schemas->looked = entry;
	if (entry->written.head)
		return SCHEMAS_READY;
	if (!entry->asked)
		ask(schemas, entry, topic);
	*why = entry->ask.why;
	if (entry->ask.state == ASK_WAITS)
		return SCHEMAS_WAIT;
	if (entry->ask.state == ASK_REFUSED)
		return SCHEMAS_REFUSED;
	if (entry->ask.state == ASK_GIVEN_UP)
		return SCHEMAS_GIVEN_UP;
	set_head(schemas, entry);
	return SCHEMAS_READY;
}

const struct written *schemas_find(struct schemas *schemas, const struct evring_event *event)
{
	const struct evring_type *type = event->type ? event->type : schemas->unknown;
	struct entry *entry = schemas->looked;

	/* Transforms can send events of one type to several topics. */
	if (!entry || entry->type != type || entry->lane != event->lane)
		entry = entry_find(schemas, type, event->lane, NULL);
	if (!entry && !schemas->registry)
		entry = entry_new(schemas, type, event->lane);
	return entry && entry->written.head ? &entry->written : NULL;
}

size_t schemas_head_len(struct schemas *schemas, const struct evring_event *event)
{
	const struct written *written = schemas ? schemas_find(schemas, event) : NULL;

	return written ? written->head_len + written->more : 0;
}
