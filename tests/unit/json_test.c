/* SPDX-License-Identifier: MIT */
/*
 * evring_json(): that its output is what evring-json(7) says, that another
 * implementation can read it, and that no record, however hostile, makes it
 * read or write where it must not.
 *
 * Payloads and output buffers are allocated at their exact lengths, so run it
 * under ASan and UBSan. The clock is a fake: wall time is WALL_NS later.
 */
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

/* What the library's clock.c and lane names are to json.c */

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

static void *must(void *pointer)
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

static void fixture_init(struct fixture *f, const void *payload, size_t len)
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

static void set_max(struct fixture *f, struct evring_field *field)
{
	f->type.json_max -= field->json_max;
	field->json_max = (uint32_t)field_json_max(field);
	f->type.json_max += field->json_max;
}

static void add_field(struct fixture *f, const char *name, unsigned int kind, unsigned int format,
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
	set_max(f, field);
}

/* The field's numbers are called so. */
static void name_values(struct fixture *f, const struct evring_value *values, uint32_t nr)
{
	struct evring_field *field = &f->fields[f->type.nr_fields - 1];

	field->values = values;
	field->nr_values = nr;
	set_max(f, field);
}

static size_t fixture_max(const struct fixture *f)
{
	return evring_json_max(&f->event);
}

/* The event's JSON, NUL-terminated, in a buffer of no more than @len bytes; NULL: -ENOSPC. */
static char *render_in(const struct fixture *f, size_t len)
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

