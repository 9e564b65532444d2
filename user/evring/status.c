/* SPDX-License-Identifier: MIT */
/* evring status: lanes, rings, groups and losses. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "names.h"
#include "text.h"

static const char help[] =
	"Usage: evring status [--rings] [--json] [--watch[=SECONDS]]\n"
	"       evring status --prometheus|--openmetrics [--output FILE]\n"
	"Show the lanes of the module, the groups that read them, and the lost events.\n"
	"\n"
	"  --rings             a row for each ring instead of each lane\n"
	"  --json              as one JSON object (with --watch, one line each)\n"
	"  --watch[=SECONDS]   again and again, every 2 seconds by default\n"
	"  --prometheus        as metrics for Prometheus, in its text format\n"
	"  --openmetrics       the same in the OpenMetrics format\n"
	"  --output FILE       replace FILE by them, at once and as a whole\n"
	"  --help              this text\n";

struct options {
	bool rings;
	bool json;
	unsigned int watch;	/* seconds, 0: once */
	bool prometheus, openmetrics;
	const char *output;	/* NULL: standard output */
};

/* One lane, or one ring */
struct counter_row {
	const char *lane;
	uint64_t rings, cpu, size, kept, held, emitted, published;
	struct causes lost;
	uint64_t discarded, wakeups, bytes, held_max;
};

#define COUNTER_COLUMN(member, kind, head) COLUMN(struct counter_row, member, kind, head)
#define COUNTER_COLUMNS \
	COUNTER_COLUMN(emitted, COUNT, "EMITTED"), \
	COUNTER_COLUMN(published, COUNT, "PUBLISHED"), \
	COUNTER_COLUMN(lost, CAUSES, "LOST"), \
	COUNTER_COLUMN(discarded, COUNT, "DISCARDED"), \
	COUNTER_COLUMN(wakeups, COUNT, "WAKEUPS"), \
	COUNTER_COLUMN(bytes, BYTES, "BYTES"), \
	COUNTER_COLUMN(held_max, BYTES, "MOST HELD"), \
	{ 0 }

static const struct column lane_columns[] = {
	COUNTER_COLUMN(lane, TEXT, "LANE"),
	COUNTER_COLUMN(rings, COUNT, "RINGS"),
	COUNTER_COLUMN(size, BYTES, "SIZE"),
	COUNTER_COLUMN(kept, BYTES, NULL),
	COUNTER_COLUMNS,
};

static const struct column ring_columns[] = {
	COUNTER_COLUMN(lane, TEXT, "LANE"),
	COUNTER_COLUMN(cpu, COUNT, "CPU"),
	COUNTER_COLUMN(size, BYTES, "SIZE"),
	COUNTER_COLUMN(kept, BYTES, "KEPT"),
	COUNTER_COLUMN(held, BYTES, "HELD"),
	COUNTER_COLUMNS,
};

static struct counter_row row_of(const struct snapshot *snap, unsigned int lane,
				 const struct tally *tally)
{
	struct counter_row row = {
		.lane = lane_name(snap->ev, lane),
		.rings = tally->rings,
		.size = tally->size,
		.kept = tally->kept,
		.emitted = tally->emitted,
		.published = tally_published(tally),
		.lost = { .nr = snap->nr_causes },
		.discarded = tally->discarded,
		.wakeups = tally->wakeups,
		.bytes = tally->bytes,
		.held_max = tally->held_max,
	};

	memcpy(row.lost.lost, tally->lost, sizeof(row.lost.lost));
	return row;
}

static struct counter_row lane_row(const struct snapshot *snap, unsigned int lane)
{
	struct tally tally;

	tally_lane(snap, lane, &tally);
	return row_of(snap, lane, &tally);
}

static struct counter_row ring_row(const struct snapshot *snap, unsigned int i)
{
	const struct ring_view *ring = &snap->rings[i];
	struct tally tally = { 0 };
	struct counter_row row;
	int holder;

	tally_add(&tally, snap, ring);
	row = row_of(snap, ring->page.lane, &tally);
	row.cpu = ring->page.cpu;
	row.held = ring_held(snap, ring, &holder);
	return row;
}

/* The module as a whole */
struct module_row {
	const char *version, *module;
	uint64_t abi, abi_program, features;
	const char *clock;
	uint64_t cpus, segment_size, memory, boottime_ns;
};

