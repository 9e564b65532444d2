/* SPDX-License-Identifier: MIT */
/* evring hooks: list, attach and detach the hooks that emit events. */
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "names.h"
#include "sets.h"

static const char help[] =
	"Usage: evring hooks [--json]\n"
	"       evring hooks attach [--group GROUP] [--lane LANE] [--filter EXPRESSION]\n"
	"                           [--sample N] [--rate N[/BURST] [--per uid|cgroup]]\n"
	"                           [--snapshot] NAME-GLOB|@SET...\n"
	"       evring hooks detach [--group GROUP] NAME-GLOB|@SET...\n"
	"List the hooks of the kernel, or attach or detach those that match ('process.*'),\n"
	"or those of a set: @security, @audit, @performance, @all. A hook that this kernel\n"
	"does not have is named, and does not keep the others from being attached.\n"
	"A hook stays attached when this program ends, until each of its owners has\n"
	"detached it. A hook that is detached costs nothing.\n"
	"\n"
	"  --group GROUP        make the group the owner, not the administrator\n"
	"  --lane LANE          put the events into this lane, not into the hook's own\n"
	"  --filter EXPRESSION  emit only events that match, see evring-filter(7); without\n"
	"                       it all events, even if this owner had a filter before\n"
	"  --sample N           of those, emit one of N, on each CPU\n"
	"  --rate N[/BURST]     of those, emit up to N a second, and BURST (default: N) at\n"
	"                       once; others are lost, with the cause sampled or rate\n"
	"  --per uid|cgroup     the rate is for each user, or for each cgroup\n"
	"  --snapshot           then emit a process.state for each process that runs already\n"
	"  --json               as one JSON array\n"
	"  --help               this text\n";

/* The options of the command line, and how it went so far */
struct request {
	bool json;
	bool attach;
	bool snapshot;
	bool failed;		/* some hook could not be had */
	const char *group;	/* NULL: the administrator */
	const char *lane_name;	/* NULL: the hook's own */
	const char *filter;	/* NULL: all events */
	struct evring_limits limits;
};

