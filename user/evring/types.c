/* SPDX-License-Identifier: MIT */
/* evring types: the types of events and their fields. */
#include <fnmatch.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "names.h"

static const char help[] =
	"Usage: evring types [-v] [--json] [NAME-GLOB]...\n"
	"       evring types --schema FORMAT [--flat] [--types FILE] NAME\n"
	"       evring types register [--json] FILE\n"
	"       evring types unregister NAME\n"
	"List the types of events, and all fields of a type that is given by its whole name;\n"
	"or print the schema of a type's events, for consumers;\n"
	"or register the types of a file, as --json prints them, for this user to publish.\n"
	"They stay registered until 'unregister', or until the module is unloaded.\n"
	"\n"
	"  -v, --verbose    all fields of every type\n"
	"  --json           as one JSON array, fields included\n"
	"  --schema FORMAT  avro, protobuf, json or connect\n"
	"  --flat           the schema of events with data.flatten=true\n"
	"  --types FILE     the type is in this file, as --json prints it; no module is needed\n"
	"  --help           this text\n";

struct options {
	bool json, verbose, flat;
	const char *schema, *types;
};

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

struct field_row {
	const char *name, *kind, *format, *unit;
	uint64_t offset, size;
	const char *doc;
	json_t *values;
};

#define FIELD_COLUMN(member, kind, head) COLUMN(struct field_row, member, kind, head)

static const struct column field_columns[] = {
	FIELD_COLUMN(name, TEXT, "FIELD"),
	FIELD_COLUMN(kind, TEXT, "KIND"),
	FIELD_COLUMN(format, TEXT, "FORMAT"),
	FIELD_COLUMN(unit, TEXT, "UNIT"),
	FIELD_COLUMN(offset, COUNT, "OFFSET"),
	FIELD_COLUMN(size, COUNT, "SIZE"),
	FIELD_COLUMN(doc, TEXT, "MEANING"),
	FIELD_COLUMN(values, ROWS, NULL),
	{ 0 },
};

struct type_row {
	uint64_t id, generation;
	const char *name, *doc;
	uint64_t version;
	const char *lane;
	json_t *fields;
	uint64_t size, common_size, lost;
	bool hook, attached, gone, app;
	uint64_t uid;
	const char *state;
};

#define TYPE_COLUMN(member, kind, head) COLUMN(struct type_row, member, kind, head)

static const struct column type_columns[] = {
	TYPE_COLUMN(id, COUNT, "ID"),
	TYPE_COLUMN(generation, COUNT, NULL),
	TYPE_COLUMN(name, TEXT, "NAME"),
	TYPE_COLUMN(doc, TEXT, NULL),
	TYPE_COLUMN(version, COUNT, "VERSION"),
	TYPE_COLUMN(lane, TEXT, "LANE"),
	TYPE_COLUMN(fields, ROWS, "FIELDS"),
	TYPE_COLUMN(size, COUNT, "SIZE"),
	TYPE_COLUMN(common_size, COUNT, NULL),
	TYPE_COLUMN(lost, FAULT, "LOST"),
	TYPE_COLUMN(hook, FLAG, NULL),
	TYPE_COLUMN(attached, FLAG, NULL),
	TYPE_COLUMN(gone, FLAG, NULL),
	TYPE_COLUMN(app, FLAG, NULL),
	TYPE_COLUMN(uid, COUNT, NULL),
	TYPE_COLUMN(state, TEXT, "HOOK"),
	{ 0 },
};

/* The names of an enum's numbers, or of a bit mask's bits */
static json_t *values_json(const struct evring_field *field)
{
	json_t *values = field->nr_values ? json_object() : NULL;

	for (uint32_t i = 0; i < field->nr_values; i++)
		json_object_set_new(values, field->values[i].name,
				    json_integer((json_int_t)field->values[i].value));
	return values;
}

static struct field_row field_row_of(const struct evring_field *field)
{
	return (struct field_row){
		.name = field->name,
		.kind = kind_name(field->kind),
		.format = format_name(field->format),
		.unit = field->unit,
		.offset = field->offset,
		.size = field->size,
		.doc = field->doc,
		.values = values_json(field),
	};
}

static json_t *fields_json(const struct evring_type *type)
{
	json_t *fields = json_array();

	for (uint32_t i = 0; i < type->nr_fields; i++) {
		struct field_row row = field_row_of(&type->fields[i]);

		json_array_append_new(fields, columns_json(field_columns, &row));
		columns_release(field_columns, &row);
	}
	return fields;
}

