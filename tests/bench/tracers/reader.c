/* SPDX-License-Identifier: MIT */
/*
 * evring-bench-reader FILE TYPE[:COMM[:TEXT]]...
 *
 * Writes every event's record to FILE, as a group that holds, until SIGTERM and
 * until there is nothing more. Prints how many events there were of these types
 * (with COMM: of tasks of that name; with TEXT: that have it in them, as the path: a
 * program that starts opens its libraries, too), how many evring says were lost, and how many of
 * these in lane critical.
 */
#include <errno.h>
#include <evring.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WANTED_MAX	8
#define COMMIT_EVERY	1024	/* events: the ring gets room while we read on */
#define WATERMARK	65536	/* bytes to wait for: a reader woken by each event */
#define FLUSH_MS	100	/* ... costs the emitter more than the event does */

struct wanted {
	const char *type;
	const char *comm;	/* NULL: any, else the type has struct evring_common */
	const char *text;	/* NULL: any */
};

static struct wanted wanted[WANTED_MAX];
static int nr_wanted;
static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	stopped = signal;
}

static void check(int ret, const char *what)
{
	if (ret >= 0 || ret == -EINTR)
		return;
	fprintf(stderr, "evring-bench-reader: %s: %s\n", what, strerror(-ret));
	exit(1);
}

/* Which of the wanted this type is, NULL for none: looked up once for each type. */
static const struct wanted *lookup(const struct evring_type *type)
{
	static const struct evring_type *last;
	static const struct wanted *found;
	int i;

	if (type == last)
		return found;
	evring_type_free(last);
	last = evring_type_hold(type);
	found = NULL;
	for (i = 0; type && i < nr_wanted; i++)
		if (!strcmp(type->name, wanted[i].type))
			found = &wanted[i];
	return found;
}

static bool matches(const struct evring_event *event)
{
	const struct wanted *want = lookup(event->type);
	const struct evring_common *common = event->payload;

	return want && (!want->comm ||
			!strncmp(common->comm, want->comm, sizeof(common->comm))) &&
	       (!want->text || memmem(event->payload, event->payload_len, want->text,
				      strlen(want->text)));
}

/*
 * All-time, all rings of some lanes: a loss that no event has followed yet is only there.
 * Lane critical is the first one.
 */
static unsigned long lost(struct evring *ev, unsigned int lanes)
{
	const unsigned int nr_cpus = evring_meta(ev)->nr_cpus;
	struct evring_ring_page page;
	unsigned int lane, cpu, cause;
	uint64_t copy[8192], one;
	unsigned long sum = 0;
	ssize_t len;

	for (lane = 0; lane < lanes; lane++) {
		for (cpu = 0; cpu < nr_cpus; cpu++) {
			len = evring_ring_read(ev, lane, cpu, copy, sizeof(copy));
			if (len < 0)
				continue;
			evring_page_get(copy, (size_t)len, &page, sizeof(page));
			for (cause = 0; evring_table_get(copy, (size_t)len, &page.lost, cause, &one,
							 sizeof(one)); cause++)
				sum += one;
		}
	}
	return sum;
}

static void wait_for_more(struct evring *ev)
{
	struct pollfd fd = { .fd = evring_fd(ev), .events = POLLIN };
	int ret = evring_arm(ev, WATERMARK, FLUSH_MS);

	check(ret, "arm");
	if (!ret && poll(&fd, 1, FLUSH_MS * 10) < 0)
		check(-errno, "poll");
}

/* Returns how many there were of those that are wanted. */
static unsigned long read_all(struct evring *ev, FILE *out)
{
	unsigned long found = 0, n = 0;
	struct evring_event event;
	bool last = false;
	int ret;

	for (;;) {
		while ((ret = evring_next(ev, &event)) > 0) {
			fwrite(event.rec, event.rec->len, 1, out);
			found += matches(&event);
			if (++n % COMMIT_EVERY == 0)
				check(evring_commit(ev), "commit");
		}
		check(ret, "read");
		check(evring_commit(ev), "commit");
		if (last)
			return found;
		/* once more after the signal: events before it are read */
		last = stopped;
		if (!last)
			wait_for_more(ev);
	}
}

int main(int argc, char **argv)
{
	const struct evring_group group = {
		.name = "bench",
		.lanes = EVRING_LANES_ALL,
		.policy = EVRING_HOLD,
		.start = EVRING_LATEST,
	};
	struct sigaction action = { .sa_handler = stop };
	unsigned long found, before, critical;
	struct evring *ev;
	FILE *out;
	int i;

	if (argc < 3 || argc - 2 > WANTED_MAX) {
		fprintf(stderr, "usage: evring-bench-reader FILE TYPE[:COMM[:TEXT]]...\n");
		return 2;
	}
	for (i = 2; i < argc; i++) {
		wanted[nr_wanted].type = strtok(argv[i], ":");
		wanted[nr_wanted].comm = strtok(NULL, ":");
		wanted[nr_wanted++].text = strtok(NULL, ":");
	}
	out = fopen(argv[1], "w");
	check(out ? 0 : -errno, argv[1]);
	sigaction(SIGTERM, &action, NULL);
	check(evring_open(&ev, NULL), "open");
	check(evring_join(ev, &group), "join");
	before = lost(ev, evring_lanes(ev));
	critical = lost(ev, 1);
	fprintf(stderr, "evring-bench-reader: ready\n");
	found = read_all(ev, out);
	printf("%lu %lu %lu\n", found, lost(ev, evring_lanes(ev)) - before,
	       lost(ev, 1) - critical);
	evring_leave(ev);
	check(evring_drop(ev, group.name), "drop");
	evring_close(ev);
	return fclose(out) ? 1 : 0;
}
