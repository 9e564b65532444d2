/* SPDX-License-Identifier: MIT */
/*
 * declare: events that are not delivered are told in the stream, where they would have been.
 *
 * The kernel's own losses are records of type evring.lost. evringd adds two
 * types, of the same shape:
 *
 *	evring.missed/1		a group that follows was overtaken: overwritten
 *				before it was read
 *	evring.rejected/1	refused by Kafka for good, even alone
 */
#ifndef DECLARE_H
#define DECLARE_H

#include <evring.h>
#include <stdbool.h>

struct deliveries;
struct encoder;
struct identity;
struct refusal;

/* Ids of these types in records and frames: the kernel gives out none so high. */
#define TYPE_REJECTED	0xfff0u
#define TYPE_MISSED	0xfff1u

/* The type with one of these ids; NULL for all others. */
const struct evring_type *declared_type(unsigned int id);

/* An event as the ring has them, but written by evringd */
struct declaration {
	struct evring_event event;
	struct evring_rec rec;
	_Alignas(8) char payload[1024];	/* directly behind @rec */
};

/* In front of @event: the events that were missed before it. */
void declare_missed(struct declaration *declaration, const struct evring_event *event);
/* Which event was refused: its whole identity; its type, if it is known. */
void refusal_identity(struct encoder *enc, struct deliveries *ds, const struct refusal *refusal,
		      struct identity *who);
/*
 * Sent in place of a message that was refused; takes over its delivery. False: the encoder is
 * broken.
 */
bool declare_rejected(struct encoder *enc, struct deliveries *ds, const struct refusal *refusal);

#endif /* DECLARE_H */
