/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * loss.c: the causes, counts and records of attempts that failed. A set of causes is
 * one word: a bit for each cause, and the type if it is the same for all of them.
 * 0: no attempt has failed.
 */
#ifndef _KMOD_LOSS_H
#define _KMOD_LOSS_H

#include "ring.h"

#define LOST_SIZE	(sizeof(struct evring_rec) + sizeof(struct evring_lost))

unsigned long evring_loss_make(const struct evring_event_type *type, enum evring_lost_cause cause);
unsigned long evring_loss_join(unsigned long a, unsigned long b);
void evring_loss_note(struct evring_ring *ring, unsigned long causes);
void evring_loss_explain(unsigned long causes, struct evring_lost *lost);
void evring_loss_count(struct evring_ring *ring, enum evring_lost_cause cause, u32 more);
void evring_loss_write(struct evring_rec *rec, u64 seq, u64 now, const struct evring_lost *lost);
void evring_count_shown(local_t *count, u64 *shown, u32 more);

#endif /* _KMOD_LOSS_H */
