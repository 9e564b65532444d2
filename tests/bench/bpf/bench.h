/* SPDX-License-Identifier: MIT */
/* evring-bench-bpf: the parts of the program, and their common code. */
#ifndef EVRING_BENCH_H
#define EVRING_BENCH_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdbool.h>

#include "shared.h"

struct options {
	const char *env;	/* "native", "guest" */
	const char *object;	/* file with the BPF programs */
	const char *module;	/* evring_probe.ko, or NULL: evring is not here */
	unsigned int runs;	/* samples of each case */
	unsigned long records;	/* a sample */
	unsigned int producers;	/* just so many at once, 0: from 1 to all CPUs */
	unsigned int cores;	/* shared by the CPUs, 0: each has its own */
};

/* main.c: one line of standard output each */
void sample(const struct options *opt, const char *part, const char *who, const char *name,
	    const char *metric, double value);
void skip(const struct options *opt, const char *part, const char *who, const char *name,
	  const char *metric, int error);
void die(const char *what, int error);
void *allocate(size_t bytes);
double median(double *values, unsigned int nr);

/* bpf.c: the loaded programs, with a reader for each of their two buffers */
struct bpf {
	struct bpf_object *object;
	struct bench_memory *memory;
	struct ring_buffer *ring;
	struct perf_buffer *perf;
	__u64 read;		/* records that the readers met */
	__u64 sum;		/* of each one's second word */
};

int bpf_start(struct bpf *bpf, const struct options *opt);
void bpf_stop(struct bpf *bpf);
int bpf_program(const struct bpf *bpf, const char *name);
void bpf_pass(int program);
void bpf_drain(struct bpf *bpf);
__u64 bpf_failed(const struct bpf *bpf);

/* producers.c: the same work on CPUs 0 to nr - 1 at once, again and again */
typedef __u64 (*producer_fn)(unsigned int cpu, void *arg);
double producers_run(unsigned int nr, unsigned int rounds, producer_fn produce,
		     void (*between)(void *arg), void *arg);
unsigned int producers_first(const struct options *opt);
unsigned int producers_last(const struct options *opt);
void producers_name(const struct options *opt, unsigned int nr, char name[static 32]);
void pin(unsigned int cpu);
__u64 now_ns(void);

/* emit.c, drain.c, scaling.c, calls.c: a verb each */
void emit(const struct options *opt);
void drain(const struct options *opt);
void scaling(const struct options *opt);
void calls(const struct options *opt);

#endif /* EVRING_BENCH_H */
