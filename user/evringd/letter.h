/* SPDX-License-Identifier: MIT */
/*
 * letter: an event that Kafka refuses goes to the dead-letter topic, as it was,
 * with headers that tell why. It is a second message of its delivery, beside its
 * declaration (declare.h), so nothing is committed before Kafka has both.
 *
 * Headers that are added, unless errors.deadletterqueue.context.headers.enable
 * is false; those of Kafka Connect, where it has one:
 *
 *	__connect.errors.topic			the topic that refused it
 *	__connect.errors.partition		if it came so far
 *	__connect.errors.connector.name
 *	__connect.errors.task.id
 *	__connect.errors.stage			KAFKA_PRODUCE or VALUE_CONVERTER
 *	__connect.errors.class.name		the part of evringd that failed
 *	__connect.errors.exception.class.name	as Kafka's Java client names it
 *	__connect.errors.exception.message
 *	__connect.errors.evring.id		the event's identity
 *	__connect.errors.evring.type		its type, if it is known
 */
#ifndef LETTER_H
#define LETTER_H

#include "message.h"

struct config;
struct deliveries;
struct encoder;
struct outgoing;
struct refusal;

/* Not on its way yet: give it to letter_send() or outgoing_free(). */
struct outgoing *letter_new(struct encoder *enc, struct deliveries *ds,
			    const struct refusal *refusal);
/* Takes it over. */
void letter_send(struct encoder *enc, struct deliveries *ds, struct outgoing *letter);

#endif /* LETTER_H */
