/* SPDX-License-Identifier: MIT */
/*
 * The encoders alone: process.exec events as a hook writes them, read from a ring
 * of the module's own code, encoded over and over.
 *
 *	encoder [--runs N]
 */
#include "evringd.h"
#include "text.h"

#include <errno.h>
#include <evring.h>
#include <getopt.h>
#include <malloc.h>

#include "bench.h"
#include "sim.h"

#define EVENTS	4096u
#define ROUNDS	100u

static const struct {
	const char *format, *layout, *name;	/* value.format, json.layout, and the row's */
} encoders[] = {
	{ "json", "evring", "encoder, process.exec" },
	{ "avro", "evring", "encoder, process.exec as Avro" },
	{ "protobuf", "evring", "encoder, process.exec as Protobuf" },
	{ "json", "ecs", "encoder, process.exec as ECS" },
	{ "json", "ocsf", "encoder, process.exec as OCSF" },
};

static uint64_t encode_all(const struct source *src, const struct evring_event *events,
			   unsigned int nr, size_t *bytes)
{
	const struct converter *converter = converter_of(src->cfg);
	static char value[1 << 16];
	uint64_t start = cpu_ns();
	unsigned int round, i;
	ssize_t len;

	*bytes = 0;
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < nr; i++) {
			len = converter->encode(src, &events[i], value, sizeof(value));
			if (len < 0)
				die("encode", (int)len);
			*bytes += (size_t)len;
		}
	}
	return cpu_ns() - start;
}

static void measure(const struct source *src, const char *name,
		    const struct evring_event *events, unsigned int nr)
{
	struct mallinfo2 before = mallinfo2(), after;
	size_t bytes;
	uint64_t ns = encode_all(src, events, nr, &bytes);
	double n = (double)nr * ROUNDS;

	after = mallinfo2();
	sample("evringd", "native", "evringd", name, "events/s", n * 1e9 / (double)ns);
	sample("evringd", "native", "evringd", name, "ns/event", (double)ns / n);
	sample("evringd", "native", "evringd", name, "bytes/event", (double)bytes / n);
	sample("evringd", "native", "evringd", name, "bytes of heap",
	       (double)after.uordblks - (double)before.uordblks);
}

/* Its schema is compiled when the first event comes: that is not measured. */
static void open_encoder(struct source *src, struct evring *ev, size_t number,
			 const struct evring_event *first)
{
	const char *format = encoders[number].format;
	struct problems problems = { .file = format };
	size_t bytes;
	char *text;

	text = xprintf("{\"name\": \"e\", \"config\": {\"value.format\": \"%s\", "
		       "\"json.layout\": \"%s\", \"kafka.bootstrap.servers\": \"h:1\"}}", format,
		       encoders[number].layout);
	src->ev = ev;
	src->cfg = config_parse(text, strlen(text), &problems);
	free(text);
	if (problems.nr || evring_host(ev, &src->host) ||
	    !schemas_open(src, NULL, NULL, NULL))
		die(format, -EINVAL);
	encode_all(src, first, 1, &bytes);
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
	struct source srcs[ARRAY_SIZE(encoders)] = { 0 };
	struct evring *ev;
	size_t i;
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
		ret = evring_join(ev, &group);
	if (ret)
		die("module", ret);
	sim_produce(&load, &made);
	while (nr < EVENTS && evring_next(ev, &events[nr]) > 0)
		nr++;
	if (nr != EVENTS)
		die("events", -5);
	for (i = 0; i < ARRAY_SIZE(encoders); i++)
		open_encoder(&srcs[i], ev, i, events);
	while (runs--)
		for (i = 0; i < ARRAY_SIZE(encoders); i++)
			measure(&srcs[i], encoders[i].name, events, nr);
	for (i = 0; i < ARRAY_SIZE(encoders); i++) {
		schemas_free(srcs[i].schemas);
		config_free((struct config *)srcs[i].cfg);
	}
	evring_close(ev);
	sim_shutdown();
	return 0;
}
