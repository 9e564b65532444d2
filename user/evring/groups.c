/* SPDX-License-Identifier: MIT */
/* evring groups: the groups that events are held for, and how far behind they are. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const char help[] =
	"Usage: evring groups [--json]\n"
	"       evring groups drop NAME...\n"
	"List the groups, or forget some that nobody owns: what is held for them goes.\n"
	"\n"
	"  --json   as one JSON array\n"
	"  --help   this text\n";

static const char *policy_name(uint32_t policy)
{
	return policy == EVRING_HOLD ? "hold" : policy == EVRING_FOLLOW ? "follow" : "unknown";
}

/* How long the group has been without an owner; 0: it has one, or never had. */
static uint64_t away_ns(const struct snapshot *snap, const struct evring_group_info *group)
{
	return group->left_ns && snap->boottime_ns > group->left_ns ?
	       snap->boottime_ns - group->left_ns : 0;
}

static void add_row(struct table *table, const struct snapshot *snap, unsigned int index)
{
	const struct evring_group_info *group = &snap->groups[index];
	bool is_abandoned = group->flags & EVRING_GROUP_ABANDONED;
	char *lanes = lane_list(snap->ev, group->lanes), human[HUMAN_MAX];
	struct lag lag;

	group_lag(snap, index, &lag);
	table_cell(table, STYLE_PLAIN, "%s", group->name);
	table_cell(table, STYLE_PLAIN, "%s", policy_name(group->policy));
	table_cell(table, STYLE_PLAIN, "%s", lanes);
	free(lanes);
	if (group->owner)
		table_cell(table, STYLE_GOOD, "%u", group->owner);
	else
		table_cell(table, STYLE_DIM, "-");
	table_cell(table, is_abandoned ? STYLE_BAD : STYLE_PLAIN, "%s%s",
		   group->left_ns ? human_duration(human, away_ns(snap, group)) : "-",
		   is_abandoned ? ", abandoned" : "");
	table_cell(table, STYLE_PLAIN, "%s", human_size(human, lag.bytes));
	if (lag.events_known)
		table_number(table, lag.events);
	else
		table_cell(table, STYLE_DIM, "-");
	table_fault(table, lag.missed);
}

/* It holds events that nobody reads: new ones are lost once a ring is full of them. */
static bool is_forgotten(const struct evring_group_info *group)
{
	return group->name[0] && group->policy == EVRING_HOLD && !group->owner &&
	       !(group->flags & EVRING_GROUP_ABANDONED);
}

static void warn_forgotten(const struct snapshot *snap)
{
	char human[HUMAN_MAX];

	for (unsigned int i = 0; i < snap->meta.groups.count; i++) {
		const struct evring_group_info *group = &snap->groups[i];

		if (is_forgotten(group))
			printf("\nGroup %s holds events and has had no owner for %s: start its "
			       "reader, or drop it:\n  evring groups drop %s\n", group->name,
			       human_duration(human, away_ns(snap, group)), group->name);
	}
}

void groups_print(const struct snapshot *snap)
{
	static const char *const heads[] = {
		"<GROUP", "<POLICY", "<LANES", "OWNER", "<AWAY", "LAG", "EVENTS", "MISSED",
	};
	struct table *table = table_new(heads, ARRAY_SIZE(heads));

	for (unsigned int i = 0; i < snap->meta.groups.count; i++) {
		if (snap->groups[i].name[0])
			add_row(table, snap, i);
	}
	table_print(table);
	warn_forgotten(snap);
}

static json_t *group_json(const struct snapshot *snap, unsigned int index)
{
	const struct evring_group_info *group = &snap->groups[index];
	struct lag lag;
	json_t *json;

	group_lag(snap, index, &lag);
	json = json_pack("{s:s, s:s, s:o, s:I, s:I, s:b, s:I, s:I, s:I}",
			 "name", group->name, "policy", policy_name(group->policy),
			 "lanes", lane_list_json(snap->ev, group->lanes),
			 "generation", (json_int_t)group->generation,
			 "abandon_ms", (json_int_t)group->abandon_ms,
			 "abandoned", !!(group->flags & EVRING_GROUP_ABANDONED),
			 "away_ns", (json_int_t)away_ns(snap, group),
			 "lag_bytes", (json_int_t)lag.bytes, "missed", (json_int_t)lag.missed);
	json_object_set_new(json, "owner", group->owner ? json_integer(group->owner) : json_null());
	json_object_set_new(json, "lag_events",
			    lag.events_known ? json_integer(lag.events) : json_null());
	return json;
}

json_t *groups_json(const struct snapshot *snap)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < snap->meta.groups.count; i++) {
		if (snap->groups[i].name[0])
			json_array_append_new(list, group_json(snap, i));
	}
	return list;
}

static int list(struct evring *ev, bool json)
{
	struct snapshot snap;
	int ret = snapshot_take(ev, &snap);

	if (ret < 0)
		return fail(ret, "cannot read the groups");
	if (json)
		print_json(groups_json(&snap));
	else
		groups_print(&snap);
	snapshot_free(&snap);
	return EXIT_SUCCESS;
}

static int drop(struct evring *ev, const char *name)
{
	int ret = evring_drop(ev, name);

	if (ret >= 0) {
		printf("%s: dropped\n", name);
		return EXIT_SUCCESS;
	}
	if (ret == -ENOENT || ret == -EINVAL)
		fprintf(stderr, "evring: there is no group '%s': 'evring groups' lists them\n",
			name);
	else if (ret == -EBUSY)
		fprintf(stderr, "evring: the group '%s' has an owner: end it first\n", name);
	else
		fail(ret, "cannot drop the group '%s'", name);
	return EXIT_FAILURE;
}

static int drop_all(struct evring *ev, int argc, char **argv)
{
	int ret = EXIT_SUCCESS;

	for (int i = 0; i < argc; i++) {
		if (drop(ev, argv[i]) != EXIT_SUCCESS)
			ret = EXIT_FAILURE;
	}
	return ret;
}

int cmd_groups(const struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	bool json = false, is_drop;
	struct evring *ev;
	int option, ret;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h')
			return print_help(help);
		if (option != 'j')
			return try_help("groups");
		json = true;
	}
	is_drop = optind < argc && !strcmp(argv[optind], "drop");
	if (is_drop ? optind + 1 == argc || json : optind < argc) {
		fputs(is_drop ? "evring: drop takes the names of groups\n" :
				"evring: groups takes nothing, or 'drop' and names\n", stderr);
		return try_help("groups");
	}
	ev = open_device(cli);
	if (!ev)
		return EXIT_FAILURE;
	if (is_drop)
		ret = drop_all(ev, argc - optind - 1, argv + optind + 1);
	else
		ret = list(ev, json);
	evring_close(ev);
	return ret;
}
