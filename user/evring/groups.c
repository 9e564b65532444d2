/* SPDX-License-Identifier: MIT */
/* evring groups: the groups that read the rings, and how far behind they are. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "names.h"
#include "text.h"

static const char help[] =
	"Usage: evring groups [--json]\n"
	"       evring groups drop NAME...\n"
	"List the groups, or drop groups without an owner: the events held for them are freed.\n"
	"\n"
	"  --json   as one JSON array\n"
	"  --help   this text\n";

struct group_row {
	const char *name, *policy;
	json_t *lanes;
	uint64_t owner, generation, abandon_ms, away_ns;
	bool abandoned;
	uint64_t uid;
	uint64_t lag_bytes, lag_events, missed;
};

static enum style owner_style(const void *row)
{
	return ((const struct group_row *)row)->owner == COLUMN_NONE ? STYLE_DIM : STYLE_GOOD;
}

static enum style abandoned_style(const void *row)
{
	return ((const struct group_row *)row)->abandoned ? STYLE_BAD : STYLE_DIM;
}

#define GROUP_COLUMN(member, kind, head) COLUMN(struct group_row, member, kind, head)

static const struct column columns[] = {
	GROUP_COLUMN(name, TEXT, "GROUP"),
	GROUP_COLUMN(policy, TEXT, "POLICY"),
	GROUP_COLUMN(lanes, WORDS, "LANES"),
	COLUMN_STYLED(struct group_row, owner, COUNT, "OWNER", owner_style),
	GROUP_COLUMN(generation, COUNT, NULL),
	GROUP_COLUMN(abandon_ms, COUNT, NULL),
	GROUP_COLUMN(away_ns, DURATION, "AWAY"),
	GROUP_COLUMN(uid, COUNT, NULL),
	COLUMN_STYLED(struct group_row, abandoned, FLAG, "ABANDONED", abandoned_style),
	GROUP_COLUMN(lag_bytes, BYTES, "LAG"),
	GROUP_COLUMN(lag_events, COUNT, "EVENTS"),
	GROUP_COLUMN(missed, FAULT, "MISSED"),
	{ 0 },
};

static struct group_row row_of(const struct snapshot *snap, unsigned int index)
{
	const struct evring_group_info *group = &snap->groups[index];
	struct lag lag;

	group_lag(snap, index, &lag);
	return (struct group_row){
		.name = group->name,
		.policy = policy_name(group->policy),
		.lanes = lane_words(snap->ev, group->lanes),
		.owner = group->owner ? group->owner : COLUMN_NONE,
		.generation = group->generation,
		.abandon_ms = group->abandon_ms,
		.away_ns = group->left_ns ? group_away_ns(snap, group) : COLUMN_NONE,
		.uid = group->flags & EVRING_GROUP_GIVEN ? group->uid : COLUMN_NONE,
		.abandoned = group->flags & EVRING_GROUP_ABANDONED,
		.lag_bytes = lag.bytes,
		.lag_events = lag.events_known ? lag.events : COLUMN_NONE,
		.missed = lag.missed,
	};
}

/* The events that such a group holds fill the rings, and new events are lost then. */
static void warn_forgotten(const struct snapshot *snap)
{
	char human[HUMAN_MAX];

	for (unsigned int i = 0; i < snap->meta.groups.count; i++) {
		const struct evring_group_info *group = &snap->groups[i];

		if (group_holds(group) && !group->owner)
			printf("\nGroup %s holds events and has had no owner for %s: start its "
			       "reader, or drop it:\n  evring groups drop %s\n", group->name,
			       human_duration(human, group_away_ns(snap, group)), group->name);
	}
}

void groups_print(const struct snapshot *snap)
{
	struct table *table = table_new(columns, 0);
	bool is_found = false;

	for (unsigned int i = 0; i < snap->meta.groups.count; i++) {
		struct group_row row;

		if (!snap->groups[i].name[0])
			continue;
		row = row_of(snap, i);
		table_row(table, &row);
		columns_release(columns, &row);
		is_found = true;
	}
	table_print(table);
	if (!is_found)
		printf("No group: no events are held.\n");
	warn_forgotten(snap);
}

json_t *groups_json(const struct snapshot *snap)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < snap->meta.groups.count; i++) {
		struct group_row row;

		if (!snap->groups[i].name[0])
			continue;
		row = row_of(snap, i);
		json_array_append_new(list, columns_json(columns, &row));
		columns_release(columns, &row);
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
		json_print(groups_json(&snap));
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
