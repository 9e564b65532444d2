/* SPDX-License-Identifier: MIT */
/* Prints the rate of this machine's TSC in kHz, measured over a fifth of a second. */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

/* Both clocks at one instant: of some tries the one with the least between. */
static void sample(uint64_t *cycles, uint64_t *ns)
{
	uint64_t best = UINT64_MAX, before, after;
	struct timespec now;
	int i;

	for (i = 0; i < 20; i++) {
		before = __rdtsc();
		clock_gettime(CLOCK_MONOTONIC_RAW, &now);
		after = __rdtsc();
		if (after - before >= best)
			continue;
		best = after - before;
		*cycles = before + best / 2;
		*ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	}
}

int main(void)
{
	const struct timespec fifth = { .tv_nsec = 200 * 1000 * 1000 };
	uint64_t cycles0, ns0, cycles1, ns1;

	sample(&cycles0, &ns0);
	nanosleep(&fifth, NULL);
	sample(&cycles1, &ns1);
	printf("%llu\n", (unsigned long long)((cycles1 - cycles0) * 1000000 / (ns1 - ns0)));
	return 0;
}