static json_t *parse(const char *text)
{
	json_error_t error;
	json_t *json;

	if (!text) {
		check(false, "no room within evring_json_max()");
		return NULL;
	}
	json = json_loads(text, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	check(json, "%s at %d in %.300s", error.text, error.position, text);
	return json;
}

/* The fields of the event as another implementation reads them. */
static json_t *render_data(const struct fixture *f)
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
static void expect_data(struct fixture *f, const char *expected)
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

static bool is_string(const json_t *json, const void *bytes, size_t len)
{
	return json_is_string(json) && json_string_length(json) == len &&
	       !memcmp(json_string_value(json), bytes, len);
}

/* Whether @json is the @len bytes in base 16. */
static bool is_hex(const json_t *json, const uint8_t *bytes, size_t len)
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
static bool is_kept(json_t *data, const char *name, const uint8_t *bytes, size_t len)
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
static void string_fixture(struct fixture *f, unsigned int kind, const void *bytes, size_t len)
{
	uint8_t *payload = must(malloc(4 + len));
	struct evring_str str = { .offset = 4, .len = len };

	memcpy(payload, &str, 4);
	memcpy(payload + 4, bytes, len);
	fixture_init(f, payload, 4 + len);
	add_field(f, "s", kind, 0, 0, 4);
	free(payload);
}

/* The tests */

static void test_whole_event(void)
{
	static const char expected[] =
		"{\"type\":\"process.exec\",\"version\":3,"
		"\"time\":\"2023-11-14T22:13:24.123456789Z\",\"time_ns\":1700000004123456789,"
		"\"boottime_ns\":4123456789,\"host\":\"a\\\"b\\\\\xef\xbf\xbd\","
		"\"machine_id\":\"0123456789abcdef0123456789abcdef\","
		"\"boot_id\":\"fedcba9876543210fedcba9876543210\",\"lane\":\"critical\","
		"\"cpu\":4294967295,\"seq\":18446744073709551615,\"context\":\"hardirq\","
		"\"pid\":4294967295,\"tid\":0,"
		"\"data\":{\"uid\":1000,\"path\":\"/bin/ls\",\"argv\":[\"ls\",\"-l\",\"\"]}}";
	static const uint8_t payload[] = "\xe8\3\0\0\x0c\0\7\0\x13\0\7\0/bin/lsls\0-l\0";
	struct evring_host odd = host;
	struct fixture f;
	char buf[4096];
	ssize_t ret;

	strcpy(odd.name, "a\"b\\\xff");
	fixture_init(&f, payload, sizeof(payload));
	f.type.name = "process.exec";
	f.type.version = 3;
	f.rec.flags = EVRING_REC_HARDIRQ;
	f.rec.time = 1123456789;
	f.event.seq = UINT64_MAX;
	f.rec.pid = -1;
	f.rec.tid = 0;
	f.event.cpu = UINT32_MAX;
	add_field(&f, "uid", EVRING_KIND_U32, 0, 0, 4);
	add_field(&f, "path", EVRING_KIND_TEXT, 0, 4, 4);
	add_field(&f, "argv", EVRING_KIND_TEXTS, 0, 8, 4);
	ret = evring_json(NULL, &odd, &f.event, buf, sizeof(buf));
	check(ret == sizeof(expected) - 1 && !memcmp(buf, expected, ret), "got %.*s",
	      (int)(ret < 0 ? 0 : ret), buf);
	free(f.payload);
}

static void test_head(void)
{
	static const char *const contexts[] = { "task", "softirq", "hardirq", "nmi" };
	struct fixture f;
	char *text;
	json_t *json;

	fixture_init(&f, "", 0);
	for (unsigned int i = 0; i < 4; i++) {
		f.rec.flags = i | 0xfff0;
		f.event.lane = i;
		text = render_in(&f, fixture_max(&f));
		json = parse(text);
		check(!strcmp(json_string_value(json_object_get(json, "context")), contexts[i]),
		      "context %u", i);
		check(!strcmp(json_string_value(json_object_get(json, "lane")),
			      i < 3 ? evring_lane_name(NULL, i) : "unknown:3"), "lane %u", i);
		json_decref(json);
		free(text);
	}
	free(f.payload);
}

static void test_numbers(void)
{
	static const uint8_t ones[8] = { 255, 255, 255, 255, 255, 255, 255, 255 };
	static const uint8_t low[8] = { 0, 0, 0, 0x80, 0, 0, 0, 0x80 };
	struct fixture f;

	fixture_init(&f, ones, sizeof(ones));
	add_field(&f, "a", EVRING_KIND_U8, 0, 0, 1);
	add_field(&f, "b", EVRING_KIND_U16, 0, 1, 2);
	add_field(&f, "c", EVRING_KIND_U32, 0, 3, 4);
	add_field(&f, "e", EVRING_KIND_S32, 0, 1, 4);
	add_field(&f, "f", EVRING_KIND_S64, 0, 0, 8);
	add_field(&f, "g", EVRING_KIND_BOOL, 0, 7, 1);
	expect_data(&f, "{\"a\":255,\"b\":65535,\"c\":4294967295,\"e\":-1,\"f\":-1,\"g\":true}");

	fixture_init(&f, low, sizeof(low));
	add_field(&f, "a", EVRING_KIND_U8, 0, 0, 1);
	add_field(&f, "b", EVRING_KIND_S32, 0, 0, 4);
	add_field(&f, "c", EVRING_KIND_S64, 0, 0, 8);
	add_field(&f, "d", EVRING_KIND_BOOL, 0, 0, 1);
	expect_data(&f, "{\"a\":0,\"b\":-2147483648,\"c\":-9223372034707292160,\"d\":false}");
}

/* jansson's integers are signed, so numbers are compared as text here. */
static void check_digits(uint64_t v)
{
	char expected[64], *text;
	struct fixture f;

	fixture_init(&f, &v, sizeof(v));
	add_field(&f, "n", EVRING_KIND_U64, 0, 0, 8);
	snprintf(expected, sizeof(expected), "\"data\":{\"n\":%llu}}", (unsigned long long)v);
	text = render_in(&f, fixture_max(&f));
	check(text && strstr(text, expected), "%s", expected);
	free(text);
	free(f.payload);
}

static void test_digits(void)
{
	uint64_t power = 1;

	check_digits(0);
	for (unsigned int i = 0; i < 20; i++, power *= 10) {
		for (uint64_t v = power - 2; v != power + 3; v++)
			check_digits(v);
		check_digits(power * 9);
	}
	for (unsigned int i = 0; i < 64; i++) {
		check_digits(1ULL << i);
		check_digits((1ULL << i) - 1);
	}
	check_digits(~0ULL);
}

static void test_formats(void)
{
	static const uint64_t v[2] = { 0xdeadbeef12ULL, 0 };
	static const uint8_t ones[4] = { 255, 255, 255, 255 };
	struct fixture f;

	fixture_init(&f, v, sizeof(v));
	add_field(&f, "hex", EVRING_KIND_U64, EVRING_FORMAT_HEX, 0, 8);
	add_field(&f, "byte", EVRING_KIND_U8, EVRING_FORMAT_HEX, 0, 1);
	add_field(&f, "zero", EVRING_KIND_U64, EVRING_FORMAT_HEX, 8, 8);
	add_field(&f, "took", EVRING_KIND_U64, EVRING_FORMAT_DURATION, 0, 8);
	add_field(&f, "start", EVRING_KIND_U64, EVRING_FORMAT_BOOTTIME, 8, 8);
	add_field(&f, "new", EVRING_KIND_U8, NEW_FORMAT, 0, 1);
	expect_data(&f, "{\"hex\":\"0xdeadbeef12\",\"byte\":\"0x12\",\"zero\":\"0x0\","
		    "\"took_ns\":956397711122,\"start\":\"2023-11-14T22:13:20.000000000Z\","
		    "\"start_ns\":1700000000000000000,\"new\":18}");

	fixture_init(&f, ones, sizeof(ones));
	add_field(&f, "s", EVRING_KIND_S32, EVRING_FORMAT_HEX, 0, 4);
	add_field(&f, "d", EVRING_KIND_S32, EVRING_FORMAT_DURATION, 0, 4);
	expect_data(&f, "{\"s\":\"0xffffffff\",\"d_ns\":-1}");
}

/* Addresses, ids, names of numbers */
static void test_named_formats(void)
{
	static const struct evring_value values[] = {
		{ 0, "zero", "" }, { 5, "f\"ive", "" }, { 0x100, "big", "" },
	};
	static const uint8_t bytes[48] = {
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1,
		0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0xa4, 0x81, 0, 0, 5, 0, 0x80, 0, 0x0d, 1, 0, 0,
	};
	struct fixture f;

	fixture_init(&f, bytes, sizeof(bytes));
	add_field(&f, "v4", EVRING_KIND_FIXED, EVRING_FORMAT_IP, 0, 16);
	add_field(&f, "v6", EVRING_KIND_FIXED, EVRING_FORMAT_IP, 16, 16);
	add_field(&f, "mac", EVRING_KIND_FIXED, EVRING_FORMAT_MAC, 12, 6);
	add_field(&f, "uuid", EVRING_KIND_FIXED, EVRING_FORMAT_UUID, 16, 16);
	add_field(&f, "raw", EVRING_KIND_FIXED, 0, 10, 3);
	add_field(&f, "odd", EVRING_KIND_FIXED, EVRING_FORMAT_IP, 12, 4);
	expect_data(&f, "{\"v4\":\"192.0.2.1\",\"v6\":\"2001:db8::1\","
		    "\"mac\":\"c0:00:02:01:20:01\","
		    "\"uuid\":\"20010db8-0000-0000-0000-000000000001\","
		    "\"raw_hex\":\"ffffc0\",\"odd_hex\":\"c0000201\"}");

	fixture_init(&f, bytes, sizeof(bytes));
	add_field(&f, "mode", EVRING_KIND_U16, EVRING_FORMAT_MODE, 32, 2);
	add_field(&f, "none", EVRING_KIND_U16, EVRING_FORMAT_MODE, 0, 2);
	add_field(&f, "dev", EVRING_KIND_U32, EVRING_FORMAT_DEV, 36, 4);
	add_field(&f, "caps", EVRING_KIND_U32, EVRING_FORMAT_CAPS, 36, 4);
	add_field(&f, "port", EVRING_KIND_U16, EVRING_FORMAT_PORT, 36, 2);
	add_field(&f, "enum", EVRING_KIND_U16, EVRING_FORMAT_ENUM, 36, 2);
	name_values(&f, values, 3);
	add_field(&f, "other", EVRING_KIND_U16, EVRING_FORMAT_ENUM, 32, 2);
	name_values(&f, values, 3);
	add_field(&f, "flags", EVRING_KIND_U16, EVRING_FORMAT_FLAGS, 40, 2);
	name_values(&f, values, 3);
	add_field(&f, "clear", EVRING_KIND_U16, EVRING_FORMAT_FLAGS, 0, 2);
	name_values(&f, values, 3);
	add_field(&f, "wall", EVRING_KIND_U64, EVRING_FORMAT_TIME, 0, 8);
	expect_data(&f, "{\"mode\":\"0100644\",\"none\":\"0\",\"dev\":\"8:5\","
		    "\"caps\":\"0x800005\",\"port\":5,\"enum\":\"f\\\"ive\",\"other\":33188,"
		    "\"flags\":[\"f\\\"ive\",\"big\",\"0x8\"],\"clear\":[],"
		    "\"wall\":\"1970-01-01T00:00:00.000000000Z\",\"wall_ns\":0}");
}

static void test_arrays(void)
{
	static const uint8_t bytes[] = { 4, 0, 8, 0, 1, 0, 0, 0, 255, 255, 255, 255 };
	struct fixture f;

	fixture_init(&f, bytes, sizeof(bytes));
	add_field(&f, "u32s", EVRING_KIND_U32S, 0, 0, 4);
	add_field(&f, "s32s", EVRING_KIND_S32S, 0, 0, 4);
	add_field(&f, "u16s", EVRING_KIND_U16S, EVRING_FORMAT_HEX, 0, 4);
	add_field(&f, "fixed", EVRING_KIND_U8, 0, 4, 3);
	add_field(&f, "took", EVRING_KIND_S8, EVRING_FORMAT_DURATION, 8, 2);
	add_field(&f, "bytes", EVRING_KIND_BYTES, 0, 0, 4);
	expect_data(&f, "{\"u32s\":[1,4294967295],\"s32s\":[1,-1],"
		    "\"u16s\":[\"0x1\",\"0x0\",\"0xffff\",\"0xffff\"],\"fixed\":[1,0,0],"
		    "\"took_ns\":[-1,-1],\"bytes_hex\":\"01000000ffffffff\"}");
}

/* Each day that 64 bits of nanoseconds reach, against the C library. */
static void test_dates(void)
{
	char expected[40], *text;
	struct fixture f;

	fixture_init(&f, "", 0);
	for (uint64_t day = 0; day < 213503; day++) {
		time_t seconds = day * 86400 + day % 86400;
		struct tm tm;

		f.rec.time = seconds * 1000000000ULL + day % 1000000000 - WALL_NS - RAW_NS;
		gmtime_r(&seconds, &tm);
		strftime(expected, sizeof(expected), "\"time\":\"%Y-%m-%dT%H:%M:%S.", &tm);
		text = render_in(&f, fixture_max(&f));
		check(text && strstr(text, expected), "%s: %s", expected, text);
		free(text);
		if (tap_unmet)
			break;
	}
	free(f.payload);
}

static void test_chars(void)
{
	struct fixture f;

	fixture_init(&f, "abcdefgh\0x", 10);
	add_field(&f, "full", EVRING_KIND_CHARS, 0, 0, 8);
	add_field(&f, "ended", EVRING_KIND_CHARS, 0, 6, 4);
	add_field(&f, "empty", EVRING_KIND_CHARS, 0, 8, 2);
	add_field(&f, "none", EVRING_KIND_CHARS, 0, 10, 0);
	expect_data(&f, "{\"full\":\"abcdefgh\",\"ended\":\"gh\",\"empty\":\"\",\"none\":\"\"}");

	fixture_init(&f, "a\xff\0b", 4);
	add_field(&f, "s", EVRING_KIND_CHARS, 0, 0, 4);
	expect_data(&f, "{\"s\":\"a\xef\xbf\xbd\",\"s_hex\":\"61ff\"}");
}

static void test_every_byte(void)
{
	for (unsigned int c = 0; c < 256; c++) {
		uint8_t byte = c;
		struct fixture f;
		json_t *data, *hex;

		string_fixture(&f, EVRING_KIND_TEXT, &byte, 1);
		data = render_data(&f);
		hex = json_object_get(data, "s_hex");
		check(is_kept(data, "s", &byte, 1), "byte %#x", c);
		check(!hex == (c < 0x80), "byte %#x: s_hex", c);
		check(!hex || is_string(json_object_get(data, "s"), "\xef\xbf\xbd", 3),
		      "byte %#x is no U+FFFD", c);
		json_decref(data);
		free(f.payload);
	}
}

static void test_escapes(void)
{
	static const char bytes[] =
		"\0\1\7\b\t\n\v\f\r\x1f \"/\\\x7f\xc2\x80\xc2\x9f\xc2\xa0";
	struct fixture f;

	string_fixture(&f, EVRING_KIND_TEXT, bytes, sizeof(bytes) - 1);
	expect_data(&f, "{\"s\":\"\\u0000\\u0001\\u0007\\b\\t\\n\\u000b\\f\\r\\u001f \\\"/\\\\"
		    "\\u007f\\u0080\\u009f\xc2\xa0\"}");
}

/* Runs of clean bytes are copied in words: a special one at each place of each length. */
static void test_runs(void)
{
	static const char *const specials[] = { "\"", "\x1f", "\x7f", "\xc3\xa4", "\xff", "\\" };
	uint8_t bytes[64];

	for (size_t len = 0; len < 40; len++) {
		for (size_t at = 0; at <= len; at++) {
			const char *special = specials[(len + at) % 6];
			struct fixture f;
			json_t *data;

			for (size_t i = 0; i < len; i++)
				bytes[i] = 'a' + i % 26;
			if (at < len)
				memcpy(bytes + at, special, strlen(special));
			string_fixture(&f, EVRING_KIND_TEXT, bytes, len);
			data = render_data(&f);
			check(is_kept(data, "s", bytes, len), "length %zu, special at %zu", len,
			      at);
			json_decref(data);
			free(f.payload);
		}
	}
}

#define R "\xef\xbf\xbd"

static void test_invalid_utf8(void)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = {
		{ "a\x80z", "a" R "z" },			/* continuation alone */
		{ "\xbf\xbf", R R },
		{ "\xc0\xaf", R R },				/* overlong */
		{ "\xc1\xbf", R R },
		{ "\xe0\x80\xaf", R R R },
		{ "\xe0\x9f\xbf", R R R },
		{ "\xf0\x80\x80\xaf", R R R R },
		{ "\xf0\x8f\xbf\xbf", R R R R },
		{ "\xed\xa0\x80", R R R },			/* surrogates */
		{ "\xed\xbf\xbf", R R R },
		{ "\xf4\x90\x80\x80", R R R R },		/* beyond U+10FFFF */
		{ "\xf5\x80\x80\x80", R R R R },
		{ "\xfe\xff", R R },
		{ "\xc3", R },					/* cut at the end */
		{ "\xe2\x82", R },
		{ "\xf0\x9f\x98", R },
		{ "\xf0\x9f", R },
		{ "\xe2\x82z", R "z" },				/* cut in the middle */
		{ "\xf0\x9f\x98\"", R "\"" },
		{ "\xe2\xe2\x82\xac", R "\xe2\x82\xac" },
		{ "\xc3\xc3\xa4", R "\xc3\xa4" },
		{ "\xf8\x88\x80\x80\x80", R R R R R },		/* five bytes */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t len = strlen(cases[i].bytes);
		struct fixture f;
		json_t *data;

		string_fixture(&f, EVRING_KIND_TEXT, cases[i].bytes, len);
		data = render_data(&f);
		check(is_string(json_object_get(data, "s"), cases[i].text, strlen(cases[i].text)),
		      "case %zu: text", i);
		check(is_hex(json_object_get(data, "s_hex"), (const uint8_t *)cases[i].bytes, len),
		      "case %zu: hex", i);
		json_decref(data);
		free(f.payload);
	}
}