#define MODULE_COLUMN(member, kind) COLUMN(struct module_row, member, kind, NULL)

static const struct column module_columns[] = {
	MODULE_COLUMN(version, TEXT), MODULE_COLUMN(module, TEXT), MODULE_COLUMN(abi, COUNT),
	MODULE_COLUMN(abi_program, COUNT), MODULE_COLUMN(features, COUNT),
	MODULE_COLUMN(clock, TEXT), MODULE_COLUMN(cpus, COUNT), MODULE_COLUMN(segment_size, BYTES),
	MODULE_COLUMN(memory, BYTES), MODULE_COLUMN(boottime_ns, DURATION), { 0 },
};

static struct module_row module_row(const struct snapshot *snap)
{
	const struct evring_meta *meta = &snap->meta;

	return (struct module_row){
		.version = evring_version(),
		.module = meta->module,
		.abi = meta->version,
		.abi_program = EVRING_ABI_VERSION,
		.features = meta->features,
		.clock = clock_source_name(snap->clock.source),
		.cpus = meta->nr_cpus,
		.segment_size = meta->segment_size,
		.memory = meta->memory,
		.boottime_ns = snap->boottime_ns,
	};
}

/*
 * As text
 */

static void print_module(const struct snapshot *snap)
{
	const struct module_row module = module_row(snap);
	char memory[HUMAN_MAX], segment[HUMAN_MAX], *features = feature_list(module.features);

	printf("evring %s, module %s, ABI %llu (this program's: %llu), clock %s\n"
	       "%u rings of %s segments, %s of memory\nfeatures: %s\n\n", module.version,
	       module.module, (unsigned long long)module.abi, (unsigned long long)module.abi_program,
	       module.clock, snap->meta.nr_rings, human_size(segment, module.segment_size),
	       human_size(memory, module.memory), features);
	free(features);
}

static void print_lanes(const struct snapshot *snap)
{
	struct table *table = table_new(lane_columns, snap->nr_causes);

	for (unsigned int lane = 0; lane < snap->meta.lanes.count; lane++) {
		const struct counter_row row = lane_row(snap, lane);

		table_row(table, &row);
	}
	table_print(table);
}

static void print_rings(const struct snapshot *snap)
{
	struct table *table = table_new(ring_columns, snap->nr_causes);

	for (unsigned int i = 0; i < snap->nr_rings; i++) {
		const struct counter_row row = ring_row(snap, i);

		table_row(table, &row);
	}
	table_print(table);
}

struct loss_row {
	const char *type, *lane;
	uint64_t lost;
};

static void print_losses(struct evring *ev, unsigned int nr_types)
{
	static const struct column columns[] = {
		COLUMN(struct loss_row, type, TEXT, "TYPE"),
		COLUMN(struct loss_row, lane, TEXT, "LANE"),
		COLUMN(struct loss_row, lost, FAULT, "LOST"),
		{ 0 },
	};
	struct table *table = table_new(columns, 0);
	bool is_found = false;

	for (unsigned int id = 0; id < nr_types; id++) {
		const struct evring_type *type = evring_type(ev, id);
		struct loss_row row;

		if (!type || !type->lost)
			continue;
		row = (struct loss_row){ type->name, lane_name(ev, type->lane), type->lost };
		table_row(table, &row);
		is_found = true;
	}
	putchar('\n');
	table_print(table);
	if (!is_found)
		printf("No event was lost.\n");
}

/*
 * As JSON
 */

static json_t *features_json(uint64_t features)
{
	json_t *list = json_array();

	for (; features; features &= features - 1)
		json_array_append_new(list, json_string(feature_name(features & -features)));
	return list;
}

static json_t *lanes_json(const struct snapshot *snap)
{
	json_t *list = json_array();

	for (unsigned int lane = 0; lane < snap->meta.lanes.count; lane++) {
		const struct counter_row row = lane_row(snap, lane);

		json_array_append_new(list, columns_json(lane_columns, &row));
	}
	return list;
}

static json_t *rings_json(const struct snapshot *snap)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < snap->nr_rings; i++) {
		const struct counter_row row = ring_row(snap, i);

		json_array_append_new(list, columns_json(ring_columns, &row));
	}
	return list;
}

