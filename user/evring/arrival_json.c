/* SPDX-License-Identifier: MIT */
/* An event's identity in JSON, in each layout that evringd writes. */
#include "arrival_json.h"

#include <ctype.h>
#include <errno.h>
#include <evring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define CAUSES		32
#define EXACT_MAX	9007199254740992.0	/* 2^53: up to there a double is exact */

json_t *arrival_parse(const char *text, size_t len)
{
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL;
	json_t *json = json_loadb(text, len, flags, NULL);

	/* Fields of an event can be above 2^63 - 1, which jansson's integers cannot. */
	return json ? json : json_loadb(text, len, flags | JSON_DECODE_INT_AS_REAL, NULL);
}

/* Digits alone */
static bool parse_number(const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return isdigit((unsigned char)*text) && !*end && !errno;
}

/* A number, or the digits of one in a string */
static bool number_of(const json_t *json, uint64_t *number)
{
	double real = json_real_value(json);

	if (json_is_string(json))
		return parse_number(json_string_value(json), number);
	if (json_is_real(json)) {
		*number = real >= 0 && real <= EXACT_MAX ? (uint64_t)real : 0;
		return real >= 0 && real <= EXACT_MAX && (double)*number == real;
	}
	*number = (uint64_t)json_integer_value(json);
	return json_is_integer(json) && json_integer_value(json) >= 0;
}

static const char *text_at(const json_t *json, const char *object, const char *key)
{
	return json_string_value(json_object_get(object ? json_object_get(json, object) : json,
						 key));
}

/*
 * Accounts
 */

static bool is_type(const struct arrival *arrival, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(arrival->type, name, len) &&
	       (arrival->type[len] == '/' || !arrival->type[len]);
}

void arrival_account(struct arrival *arrival)
{
	static const struct {
		const char *name;
		enum account account;
	} types[] = {
		{ "evring.discard", ACCOUNT_DISCARDED },
		{ "evring.lost", ACCOUNT_LOST },
		{ "evring.missed", ACCOUNT_MISSED },
		{ "evring.rejected", ACCOUNT_REJECTED },
	};

	arrival->account = ACCOUNT_DELIVERED;
	arrival->count = 1;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (is_type(arrival, types[i].name))
			arrival->account = types[i].account;
}

bool arrival_declares(const struct arrival *arrival)
{
	return arrival->account == ACCOUNT_LOST || arrival->account == ACCOUNT_MISSED ||
	       arrival->account == ACCOUNT_REJECTED;
}

void arrival_covers(struct arrival *arrival, uint64_t first, uint64_t last, uint64_t count)
{
	arrival->open = !count || first != arrival->seq || last < first ||
			last - first != count - 1;
	arrival->count = arrival->open ? 1 : count;
}

static uint32_t causes_of(const json_t *names)
{
	uint32_t causes = 0;
	const json_t *name;
	const char *text;
	size_t i;

	json_array_foreach(names, i, name) {
		text = json_string_value(name);
		for (unsigned int cause = 0; text && cause < CAUSES &&
		     evring_lost_cause_name(cause); cause++)
			if (!strcmp(evring_lost_cause_name(cause), text))
				causes |= 1u << cause;
	}
	return causes;
}

/* The fields of a declaration, wherever its layout has them */
static const json_t *fields_of(const json_t *event)
{
	static const char *const objects[] = { "evring", "unmapped" };
	const json_t *data = json_object_get(event, "data");

	for (size_t i = 0; !data && i < ARRAY_SIZE(objects); i++)
		data = json_object_get(json_object_get(event, objects[i]), "data");
	return json_is_object(data) ? data : event;
}

static void read_declaration(const json_t *event, struct arrival *arrival)
{
	const json_t *fields = fields_of(event);
	uint64_t first = arrival->seq, last, count;

	arrival_account(arrival);
	if (!arrival_declares(arrival))
		return;
	if (!number_of(json_object_get(fields, "count"), &count))
		count = 0;
	last = first + count - 1;
	if (arrival->account == ACCOUNT_LOST)
		arrival->causes = causes_of(json_object_get(fields, "causes"));
	else if (!number_of(json_object_get(fields, "first_seq"), &first) ||
		 !number_of(json_object_get(fields, "last_seq"), &last))
		count = 0;
	arrival_covers(arrival, first, last, count);
}