static size_t encode_utf8(uint8_t *p, uint32_t c)
{
	if (c < 0x80) {
		p[0] = c;
		return 1;
	}
	if (c < 0x800) {
		p[0] = 0xc0 | c >> 6;
		p[1] = 0x80 | (c & 0x3f);
		return 2;
	}
	if (c < 0x10000) {
		p[0] = 0xe0 | c >> 12;
		p[1] = 0x80 | (c >> 6 & 0x3f);
		p[2] = 0x80 | (c & 0x3f);
		return 3;
	}
	p[0] = 0xf0 | c >> 18;
	p[1] = 0x80 | (c >> 12 & 0x3f);
	p[2] = 0x80 | (c >> 6 & 0x3f);
	p[3] = 0x80 | (c & 0x3f);
	return 4;
}

static void test_every_character(void)
{
	uint8_t bytes[4 * 4096];

	for (uint32_t c = 0; c < 0x110000; ) {
		size_t len = 0;
		struct fixture f;
		json_t *data;

		do {
			if (c < 0xd800 || c > 0xdfff)
				len += encode_utf8(bytes + len, c);
		} while (++c % 4096);
		string_fixture(&f, EVRING_KIND_TEXT, bytes, len);
		data = render_data(&f);
		check(is_string(json_object_get(data, "s"), bytes, len), "before U+%X", c);
		check(!json_object_get(data, "s_hex"), "before U+%X: s_hex", c);
		json_decref(data);
		free(f.payload);
	}
}

