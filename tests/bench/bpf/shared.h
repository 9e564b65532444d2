/* SPDX-License-Identifier: MIT */
/* Shared by the BPF programs and the program that runs them. */
#ifndef EVRING_BENCH_SHARED_H
#define EVRING_BENCH_SHARED_H

#include <linux/types.h>

#define BENCH_CPUS		64
#define BENCH_RING_BYTES	(1 << 20)	/* of the ring buffer; of the perf buffer, a CPU */
#define BENCH_RECORD_MAX	512

/* One CPU's results, alone in its cache lines */
struct bench_result {
	__u64 ns;		/* of the last pass */
	__u64 failed;		/* all-time: records that got no room */
} __attribute__((aligned(128)));

/* The programs' memory, mapped by their loader */
struct bench_memory {
	__u32 count;		/* records a pass */
	__u64 source[BENCH_RECORD_MAX / 8];
	struct bench_result results[BENCH_CPUS];
};

#endif /* EVRING_BENCH_SHARED_H */
