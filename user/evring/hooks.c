/* SPDX-License-Identifier: MIT */
/* evring hooks: list, attach and detach what emits events. */
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "names.h"

static const char help[] =
	"Usage: evring hooks [--json]\n"
	"       evring hooks attach [--group GROUP] [--lane LANE] NAME-GLOB...\n"
	"       evring hooks detach [--group GROUP] NAME-GLOB...\n"
	"List the hooks of the kernel, or attach or detach those that match ('process.*').\n"
	"A hook stays attached when this program ends, until each of its owners has\n"
	"detached it. A hook that is detached costs nothing.\n"
	"\n"
	"  --group GROUP  make the group the owner, not the administrator\n"
	"  --lane LANE    put the events into this lane, not into the hook's own\n"
	"  --json         as one JSON array\n"
	"  --help         this text\n";

/* The options of the command line */
struct request {
	bool json;
	bool attach;
	const char *group;	/* NULL: the administrator */
	const char *lane_name;	/* NULL: the hook's own */
	int lane;
};

struct hook_row {
	const char *name;
	bool attached, disarmed;
	const char *state;
	uint64_t owners;
	const char *lane;
	uint64_t version, lost;
	const char *why;	/* it is absent, or emits nothing; "" if there is nothing to tell */
};

static enum style state_style(const void *data)
{
	const struct hook_row *row = data;

	if (row->disarmed)
		return STYLE_BAD;
	return row->attached ? STYLE_GOOD : STYLE_DIM;
}

#define HOOK_COLUMN(member, kind, head) COLUMN(struct hook_row, member, kind, head)

static const struct column columns[] = {
	HOOK_COLUMN(name, TEXT, "HOOK"),
	HOOK_COLUMN(attached, FLAG, NULL),
	COLUMN_STYLED(struct hook_row, state, TEXT, "STATE", state_style),
	HOOK_COLUMN(owners, COUNT, "OWNERS"),
	HOOK_COLUMN(lane, TEXT, "LANE"),
	HOOK_COLUMN(version, COUNT, "VERSION"),
	HOOK_COLUMN(lost, FAULT, "LOST"),
	HOOK_COLUMN(why, TEXT, "WHY"),
	{ 0 },
};

/* A hook of several versions is listed as its newest one. */
static bool is_listed(struct evring *ev, const struct evring_type *type)
{
	return is_hook(type) && evring_type_by_name(ev, type->name) == type;
}

static struct hook_row row_of(struct evring *ev, const struct evring_type *type,
			       char why[EVRING_WHY_MAX])
{
	int owners = evring_owners(ev, type->name);

	return (struct hook_row){
		.name = type->name,
		.attached = type->flags & EVRING_TYPE_F_ATTACHED,
		.disarmed = type->flags & EVRING_TYPE_F_DISARMED,
		.state = hook_state(type),
		/* The hook may have gone since it was listed. */
		.owners = owners < 0 ? 0 : (uint64_t)owners,
		.lane = lane_name(ev, type->lane),
		.version = type->version,
		.lost = type->lost,
		.why = evring_hook_why(ev, type->name, why, EVRING_WHY_MAX) < 0 ? "" : why,
	};
}

static int list(struct evring *ev, int nr, bool json)
{
	struct table *table = table_new(columns, 0);
	json_t *array = json_array();

	for (int id = 0; id < nr; id++) {
		const struct evring_type *type = evring_type(ev, (unsigned int)id);
		char why[EVRING_WHY_MAX];
		struct hook_row row;

		if (!is_listed(ev, type))
			continue;
		row = row_of(ev, type, why);
		table_row(table, &row);
		json_array_append_new(array, columns_json(columns, &row));
	}
	if (!json && !json_array_size(array))
		printf("The module has no hooks.\n");
	report_print(table, array, json);
	return EXIT_SUCCESS;
}

static int no_such_hook(struct evring *ev, const char *glob)
{
	char *names = hook_list(ev);

	fflush(stdout);
	fprintf(stderr, "evring: no hook has the name '%s'; the hooks are: %s\n", glob, names);
	free(names);
	return EXIT_FAILURE;
}