static void test_strv(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *data;
	} cases[] = {
		{ "", 0, "{\"s\":[]}" },
		{ "\0", 1, "{\"s\":[\"\"]}" },
		{ "\0\0", 2, "{\"s\":[\"\",\"\"]}" },
		{ "a", 1, "{\"s\":[\"a\"]}" },
		{ "a\0", 2, "{\"s\":[\"a\"]}" },
		{ "a\0b", 3, "{\"s\":[\"a\",\"b\"]}" },
		{ "a\0b\0", 4, "{\"s\":[\"a\",\"b\"]}" },
		{ "a\0\0,\0", 5, "{\"s\":[\"a\",\"\",\",\"]}" },
		{ "a\0\xff\0", 4, "{\"s\":[\"a\",\"" R "\"],\"s_hex\":[\"61\",\"ff\"]}" },
		/* a character that the NUL cuts is not completed by the next string */
		{ "\xc3\0\xa4", 3, "{\"s\":[\"" R "\",\"" R "\"],\"s_hex\":[\"c3\",\"a4\"]}" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fixture f;

		string_fixture(&f, EVRING_KIND_TEXTS, cases[i].bytes, cases[i].len);
		expect_data(&f, cases[i].data);
	}
}

static void test_outside(void)
{
	static const struct evring_str strs[] = {
		{ 0, 17 }, { 16, 1 }, { 17, 0 }, { 0xffff, 0xffff }, { 0xffff, 1 }, { 1, 0xffff },
	};
	uint8_t payload[16] = { 0 };
	struct fixture f;

	fixture_init(&f, payload, sizeof(payload));
	add_field(&f, "a", EVRING_KIND_U8, 0, 16, 1);
	add_field(&f, "b", EVRING_KIND_U16, EVRING_FORMAT_HEX, 15, 2);
	add_field(&f, "c", EVRING_KIND_U32, 0, 13, 4);
	add_field(&f, "d", EVRING_KIND_U64, EVRING_FORMAT_BOOTTIME, 9, 8);
	add_field(&f, "e", EVRING_KIND_S32, 0, 0xffff, 4);
	add_field(&f, "f", EVRING_KIND_S64, EVRING_FORMAT_DURATION, 16, 8);
	add_field(&f, "g", EVRING_KIND_BOOL, 0, 16, 1);
	add_field(&f, "h", EVRING_KIND_CHARS, 0, 8, 9);
	add_field(&f, "i", EVRING_KIND_TEXT, 0, 13, 4);
	add_field(&f, "j", EVRING_KIND_TEXTS, 0, 0xffff, 4);
	add_field(&f, "k", 1, 0, 0, 17);
	add_field(&f, "l", NEW_KIND, 0, 0xffff, 0xffff);
	expect_data(&f, "{\"a\":null,\"b\":null,\"c\":null,\"d\":null,\"e\":null,\"f\":null,"
		    "\"g\":null,\"h\":null,\"i\":null,\"j\":null,\"k\":null,\"l\":null}");

	for (size_t i = 0; i < sizeof(strs) / sizeof(*strs); i++) {
		memcpy(payload, &strs[i], sizeof(strs[i]));
		fixture_init(&f, payload, sizeof(payload));
		add_field(&f, "s", EVRING_KIND_TEXT, 0, 0, 4);
		add_field(&f, "v", EVRING_KIND_TEXTS, 0, 0, 4);
		expect_data(&f, "{\"s\":null,\"v\":null}");
	}
}

