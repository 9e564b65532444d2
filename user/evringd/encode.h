/* SPDX-License-Identifier: MIT */
/* encode: an event becomes a message: topic, key, headers, time; its value is a converter's. */
#ifndef ENCODE_H
#define ENCODE_H

#include "extras.h"
#include "message.h"
#include "schemas.h"
#include "source.h"
#include "transform.h"

struct converter;
struct deliveries;
struct sender;

struct encoder {
	const struct config *cfg;
	const struct source *src;
	const struct converter *converter;
	struct sender *sender;
	struct route **routes;		/* by type id and lane */
	size_t nr_routes;
	size_t key_len;
	char *key;			/* if it is the same for all events; else NULL */
	struct transforms *transforms;	/* NULL: none */
	struct transformed made;	/* the event that they have made last, and its route */
	const struct route *made_route;
	struct extras extras[2], looked;
	struct extras *made_extras;	/* of that event */
	struct extras *sent_extras;	/* of the message that encode() has made last */
	const struct route *sent_route;	/* of that message */
	unsigned int nr_beside;		/* topics that transforms have come upon */
	uint64_t beside_used;		/* how often that was */
	char *broken;			/* why the connector cannot go on; NULL: it can */
	char *unfit;			/* why the event at hand cannot be sent; NULL: it can */
	size_t prefix_len;
	char prefix[2 * sizeof(((struct evring_host *)0)->boot_id) + 1];
};

void encoder_open(struct encoder *enc, const struct config *cfg, const struct source *src,
		  struct sender *sender);
void encoder_close(struct encoder *enc);
/*
 * The event as transforms make it, for encode() and the others below, until the next call;
 * NULL: it is not to be sent, or it is @unfit, or the encoder is @broken.
 */
const struct evring_event *encoder_transform(struct encoder *enc, const struct evring_event *event);
/*
 * -errno: the event cannot be written as configured; its delivery is pushed all the same, but not
 * if the event is @unfit.
 */
int encode(struct encoder *enc, struct deliveries *ds, const struct evring_event *event,
	   struct message *msg);
/*
 * Can the event be encoded, and declared if it is refused? SCHEMAS_WAIT: not before the schema
 * registry has answered; SCHEMAS_REFUSED: the registry will not have its schema, and *@why says
 * why; SCHEMAS_GIVEN_UP: it has not answered for errors.retry.timeout. If it will not have that of
 * declarations the encoder is @broken.
 */
enum schemas_state encode_look(struct encoder *enc, const struct evring_event *event,
			       const char **why);
/* Can @event be declared, should it be refused? Where nothing is declared: SCHEMAS_READY. */
enum schemas_state encode_look_rejected(struct encoder *enc, const struct evring_event *event,
					const char **why);
/* Topic and key. False: no topic can have that name: the event is @unfit, and has only the key. */
bool encode_key(struct encoder *enc, const struct evring_event *event, struct message *msg);
/* machine/boot/lane/cpu/seq, at most MESSAGE_ID_MAX bytes; returns how many. */
size_t encode_id(const struct encoder *enc, const struct evring_event *event, char *to);
/* Headers and time */
void encode_envelope(struct encoder *enc, const struct evring_event *event, struct message *msg);

#endif /* ENCODE_H */
