/* SPDX-License-Identifier: MIT */
/*
 * producer: one producer of librdkafka, from its start to its end.
 *
 * With idempotence it is gapless: once a request has failed for good, librdkafka
 * sends nothing that comes after it, and the producer is at its end. The sender
 * makes another one and sends anew what has no acknowledgement, in order.
 */
#ifndef PRODUCER_H
#define PRODUCER_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct delivery;
struct producer;

#define MEMO_MAX 64			/* bytes of a key that is worth remembering */

/* A message on its way to librdkafka, or one that waits for it. */
struct outgoing {
	struct outgoing *next;
	struct delivery *delivery;
	const void *value;		/* stays where it is until the report; with @copy: ours */
	size_t len;
	const void *key;		/* NULL: none */
	size_t key_len;
	int64_t timestamp;		/* ms since 1970; 0: when it is sent */
	rd_kafka_headers_t *headers;	/* NULL: none; the message's own */
	uint32_t order;			/* the delivery's */
	uintptr_t place;		/* among those of one order: where the value lies or lay */
	bool copy;			/* @value is in @room; this stays until the report */
	bool declaration;		/* of an event that was refused */
	bool suspect;			/* it has been refused once when it was alone */
	char room[];			/* the key and, with @copy, the value */
};

/* As a topic is to one producer */
struct topic_handle {
	rd_kafka_topic_t *rkt;		/* NULL: this producer has not used it */
	size_t memo_len;		/* the last key, and where it went */
	int32_t memo_count, memo_partition;
	char memo[MEMO_MAX];
};

/* Reports wake @fd. NULL: it cannot be made, and @why tells. @batch_bytes: 0, or batch.size. */
struct producer *producer_open(const struct config *cfg, size_t batch_bytes, int fd, char *why,
			       size_t len);
/* Gives up what is on its way; no value is in use any more. Release the topics before. */
void producer_close(struct producer *producer);
void producer_release(struct topic_handle *handle);

/*
 * On success the headers are librdkafka's, and so is @out if it is a copy.
 * @handle stays put: reports lead to it.
 */
rd_kafka_resp_err_t producer_send(struct producer *producer, struct topic_handle *handle,
				  const char *topic, const struct outgoing *out);
/* Many at a time, without headers or time stamps. What was not taken has its err set. */
void producer_send_batch(struct producer *producer, struct topic_handle *handle,
			 const char *topic, rd_kafka_message_t *messages, int nr);

/* Messages that have had no report. */
uint64_t producer_flying(const struct producer *producer);
/* The next event, or NULL. The caller counts what it reports by producer_landed(). */
rd_kafka_event_t *producer_event(struct producer *producer);
void producer_landed(struct producer *producer);
/* Whose report it is. */
struct topic_handle *producer_topic(const rd_kafka_message_t *report);
struct delivery *producer_delivery(const rd_kafka_message_t *report);
/* It as it was sent, with its headers: for the caller to free. */
struct outgoing *producer_message(const rd_kafka_message_t *report);
/* It has arrived: nobody needs a copy any more. */
void producer_forget(const rd_kafka_message_t *report);
/* The largest message, key and value, that librdkafka takes. */
size_t producer_message_max(const struct producer *producer);
/* It has failed for good, and @why tells. */
bool producer_failed(const struct producer *producer, char *why, size_t len);
/* Give up what has not been sent; with @inflight also what has no answer. Reports come. */
void producer_purge(struct producer *producer, bool inflight);
/*
 * Why brokers hold up what was sent, as far as librdkafka tells: it retries by
 * itself. Returns false if it has told nothing since the last call.
 */
bool producer_reason(struct producer *producer, char *buf, size_t len);

#endif /* PRODUCER_H */
