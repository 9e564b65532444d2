/* SPDX-License-Identifier: MIT */
/*
 * A program of bytes, played on the module in this process (tests/env/sim) and on
 * the model (model.h) at the same time: emits, several sessions that tap, join,
 * read, commit, leave and die, and calls that no sane program makes. After each
 * step the two must agree; where they do not the process ends.
 *
 * Where libevring is built with hooked.h, emits also come in the middle of its
 * reading. Link with SIM_WRAP and --wrap=clock_gettime.
 */
#ifndef EVRING_PLAY_H
#define EVRING_PLAY_H

#include <stddef.h>
#include <stdint.h>

/* Counts of the steps that were played, to show that a program did something */
struct played {
	uint64_t emits, lost, read, missed, joins, commits, refused, abandoned;
};

void play(const uint8_t *program, size_t len, struct played *played);

/* Called before each load of memory that the kernel writes (hooked.h). */
extern void (*hooked_point)(void);

#endif /* EVRING_PLAY_H */
