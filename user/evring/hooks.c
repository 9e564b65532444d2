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
	"       evring hooks attach|detach NAME-GLOB...\n"
	"List the hooks of the kernel, or attach and detach some ('process.*').\n"
	"A hook stays attached when this program ends; one that is detached costs nothing.\n"
	"\n"
	"  --json   as one JSON array\n"
	"  --help   this text\n";

static enum style state_style(const struct evring_type *type)
{
	if (type->flags & EVRING_TYPE_F_ATTACHED)
		return STYLE_GOOD;
	return type->flags & EVRING_TYPE_F_DISARMED ? STYLE_BAD : STYLE_DIM;
}

static int list(struct evring *ev, int nr)
{
	static const char *const heads[] = { "<HOOK", "<STATE", "<LANE", "VERSION", "LOST" };
	struct table *table = table_new(heads, ARRAY_SIZE(heads));

	for (int id = 0; id < nr; id++) {
		const struct evring_type *type = evring_type(ev, id);

		if (!is_hook(ev, type))
			continue;
		table_cell(table, STYLE_PLAIN, "%s", type->name);
		table_cell(table, state_style(type), "%s", hook_state(type));
		table_cell(table, STYLE_PLAIN, "%s", lane_name(type->lane));
		table_number(table, type->version);
		table_fault(table, type->lost);
	}
	table_print(table);
	return EXIT_SUCCESS;
}

static int list_json(struct evring *ev, int nr)
{
	json_t *json = json_array();

	for (int id = 0; id < nr; id++) {
		const struct evring_type *type = evring_type(ev, id);

		if (!is_hook(ev, type))
			continue;
		json_array_append_new(json,
				      json_pack("{s:s, s:b, s:s, s:s, s:I, s:I}", "name", type->name,
						"attached",
						!!(type->flags & EVRING_TYPE_F_ATTACHED),
						"state", hook_state(type),
						"lane", lane_name(type->lane),
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

static int switch_hook(struct evring *ev, const char *name, unsigned int op)
{
	const char *verb = op == EVRING_HOOK_ATTACH ? "attach" : "detach";
	int before = evring_hook(ev, name, EVRING_HOOK_QUERY);
	int after = before < 0 ? before : evring_hook(ev, name, op);

	if (after == -EOPNOTSUPP)
		return fail(after, "cannot %s %s: not on this kernel", verb, name);
	if (after < 0)
		return fail(after, "cannot %s %s", verb, name);
	if (after == EVRING_HOOK_DISARMED)
		fprintf(stderr, "evring: %s is attached but disarmed: what it is attached to is "
			"switched off, and nothing comes\n", name);
	printf("%s: %s%sed\n", name, before == after ? "already " : "", verb);
	return EXIT_SUCCESS;
}

/* All hooks that one glob matches. The first that fails ends it: the next ones would too. */
static int switch_hooks(struct evring *ev, int nr, const char *glob, unsigned int op)
{
	unsigned int found = 0;

	for (int id = 0; id < nr; id++) {
		const struct evring_type *type = evring_type(ev, id);

		if (!is_hook(ev, type) || fnmatch(glob, type->name, 0))
			continue;
		found++;
		if (switch_hook(ev, type->name, op) != EXIT_SUCCESS)
			return EXIT_FAILURE;
	}
	return found ? EXIT_SUCCESS : no_such_hook(ev, nr, glob);
}

static int run(struct evring *ev, bool json, int argc, char **argv)
{
	int nr = evring_types(ev);
	unsigned int op;

	if (nr < 0)
		return fail(nr, "cannot read the types");
	if (!argc)
		return json ? list_json(ev, nr) : list(ev, nr);
	op = strcmp(argv[0], "attach") ? EVRING_HOOK_DETACH : EVRING_HOOK_ATTACH;
	for (int i = 1; i < argc; i++) {
		if (switch_hooks(ev, nr, argv[i], op) != EXIT_SUCCESS)
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static bool is_usage(bool json, int argc, char **argv)
{
	if (!argc)
		return true;
	return argc > 1 && !json && (!strcmp(argv[0], "attach") || !strcmp(argv[0], "detach"));
}

int cmd_hooks(const struct cli *cli, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	bool json = false;
	struct evring *ev;
	int option, ret;

	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (option == 'h')
			return print_help(help);
		if (option != 'j')
			return try_help("hooks");
		json = true;
	}
	if (!is_usage(json, argc - optind, argv + optind)) {
		fputs("evring: hooks takes nothing, or 'attach' or 'detach' and names\n", stderr);
		return try_help("hooks");
	}
	ev = open_device(cli);
	if (!ev)
		return EXIT_FAILURE;
	ret = run(ev, json, argc - optind, argv + optind);
	evring_close(ev);
	return ret;
}