/* Versions of a type have the same name. */
static json_t *losses_json(struct evring *ev, unsigned int nr_types)
{
	json_t *json = json_object();

	for (unsigned int id = 0; id < nr_types; id++) {
		const struct evring_type *type = evring_type(ev, id);

		if (type && type->lost)
			json_add(json, type->name, type->lost);
	}
	return json;
}

static json_t *status_json(struct evring *ev, const struct snapshot *snap, unsigned int nr_types,
			   const struct options *options)
{
	const struct module_row module = module_row(snap);
	json_t *json = columns_json(module_columns, &module);

	json_object_set_new(json, "feature_names", features_json(module.features));
	json_object_set_new(json, "lanes", lanes_json(snap));
	json_object_set_new(json, "groups", groups_json(snap));
	json_object_set_new(json, "lost_by_type", losses_json(ev, nr_types));
	if (options->rings)
		json_object_set_new(json, "rings", rings_json(snap));
	return json;
}

/*
 * The verb
 */

static int show(struct evring *ev, const struct options *options)
{
	struct snapshot snap;
	int nr_types = evring_types(ev);
	int ret;

	if (nr_types < 0)
		return fail(nr_types, "cannot read the types");
	ret = snapshot_take(ev, &snap);
	if (ret < 0)
		return fail(ret, "cannot read the counters");
	if (options->json) {
		json_print(status_json(ev, &snap, nr_types, options));
	} else {
		print_module(&snap);
		if (options->rings)
			print_rings(&snap);
		else
			print_lanes(&snap);
		putchar('\n');
		groups_print(&snap);
		print_losses(ev, nr_types);
	}
	snapshot_free(&snap);
	return fflush(stdout) ? fail(errno, "cannot write") : EXIT_SUCCESS;
}

static int watch(struct evring *ev, const struct options *options)
{
	bool is_screen = !options->json && isatty(STDOUT_FILENO);
	int ret;

	for (;;) {
		if (is_screen)
			fputs("\033[H\033[J", stdout);
		ret = show(ev, options);
		if (ret != EXIT_SUCCESS)
			return ret;
		if (!is_screen && !options->json)
			putchar('\n');
		sleep(options->watch);
	}
}

static int parse_seconds(const char *text, unsigned int *seconds)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value < 1 || value > 86400) {
		fputs("evring: --watch takes a number of seconds from 1 to 86400\n", stderr);
		return -EINVAL;
	}
	*seconds = value;
	return 0;
}

/* False: the options do not go together. */
static bool fit(const struct options *options)
{
	if (options->prometheus && (options->rings || options->json || options->watch))
		fputs("evring: --prometheus and --openmetrics take no other option than --output\n", stderr);
	else if (options->output && !options->prometheus)
		fputs("evring: --output goes with --prometheus or --openmetrics\n", stderr);
	else
		return true;
	return false;
}

static bool take(struct options *options, int option)
{
	switch (option) {
	case 'r':
		options->rings = true;
		return true;
	case 'j':
		options->json = true;
		return true;
	case 'o':
		options->openmetrics = true;
		/* fall through */
	case 'p':
		options->prometheus = true;
		return true;
	case 'O':
		options->output = optarg;
		return true;
	case 'w':
		return !parse_seconds(optarg ? optarg : "2", &options->watch);
	default:
		return false;
	}
}

int cmd_status(const struct cli *cli, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "rings", no_argument, NULL, 'r' },
		{ "json", no_argument, NULL, 'j' },
		{ "watch", optional_argument, NULL, 'w' },
		{ "prometheus", no_argument, NULL, 'p' },
		{ "openmetrics", no_argument, NULL, 'o' },
		{ "output", required_argument, NULL, 'O' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct options options = { 0 };
	struct evring *ev;
	int option, ret;

	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (option == 'h')
			return print_help(help);
		if (!take(&options, option))
			return try_help("status");
	}
	if (optind < argc)
		fputs("evring: status takes no arguments (and --watch=SECONDS its '=')\n", stderr);
	if (optind < argc || !fit(&options))
		return try_help("status");
	if (options.prometheus)
		return status_metrics(cli, options.openmetrics, options.output);
	ev = open_device(cli);
	if (!ev)
		return EXIT_FAILURE;
	ret = options.watch ? watch(ev, &options) : show(ev, &options);
	evring_close(ev);
	return ret;
}
