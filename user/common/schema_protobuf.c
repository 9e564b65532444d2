/* SPDX-License-Identifier: MIT */
/* A schema as Protobuf's, a .proto file with one message: see schema.h. */
#include "schema.h"

#include "memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The names of a message's fields so far */
struct names {
	char **list;
	size_t nr;
};

/* Timestamp from the root on: the package may be evring.google, or the message google. */
static const char *value_type(const struct schema_column *column)
{
	static const char *const types[] = {
		[SCHEMA_STRING] = "string", [SCHEMA_BOOL] = "bool", [SCHEMA_INT] = "int32",
		[SCHEMA_UINT] = "uint32", [SCHEMA_LONG] = "int64", [SCHEMA_ULONG] = "uint64",
		[SCHEMA_TIME] = ".google.protobuf.Timestamp",
	};

	/* int32's -1 takes ten bytes, sint32's one: an element of a list no more than its record. */
	if (schema_is_signed(column))
		return column->kind == SCHEMA_INT ? "sint32" : "sint64";
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

/* protoc takes no two names that differ in underscores or case alone, as in JSON they may clash. */
static bool is_same(const char *a, const char *b)
{
	do {
		a += strspn(a, "_");
		b += strspn(b, "_");
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b++))
			return false;
	} while (*a++);
	return true;
}

static bool is_taken(const struct names *names, const char *name)
{
	size_t i;

	for (i = 0; i < names->nr; i++)
		if (is_same(names->list[i], name))
			return true;
	return false;
}

/* The column's name, with a number where that is not enough. Names of fields before it stay. */
static const char *take_name(struct names *names, const struct schema_column *column)
{
	char *name = xstrdup(column->name);
	unsigned int i;

	for (i = 2; is_taken(names, name); i++) {
		free(name);
		name = xprintf("%s_%u", column->name, i);
	}
	names->list = xgrow(names->list, names->nr, names->nr + 1, sizeof(*names->list));
	names->list[names->nr++] = name;
	return name;
}

static void names_free(struct names *names)
{
	while (names->nr)
		free(names->list[--names->nr]);
	free(names->list);
	names->list = NULL;
}

static void put_columns(FILE *to, const char *indent, const struct schema_column *columns,
			size_t nr, struct names *names)
{
	const char *rule;
	size_t i;

	for (i = 0; i < nr; i++) {
		put_comment(to, indent, "", columns[i].doc);
		put_names(to, indent, &columns[i]);
		rule = columns[i].array ? "repeated " :
		       columns[i].nullable && columns[i].kind != SCHEMA_TIME ? "optional " : "";
		fprintf(to, "%s%s%s %s = %u;\n", indent, rule, value_type(&columns[i]),
			take_name(names, &columns[i]), columns[i].number);
	}
}

char *schema_protobuf(const struct schema *schema)
{
	char *text;
	size_t len;
	FILE *to = stream_begin(&text, &len);
	struct names names = { 0 };

	fprintf(to, "syntax = \"proto3\";\npackage %s;\n\n", schema->space);
	fprintf(to, "import \"google/protobuf/timestamp.proto\";\n\n");
	put_comment(to, "", "", schema->type->doc);
	fprintf(to, "message %s {\n", schema->name);
	put_columns(to, "  ", schema->envelope, schema->nr_envelope, &names);
	if (schema->flat) {
		put_columns(to, "  ", schema->fields, schema->nr_fields, &names);
	} else {
		names_free(&names);
		fprintf(to, "\n  message Data {\n");
		put_columns(to, "    ", schema->fields, schema->nr_fields, &names);
		fprintf(to, "  }\n");
	}
	fprintf(to, "}\n");
	stream_end(to);
	names_free(&names);
	return text;
}
