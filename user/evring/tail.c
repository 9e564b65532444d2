/* SPDX-License-Identifier: MIT */
/*
 * evring tail: a tap, printed. Output goes out when the buffer is full or when
 * there is nothing more to read; the number of missed events goes to stderr.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "choice.h"
#include "cli.h"
#include "line.h"
#include "memory.h"
#include "names.h"
#include "text.h"

#define OUT_SIZE	(256 * 1024)
#define FLUSH_MS	20	/* not noticed by the eye; at most 50 wake-ups a second */

static const char help[] =
	"Usage: evring tail [--lane LANE[,LANE]...] [--type GLOB]... [--filter EXPRESSION]\n"
	"                   [--json | --verbose] [-n N] [--from-start] [--no-follow]\n"
	"Print events as they happen, a line each: time, type, process, user, and what the\n"
	"event has to tell, as far as a terminal's line has room. This holds nothing back:\n"
	"where events come faster than they are printed some are missed, and stderr says how\n"
	"many.\n"
	"\n"
	"  --lane LANE[,LANE]  only these lanes; 'evring status' lists them\n"
	"  --type GLOB         only types that match ('process.*'); can be given again\n"
	"  --filter EXPRESSION only events that match, see evring-filter(7): of the\n"
	"                      types that have its fields\n"
	"  -v, --verbose       all of an event: the date, the CPU and every field, and no\n"
	"                      line is cut\n"
	"  --json              one JSON object a line, see evring-json(7)\n"
	"  -n, --count N       end after N events\n"
	"  --from-start        begin with the oldest events that the rings keep\n"
	"  --no-follow         print the events that the rings keep now, then end\n"
	"  --help              this text\n";

#define LANES_MAX	64	/* as many as a set of lanes has bits */

struct tail {
	struct evring *ev;
	char **lane_lists;		/* as they were given */
	unsigned int nr_lane_lists;
	struct choice choice;
	bool json;
	bool from_start;
	bool follow;
	bool printed;			/* an event */
	uint64_t left;			/* events to print before the end */
	uint64_t end_ns;		/* CLOCK_BOOTTIME where --no-follow ends */
	struct evring_host host;
	struct line line;
	char *buf;			/* for one event's JSON */
	size_t buf_size;
	int error;			/* of writing to stdout, -errno */
	time_t reported;		/* when stderr was written to last */
	uint64_t missed[LANES_MAX];	/* since then: overwritten before they were read */
	uint64_t lost[LANES_MAX];	/* since then: told in records that --type or --filter hides */
};

static volatile sig_atomic_t caught;

static void catch(int number)
{
	caught = number;
}

/*
 * Signals that end the program do so between two lines; the second one at once,
 * should stdout be stuck. Ignored ones stay ignored.
 */
static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = catch, .sa_flags = SA_RESETHAND }, old;

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
}

/* End as if the signal had not been caught, so that the caller sees it. */
static int end_by(int number)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	sigaction(number, &action, NULL);
	raise(number);
	return EXIT_FAILURE;
}

/*
 * Missed events
 */

/* Write the buffered output first, so that both outputs are in order. */
static void report(struct tail *tail)
{
	if (fflush(stdout) && !tail->error)
		tail->error = -errno;
	for (unsigned int lane = 0; lane < evring_lanes(tail->ev); lane++) {
		if (tail->missed[lane])
			fprintf(stderr, "evring: missed %" PRIu64 " events of lane %s: "
				"they came faster than they were printed\n", tail->missed[lane],
				lane_name(tail->ev, lane));
		if (tail->lost[lane])
			fprintf(stderr, "evring: the kernel lost %" PRIu64 " events of lane %s: "
				"it had no room\n", tail->lost[lane], lane_name(tail->ev, lane));
		tail->missed[lane] = 0;
		tail->lost[lane] = 0;
	}
	tail->reported = time(NULL);
}

/* A flood is told once a second, not once an event. */
static void count_missed(struct tail *tail, const struct evring_event *event, bool shown)
{
	struct evring_lost lost;
	unsigned int lane = event->lane % LANES_MAX;
	bool news = event->missed;

	tail->missed[lane] += event->missed;
	if (!shown && event->rec->type == EVRING_TYPE_LOST && event->payload_len >= sizeof(lost)) {
		memcpy(&lost, event->payload, sizeof(lost));
		tail->lost[lane] += lost.count;
		news = true;
	}
	if (news && time(NULL) != tail->reported)
		report(tail);
}

