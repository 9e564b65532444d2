/* SPDX-License-Identifier: MIT */
/* The cost of a record for its reader: libbpf, and a callback that reads one word. */
#include <errno.h>
#include <stdlib.h>

#include "bench.h"

#define PART	"drain"
#define CASE	"64 B"
#define METRIC	"ns/record"

static int consume_ring(struct bpf *bpf)
{
	return ring_buffer__consume(bpf->ring);
}

static int consume_perf(struct bpf *bpf)
{
	return perf_buffer__consume_buffer(bpf->perf, 0);
}

static const struct drain_case {
	const char *program;
	const char *who;
	int (*consume)(struct bpf *bpf);
} cases[] = {
	{ "ring_64", "libbpf ring_buffer__consume", consume_ring },
	{ "perf_64", "libbpf perf_buffer__consume", consume_perf },
};

static double measure(struct bpf *bpf, const struct drain_case *c, unsigned long records)
{
	unsigned int count = BENCH_RING_BYTES / 80 - 1, passes = records / count + 1, i;
	double *took = allocate(passes * sizeof(*took)), ns;
	int program = bpf_program(bpf, c->program), ret;
	__u64 start, read;

	bpf->memory->count = count;
	for (i = 0; i < passes; i++) {
		bpf_pass(program);
		read = bpf->read;
		start = now_ns();
		ret = c->consume(bpf);
		took[i] = now_ns() - start;
		if (ret < 0 || bpf->read - read != count)
			die("not every record was read", ret < 0 ? ret : -ENODATA);
	}
	ns = median(took, passes);
	free(took);
	return ns / count;
}

void drain(const struct options *opt)
{
	struct bpf bpf;
	unsigned int run, i;
	int ret = bpf_start(&bpf, opt);

	if (ret) {
		for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
			skip(opt, PART, cases[i].who, CASE, METRIC, ret);
		return;
	}
	pin(0);
	for (run = 0; run < opt->runs; run++)
		for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
			sample(opt, PART, cases[i].who, CASE, METRIC,
			       measure(&bpf, &cases[i], opt->records));
	bpf_stop(&bpf);
}