static void test_unknown(void)
{
	struct fixture f;
	char *text;

	fixture_init(&f, "\x00\xab\xff", 3);
	f.event.type = NULL;
	text = render_in(&f, fixture_max(&f));
	check(text && strstr(text, "{\"type\":\"unknown:7\",\"version\":null,\"time\":"),
	      "type: %s", text);
	free(text);
	expect_data(&f, "{\"hex\":\"00abff\"}");

	fixture_init(&f, "\x00\xab\xff", 3);
	add_field(&f, "zero", 1, 0, 0, 2);
	add_field(&f, "newer", NEW_KIND, EVRING_FORMAT_HEX, 1, 2);
	add_field(&f, "newest", NEW_KIND, 0, 3, 0);
	expect_data(&f, "{\"zero\":null,\"zero_hex\":\"00ab\","
		    "\"newer\":null,\"newer_hex\":\"abff\","
		    "\"newest\":null,\"newest_hex\":\"\"}");

	fixture_init(&f, "", 0);
	expect_data(&f, "{}");
}

static void test_lost(void)
{
	static const struct evring_value causes[] = {
		{ 1, "full", "" }, { 2, "nested", "" }, { 4, "toobig", "" },
	};
	struct evring_lost lost = {
		.count = 3, .first = 1000000000, .last = 2000000000, .causes = 5, .type = 9,
	};
	struct fixture f;

	fixture_init(&f, &lost, sizeof(lost));
	f.rec.type = EVRING_TYPE_LOST;
	add_field(&f, "count", EVRING_KIND_U64, 0, 0, 8);
	add_field(&f, "first", EVRING_KIND_U64, EVRING_FORMAT_RAWTIME, 8, 8);
	add_field(&f, "last", EVRING_KIND_U64, EVRING_FORMAT_RAWTIME, 16, 8);
	add_field(&f, "causes", EVRING_KIND_U32, EVRING_FORMAT_FLAGS, 24, 4);
	name_values(&f, causes, 3);
	add_field(&f, "type", EVRING_KIND_U16, EVRING_FORMAT_TYPE, 28, 2);
	add_field(&f, "none", EVRING_KIND_U16, EVRING_FORMAT_TYPE, 30, 2);
	expect_data(&f, "{\"count\":3,\"first_ns\":1700000004000000000,"
		    "\"last_ns\":1700000005000000000,\"causes\":[\"full\",\"toobig\"],"
		    "\"type\":9,\"none\":null}");
}

