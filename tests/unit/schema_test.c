/* SPDX-License-Identifier: MIT */
/*
 * The schemas of types whose fields have names that clash: their columns are the keys of JSON,
 * and protoc takes them.
 */
#include "../harness/tap.h"
#include "internal.h"
#include "schema.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIELD(_name, _kind, _format, _offset, _size) { \
	.name = _name, .unit = "", .doc = "", .kind = EVRING_KIND_##_kind, \
	.format = EVRING_FORMAT_##_format, .offset = _offset, .size = _size, \
}

static const struct evring_field fields[] = {
	FIELD("a", U64, DURATION, 0, 8),
	FIELD("a_ns", U64, NONE, 8, 8),
	FIELD("path", TEXT, NONE, 16, 4),
	FIELD("path_hex", TEXT, NONE, 20, 4),
	FIELD("t", U64, TIME, 24, 8),
	FIELD("t_ns", U64, NONE, 0, 8),
	FIELD("raw", FIXED, NONE, 16, 4),
	FIELD("raw_hex", U64, NONE, 0, 8),
	FIELD("x_1", U64, NONE, 0, 8),
	FIELD("x1", U64, NONE, 0, 8),
	FIELD("x1_", U64, NONE, 0, 8),
	FIELD("x1_2", U64, NONE, 0, 8),
	FIELD("data_data_pid", U64, NONE, 0, 8),
	FIELD("pid", U64, NONE, 0, 8),
	FIELD("data_pid", U64, NONE, 0, 8),
	FIELD("machineid", U64, NONE, 0, 8),
};

#define NR (sizeof(fields) / sizeof(fields[0]))

static struct evring_type *type_of(const char *name)
{
	const struct evring_type like = {
		.name = name, .doc = "", .own_lane = "app", .version = 1, .size = 32,
		.nr_fields = NR, .fields = fields,
	};
	struct evring_type *type;

	if (evring_type_build(&type, &like)) {
		printf("Bail out! that cannot be a type\n");
		exit(1);
	}
	return type;
}

/* What JSON has in data */
static json_t *data_of(const struct evring_type *type)
{
	static struct evring ev;
	static const struct evring_host host = { .name = "h" };
	const struct evring_rec rec = { 0 };
	const struct evring_str bad = { .offset = 32, .len = 1 };
	char payload[33] = { [32] = (char)0xff }, buf[16384];
	struct evring_event event = {
		.rec = &rec, .type = type, .payload = payload, .payload_len = sizeof(payload),
	};
	json_t *json, *data;
	ssize_t len;

	ev.clock.now.mult = 1;
	memcpy(payload + 16, &bad, sizeof(bad));
	memcpy(payload + 20, &bad, sizeof(bad));
	len = evring_json(&ev, &host, &event, buf, sizeof(buf));
	json = len < 0 ? NULL : json_loadb(buf, (size_t)len, JSON_REJECT_DUPLICATES, NULL);
	if (!check(json, "it is no JSON: %.*s", (int)len, buf))
		return json_object();
	data = json_incref(json_object_get(json, "data"));
	json_decref(json);
	return data;
}

static void test_columns(void)
{
	struct evring_type *type = type_of("app.x");
	struct schema *schema = schema_new(type, false);
	json_t *data = data_of(type);

	CHECK(schema->nr_fields == json_object_size(data));
	for (size_t i = 0; i < schema->nr_fields; i++)
		check(json_object_get(data, schema->fields[i].name), "JSON has no %s",
		      schema->fields[i].name);
	json_decref(data);
	schema_free(schema);
	evring_type_free(type);
}

/* No two columns of a flat one, either */
static void test_flat(void)
{
	struct evring_type *type = type_of("app.x");
	struct schema *schema = schema_new(type, true);

	for (size_t i = 0; i < schema->nr_fields; i++) {
		const char *name = schema->fields[i].name;

		for (size_t j = 0; j < i; j++)
			check(strcmp(name, schema->fields[j].name), "twice: %s", name);
		for (size_t j = 0; j < schema->nr_envelope; j++)
			check(strcmp(name, schema->envelope[j].name), "twice: %s", name);
		check(name[strlen(name) - 1] != '_' || !strcmp(name, "x1_"), "odd: %s", name);
	}
	schema_free(schema);
	evring_type_free(type);
}

static void compile(const char *folder, const char *name, bool flat)
{
	struct evring_type *type = type_of(name);
	struct schema *schema = schema_new(type, flat);
	char *text = schema_protobuf(schema), file[128], command[512];
	FILE *to;

	snprintf(file, sizeof(file), "%s/t.proto", folder);
	to = fopen(file, "w");
	if (!to || fputs(text, to) < 0 || fclose(to))
		exit(1);
	snprintf(command, sizeof(command), "protoc --proto_path=%s --descriptor_set_out=/dev/null %s",
		 folder, file);
	fflush(stdout);
	check(!system(command), "protoc refuses %s%s", name, flat ? ", flat" : "");
	unlink(file);
	free(text);
	schema_free(schema);
	evring_type_free(type);
}

static void test_protobuf(void)
{
	static const char *const names[] = { "app.x", "google.search", "google", "app.google" };
	char folder[] = "/tmp/evring-test.XXXXXX";

	if (!mkdtemp(folder))
		exit(1);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		compile(folder, names[i], false);
		compile(folder, names[i], true);
	}
	rmdir(folder);
}

int main(void)
{
	test_case(test_columns, "the columns are the keys of JSON, of which none is there twice");
	test_case(test_flat, "no two columns of a flat schema have one name");
	if (system("protoc --version >/dev/null 2>&1"))
		ok(true, "# SKIP protoc is not installed");
	else
		test_case(test_protobuf, "protoc takes the schema");
	return tap_end();
}
