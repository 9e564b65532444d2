/* SPDX-License-Identifier: MIT */
/*
 * The cost of a filter for an emit: events of one CPU, reserved, filled, and published or
 * taken back by the module's own code. Fill and type are the same in all cases, so the
 * difference to the case without a filter is the filter's.
 *
 *	filter [--runs N]
 */
#include <evring.h>
#include <getopt.h>

#include "../../harness/filter_attach.h"
#include "bench.h"
#include "sim.h"

#define HOOK	"sim.bulk"
#define ROUNDS	200u		/* the shortest of them counts: the others were interrupted */
#define EVENTS	5000u

static const char path[] = "/usr/lib/x86_64-linux-gnu/libc.so.6";

/* u64 count, and the text behind it: see sim.event */
struct payload {
	uint64_t count;
	struct evring_str text;
	uint32_t reserved;
	char bytes[sizeof(path)];
};

static void fill(void *room, uint32_t len, void *arg)
{
	struct payload *payload = room;

	(void)len;
	payload->count = *(const uint64_t *)arg;
	payload->text = (struct evring_str){ offsetof(struct payload, bytes), sizeof(path) - 1 };
	memcpy(payload->bytes, path, sizeof(path) - 1);
}

static const struct {
	const char *name;
	const char *expression;		/* NULL: there is none */
} cases[] = {
	{ "no filter", NULL },
	{ "three terms that accept", "count > 2 && count & 1 == 1 && count < 100" },
	{ "three terms that reject", "count > 2 && count & 1 == 1 && count > 100" },
	{ "two terms and a prefix that reject", "count > 2 && count & 1 == 1 && text startswith \"/etc/\"" },
	{ "two terms and a glob that reject", "count > 2 && count & 1 == 1 && text ~ \"/etc/*\"" },
};

static void attach(struct evring *ev, const char *expression)
{
	const struct evring_attachment how = { .hook = HOOK };
	int ret = attach_expression(ev, how, expression);

	if (ret < 0)
		die(expression ? expression : HOOK, ret);
}

static double ns_per_event(void)
{
	const uint32_t len = offsetof(struct payload, bytes) + sizeof(path) - 1;
	uint64_t count = 7, start, ns, best = UINT64_MAX;
	unsigned int round, i;

	for (round = 0; round < ROUNDS; round++) {
		start = cpu_ns();
		for (i = 0; i < EVENTS; i++)
			sim_event_emit(LANE_BULK, len, false, fill, &count);
		ns = cpu_ns() - start;
		best = ns < best ? ns : best;
	}
	return (double)best / EVENTS;
}

static void measure(struct evring *ev)
{
	double bare = 0, ns;
	unsigned int i;
	char name[80];

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		attach(ev, cases[i].expression);
		ns = ns_per_event();
		sample("filter", "native", "evring", cases[i].name, "ns/event", ns);
		if (!i)
			bare = ns;
		snprintf(name, sizeof(name), "%s, beyond no filter", cases[i].name);
		if (i)
			sample("filter", "native", "evring", name, "ns/event", ns - bare);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "runs",	required_argument,	NULL,	'r' },
		{ NULL,		0,			NULL,	0 },
	};
	const struct sim_boot boot = { .cpus = 1, .tsc = true };
	unsigned int runs = 3;
	struct evring *ev;
	int ret;

	while ((ret = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (ret != 'r')
			return 2;
		runs = (unsigned int)atoi(optarg);
	}
	ret = sim_boot(&boot);
	if (!ret)
		ret = sim_events_start();
	if (!ret)
		ret = evring_open(&ev, NULL);
	if (!ret)
		ret = evring_types(ev);
	if (ret < 0)
		die("module", ret);
	sim_be(0);
	while (runs--)
		measure(ev);
	evring_close(ev);
	sim_shutdown();
	return 0;
}
