/* SPDX-License-Identifier: MIT */
/* The schema of an event as JSON: JSON Schema's, and Kafka Connect's. See schema.h. */
#include "schema.h"

#include "memory.h"

#include <stdlib.h>

void schema_of_unknown(struct schema *schema)
{
	size_t i;

	schema->unknown = true;
	for (i = 0; i < schema->nr_envelope; i++)
		if (schema->envelope[i].part == PART_VERSION)
			schema->envelope[i].nullable = true;
	free(schema->fields[0].name);
	schema->fields[0].name = xstrdup("hex");
}

/*
 * JSON Schema. No field is required, and unknown fields are allowed: an older event lacks
 * fields that a newer one has.
 */

static json_t *value_type(const struct schema_column *column)
{
	switch (column->kind) {
	case SCHEMA_STRING:
		return json_pack("{s:s}", "type", "string");
	case SCHEMA_BOOL:
		return json_pack("{s:s}", "type", "boolean");
	case SCHEMA_TIME:
		return json_pack("{s:s, s:s}", "type", "string", "format", "date-time");
	case SCHEMA_UINT:
	case SCHEMA_ULONG:
		return json_pack("{s:s, s:i}", "type", "integer", "minimum", 0);
	default:
		return json_pack("{s:s}", "type", "integer");
	}
}

static json_t *property(const struct schema_column *column)
{
	json_t *json = value_type(column), *names = schema_names(column);

	/* "examples", as a newer module may have more of them, and an unknown number is digits */
	if (names)
		json_object_set_new(json, "examples", names);
	if (column->array)
		json = json_pack("{s:s, s:o}", "type", "array", "items", json);
	if (column->nullable && column->part != PART_REDACTED)
		json_object_set_new(json, "type", json_pack("[O, s]",
				    json_object_get(json, "type"), "null"));
	json_object_set_new(json, "description", json_string(column->doc));
	return must(json);
}

static json_t *properties(const struct schema_column *columns, size_t nr)
{
	json_t *json = must(json_object());
	size_t i;

	for (i = 0; i < nr; i++)
		json_object_set_new(json, columns[i].name, property(&columns[i]));
	return json;
}

static json_t *required(const struct schema *schema)
{
	json_t *list = must(json_array());
	size_t i;

	for (i = 0; i < schema->nr_envelope; i++)
		if (!schema->envelope[i].nullable)
			json_array_append_new(list, json_string(schema->envelope[i].name));
	return list;
}

static void set_constants(const struct schema *schema, json_t *all)
{
	json_t *name = json_object_get(all, "type"), *version = json_object_get(all, "version");

	if (schema->unknown) {
		json_object_set_new(name, "pattern", json_string("^unknown:"));
		return;
	}
	json_object_set_new(name, "const", json_string(schema->type->name));
	json_object_set_new(version, "const", json_integer((json_int_t)schema->type->version));
}

char *schema_json(const struct schema *schema)
{
	const struct evring_type *type = schema->type;
	json_t *all = properties(schema->envelope, schema->nr_envelope), *root, *data;
	char *text;

	set_constants(schema, all);
	data = json_pack("{s:s, s:s, s:o}", "type", "object", "description", type->doc,
			 "properties", properties(schema->fields, schema->nr_fields));
	if (!schema->flat)
		json_object_set(all, "data", data);
	else
		json_object_update(all, json_object_get(data, "properties"));
	json_decref(data);
	root = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "$schema",
			 "http://json-schema.org/draft-07/schema#", "title", schema->full,
			 "description", type->doc, "type", "object", "properties", all,
			 "required", required(schema));
	text = must(json_dumps(must(root), JSON_COMPACT));
	json_decref(root);
	return text;
}

/*
 * Kafka Connect
 */

static const char *connect_type(const struct schema_column *column)
{
	switch (column->kind) {
	case SCHEMA_STRING:
	case SCHEMA_TIME:	/* as it is in JSON */
		return "string";
	case SCHEMA_BOOL:
		return "boolean";
	case SCHEMA_INT:
		return "int32";
	default:
		return "int64";
	}
}

static json_t *connect_fields(const struct schema *schema, const struct schema_column *columns,
			      size_t nr, bool docs);

static json_t *connect_column(const struct schema *schema, const struct schema_column *column,
			      bool docs)
{
	json_t *json;
	char *name;

	if (column->part == PART_DATA) {
		name = xprintf("%s_data", schema->full);
		json = json_pack("{s:s, s:s, s:o}", "type", "struct", "name", name, "fields",
				 connect_fields(schema, schema->fields, schema->nr_fields, docs));
		free(name);
	} else if (column->array) {
		json = json_pack("{s:s, s:{s:s, s:b}}", "type", "array", "items", "type",
				 connect_type(column), "optional", 0);
	} else {
		json = json_pack("{s:s}", "type", connect_type(column));
	}
	json_object_set_new(json, "optional", json_boolean(column->nullable));
	json_object_set_new(json, "field", json_string(column->name));
	if (docs)
		json_object_set_new(json, "doc", json_string(column->doc));
	return must(json);
}

static json_t *connect_fields(const struct schema *schema, const struct schema_column *columns,
			      size_t nr, bool docs)
{
	json_t *list = must(json_array());
	size_t i;

	for (i = 0; i < nr; i++)
		json_array_append_new(list, connect_column(schema, &columns[i], docs));
	return list;
}

json_t *schema_connect(const struct schema *schema, bool docs)
{
	const struct evring_type *type = schema->type;
	json_t *fields = connect_fields(schema, schema->envelope, schema->nr_envelope, docs);
	json_t *more = NULL, *root;

	if (schema->flat)
		more = connect_fields(schema, schema->fields, schema->nr_fields, docs);
	json_array_extend(fields, more);
	json_decref(more);
	root = must(json_pack("{s:s, s:s, s:I, s:b, s:o}", "type", "struct", "name", schema->full,
			      "version", (json_int_t)type->version, "optional", 0, "fields",
			      fields));
	if (docs)
		json_object_set_new(root, "doc", json_string(type->doc));
	return root;
}
