/* SPDX-License-Identifier: MIT */
/* Numbers at random, the same ones in each run: no library's thread takes any, or sets the seed. */
#ifndef EVRING_TESTS_RANDOM_H
#define EVRING_TESTS_RANDOM_H

#include <stdint.h>

static uint64_t random_state = 88172645463325252ull;

static inline void random_seed(uint64_t seed)
{
	random_state = 88172645463325252ull ^ seed * 0x9e3779b97f4a7c15ull;
}

static inline uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static inline unsigned int random_below(unsigned int n)
{
	return (unsigned int)((random_next() >> 11) % n);
}

#endif /* EVRING_TESTS_RANDOM_H */
