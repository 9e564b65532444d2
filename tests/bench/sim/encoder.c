/* SPDX-License-Identifier: MIT */
/*
 * The JSON encoder alone: process.exec events as a hook writes them, read from
 * a ring of the module's own code, encoded over and over.
 *
 *	encoder [--runs N]
 */
#include <evring.h>
#include <getopt.h>
#include <malloc.h>

#include "bench.h"
#include "sim.h"

#define EVENTS	4096u
#define ROUNDS	100u

static uint64_t encode(struct evring *ev, const struct evring_host *host,
		       const struct evring_event *events, unsigned int nr, size_t *bytes)
{
	static char json[1 << 16];
	uint64_t start = cpu_ns();
	unsigned int round, i;
	ssize_t len;

	*bytes = 0;
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < nr; i++) {
			len = evring_json(ev, host, &events[i], json, sizeof(json));
			if (len < 0)
				die("evring_json", (int)len);
			*bytes += (size_t)len;
		}
	}
	return cpu_ns() - start;
}

static void measure(struct evring *ev, const struct evring_host *host,
		    const struct evring_event *events, unsigned int nr)
{
	struct mallinfo2 before = mallinfo2(), after;
	size_t bytes;
	uint64_t ns = encode(ev, host, events, nr, &bytes);
	double n = (double)nr * ROUNDS;

	after = mallinfo2();
	sample("evringd", "native", "evringd", "encoder, process.exec", "events/s", n * 1e9 / (double)ns);
	sample("evringd", "native", "evringd", "encoder, process.exec", "ns/event", (double)ns / n);
	sample("evringd", "native", "evringd", "encoder, process.exec", "bytes/event", (double)bytes / n);
	sample("evringd", "native", "evringd", "encoder, process.exec", "bytes of heap",
	       (double)after.uordblks - (double)before.uordblks);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "runs",	required_argument,	NULL,	'r' },
		{ NULL,		0,			NULL,	0 },
	};
	const struct sim_boot boot = { .cpus = 1, .tsc = true, .lane_kib = { 4096 } };
	const struct evring_group group = { .name = "encoder", .lanes = EVRING_LANES_ALL };
	struct sim_load load = { .events = EVENTS, .stop = &(const bool){ false } };
	static struct evring_event events[EVENTS];
	struct sim_made made = { 0 };
	unsigned int nr = 0, runs = 3;
	struct evring_host host;
	struct evring *ev;
	int ret;

	while ((ret = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (ret != 'r')
			return 2;
		runs = (unsigned int)atoi(optarg);
	}
	ret = sim_boot(&boot);
	if (!ret)
		ret = sim_producers_start();
	if (!ret)
		ret = evring_open(&ev, NULL);
	if (!ret)
		ret = evring_host(&host);
	if (!ret)
		ret = evring_join(ev, &group);
	if (ret)
		die("module", ret);
	sim_produce(&load, &made);
	while (nr < EVENTS && evring_next(ev, &events[nr]) > 0)
		nr++;
	if (nr != EVENTS)
		die("events", -5);
	while (runs--)
		measure(ev, &host, events, nr);
	evring_close(ev);
	sim_shutdown();
	return 0;
}
