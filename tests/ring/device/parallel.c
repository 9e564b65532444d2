/* SPDX-License-Identifier: MIT */
/* Threads that are CPUs, and readers beside them that come and go. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"

#define EACH		20000u

static struct {
	unsigned int working;
	bool stop;
	uint64_t made[PRODUCERS], lost[PRODUCERS];
} threads;

static void *produce(void *arg)
{
	unsigned int cpu = (unsigned int)(uintptr_t)arg;
	uint64_t random = seed + cpu + 1, count;
	bool discard, made;
	unsigned int i;

	sim_be(cpu);
	for (i = 0; i < EACH; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		count = i;
		discard = random >> 60 == 3;
		made = sim_event_emit(LANE_BULK, 16 + (uint32_t)(random >> 56), discard,
				      fill, &count);
		threads.made[cpu] += made && !discard;
		threads.lost[cpu] += !made;
		if (!made || random >> 54 == 1)
			usleep(100);
	}
	__atomic_sub_fetch(&threads.working, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Reads, commits, leaves and comes back, and has everything exactly once. */
static void *consume(void *arg)
{
	uint64_t read[PRODUCERS] = { 0 }, lost[PRODUCERS] = { 0 }, next[PRODUCERS] = { 0 };
	struct evring *ev = member(arg, EVRING_HOLD);
	bool working = true;
	struct evring_event e;
	unsigned int n = 0, i;
	int ret;

	for (;;) {
		ret = evring_next(ev, &e);
		if (ret < 0)
			break;
		if (ret) {
			CHECK(!e.missed && e.rec->seq == next[e.cpu]);
			next[e.cpu] = e.next_seq;
			if (e.rec->type == EVRING_TYPE_LOST)
				lost[e.cpu] += ((const struct evring_lost *)e.payload)->count;
			else
				read[e.cpu]++;
		}
		if (ret && ++n % 500)
			continue;
		CHECK(!evring_commit(ev));
		if (n % 2000 == 0) {
			evring_close(ev);
			ev = member(arg, EVRING_HOLD);
		}
		if (ret)
			continue;
		if (!working)
			break;
		working = __atomic_load_n(&threads.working, __ATOMIC_ACQUIRE);
		evring_wait(ev, 1);
	}
	CHECK(!ret);
	for (i = 0; i < PRODUCERS; i++) {
		const struct evring_ring_page *last = page(ev, LANE_BULK, i);

		CHECK(read[i] == threads.made[i]);
		CHECK(next[i] == read[i] + lost[i] && last->seq - next[i] ==
		      threads.lost[i] - lost[i]);
	}
	evring_close(ev);
	return NULL;
}

/* Other sessions meanwhile query, follow, tap, arm, join and drop. */
static void *meddle(void *arg)
{
	const struct evring_group group = {
		.name = "meddler", .lanes = BULK, .abandon_ms = 1, .start = EVRING_LATEST,
		.policy = COPIES ? EVRING_FOLLOW : EVRING_HOLD,
	};
	struct evring *ev = session();
	struct evring_meta meta;
	struct evring_event e;
	unsigned int i;

	(void)arg;
	while (!__atomic_load_n(&threads.stop, __ATOMIC_ACQUIRE)) {
		CHECK(evring_meta_read(ev, &meta, sizeof(meta)) > 0 && evring_types(ev) > 0);
		page(ev, LANE_BULK, 0);
		CHECK(!evring_join(ev, &group));
		for (i = 0; i < 200 && evring_next(ev, &e) > 0; i++)
			;
		CHECK(!evring_commit(ev) && evring_arm(ev, 4096, 1) >= 0 && !evring_leave(ev));
		CHECK(!evring_drop(ev, group.name));
		CHECK(!COPIES || !evring_tap(ev, BULK, EVRING_EARLIEST));
		for (i = 0; COPIES && i < 200 && evring_next(ev, &e) > 0; i++)
			;
		CHECK(!COPIES || (evring_wait(ev, 1) >= 0 && !evring_leave(ev)));
		usleep(500);
	}
	evring_close(ev);
	return NULL;
}

static void in_parallel(void)
{
	static const char *const names[] = { "a", "b" };
	pthread_t producers[PRODUCERS], readers[2], meddler;
	struct evring *evs[2];
	unsigned int i;

	/* The groups are there before there is anything to read. */
	for (i = 0; i < 2; i++)
		evs[i] = member(names[i], EVRING_HOLD);
	for (i = 0; i < 2; i++)
		evring_close(evs[i]);
	threads.working = PRODUCERS;
	for (i = 0; i < PRODUCERS; i++)
		CHECK(!pthread_create(&producers[i], NULL, produce, (void *)(uintptr_t)i));
	for (i = 0; i < 2; i++)
		CHECK(!pthread_create(&readers[i], NULL, consume, (void *)names[i]));
	CHECK(!pthread_create(&meddler, NULL, meddle, NULL));
	for (i = 0; i < PRODUCERS; i++)
		pthread_join(producers[i], NULL);
	for (i = 0; i < 2; i++)
		pthread_join(readers[i], NULL);
	__atomic_store_n(&threads.stop, true, __ATOMIC_RELEASE);
	pthread_join(meddler, NULL);
}

const struct test parallel_tests[] = {
	{ in_parallel, REAL, "producers, groups and others in parallel: each event once" },
	{ NULL, NONE, NULL },
};
