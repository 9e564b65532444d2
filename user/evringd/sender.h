/* SPDX-License-Identifier: MIT */
/*
 * sender: messages to Kafka, in order, for as long as it takes.
 *
 * A failed report gives nothing up. Each topic has a queue of messages that
 * wait: those that failed, and behind them those that came later, so that the
 * order of a topic, and so of each key, survives. The fault (verdict.h) decides
 * how they are sent again:
 *
 *	the topic's	the topic pauses, longer each time; other topics go on
 *	the moment's	the producer is replaced after a pause, longer each time
 *	an event's	the producer is replaced by one with half the batch, down
 *			to one message at a time: only a message that fails alone
 *			twice is refused
 *
 * Producers are gapless (producer.h): they send nothing behind a failed batch.
 * Before a producer is replaced the sender waits for the answers to all that is
 * in flight, so that acknowledged messages are not sent twice.
 */
#ifndef SENDER_H
#define SENDER_H

#include <stdbool.h>
#include <stdint.h>

struct config;
struct delivery;
struct evring_event;
struct producer_ops;
struct refusal_stats;
struct message;
struct outgoing;
struct sender;
struct stats;
struct topic;

/* A message that cannot be delivered, however often it is sent. */
struct refusal {
	struct delivery *delivery;
	struct topic *topic;
	const char *name;		/* the topic's */
	const struct outgoing *out;	/* valid during the call */
	const struct evring_event *event;	/* that cannot be written; NULL: Kafka refuses it */
	int code;			/* rd_kafka_resp_err_t */
	const char *why;		/* the code in words */
	bool bare;			/* not masked as configured: its content is shown to nobody */
	struct refusal_stats *stats;	/* where the task has counted it; NULL: nowhere */
	const char *letters;		/* the topic that the task sends it to; NULL: none */
};

struct sender_calls {
	/* @out: the message, or NULL if it is all that was sent for the delivery */
	void (*acked)(void *arg, struct delivery *delivery, const struct outgoing *out);
	/* The message is freed; one that is sent in its place takes over its delivery. */
	void (*refused)(void *arg, const struct refusal *refusal);
	void *arg;
	struct stats *stats;		/* the connector's, or NULL */
};

/* NULL: errno is set. */
struct sender *sender_open(const struct config *cfg, const struct producer_ops *ops,
			   const struct sender_calls *calls);
/*
 * Give up all messages. True: no value is in use any more, so close it.
 * False: call again when sender_fd() is readable, or after sender_pause_ms().
 */
bool sender_abandon(struct sender *sender);
void sender_close(struct sender *sender);
/* Readable when sender_turn() has something to do; the same for all producers. */
int sender_fd(const struct sender *sender);

/*
 * A topic stays for as long as it is held, or has messages. Applications can name many, by
 * their types: once many are of no use any more, the producer is replaced, as
 * librdkafka forgets a topic only with it.
 */
struct topic *sender_topic(struct sender *sender, const char *name);
struct topic *sender_topic_hold(struct topic *topic);
/* As often as it was held, and before sender_close() */
void sender_topic_release(struct topic *topic);
const char *sender_topic_name(const struct topic *topic);
/*
 * True: the message is on its way, or with the next sender_flush(), or it waits.
 * False: librdkafka has no room, try again after sender_turn().
 */
bool sender_produce(struct sender *sender, const struct message *msg);
/* @out, made by outgoing_new(), is the sender's now, and waits behind the others of its topic. */
void sender_enqueue(struct sender *sender, struct topic *topic, struct outgoing *out);
/* Send the messages that sender_produce() has kept back. False: there is no room for some. */
bool sender_flush(struct sender *sender);

/* Serve reports, replace the producer, send again. @hurry: the connector stops, make no pauses. */
void sender_turn(struct sender *sender, bool hurry);
/* True: there is a producer, so messages can be sent. */
bool sender_up(const struct sender *sender);
/* Milliseconds after which sender_turn() has something to do even without a report; 0: never. */
uint64_t sender_pause_ms(const struct sender *sender);
/* Why messages are not acknowledged, as far as it is known. */
void sender_reason(struct sender *sender, char *buf, unsigned long len);
/* The Kafka cluster's id. False: it is not known yet. It does not wait. */
bool sender_cluster(const struct sender *sender, char *buf, unsigned long len);

#endif /* SENDER_H */
