/* SPDX-License-Identifier: MIT */
/*
 * evringd's log lines about the host, on the module in this process: lanes that
 * lose, rings that fill, groups that hold and have no owner. Each is said once.
 */
#include "../harness/tap.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "evringd.h"
#include "sim.h"

#define SECOND	1000000000ull
#define PAYLOAD	96u

static char said[8192];			/* since the last look */

static void holds(bool good, const char *name)
{
	if (!ok(good, name))
		printf("# said: %s\n", said);
}

/* In place of log.c */

static void say(const char *level, const char *fmt, va_list args)
{
	size_t len = strlen(said);

	len += (size_t)snprintf(said + len, sizeof(said) - len, "%s", level);
	vsnprintf(said + len, sizeof(said) - len, fmt, args);
	strncat(said, "\n", sizeof(said) - strlen(said) - 1);
}

void info(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("info: ", fmt, args);
	va_end(args);
}

void warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("warning: ", fmt, args);
	va_end(args);
}

void fatal(const char *fmt, ...)
{
	printf("# fatal: %s\n", fmt);
	exit(1);
}

bool ratelimit_pass(struct ratelimit *limit, unsigned int *held)
{
	(void)limit;
	*held = 0;
	return true;
}

/* Time is the simulation's. */
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);
int __real_clock_gettime(clockid_t clock, struct timespec *ts);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	uint64_t ns = clock == CLOCK_BOOTTIME ? sim_now() : 0;

	if (!ns)
		return __real_clock_gettime(clock, ts);
	*ts = (struct timespec){ .tv_sec = (time_t)(ns / SECOND), .tv_nsec = (long)(ns % SECOND) };
	return 0;
}

static const char *look(struct watch *watch)
{
	said[0] = '\0';
	watch_look(watch);
	return said;
}

static void fill(void *room, uint32_t len, void *arg)
{
	(void)arg;
	memset(room, 0, len);
}

/* Of the lane bulk; returns how many were lost. */
static unsigned int emit(unsigned int n)
{
	unsigned int lost = 0;

	sim_be(0);
	while (n--)
		lost += !sim_event_emit(LANE_BULK, PAYLOAD, false, fill, NULL);
	return lost;
}

static struct evring *member(const char *name, uint32_t abandon_ms)
{
	const struct evring_group group = {
		.name = name, .lanes = EVRING_LANES_ALL, .policy = EVRING_HOLD,
		.start = EVRING_LATEST, .abandon_ms = abandon_ms,
	};
	struct evring *ev = NULL;

	if (evring_open(&ev, NULL) || evring_join(ev, &group))
		exit(1);
	return ev;
}

static bool has(const char *text)
{
	return strstr(said, text);
}