static struct type_row type_row_of(const struct evring_type *type, const char *lane)
{
	return (struct type_row){
		.id = type->id,
		.generation = type->generation,
		.name = type->name,
		.doc = type->doc,
		.version = type->version,
		.lane = lane,
		.fields = fields_json(type),
		.size = type->size,
		.common_size = type->common_size,
		.lost = type->lost,
		.hook = type->flags & EVRING_TYPE_F_HOOK,
		.attached = type->flags & EVRING_TYPE_F_ATTACHED,
		.gone = type->flags & EVRING_TYPE_F_GONE,
		.app = type->flags & EVRING_TYPE_F_APP,
		.uid = type->flags & EVRING_TYPE_F_APP ? type->uid : COLUMN_NONE,
		.state = hook_state(type),
	};
}

json_t *type_json(const struct evring_type *type, const char *lane)
{
	struct type_row row = type_row_of(type, lane);
	json_t *json = columns_json(type_columns, &row);

	columns_release(type_columns, &row);
	return json;
}

static void print_fields(const struct evring *ev, const struct evring_type *type)
{
	struct table *table = table_new(field_columns, 0);

	printf("%s, version %u, id %u, lane %s, %s: %s\n", type->name, type->version, type->id,
	       lane_name(ev, type->lane), hook_state(type), type->doc);
	for (uint32_t i = 0; i < type->nr_fields; i++) {
		struct field_row row = field_row_of(&type->fields[i]);

		table_row(table, &row);
		columns_release(field_columns, &row);
	}
	table_print(table);
	putchar('\n');
}

/* The types that match as one table, or each with a table of its fields. */
static int list(struct evring *ev, int nr, const struct options *options, int argc, char **argv)
{
	struct table *table = table_new(type_columns, 0);
	json_t *array = json_array();
	bool is_found = false;

	for (int id = 0; id < nr; id++) {
		const struct evring_type *type = evring_type(ev, (unsigned int)id);
		struct type_row row;

		if (!type || !is_wanted(type, argc, argv))
			continue;
		is_found = true;
		if (!options->json && (options->verbose || is_named(type, argc, argv))) {
			print_fields(ev, type);
			continue;
		}
		row = type_row_of(type, lane_name(ev, type->lane));
		table_row(table, &row);
		json_array_append_new(array, columns_json(type_columns, &row));
		columns_release(type_columns, &row);
	}
	report_print(table, array, options->json);
	if (is_found || !argc || options->json)
		return EXIT_SUCCESS;
	fprintf(stderr, "evring: there is no type '%s': 'evring types' lists them\n", argv[0]);
	return EXIT_FAILURE;
}

/* 'register FILE' and 'unregister NAME' */
static int change(const struct cli *cli, const struct options *options, int argc, char **argv)
{
	bool is_register = !strcmp(argv[0], "register");

	if (argc != 2 || options->verbose || (options->json && !is_register)) {
		fprintf(stderr, "evring: types %s takes a %s\n", argv[0],
			is_register ? "file" : "name");
		return try_help("types");
	}
	return is_register ? types_register(cli, argv[1], options->json) :
			     types_unregister(cli, argv[1]);
}

/* One type's schema */
static int print_schema(const struct cli *cli, const struct options *options, int argc,
			char **argv)
{
	const struct types_schema how = {
		.format = options->schema, .name = argc ? argv[0] : NULL, .file = options->types,
		.flat = options->flat,
	};

	if (how.format && argc == 1 && !options->json && !options->verbose)
		return types_schema(cli, &how);
	fprintf(stderr, "evring: %s\n", how.format ?
		"types --schema takes the name of one type" :
		"types --flat and --types go with --schema");
	return try_help("types");
}

static int parse(struct options *options, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "verbose", no_argument, NULL, 'v' },
		{ "json", no_argument, NULL, 'j' },
		{ "schema", required_argument, NULL, 's' },
		{ "flat", no_argument, NULL, 'f' },
		{ "types", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "vh", longs, NULL)) != -1) {
		if (option == 'v')
			options->verbose = true;
		else if (option == 'j')
			options->json = true;
		else if (option == 's')
			options->schema = optarg;
		else if (option == 'f')
			options->flat = true;
		else if (option == 't')
			options->types = optarg;
		else
			return option;
	}
	return 0;
}

int cmd_types(const struct cli *cli, int argc, char **argv)
{
	struct options options = { 0 };
	struct evring *ev;
	int nr, ret;

	ret = parse(&options, argc, argv);
	if (ret)
		return ret == 'h' ? print_help(help) : try_help("types");
	if (options.schema || options.flat || options.types)
		return print_schema(cli, &options, argc - optind, argv + optind);
	if (optind < argc && (!strcmp(argv[optind], "register") ||
			      !strcmp(argv[optind], "unregister")))
		return change(cli, &options, argc - optind, argv + optind);
	ev = open_device(cli);
	if (!ev)
		return EXIT_FAILURE;
	nr = evring_types(ev);
	ret = nr < 0 ? fail(nr, "cannot read the types") :
		       list(ev, nr, &options, argc - optind, argv + optind);
	evring_close(ev);
	return ret;
}
