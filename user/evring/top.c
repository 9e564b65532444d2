/* SPDX-License-Identifier: MIT */
/*
 * evring top: which events come now, how often, and how the groups keep up. Lanes and
 * groups have counters in the kernel; types have none, so the events are read, by a tap.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "memory.h"
#include "names.h"
#include "text.h"

#define TYPES_SHOWN	20	/* at most; --json has all */
#define LINES_BESIDE	8	/* heads, blank lines, and the lines below the types */
#define FLUSH_MS	100

static const char help[] =
	"Usage: evring top [--json] [-n N] [--interval=SECONDS]\n"
	"Show the types of events that come most often, the lanes, and how the groups keep up:\n"
	"events a second, again and again. Events that the kernel drops by filter are not seen.\n"
	"This holds nothing back: where events come faster than they are counted, a line says\n"
	"how many were missed.\n"
	"\n"
	"  --interval=SECONDS  from one look to the next; 2 by default\n"
	"  -n, --count N       end after N looks\n"
	"  --json              one JSON object a look, with all types\n"
	"  --help              this text\n";

struct top {
	struct evring *ev;
	bool json, is_screen;
	unsigned long interval, left;
	struct type_count *counts;	/* by type id, since the last look */
	unsigned int nr_counts;
	uint64_t missed;
	struct snapshot before, now;
};

/* Types can go until they are shown, so this has the name. */
struct type_count {
	char name[EVRING_NAME_MAX];
	unsigned int lane;
	uint64_t events;
};

struct type_row {
	const char *type, *lane;
	uint64_t events, per_second;
};

struct lane_row {
	const char *lane;
	uint64_t emitted, lost, bytes, held;
};

struct group_row {
	const char *group;
	uint64_t owner, committed, lag_events, lag_bytes, missed;
};

static const struct column type_columns[] = {
	COLUMN(struct type_row, type, TEXT, "TYPE"),
	COLUMN(struct type_row, lane, TEXT, "LANE"),
	COLUMN(struct type_row, events, COUNT, NULL),
	COLUMN(struct type_row, per_second, COUNT, "EVENTS/S"),
	{ 0 },
};

static const struct column lane_columns[] = {
	COLUMN(struct lane_row, lane, TEXT, "LANE"),
	COLUMN(struct lane_row, emitted, COUNT, "EMITTED/S"),
	COLUMN(struct lane_row, lost, FAULT, "LOST/S"),
	COLUMN(struct lane_row, bytes, BYTES, "BYTES/S"),
	COLUMN(struct lane_row, held, BYTES, "HELD"),
	{ 0 },
};

static const struct column group_columns[] = {
	COLUMN(struct group_row, group, TEXT, "GROUP"),
	COLUMN(struct group_row, owner, COUNT, "OWNER"),
	COLUMN(struct group_row, committed, COUNT, "COMMITTED/S"),
	COLUMN(struct group_row, lag_events, COUNT, "LAG"),
	COLUMN(struct group_row, lag_bytes, BYTES, "BYTES"),
	COLUMN(struct group_row, missed, FAULT, "MISSED/S"),
	{ 0 },
};

/* How much more than before, a second; rounded up, so that little is not nothing */
static uint64_t rate(const struct top *top, uint64_t now, uint64_t before)
{
	uint64_t ns = top->now.boottime_ns - top->before.boottime_ns;
	double more = now > before ? (double)(now - before) : 0;

	return ns ? (uint64_t)(more * 1e9 / (double)ns + 0.999) : 0;
}

/*
 * Rows
 */

static struct type_row type_row(const struct top *top, const struct type_count *count)
{
	return (struct type_row){
		.type = count->name,
		.lane = lane_name(top->ev, count->lane),
		.events = count->events,
		.per_second = rate(top, count->events, 0),
	};
}

static uint64_t lane_held(const struct snapshot *snap, unsigned int lane)
{
	uint64_t held = 0;
	int holder;

	for (unsigned int i = 0; i < snap->nr_rings; i++)
		if (snap->rings[i].page.lane == lane)
			held += ring_held(snap, &snap->rings[i], &holder);
	return held;
}

static struct lane_row lane_row(const struct top *top, unsigned int lane)
{
	struct tally before, now;

	tally_lane(&top->before, lane, &before);
	tally_lane(&top->now, lane, &now);
	return (struct lane_row){
		.lane = lane_name(top->ev, lane),
		.emitted = rate(top, now.emitted, before.emitted),
		.lost = rate(top, tally_lost(&now), tally_lost(&before)),
		.bytes = rate(top, now.bytes, before.bytes),
		.held = lane_held(&top->now, lane),
	};
}

