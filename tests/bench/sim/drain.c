/* SPDX-License-Identifier: MIT */
/*
 * The cost of reading: rings (many: small ones) are filled by the module's own
 * code, then libevring reads them to the end, and so on in turns; only the
 * reading is timed. One sample a line on standard output.
 *
 *	drain [--runs N] [--records N]
 */
#include <errno.h>
#include <evring.h>
#include <getopt.h>

#include "bench.h"
#include "sim.h"

#define ROUND_BYTES (1u << 20)	/* filled between two readings, all rings together */

static unsigned int runs = 5;
static unsigned long records = 2000000;

/* The same share for each ring, in turns of a few, so that the merge has work to do. */
static void fill(unsigned int rings, uint32_t size)
{
	unsigned long left = ROUND_BYTES / size / rings;
	struct sim_made made = { 0 };
	unsigned int cpu;

	while (left) {
		unsigned long some = left < 16 ? left : 16;

		for (cpu = 0; cpu < rings; cpu++) {
			struct sim_load load = { .cpu = cpu, .events = some, .size = size };

			load.stop = &(const bool){ false };
			sim_produce(&load, &made);
		}
		left -= some;
	}
	if (made.lost)
		die("ring too small", -ENOSPC);
}

static int begin(struct evring *ev, bool group)
{
	const struct evring_group cfg = { .name = "drain", .lanes = EVRING_LANES_ALL,
					  .policy = EVRING_HOLD, .start = EVRING_EARLIEST };

	return group ? evring_join(ev, &cfg) : evring_tap(ev, EVRING_LANES_ALL, EVRING_EARLIEST);
}

/* Each record is looked at, as a callback of libbpf's would. */
static uint64_t drain_runs(struct evring *ev, unsigned long *n)
{
	uint64_t sum = 0, start = cpu_ns();
	const struct evring_rec *rec;
	struct evring_run *run;
	int ret;

	while ((ret = evring_next_run(ev, &run)) > 0) {
		while ((rec = evring_run_next(run))) {
			sum += *(const uint64_t *)(rec + 1);
			++*n;
		}
	}
	start = cpu_ns() - start;
	if (ret < 0)
		die("evring_next_run", ret);
	if (sum == 1)
		puts("");	/* the sum is used */
	return start;
}

static uint64_t drain_events(struct evring *ev, unsigned long *n)
{
	struct evring_event event;
	uint64_t sum = 0, start = cpu_ns();
	int ret;

	while ((ret = evring_next(ev, &event)) > 0) {
		sum += *(const uint64_t *)event.payload;
		++*n;
	}
	start = cpu_ns() - start;
	if (ret < 0)
		die("evring_next", ret);
	if (sum == 1)
		puts("");	/* the sum is used */
	return start;
}

typedef uint64_t drain_fn(struct evring *ev, unsigned long *n);

static void measure(unsigned int rings, uint32_t size, drain_fn *drain, bool group,
		    const char *what)
{
	const unsigned int kib = rings > 4 ? 256 : 2048;
	const struct sim_boot boot = { .cpus = rings, .tsc = true, .lane_kib = { 256, kib, 256 } };
	unsigned long n = 0, warm;
	struct evring *ev;
	uint64_t ns = 0;
	int ret = sim_boot(&boot);

	if (!ret)
		ret = sim_producers_start();
	if (!ret)
		ret = evring_open(&ev, NULL);
	if (!ret)
		ret = begin(ev, group);
	if (ret)
		die("module", ret);
	/* The first rounds find pages that are not mapped yet. */
	for (warm = 0; warm * size < 1024ul * kib * rings;) {
		fill(rings, size);
		drain(ev, &warm);
		evring_commit(ev);
	}
	while (n < records) {
		fill(rings, size);
		ns += drain(ev, &n);
		evring_commit(ev);
	}
	sample("drain", "sim", "evring", what, "ns/record", (double)ns / (double)n);
	evring_close(ev);
	sim_shutdown();
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "runs",	required_argument,	NULL,	'r' },
		{ "records",	required_argument,	NULL,	'n' },
		{ NULL,		0,			NULL,	0 },
	};
	unsigned int run;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'r')
			runs = (unsigned int)atoi(optarg);
		else if (c == 'n')
			records = strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	for (run = 0; run < runs; run++) {
		measure(1, 64, drain_runs, true, "64 B");
		measure(1, 128, drain_runs, true, "128 B");
		measure(1, 512, drain_runs, true, "512 B");
		measure(2, 64, drain_runs, true, "64 B, 2 rings");
		measure(16, 64, drain_runs, true, "64 B, 16 rings");
		measure(64, 64, drain_runs, true, "64 B, 64 rings");
		measure(256, 64, drain_runs, true, "64 B, 256 rings");
		measure(1, 64, drain_events, true, "64 B, event by event");
		measure(16, 64, drain_events, true, "64 B, event by event, 16 rings");
		measure(1, 64, drain_events, false, "64 B, tap");
	}
	return 0;
}
