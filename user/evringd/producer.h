/* SPDX-License-Identifier: MIT */
/*
 * producer: takes messages and reports each one, acknowledged or failed. On a failure
 * the sender decides.
 *
 * Producers are gapless: when a message has failed for good, a producer sends
 * nothing that comes after it, and is at its end. The sender opens another one
 * and sends anew all messages without an acknowledgement, in order.
 *
 * A kind of producer is a table of operations; all of them speak librdkafka's
 * messages, headers and codes. kafka.c has the one for a Kafka cluster.
 */
#ifndef PRODUCER_H
#define PRODUCER_H

#include "outgoing.h"

#include <librdkafka/rdkafka.h>

struct config;
struct plan;
struct producer;

#define MEMO_MAX 64			/* bytes of a key that is worth remembering */

/* A topic, as one producer knows it. It stays where it is: reports lead to it. */
struct topic_handle {
	rd_kafka_topic_t *rkt;		/* NULL: this producer has not used it */
	size_t memo_len;		/* the last key, and where it went */
	int32_t memo_count, memo_partition;
	char memo[MEMO_MAX];
};

/* About one message */
struct report {
	struct topic_handle *topic;
	struct delivery *delivery;
	rd_kafka_resp_err_t code;	/* 0: acknowledged */
	size_t len;			/* of the value */
	const struct outgoing *out;	/* if it stays, until message() or forget(); else NULL */
	const void *message;		/* the producer's; for the two calls below */
};

struct producer_calls {
	void (*report)(void *arg, const struct report *report);
	/* All reports since the last call were about one batch of one topic. */
	void (*batch_done)(void *arg);
	/* Not about a message */
	void (*error)(void *arg, rd_kafka_resp_err_t code, const char *text);
	/* The answer to make_topic(); @why can be NULL. */
	void (*made)(void *arg, struct topic_handle *topic, rd_kafka_resp_err_t code,
		     const char *why);
	/* librdkafka's statistics */
	void (*stats)(void *arg, const char *json, size_t len);
	void *arg;
};

struct producer_ops {
	/* Reports wake @fd. NULL: @why tells. @batch_bytes: bound on a request's messages, or 0. */
	struct producer *(*open)(const struct config *cfg, size_t batch_bytes, int fd, char *why,
				 size_t len);
	/*
	 * Release the topics before. If no message is flying, this does not wait; else it gives
	 * them up, and when it returns no value is in use any more.
	 */
	void (*close)(struct producer *producer);
	void (*release)(struct topic_handle *handle);
	/* On success the headers are the producer's, and so is @out if it stays. */
	rd_kafka_resp_err_t (*produce)(struct producer *producer, struct topic_handle *handle,
				       const char *topic, const struct outgoing *out);
	/* Many at a time, without headers or time stamps. A message that was not taken has its err
	 * set. */
	void (*produce_many)(struct producer *producer, struct topic_handle *handle,
			     const char *topic, rd_kafka_message_t *messages, int nr);
	/* Tell all reports and errors that there are. */
	void (*poll)(struct producer *producer, const struct producer_calls *calls);
	/* Messages that have had no report */
	uint64_t (*flying)(const struct producer *producer);
	/* The message as it was sent, with its headers: the caller frees it. */
	struct outgoing *(*message)(const struct report *report);
	/* The message was acknowledged: it is not needed any more. */
	void (*forget)(const struct report *report);
	/* The largest message, key and value, that it takes */
	size_t (*message_max)(const struct producer *producer);
	/* Have the topic made, if it is not there; false: @why tells, and there is no answer. */
	bool (*make_topic)(struct producer *producer, struct topic_handle *handle,
			   const char *topic, const struct plan *plan, char *why, size_t len);
	/* It has failed for good, and @why tells. */
	bool (*failed)(const struct producer *producer, char *why, size_t len);
	/* Give up messages that have not been sent; with @inflight also those without an answer.
	 * Reports of them follow. */
	void (*purge)(struct producer *producer, bool inflight);
	/* Why brokers do not acknowledge. False: nothing was told since the last call. */
	bool (*reason)(struct producer *producer, char *buf, size_t len);
	/* The brokers' name of their cluster. False: none has answered yet. It does not wait. */
	bool (*cluster)(const struct producer *producer, char *buf, size_t len);
};

/* Each producer starts with this. */
struct producer {
	const struct producer_ops *ops;
};

extern const struct producer_ops kafka_producer;

/* At the end of the process: false if a producer that was closed has threads left. */
bool kafka_producers_gone(void);

#endif /* PRODUCER_H */
