// SPDX-License-Identifier: MIT
/*
 * Events of every kind and format of field, with random and hostile payloads, as each
 * converter writes them: an object on a line, for formats.py to compare.
 *
 *	values [--events N] [--seed N] [--flat] [--grow] [--types FILE]
 *	values --greedy			no values: only whether each has the room that it needs
 *
 * The types are random, too, or those of a file as evring types --json prints it.
 */
#include "../harness/random.h"
#include "evringd.h"

#include "cli.h"
#include "sim.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX	40
#define PAYLOAD_MAX	2048

/* As lines and schemas name them, and the settings of each */
static const struct {
	const char *name, *format, *layout;
	bool is_flat;
} formats[] = {
	{ "json", "json", "evring", false },
	{ "flat", "json", "evring", true },
	{ "ecs", "json", "ecs", false },
	{ "ocsf", "json", "ocsf", false },
	{ "avro", "avro", "evring", false },
	{ "protobuf", "protobuf", "evring", false },
	{ "json-connect", "json-connect", "evring", false },
	{ "json-schema", "json-schema", "evring", false },
	{ "cloudevents", "cloudevents", "evring", false },
};

#define NR_FORMATS (sizeof(formats) / sizeof(formats[0]))

static struct config *cfgs[NR_FORMATS];
static struct source srcs[NR_FORMATS];

static uint64_t any(uint64_t below)
{
	return (random_next() >> 11) % below;
}

static void fill(void *to, size_t len)
{
	static const char texts[] = "/usr/bin/\xc3\xa4\xe2\x82\xac\"\\\n\x7f\xff\xc0\x80 abc";
	uint8_t *bytes = to;
	size_t i;
	const bool text = any(2);

	for (i = 0; i < len; i++)
		bytes[i] = text ? (uint8_t)texts[any(sizeof(texts))] : (uint8_t)any(256);
}

/*
 * Types
 */

static const uint16_t kinds[] = {
	EVRING_KIND_U8, EVRING_KIND_U16, EVRING_KIND_U32, EVRING_KIND_U64, EVRING_KIND_S8,
	EVRING_KIND_S16, EVRING_KIND_S32, EVRING_KIND_S64, EVRING_KIND_BOOL, EVRING_KIND_CHARS,
	EVRING_KIND_FIXED, EVRING_KIND_U8S, EVRING_KIND_U16S, EVRING_KIND_U32S, EVRING_KIND_U64S,
	EVRING_KIND_S8S, EVRING_KIND_S16S, EVRING_KIND_S32S, EVRING_KIND_S64S, EVRING_KIND_TEXT,
	EVRING_KIND_BYTES, EVRING_KIND_TEXTS, 0x0702,
};

static const struct evring_value names[] = {
	{ 0, "none", "" }, { 1, "read", "" }, { 2, "write", "" }, { 5, "gr\xc3\xbc\xc3\x9f", "" },
	{ 0x80, "odd\xff", "" }, { 0x8000, "high", "" },
};

static void random_field(struct evring_field *field, uint32_t i, uint16_t *end)
{
	static char texts[FIELDS_MAX][20];
	static const uint16_t sizes[] = { 16, 6, 3, 1 };
	static const char *const suffixes[] = { "number", "name", "names", "ns", "hex" };
	bool fixed;

	snprintf(texts[i], sizeof(texts[i]), i != 7 ? "f%u" : "pid", i);
	/* Some are called as the second key of a field beside them. */
	if (i % 5 == 4 && any(2))
		snprintf(texts[i], sizeof(texts[i]), "f%u_%s", any(2) ? i - 1 : i + 1,
			 suffixes[any(5)]);
	*field = (struct evring_field){
		.name = texts[i], .unit = any(3) ? "" : "bytes", .doc = "a // \"field\" */",
		.kind = kinds[any(sizeof(kinds) / sizeof(kinds[0]))],
		.format = (uint16_t)any(EVRING_FORMAT_TYPE + 2), .offset = *end,
	};
	fixed = field->kind == EVRING_KIND_FIXED || field->kind == EVRING_KIND_CHARS;
	field->size = fixed ? sizes[any(4)] : EVRING_KIND_SIZE(field->kind);
	if (field->kind & EVRING_KIND_VAR)
		field->size = sizeof(struct evring_str);
	else if (!fixed && !any(6))
		field->size *= 3;
	if (field->format == EVRING_FORMAT_ENUM || field->format == EVRING_FORMAT_FLAGS ||
	    (field->format == EVRING_FORMAT_HEX && any(4)) ||
	    (field->format == EVRING_FORMAT_CAPS && any(4))) {
		field->values = names;
		field->nr_values = sizeof(names) / sizeof(names[0]);
	}
	*end = (uint16_t)(*end + field->size + any(3));
}

