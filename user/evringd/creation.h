/* SPDX-License-Identifier: MIT */
/*
 * creation: the topics that evringd makes before it sends to them, as Kafka Connect's keys
 * topic.creation.* say. Without such a key it makes none, and brokers or people do.
 */
#ifndef CREATION_H
#define CREATION_H

#include <stddef.h>

struct config;
struct creation;
struct problems;

#define CREATION_PREFIX "topic.creation."

/* Topics of one kind */
struct plan {
	int partitions, replicas;	/* -1: as the brokers' configuration says */
	const struct property *const *settings;
	size_t nr_settings;
	size_t skip;			/* of a setting's name, up to max.message.bytes */
};

void creation_check(const struct config *cfg, struct problems *problems);
/* NULL: no topic is to be made. The configuration has no mistakes, and stays. */
struct creation *creation_new(const struct config *cfg);
void creation_free(struct creation *creation);
/* How the topic is to be made. NULL: it is not. */
const struct plan *creation_plan(const struct creation *creation, const char *topic);

#endif /* CREATION_H */
