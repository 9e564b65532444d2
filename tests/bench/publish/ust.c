// SPDX-License-Identifier: MIT
/*
 * What an event of 64 bytes costs a program that LTTng-UST traces. Prints "ready", waits for
 * a line on standard input, and prints one sample, the median of the rounds:
 *
 *	evring-bench-ust ROUNDS EVENTS METRIC ENV	EVENTS: a round's
 *
 * It is its own processor time, as LTTng's consumer may share the processor. A round is less
 * than the buffers take, and the consumer has time after each: nothing need be discarded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../measure.h"

#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "ust_bytes.h"

#define ROUNDS_MAX	1000u
#define PAUSE_US	50000

static double cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static double one_round(unsigned int events)
{
	static const unsigned char payload[64] = { 1 };
	double start = cpu_ns();
	unsigned int i;

	for (i = 0; i < events; i++)
		lttng_ust_tracepoint(evring_bench, bytes, payload);
	return (cpu_ns() - start) / events;
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc == 5 ? (unsigned int)strtoul(argv[1], NULL, 10) : 0, i;
	unsigned int events = argc == 5 ? (unsigned int)strtoul(argv[2], NULL, 10) : 0;
	double costs[ROUNDS_MAX];

	if (!rounds || rounds > ROUNDS_MAX || !events) {
		fprintf(stderr, "usage: %s ROUNDS EVENTS METRIC ENV\n", argv[0]);
		return 2;
	}
	if (!lttng_ust_tracepoint_enabled(evring_bench, bytes)) {
		fprintf(stderr, "%s: no session traces evring_bench:bytes\n", argv[0]);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	if (getchar() == EOF)
		return 1;
	for (i = 0; i < rounds; i++) {
		costs[i] = one_round(events);
		usleep(PAUSE_US);
	}
	printf("{\"part\": \"publish\", \"env\": \"%s\", \"who\": \"LTTng-UST\", "
	       "\"case\": \"tracepoint() each, the program's part\", \"metric\": \"%s\", "
	       "\"value\": %.1f}\n", argv[4], argv[3], median(costs, rounds));
	return 0;
}
