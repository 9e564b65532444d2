// SPDX-License-Identifier: MIT
/*
 * Waking: a session that has armed is woken once, in time, and by nothing else; a
 * session that has not armed costs nobody anything.
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include "device.h"

#define ROUNDS		10000
#define SESSIONS	200

FIXTURE(wake) {
	int fd;
};

FIXTURE_SETUP(wake)
{
	groups_drop();
	ASSERT_EQ(0, pin(0));
	self->fd = session_open(O_RDONLY);
	ASSERT_GE(self->fd, 0);
}

FIXTURE_TEARDOWN(wake)
{
	close(self->fd);
}

static int arm(int fd, uint64_t lanes, uint32_t watermark, uint32_t flush_ms)
{
	struct evring_arm arg = { .lanes = lanes, .watermark = watermark, .flush_ms = flush_ms };

	return call(fd, EVRING_IOC_ARM, &arg);
}

/* Milliseconds until the session polls as readable, -1 if it does not within @ms. */
static int64_t woken(int fd, int ms)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	int64_t start = now_ms();

	return poll(&pollfd, 1, ms) > 0 ? now_ms() - start : -1;
}

TEST_F(wake, a_session_that_is_not_armed_polls_as_readable)
{
	struct pollfd pollfd = { .fd = self->fd, .events = POLLIN | POLLOUT | POLLPRI };

	EXPECT_EQ(1, poll(&pollfd, 1, 0));
	EXPECT_EQ(POLLIN, pollfd.revents);
}

TEST_F(wake, an_armed_session_sleeps_until_an_event)
{
	int i;

	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, arm(self->fd, CRITICAL, 0, 0));
		EXPECT_EQ(-1, woken(self->fd, 30));
		ASSERT_EQ(0, emit(1, 0));
		EXPECT_LE(0, woken(self->fd, SOON_MS));
		/* Disarmed: so it stays. */
		EXPECT_LE(0, woken(self->fd, 0));
	}
}

static void *emit_later(void *unused)
{
	usleep(100000);
	emit(1, 0);
	return NULL;
}

TEST_F(wake, a_sleeper_is_woken)
{
	pthread_t thread;
	int64_t start;

	ASSERT_EQ(0, arm(self->fd, CRITICAL, 0, 0));
	start = now_ms();
	ASSERT_EQ(0, pthread_create(&thread, NULL, emit_later, NULL));
	EXPECT_LE(0, woken(self->fd, SOON_MS));
	EXPECT_LE(95, now_ms() - start);
	pthread_join(thread, NULL);
}

TEST_F(wake, another_lane_wakes_nobody)
{
	ASSERT_EQ(0, arm(self->fd, BULK, 0, 0));
	ASSERT_EQ(0, emit(100, 0));
	ASSERT_EQ(0, emit_lane(100, 0, LANE_APP));
	EXPECT_EQ(-1, woken(self->fd, 100));
	ASSERT_EQ(0, emit_lane(1, 0, LANE_BULK));
	EXPECT_LE(0, woken(self->fd, SOON_MS));
}

TEST_F(wake, any_of_several_lanes_and_cpus_wakes)
{
	unsigned int lane;
	int cpu;

	for (cpu = 0; cpu < 2; cpu++) {
		ASSERT_EQ(0, pin(cpu));
		for (lane = 0; lane < LANES; lane++) {
			ASSERT_EQ(0, arm(self->fd, EVRING_LANES_ALL, 0, 0));
			EXPECT_EQ(-1, woken(self->fd, 20));
			ASSERT_EQ(0, emit_lane(1, 0, lane));
			EXPECT_LE(0, woken(self->fd, SOON_MS));
		}
	}
}

TEST_F(wake, every_session_that_armed_is_woken)
{
	int other = session_open(O_RDONLY);

	ASSERT_EQ(0, arm(self->fd, CRITICAL, 0, 0));
	ASSERT_EQ(0, arm(other, EVRING_LANES_ALL, 0, 0));
	EXPECT_EQ(-1, woken(self->fd, 20));
	EXPECT_EQ(-1, woken(other, 20));
	ASSERT_EQ(0, emit(1, 0));
	EXPECT_LE(0, woken(self->fd, SOON_MS));
	EXPECT_LE(0, woken(other, SOON_MS));
	close(other);
}

