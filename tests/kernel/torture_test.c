// SPDX-License-Identifier: MIT
/*
 * The torn-record hunt: every context of every CPU emits at once, nested, while
 * a group and taps read along. Each record is checked against its checksum,
 * each ring's seq for gaps, each source's count for order, and at the end
 * emitted = read + lost, to the event.
 */
#include <poll.h>
#include <sys/wait.h>

#include "testing.h"

#define CPUS_MAX	64
#define CONTEXTS	4

struct tally {
	uint64_t read;
	uint64_t lost;		/* as the lost records say */
	uint64_t missed;	/* overwritten unread */
	uint64_t torn;
	uint64_t disorder;	/* a source's count went back, or came twice */
	uint64_t gaps;		/* events that a source's counts leave out */
	uint64_t next[CPUS_MAX][CONTEXTS];
};

static void tally_event(struct tally *tally, const struct evring_event *event)
{
	const struct torture_event *e = event->payload;
	uint64_t *next;

	tally->missed += event->missed;
	if (event->rec->type == EVRING_TYPE_LOST) {
		tally->lost += ((const struct evring_lost *)event->payload)->count;
		return;
	}
	if (!event->type || strcmp(event->type->name, TORTURE_TYPE))
		return;
	tally->read++;
	if (!torture_whole(event) || e->source_cpu >= CPUS_MAX || e->context >= CONTEXTS ||
	    e->source_cpu != event->cpu) {
		tally->torn++;
		return;
	}
	next = &tally->next[e->source_cpu][e->context];	/* 0: not seen yet */
	if (e->count + 1 <= *next)
		tally->disorder++;
	else if (*next)
		tally->gaps += e->count - *next;
	*next = e->count + 1;
}

/*
 * One plain event on each CPU: a loss is told before the next event that fits,
 * and overwritten events show in the next event that is read.
 */
static int flush(void)
{
	int cpu, cpus = (int)sysconf(_SC_NPROCESSORS_ONLN), ret = 0;

	for (cpu = 0; cpu < cpus && !ret; cpu++)
		ret = pin(cpu) ? -errno : emit(1, 0);
	return ret;
}

/*
 * Read until the torture has begun, is over, and nothing is left. @attempts: before it
 * began; a reader that does not run meanwhile sees by them that it has been.
 */
static int tally_run(struct evring *ev, struct tally *tally, bool commit, const char *name,
		     uint64_t attempts)
{
	struct evring_event event;
	bool begun = false, over;
	unsigned int since = 0;
	int ret;

	for (;;) {
		over = begun && knob_read("run") == 0;
		begun = begun || knob_read("attempts") != attempts;

		while ((ret = evring_next(ev, &event)) > 0) {
			tally_event(tally, &event);
			if (commit && ++since == 500) {
				since = 0;
				ret = evring_commit(ev);
				if (ret)
					return ret;
			}
		}
		if (ret || over)
			break;
		ret = evring_wait(ev, begun ? 100 : 1);
		if (ret < 0)
			return ret;
	}
	if (!ret && commit)
		ret = evring_commit(ev);
	printf("# %s: read %llu lost %llu missed %llu torn %llu disorder %llu gaps %llu\n", name,
	       (unsigned long long)tally->read, (unsigned long long)tally->lost,
	       (unsigned long long)tally->missed, (unsigned long long)tally->torn,
	       (unsigned long long)tally->disorder, (unsigned long long)tally->gaps);
	fflush(stdout);
	return ret;
}

/* Read the rest. */
static int tally_rest(struct evring *ev, struct tally *tally)
{
	struct evring_event event;
	int ret;

	while ((ret = evring_next(ev, &event)) > 0)
		tally_event(tally, &event);
	return ret ? ret : evring_commit(ev);
}

/* A tap in a process of its own; its exit status is its verdict. */
static pid_t tap_start(int ready)
{
	pid_t pid = fork();
	uint64_t attempts;
	struct tally *tally;
	struct evring *ev;

	if (pid)
		return pid;
	tally = calloc(1, sizeof(*tally));
	if (!tally || evring_open(&ev, NULL) ||
	    evring_tap(ev, 1u << LANE_CRITICAL, EVRING_LATEST))
		_exit(2);
	attempts = knob_read("attempts");
	if (write(ready, "", 1) != 1)
		_exit(3);
	if (tally_run(ev, tally, false, "tap", attempts))
		_exit(4);
	/* Events that it read are whole and in order; the others are counted. */
	_exit(tally->torn || tally->disorder || !tally->read ||
	      tally->gaps > tally->lost + tally->missed);
}

FIXTURE(torture) {
	struct evring *ev;
	struct tally *tally;
};

FIXTURE_SETUP(torture)
{
	self->tally = calloc(1, sizeof(*self->tally));
	ASSERT_NE(NULL, self->tally);
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
}

FIXTURE_TEARDOWN(torture)
{
	evring_close(self->ev);
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	EXPECT_EQ(0, evring_drop(self->ev, "torture"));
	evring_close(self->ev);
	free(self->tally);
}

static void hunt(struct __test_metadata *_metadata, struct evring *ev, struct tally *tally,
		 uint32_t policy, unsigned long quota)
{
	struct evring_group group = {
		.name = "torture",
		.lanes = 1u << LANE_CRITICAL,
		.policy = policy,
		.start = EVRING_LATEST,
	};
	uint64_t attempts, failures;
	char value[32], byte;
	int ready[2], status, i;
	pid_t taps[2];

	ASSERT_EQ(0, flush());
	attempts = knob_read("attempts");
	failures = knob_read("failures");
	ASSERT_EQ(0, pipe(ready));
	for (i = 0; i < 2; i++)
		taps[i] = tap_start(ready[1]);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(1, read(ready[0], &byte, 1));
	ASSERT_EQ(0, evring_join(ev, &group));
	snprintf(value, sizeof(value), "%lu", quota);
	ASSERT_EQ(0, knob_write("run", value));
	ASSERT_EQ(0, tally_run(ev, tally, true, policy == EVRING_HOLD ? "hold" : "follow",
			       attempts));
	ASSERT_EQ(0, flush());
	ASSERT_EQ(0, tally_rest(ev, tally));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(taps[i], waitpid(taps[i], &status, 0));
		EXPECT_EQ(0, status);
	}

	EXPECT_EQ(0, tally->torn);
	EXPECT_EQ(0, tally->disorder);
	attempts = knob_read("attempts") - attempts;
	failures = knob_read("failures") - failures;
	printf("# attempts %llu failures %llu\n", (unsigned long long)attempts,
	       (unsigned long long)failures);
	EXPECT_GE(attempts, quota);
	if (policy == EVRING_HOLD)
		EXPECT_EQ(failures, tally->lost);
	EXPECT_EQ(attempts, tally->read + tally->lost + tally->missed);
}

TEST_F_TIMEOUT(torture, a_holding_group_reads_every_event_or_a_lost_record_counts_it, 900)
{
	unsigned long quota = getenv("TORTURE") ? strtoul(getenv("TORTURE"), NULL, 0) : 400000;

	hunt(_metadata, self->ev, self->tally, EVRING_HOLD, quota);
	EXPECT_EQ(0, self->tally->missed);
}

TEST_F_TIMEOUT(torture, a_following_group_counts_exactly_what_was_overwritten, 900)
{
	/* A hole takes a number too: overwritten unread, it could not be told from an event. */
	ASSERT_EQ(0, knob_write("discards", "N"));
	hunt(_metadata, self->ev, self->tally, EVRING_FOLLOW, 20000);
	EXPECT_EQ(0, knob_write("discards", "Y"));
}

TEST_HARNESS_MAIN