static int switch_hook(struct evring *ev, const char *name, const struct request *request)
{
	const char *verb = request->attach ? "attach" : "detach";
	int before = evring_owners(ev, name), after, state;
	char why[EVRING_WHY_MAX];

	if (before < 0)
		return fail(before, "cannot %s %s", verb, name);
	state = request->attach ? evring_attach(ev, name, request->group, request->lane) :
				  evring_detach(ev, name, request->group);
	if (state == -ENOENT && request->group)
		return fail(state, "cannot %s %s for the group %s", verb, name, request->group);
	if (state == -EBUSY)
		return fail(state, "cannot put %s into another lane: others have it attached",
			    name);
	if (state == -EOPNOTSUPP && evring_hook_why(ev, name, why, sizeof(why)) >= 0 && *why)
		return fail(state, "cannot %s %s: %s", verb, name, why);
	if (state < 0)
		return fail(state, "cannot %s %s", verb, name);
	if (request->attach && state != EVRING_HOOK_ATTACHED &&
	    evring_hook_why(ev, name, why, sizeof(why)) >= 0)
		fprintf(stderr, "evring: %s emits nothing yet: %s\n", name, why);
	after = evring_owners(ev, name);
	printf("%s: %s%sed", name, before == after ? "already " : "", verb);
	if (!request->attach && after > 0)
		printf(", and still attached for %d other%s", after, after > 1 ? "s" : "");
	putchar('\n');
	return EXIT_SUCCESS;
}

/* All hooks that the glob matches, up to the first that fails: the others would fail too. */
static int switch_hooks(struct evring *ev, int nr, const char *glob, const struct request *request)
{
	unsigned int found = 0;

	for (int id = 0; id < nr; id++) {
		const struct evring_type *type = evring_type(ev, id);

		if (!is_listed(ev, type) || fnmatch(glob, type->name, 0))
			continue;
		found++;
		if (switch_hook(ev, type->name, request) != EXIT_SUCCESS)
			return EXIT_FAILURE;
	}
	return found ? EXIT_SUCCESS : no_such_hook(ev, glob);
}

static int run(struct evring *ev, struct request *request, int argc, char **argv)
{
	int nr = evring_types(ev);

	if (nr < 0)
		return fail(nr, "cannot read the types");
	if (!argc)
		return list(ev, nr, request->json);
	request->lane = request->lane_name ? evring_lane_by_name(ev, request->lane_name) : -1;
	if (request->lane_name && request->lane < 0)
		return fail(-request->lane, "there is no lane '%s'", request->lane_name);
	request->attach = !strcmp(argv[0], "attach");
	for (int i = 1; i < argc; i++) {
		if (switch_hooks(ev, nr, argv[i], request) != EXIT_SUCCESS)
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static bool is_usage(const struct request *request, int argc, char **argv)
{
	if (!argc)
		return !request->group && !request->lane_name;
	if (argc < 2 || request->json)
		return false;
	return !strcmp(argv[0], "attach") || (!strcmp(argv[0], "detach") && !request->lane_name);
}

int cmd_hooks(const struct cli *cli, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "group", required_argument, NULL, 'g' },
		{ "lane", required_argument, NULL, 'l' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct request request = { 0 };
	struct evring *ev;
	int option, ret;

	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (option == 'h')
			return print_help(help);
		if (option == 'g')
			request.group = optarg;
		else if (option == 'l')
			request.lane_name = optarg;
		else if (option == 'j')
			request.json = true;
		else
			return try_help("hooks");
	}
	if (!is_usage(&request, argc - optind, argv + optind)) {
		fputs("evring: hooks takes nothing, or 'attach' or 'detach' and names\n", stderr);
		return try_help("hooks");
	}
	ev = open_device(cli);
	if (!ev)
		return EXIT_FAILURE;
	ret = run(ev, &request, argc - optind, argv + optind);
	evring_close(ev);
	return ret;
}