TEST_F(wake, little_wakes_at_the_flush_time_counted_from_the_first_event)
{
	int64_t start;

	ASSERT_EQ(0, arm(self->fd, CRITICAL, 1 << 30, 300));
	EXPECT_EQ(-1, woken(self->fd, 600));
	start = now_ms();
	ASSERT_EQ(0, emit(1, 0));
	EXPECT_LE(0, woken(self->fd, SOON_MS));
	EXPECT_LE(250, now_ms() - start);
}

TEST_F(wake, much_wakes_at_the_watermark)
{
	uint64_t segment = ring_get(LANE_CRITICAL, 0).segment_size;
	unsigned int n = (unsigned int)(segment / torture_size(0));

	/* Events before the arm do not count. */
	ASSERT_EQ(0, emit(4 * n, 0));
	ASSERT_EQ(0, arm(self->fd, CRITICAL, (uint32_t)(3 * segment), 60000));
	ASSERT_EQ(0, emit(10, 0));
	EXPECT_EQ(-1, woken(self->fd, 100));
	ASSERT_EQ(0, emit(n, 0));
	EXPECT_EQ(-1, woken(self->fd, 100));
	ASSERT_EQ(0, emit(3 * n, 0));
	EXPECT_LE(0, woken(self->fd, SOON_MS));
}

TEST_F(wake, arming_anew_replaces_the_earlier_arm)
{
	ASSERT_EQ(0, arm(self->fd, CRITICAL, 1 << 30, 60000));
	ASSERT_EQ(0, emit(1, 0));
	EXPECT_EQ(-1, woken(self->fd, 50));
	ASSERT_EQ(0, arm(self->fd, BULK, 0, 0));
	ASSERT_EQ(0, emit(100, 0));
	EXPECT_EQ(-1, woken(self->fd, 50));
	ASSERT_EQ(0, arm(self->fd, CRITICAL, 0, 0));
	ASSERT_EQ(0, emit(1, 0));
	EXPECT_LE(0, woken(self->fd, SOON_MS));
}

TEST_F(wake, under_load_no_session_is_woken_that_is_not_armed)
{
	uint64_t before = ring_get(LANE_CRITICAL, 0).wakeups;

	/* A session that an earlier test armed fires once. */
	ASSERT_EQ(0, emit(1, 0));
	before = ring_get(LANE_CRITICAL, 0).wakeups;
	ASSERT_EQ(0, emit(10000, 40));
	EXPECT_EQ(before, ring_get(LANE_CRITICAL, 0).wakeups);
	ASSERT_EQ(0, arm(self->fd, CRITICAL, 0, 0));
	ASSERT_EQ(0, emit(10000, 40));
	EXPECT_EQ(before + 1, ring_get(LANE_CRITICAL, 0).wakeups);
}

/* One thread arms and sleeps on CPU 0, another emits on CPU 1 just then. */
struct race {
	atomic_uint emitted;
	atomic_uint seen;
	atomic_bool stop;
};

static void *emit_races(void *arg)
{
	struct race *race = arg;
	unsigned int i, seed = 1, spin;

	if (pin(1))
		abort();
	for (i = 1; !atomic_load(&race->stop); i++) {
		while (atomic_load(&race->seen) != i - 1 && !atomic_load(&race->stop))
			sched_yield();
		for (spin = (unsigned int)rand_r(&seed) % 3000; spin; spin--)
			__asm__ volatile("" ::: "memory");
		if (emit(1, 0))
			abort();
		atomic_store(&race->emitted, i);
	}
	return NULL;
}

TEST_F_TIMEOUT(wake, an_event_that_races_with_arming_always_wakes, 900)
{
	size_t len = ring_len(LANE_CRITICAL);
	const struct evring_ring_page *ring;
	struct race race = { 0 };
	uint64_t head, next;
	unsigned int i, slept = 0, lost = 0;
	pthread_t thread;
	int64_t ms, longest = 0;

	ring = mmap(NULL, len, PROT_READ, MAP_SHARED, self->fd,
		    (off_t)EVRING_MMAP_RING(LANE_CRITICAL, 1));
	ASSERT_NE(MAP_FAILED, ring);
	head = ring->head;
	ASSERT_EQ(0, pthread_create(&thread, NULL, emit_races, &race));
	/* On a machine where few rounds meet a sleeper there are more of them. */
	for (i = 1; i <= ROUNDS || slept <= ROUNDS / 100; i++) {
		while ((next = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE)) == head) {
			ASSERT_EQ(0, arm(self->fd, CRITICAL, 0, 0));
			next = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
			if (next != head)
				break;
			slept++;
			ms = woken(self->fd, SOON_MS);
			lost += ms < 0;
			longest = ms > longest ? ms : longest;
		}
		head = next;
		atomic_store(&race.seen, i);
	}
	atomic_store(&race.stop, true);
	pthread_join(thread, NULL);
	munmap((void *)ring, len);
	note("slept %u times of %u, at most %lld ms", slept, i - 1, (long long)longest);
	EXPECT_EQ(0, lost);
}