/* Is this all that was said since the last look? */
__attribute__((format(printf, 1, 2))) static bool is_all(const char *fmt, ...)
{
	char line[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	return !strcmp(said, line);
}

static bool tells_loss(unsigned int nr)
{
	return is_all("warning: lane bulk: %u events are lost: the ring was full; the stream declares "
		      "them as evring.lost\n", nr);
}

static bool tells_fill(void)
{
	static const char behind[] = " % full of events that group reader has not committed; when it "
				     "is full new events are lost\n";
	unsigned int percent = 0;
	int n = 0;

	return sscanf(said, "warning: lane bulk: the ring of cpu 0 is %u%n", &percent, &n) == 1 &&
	       percent >= 80 && percent < 90 && !strcmp(said + n, behind);
}

static bool tells_room(void)
{
	return is_all("info: lane bulk: its rings have room again\n");
}

/* So many events, or all that there are */
static void commit(struct evring *ev, unsigned int n)
{
	struct evring_event event;

	while (n-- && evring_next(ev, &event) > 0)
		;
	evring_commit(ev);
}

static void fills(struct watch *watch, struct evring *reader, unsigned int in_ring)
{
	holds(!*look(watch), "a host that is well: not one line");
	emit(in_ring * 7 / 10);
	holds(!*look(watch), "nor while a ring is less than 80 % full");
	holds(watch_look(watch), "but it is looked at again soon from 50 % on");
	emit(in_ring * 15 / 100);
	look(watch);
	holds(tells_fill(), "a ring that crosses 80 %: which one, and whose group it is");
	holds(!*look(watch), "which is said once");
	commit(reader, in_ring / 10);
	holds(!*look(watch), "a ring that is a little less full has no room yet");
	emit(in_ring / 10);
	holds(!*look(watch), "so it has not filled again, either");
	commit(reader, in_ring);
	look(watch);
	holds(tells_room(), "an empty one has");
	emit(in_ring * 85 / 100);
	look(watch);
	holds(tells_fill(), "and is told of when it fills once more");
}

static void rings(struct watch *watch, struct evring *reader, unsigned int in_ring)
{
	unsigned int lost;

	fills(watch, reader, in_ring);
	lost = emit(in_ring);
	look(watch);
	holds(lost && tells_loss(lost), "a lane that loses: how many, and why");
	holds(!*look(watch), "which is said once, too");
	lost = emit(in_ring);
	holds(!*look(watch), "more of them within ten seconds are not said at once");
	sim_advance(6 * SECOND);
	lost += emit(in_ring);
	holds(!*look(watch), "nor those of six seconds later");
	sim_advance(5 * SECOND);
	look(watch);
	holds(tells_loss(lost), "but then, all in one line");
	sim_advance(11 * SECOND);
	holds(!*look(watch), "which is said once, as the others");
	commit(reader, ~0u);
	look(watch);
	holds(tells_room(), "and that there is room again");
	holds(!watch_look(watch), "then there is no hurry any more");
	holds(!*look(watch), "once");
}

static bool tells_forgotten(unsigned int seconds)
{
	return is_all("warning: group forgotten has had no owner for %u s and holds events back, until "
		      "7200 s have passed: start its reader, or drop it with: evring groups drop "
		      "forgotten\n", seconds);
}

static void groups(struct watch *watch, struct evring *reader)
{
	struct evring *other = member("forgotten", 7200000);

	holds(!*look(watch), "a group with an owner: not one line");
	evring_leave(other);
	evring_close(other);
	sim_advance(5 * SECOND);
	holds(!*look(watch), "nor while it restarts");
	sim_advance(6 * SECOND);
	look(watch);
	holds(tells_forgotten(11), "a group that holds and has no owner: since when, and what to do");
	sim_advance(600 * SECOND);
	holds(!*look(watch), "which is said once");
	sim_advance(3600 * SECOND);
	look(watch);
	holds(tells_forgotten(4211), "and again an hour later");
	other = member("forgotten", 7200000);
	look(watch);
	holds(is_all("info: group forgotten has an owner again\n"), "and that it has an owner again");
	evring_close(other);
	if (evring_drop(reader, "forgotten"))
		exit(1);
	sim_advance(60 * SECOND);
	holds(!*look(watch), "a group that was dropped is forgotten");
	other = member("abandoned", 5000);
	evring_leave(other);
	evring_close(other);
	sim_advance(60 * SECOND);
	holds(!*look(watch), "a group that holds no longer is nobody's concern");
}

/* One event of ten, as the reader asks for; the others are told on its detach. */
static void sampled(struct evring *reader)
{
	const struct evring_limits limits = { .size = sizeof(limits), .sample = 10 };
	const struct evring_attachment how = {
		.hook = "sim.bulk", .group = "reader", .limits = &limits,
	};

	if (evring_attach_with(reader, &how) < 0)
		exit(1);
	emit(100);
	if (evring_detach(reader, "sim.bulk", "reader") < 0)
		exit(1);
	commit(reader, ~0u);
}

static void asked_for(struct watch *watch, struct evring *reader, unsigned int in_ring)
{
	sampled(reader);
	look(watch);
	holds(is_all("info: lane bulk: a hook's sample left them out, as its owners ask for: 90 so far; "
		     "the stream declares them as evring.lost, and evring status counts them\n"),
	      "what a sample leaves out is no trouble");
	sampled(reader);
	holds(!*look(watch), "and said once");
	sim_advance(SECOND);
	emit(2 * in_ring);
	look(watch);
	holds(has("are lost: the ring was full"), "nor does it keep a real loss back");
	sampled(reader);
	sim_advance(60 * SECOND);
	look(watch);
}

int main(void)
{
	const struct sim_boot boot = {
		.cpus = 1, .segment_kib = 4, .lane_kib = { 64, 64, 64 }, .stepped = true,
	};
	const unsigned int in_ring = 64 * 1024 / (PAYLOAD + 32);
	struct watch *watch;
	struct evring *reader;

	if (sim_boot(&boot) || sim_events_start())
		return 1;
	sim_advance(100 * SECOND);
	reader = member("reader", 0);
	watch = watch_new(reader);
	rings(watch, reader, in_ring);
	asked_for(watch, reader, in_ring);
	groups(watch, reader);
	watch_free(watch);
	evring_close(reader);
	sim_shutdown();
	return tap_end();
}