/* A buffer that is too short is refused, and never written beyond. */
static void test_no_room(void)
{
	static const uint8_t payload[] = "\x08\0\x0c\0\x08\0\x0c\0\1\2\3\xff\0\0\0\0\0\0\0";
	unsigned int fits = 0;
	struct fixture f;
	char *text;

	fixture_init(&f, payload, sizeof(payload));
	add_field(&f, "str", EVRING_KIND_TEXT, 0, 0, 4);
	add_field(&f, "strv", EVRING_KIND_TEXTS, 0, 4, 4);
	for (size_t len = 0; len < 2 * fixture_max(&f); len++) {
		text = render_in(&f, len);
		check(text || !fits, "%zu bytes are too few, but %u were enough", len, fits);
		if (text && !fits)
			fits = len;
		free(text);
	}
	check(fits, "never room");
	f.event.type = NULL;
	for (size_t len = 0; len < 2 * fixture_max(&f); len++)
		free(render_in(&f, len));
	free(f.payload);
}

/* The random tests' numbers: xorshift64*, the same ones in each run */
static uint64_t random_state = 88172645463325252ULL;

static uint32_t random_below(uint32_t n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 2685821657736338717ULL >> 32) % n;
}

static uint8_t random_byte(unsigned int flavour)
{
	static const uint8_t nasty[] = "\0\0\1\x1f\"\\\xff\xc2\x80\x9f\xe2\x82\xac\xf0\x9f\x7f";

	switch (flavour) {
	case 0:
		return random_below(256);
	case 1:
		return nasty[random_below(sizeof(nasty) - 1)];
	case 2:
		return random_below(40) ? 1 : 0xff;	/* the longest: "\u0001" and hex */
	case 3:
		return random_below(2) ? 0 : 0xff;	/* many short strings */
	default:
		return ' ' + random_below(95);
	}
}

