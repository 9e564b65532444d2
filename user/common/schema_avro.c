/* SPDX-License-Identifier: MIT */
/* A schema as Avro's: see schema.h. */
#include "schema.h"

#include "memory.h"

#include <stdlib.h>

static json_t *value_type(const struct schema_column *column)
{
	switch (column->kind) {
	case SCHEMA_STRING:
		return json_string("string");
	case SCHEMA_BOOL:
		return json_string("boolean");
	case SCHEMA_INT:
		return json_string("int");
	case SCHEMA_TIME:
		return json_pack("{s:s, s:s}", "type", "long", "logicalType", "timestamp-millis");
	default:
		return json_string("long");
	}
}

static json_t *column_type(const struct schema_column *column)
{
	json_t *type = value_type(column);

	if (column->array)
		type = json_pack("{s:s, s:o}", "type", "array", "items", type);
	if (column->nullable)
		type = json_pack("[s, o]", "null", type);
	return must(type);
}

static json_t *record(const char *name, const char *doc, json_t *fields)
{
	return must(json_pack("{s:s, s:s, s:s, s:o}", "type", "record", "name", name, "doc", doc,
			      "fields", fields));
}

static void add_columns(const struct schema *schema, json_t *fields,
			const struct schema_column *columns, size_t nr);

static json_t *data_record(const struct schema *schema)
{
	char *name = xprintf("%s_data", schema->name);
	json_t *fields = must(json_array()), *json;

	add_columns(schema, fields, schema->fields, schema->nr_fields);
	json = record(name, schema->type->doc, fields);
	free(name);
	return json;
}

static void add_columns(const struct schema *schema, json_t *fields,
			const struct schema_column *columns, size_t nr)
{
	json_t *field, *names;
	size_t i;

	for (i = 0; i < nr; i++) {
		field = must(json_pack("{s:s, s:o, s:s}", "name", columns[i].name, "type",
				       columns[i].part == PART_DATA ? data_record(schema) :
								      column_type(&columns[i]),
				       "doc", columns[i].doc));
		if (columns[i].nullable)
			json_object_set_new(field, "default", json_null());
		if (schema_is_unsigned(&columns[i]))
			json_object_set_new(field, "evring.unsigned", json_true());
		names = schema_names(&columns[i]);
		if (names)
			json_object_set_new(field, "evring.names", names);
		json_array_append_new(fields, field);
	}
}

char *schema_avro(const struct schema *schema)
{
	json_t *fields = must(json_array()), *root;
	char *text;

	add_columns(schema, fields, schema->envelope, schema->nr_envelope);
	if (schema->flat)
		add_columns(schema, fields, schema->fields, schema->nr_fields);
	root = record(schema->name, schema->type->doc, fields);
	json_object_set_new(root, "namespace", json_string(schema->space));
	text = must(json_dumps(root, JSON_COMPACT));
	json_decref(root);
	return text;
}
