/* SPDX-License-Identifier: MIT */
/* evring types: the types of events and their fields. */
#include <fnmatch.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const char help[] =
	"Usage: evring types [-v] [--json] [NAME-GLOB]...\n"
	"List the types of events. Of a type that is named whole, show all fields.\n"
	"\n"
	"  -v, --verbose   all fields of every type\n"
	"  --json          as one JSON array, fields included\n"
	"  --help          this text\n";

static bool is_wanted(const struct evring_type *type, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (!fnmatch(argv[i], type->name, 0))
			return true;
	}
	return !argc;
}

static bool is_named(const struct evring_type *type, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], type->name))
			return true;
	}
	return false;
}

static void add_row(struct table *table, const struct evring *ev, const struct evring_type *type)
{
	table_number(table, type->id);
	table_cell(table, STYLE_PLAIN, "%s", type->name);
	table_number(table, type->version);
	table_cell(table, STYLE_PLAIN, "%s", lane_name(ev, type->lane));
	table_number(table, type->nr_fields);
	table_number(table, type->size);
	table_fault(table, type->lost);
	table_cell(table, STYLE_PLAIN, "%s", hook_state(type));
}

static void print_fields(const struct evring *ev, const struct evring_type *type)
{
	static const char *const heads[] = { 
		"<  FIELD", "<KIND", "<FORMAT", "<UNIT", "OFFSET", "SIZE", "<WHAT",
	};
	struct table *table = table_new(heads, ARRAY_SIZE(heads));

	printf("%s, version %u, id %u, lane %s, %s: %s\n", type->name, type->version, type->id,
	       lane_name(ev, type->lane), hook_state(type), type->doc);
	for (uint32_t i = 0; i < type->nr_fields; i++) {
		const struct evring_field *field = &type->fields[i];

		table_cell(table, STYLE_PLAIN, "  %s", field->name);
		table_cell(table, STYLE_PLAIN, "%s", kind_name(field->kind));
		table_cell(table, STYLE_PLAIN, "%s", format_name(field->format));
		table_cell(table, STYLE_PLAIN, "%s", *field->unit ? field->unit : "-");
		table_number(table, field->offset);
		table_number(table, field->size);
		table_cell(table, STYLE_DIM, "%s", field->doc);
	}
	table_print(table);
	putchar('\n');
}

static json_t *field_json(const struct evring_field *field)
{
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:s}", "name", field->name,
				 "kind", kind_name(field->kind),
				 "format", format_name(field->format), "unit", field->unit,
				 "offset", field->offset, "size", field->size, "doc", field->doc);
	json_t *values;

	if (!field->nr_values)
		return json;
	values = json_object();
	for (uint32_t i = 0; i < field->nr_values; i++)
		json_object_set_new(values, field->values[i].name,
				    json_integer((json_int_t)field->values[i].value));
	json_object_set_new(json, "values", values);
	return json;
}

static json_t *type_json(const struct evring *ev, const struct evring_type *type)
{
	json_t *fields = json_array();

	for (uint32_t i = 0; i < type->nr_fields; i++) {
		const struct evring_field *field = &type->fields[i];

		json_array_append_new(fields, field_json(field));
	}
	return json_pack("{s:I, s:I, s:s, s:s, s:I, s:s, s:I, s:I, s:b, s:b, s:b, s:o}",
			 "id", (json_int_t)type->id, "generation", (json_int_t)type->generation,
			 "name", type->name, "doc", type->doc,
			 "version", (json_int_t)type->version, "lane", lane_name(ev, type->lane),
			 "size", (json_int_t)type->size, "lost", (json_int_t)type->lost,
			 "hook", !!(type->flags & EVRING_TYPE_F_HOOK),
			 "attached", !!(type->flags & EVRING_TYPE_F_ATTACHED),
			 "gone", !!(type->flags & EVRING_TYPE_F_GONE), "fields", fields);
}

static int list_json(struct evring *ev, int nr, int argc, char **argv)
{
	json_t *list = json_array();

	for (int id = 0; id < nr; id++) {
		const struct evring_type *type = evring_type(ev, id);

		if (type && is_wanted(type, argc, argv))
			json_array_append_new(list, type_json(ev, type));
	}
	print_json(list);
	return EXIT_SUCCESS;
}

static int list(struct evring *ev, int nr, bool verbose, int argc, char **argv)
{
	static const char *const heads[] = {
		"ID", "<NAME", "VERSION", "<LANE", "FIELDS", "SIZE", "LOST", "<HOOK",
	};
	struct table *table = NULL;
	bool is_found = false;

	for (int id = 0; id < nr; id++) {
		const struct evring_type *type = evring_type(ev, id);

		if (!type || !is_wanted(type, argc, argv))
			continue;
		is_found = true;
		if (verbose || is_named(type, argc, argv)) {
			print_fields(ev, type);
			continue;
		}
		if (!table)
			table = table_new(heads, ARRAY_SIZE(heads));
		add_row(table, ev, type);
	}
	if (table)
		table_print(table);
	if (!is_found && argc) {
		fprintf(stderr, "evring: there is no type '%s': 'evring types' lists them\n",
			argv[0]);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

int cmd_types(const struct cli *cli, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "verbose", no_argument, NULL, 'v' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	bool json = false, verbose = false;
	struct evring *ev;
	int option, nr, ret;

	while ((option = getopt_long(argc, argv, "vh", longs, NULL)) != -1) {
		if (option == 'h')
			return print_help(help);
		else if (option == 'v')
			verbose = true;
		else if (option == 'j')
			json = true;
		else
			return try_help("types");
	}
	ev = open_device(cli);
	if (!ev)
		return EXIT_FAILURE;
	nr = evring_types(ev);
	if (nr < 0)
		ret = fail(nr, "cannot read the types");
	else if (json)
		ret = list_json(ev, nr, argc - optind, argv + optind);
	else
		ret = list(ev, nr, verbose, argc - optind, argv + optind);
	evring_close(ev);
	return ret;
}
