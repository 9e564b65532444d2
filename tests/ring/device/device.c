/* SPDX-License-Identifier: MIT */
/*
 * Shared by the tests, and their main().
 *
 *	device_test [SEED [PROGRAMS]]
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "device.h"

/*
 * TSan reports a race where a session copies rings and groups while they change.
 * ring_walk() does so for groups too, as their held positions come behind it. Nor does
 * the kernel stop a ring to copy its counters; with the groups it copies a clock that
 * it then replaces.
 */
#ifdef __SANITIZE_THREAD__
const char *__tsan_default_suppressions(void);

const char *__tsan_default_suppressions(void)
{
	return "race:call_ring\nrace:ring_walk\nrace:evring_groups_snapshot\n";
}
#endif

uint64_t seed, *playing;
unsigned long programs = COPIES ? 2000 : 50;

/* Emitting: event n of a ring is filled as event n of the model is */

uint64_t counts[LANES];

void fill(void *room, uint32_t len, void *arg)
{
	model_fill(room, len, *(const uint64_t *)arg);
}

bool emit_len(unsigned int lane, unsigned int cpu, uint32_t len)
{
	uint64_t count = counts[lane]++;

	sim_be(cpu);
	return sim_event_emit(lane, len, false, fill, &count);
}

unsigned int emit(unsigned int lane, unsigned int cpu, unsigned int n)
{
	unsigned int made = 0;

	while (n--)
		made += emit_len(lane, cpu, PAYLOAD);
	return made;
}

struct evring *session(void)
{
	struct evring *ev = NULL;

	if (!CHECK(!evring_open(&ev, NULL)))
		exit(1);
	return ev;
}

int join(struct evring *ev, const char *name, uint32_t policy, uint32_t start)
{
	const struct evring_group group = {
		.name = name, .lanes = BULK, .policy = policy, .start = start,
	};

	return evring_join(ev, &group);
}

struct evring *member(const char *name, uint32_t policy)
{
	struct evring *ev = session();

	CHECK(!join(ev, name, policy, EVRING_EARLIEST));
	return ev;
}

struct evring *tap(uint64_t lanes, uint32_t start)
{
	struct evring *ev = session();

	CHECK(!evring_tap(ev, lanes, start));
	return ev;
}

unsigned int read_all(struct evring *ev, unsigned int max, uint64_t *first)
{
	struct model_rec is = { .type = EVRING_TYPE_FIRST };
	struct evring_event e;
	unsigned int n;
	int ret = 1;

	for (n = 0; n < max && (ret = evring_next(ev, &e)) > 0; n++) {
		memcpy(&is.count, e.payload, sizeof(is.count));
		is.len = e.payload_len + (uint32_t)sizeof(*e.rec);
		is.seq = e.rec->seq;
		if (!CHECK(e.payload_len >= 16 && model_same(&is, e.rec)))
			break;
		if (!n && first)
			*first = is.count;
	}
	CHECK(ret >= 0);
	return n;
}

int call(const struct evring *ev, unsigned long request, void *arg)
{
	return ioctl(evring_fd(ev), request, arg) < 0 ? -errno : 0;
}

bool readable(const struct evring *ev)
{
	struct pollfd pollfd = { .fd = evring_fd(ev), .events = POLLIN };

	return poll(&pollfd, 1, 0) == 1 && pollfd.revents & POLLIN;
}

const struct evring_ring_page *page(struct evring *ev, unsigned int lane, unsigned int cpu)
{
	static __thread uint64_t copy[PAGE_ROOM / 8];

	CHECK(evring_ring_read(ev, lane, cpu, copy, sizeof(copy)) > 0);
	return (const void *)copy;
}

const struct evring_group_info *group_info(struct evring *ev, unsigned int group)
{
	static __thread uint64_t copy[PAGE_ROOM / 8];

	CHECK(evring_meta_read(ev, copy, sizeof(copy)) > 0);
	return meta_group((const void *)copy, group);
}

void *unmapped(void)
{
	void *map = mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		abort();
	return map;
}

static void run(const struct test *test)
{
	struct sim_boot boot = {
		.cpus = test->module == ALL_CPUS ? MANY : test->module == REAL ? PRODUCERS : 2,
		.segment_kib = 4, .lane_kib = { 16, 16, 16 }, .stepped = test->module != REAL,
	};

	alarm(240);
	if (test->module == NONE) {
		test->run();
	} else if (CHECK(!sim_boot(&boot)) && CHECK(!sim_events_start())) {
		test->run();
		sim_shutdown();
	}
	exit(tap_unmet != 0);
}

/* In a child. -1: there was none. */
static int run_all(const struct test *tests, const char *program)
{
	int status;
	pid_t pid;

	for (; tests->name; tests++) {
		*playing = 0;
		pid = fork();
		if (!pid)
			run(tests);
		if (pid < 0 || waitpid(pid, &status, 0) < 0)
			return -1;
		if (status && *playing)
			printf("# this program alone: %s %llu 1\n", program,
			       (unsigned long long)*playing);
		ok(!status, tests->name);
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct test *const subjects[] = {
		reading_tests, groups_tests, waking_tests, calls_tests, filters_tests, parallel_tests,
		programs_tests,
	};
	unsigned int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);
	if (argc > 2)
		programs = strtoul(argv[2], NULL, 0);
	printf("# seed %llu\n", (unsigned long long)seed);
	playing = mmap(NULL, sizeof(*playing), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (playing == MAP_FAILED)
		return 2;
	for (i = 0; i < sizeof(subjects) / sizeof(*subjects); i++)
		if (run_all(subjects[i], argv[0]))
			return 2;
	return tap_end();
}
