/* SPDX-License-Identifier: MIT */
/* The cost of a record for the program that makes it: reserve, fill, submit. */
#include <errno.h>
#include <stdlib.h>

#include "bench.h"

#define PART	"emit-bpf"
#define METRIC	"ns/event"
#define RING	"BPF ringbuf"
#define PERF	"BPF perf buffer"

static const struct emit_case {
	const char *program;
	const char *who;
	const char *name;
	unsigned int size;	/* of a record, with its header; 0: leaves nothing */
} cases[] = {
	{ "loop", "loop alone", "loop alone", 0 },
	{ "clock", "bpf_ktime_get_boot_ns", "clock alone", 0 },
	{ "ring_16", RING, "16 B", 24 },
	{ "perf_16", PERF, "16 B", 32 },
	{ "ring_16_clock", RING, "16 B, clock", 24 },
	{ "perf_16_clock", PERF, "16 B, clock", 32 },
	{ "ring_64", RING, "64 B", 72 },
	{ "perf_64", PERF, "64 B", 80 },
	{ "ring_64_clock", RING, "64 B, clock", 72 },
	{ "perf_64_clock", PERF, "64 B, clock", 80 },
	{ "ring_128", RING, "128 B", 136 },
	{ "perf_128", PERF, "128 B", 144 },
	{ "ring_128_clock", RING, "128 B, clock", 136 },
	{ "perf_128_clock", PERF, "128 B, clock", 144 },
	{ "ring_512", RING, "512 B", 520 },
	{ "perf_512", PERF, "512 B", 528 },
	{ "ring_512_clock", RING, "512 B, clock", 520 },
	{ "perf_512_clock", PERF, "512 B, clock", 528 },
};

/* Half a buffer a pass, then it is emptied: nothing is ever dropped. */
static double measure(struct bpf *bpf, const struct emit_case *c, unsigned long records)
{
	unsigned int count = BENCH_RING_BYTES / 2 / (c->size ? c->size : 72), i;
	unsigned int passes = records / count + 1;
	double *took = allocate(passes * sizeof(*took)), ns;
	__u64 failed = bpf_failed(bpf), read;
	int program = bpf_program(bpf, c->program);

	bpf->memory->count = count;
	bpf_pass(program);	/* warm */
	bpf_drain(bpf);
	read = bpf->read;
	for (i = 0; i < passes; i++) {
		bpf_pass(program);
		took[i] = bpf->memory->results[0].ns;
		bpf_drain(bpf);
	}
	if (bpf_failed(bpf) != failed || bpf->read - read != (c->size ? passes * count : 0))
		die("records were dropped", -ENOBUFS);
	ns = median(took, passes);
	free(took);
	return ns / count;
}

void emit(const struct options *opt)
{
	struct bpf bpf;
	unsigned int run, i;
	int ret = bpf_start(&bpf, opt);

	if (ret) {
		for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
			skip(opt, PART, cases[i].who, cases[i].name, METRIC, ret);
		return;
	}
	pin(0);
	for (run = 0; run < opt->runs; run++)
		for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
			sample(opt, PART, cases[i].who, cases[i].name, METRIC,
			       measure(&bpf, &cases[i], opt->records));
	bpf_stop(&bpf);
}
