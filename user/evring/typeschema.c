/* SPDX-License-Identifier: MIT */
/* evring types --schema: the schema of a type's events, for consumers. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "memory.h"
#include "schema.h"

static char *connect_text(const struct schema *schema)
{
	json_t *json = schema_connect(schema, true);
	char *text = must(json_dumps(json, JSON_COMPACT));

	json_decref(json);
	return text;
}

static const struct {
	const char *name;
	char *(*write)(const struct schema *schema);
	bool is_json;
} formats[] = {
	{ "avro", schema_avro, true },
	{ "protobuf", schema_protobuf, false },
	{ "json", schema_json, true },
	{ "connect", connect_text, true },
};

#define NR_FORMATS (sizeof(formats) / sizeof(formats[0]))

static int find_format(const char *name)
{
	for (size_t i = 0; i < NR_FORMATS; i++)
		if (!strcmp(formats[i].name, name))
			return (int)i;
	fprintf(stderr, "evring: --schema: there is no '%s'; allowed: avro, protobuf, json, "
		"connect\n", name);
	return -1;
}

/* People read it, too. */
static void print_json(const char *text)
{
	json_t *json = must(json_loads(text, 0, NULL));
	char *pretty = must(json_dumps(json, JSON_INDENT(2)));

	puts(pretty);
	free(pretty);
	json_decref(json);
}

static void print(const struct evring_type *type, int format, bool flat)
{
	struct schema *schema = schema_new(type, flat);
	char *text = formats[format].write(schema);

	if (formats[format].is_json)
		print_json(text);
	else
		fputs(text, stdout);
	free(text);
	schema_free(schema);
}

static int print_known(const struct cli *cli, const char *name, int format, bool flat)
{
	struct evring *ev = open_device(cli);
	const struct evring_type *type;
	int nr;

	if (!ev)
		return EXIT_FAILURE;
	nr = evring_types(ev);
	type = nr < 0 ? NULL : evring_type_by_name(ev, name);
	if (type)
		print(type, format, flat);
	else if (nr < 0)
		fail(nr, "cannot read the types");
	else
		fprintf(stderr, "evring: there is no type '%s': 'evring types' lists them\n", name);
	evring_close(ev);
	return type ? EXIT_SUCCESS : EXIT_FAILURE;
}

int types_schema(const struct cli *cli, const struct types_schema *how)
{
	int format = find_format(how->format);
	struct evring_type *type;

	if (format < 0)
		return EXIT_USAGE;
	if (!how->file)
		return print_known(cli, how->name, format, how->flat);
	type = type_from_file(how->file, how->name);
	if (!type)
		return EXIT_FAILURE;
	print(type, format, how->flat);
	evring_type_free(type);
	return EXIT_SUCCESS;
}