/* Attempts on the group's lanes that are behind it: all but its lag. False: not known */
static bool group_done(const struct snapshot *snap, unsigned int group, struct lag *lag,
		       uint64_t *done)
{
	struct tally tally;

	group_lag(snap, group, lag);
	*done = 0;
	for (unsigned int lane = 0; lane < snap->meta.lanes.count; lane++) {
		if (!(snap->groups[group].lanes & 1ULL << lane))
			continue;
		tally_lane(snap, lane, &tally);
		*done += tally.emitted;
	}
	*done -= lag->events < *done ? lag->events : *done;
	return lag->events_known;
}

static struct group_row group_row(const struct top *top, unsigned int place)
{
	const struct evring_group_info *group = &top->now.groups[place];
	int was = snapshot_group(&top->before, group->name);
	uint64_t done_before = 0, done;
	struct lag before = { 0 }, lag;
	bool known = group_done(&top->now, place, &lag, &done);

	known = was >= 0 && group_done(&top->before, (unsigned int)was, &before, &done_before) && known;
	return (struct group_row){
		.group = group->name,
		.owner = group->owner ? group->owner : COLUMN_NONE,
		.committed = known ? rate(top, done, done_before) : COLUMN_NONE,
		.lag_events = lag.events_known ? lag.events : COLUMN_NONE,
		.lag_bytes = lag.bytes,
		.missed = was >= 0 ? rate(top, lag.missed, before.missed) : 0,
	};
}

static int compare_counts(const void *a, const void *b)
{
	const struct type_count *left = a, *right = b;

	return left->events == right->events ? 0 : left->events < right->events ? 1 : -1;
}

/*
 * One look
 */

/* On a screen as many as it has room for, or the first ones would scroll away. */
static unsigned int types_shown(const struct top *top)
{
	unsigned int others = top->now.meta.lanes.count + LINES_BESIDE, i;
	struct winsize size;

	if (!top->is_screen || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row)
		return TYPES_SHOWN;
	for (i = 0; i < top->now.meta.groups.count; i++)
		others += top->now.groups[i].name[0] != 0;
	if (size.ws_row <= others)
		return 1;
	return size.ws_row - others < TYPES_SHOWN ? size.ws_row - others : TYPES_SHOWN;
}

static void print_types(const struct top *top)
{
	struct table *table = table_new(type_columns, 0);
	unsigned int shown = types_shown(top), i;

	for (i = 0; i < top->nr_counts && top->counts[i].events && i < shown; i++) {
		const struct type_row row = type_row(top, &top->counts[i]);

		table_row(table, &row);
	}
	table_print(table);
	if (!i)
		printf("No event came. 'evring hooks' says which hooks are attached.\n");
	if (i < top->nr_counts && top->counts[i].events)
		printf("... and types with fewer events\n");
	if (top->missed)
		printf("%" PRIu64 " events came faster than they were counted by type\n", top->missed);
}

static void print_rest(const struct top *top)
{
	struct table *lanes = table_new(lane_columns, 0), *groups = table_new(group_columns, 0);

	for (unsigned int lane = 0; lane < top->now.meta.lanes.count; lane++) {
		const struct lane_row row = lane_row(top, lane);

		table_row(lanes, &row);
	}
	putchar('\n');
	table_print(lanes);
	for (unsigned int i = 0; i < top->now.meta.groups.count; i++) {
		struct group_row row;

		if (!top->now.groups[i].name[0])
			continue;
		row = group_row(top, i);
		table_row(groups, &row);
	}
	putchar('\n');
	table_print(groups);
}

static json_t *top_json(const struct top *top)
{
	json_t *types = json_array(), *lanes = json_array(), *groups = json_array();

	for (unsigned int i = 0; i < top->nr_counts && top->counts[i].events; i++) {
		const struct type_row row = type_row(top, &top->counts[i]);

		json_array_append_new(types, columns_json(type_columns, &row));
	}
	for (unsigned int lane = 0; lane < top->now.meta.lanes.count; lane++) {
		const struct lane_row row = lane_row(top, lane);

		json_array_append_new(lanes, columns_json(lane_columns, &row));
	}
	for (unsigned int i = 0; i < top->now.meta.groups.count; i++) {
		struct group_row row;

		if (!top->now.groups[i].name[0])
			continue;
		row = group_row(top, i);
		json_array_append_new(groups, columns_json(group_columns, &row));
	}
	return must(json_pack("{s:f, s:o, s:I, s:o, s:o}", "seconds",
			      (double)(top->now.boottime_ns - top->before.boottime_ns) / 1e9,
			      "types", types, "missed", (json_int_t)top->missed, "lanes", lanes,
			      "groups", groups));
}

