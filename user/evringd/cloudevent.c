/* SPDX-License-Identifier: MIT */
/* See cloudevent.h. */
#include "cloudevent.h"

#include "config.h"
#include "converter.h"
#include "names.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SOURCE_PREFIX	"/evring/"	/* a URI reference; the machine's id follows */
#define TYPE_PREFIX	"evring."	/* "process.exec/1" follows */
#define TIME_ROOM	40

/* RFC 3339 with @digits of a second's fraction */
static char *put_time(char *to, uint64_t ns, int digits)
{
	static const uint64_t divisors[] = { [3] = 1000000, [9] = 1 };
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	to += strftime(to, TIME_ROOM, "%Y-%m-%dT%H:%M:%S", &tm);
	return to + sprintf(to, ".%0*lluZ", digits,
			    (unsigned long long)(ns % 1000000000 / divisors[digits]));
}

static char *put_type(char *to, const struct evring_event *event)
{
	const struct evring_type *type = event->type;

	if (type)
		return to + sprintf(to, TYPE_PREFIX "%s/%u", type->name, type->version);
	return to + sprintf(to, TYPE_PREFIX "%s/0",
			    event->rec->type == EVRING_TYPE_LOST ? "evring.lost" : "unknown");
}

char *cloudevent_head(const struct source *src, const struct evring_event *event, char *to)
{
	const struct evring_host *host = &src->host;

	to += sprintf(to, "{\"specversion\":\"1.0\",\"id\":\"%s/%s/%s/%u/%llu\",\"source\":\""
		      SOURCE_PREFIX "%s\",\"type\":\"", host->machine_id, host->boot_id,
		      lane_name(src->ev, event->lane), event->cpu, (unsigned long long)event->seq,
		      host->machine_id);
	to = put_type(to, event);
	to = stpcpy(to, "\",\"time\":\"");
	to = put_time(to, evring_realtime(src->ev, event), 9);
	return stpcpy(to, "\",\"datacontenttype\":\"application/json\",\"data\":");
}

/*
 * Headers
 */

static void add(rd_kafka_headers_t *headers, const char *name, const char *value, size_t len)
{
	rd_kafka_header_add(headers, name, -1, value, (ssize_t)len);
}

static rd_kafka_headers_t *cloud_headers(const struct config *cfg, const struct message *msg)
{
	const char *content = converter_of(cfg)->content_type;
	const char *slash = memchr(msg->id, '/', msg->id_len);
	rd_kafka_headers_t *headers = rd_kafka_headers_new(6);
	char text[sizeof(TYPE_PREFIX) + sizeof(msg->route->type) + TIME_ROOM], *end;

	add(headers, "ce_specversion", "1.0", 3);
	add(headers, "ce_id", msg->id, msg->id_len);
	end = stpcpy(text, SOURCE_PREFIX);
	end = mempcpy(end, msg->id, slash ? (size_t)(slash - msg->id) : 0);
	add(headers, "ce_source", text, (size_t)(end - text));
	end = stpcpy(text, TYPE_PREFIX);
	end = mempcpy(end, msg->route->type, msg->route->type_len);
	add(headers, "ce_type", text, (size_t)(end - text));
	end = put_time(text, (uint64_t)msg->timestamp * 1000000, 3);
	add(headers, "ce_time", text, (size_t)(end - text));
	add(headers, "content-type", content, strlen(content));
	return headers;
}

rd_kafka_headers_t *message_headers(const struct config *cfg, const struct message *msg)
{
	const char *content = converter_of(cfg)->content_type;
	rd_kafka_headers_t *headers;

	if (cfg->headers == HEADERS_NONE)
		return NULL;
	if (cfg->headers == HEADERS_CLOUDEVENTS)
		return cloud_headers(cfg, msg);
	headers = rd_kafka_headers_new(3);
	add(headers, "evring.id", msg->id, msg->id_len);
	if (msg->frame)
		add(headers, "evring.frame", msg->frame, strlen(msg->frame));
	else
		add(headers, "evring.type", msg->route->type, msg->route->type_len);
	/* By it consumers know a CloudEvent. */
	if (cfg->format == VALUE_CLOUDEVENTS)
		add(headers, "content-type", content, strlen(content));
	return headers;
}

static bool take(rd_kafka_headers_t *headers, const char *name, const char *prefix, char *to,
		 size_t room)
{
	size_t len, skip = strlen(prefix);
	const void *value;

	if (rd_kafka_header_get_last(headers, name, &value, &len) || len < skip ||
	    len - skip >= room || memcmp(value, prefix, skip))
		return false;
	memcpy(to, (const char *)value + skip, len - skip);
	to[len - skip] = '\0';
	return true;
}

bool message_identity(rd_kafka_headers_t *headers, char *id, size_t id_room, char *type,
		      size_t type_room)
{
	if (!headers)
		return false;
	if (!take(headers, "evring.type", "", type, type_room))
		take(headers, "ce_type", TYPE_PREFIX, type, type_room);
	return take(headers, "evring.id", "", id, id_room) ||
	       take(headers, "ce_id", "", id, id_room);
}