/*
 * One event
 */

static ssize_t render(struct tail *tail, const struct evring_event *event, size_t size)
{
	if (size > tail->buf_size) {
		tail->buf = xgrow(tail->buf, size, size, 1);
		tail->buf_size = size;
	}
	return evring_json(tail->ev, &tail->host, event, tail->buf, tail->buf_size);
}

static int print_event_json(struct tail *tail, const struct evring_event *event)
{
	ssize_t len = render(tail, event, evring_json_max(event));

	if (len == -ENOSPC)	/* its texts overlap */
		len = render(tail, event, evring_json_max_ever(event));
	if (len < 0)
		return len;
	fwrite(tail->buf, 1, len, stdout);
	putchar('\n');
	return 0;
}

/* 1: go on. 0: this was the last one. */
static int handle(struct tail *tail, const struct evring_event *event)
{
	bool wanted = choice_has(&tail->choice, event);
	int ret = 0;

	count_missed(tail, event, wanted);
	if (!tail->follow && evring_boottime(tail->ev, event) > tail->end_ns)
		return 0;
	if (!wanted)
		return 1;
	errno = 0;
	tail->printed = true;
	if (tail->json)
		ret = print_event_json(tail, event);
	else
		line_print(&tail->line, tail->ev, event);
	if (ferror(stdout) && !tail->error)
		tail->error = errno ? -errno : -EIO;
	if (ret < 0 || tail->error)
		return ret < 0 ? ret : tail->error;
	return --tail->left > 0;
}

/*
 * The loop
 */

/*
 * Sleep until there is something to read, a signal comes or stdout's reader
 * goes away: `evring tail | head` must end without one event more. Signals are let
 * in only during the sleep, as one that comes just before it would be missed.
 */
static int wait_for_events(struct tail *tail)
{
	struct pollfd fds[2] = {
		{ .fd = evring_fd(tail->ev), .events = POLLIN },
		{ .fd = STDOUT_FILENO },
	};
	sigset_t all, old;
	int ret = evring_arm(tail->ev, evring_meta(tail->ev)->segment_size, FLUSH_MS);

	if (ret)
		return ret;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	if (!caught && ppoll(fds, 2, NULL, &old) < 0 && errno != EINTR)
		ret = -errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (fds[1].revents & (POLLERR | POLLHUP | POLLNVAL))
		return -EPIPE;
	return ret;
}

static int read_events(struct tail *tail)
{
	struct evring_event event;
	int ret;

	tail->line.columns = terminal_columns();
	while (!caught) {
		ret = evring_next(tail->ev, &event);
		if (ret > 0) {
			ret = handle(tail, &event);
			if (ret <= 0)
				return ret;
			continue;
		}
		if (ret < 0)
			return ret;
		report(tail);
		if (tail->error || !tail->follow)
			return tail->error;
		ret = wait_for_events(tail);
		if (ret < 0)
			return ret;
		tail->line.columns = terminal_columns();	/* its window may have changed */
	}
	return 0;
}

/* JSON has the host's id in each event; a container often has no machine id. */
static int identify(struct tail *tail)
{
	int ret = evring_host(tail->ev, &tail->host);
	char why[200];

	if (ret < 0)
		fprintf(stderr, "evring: %s\n",
			evring_host_error(&tail->host, ret, why, sizeof(why)));
	return ret;
}

static int run(struct tail *tail)
{
	struct timespec now;
	int ret = tail->json ? identify(tail) : 0;

	if (ret < 0)
		return EXIT_FAILURE;
	clock_gettime(CLOCK_BOOTTIME, &now);
	tail->end_ns = now.tv_sec * 1000000000ULL + now.tv_nsec;
	setvbuf(stdout, xalloc(OUT_SIZE), _IOFBF, OUT_SIZE);	/* until exit() */
	ret = evring_tap(tail->ev, tail->choice.lanes,
			 tail->from_start ? EVRING_EARLIEST : EVRING_LATEST);
	if (ret < 0)
		return fail(ret, "cannot read the rings");
	catch_signals();
	if (tail->follow)
		choice_tell_detached(&tail->choice, tail->ev);
	ret = read_events(tail);
	report(tail);
	if (!ret && !tail->follow && !tail->printed)
		choice_tell_detached(&tail->choice, tail->ev);
	if (!ret)
		ret = tail->error;
	if (caught)
		return end_by(caught);
	if (ret == -EPIPE)
		return end_by(SIGPIPE);
	if (ret < 0)
		return fail(ret, tail->error ? "cannot write" : "cannot read the rings");
	return EXIT_SUCCESS;
}

