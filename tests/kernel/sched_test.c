// SPDX-License-Identifier: MIT
/*
 * sched.switch and sched.wakeup: two tasks on one CPU that wake each other, compared
 * with the counts of getrusage().
 */
#include <sched.h>
#include <sys/resource.h>

#include "told.h"

#define ROUNDS	20

FIXTURE(sched) {
	struct evring *ev;
};

FIXTURE_SETUP(sched)
{
	groups_drop();
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	ASSERT_EQ(1, hook_op(self->ev, "sched.switch", EVRING_HOOK_ATTACH));
	ASSERT_EQ(1, hook_op(self->ev, "sched.wakeup", EVRING_HOOK_ATTACH));
	ASSERT_EQ(0, evring_tap(self->ev, BULK, EVRING_LATEST));
}

FIXTURE_TEARDOWN(sched)
{
	hook_op(self->ev, "sched.switch", EVRING_HOOK_DETACH);
	hook_op(self->ev, "sched.wakeup", EVRING_HOOK_DETACH);
	evring_close(self->ev);
}

/* The events of a task, counted */
struct tally {
	uint64_t left_sleeping;
	uint64_t left;			/* in any state */
	uint64_t came;
	uint64_t latencies;
	uint64_t woken;
	uint64_t born;
	uint64_t named;
	uint64_t names[3];		/* as the task that ran, that runs now, that is woken */
	uint64_t prios[3];		/* with the priority that it has */
	uint64_t lower;			/* with a lower one; a lock's waiter can lend a higher one */
	uint64_t lost;
};

#define DEED_PRIO	89		/* SCHED_FIFO's 10, as the kernel counts */

/* An event's fields of the task, once it has its name */
static void tally_task(struct tally *tally, int as, const char *comm, uint64_t prio)
{
	if (strcmp(comm, "sched-deed"))
		return;
	tally->names[as]++;
	tally->prios[as] += prio == DEED_PRIO;
	tally->lower += prio > DEED_PRIO;
}

static void tally_switch(struct tally *tally, const struct evring_event *event, uint32_t pid)
{
	if (told_number(event, "prev_tid") == pid) {
		tally->left++;
		tally->left_sleeping += told_called(event, "prev_state", "sleeping");
		tally->named += !strcmp(told_text(event, "prev_comm"), "sched-deed");
		tally_task(tally, 0, told_text(event, "prev_comm"),
			   told_number(event, "prev_prio"));
	}
	if (told_number(event, "next_tid") == pid) {
		tally->came++;
		tally->latencies += told_number(event, "latency") != 0;
		tally_task(tally, 1, told_text(event, "next_comm"),
			   told_number(event, "next_prio"));
	}
}

static void tally_read(struct evring *ev, struct tally *tally, uint32_t pid)
{
	struct evring_event event;

	while (evring_next(ev, &event) > 0) {
		tally->lost += event.missed;
		if (event.rec->type == EVRING_TYPE_LOST)
			tally->lost += ((const struct evring_lost *)event.payload)->count;
		if (!event.type)
			continue;
		if (!strcmp(event.type->name, "sched.switch"))
			tally_switch(tally, &event, pid);
		if (!strcmp(event.type->name, "sched.wakeup") &&
		    told_number(&event, "woken_tid") == pid) {
			tally_task(tally, 2, told_text(&event, "woken_comm"),
				   told_number(&event, "prio"));
			if (told_number(&event, "new"))
				tally->born++;
			else
				tally->woken++;
		}
	}
}

/* Sleep as often as the pipe has a byte; then say how often the kernel saw it. */
static void sleeper(int in, int out)
{
	const struct sched_param param = { .sched_priority = 10 };
	struct rusage usage;
	char byte;
	int i;

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		_exit(1);
	if (write(open("/proc/self/comm", O_WRONLY), "sched-deed", 10) != 10)
		_exit(1);
	for (i = 0; i < ROUNDS; i++)
		if (read(in, &byte, 1) != 1 || write(out, &byte, 1) != 1)
			_exit(1);
	if (getrusage(RUSAGE_SELF, &usage) ||
	    write(out, &usage.ru_nvcsw, sizeof(usage.ru_nvcsw)) < 0)
		_exit(1);
	pause();
}

TEST_F(sched, a_task_that_sleeps_and_is_woken_is_told_each_time)
{
	struct tally tally = { };
	int to[2], from[2], i, status;
	long nvcsw = 0;
	pid_t pid;
	char byte = 0;

	ASSERT_EQ(0, pipe(to) + pipe(from));
	tally_read(self->ev, &tally, 0);
	memset(&tally, 0, sizeof(tally));
	fflush(NULL);
	pid = fork();
	if (!pid)
		sleeper(to[0], from[1]);
	for (i = 0; i < ROUNDS; i++) {
		usleep(1000);
		ASSERT_EQ(1, write(to[1], &byte, 1));
		ASSERT_EQ(1, read(from[0], &byte, 1));
		tally_read(self->ev, &tally, (uint32_t)pid);
	}
	ASSERT_EQ(sizeof(nvcsw), read(from[0], &nvcsw, sizeof(nvcsw)));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	tally_read(self->ev, &tally, (uint32_t)pid);
	note("%d rounds: %llu sleeps, %llu wake-ups, %llu arrivals, the kernel's count %ld", ROUNDS,
	     (unsigned long long)tally.left_sleeping, (unsigned long long)tally.woken,
	     (unsigned long long)tally.came, nvcsw);
	ASSERT_EQ(0, tally.lost);
	EXPECT_EQ(1, tally.born);
	/*
	 * Each sleep is one that the kernel counts; pause() comes after the count. With PREEMPT_RT
	 * a task sleeps for a spinlock, too, in a state of its own.
	 */
	EXPECT_LE(nvcsw, tally.left);
	EXPECT_LE(1, tally.left_sleeping);
	EXPECT_LE(tally.left_sleeping, tally.woken);
	EXPECT_LT(tally.left_sleeping, tally.came);
	EXPECT_LE(1, tally.latencies);
	for (i = 0; i < 3; i++) {
		EXPECT_LE(1, tally.names[i]);
		EXPECT_LE(1, tally.prios[i]);
	}
	EXPECT_EQ(0, tally.lower);
}

/* As a daemon: own a group, and sleep. */
static int own_and_sleep(void)
{
	struct evring_group group = {
		.name = "owner", .lanes = BULK, .policy = EVRING_FOLLOW, .start = EVRING_LATEST,
	};
	struct evring *ev;
	int i;

	if (evring_open(&ev, NULL) || evring_join(ev, &group))
		return 1;
	if (write(open("/proc/self/comm", O_WRONLY), "sched-deed", 10) != 10)
		return 2;
	for (i = 0; i < ROUNDS; i++)
		usleep(1000);
	/* Not told from here on either: its end. */
	_exit(0);
}

TEST_F(sched, acts_of_a_groups_owner_are_left_out)
{
	struct tally tally = { };
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid)
		_exit(own_and_sleep());
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	tally_read(self->ev, &tally, (uint32_t)pid);
	/* Of its sleeps, two events each, none is told; its end may be. */
	EXPECT_GT(ROUNDS, tally.named);
	groups_drop();
}

TEST_HARNESS_MAIN
