/* SPDX-License-Identifier: MIT */
/* message: one message to Kafka, before the producer takes it. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "template.h"

#include <evring.h>
#include <stddef.h>
#include <stdint.h>

struct delivery;
struct extras;
struct topic;

#define LETTER_PREFIX "__connect.errors."	/* of headers that a dead letter has more */
#define PUTBACK_HEADER "evring.putback"	/* of one that is back: when, in ms since 1970 */
#define LETTER_UNWRITTEN "VALUE_CONVERTER"	/* the stage of one that is JSON instead */
#define MESSAGE_KEY_MAX 1024
#define MESSAGE_ID_MAX 256	/* machine, boot, lane of 127 bytes, cpu, seq */

/* Shared by all messages of one type and lane */
struct route {
	unsigned int users;		/* the encoder, and packs that it has left to themselves */
	uint32_t generation;		/* of the type's id */
	struct topic *topic;
	struct route *beside;		/* of the same type, sent elsewhere by transforms; newest first */
	uint64_t used;			/* one beside: when it was, last */
	char name[TOPIC_MAX + 1];	/* of the topic */
	size_t name_len;
	size_t type_len;
	char type[EVRING_NAME_MAX + 12];	/* header evring.type: "process.exec/1" */
};

/* The value lies in the delivery or in the ring. */
struct message {
	struct delivery *delivery;
	const struct route *route;
	const char *frame;		/* header evring.frame of a pack; else NULL */
	const void *value;
	size_t value_len;
	int64_t timestamp;		/* ms since 1970 */
	const char *key;		/* the encoder's, or @key_room */
	size_t key_len;
	size_t id_len;
	const struct extras *extras;	/* of transforms; NULL: none */
	char key_room[MESSAGE_KEY_MAX];
	char id[MESSAGE_ID_MAX];	/* header evring.id */
};

struct route *route_hold(const struct route *route);
void route_free(struct route *route);
void message_copy(struct message *to, const struct message *from);

#endif /* MESSAGE_H */
