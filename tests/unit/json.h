/* SPDX-License-Identifier: MIT */
/*
 * evring_json() on events made by hand, read back by jansson. Payloads and output
 * buffers are allocated at their exact lengths, so the tests run under ASan and
 * UBSan. The clock is a fake: wall time is WALL_NS later.
 */
#ifndef EVRING_TESTS_JSON_H
#define EVRING_TESTS_JSON_H

#include "../harness/tap.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "evring.h"
#include "internal.h"

#define WALL_NS		1700000000000000000ULL
#define RAW_NS		3000000000ULL		/* raw time 0 in CLOCK_BOOTTIME */

/* Stand-ins for the library's clock.c and lane names, for json.c */

uint64_t evring_clock_to_wall(const struct evring *ev, uint64_t boottime_ns)
{
	(void)ev;
	return boottime_ns + WALL_NS;
}

uint64_t evring_raw_to_wall(const struct evring *ev, uint64_t raw)
{
	return evring_clock_to_wall(ev, raw + RAW_NS);
}

uint64_t evring_boottime(const struct evring *ev, const struct evring_event *event)
{
	(void)ev;
	return event->rec->time + RAW_NS;
}

uint64_t evring_realtime(const struct evring *ev, const struct evring_event *event)
{
	return evring_raw_to_wall(ev, event->rec->time);
}

const char *evring_lane_name(const struct evring *ev, unsigned int lane)
{
	static const char *const names[] = { "critical", "bulk", "app" };

	(void)ev;
	return lane < 3 ? names[lane] : NULL;
}

static inline void *must(void *pointer)
{
	if (!pointer) {
		printf("Bail out! out of memory\n");
		exit(1);
	}
	return pointer;
}

/* An event made by hand */

static const struct evring_host host = {
	.machine_id = "0123456789abcdef0123456789abcdef",
	.boot_id = "fedcba9876543210fedcba9876543210",
	.name = "host",
};

#define FIELDS_MAX	64
#define NEW_KIND	0x0702		/* that this library does not know */
#define NEW_FORMAT	200

struct fixture {
	struct evring_rec rec;
	struct evring_type type;
	struct evring_field fields[FIELDS_MAX];
	char names[FIELDS_MAX][EVRING_NAME_MAX + 8];
	struct evring_event event;
	uint8_t *payload;
};

static inline void fixture_init(struct fixture *f, const void *payload, size_t len)
{
	memset(f, 0, sizeof(*f));
	f->payload = must(malloc(len ? len : 1));
	memcpy(f->payload, payload, len);
	f->rec = (struct evring_rec){
		.len = sizeof(f->rec) + len, .type = 7, .time = 5, .seq = 12, .pid = 34, .tid = 35,
	};
	f->type = (struct evring_type){
		.id = 7, .version = 1, .fields = f->fields, .name = "test.event",
	};
	f->event = (struct evring_event){
		.seq = 12, .rec = &f->rec, .payload = f->payload, .payload_len = len, .type = &f->type,
	};
}

static inline void set_max(struct fixture *f, struct evring_field *field)
{
	f->type.json_max -= field->json_max;
	field->json_max = (uint32_t)field_json_max(field);
	f->type.json_max += field->json_max;
}

/* Which keys the fields have, now that one more has come or has got names */
static inline void set_beside(struct fixture *f)
{
	for (uint32_t i = 0; i < f->type.nr_fields; i++)
		field_set_keys(&f->fields[i], f->fields, f->type.nr_fields);
}

static inline void add_field(struct fixture *f, const char *name, unsigned int kind, unsigned int format,
		      unsigned int offset, unsigned int size)
{
	struct evring_field *field = &f->fields[f->type.nr_fields++];

	field->name = f->names[field - f->fields];
	field->name_len = (uint32_t)snprintf(f->names[field - f->fields], EVRING_NAME_MAX, "%s",
					     name);
	field->kind = kind;
	field->format = format;
	field->offset = offset;
	field->size = size;
	set_beside(f);
	set_max(f, field);
}

