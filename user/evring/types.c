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

static void add_row(struct table *table, const struct evring_type *type)
{
	table_number(table, type->id);
	table_cell(table, STYLE_PLAIN, "%s", type->name);
	table_number(table, type->version);
	table_cell(table, STYLE_PLAIN, "%s", lane_name(type->lane));
	table_number(table, type->nr_fields);
	table_number(table, type->size);
	table_fault(table, type->lost);
	table_cell(table, STYLE_PLAIN, "%s", hook_state(type));
}

static void print_fields(const struct evring_type *type)
{
	static const char *const heads[] = { "<  FIELD", "<KIND", "<FORMAT", "OFFSET", "SIZE" };
	struct table *table = table_new(heads, ARRAY_SIZE(heads));

	printf("%s, version %u, id %u, lane %s, %s\n", type->name, type->version, type->id,
	       lane_name(type->lane), hook_state(type));
	for (uint32_t i = 0; i < type->nr_fields; i++) {
		const struct evring_field *field = &type->fields[i];

		table_cell(table, STYLE_PLAIN, "  %s", field->name);
		table_cell(table, STYLE_PLAIN, "%s", kind_name(field->kind));
		table_cell(table, STYLE_PLAIN, "%s", format_name(field->format));
		table_number(table, field->offset);
		table_number(table, field->size);
	}
	table_print(table);
	putchar('\n');
}

static json_t *type_json(const struct evring_type *type)
{
	json_t *fields = json_array();

	for (uint32_t i = 0; i < type->nr_fields; i++) {
		const struct evring_field *field = &type->fields[i];

		json_array_append_new(fields, json_pack("{s:s, s:s, s:s, s:i, s:i}",
							"name", field->name,
							"kind", kind_name(field->kind),
							"format", format_name(field->format),
							"offset", field->offset,
							"size", field->size));
	}
	return json_pack("{s:I, s:s, s:I, s:s, s:I, s:I, s:b, s:b, s:b, s:o}",
			 "id", (json_int_t)type->id, "name", type->name,
			 "version", (json_int_t)type->version, "lane", lane_name(type->lane),
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
			json_array_append_new(list, type_json(type));
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
			print_fields(type);
			continue;
		}
		if (!table)
			table = table_new(heads, ARRAY_SIZE(heads));
		add_row(table, type);
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