static struct evring_type *random_type(unsigned int number)
{
	struct evring_field fields[FIELDS_MAX];
	uint32_t nr = (uint32_t)any(FIELDS_MAX), i;
	struct evring_type *type;
	uint16_t end = 0;
	char name[40];
	int ret;

	for (i = 0; i < nr; i++)
		random_field(&fields[i], i, &end);
	snprintf(name, sizeof(name), "my-app.%u.thing%s", number, any(2) ? "" : "_x");
	ret = evring_type_build(&type, &(struct evring_type){
		.id = 2000 + number, .version = 1 + (uint32_t)any(2), .size = end, .nr_fields = nr,
		.fields = fields, .name = name, .doc = "a random\ntype", .own_lane = "",
	});
	if (ret) {
		fprintf(stderr, "type: %s\n", strerror(-ret));
		exit(1);
	}
	return type;
}

/*
 * Events
 */

/* Of an errno or a signal, one that has a name */
static void named_number(const struct evring_field *field, char *at)
{
	const bool is_signed = (field->kind & 0x7f00) == (EVRING_KIND_S8 & 0x7f00);
	const uint64_t number = 1 + any(31);
	const uint64_t value = field->format == EVRING_FORMAT_ERRNO && is_signed ? -number : number;

	memcpy(at, &value, field->size);
}

static bool is_number_named(const struct evring_field *field)
{
	return (field->format == EVRING_FORMAT_ERRNO || field->format == EVRING_FORMAT_SIGNAL) &&
	       field->beside && field->size == EVRING_KIND_SIZE(field->kind) && field->size <= 8;
}

/* Most references are into the payload, some are not. */
static size_t random_payload(const struct evring_type *type, char *payload)
{
	size_t len = type->size + any(any(4) ? 64 : PAYLOAD_MAX - type->size);
	struct evring_str str;
	uint32_t i;

	fill(payload, len);
	for (i = 0; i < type->nr_fields; i++) {
		const struct evring_field *field = &type->fields[i];

		if (field->kind & EVRING_KIND_VAR && any(20)) {
			str.offset = (uint16_t)any(len + 1);
			str.len = (uint16_t)any(len - str.offset + 1);
			memcpy(payload + field->offset, &str, sizeof(str));
		} else if (is_number_named(field) && any(2)) {
			named_number(field, payload + field->offset);
		} else if (EVRING_KIND_SIZE(field->kind) == 8 && any(2)) {
			memset(payload + field->offset + 6, 0, 2);
		} else if (field->kind == EVRING_KIND_FIXED && field->size == 16 && any(2)) {
			memset(payload + field->offset, 0, 10);
			memset(payload + field->offset + 10, 0xff, 2);
		} else if (field->format == EVRING_FORMAT_ENUM && field->nr_values && any(4)) {
			memcpy(payload + field->offset,
			       &field->values[any(field->nr_values)].value, field->size);
		}
	}
	/* Of an older module: its last fields are not there. */
	return any(8) ? len : any(len + 1);
}

static json_t *hex_of(const char *bytes, size_t len)
{
	char *text = xalloc(2 * len + 1);
	json_t *json;

	json = json_stringn(text, (size_t)(cell_put_hex(text, bytes, len) - text));
	free(text);
	return must(json);
}

