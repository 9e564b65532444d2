/* SPDX-License-Identifier: MIT */
/* The cost of a record for each of several CPUs that share BPF's one ring buffer. */
#include <errno.h>

#include "bench.h"

#define PART	"scaling"
#define WHO	"BPF ringbuf"
#define METRIC	"ns/event"

struct share {
	struct bpf *bpf;
	int program;
};

static __u64 produce(unsigned int cpu, void *arg)
{
	struct share *share = arg;

	bpf_pass(share->program);
	return share->bpf->memory->results[cpu].ns;
}

static void between(void *arg)
{
	struct share *share = arg;

	bpf_drain(share->bpf);
}

/* Half a buffer a round, then it is emptied: nothing is ever dropped. */
static double measure(struct bpf *bpf, unsigned int nr, unsigned long records)
{
	struct share share = { .bpf = bpf, .program = bpf_program(bpf, "ring_64") };
	unsigned int count = BENCH_RING_BYTES / 2 / 72 / nr;
	__u64 failed = bpf_failed(bpf);
	double ns;

	bpf->memory->count = count;
	ns = producers_run(nr, records / count + 1, produce, between, &share);
	if (bpf_failed(bpf) != failed)
		die("records were dropped", -ENOBUFS);
	return ns / count;
}

void scaling(const struct options *opt)
{
	unsigned int run, nr;
	struct bpf bpf;
	char name[32];
	int ret = bpf_start(&bpf, opt);

	for (run = 0; run < (ret ? 1 : opt->runs); run++) {
		for (nr = producers_first(opt); nr <= producers_last(opt); nr++) {
			producers_name(opt, nr, name);
			if (ret)
				skip(opt, PART, WHO, name, METRIC, ret);
			else
				sample(opt, PART, WHO, name, METRIC,
				       measure(&bpf, nr, opt->records));
		}
	}
	if (!ret)
		bpf_stop(&bpf);
}