/*
 * A record with random fields of all kinds. Its strings share no byte, unless
 * @hostile: then their offsets and lengths are as they fall.
 */
static void random_fixture(struct fixture *f, bool hostile)
{
	static const uint16_t kinds[] = {
		EVRING_KIND_U8, EVRING_KIND_U16, EVRING_KIND_U32, EVRING_KIND_U64, EVRING_KIND_S8,
		EVRING_KIND_S16, EVRING_KIND_S32, EVRING_KIND_S64, EVRING_KIND_BOOL,
		EVRING_KIND_CHARS, EVRING_KIND_FIXED, EVRING_KIND_TEXT, EVRING_KIND_TEXTS,
		EVRING_KIND_BYTES, EVRING_KIND_U8S, EVRING_KIND_U32S, EVRING_KIND_S64S, NEW_KIND,
	};
	unsigned int nr = random_below(FIELDS_MAX + 1);
	unsigned int fixed = 8 * nr, flavour = random_below(5);
	unsigned int len = fixed + random_below(random_below(8) ? 64 : 4096), at = fixed;
	uint8_t *payload = must(malloc(len + 1));
	char name[EVRING_NAME_MAX];

	for (unsigned int i = 0; i < len; i++)
		payload[i] = random_byte(flavour);
	fixture_init(f, payload, len);
	free(payload);
	for (unsigned int i = 0; i < nr; i++) {
		unsigned int kind = kinds[random_below(sizeof(kinds) / sizeof(*kinds))];
		struct evring_str str = { .offset = at, .len = random_below(len - at + 1) };

		snprintf(name, sizeof(name), "f%u%s", i % FIELDS_MAX,
			 random_below(2) ? "_of_many_that_are_random" : "");
		/* Of some kinds that is several. */
		add_field(f, name, kind, random_below(EVRING_FORMAT_TYPE + 2),
			  hostile ? random_below(len + 8) : 8 * i,
			  kind & EVRING_KIND_VAR ? 4 : 8);
		if (hostile || !(kind & EVRING_KIND_VAR))
			continue;
		at += str.len;
		memcpy(f->payload + 8 * i, &str, sizeof(str));
	}
}

