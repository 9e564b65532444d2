/* SPDX-License-Identifier: MIT */
/*
 * Types from a file that 'evring types --json' wrote, or that somebody wrote by hand:
 * then offsets and sizes may be left out, and fields lie as a C compiler puts them.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "memory.h"

/* One type under construction; the strings belong to the JSON. */
struct making {
	struct evring_type like;
	struct evring_field *fields;
};

static const char *string_of(const json_t *json, const char *key)
{
	const char *s = json_string_value(json_object_get(json, key));

	return s ? s : "";
}

/* At most @max; -1: it is no number, or larger */
static long long number_of(const json_t *json, const char *key, long long max)
{
	const json_t *number = json_object_get(json, key);
	long long value = json_is_integer(number) ? json_integer_value(number) : -1;

	return value <= max ? value : -1;
}

static void make_values(struct evring_field *field, json_t *names)
{
	struct evring_value *values;
	const char *name;
	json_t *value;

	if (!json_object_size(names))
		return;
	values = xzalloc(json_object_size(names) * sizeof(*values));
	field->values = values;
	json_object_foreach(names, name, value)
		values[field->nr_values++] = (struct evring_value){
			.name = name, .value = (uint64_t)json_integer_value(value),
		};
}

/* Bytes of a field's fixed part, where the file does not say; 0: it has to */
static uint32_t usual_size(int kind, int format)
{
	if (kind & EVRING_KIND_VAR)
		return sizeof(struct evring_str);
	if (kind == EVRING_KIND_FIXED && format == EVRING_FORMAT_MAC)
		return 6;
	if (kind == EVRING_KIND_FIXED)
		return format == EVRING_FORMAT_IP || format == EVRING_FORMAT_UUID ? 16 : 0;
	return kind == EVRING_KIND_CHARS ? 0 : EVRING_KIND_SIZE((uint32_t)kind);
}

/* The alignment that a C compiler gives a field */
static uint32_t usual_align(int kind)
{
	return kind & EVRING_KIND_VAR ? sizeof(uint16_t) : EVRING_KIND_SIZE((uint32_t)kind);
}

/* @end: of the field before it, and then of this one */
static bool make_field(struct evring_field *field, json_t *json, uint32_t *end)
{
	int kind = evring_kind_by_name(string_of(json, "kind"));
	int format = evring_format_by_name(string_of(json, "format"));
	long long offset = number_of(json, "offset", UINT16_MAX);
	long long size = number_of(json, "size", UINT16_MAX);

	if (kind < 0)
		return false;
	if (!json_object_get(json, "size"))
		size = usual_size(kind, format);
	if (!json_object_get(json, "offset"))
		offset = (*end + usual_align(kind) - 1) / usual_align(kind) * usual_align(kind);
	/* A format that is not known is as none; so are those that want names and have none. */
	if (offset < 0 || size < 0 || offset > UINT16_MAX)
		return false;
	*end = (uint32_t)(offset + size);
	field->name = string_of(json, "name");
	field->unit = string_of(json, "unit");
	field->doc = string_of(json, "doc");
	field->kind = (uint16_t)kind;
	field->format = (uint16_t)(format < 0 ? EVRING_FORMAT_NONE : format);
	field->offset = (uint16_t)offset;
	field->size = (uint16_t)size;
	make_values(field, json_object_get(json, "values"));
	return true;
}

static void making_free(struct making *making)
{
	for (uint32_t i = 0; i < making->like.nr_fields; i++)
		free((void *)making->fields[i].values);
	free(making->fields);
}

/* NULL: it is no type. */
static struct evring_type *make_type(json_t *json)
{
	json_t *fields = json_object_get(json, "fields");
	long long version = number_of(json, "version", UINT32_MAX);
	long long size = number_of(json, "size", UINT16_MAX);
	struct evring_type *type = NULL;
	struct making making = { 0 };
	bool is_sized = json_object_get(json, "size") != NULL;
	bool good = version > 0 && (size >= 0 || !is_sized) && json_is_array(fields);
	uint32_t end = 0;

	making.fields = xzalloc((json_array_size(fields) + 1) * sizeof(*making.fields));
	making.like.name = string_of(json, "name");
	making.like.doc = string_of(json, "doc");
	making.like.own_lane = string_of(json, "lane");
	making.like.version = (uint32_t)version;
	making.like.common_size = json_object_get(json, "common_size") ?
				  (uint32_t)number_of(json, "common_size", UINT16_MAX) : 0;
	making.like.fields = making.fields;
	for (size_t i = 0; i < json_array_size(fields) && good; i++)
		good = make_field(&making.fields[making.like.nr_fields++],
				  json_array_get(fields, i), &end);
	making.like.size = is_sized ? (uint32_t)size : end;
	if (good && evring_type_build(&type, &making.like))
		type = NULL;
	making_free(&making);
	return type;
}

static json_t *file_load(const char *file)
{
	json_error_t error;
	json_t *json = json_load_file(file, 0, &error);

	if (!json)
		fprintf(stderr, "evring: %s: line %d: %s\n", file, error.line, error.text);
	return json;
}

int types_in_file(const char *file, int (*fn)(const struct evring_type *type, void *arg),
		  void *arg)
{
	json_t *json = file_load(file), *list;
	struct evring_type *type;
	int ret = EXIT_SUCCESS;
	size_t i;

	if (!json)
		return EXIT_FAILURE;
	list = json_is_array(json) ? json : json_pack("[O]", json);
	for (i = 0; i < json_array_size(list) && !ret; i++) {
		type = make_type(json_array_get(list, i));
		if (type) {
			ret = fn(type, arg);
		} else {
			fprintf(stderr, "evring: %s: '%s' is no valid type: a type has a name, "
				"a version, and fields with names and kinds\n", file,
				string_of(json_array_get(list, i), "name"));
			ret = EXIT_FAILURE;
		}
		evring_type_free(type);
	}
	if (list != json)
		json_decref(list);
	json_decref(json);
	return ret;
}

struct evring_type *type_from_file(const char *file, const char *name)
{
	json_t *list = file_load(file), *found = NULL, *json;
	struct evring_type *type = NULL;
	size_t i;

	if (!list)
		return NULL;
	json_array_foreach(list, i, json)
		if (!strcmp(string_of(json, "name"), name) &&
		    (!found || number_of(json, "version", UINT32_MAX) >
			       number_of(found, "version", UINT32_MAX)))
			found = json;
	if (found)
		type = make_type(found);
	if (!found)
		fprintf(stderr, "evring: %s: there is no type '%s'; the file must be the output of "
			"'evring types --json'\n", file, name);
	else if (!type)
		fprintf(stderr, "evring: %s: %s is no valid type\n", file, name);
	json_decref(list);
	return type;
}
