/* SPDX-License-Identifier: MIT */
/*
 * delay: how long until the next try. Each is twice as long as the one before, up to the
 * longest; the moment itself is chosen at random, as hosts that one broker, or one registry,
 * has failed should not all come back to it in the same millisecond.
 */
#ifndef DELAY_H
#define DELAY_H

#include <stdint.h>

/* In the caller's unit. @delay: the one before, 0 for none */
uint64_t delay_next(uint64_t delay, uint64_t first, uint64_t longest);
/* @delay, shortened by a quarter at most. Before the kernel has random numbers, not at all. */
uint64_t delay_jittered(uint64_t delay);

#endif
