/* SPDX-License-Identifier: MIT */
/* evring hooks: list, attach and detach what emits events. */
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const char help[] =
	"Usage: evring hooks [--json]\n"
	"       evring hooks attach [--group GROUP] [--lane LANE] NAME-GLOB...\n"
	"       evring hooks detach [--group GROUP] NAME-GLOB...\n"
	"List the hooks of the kernel, or attach and detach some ('process.*').\n"
	"A hook stays attached when this program ends, until all for whom it was attached\n"
	"have detached it; one that is detached costs nothing.\n"
	"\n"
	"  --group GROUP  for a group, not for the administrator\n"
	"  --lane LANE    put its events into this lane, not into its own\n"
	"  --json         as one JSON array\n"
	"  --help         this text\n";

/* What the command line asks for */
struct request {
	bool json;
	bool attach;
	const char *group;	/* NULL: the administrator */
	const char *lane_name;	/* NULL: the hook's own */
	int lane;
};

/* For how many it is attached; it may have gone since it was listed. */
static unsigned int owners(struct evring *ev, const struct evring_type *type)
{
	int ret = evring_owners(ev, type->name);

	return ret < 0 ? 0 : (unsigned int)ret;
}

/* Why it is as it is; empty if there is nothing to tell. */
static const char *reason(struct evring *ev, const struct evring_type *type, char why[EVRING_WHY_MAX])
{
	return evring_hook_why(ev, type->name, why, EVRING_WHY_MAX) < 0 ? "" : why;
}

static enum style state_style(const struct evring_type *type)
{
	if (type->flags & EVRING_TYPE_F_ATTACHED)
		return STYLE_GOOD;
	return type->flags & EVRING_TYPE_F_DISARMED ? STYLE_BAD : STYLE_DIM;
}

static int list(struct evring *ev, int nr)
{
	static const char *const heads[] = { "<HOOK", "<STATE", "OWNERS", "<LANE", "VERSION", "LOST", "<WHY" };
	struct table *table = table_new(heads, ARRAY_SIZE(heads));
	char why[EVRING_WHY_MAX];

	for (int id = 0; id < nr; id++) {
		const struct evring_type *type = evring_type(ev, id);

		if (!is_hook(ev, type))
			continue;
		table_cell(table, STYLE_PLAIN, "%s", type->name);
		table_cell(table, state_style(type), "%s", hook_state(type));
		table_number(table, owners(ev, type));
		table_cell(table, STYLE_PLAIN, "%s", lane_name(ev, type->lane));
		table_number(table, type->version);
		table_fault(table, type->lost);
		table_cell(table, STYLE_PLAIN, "%s", reason(ev, type, why));
	}
	table_print(table);
	return EXIT_SUCCESS;
}

static int list_json(struct evring *ev, int nr)
{
	json_t *json = json_array();
	char why[EVRING_WHY_MAX];

	for (int id = 0; id < nr; id++) {
		const struct evring_type *type = evring_type(ev, id);

		if (!is_hook(ev, type))
			continue;
		json_array_append_new(json,
				      json_pack("{s:s, s:b, s:s, s:s, s:I, s:s, s:I, s:I}", "name", type->name,
						"attached",
						!!(type->flags & EVRING_TYPE_F_ATTACHED),
						"state", hook_state(type),
						"why", reason(ev, type, why),
						"owners", (json_int_t)owners(ev, type),
						"lane", lane_name(ev, type->lane),
						"version", (json_int_t)type->version,
						"lost", (json_int_t)type->lost));
	}
	print_json(json);
	return EXIT_SUCCESS;
}

static int no_such_hook(struct evring *ev, int nr, const char *glob)
{
	const char *comma = "";

	fflush(stdout);
	fprintf(stderr, "evring: no hook is called '%s'; there is: ", glob);
	for (int id = 0; id < nr; id++) {
		const struct evring_type *type = evring_type(ev, id);

		if (!is_hook(ev, type))
			continue;
		fprintf(stderr, "%s%s", comma, type->name);
		comma = ", ";
	}
	fprintf(stderr, "%s\n", *comma ? "" : "none");
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

/* All hooks that one glob matches. The first that fails ends it: the next ones would too. */
static int switch_hooks(struct evring *ev, int nr, const char *glob, const struct request *request)
{
	unsigned int found = 0;

	for (int id = 0; id < nr; id++) {
		const struct evring_type *type = evring_type(ev, id);

		if (!is_hook(ev, type) || fnmatch(glob, type->name, 0))
			continue;
		found++;
		if (switch_hook(ev, type->name, request) != EXIT_SUCCESS)
			return EXIT_FAILURE;
	}
	return found ? EXIT_SUCCESS : no_such_hook(ev, nr, glob);
}

static int run(struct evring *ev, struct request *request, int argc, char **argv)
{
	int nr = evring_types(ev);

	if (nr < 0)
		return fail(nr, "cannot read the types");
	if (!argc)
		return request->json ? list_json(ev, nr) : list(ev, nr);
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
