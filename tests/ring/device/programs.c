/* SPDX-License-Identifier: MIT */
/* Random programs: bytes of a seed, played on the module and on a model of it (tests/fuzz). */
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "play.h"

static uint8_t draw(uint64_t *random)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return (uint8_t)(*random >> 56);
}

#define PROGRAMS_TOLD 500	/* a line each */

/* Small numbers often: opcodes and names are such numbers. */
static void play_seed(uint64_t random, struct played *played)
{
	uint8_t program[3000];
	size_t n;

	*playing = random;
	for (n = 0; n < sizeof(program); n++)
		program[n] = draw(&random) & (draw(&random) & 1 ? 0x1f : 0xff);
	play(program, sizeof(program), played);
}

/* They failed once: a run and evring_next() both told the missed events. */
static void found_programs(void)
{
	static const uint64_t seeds[] = { 21147, 11000341, 12004686 };
	struct played played = { 0 };
	unsigned int i;

	for (i = 0; i < sizeof(seeds) / sizeof(*seeds); i++)
		play_seed(seeds[i], &played);
	CHECK(played.missed);
}

static void random_programs(void)
{
	struct played played = { 0 };
	unsigned long i;

	for (i = 0; i < programs; i++) {
		if (i % PROGRAMS_TOLD == 0)
			printf("# programs of seed %llu and up\n", (unsigned long long)(seed + i));
		play_seed(seed + i, &played);
	}
	printf("# %llu emits (%llu lost), %llu read, %llu missed, %llu joins, %llu commits, "
	       "%llu refused, %llu abandoned\n", (unsigned long long)played.emits,
	       (unsigned long long)played.lost, (unsigned long long)played.read,
	       (unsigned long long)played.missed, (unsigned long long)played.joins,
	       (unsigned long long)played.commits, (unsigned long long)played.refused,
	       (unsigned long long)played.abandoned);
	/* One program alone may do none of these. */
	CHECK(programs < 50 ||
	      (played.lost && played.missed && played.joins && played.refused));
}

const struct test programs_tests[] = {
	{ found_programs, NONE, "the programs that found a fault find none any more" },
	{ random_programs, NONE, "random programs: the module agrees with the model" },
	{ NULL, NONE, NULL },
};