/*
 * Options
 */

static int no_such_lane(const struct tail *tail, const char *name)
{
	char *all = lane_list(tail->ev, EVRING_LANES_ALL);

	fprintf(stderr, "evring: there is no lane '%s': there are %s\n", name, all);
	free(all);
	return -EINVAL;
}

/* Which lanes there are is known once the device is open. */
static int resolve_lanes(struct tail *tail)
{
	for (unsigned int i = 0; i < tail->nr_lane_lists; i++) {
		char *rest = NULL;

		for (char *name = strtok_r(tail->lane_lists[i], ",", &rest); name;
		     name = strtok_r(NULL, ",", &rest)) {
			int lane = evring_lane_by_name(tail->ev, name);

			if (lane < 0)
				return no_such_lane(tail, name);
			tail->choice.lanes |= 1ULL << lane;
		}
	}
	if (!tail->choice.lanes)
		tail->choice.lanes = EVRING_LANES_ALL;
	return 0;
}

static int parse_count(const char *text, uint64_t *count)
{
	char *end;

	errno = 0;
	*count = strtoull(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && !errno && *count)
		return 0;
	fputs("evring: -n takes a number of events, 1 or more\n", stderr);
	return -EINVAL;
}

static int parse_option(struct tail *tail, int option)
{
	switch (option) {
	case 'l':
		tail->lane_lists[tail->nr_lane_lists++] = optarg;
		return 0;
	case 't':
		tail->choice.globs[tail->choice.nr_globs++] = optarg;
		return 0;
	case 'F':
		tail->choice.filter = optarg;
		return 0;
	case 'j':
		tail->json = true;
		return 0;
	case 'v':
		tail->line.is_long = true;
		return 0;
	case 'n':
		return parse_count(optarg, &tail->left);
	case 's':
		tail->from_start = true;
		return 0;
	case 'f':
		tail->follow = false;
		tail->from_start = true;
		return 0;
	default:
		return -EINVAL;
	}
}

/* EXIT_SUCCESS: run. -1: help was asked for. */
static int parse_options(struct tail *tail, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "lane", required_argument, NULL, 'l' },
		{ "type", required_argument, NULL, 't' },
		{ "filter", required_argument, NULL, 'F' },
		{ "json", no_argument, NULL, 'j' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "count", required_argument, NULL, 'n' },
		{ "from-start", no_argument, NULL, 's' },
		{ "no-follow", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "n:vh", longs, NULL)) != -1) {
		if (option == 'h')
			return -1;
		if (parse_option(tail, option))
			return try_help("tail");
	}
	if (optind < argc) {
		fprintf(stderr, "evring: tail takes no argument: '%s' is one\n", argv[optind]);
		return try_help("tail");
	}
	return EXIT_SUCCESS;
}

int cmd_tail(const struct cli *cli, int argc, char **argv)
{
	struct tail *tail = xzalloc(sizeof(*tail));
	int ret;

	tail->choice.globs = xgrow(NULL, 0, (size_t)argc, sizeof(*tail->choice.globs));
	tail->lane_lists = xgrow(NULL, 0, (size_t)argc, sizeof(*tail->lane_lists));
	tail->follow = true;
	tail->left = UINT64_MAX;
	tail->line.out = stdout;
	tail->line.colour = want_colour();
	ret = parse_options(tail, argc, argv);
	if (ret == EXIT_SUCCESS) {
		tail->ev = open_device(cli);
		if (!tail->ev)
			ret = EXIT_FAILURE;
		else if (resolve_lanes(tail))
			ret = try_help("tail");
		else
			ret = choice_check(&tail->choice, tail->ev) ? EXIT_FAILURE : run(tail);
	} else if (ret < 0) {
		ret = print_help(help);
	}
	choice_free(&tail->choice);
	evring_close(tail->ev);
	free(tail->buf);
	free(tail->lane_lists);
	free(tail);
	return ret;
}