/* Which event the value is of, as a line of a pack */
static json_t *identity_of(const struct converter *converter, char *value, size_t len)
{
	struct identity who;

	value[len] = '\n';
	if (!converter->identity || !converter->identity(value, len + 1, &who))
		return json_null();
	return must(json_pack("{s:s, s:s, s:I, s:I}", "id", who.id, "type", who.type, "seq",
			      (json_int_t)who.seq, "timestamp", (json_int_t)who.timestamp));
}

/*
 * The value, in a buffer that has exactly the room that it is bound to take: the sanitizers
 * watch its end.
 */
static char *encoded(size_t format, const struct evring_event *event, size_t *value_len)
{
	const struct converter *converter = converter_of(cfgs[format]);
	size_t room = converter->bound(event) + schemas_head_len(srcs[format].schemas, event);
	char *buf = xalloc(room);
	ssize_t len = converter->encode(&srcs[format], event, buf, room);

	if (len == -ENOSPC) {
		free(buf);
		room = converter->bound_ever(event) +
		       schemas_head_len(srcs[format].schemas, event);
		buf = xalloc(room);
		len = converter->encode(&srcs[format], event, buf, room);
	}
	if (len < 0) {
		fprintf(stderr, "%s of %s: %s\n", formats[format].name,
			event->type ? event->type->name : "?", strerror((int)-len));
		exit(1);
	}
	*value_len = (size_t)len;
	return buf;
}

static json_t *value_of(size_t format, const struct evring_event *event, json_t *identities)
{
	size_t len;
	char *buf = encoded(format, event, &len);
	json_t *json = hex_of(buf, len);

	buf = must(realloc(buf, len + 1));
	json_object_set_new(identities, formats[format].name,
			    identity_of(converter_of(cfgs[format]), buf, len));
	free(buf);
	return json;
}

/* An unknown type's; those of the others are on a line of their own (put_schemas()). */
static json_t *unknown_schema(const struct evring_event *event)
{
	size_t i = 0;
	char *text;
	json_t *json;

	while (strcmp(formats[i].name, "json-schema"))
		i++;
	text = schema_json(schemas_find(srcs[i].schemas, event)->schema);
	json = json_string(text);
	free(text);
	return must(json);
}

static void put_event(const struct evring_type *type)
{
	char *buf = xaligned(8, PAYLOAD_MAX + sizeof(struct evring_rec)), *exact;
	size_t len = random_payload(type, buf), i;
	struct evring_rec rec = {
		.len = (uint32_t)(sizeof(rec) + len), .type = (uint16_t)type->id,
		.time = any(1u << 30), .flags = (uint16_t)any(4), .pid = (uint32_t)any(1 << 22),
		.tid = (uint32_t)any(1ull << 31),
	};
	struct evring_event event = {
		.rec = &rec, .payload_len = (uint32_t)len, .cpu = (uint32_t)any(4096),
		.lane = (uint16_t)any(3), .type = any(50) ? type : NULL, .seq = any(1ull << 31) << 15,
	};
	json_t *line = json_object(), *identities = json_object();

	if (!any(4))
		rec.flags |= EVRING_REC_REDACTED;
	exact = malloc(len ? len : 1);
	memcpy(exact, buf, len);
	event.payload = exact;
	json_object_set_new(line, "type", event.type ? json_string(type->name) : json_null());
	for (i = 0; i < NR_FORMATS; i++)
		json_object_set_new(line, formats[i].name, value_of(i, &event, identities));
	json_object_set_new(line, "identities", identities);
	if (!event.type)
		json_object_set_new(line, "unknown", unknown_schema(&event));
	json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(line);
	free(exact);
	free(buf);
}

static void put_schemas(const struct evring_type *type, bool flat)
{
	struct schema *schema = schema_new(type, flat), *nested = schema_new(type, false);
	char *avro = schema_avro(schema), *protobuf = schema_protobuf(schema);
	char *json = schema_json(nested);
	json_t *line = must(json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "schema", type->name,
				      "full", schema->full, "avro", avro, "protobuf", protobuf,
				      "json", json, "connect", schema_connect(nested, true)));

	json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(line);
	free(avro);
	free(protobuf);
	free(json);
	schema_free(schema);
	schema_free(nested);
}

