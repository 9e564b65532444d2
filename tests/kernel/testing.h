/* SPDX-License-Identifier: MIT */
/*
 * Shared by the tests: the harness, and the torture module's knobs. Every test runs as
 * root in the guest, with evring.ko and evring_torture.ko loaded.
 */
#ifndef EVRING_TESTING_H
#define EVRING_TESTING_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../harness/defaults.h"
#include "../harness/pages.h"
#include "module/torture.h"
#include "evring.h"
#include "kselftest_harness.h"

/*
 * The machine may be slow, or busy with others: a limit of time ends a test that
 * hangs, and no verdict rests on one. SOON_MS is ample for an event that comes at once.
 */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 600
#undef TEST_F_TIMEOUT
#define TEST_F_TIMEOUT(fixture_name, test_name, seconds) \
	__TEST_F_IMPL(fixture_name, test_name, -1, 10 * (seconds))
#define SOON_MS	60000

#define KNOBS	"/sys/module/evring_torture/parameters/"

/* The event of tests/kernel/module/evring_torture.c */
struct torture_event {
	uint32_t source_cpu;
	uint32_t context;
	uint64_t count;
	uint32_t sum;
	struct evring_str filler;
};

#define TORTURE_TYPE	"torture.event"

/* Bytes on the ring of a torture event with @len bytes of filler */
static inline uint64_t torture_size(uint32_t len)
{
	return (sizeof(struct evring_rec) + sizeof(struct torture_event) + len + 7) & ~7ULL;
}

static inline int knob_write(const char *knob, const char *value)
{
	char path[128];
	int fd, ret = 0;

	snprintf(path, sizeof(path), KNOBS "%s", knob);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static inline uint64_t knob_read(const char *knob)
{
	unsigned long long value = 0;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), KNOBS "%s", knob);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%llu", &value) != 1)
		abort();
	fclose(file);
	return value;
}

/* @n events with @len bytes of filler into a lane, on this CPU, now. */
static inline int emit_lane(unsigned long n, unsigned int len, unsigned int lane)
{
	char value[64];

	snprintf(value, sizeof(value), "%lu %u %u", n, len, lane);
	return knob_write("emit", value);
}

/* Into lane critical */
static inline int emit(unsigned long n, unsigned int len)
{
	return emit_lane(n, len, LANE_CRITICAL);
}

/* N rounds, or with PART=10 in the environment a tenth: where all N have run elsewhere. */
static inline unsigned int rounds(unsigned int n)
{
	const char *part = getenv("PART");

	return part ? n / (unsigned int)atoi(part) : n;
}

/* EVRING_HOOK_* for the administrator. Returns 1 if the hook is attached then, else 0. */
static inline int hook_op(struct evring *ev, const char *name, unsigned int op)
{
	int owners = op == EVRING_HOOK_ATTACH ? evring_attach(ev, name, NULL, -1) :
		     op == EVRING_HOOK_DETACH ? evring_detach(ev, name, NULL) :
						evring_owners(ev, name);

	return owners < 0 ? owners : owners > 0;
}

/* The state of a process, as ps shows it: R, S, Z ... */
static inline char state_of(pid_t pid)
{
	char path[64], line[256], state = '?';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (file && fgets(line, sizeof(line), file))
		state = strrchr(line, ')')[2];
	if (file)
		fclose(file);
	return state;
}

static inline int pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

/* Is this torture event whole? */
static inline bool torture_whole(const struct evring_event *event)
{
	const struct torture_event *e = event->payload;
	const uint8_t *filler = (const uint8_t *)(e + 1);
	uint32_t len = event->payload_len - (uint32_t)sizeof(*e);

	return event->payload_len >= sizeof(*e) && e->filler.offset == sizeof(*e) &&
	       e->filler.len == len &&
	       e->sum == torture_sum((uint32_t)e->count ^ e->context, filler, len);
}

#endif /* EVRING_TESTING_H */
