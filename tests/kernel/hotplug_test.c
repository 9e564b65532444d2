// SPDX-License-Identifier: MIT
/*
 * CPUs that go and come: events of an offlined CPU stay readable, and its ring goes on
 * when it is back. (A CPU that comes for the first time: lifecycle_test.)
 */
#include "cpu.h"
#include "device.h"
#include "load.h"

#define CPUS	2
#define TOGGLES	4

FIXTURE(hotplug) {
	struct evring *ev;
};

FIXTURE_SETUP(hotplug)
{
	struct evring_group group = {
		.name = "hotplug", .lanes = CRITICAL, .start = EVRING_LATEST,
	};

	groups_drop();
	ASSERT_EQ(0, cpu_online(1, true));
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	ASSERT_EQ(0, evring_join(self->ev, &group));
}

FIXTURE_TEARDOWN(hotplug)
{
	cpu_online(1, true);
	evring_close(self->ev);
	groups_drop();
}

/* A reader's counts, by CPU */
struct tally {
	uint64_t events[CPUS];
	uint64_t lost[CPUS];
	uint64_t next_seq[CPUS];
	bool begun[CPUS];
	uint64_t gaps;
	uint64_t torn;
};

/* Read all events and commit them. 0 or -errno. */
static int tally_read(struct evring *ev, struct tally *tally)
{
	struct evring_event event;
	unsigned int n = 0, cpu;
	int ret;

	while ((ret = evring_next(ev, &event)) > 0) {
		cpu = event.cpu;
		if (event.missed || (tally->begun[cpu] && event.rec->seq != tally->next_seq[cpu]))
			tally->gaps++;
		tally->begun[cpu] = true;
		tally->next_seq[cpu] = event.next_seq;
		if (event.rec->type == EVRING_TYPE_LOST) {
			tally->lost[cpu] += ((const struct evring_lost *)event.payload)->count;
		} else if (event.rec->type != EVRING_TYPE_DISCARD) {
			tally->events[cpu]++;
			if (!strcmp(event.type->name, TORTURE_TYPE) && !torture_whole(&event))
				tally->torn++;
		}
		if (++n % 500 == 0 && evring_commit(ev))
			return -EIO;
	}
	return ret ? ret : evring_commit(ev);
}

TEST_F(hotplug, events_of_an_offlined_cpu_stay_readable)
{
	struct tally tally = { 0 };

	ASSERT_EQ(0, pin(1));
	ASSERT_EQ(0, emit(100, 0));
	ASSERT_EQ(0, pin(0));
	ASSERT_EQ(0, cpu_online(1, false));
	ASSERT_EQ(0, emit(10, 0));
	ASSERT_EQ(0, tally_read(self->ev, &tally));
	EXPECT_EQ(100, tally.events[1]);
	EXPECT_EQ(10, tally.events[0]);
	EXPECT_EQ(0, tally.gaps + tally.torn);
}

TEST_F(hotplug, a_group_that_joins_while_a_cpu_is_away_reads_its_ring_too)
{
	struct evring_group group = {
		.name = "late", .lanes = CRITICAL, .start = EVRING_EARLIEST,
	};
	struct tally tally = { 0 };
	struct evring *ev;

	ASSERT_EQ(0, pin(1));
	ASSERT_EQ(0, emit(100, 0));
	ASSERT_EQ(0, pin(0));
	ASSERT_EQ(0, cpu_online(1, false));
	ASSERT_EQ(0, evring_open(&ev, NULL));
	ASSERT_EQ(0, evring_join(ev, &group));
	ASSERT_EQ(0, tally_read(ev, &tally));
	EXPECT_LE(100, tally.events[1]);
	EXPECT_EQ(ring_get(LANE_CRITICAL, 1).seq, tally.next_seq[1]);
	evring_close(ev);
}

