/* SPDX-License-Identifier: MIT */
/* Waiting: which readers are woken, when, and by which calls. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "device.h"

static void wakes(void)
{
	struct evring *ev = tap(BULK | APP, EVRING_EARLIEST), *other = tap(BULK, EVRING_EARLIEST);

	CHECK(readable(ev));
	CHECK(!evring_arm(ev, 0, 0) && !readable(ev) && readable(other));
	emit(LANE_CRITICAL, 0, 10);
	sim_advance(100 * MS);
	CHECK(!readable(ev));
	emit(LANE_APP, 1, 1);
	CHECK(!readable(ev));		/* never within the emit itself */
	sim_advance(0);
	CHECK(readable(ev) && read_all(ev, 10, NULL) == 1);
	/* Armed anew it sleeps anew; two that are armed are both woken. */
	CHECK(!evring_arm(ev, 0, 0) && !readable(ev) && !evring_arm(other, 0, 0));
	emit(LANE_BULK, 0, 1);
	CHECK(evring_arm(ev, 0, 0) == 1);
	sim_advance(0);
	CHECK(readable(ev) && readable(other));
	CHECK(page(ev, LANE_BULK, 0)->wakeups == 1);
	emit(LANE_BULK, 0, 5);
	sim_advance(TICK);
	CHECK(page(ev, LANE_BULK, 0)->wakeups == 1);
	CHECK(evring_wait(ev, 0) == 1);
	CHECK(read_all(ev, 100, NULL) == 6 && evring_wait(ev, 0) == 0);
	evring_close(ev);
	evring_close(other);
}

#define CROWD	300
#define HANG_MS	600000		/* only a wake-up that is lost takes so long */

static void wakes_a_crowd(void)
{
	struct evring *evs[CROWD];
	unsigned int i, woken = 0;

	for (i = 0; i < CROWD; i++) {
		evs[i] = tap(i % 3 ? BULK : APP, EVRING_EARLIEST);
		CHECK(!evring_arm(evs[i], i % 2 ? SEGMENT : 0, i % 2 ? 1000 : 0));
	}
	emit(LANE_BULK, 0, 1);
	sim_advance(0);
	for (i = 0; i < CROWD; i++)
		CHECK(readable(evs[i]) == (i % 3 && i % 2 == 0));
	emit(LANE_BULK, 1, 2 * IN_SEGMENT);
	emit(LANE_APP, 1, 1);
	sim_advance(0);
	for (i = 0; i < CROWD; i++)
		CHECK(readable(evs[i]) == (i % 3 || i % 2 == 0));
	sim_advance(1000 * MS + TICK);
	for (i = 0; i < CROWD; i++)
		woken += readable(evs[i]);
	CHECK(woken == CROWD);
	for (i = 0; i < CROWD; i++)
		evring_close(evs[i]);
}

static void watermark(void)
{
	struct evring *ev = tap(BULK, EVRING_EARLIEST);

	CHECK(!evring_arm(ev, 2 * SEGMENT, 50));
	sim_advance(1000 * MS);
	CHECK(!readable(ev));		/* there is no first event yet */
	emit(LANE_BULK, 0, 1);
	sim_advance(0);
	CHECK(!readable(ev));
	sim_advance(49 * MS);
	CHECK(!readable(ev));
	sim_advance(MS + TICK);
	CHECK(readable(ev) && read_all(ev, 10, NULL) == 1);
	/* The bytes come first: looked at where a segment is entered, so one late at most */
	CHECK(!evring_arm(ev, 2 * SEGMENT, 60000));
	emit(LANE_BULK, 0, 2 * IN_SEGMENT - 1);
	sim_advance(0);
	CHECK(!readable(ev));
	emit(LANE_BULK, 0, IN_SEGMENT + 1);
	sim_advance(0);
	CHECK(readable(ev));
	evring_close(ev);
}

/* Killed while armed, marked, or both: nobody is woken that is not there. */
static void killed_waiting(void)
{
	struct evring *ev;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		ev = tap(BULK, EVRING_LATEST);
		CHECK(!evring_arm(ev, i & 1 ? SEGMENT : 0, i & 1 ? 1000 : 0));
		emit(LANE_BULK, 0, 1);
		if (i & 2)
			sim_advance(0);
		evring_close(ev);
		emit(LANE_BULK, 0, 2 * IN_SEGMENT);
		sim_advance(2000 * MS);
	}
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void *emit_later(void *unused)
{
	usleep(30000);
	emit(LANE_BULK, 0, 1);
	return unused;
}

static void waits_in_time(void)
{
	struct evring *ev = tap(BULK, EVRING_EARLIEST);
	struct pollfd pollfd = { .fd = evring_fd(ev), .events = POLLIN };
	pthread_t thread;
	uint64_t start = now_ns();

	CHECK(!evring_wait(ev, 20) && now_ns() - start >= 20 * MS);
	start = now_ns();
	CHECK(!pthread_create(&thread, NULL, emit_later, NULL));
	CHECK(evring_wait(ev, HANG_MS) == 1);
	CHECK(now_ns() - start >= 30 * MS);
	pthread_join(thread, NULL);
	CHECK(read_all(ev, 2, NULL) == 1);
	/* With a watermark that is not reached: the flush time after the first event, to a tick */
	start = now_ns();
	CHECK(!evring_arm(ev, 1 << 20, 100));
	CHECK(!pthread_create(&thread, NULL, emit_later, NULL));
	CHECK(poll(&pollfd, 1, HANG_MS) == 1);
	CHECK(now_ns() - start >= 130 * MS - TICK);
	pthread_join(thread, NULL);
	evring_close(ev);
}

/* One that waits for the other, again and again: no wake-up may get lost. */
static void *ping(void *arg)
{
	struct evring *ev = tap(APP, EVRING_LATEST);
	unsigned int i;

	__atomic_store_n((bool *)arg, true, __ATOMIC_RELEASE);
	for (i = 0; i < 2000; i++) {
		while (!read_all(ev, 1, NULL))
			if (!CHECK(evring_wait(ev, HANG_MS) == 1))
				goto out;
		emit(LANE_BULK, 1, 1);
	}
out:
	evring_close(ev);
	return NULL;
}

static void ping_pong(void)
{
	struct evring *ev = tap(BULK, EVRING_LATEST);
	bool ready = false;
	pthread_t thread;
	unsigned int i;

	CHECK(!pthread_create(&thread, NULL, ping, &ready));
	while (!__atomic_load_n(&ready, __ATOMIC_ACQUIRE))
		usleep(100);
	for (i = 0; i < 2000; i++) {
		emit(LANE_APP, 0, 1);
		while (!read_all(ev, 1, NULL))
			if (!CHECK(evring_wait(ev, HANG_MS) == 1))
				goto out;
	}
out:
	pthread_join(thread, NULL);
	evring_close(ev);
}

const struct test waking_tests[] = {
	{ wakes, STEPPED, "an armed session is woken by the first event of its lanes" },
	{ wakes_a_crowd, STEPPED, "hundreds of waiters are each woken by the events they wait for" },
	{ watermark, STEPPED, "a watermark wakes by bytes, or by the flush time" },
	{ killed_waiting, STEPPED, "a waiter that dies is not waited for" },
	{ waits_in_time, REAL, "waiting ends with the first event, and not before" },
	{ ping_pong, REAL, "no wake-up is lost between two waiters that wake each other" },
	{ NULL, NONE, NULL },
};