static unsigned int nr_events = 10;
static bool flat, grow;

static int put_all(const struct evring_type *type, void *arg)
{
	unsigned int i;

	(void)arg;
	put_schemas(type, flat);
	for (i = 0; i < nr_events; i++)
		put_event(type);
	return 0;
}

/*
 * Fields that overlap: an application may publish such an event. The last one goes up to where
 * the room for the others ends, or nearly so.
 */
static void put_greedy(const struct evring_type *type, size_t last)
{
	const size_t size = 30000;
	char *payload = xalloc(size);
	struct evring_rec rec = { .len = (uint32_t)(sizeof(rec) + size), .type = (uint16_t)type->id };
	const struct evring_event event = {
		.rec = &rec, .payload = payload, .payload_len = (uint32_t)size, .type = type,
	};
	struct evring_str str;
	size_t i, len;

	for (i = 0; i < size; i++)
		payload[i] = type->fields[0].kind == EVRING_KIND_S8S ? '\xff' :
			     type->fields[0].kind == EVRING_KIND_TEXTS && i & 1 ? '\0' : '\x01';
	payload[size - 1] = (char)0xff;
	for (i = 0; i < type->nr_fields; i++) {
		str.len = (uint16_t)(i < 3 ? size - type->size : last);
		str.offset = (uint16_t)(size - str.len);
		memcpy(payload + type->fields[i].offset, &str, sizeof(str));
	}
	for (i = 0; i < NR_FORMATS; i++)
		free(encoded(i, &event, &len));
	free(payload);
}

static void greedy(void)
{
	static const struct evring_field shapes[] = {
		{ .kind = EVRING_KIND_U8S, .format = EVRING_FORMAT_HEX }, { .kind = EVRING_KIND_S8S },
		{ .kind = EVRING_KIND_TEXTS }, { .kind = EVRING_KIND_TEXT },
	};
	static const char *const texts[] = { "a", "b", "c", "d" };
	struct evring_field fields[4];
	struct evring_type *type;
	size_t shape, i, last;

	for (shape = 0; shape < sizeof(shapes) / sizeof(shapes[0]); shape++) {
		for (i = 0; i < 4; i++) {
			fields[i] = shapes[shape];
			fields[i].name = texts[i];
			fields[i].unit = fields[i].doc = "";
			fields[i].size = sizeof(struct evring_str);
			fields[i].offset = (uint16_t)(i * sizeof(struct evring_str));
		}
		if (evring_type_build(&type, &(struct evring_type){
			.id = 2000, .version = 1, .size = sizeof(struct evring_str) * 4,
			.nr_fields = 4, .fields = fields, .name = "my-app.greedy", .doc = "",
			.own_lane = "" }))
			must(NULL);
		for (last = 13000; last < 20000; last += 200)
			put_greedy(type, last);
		evring_type_free(type);
	}
}

/* Of a payload that ends before its type's fields do, each is null. */
static void put_short(void)
{
	static char texts[FIELDS_MAX][8];
	struct evring_field fields[FIELDS_MAX];
	struct evring_rec rec = { .len = sizeof(rec), .type = 2000 };
	struct evring_event event = { .rec = &rec, .payload = "" };
	struct evring_type *type;
	size_t i, len;

	for (i = 0; i < FIELDS_MAX; i++) {
		snprintf(texts[i], sizeof(texts[i]), "f%zu", i);
		fields[i] = (struct evring_field){
			.name = texts[i], .unit = "", .doc = "", .kind = EVRING_KIND_U64,
			.size = 8, .offset = (uint16_t)(8 * i),
		};
	}
	if (evring_type_build(&type, &(struct evring_type){
		.id = 2000, .version = 1, .size = 8 * FIELDS_MAX, .nr_fields = FIELDS_MAX,
		.fields = fields, .name = "my-app.short", .doc = "", .own_lane = "" }))
		must(NULL);
	event.type = type;
	for (i = 0; i < NR_FORMATS; i++)
		free(encoded(i, &event, &len));
	evring_type_free(type);
}