TEST_F(hotplug, a_cpu_that_comes_back_goes_on_where_it_was)
{
	struct evring_meta before, after;
	struct tally tally = { 0 };
	uint64_t seq;
	int i;

	meta_get(&before);
	for (i = 0; i < TOGGLES; i++) {
		ASSERT_EQ(0, pin(1));
		ASSERT_EQ(0, emit(50, 0));
		seq = ring_get(LANE_CRITICAL, 1).seq;
		ASSERT_EQ(0, pin(0));
		ASSERT_EQ(0, cpu_online(1, false));
		ASSERT_EQ(0, cpu_online(1, true));
		EXPECT_EQ(seq, ring_get(LANE_CRITICAL, 1).seq);
	}
	ASSERT_EQ(0, tally_read(self->ev, &tally));
	EXPECT_EQ(50 * TOGGLES, tally.events[1]);
	EXPECT_EQ(0, tally.gaps + tally.torn);
	meta_get(&after);
	EXPECT_EQ(before.nr_rings, after.nr_rings);
	EXPECT_EQ(before.memory, after.memory);
}

static pid_t toggle(void)
{
	pid_t pid = fork();
	int i;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < TOGGLES; i++) {
		usleep(100000);
		if (cpu_online(1, false))
			_exit(1);
		usleep(100000);
		if (cpu_online(1, true))
			_exit(2);
	}
	_exit(0);
}

TEST_F_TIMEOUT(hotplug, under_torture_every_event_is_whole_and_none_is_missing, 600)
{
	uint64_t attempts = knob_read("attempts"), failures = knob_read("failures");
	struct tally tally = { 0 };
	int status, cpu;
	pid_t pid;

	ASSERT_EQ(0, knob_write("run", "10000000"));
	pid = toggle();
	while (!waitpid(pid, &status, WNOHANG))
		ASSERT_LE(0, tally_read(self->ev, &tally) ?: evring_wait(self->ev, 20));
	EXPECT_EQ(0, status);
	ASSERT_EQ(0, knob_write("run", "0"));
	/* The kernel's threads are gone; a loss is told before the next event. */
	while (knob_read("run"))
		ASSERT_LE(0, tally_read(self->ev, &tally) ?: evring_wait(self->ev, 20));
	ASSERT_EQ(0, tally_read(self->ev, &tally));
	for (cpu = 0; cpu < CPUS; cpu++) {
		ASSERT_EQ(0, pin(cpu));
		ASSERT_EQ(0, emit(1, 0));
	}
	ASSERT_EQ(0, tally_read(self->ev, &tally));
	attempts = knob_read("attempts") - attempts;
	failures = knob_read("failures") - failures;
	note("attempts %llu failures %llu", (unsigned long long)attempts,
	       (unsigned long long)failures);
	EXPECT_EQ(0, tally.gaps);
	EXPECT_EQ(0, tally.torn);
	EXPECT_EQ(failures, tally.lost[0] + tally.lost[1]);
	EXPECT_EQ(attempts, tally.events[0] + tally.events[1] + failures);
	EXPECT_LT(0, tally.events[1]);
}

TEST_F_TIMEOUT(hotplug, under_a_fork_load_the_hooks_miss_nothing, 600)
{
	struct tally tally = { 0 };
	pid_t loads[2], pid;
	int status, i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(1, hook_op(self->ev, process_hooks[i], EVRING_HOOK_ATTACH));
	for (i = 0; i < 2; i++)
		loads[i] = load_start();
	pid = toggle();
	while (!waitpid(pid, &status, WNOHANG))
		ASSERT_LE(0, tally_read(self->ev, &tally) ?: evring_wait(self->ev, 20));
	EXPECT_EQ(0, status);
	for (i = 0; i < 2; i++)
		load_stop(loads[i]);
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, hook_op(self->ev, process_hooks[i], EVRING_HOOK_DETACH));
	ASSERT_EQ(0, tally_read(self->ev, &tally));
	EXPECT_EQ(0, tally.gaps);
	EXPECT_LT(0, tally.events[0]);
	EXPECT_LT(0, tally.events[1]);
	for (i = 0; i < CPUS; i++)
		EXPECT_EQ(ring_get(LANE_CRITICAL, (unsigned int)i).seq, tally.next_seq[i]);
}

TEST_HARNESS_MAIN
