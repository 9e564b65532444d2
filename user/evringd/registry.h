/* SPDX-License-Identifier: MIT */
/*
 * registry: a client of a schema registry, by Confluent's REST API, in the loop. It is
 * asked for the id of each schema once. A failure of the moment is tried again, later each
 * time, and logged once; a refusal is final.
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

struct config;
struct loop;
struct registry;

enum ask_state { ASK_WAITS, ASK_DONE, ASK_REFUSED, ASK_GIVEN_UP };

/* One schema; zero it. It stays until the registry is freed. */
struct registry_ask {
	struct registry_ask *next;
	char *subject, *schema;		/* the ask's own */
	const char *type;		/* AVRO, PROTOBUF, JSON */
	enum ask_state state;
	int32_t id;
	char *why;			/* it is refused or given up, or waits; NULL: there was no trouble */
};

/* @wake is called when an ask is done or refused. NULL: errno is set. */
struct registry *registry_new(const struct config *cfg, struct loop *loop,
			      void (*wake)(void *arg), void *arg);
void registry_ask(struct registry *registry, struct registry_ask *ask);
void registry_ask_release(struct registry_ask *ask);
/* Nothing more is asked. */
void registry_stop(struct registry *registry);
/* The loop has no operation of it, so free it. */
bool registry_idle(const struct registry *registry);
void registry_free(struct registry *registry);

/* NULL, or why it cannot be a list of registries. */
const char *registry_url_wrong(const char *urls);

#endif /* REGISTRY_H */
