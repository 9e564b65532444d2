/* SPDX-License-Identifier: MIT */
/*
 * The schemas of types whose fields have names that clash: their columns are the keys of JSON,
 * and protoc takes them.
 */
#include "../harness/tap.h"
#include "internal.h"
#include "memory.h"
#include "schema.h"

#include <ctype.h>
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

#define LETTERS	"v1_-."
#define LONGEST	5

static char **records;
static size_t nr_records;

static void add_record(const char *name, uint32_t version)
{
	const struct evring_type type = { .name = name, .doc = "", .version = version };
	struct schema *schema = schema_new(&type, false);

	records = xgrow(records, nr_records, nr_records + 1, sizeof(*records));
	records[nr_records++] = xstrdup(schema->full);
	schema_free(schema);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_identifiers(const char *full)
{
	for (; *full; full++) {
		if (isdigit((unsigned char)*full))
			return false;
		full += strspn(full, "abcdefghijklmnopqrstuvwxyz0123456789_");
		if (!*full)
			return true;
		if (*full != '.')
			return false;
	}
	return false;
}

/* All names of up to LONGEST of LETTERS, in three versions */
static void test_names(void)
{
	char name[LONGEST + 1];
	unsigned int n, rest, i;

	for (n = 1; n < 7776; n++) {		/* 6 to the power of LONGEST */
		for (i = 0, rest = n; rest && rest % 6; rest /= 6)
			name[i++] = LETTERS[rest % 6 - 1];
		name[i] = '\0';
		if (rest || !evring_name_ok(name))
			continue;
		add_record(name, 1);
		add_record(name, 2);
		add_record(name, 11);
	}
	CHECK(nr_records > 3 * 3800);
	qsort(records, nr_records, sizeof(*records), by_text);
	for (i = 0; i < nr_records; i++) {
		check(is_identifiers(records[i]), "no name: %s", records[i]);
		check(!i || strcmp(records[i], records[i - 1]), "twice: %s", records[i]);
	}
	while (nr_records)
		free(records[--nr_records]);
	free(records);
}

static void test_name(void)
{
	static const struct {
		const char *name;
		uint32_t version;
		const char *record;
	} names[] = {
		{ "process.exec", 1, "evring.process.exec" },
		{ "process.exec", 2, "evring.process.exec_v2" },
		{ "my_app.order_line", 1, "evring.my_app.order_line" },
		{ "my-app.order", 1, "evring.my__2dapp.order" },
		{ "my_app.order_v2", 1, "evring.my_app.order__5fv2" },
		{ "3com.x", 1, "evring.__33com.x" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct evring_type type = {
			.name = names[i].name, .doc = "", .version = names[i].version,
		};
		struct schema *schema = schema_new(&type, false);

		check(!strcmp(schema->full, names[i].record), "%s, not %s", schema->full,
		      names[i].record);
		schema_free(schema);
	}
}

int main(void)
{
	test_case(test_name, "records are named after their types");
	test_case(test_names, "no two types have one record's name, and each is one");
	test_case(test_columns, "the columns are the keys of JSON, of which none is there twice");
	test_case(test_flat, "no two columns of a flat schema have one name");
	if (system("protoc --version >/dev/null 2>&1"))
		ok(true, "# SKIP protoc is not installed");
	else
		test_case(test_protobuf, "protoc takes the schema");
	return tap_end();
}
