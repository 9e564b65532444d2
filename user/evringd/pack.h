/* SPDX-License-Identifier: MIT */
/*
 * pack: events of one topic and key in one message, in the order in which they
 * came, so that hundreds of events share the cost of a message. The converter
 * writes the value.
 *
 * A pack's value is the room of its first delivery, and is written where
 * librdkafka sends it from. A pack is closed when the next event does not fit, or is of
 * another time, and when there is nothing more to read: it never waits.
 */
#ifndef PACK_H
#define PACK_H

#include "delivery.h"
#include "encode.h"

#define PACK_BYTES_MAX 900000		/* below librdkafka's default of message.max.bytes */

/*
 * A message has its first event's time. Whoever reads a topic from a time on finds by it also
 * the last event of a pack: evring verify begins so much earlier (LEAD_MS in verify.c).
 */
#define PACK_SPAN_NS 30000000000

struct pack {
	struct message msg;
	struct route *route;		/* held: the message's */
	int64_t begun_ns;		/* its first event's time, which the message has, too */
	size_t used, room;		/* bytes of the value */
	uint32_t events;
	_Alignas(16) char state[];	/* the converter's; zeroed at first */
};

/* An event that was written before it was known which pack takes it */
struct scratch {
	char *buf;
	size_t room, used;
};

static inline char *pack_value(const struct pack *pack)
{
	return pack->msg.delivery->value;
}

struct packs;

struct packs *packs_new(struct encoder *enc);
void packs_free(struct packs *packs);
/*
 * Put an event into the open pack of its topic and key. True: another pack had
 * to be closed for it, and is @msg now. *@error: -errno, as encode().
 */
bool pack_add(struct packs *packs, struct deliveries *ds, const struct evring_event *event,
	      struct message *msg, int *error);
/* Close the oldest pack. False: none is open. */
bool pack_close(struct packs *packs, struct deliveries *ds, struct message *msg);

#endif /* PACK_H */
