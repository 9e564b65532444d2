/* SPDX-License-Identifier: MIT */
/* evring status: lanes, rings, groups and losses. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli.h"

static const char help[] =
	"Usage: evring status [--rings] [--json] [--watch[=SECONDS]]\n"
	"Show the lanes of the module, the groups that read them, and what was lost.\n"
	"\n"
	"  --rings             a row for each ring instead of each lane\n"
	"  --json              as one JSON object (with --watch, one line each)\n"
	"  --watch[=SECONDS]   again and again, every 2 seconds if not said otherwise\n"
	"  --help              this text\n";

struct options {
	bool rings;
	bool json;
	unsigned int watch;	/* seconds, 0: once */
};

static const char *clock_name(const struct snapshot *snap)
{
	switch (snap->clock.source) {
	case EVRING_CLOCK_BOOTTIME:
		return "boottime";
	case EVRING_CLOCK_TSC:
		return "tsc";
	default:
		return "unknown";
	}
}

static void lane_tally(const struct snapshot *snap, unsigned int lane, struct tally *tally)
{
	*tally = (struct tally){ 0 };
	for (unsigned int i = 0; i < snap->nr_rings; i++) {
		if (snap->rings[i].page.lane == lane)
			tally_add(tally, &snap->rings[i]);
	}
}

/*
 * For people
 */

static void print_module(const struct snapshot *snap)
{
	const struct evring_meta *meta = &snap->meta;
	char memory[HUMAN_MAX], segment[HUMAN_MAX];

	printf("evring %s, module %s, ABI %u (this program's: %d), clock %s\n"
	       "%u rings of %s segments, %s of memory\n\n", evring_version(), meta->module,
	       meta->version, EVRING_ABI_VERSION, clock_name(snap), meta->nr_rings,
	       human_size(segment, meta->segment_size), human_size(memory, meta->memory));
}

/* A table with these columns first, and then those of add_counters(). */
static struct table *table_of(const struct snapshot *snap, const char *const *first, unsigned int nr)
{
	static const char *const before[] = { "EMITTED", "PUBLISHED", "LOST" };
	static const char *const after[] = { "DISCARDED", "WAKEUPS", "BYTES" };
	/* Of one table at a time, which keeps them */
	static const char *heads[4 + ARRAY_SIZE(before) + CAUSES_MAX + ARRAY_SIZE(after)];
	static char causes[CAUSES_MAX][16];
	unsigned int n = 0;

	for (unsigned int i = 0; i < nr; i++)
		heads[n++] = first[i];
	for (unsigned int i = 0; i < ARRAY_SIZE(before); i++)
		heads[n++] = before[i];
	for (unsigned int i = 0; i < snap->nr_causes; i++) {
		snprintf(causes[i], sizeof(causes[i]), "%s", cause_name(i));
		for (char *c = causes[i]; *c; c++)
			*c = (char)toupper((unsigned char)*c);
		heads[n++] = causes[i];
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(after); i++)
		heads[n++] = after[i];
	return table_new(heads, n);
}

/* The columns that lanes and rings have in common. */
static void add_counters(struct table *table, const struct snapshot *snap, const struct tally *tally)
{
	char human[HUMAN_MAX];

	table_number(table, tally->emitted);
	table_number(table, tally_published(tally));
	table_fault(table, tally_lost(tally));
	for (unsigned int i = 0; i < snap->nr_causes; i++)
		table_fault(table, tally->lost[i]);
	table_number(table, tally->discarded);
	table_number(table, tally->wakeups);
	table_cell(table, STYLE_PLAIN, "%s", human_size(human, tally->bytes));
}

static void print_lanes(const struct snapshot *snap)
{
	static const char *const first[] = { "<LANE", "RINGS", "SIZE" };
	struct table *table = table_of(snap, first, ARRAY_SIZE(first));
	char human[HUMAN_MAX];
	struct tally tally;

	for (unsigned int lane = 0; lane < snap->meta.lanes.count; lane++) {
		lane_tally(snap, lane, &tally);
		table_cell(table, STYLE_PLAIN, "%s", lane_name(snap->ev, lane));
		table_number(table, tally.rings);
		table_cell(table, STYLE_PLAIN, "%s", human_size(human, tally.size));
		add_counters(table, snap, &tally);
	}
	table_print(table);
}

static void print_rings(const struct snapshot *snap)
{
	static const char *const first[] = { "<LANE", "CPU", "SIZE", "KEPT" };
	struct table *table = table_of(snap, first, ARRAY_SIZE(first));
	char human[HUMAN_MAX];

	for (unsigned int i = 0; i < snap->nr_rings; i++) {
		const struct ring *ring = &snap->rings[i];
		struct tally tally = { 0 };

		tally_add(&tally, ring);
		table_cell(table, STYLE_PLAIN, "%s", lane_name(snap->ev, ring->page.lane));
		table_number(table, ring->page.cpu);
		table_cell(table, STYLE_PLAIN, "%s", human_size(human, tally.size));
		table_cell(table, STYLE_PLAIN, "%s", human_size(human, tally.kept));
		add_counters(table, snap, &tally);
	}
	table_print(table);
}

