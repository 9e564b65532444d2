/* SPDX-License-Identifier: MIT */
/* stall: says why nothing is acknowledged, and when that is over. */
#ifndef STALL_H
#define STALL_H

#include <stdbool.h>
#include <stdint.h>

struct deliveries;
struct sender;

/* Zero it at first. */
struct stall {
	uint64_t oldest;		/* order of the message that has waited longest ... */
	uint64_t since;			/* ... and since when; 0: there is none */
	bool told;
};

/* Once a second: has the message that waits longest waited too long? @now: ns */
void stall_look(struct stall *stall, const struct deliveries *ds, struct sender *sender,
		uint64_t now);
/* Nothing is waited for any more. */
void stall_over(struct stall *stall, uint64_t now);

#endif /* STALL_H */
