/* SPDX-License-Identifier: GPL-2.0-only */
/* segment.c: the way into the next segment of a ring. */
#ifndef _KMOD_SEGMENT_H
#define _KMOD_SEGMENT_H

#include "ring.h"

/**
 * struct evring_attempt - a request for room
 * @type: of the event
 * @seqs: sequence numbers that it takes, one an event
 * @lost: cause of a lost record, also if the record itself finds no room; -1: the
 *	cause is the reason that there is no room
 * @try: if there is no room, count nothing and take no number
 */
struct evring_attempt {
	struct evring_event_type *type;
	u32 seqs;
	int lost;
	bool try;
};

enum evring_entry { EVRING_ENTRY_DONE, EVRING_ENTRY_AGAIN, EVRING_ENTRY_LOST };

enum evring_entry evring_segment_enter(struct evring_ring *ring, struct evring_slot *slot,
				       const struct evring_attempt *attempt, unsigned long units,
				       u64 *now);
void evring_segment_refuse(struct evring_ring *ring, const struct evring_attempt *attempt);

#endif /* _KMOD_SEGMENT_H */