struct hook_row {
	const char *name;
	bool attached, disarmed;
	const char *state;
	uint64_t owners;
	const char *lane;
	uint64_t version, lost, filtered, undecided;
	json_t *filters;
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
	HOOK_COLUMN(filtered, COUNT, "FILTERED"),
	HOOK_COLUMN(undecided, FAULT, NULL),
	HOOK_COLUMN(filters, ROWS, "FILTERS"),
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
		.filtered = type->filtered,
		.undecided = type->undecided,
		.filters = filters_of(ev, type->name),
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
		columns_release(columns, &row);
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

static bool has_limits(const struct request *request)
{
	return request->limits.sample || request->limits.rate;
}

/* -EBADMSG: the expression is wrong, which was said. @number: of a snapshot, or NULL */
static int attach(struct evring *ev, const char *name, const struct request *request,
		  uint32_t *number)
{
	struct evring_attachment how = {
		.hook = name, .group = request->group, .lane = request->lane_name,
	};
	struct evring_filter_error error;
	struct evring_filter *filter = NULL;
	int ret = 0;

	if (request->filter)
		ret = evring_filter_compile(&filter, evring_type_by_name(ev, name),
					    request->filter, &error);
	if (ret == -EINVAL) {
		filter_print_error(name, request->filter, &error);
		return -EBADMSG;
	}
	how.filter = filter;
	if (has_limits(request))
		how.limits = &request->limits;
	if (!ret)
		ret = number ? evring_snapshot(ev, &how, number) : evring_attach_with(ev, &how);
	evring_filter_free(filter);
	return ret;
}

/* The module, an older one, has not all that the request needs, or that is @more. */
static int fail_lacks(struct evring *ev, const char *name, const struct request *request,
		      uint64_t more)
{
	char *lacks;
	int ret;

	if (request->filter)
		more |= EVRING_FEATURE_FILTERS;
	if (has_limits(request))
		more |= EVRING_FEATURE_LIMITS;
	lacks = feature_list(evring_lacks(ev, more));
	ret = fail(ENOSYS, "cannot attach %s: the module lacks %s", name, lacks);
	free(lacks);
	return ret;
}

/* Does the request change an owner's filter, limits or lane? */
static bool is_change(struct evring *ev, const char *name, const struct request *request,
		      int filters)
{
	return request->filter || request->lane_name || has_limits(request) ||
	       evring_hook_filters(ev, name) != filters;
}

/* EXIT_FAILURE: the others would fail too. */
static int switch_hook(struct evring *ev, const char *name, struct request *request)
{
	const char *verb = request->attach ? "attach" : "detach";
	int before = evring_owners(ev, name), filters = evring_hook_filters(ev, name), after, state;
	char why[EVRING_WHY_MAX];

	if (before < 0)
		return fail(before, "cannot %s %s", verb, name);
	state = request->attach ? attach(ev, name, request, NULL) :
				  evring_detach(ev, name, request->group);
	if (state == -EBADMSG)
		return EXIT_FAILURE;
	if (state == -ENOSYS)
		return fail_lacks(ev, name, request, 0);
	if (state == -EINVAL && request->limits.per)
		return fail(state, "cannot %s %s with --per: its events tell of no user", verb, name);
	if (state == -ENOENT && request->group)
		return fail(state, "cannot %s %s for the group %s", verb, name, request->group);
	if (state == -EBUSY)
		return fail(state, "cannot put %s into another lane: others have it attached",
			    name);
	if (state == -EOPNOTSUPP && evring_hook_why(ev, name, why, sizeof(why)) >= 0 && *why) {
		fflush(stdout);
		fprintf(stderr, "evring: %s is not on this kernel: %s\n", name, why);
		request->failed = true;
		return EXIT_SUCCESS;
	}
	if (state < 0)
		return fail(state, "cannot %s %s", verb, name);
	if (request->attach && state != EVRING_HOOK_ATTACHED &&
	    evring_hook_why(ev, name, why, sizeof(why)) >= 0)
		fprintf(stderr, "evring: %s emits nothing yet: %s\n", name, why);
	after = evring_owners(ev, name);
	printf("%s: %s%sed", name, before == after && !is_change(ev, name, request, filters) ?
	       "already " : "", verb);
	if (!request->attach && after > 0)
		printf(", and still attached for %d other%s", after, after > 1 ? "s" : "");
	putchar('\n');
	return EXIT_SUCCESS;
}

/* All hooks that the glob matches; -1: there are none. */
static int switch_glob(struct evring *ev, int nr, const char *glob, struct request *request)
{
	int ret = -1;

	for (int id = 0; id < nr; id++) {
		const struct evring_type *type = evring_type(ev, (unsigned int)id);

		if (!is_listed(ev, type) || fnmatch(glob, type->name, 0))
			continue;
		ret = switch_hook(ev, type->name, request);
		if (ret != EXIT_SUCCESS)
			return ret;
	}
	return ret;
}

static int no_such_set(const char *name)
{
	char *list = hook_set_list();

	fflush(stdout);
	fprintf(stderr, "evring: there is no set '%s'; the sets are: %s\n", name, list);
	free(list);
	return EXIT_FAILURE;
}

/* A set can have hooks that this module, an older one, does not know. */
static int switch_set(struct evring *ev, int nr, const char *name, struct request *request)
{
	const char *const *globs = hook_set(name);

	if (!globs)
		return no_such_set(name);
	for (; *globs; globs++) {
		int ret = switch_glob(ev, nr, *globs, request);

		if (ret == -1) {
			fflush(stdout);
			fprintf(stderr, "evring: %s: the module has no hook %s\n", name, *globs);
			request->failed = true;
		} else if (ret != EXIT_SUCCESS) {
			return ret;
		}
	}
	return EXIT_SUCCESS;
}

static int switch_hooks(struct evring *ev, int nr, const char *pattern, struct request *request)
{
	int ret;

	if (is_set(pattern))
		return switch_set(ev, nr, pattern, request);
	ret = switch_glob(ev, nr, pattern, request);
	return ret == -1 ? no_such_hook(ev, pattern) : ret;
}

#define SNAPSHOT	"process.state"
#define LOOK_US		20000

/* Of the processes that run already; wait until it has ended. */
static int take_snapshot(struct evring *ev, const struct request *request)
{
	uint32_t number, told;
	int ret = attach(ev, SNAPSHOT, request, &number);

	if (ret == -EBADMSG)
		return EXIT_FAILURE;
	if (ret == -ENOSYS)
		return fail_lacks(ev, SNAPSHOT, request, EVRING_FEATURE_SNAPSHOT);
	if (ret < 0)
		return fail(ret, "cannot attach %s", SNAPSHOT);
	fflush(stdout);
	while (!(ret = evring_snapshot_ended(ev, SNAPSHOT, number, &told)))
		usleep(LOOK_US);
	if (ret < 0)
		return fail(ret, "cannot wait for the snapshot");
	printf("%s: snapshot %" PRIu32 " of %" PRIu32 " processes\n", SNAPSHOT, number, told);
	return EXIT_SUCCESS;
}

static int run(struct evring *ev, struct request *request, int argc, char **argv)
{
	int nr = evring_types(ev);

	if (nr < 0)
		return fail(nr, "cannot read the types");
	if (!argc)
		return list(ev, nr, request->json);
	if (request->lane_name && evring_lane_by_name(ev, request->lane_name) < 0)
		return fail(EINVAL, "there is no lane '%s'", request->lane_name);
	request->attach = !strcmp(argv[0], "attach");
	for (int i = 1; i < argc; i++) {
		if (switch_hooks(ev, nr, argv[i], request) != EXIT_SUCCESS)
			return EXIT_FAILURE;
	}
	if (request->snapshot && take_snapshot(ev, request) != EXIT_SUCCESS)
		return EXIT_FAILURE;
	return request->failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static bool is_usage(const struct request *request, int argc, char **argv)
{
	bool of_attach = request->lane_name || request->filter || request->snapshot ||
			 has_limits(request);

	if (request->limits.per && !request->limits.rate)
		return false;

	if (!argc)
		return !request->group && !of_attach;
	if (argc < 2 || request->json)
		return false;
	return !strcmp(argv[0], "attach") || (!strcmp(argv[0], "detach") && !of_attach);
}

/* A number from 1 to @max, up to @end */
static bool parse_number(const char *text, uint32_t max, uint32_t *number, char **end)
{
	unsigned long long value;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoull(text, end, 10);
	*number = (uint32_t)value;
	return !errno && value && value <= max;
}

static bool parse_rate(struct evring_limits *limits, const char *text)
{
	char *end;

	if (!parse_number(text, EVRING_RATE_MAX, &limits->rate, &end))
		return false;
	limits->burst = limits->rate;
	if (*end == '/' && !parse_number(end + 1, EVRING_BURST_MAX, &limits->burst, &end))
		return false;
	return !*end;
}

static bool parse_limit(struct evring_limits *limits, int option, const char *text)
{
	char *end;

	switch (option) {
	case 's':
		if (parse_number(text, EVRING_SAMPLE_MAX, &limits->sample, &end) && !*end)
			return true;
		fprintf(stderr, "evring: --sample takes a number from 1 to %d\n", EVRING_SAMPLE_MAX);
		return false;
	case 'r':
		if (parse_rate(limits, text))
			return true;
		fprintf(stderr, "evring: --rate takes N or N/BURST, from 1 to %d\n", EVRING_RATE_MAX);
		return false;
	default:
		limits->per = !strcmp(text, "uid") ? EVRING_PER_UID :
			      !strcmp(text, "cgroup") ? EVRING_PER_CGROUP : EVRING_PER_TYPE;
		if (limits->per)
			return true;
		fputs("evring: --per takes uid or cgroup\n", stderr);
		return false;
	}
}

int cmd_hooks(const struct cli *cli, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "group", required_argument, NULL, 'g' },
		{ "lane", required_argument, NULL, 'l' },
		{ "filter", required_argument, NULL, 'f' },
		{ "sample", required_argument, NULL, 's' },
		{ "rate", required_argument, NULL, 'r' },
		{ "per", required_argument, NULL, 'p' },
		{ "snapshot", no_argument, NULL, 'S' },
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
		else if (option == 'f')
			request.filter = optarg;
		else if (strchr("srp", option)) {
			if (!parse_limit(&request.limits, option, optarg))
				return try_help("hooks");
		}
		else if (option == 'S')
			request.snapshot = true;
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
