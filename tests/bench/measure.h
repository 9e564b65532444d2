/* SPDX-License-Identifier: MIT */
/* Shared by the programs that measure: the clock, and the median. */
#ifndef EVRING_MEASURE_H
#define EVRING_MEASURE_H

#include <stdlib.h>
#include <time.h>

static inline double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static inline int measure_compare(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

/* Sorts @values, at least one. */
static inline double median(double *values, unsigned int nr)
{
	qsort(values, nr, sizeof(*values), measure_compare);
	return (values[(nr - 1) / 2] + values[nr / 2]) / 2;
}

#endif /* EVRING_MEASURE_H */