/* The field's numbers are called so. */
static inline void name_values(struct fixture *f, const struct evring_value *values, uint32_t nr)
{
	struct evring_field *field = &f->fields[f->type.nr_fields - 1];

	field->values = values;
	field->nr_values = nr;
	set_beside(f);
	set_max(f, field);
}

static inline size_t fixture_max(const struct fixture *f)
{
	return evring_json_max(&f->event);
}

/* The event's JSON, NUL-terminated, in a buffer of no more than @len bytes; NULL: -ENOSPC. */
static inline char *render_in(const struct fixture *f, size_t len)
{
	char *buf = must(malloc(len ? len : 1));
	ssize_t ret = evring_json(NULL, &host, &f->event, buf, len);
	char *copy = NULL;

	if (ret >= 0) {
		check((size_t)ret <= len, "%zd bytes in a buffer of %zu", ret, len);
		check(!memchr(buf, '\0', ret) && !memchr(buf, '\n', ret), "a NUL or a newline");
		copy = must(strndup(buf, ret));
	} else {
		check(ret == -ENOSPC, "returned %zd", ret);
	}
	free(buf);
	return copy;
}

static inline json_t *parse(const char *text)
{
	json_error_t error;
	json_t *json;

	if (!text) {
		check(false, "no room within evring_json_max()");
		return NULL;
	}
	/* jansson's integers have a sign: numbers are compared as text. */
	json = json_loads(text, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL,
			  &error);
	check(json, "%s at %d in %.300s", error.text, error.position, text);
	return json;
}

/* The fields of the event as another implementation reads them. */
static inline json_t *render_data(const struct fixture *f)
{
	char *text = render_in(f, fixture_max(f));
	json_t *json = parse(text);
	json_t *data = json_incref(json_object_get(json, "data"));

	check(json_is_object(data), "no data");
	json_decref(json);
	free(text);
	return data;
}

/* The data of an event with this text, and free() of the fixture. */
static inline void expect_data(struct fixture *f, const char *expected)
{
	char *text = render_in(f, fixture_max(f));
	const char *data = text ? strstr(text, "\"data\":") : NULL;
	json_t *json = parse(text);

	check(data && !strncmp(data + 7, expected, strlen(expected)) &&
	      !strcmp(data + 7 + strlen(expected), "}"), "expected %s, got %s", expected,
	      data ? data + 7 : "nothing");
	json_decref(json);
	free(text);
	free(f->payload);
}

static inline bool is_string(const json_t *json, const void *bytes, size_t len)
{
	return json_is_string(json) && json_string_length(json) == len &&
	       !memcmp(json_string_value(json), bytes, len);
}

/* Whether @json is the @len bytes in base 16. */
static inline bool is_hex(const json_t *json, const uint8_t *bytes, size_t len)
{
	const char *s = json_string_value(json);
	char hex[3];

	if (!s || json_string_length(json) != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		snprintf(hex, sizeof(hex), "%02x", bytes[i]);
		if (memcmp(s + 2 * i, hex, 2))
			return false;
	}
	return true;
}

/* Whether @bytes is in @data: as text, or in base 16 where it is no UTF-8. */
static inline bool is_kept(json_t *data, const char *name, const uint8_t *bytes, size_t len)
{
	char key[EVRING_NAME_MAX + 8];
	json_t *hex;

	snprintf(key, sizeof(key), "%s_hex", name);
	hex = json_object_get(data, key);
	if (hex)
		return is_hex(hex, bytes, len) && json_is_string(json_object_get(data, name));
	return is_string(json_object_get(data, name), bytes, len);
}

/* A string field "s" of these bytes. */
static inline void string_fixture(struct fixture *f, unsigned int kind, const void *bytes, size_t len)
{
	uint8_t *payload = must(malloc(4 + len));
	struct evring_str str = { .offset = 4, .len = len };

	memcpy(payload, &str, 4);
	memcpy(payload + 4, bytes, len);
	fixture_init(f, payload, 4 + len);
	add_field(f, "s", kind, 0, 0, 4);
	free(payload);
}

#endif /* EVRING_TESTS_JSON_H */
