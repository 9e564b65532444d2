/* SPDX-License-Identifier: MIT */
/*
 * The same tracepoint for all: what getppid() costs bare, with a BPF program at
 * sys_enter that leaves a record, and with evring's probe there. Nobody reads
 * meanwhile; BPF's records are taken away between the rounds, evring overwrites.
 * The larger part of it is the price of any probe there, as it makes all system
 * calls take a slower way: evring's probe, waiting for another call, tells that.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

#define METRIC	"ns/event"
#define CASE	"getppid, nobody reads"

#define TURNS	5	/* of each contender; the median counts */

struct load {
	struct bpf *bpf;	/* NULL: nothing to drain */
	unsigned int count;
};

static __u64 produce(unsigned int cpu, void *arg)
{
	struct load *load = arg;
	unsigned int i;
	__u64 start = now_ns();

	for (i = 0; i < load->count; i++)
		syscall(SYS_getppid);
	return now_ns() - start;
}

static void between(void *arg)
{
	struct load *load = arg;

	if (load->bpf)
		bpf_drain(load->bpf);
}

/* ns a call */
static double measure(struct bpf *bpf, unsigned int nr, unsigned long records)
{
	struct load load = { .bpf = bpf, .count = BENCH_RING_BYTES / 2 / 72 / nr };

	return producers_run(nr, records / load.count + 1, produce, between, &load) / load.count;
}

static double measure_bpf(struct bpf *bpf, unsigned int nr, unsigned long records)
{
	struct bpf_program *program;
	struct bpf_link *link;
	__u64 failed = bpf_failed(bpf), read = bpf->read;
	double ns;

	program = bpf_object__find_program_by_name(bpf->object, "getppid_record");
	link = bpf_program__attach_raw_tracepoint(program, "sys_enter");
	if (!link)
		die("cannot attach to sys_enter", -errno);
	ns = measure(bpf, nr, records);
	bpf_link__destroy(link);
	bpf_drain(bpf);
	if (bpf_failed(bpf) != failed || bpf->read - read < records)
		die("records were dropped", -ENOBUFS);
	return ns;
}

static double measure_evring(const char *module, const char *params, unsigned int nr,
			     unsigned long records)
{
	int fd = open(module, O_RDONLY | O_CLOEXEC);
	double ns;

	if (fd < 0 || syscall(SYS_finit_module, fd, params, 0))
		die(module, -errno);
	close(fd);
	ns = measure(NULL, nr, records);
	if (syscall(SYS_delete_module, "evring_probe", O_NONBLOCK))
		die("rmmod evring_probe", -errno);
	return ns;
}

/* The overhead as an event's price among producers, and as a tracer's. */
static void report(const struct options *opt, const char *who, unsigned int nr, double over)
{
	char name[32];

	producers_name(opt, nr, name);
	sample(opt, "scaling", who, name, METRIC, over);
	if (nr == 1)
		sample(opt, "tracers", who, CASE, "ns over bare per call", over);
}

/* All contenders by turns, with so many producers. @bpf is NULL where BPF is refused. */
static void run_once(const struct options *opt, struct bpf *bpf, unsigned int nr)
{
	double bare[TURNS], with_bpf[TURNS], evring[TURNS], nothing[TURNS], base;
	unsigned long records = opt->records / TURNS;
	int i;

	for (i = 0; i < TURNS; i++) {
		bare[i] = measure(NULL, nr, records);
		if (bpf)
			with_bpf[i] = measure_bpf(bpf, nr, records);
		if (!opt->module)
			continue;
		evring[i] = measure_evring(opt->module, "", nr, records);
		nothing[i] = measure_evring(opt->module, "nr=4294967295", nr, records);
	}
	base = median(bare, TURNS);
	if (nr == 1)
		sample(opt, "tracers", "bare", CASE, "ns per call", base);
	if (bpf)
		report(opt, "BPF ringbuf", nr, median(with_bpf, TURNS) - base);
	if (!opt->module)
		return;
	report(opt, "evring", nr, median(evring, TURNS) - base);
	report(opt, "probe that writes nothing", nr, median(nothing, TURNS) - base);
}

void calls(const struct options *opt)
{
	unsigned int run, nr;
	struct bpf bpf;
	int ret = bpf_start(&bpf, opt);

	if (ret) {
		skip(opt, "tracers", "BPF ringbuf", CASE, "ns over bare per call", ret);
		skip(opt, "scaling", "BPF ringbuf", "1 producer", METRIC, ret);
	}
	for (run = 0; run < opt->runs; run++)
		for (nr = producers_first(opt); nr <= producers_last(opt); nr++)
			run_once(opt, ret ? NULL : &bpf, nr);
	if (!ret)
		bpf_stop(&bpf);
}
