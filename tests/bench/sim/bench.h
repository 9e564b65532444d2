/* SPDX-License-Identifier: MIT */
/* Shared by the native benchmarks: time, samples, ends. */
#ifndef EVRING_BENCH_H
#define EVRING_BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline void die(const char *what, int ret)
{
	fprintf(stderr, "%s: %s\n", what, strerror(-ret));
	exit(1);
}

/* CPU time of this thread: other load on the machine does not count. */
static inline unsigned long long cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (unsigned long long)ts.tv_sec * 1000000000u + (unsigned long long)ts.tv_nsec;
}

/* One line of standard output (tests/bench/report reads it). */
static inline void sample(const char *part, const char *env, const char *who, const char *name,
			  const char *metric, double value)
{
	printf("{\"part\": \"%s\", \"env\": \"%s\", \"who\": \"%s\", \"case\": \"%s\", "
	       "\"metric\": \"%s\", \"value\": %.3f}\n", part, env, who, name, metric, value);
	fflush(stdout);
}

#endif /* EVRING_BENCH_H */