/*
 * Identity
 */

bool arrival_id(const char *id, struct arrival *arrival)
{
	const char *slash = strrchr(id, '/');
	int slashes = 0;

	for (const char *c = id; *c; c++)
		slashes += *c == '/';
	if (slashes != 4 || (size_t)(slash - id) >= sizeof(arrival->ring) ||
	    !parse_number(slash + 1, &arrival->seq))
		return false;
	memcpy(arrival->ring, id, (size_t)(slash - id));
	arrival->ring[slash - id] = '\0';
	return true;
}

/* As the headers have it, which call all types that the kernel does not know the same */
static void set_type(struct arrival *arrival, const char *type, uint64_t version)
{
	const char unknown[] = "unknown:";

	if (!type || !strncmp(type, unknown, strlen(unknown)))
		strcpy(arrival->type, "unknown/0");
	else
		snprintf(arrival->type, sizeof(arrival->type), "%s/%llu", type,
			 (unsigned long long)version);
}

/* evring's own layout, also flat */
static bool own_identity(const json_t *event, struct arrival *arrival)
{
	const char *machine = text_at(event, NULL, "machine_id"), *type;
	const char *boot = text_at(event, NULL, "boot_id"), *lane = text_at(event, NULL, "lane");
	uint64_t cpu, version = 0, time = 0;
	int len;

	type = text_at(event, NULL, "type");
	if (!machine || !boot || !lane || !number_of(json_object_get(event, "cpu"), &cpu) ||
	    !number_of(json_object_get(event, "seq"), &arrival->seq))
		return false;
	number_of(json_object_get(event, "version"), &version);
	if (number_of(json_object_get(event, "time_ns"), &time))
		arrival->time_ns = (int64_t)(time & INT64_MAX);
	len = snprintf(arrival->ring, sizeof(arrival->ring), "%s/%s/%s/%llu", machine, boot, lane,
		       (unsigned long long)cpu);
	if (len >= (int)sizeof(arrival->ring))
		return false;
	set_type(arrival, type, version);
	arrival->host = text_at(event, NULL, "host");
	return true;
}

/* The names of other schemas, json.layout */
static bool laid_out_identity(const json_t *event, struct arrival *arrival)
{
	static const struct {
		const char *in, *id, *types, *hosts, *host;
	} layouts[] = {
		{ "event", "id", "evring", "host", "name" },
		{ "metadata", "uid", "unmapped", "device", "hostname" },
	};
	const char *id, *type;
	uint64_t version = 0;

	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		id = text_at(event, layouts[i].in, layouts[i].id);
		type = text_at(event, layouts[i].types, "type");
		if (!id || !type || !arrival_id(id, arrival))
			continue;
		number_of(json_object_get(json_object_get(event, layouts[i].types), "version"),
			  &version);
		set_type(arrival, type, version);
		arrival->host = text_at(event, layouts[i].hosts, layouts[i].host);
		return true;
	}
	return false;
}

/* The event in Kafka Connect's envelope, or in a CloudEvent */
static const json_t *unwrap(const json_t *json)
{
	const json_t *inner = NULL;

	if (json_object_get(json, "schema"))
		inner = json_object_get(json, "payload");
	else if (json_object_get(json, "specversion"))
		inner = json_object_get(json, "data");
	return json_is_object(inner) ? inner : json;
}

bool arrival_json(const json_t *json, struct arrival *arrival)
{
	const json_t *event = unwrap(json);

	*arrival = (struct arrival){ .json = event };
	if (!own_identity(event, arrival) && !laid_out_identity(event, arrival))
		return false;
	read_declaration(event, arrival);
	return true;
}