/* An idle reader, asleep */
struct idle {
	atomic_int tid;
	atomic_int woken;
};

static void *be_idle(void *arg)
{
	struct idle *idle = arg;
	struct evring *ev;

	if (evring_open(&ev, NULL) || evring_tap(ev, EVRING_LANES_ALL, EVRING_LATEST))
		abort();
	atomic_store(&idle->tid, gettid());
	while (evring_wait(ev, -1) >= 0) {
		struct evring_event event;

		while (evring_next(ev, &event) > 0)
			;
		atomic_fetch_add(&idle->woken, 1);
	}
	return NULL;
}

static unsigned long switches(int tid)
{
	unsigned long n, sum = 0;
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "voluntary_ctxt_switches: %lu", &n) == 1 ||
		    sscanf(line, "nonvoluntary_ctxt_switches: %lu", &n) == 1)
			sum += n;
	if (!file)
		abort();
	fclose(file);
	return sum;
}

TEST_F(wake, an_idle_reader_is_left_in_peace)
{
	struct evring_ring_page before[2], after[2];
	struct idle idle = { 0 };
	unsigned long n;
	pthread_t thread;
	unsigned int cpu;

	ASSERT_EQ(0, pthread_create(&thread, NULL, be_idle, &idle));
	ASSERT_TRUE(in_time(atomic_load(&idle.tid)));
	do {	/* until it is asleep */
		n = switches(atomic_load(&idle.tid));
		usleep(300000);
	} while (n != switches(atomic_load(&idle.tid)));
	for (cpu = 0; cpu < 2; cpu++)
		before[cpu] = ring_get(LANE_CRITICAL, cpu);
	sleep(3);
	EXPECT_EQ(n, switches(atomic_load(&idle.tid)));
	EXPECT_EQ(0, atomic_load(&idle.woken));
	for (cpu = 0; cpu < 2; cpu++) {
		after[cpu] = ring_get(LANE_CRITICAL, cpu);
		EXPECT_EQ(before[cpu].wakeups, after[cpu].wakeups);
	}
	ASSERT_EQ(0, emit(1, 0));
	EXPECT_TRUE(in_time(atomic_load(&idle.woken)));
	usleep(300000);
	EXPECT_EQ(1, atomic_load(&idle.woken));
}

static void *emit_marks(void *arg)
{
	atomic_bool *stop = arg;

	if (pin(1))
		abort();
	while (!atomic_load(stop)) {
		emit(1, 0);
		usleep(200);
	}
	return NULL;
}

/* Close many sessions at the moment when their flush times are over. */
TEST_F_TIMEOUT(wake, sessions_that_close_at_their_flush_time_leave_nothing_behind, 600)
{
	uint64_t before;
	int fds[SESSIONS], round, i;
	atomic_bool stop = false;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, emit_marks, &stop));
	for (round = 0; round < 60; round++) {
		for (i = 0; i < SESSIONS; i++) {
			fds[i] = session_open(O_RDONLY);
			ASSERT_GE(fds[i], 0);
		}
		for (i = 0; i < SESSIONS; i++)
			ASSERT_EQ(0, arm(fds[i], CRITICAL, 1 << 30, 1));
		usleep(1000 + (unsigned int)round * 100);
		for (i = 0; i < SESSIONS; i++)
			close(fds[i]);
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	ASSERT_EQ(0, emit(1, 0));
	before = ring_get(LANE_CRITICAL, 0).wakeups;
	ASSERT_EQ(0, emit(10000, 40));
	EXPECT_EQ(before, ring_get(LANE_CRITICAL, 0).wakeups);
}

TEST_HARNESS_MAIN