static void show(struct top *top)
{
	qsort(top->counts, top->nr_counts, sizeof(*top->counts), compare_counts);
	if (top->json) {
		json_print(top_json(top));
		return;
	}
	if (top->is_screen)
		fputs("\033[H\033[J", stdout);
	print_types(top);
	print_rest(top);
	if (!top->is_screen && top->left != 1)
		putchar('\n');
}

/*
 * Counting
 */

static void count(struct top *top, const struct evring_event *event)
{
	unsigned int id = event->rec->type;
	struct type_count *counted;

	top->missed += event->missed;
	if (!event->type)
		return;
	if (id >= top->nr_counts) {
		top->counts = xgrow(top->counts, top->nr_counts, id + 1, sizeof(*top->counts));
		top->nr_counts = id + 1;
	}
	counted = &top->counts[id];
	/* An id can come to another type. */
	if (strcmp(counted->name, event->type->name)) {
		*counted = (struct type_count){ 0 };
		snprintf(counted->name, sizeof(counted->name), "%s", event->type->name);
	}
	counted->lane = event->lane;
	counted->events++;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Until @end: a flood of events must not keep it from its next look. */
static int count_until(struct top *top, uint64_t end)
{
	struct pollfd fds[2] = {
		{ .fd = evring_fd(top->ev), .events = POLLIN }, { .fd = STDOUT_FILENO },
	};
	struct evring_event event;
	unsigned int n = 0;
	uint64_t now;
	int ret;

	while (now_ms() < end) {
		fds[1].revents = 0;
		while ((ret = evring_next(top->ev, &event)) > 0) {
			count(top, &event);
			if (++n % 1024 == 0 && now_ms() >= end)
				return 0;
		}
		if (!ret)
			ret = evring_arm(top->ev, evring_meta(top->ev)->segment_size, FLUSH_MS);
		if (ret < 0)
			return ret;
		now = now_ms();
		/* More than 0: some have come meanwhile. */
		if (!ret && now < end && poll(fds, 2, (int)(end - now)) < 0 && errno != EINTR)
			return -errno;
		/* As with "evring top | head" */
		if (fds[1].revents & (POLLERR | POLLHUP | POLLNVAL))
			return -EPIPE;
	}
	return 0;
}

/* The counts are sorted: their places are no ids any more. */
static void begin(struct top *top)
{
	if (top->nr_counts)
		memset(top->counts, 0, top->nr_counts * sizeof(*top->counts));
	top->missed = 0;
}

static int look(struct top *top)
{
	int ret = count_until(top, now_ms() + top->interval * 1000);

	if (!ret)
		ret = snapshot_take(top->ev, &top->now);
	if (ret)
		return ret;
	show(top);
	snapshot_free(&top->before);
	top->before = top->now;
	begin(top);
	return fflush(stdout) ? -errno : 0;
}

static int run(struct top *top)
{
	int ret = evring_types(top->ev);

	if (ret >= 0)
		ret = evring_tap(top->ev, EVRING_LANES_ALL, EVRING_LATEST);
	if (!ret)
		ret = snapshot_take(top->ev, &top->before);
	if (ret)
		return fail(ret, "cannot read the rings");
	for (; !ret && top->left; top->left--)
		ret = look(top);
	snapshot_free(&top->before);
	if (ret == -EPIPE)
		return EXIT_FAILURE;
	return ret ? fail(ret, "cannot go on") : EXIT_SUCCESS;
}

/* False: no such number, which was said. */
static bool parse_number(const char *text, unsigned long max, const char *what, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && !errno && *value && *value <= max)
		return true;
	fprintf(stderr, "evring: %s takes a number from 1 to %lu\n", what, max);
	return false;
}

int cmd_top(const struct cli *cli, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "interval", required_argument, NULL, 'i' },
		{ "count", required_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct top top = { .interval = 2, .left = ULONG_MAX };
	int option, ret;

	while ((option = getopt_long(argc, argv, "n:h", longs, NULL)) != -1) {
		if (option == 'h')
			return print_help(help);
		if (option == 'j')
			top.json = true;
		else if ((option != 'i' || !parse_number(optarg, 3600, "--interval", &top.interval)) &&
			 (option != 'n' || !parse_number(optarg, LONG_MAX, "-n", &top.left)))
			return try_help("top");
	}
	if (optind < argc) {
		fprintf(stderr, "evring: top takes no argument: '%s' is one\n", argv[optind]);
		return try_help("top");
	}
	top.is_screen = !top.json && isatty(STDOUT_FILENO);
	top.ev = open_device(cli);
	if (!top.ev)
		return EXIT_FAILURE;
	ret = run(&top);
	evring_close(top.ev);
	free(top.counts);
	return ret;
}