static bool same_keys(const struct evring_type *older, const struct evring_type *type)
{
	uint32_t i;

	for (i = 0; i < older->nr_fields; i++)
		if (older->fields[i].beside != type->fields[i].beside ||
		    older->fields[i].bare != type->fields[i].bare)
			return false;
	return true;
}

/*
 * Before its last fields were appended, none of which is called as an earlier one's second
 * key: it would take that key away.
 */
static struct evring_type *older_of(const struct evring_type *type)
{
	struct evring_type like = *type, *older;

	for (like.nr_fields -= like.nr_fields / 3;; like.nr_fields--) {
		if (evring_type_build(&older, &like))
			must(NULL);
		if (same_keys(older, type))
			return older;
		evring_type_free(older);
	}
}

/*
 * From start to end
 */

static bool open_all(void)
{
	const struct sim_boot boot = { .cpus = 1, .tsc = true, .lane_kib = { 256 } };
	struct problems problems = { .file = "values" };
	struct evring *ev;
	char *text;
	size_t i;

	if (sim_boot(&boot) || evring_open(&ev, NULL))
		return false;
	for (i = 0; i < NR_FORMATS; i++) {
		bool typed = !strcmp(formats[i].format, "avro") ||
			     !strcmp(formats[i].format, "protobuf");

		text = xprintf("{\"name\": \"v\", \"config\": {\"value.format\": \"%s\", "
			       "\"json.layout\": \"%s\", \"data.flatten\": \"%s\", "
			       "\"kafka.bootstrap.servers\": \"h:1\"}}", formats[i].format,
			       formats[i].layout,
			       formats[i].is_flat || (typed && flat) ? "true" : "false");
		cfgs[i] = config_parse(text, strlen(text), &problems);
		free(text);
		problems_print(&problems, stderr);
		if (problems.nr)
			return false;
		srcs[i] = (struct source){ .cfg = cfgs[i], .ev = ev, .host = {
			.machine_id = "0123456789abcdef0123456789abcdef",
			.boot_id = "fedcba9876543210fedcba9876543210", .name = "h\"\xc3\xa4\xff",
		} };
		if (!schemas_open(&srcs[i], NULL, NULL, NULL))
			return false;
	}
	return true;
}

static void close_all(void)
{
	size_t i;

	for (i = 0; i < NR_FORMATS; i++) {
		schemas_free(srcs[i].schemas);
		config_free(cfgs[i]);
	}
	evring_close(srcs[0].ev);
	sim_shutdown();
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "events", required_argument, NULL, 'e' }, { "seed", required_argument, NULL, 's' },
		{ "flat", no_argument, NULL, 'f' }, { "grow", no_argument, NULL, 'g' },
		{ "types", required_argument, NULL, 't' },
		{ "greedy", no_argument, NULL, 'G' },
		{ NULL, 0, NULL, 0 },
	};
	struct evring_type *types[50] = { NULL }, *older[50] = { NULL };
	const char *file = NULL;
	bool only_greedy = false;
	unsigned int i;
	int c, ret = 0;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'e')
			nr_events = (unsigned int)atoi(optarg);
		else if (c == 's')
			random_seed((uint64_t)atoi(optarg));
		else if (c == 'f')
			flat = true;
		else if (c == 'g')
			grow = true;
		else if (c == 't')
			file = optarg;
		else if (c == 'G')
			only_greedy = true;
		else
			return 2;
	}
	if (!open_all())
		return 1;
	if (only_greedy) {
		greedy();
		put_short();
		close_all();
		return 0;
	}
	for (i = 0; !file && i < sizeof(types) / sizeof(types[0]); i++) {
		types[i] = random_type(i);
		if (grow) {
			older[i] = older_of(types[i]);
			put_all(older[i], NULL);
		}
		put_all(types[i], NULL);
	}
	if (file)
		ret = types_in_file(file, put_all, NULL);
	if (!ret)
		close_all();
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		evring_type_free(types[i]);
		evring_type_free(older[i]);
	}
	return ret;
}
