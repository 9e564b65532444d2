/* SPDX-License-Identifier: MIT */
/*
 * Reads lane bulk while the emit benchmark runs, until it is told to end:
 *
 *	evring-reader tap		reads along
 *	evring-reader group NAME	holds what it has not committed; the group is
 *					dropped at the end
 *
 * Prints "ready" when it reads, and at the end how many events it has read and
 * how many it missed. Exit status 1: it could not read, or has read nothing.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "../../harness/defaults.h"
#include "evring.h"

#define BULK	(1u << LANE_BULK)

static volatile sig_atomic_t stop;

static void on_signal(int signal)
{
	(void)signal;
	stop = 1;
}

static int join(struct evring *ev, const char *group)
{
	struct evring_group wish = {
		.name = group,
		.lanes = BULK,
		.policy = EVRING_HOLD,
		.start = EVRING_LATEST,
	};

	return group ? evring_join(ev, &wish) : evring_tap(ev, BULK, EVRING_LATEST);
}

/* The waits are short: a signal that comes just before one is seen after it. */
static int read_on(struct evring *ev, bool commit, uint64_t *events, uint64_t *missed)
{
	struct evring_event event;
	int ret = 0;

	while (!stop && ret >= 0) {
		while ((ret = evring_next(ev, &event)) > 0) {
			*missed += event.missed;
			++*events;
		}
		if (!ret && commit)
			ret = evring_commit(ev);
		if (ret >= 0)
			ret = evring_wait(ev, 100);
		if (ret == -EINTR)
			ret = 0;
	}
	return ret < 0 ? ret : 0;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	const char *group = argc == 3 && !strcmp(argv[1], "group") ? argv[2] : NULL;
	uint64_t events = 0, missed = 0;
	struct evring *ev;
	int ret;

	if (!group && (argc != 2 || strcmp(argv[1], "tap"))) {
		fprintf(stderr, "Usage: evring-reader tap | group NAME\n");
		return 2;
	}
	sigaction(SIGTERM, &action, NULL);
	ret = evring_open(&ev, NULL);
	if (!ret) {
		ret = join(ev, group);
		if (!ret) {
			puts("ready");
			fflush(stdout);
			ret = read_on(ev, group, &events, &missed);
		}
		if (group && !ret)
			ret = evring_leave(ev);
		if (group && !ret)
			ret = evring_drop(ev, group);
		evring_close(ev);
	}
	printf("%llu events, %llu missed\n", (unsigned long long)events,
	       (unsigned long long)missed);
	if (ret < 0)
		fprintf(stderr, "evring-reader: %s\n", strerror(-ret));
	return ret < 0 || !events;
}
