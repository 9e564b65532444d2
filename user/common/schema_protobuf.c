/* SPDX-License-Identifier: MIT */
/* A schema as Protobuf's, a .proto file with one message: see schema.h. */
#include "schema.h"

#include "memory.h"

static const char *value_type(const struct schema_column *column)
{
	static const char *const types[] = {
		[SCHEMA_STRING] = "string", [SCHEMA_BOOL] = "bool", [SCHEMA_INT] = "int32",
		[SCHEMA_UINT] = "uint32", [SCHEMA_LONG] = "int64", [SCHEMA_ULONG] = "uint64",
		[SCHEMA_TIME] = "google.protobuf.Timestamp",
	};

	return column->part == PART_DATA ? "Data" : types[column->kind];
}

/* Documentation comes from the module or an application: nothing in it ends the comment. */
static void put_comment(FILE *to, const char *indent, const char *mark, const char *text)
{
	fprintf(to, "%s// %s", indent, mark);
	for (; *text; text++)
		fputc((unsigned char)*text < ' ' || *text == 127 ? ' ' : *text, to);
	fputc('\n', to);
}

static void put_names(FILE *to, const char *indent, const struct schema_column *column)
{
	json_t *names = schema_names(column), *name;
	size_t i;

	if (!names)
		return;
	json_array_foreach(names, i, name) {
		put_comment(to, indent, "- ", json_string_value(name));
	}
	json_decref(names);
}

static void put_columns(FILE *to, const char *indent, const struct schema_column *columns,
			size_t nr)
{
	const char *rule;
	size_t i;

	for (i = 0; i < nr; i++) {
		put_comment(to, indent, "", columns[i].doc);
		put_names(to, indent, &columns[i]);
		rule = columns[i].array ? "repeated " :
		       columns[i].nullable && columns[i].kind != SCHEMA_TIME ? "optional " : "";
		fprintf(to, "%s%s%s %s = %u;\n", indent, rule, value_type(&columns[i]),
			columns[i].name, columns[i].number);
	}
}

char *schema_protobuf(const struct schema *schema)
{
	char *text;
	size_t len;
	FILE *to = stream_begin(&text, &len);

	fprintf(to, "syntax = \"proto3\";\npackage %s;\n\n", schema->space);
	fprintf(to, "import \"google/protobuf/timestamp.proto\";\n\n");
	put_comment(to, "", "", schema->type->doc);
	fprintf(to, "message %s {\n", schema->name);
	put_columns(to, "  ", schema->envelope, schema->nr_envelope);
	if (schema->flat) {
		put_columns(to, "  ", schema->fields, schema->nr_fields);
	} else {
		fprintf(to, "\n  message Data {\n");
		put_columns(to, "    ", schema->fields, schema->nr_fields);
		fprintf(to, "  }\n");
	}
	fprintf(to, "}\n");
	stream_end(to);
	return text;
}