/* Nothing of a text field may be missing in what was parsed back. */
static void check_texts(const struct fixture *f, json_t *data)
{
	for (unsigned int i = 0; i < f->type.nr_fields; i++) {
		const struct evring_field *field = &f->fields[i];
		const uint8_t *s = f->payload + field->offset;
		struct evring_str str;

		if (field->kind == EVRING_KIND_CHARS)
			check(is_kept(data, field->name, s, strnlen((const char *)s, 8)), "chars");
		if (field->kind != EVRING_KIND_TEXT)
			continue;
		memcpy(&str, s, sizeof(str));
		check(is_kept(data, field->name, f->payload + str.offset, str.len), "string");
	}
}

static void test_bound(void)
{
	for (unsigned int i = 0; i < 20000 && !tap_unmet; i++) {
		struct fixture f;
		char *text;
		json_t *json;

		random_fixture(&f, false);
		text = render_in(&f, fixture_max(&f));
		/* not parsed: a U64 above what jansson's integers hold */
		json = text ? json_loads(text, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL |
					 JSON_DECODE_INT_AS_REAL, NULL) : NULL;
		check(json, "round %u: %s", i, text ? text : "no room within evring_json_max()");
		if (json)
			check_texts(&f, json_object_get(json, "data"));
		json_decref(json);
		free(text);
		free(f.payload);
	}
}

/* The longest there is: every field and each byte at its worst. */
static void test_bound_worst(void)
{
	char longest[EVRING_NAME_MAX];
	uint8_t payload[8 * FIELDS_MAX];
	struct evring_host odd;
	struct fixture f;
	char *buf;

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	memset(&odd, 1, sizeof(odd));
	memset(payload, 0xff, sizeof(payload));
	fixture_init(&f, payload, sizeof(payload));
	memset(&f.rec, 0xff, sizeof(f.rec));
	memset(&f.type.version, 0xff, sizeof(f.type.version));
	f.type.name = longest;
	f.event.lane = 0xffff;
	f.event.cpu = UINT32_MAX;
	f.event.seq = UINT64_MAX;
	for (unsigned int i = 0; i < FIELDS_MAX; i++)
		add_field(&f, longest, EVRING_KIND_U64, EVRING_FORMAT_BOOTTIME, 8 * i, 8);
	buf = must(malloc(fixture_max(&f)));
	check(evring_json(NULL, &odd, &f.event, buf, fixture_max(&f)) > 0, "numbers");
	free(buf);
	for (unsigned int i = 0; i < FIELDS_MAX; i++) {
		f.fields[i].kind = EVRING_KIND_CHARS;
		f.fields[i].size = 8;
		set_max(&f, &f.fields[i]);
		memset(f.payload + 8 * i, 1, 7);
	}
	buf = must(malloc(fixture_max(&f)));
	check(evring_json(NULL, &odd, &f.event, buf, fixture_max(&f)) > 0, "texts");
	free(buf);
	free(f.payload);
}

static void test_hostile(void)
{
	for (unsigned int i = 0; i < 20000 && !tap_unmet; i++) {
		struct fixture f;
		char *text;

		random_fixture(&f, true);
		free(render_in(&f, fixture_max(&f)));
		/* with room for strings that overlap, as evring.h says */
		text = render_in(&f, evring_json_max_ever(&f.event));
		check(text, "round %u: no room", i);
		free(text);
		free(f.payload);
	}
}

int main(void)
{
	test_case(test_whole_event, "an event has the documented layout");
	test_case(test_head, "contexts and lanes are named");
	test_case(test_numbers, "numbers of every kind, lowest and highest");
	test_case(test_digits, "digits of numbers around each power of ten and of two");
	test_case(test_formats, "every format");
	test_case(test_named_formats, "addresses, ids, modes, names of numbers and of flags");
	test_case(test_arrays, "arrays of numbers");
	test_case(test_dates, "dates of every day until 2554");
	test_case(test_chars, "character arrays end at the first NUL or at their size");
	test_case(test_every_byte, "each byte alone survives");
	test_case(test_escapes, "control characters, quotes and backslashes are escaped");
	test_case(test_runs, "a special byte at every place of a run");
	test_case(test_invalid_utf8, "invalid UTF-8 becomes U+FFFD, its bytes stay beside it");
	test_case(test_every_character, "every Unicode character survives");
	test_case(test_strv, "lists of strings");
	test_case(test_outside, "fields outside of the record are null");
	test_case(test_unknown, "unknown types and kinds keep their bytes");
	test_case(test_lost, "times of lost records are converted");
	test_case(test_no_room, "a short buffer is refused");
	test_case(test_bound, "random records fit in evring_json_max() and survive");
	test_case(test_bound_worst, "the longest event fits in evring_json_max()");
	test_case(test_hostile, "hostile records are harmless");
	return tap_end();
}