static void print_groups(const struct snapshot *snap)
{
	for (unsigned int i = 0; i < snap->meta.groups.count; i++) {
		if (!snap->groups[i].name[0])
			continue;
		putchar('\n');
		groups_print(snap);
		return;
	}
	printf("\nNo group: events are held for nobody.\n");
}

static void print_losses(struct evring *ev, unsigned int nr_types)
{
	static const char *const heads[] = { "<TYPE", "<LANE", "LOST" };
	struct table *table = NULL;

	for (unsigned int id = 0; id < nr_types; id++) {
		const struct evring_type *type = evring_type(ev, id);

		if (!type || !type->lost)
			continue;
		if (!table)
			table = table_new(heads, ARRAY_SIZE(heads));
		table_cell(table, STYLE_PLAIN, "%s", type->name);
		table_cell(table, STYLE_PLAIN, "%s", lane_name(ev, type->lane));
		table_fault(table, type->lost);
	}
	putchar('\n');
	if (table)
		table_print(table);
	else
		printf("No event was lost.\n");
}

/*
 * For programs
 */

static json_t *tally_json(const struct snapshot *snap, const struct tally *tally)
{
	json_t *lost = json_object();

	for (unsigned int i = 0; i < snap->nr_causes; i++)
		json_object_set_new(lost, cause_name(i), json_integer((json_int_t)tally->lost[i]));
	return json_pack("{s:I, s:I, s:I, s:I, s:o, s:I, s:I, s:I}",
			 "size", (json_int_t)tally->size, "kept", (json_int_t)tally->kept,
			 "emitted", (json_int_t)tally->emitted,
			 "published", (json_int_t)tally_published(tally), "lost", lost,
			 "discarded", (json_int_t)tally->discarded,
			 "wakeups", (json_int_t)tally->wakeups, "bytes", (json_int_t)tally->bytes);
}

static json_t *lanes_json(const struct snapshot *snap)
{
	json_t *list = json_array();
	struct tally tally;

	for (unsigned int lane = 0; lane < snap->meta.lanes.count; lane++) {
		json_t *json;

		lane_tally(snap, lane, &tally);
		json = json_pack("{s:s, s:i}", "lane", lane_name(snap->ev, lane), "rings", (int)tally.rings);
		json_object_update_new(json, tally_json(snap, &tally));
		json_array_append_new(list, json);
	}
	return list;
}

static json_t *rings_json(const struct snapshot *snap)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < snap->nr_rings; i++) {
		const struct ring *ring = &snap->rings[i];
		struct tally tally = { 0 };
		json_t *json;

		tally_add(&tally, ring);
		json = json_pack("{s:s, s:i}", "lane", lane_name(snap->ev, ring->page.lane),
				 "cpu", (int)ring->page.cpu);
		json_object_update_new(json, tally_json(snap, &tally));
		json_array_append_new(list, json);
	}
	return list;
}

static json_t *losses_json(struct evring *ev, unsigned int nr_types)
{
	json_t *json = json_object();

	for (unsigned int id = 0; id < nr_types; id++) {
		const struct evring_type *type = evring_type(ev, id);

		if (type && type->lost)
			json_object_set_new(json, type->name, json_integer(type->lost));
	}
	return json;
}

static json_t *status_json(struct evring *ev, const struct snapshot *snap, unsigned int nr_types,
			   const struct options *options)
{
	const struct evring_meta *meta = &snap->meta;
	json_t *json = json_pack("{s:s, s:s, s:I, s:I, s:I, s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:o}",
				 "version", evring_version(), "module", meta->module,
				 "abi", (json_int_t)meta->version,
				 "abi_program", (json_int_t)EVRING_ABI_VERSION,
				 "features", (json_int_t)meta->features,
				 "clock", clock_name(snap), "cpus", (json_int_t)meta->nr_cpus,
				 "segment_size", (json_int_t)meta->segment_size,
				 "memory", (json_int_t)meta->memory,
				 "boottime_ns", (json_int_t)snap->boottime_ns,
				 "lanes", lanes_json(snap), "groups", groups_json(snap),
				 "lost_by_type", losses_json(ev, nr_types));

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
		print_json(status_json(ev, &snap, nr_types, options));
	} else {
		print_module(&snap);
		if (options->rings)
			print_rings(&snap);
		else
			print_lanes(&snap);
		print_groups(&snap);
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

int cmd_status(const struct cli *cli, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "rings", no_argument, NULL, 'r' },
		{ "json", no_argument, NULL, 'j' },
		{ "watch", optional_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct options options = { 0 };
	struct evring *ev;
	int option, ret;

	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (option == 'h')
			return print_help(help);
		if (option == 'r')
			options.rings = true;
		else if (option == 'j')
			options.json = true;
		else if (option != 'w' || parse_seconds(optarg ? optarg : "2", &options.watch))
			return try_help("status");
	}
	if (optind < argc) {
		fputs("evring: status takes no arguments (and --watch=SECONDS its '=')\n", stderr);
		return try_help("status");
	}
	ev = open_device(cli);
	if (!ev)
		return EXIT_FAILURE;
	ret = options.watch ? watch(ev, &options) : show(ev, &options);
	evring_close(ev);
	return ret;
}
