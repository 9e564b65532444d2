/* SPDX-License-Identifier: MIT */
/*
 * The JSON of an event inside something else: Kafka Connect's envelope with a schema,
 * Confluent's wire format, a CloudEvent.
 */
#include "cell.h"
#include "cloudevent.h"
#include "converter.h"
#include "memory.h"
#include "schemas.h"
#include "wire.h"

#include <errno.h>
#include <stdlib.h>

#define SCHEMA_LONGEST (128u << 10)	/* of a type with 64 fields, without their documentation */

/*
 * value.format=json-connect: {"schema":{...},"payload":{...}}, of which all but the event is
 * the same for all events of a type.
 */

static char *connect_head(const struct schema *schema, int32_t id, size_t *len)
{
	json_t *json = schema_connect(schema, false);
	char *text = must(json_dumps(json, JSON_COMPACT)), *head;

	(void)id;
	head = xprintf("{\"schema\":%s,\"payload\":", text);
	*len = strlen(head);
	free(text);
	json_decref(json);
	return head;
}

/* The head, the event, and @tail */
static ssize_t put_enclosed(const struct source *src, const struct evring_event *event, char *to,
			    size_t room, const char *tail)
{
	const struct written *written = schemas_find(src->schemas, event);
	size_t more = strlen(tail);
	ssize_t len;

	if (!written)
		return -EAGAIN;
	if (room < written->head_len + more)
		return -ENOSPC;
	len = evring_json(src->ev, &src->host, event, to + written->head_len,
			  room - written->head_len - more);
	if (len < 0)
		return len;
	memcpy(to, written->head, written->head_len);
	memcpy(to + written->head_len + len, tail, more);
	return (ssize_t)(written->head_len + more) + len;
}

static ssize_t connect_encode(const struct source *src, const struct evring_event *event,
			      char *to, size_t room)
{
	return put_enclosed(src, event, to, room, "}");
}

const struct converter converter_connect = {
	.content_type = "application/json",
	.longest = WIRE_LONGEST + SCHEMA_LONGEST,
	.bound = wire_bound,
	.bound_ever = wire_bound_ever,
	.encode = connect_encode,
	.head = connect_head,
};

/*
 * value.format=json-schema: the id of the JSON Schema, and the event
 */

static char *json_schema_head(const struct schema *schema, int32_t id, size_t *len)
{
	(void)schema;
	return wire_head(id, 0, len);
}

static ssize_t json_schema_encode(const struct source *src, const struct evring_event *event,
				  char *to, size_t room)
{
	return put_enclosed(src, event, to, room, "");
}

const struct converter converter_json_schema = {
	.content_type = "application/json",
	.longest = WIRE_LONGEST,
	.bound = wire_bound,
	.bound_ever = wire_bound_ever,
	.encode = json_schema_encode,
	.schema = schema_json,
	.schema_type = "JSON",
	.head = json_schema_head,
};

/*
 * value.format=cloudevents
 */

static size_t cloudevents_bound(const struct evring_event *event)
{
	return evring_json_max(event) + CLOUDEVENT_HEAD;
}

static size_t cloudevents_bound_ever(const struct evring_event *event)
{
	return evring_json_max_ever(event) + CLOUDEVENT_HEAD;
}

static ssize_t cloudevents_encode(const struct source *src, const struct evring_event *event,
				  char *to, size_t room)
{
	char *end;
	ssize_t len;

	if (room < CLOUDEVENT_HEAD)
		return -ENOSPC;
	end = cloudevent_head(src, event, to);
	len = evring_json(src->ev, &src->host, event, end, room - (size_t)(end - to) - 1);
	if (len < 0)
		return len;
	end[len] = '}';
	return end - to + len + 1;
}

const struct converter converter_cloudevents = {
	.content_type = "application/cloudevents+json; charset=UTF-8",
	.longest = WIRE_LONGEST + CLOUDEVENT_HEAD,
	.bound = cloudevents_bound,
	.bound_ever = cloudevents_bound_ever,
	.encode = cloudevents_encode,
};
