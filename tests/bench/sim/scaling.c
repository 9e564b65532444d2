/* SPDX-License-Identifier: MIT */
/*
 * Does the cost of an event stay what it is? With more producers at a time
 * (each on its CPU and its ring), with more rings, with larger records. Nobody
 * reads: rings are overwritten. CPU time of the producers.
 * The exchange of a
 * reservation is a locked one here (tests/env/sim/shim.h): what counts is that
 * figures are alike, not how low they are.
 *
 *	scaling [--runs N]
 */
#include <getopt.h>
#include <pthread.h>
#include <unistd.h>

#include <linux/evring.h>

#include "bench.h"
#include "sim.h"

#define EVENTS (1u << 20)
#define CPUS_MAX 256u
#define BURST 256u	/* on one ring, then the next */

struct producer {
	pthread_t thread;
	struct sim_load load;
	struct sim_made made;
};

static void *produce(void *arg)
{
	struct producer *producer = arg;

	sim_produce(&producer->load, &producer->made);
	return NULL;
}

/* Small rings, so that a warm-up has been everywhere. */
static void boot(unsigned int cpus)
{
	const struct sim_boot boot = { .cpus = cpus, .tsc = true, .lane_kib = { 256, 256, 256 } };
	int ret = sim_boot(&boot);

	if (!ret)
		ret = sim_producers_start();
	if (ret)
		die("module", ret);
}

/* CPU nanoseconds an event of each producer, all at once */
static double together(unsigned int producers, uint32_t size)
{
	static struct producer all[CPUS_MAX];
	static const bool never;
	double ns = 0;
	unsigned int i;

	memset(all, 0, sizeof(all));
	boot(producers);
	for (i = 0; i < producers; i++) {
		all[i].load = (struct sim_load){ .cpu = i, .events = EVENTS, .size = size,
						 .stop = &never };
		if (pthread_create(&all[i].thread, NULL, produce, &all[i]))
			die("thread", -11);
	}
	for (i = 0; i < producers; i++) {
		pthread_join(all[i].thread, NULL);
		ns += (double)all[i].made.cpu_ns;
	}
	sim_shutdown();
	return ns / producers / EVENTS;
}

/* One thread on one CPU after another, a burst each: as many rings as there are CPUs. */
static double one_after_another(unsigned int rings)
{
	static const bool never;
	struct sim_load load = { .events = BURST, .size = 64, .stop = &never };
	struct sim_made made = { 0 };
	uint64_t start;
	unsigned int i;

	boot(rings);
	for (i = 0, start = 0; i < 2 * EVENTS / BURST; i++) {
		if (i == EVENTS / BURST)
			start = cpu_ns();	/* pages are there now */
		load.cpu = i % rings;
		sim_produce(&load, &made);
	}
	start = cpu_ns() - start;
	sim_shutdown();
	return (double)start / EVENTS;
}

static void scale(void)
{
	unsigned int cpus = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN), n;
	static const uint32_t sizes[] = { 64, 128, 512, 2048 };
	char name[64];

	for (n = 1; n <= cpus && n <= CPUS_MAX; n *= 2) {
		snprintf(name, sizeof(name), "%u producer%s", n, n == 1 ? "" : "s");
		sample("scaling", "sim", "evring", name, "ns/event", together(n, 64));
	}
	for (n = 1; n <= CPUS_MAX; n *= 4) {
		snprintf(name, sizeof(name), "%u ring%s", n, n == 1 ? "" : "s");
		sample("scaling", "sim", "evring", name, "ns/event", one_after_another(n));
	}
	for (n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++) {
		snprintf(name, sizeof(name), "%u B records", sizes[n]);
		sample("scaling", "sim", "evring", name, "ns/event", together(1, sizes[n]));
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "runs",	required_argument,	NULL,	'r' },
		{ NULL,		0,			NULL,	0 },
	};
	unsigned int runs = 3;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'r')
			return 2;
		runs = (unsigned int)atoi(optarg);
	}
	while (runs--)
		scale();
	return 0;
}
