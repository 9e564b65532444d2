/* SPDX-License-Identifier: MIT */
/* See cloudevent.h. */
#include "cloudevent.h"

#include "config.h"
#include "converter.h"
#include "extras.h"
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

/* A message's headers, on their way */
struct made {
	rd_kafka_headers_t *headers;
	const struct extras *extras;
};

static void add(const struct made *made, const char *name, const char *value, size_t len)
{
	if (!extras_dropped(made->extras, name))
		rd_kafka_header_add(made->headers, name, -1, value, (ssize_t)len);
}

static void add_cloud(const struct made *made, const struct config *cfg, const struct message *msg)
{
	const char *content = converter_of(cfg)->content_type;
	const char *slash = memchr(msg->id, '/', msg->id_len);
	char text[sizeof(TYPE_PREFIX) + sizeof(msg->route->type) + TIME_ROOM], *end;

	add(made, "ce_specversion", "1.0", 3);
	add(made, "ce_id", msg->id, msg->id_len);
	end = stpcpy(text, SOURCE_PREFIX);
	end = mempcpy(end, msg->id, slash ? (size_t)(slash - msg->id) : 0);
	add(made, "ce_source", text, (size_t)(end - text));
	end = stpcpy(text, TYPE_PREFIX);
	end = mempcpy(end, msg->route->type, msg->route->type_len);
	add(made, "ce_type", text, (size_t)(end - text));
	end = put_time(text, (uint64_t)msg->timestamp * 1000000, 3);
	add(made, "ce_time", text, (size_t)(end - text));
	add(made, "content-type", content, strlen(content));
}

static void add_own(const struct made *made, const struct config *cfg, const struct message *msg)
{
	const char *content = converter_of(cfg)->content_type;

	add(made, "evring.id", msg->id, msg->id_len);
	if (msg->frame)
		add(made, "evring.frame", msg->frame, strlen(msg->frame));
	else
		add(made, "evring.type", msg->route->type, msg->route->type_len);
	/* By it consumers know a CloudEvent. */
	if (cfg->format == VALUE_CLOUDEVENTS)
		add(made, "content-type", content, strlen(content));
}

rd_kafka_headers_t *message_headers(const struct config *cfg, const struct message *msg)
{
	const struct extras *extras = msg->extras;
	unsigned int nr = extras ? extras->nr : 0, i;
	struct made made = { .extras = extras };

	if (cfg->headers == HEADERS_NONE && !nr)
		return NULL;
	made.headers = rd_kafka_headers_new(6 + nr);
	if (cfg->headers == HEADERS_CLOUDEVENTS)
		add_cloud(&made, cfg, msg);
	else if (cfg->headers == HEADERS_ALL)
		add_own(&made, cfg, msg);
	for (i = 0; i < nr; i++)
		rd_kafka_header_add(made.headers, extras->list[i].name, -1,
				    extras->text + extras->list[i].at, (ssize_t)extras->list[i].len);
	return made.headers;
}

bool message_has_header(const struct config *cfg, const char *name)
{
	if (cfg->headers == HEADERS_CLOUDEVENTS)
		return !strcmp(name, "content-type") || (!strncmp(name, "ce_", 3) && own_header(name) >= 0);
	if (cfg->headers == HEADERS_NONE)
		return false;
	return !strcmp(name, "evring.id") ||
	       !strcmp(name, cfg->pack_bytes ? "evring.frame" : "evring.type") ||
	       (cfg->format == VALUE_CLOUDEVENTS && !strcmp(name, "content-type"));
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
