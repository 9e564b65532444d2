/* SPDX-License-Identifier: MIT */
/* cloudevent: an event's attributes as CloudEvents 1.0 names them, in the value or as headers. */
#ifndef CLOUDEVENT_H
#define CLOUDEVENT_H

#include "message.h"
#include "source.h"

/* Bytes of the longest cloudevent_head() */
#define CLOUDEVENT_HEAD 1024u

struct config;

/* All of a CloudEvent up to the value of "data", at @to. Returns its end. */
char *cloudevent_head(const struct source *src, const struct evring_event *event, char *to);

struct rd_kafka_headers_s;

/* The headers that go with a message, as "headers" says, and transforms. */
struct rd_kafka_headers_s *message_headers(const struct config *cfg, const struct message *msg);
/* Has each message this header, before transforms? */
bool message_has_header(const struct config *cfg, const char *name);
/* From such headers, the event's identity and "process.exec/1"; false: they do not tell. */
bool message_identity(struct rd_kafka_headers_s *headers, char *id, size_t id_room, char *type,
		      size_t type_room);

#endif /* CLOUDEVENT_H */
