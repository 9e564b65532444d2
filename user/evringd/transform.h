/* SPDX-License-Identifier: MIT */
/*
 * transform: Kafka Connect's transforms and predicates, between an event and its
 * message. They are compiled when the configuration is read; a connector without any has
 * no chain, and does nothing here.
 *
 * A transform decides about the topic, leaves an event out, or changes its fields. A
 * changed event is an event again, with a type of its own (shape.h), so no converter
 * knows of transforms.
 */
#ifndef TRANSFORM_H
#define TRANSFORM_H

#include "template.h"

#include <evring.h>
#include <stdbool.h>

struct config;
struct extras;
struct problems;
struct source;
struct transforms;

/* Mistakes in the keys transforms and predicates */
void transforms_check(const struct config *cfg, struct problems *problems);
/* Is Flatten one of them? It is the key data.flatten, as a converter does it. */
bool transforms_flatten(const struct config *cfg);
/* A filter that no type can be asked is a problem. */
void transforms_filters(struct evring *ev, const struct config *cfg, struct problems *problems);
/* A field that no type has is one; a module that has it may yet be loaded. */
void transforms_fields(struct evring *ev, const struct config *cfg, struct problems *problems);

/* Bytes that they add at most: @head: to a message's headers; else to a record, by new fields */
size_t transforms_bytes(const struct config *cfg, bool head);

/* NULL: the connector has none. The configuration has no mistakes, and stays. */
struct transforms *transforms_new(const struct config *cfg, const struct source *src);
/* @forget is called of a type that transforms have made, when no event of it comes any more. */
typedef void type_forget(void *arg, const struct evring_type *type);
void transforms_on_forget(struct transforms *transforms, type_forget *forget, void *arg);
/* The places of the fields of a type that @arg, struct transforms, has made; NULL: it is none. */
const uint16_t *transforms_places(void *arg, const struct evring_type *type);
void transforms_free(struct transforms *transforms);

/* An event behind the last transform. Valid until the next one. */
struct transformed {
	const struct evring_event *before;	/* as it was read: its key is of this one */
	const struct evring_event *event;	/* as it is to be written */
	struct extras *extras;			/* the caller's: headers; NULL: nobody wants them */
	size_t topic_len;
	char topic[TOPIC_MAX + 1];
};

/* Each event that is read, before anything is decided about it */
void transforms_see(struct transforms *transforms, const struct evring_event *event);

enum transform_verdict {
	TRANSFORM_PASS,
	TRANSFORM_DROP,			/* the connector does not want it */
	TRANSFORM_FAIL,			/* the event cannot be sent: transforms_broken() */
};

/* @made->topic is the topic of the template, and becomes that of the last transform. */
enum transform_verdict transforms_apply(struct transforms *transforms,
					const struct evring_event *event,
					struct transformed *made);
const char *transforms_broken(const struct transforms *transforms);
/* The classes that there are, as clients of REST are told: NULL behind the last one. */
const char *transform_class(unsigned int number, bool *predicate, bool *own);

#endif /* TRANSFORM_H */
