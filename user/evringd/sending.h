/* SPDX-License-Identifier: MIT */
/*
 * Shared by the sender's own files:
 *
 *	sender.c	one turn: reports, the producer, messages that wait
 *	topic.c		a topic's queue of messages that wait, and its pause
 *	batch.c		messages that go to librdkafka in one call
 *	failure.c	failed deliveries
 *	making.c	topics that are made first
 */
#ifndef SENDING_H
#define SENDING_H

#include "config.h"
#include "creation.h"
#include "delivery.h"
#include "log.h"
#include "memory.h"
#include "message.h"
#include "producer.h"
#include "sender.h"
#include "stats.h"
#include "template.h"

#define BATCH_MESSAGES 512		/* that go to librdkafka in one call */
#define BATCH_KEYS (64u << 10)		/* bytes of their keys */

/* So many topics that are of no use any more are kept. */
#define TOPICS_IDLE_MAX 1000

#define DELAY_MS_MIN 100
/* Batches are as large as configured again once so many messages got through in smaller ones. */
#define PROBATION 1000
#define TEXT_MAX 512

/* The time after a failure in which nothing is tried again */
struct pause {
	uint64_t since;			/* the first failure; 0: it works */
	uint64_t failed;		/* the last one */
	uint64_t until;
	uint64_t ms;			/* its length, longer each time */
};

struct topic {
	struct topic_handle handle;	/* first: reports lead to it */
	struct topic *next;
	struct outgoing *first, *last;	/* messages that wait */
	unsigned int users;		/* that will have more messages */
	bool unsorted;
	bool letters;			/* it is the dead-letter topic */
	const struct plan *plan;	/* how it is made; NULL: by others */
	bool to_make;			/* before anything is sent to it, but for letters */
	bool making;			/* the brokers have been asked to make it */
	/*
	 * A partition that has nothing of a producer yet takes any request of it: if
	 * the first one fails, it takes the one in flight behind that. So a producer's
	 * first message goes alone.
	 */
	bool unproven;			/* none has arrived by this producer */
	const struct delivery *proof;	/* the first one is on its way */
	struct pause pause;
	char reason[TEXT_MAX];		/* of the pause */
	/*
	 * Events that the moment has failed. A declaration or a letter does not count, as it may
	 * wait for ever; nor does another topic's event.
	 */
	const struct delivery *late;	/* first of the batch that failed; NULL: it got through */
	uint64_t late_since;		/* the first failure; 0: none has failed */
	char refusal[TEXT_MAX];		/* the brokers', to make it */
	struct topic_stats *stats;
	char name[];
};

/*
 * Messages of one topic that wait for the call that takes many: it costs less
 * than as many calls, but knows neither headers nor time stamps.
 */
struct batch {
	struct topic *topic;
	int nr;
	size_t used;			/* of keys */
	rd_kafka_message_t messages[BATCH_MESSAGES];
	char keys[BATCH_KEYS];
};

/* The failed messages of one batch */
struct failed {
	struct topic *topic;
	struct outgoing *first, **end;
	int code;
	unsigned int nr;
	size_t bytes;
};

struct sender {
	const struct config *cfg;
	const struct producer_ops *ops;
	struct sender_calls calls;
	struct producer *producer;	/* NULL: there is none now */
	struct failed failed;		/* of the reports that are being told */
	struct topic *reported;		/* their topic */
	unsigned int acked;
	int fd;
	bool batching;			/* many messages at a time: ops->produce_many() */
	size_t message_max;		/* librdkafka's bound on key and value */
	struct batch batch;
	struct topic *topics;

	bool draining;			/* the producer is to be replaced ... */
	bool judged;			/* ... for a reason that a report has told */
	uint64_t drain_until;		/* messages without an answer by then are given up */
	uint64_t purge_again;
	struct pause pause;		/* before the next producer */
	char reason[TEXT_MAX];		/* why it is replaced */
	const struct delivery *culprit;	/* first event of the failed batch; NULL: it got through */
	unsigned int failures;		/* the moment's, one after the other */
	size_t batch_bytes;		/* 0: as configured */
	bool batch_stays;		/* the topic wants it so */
	unsigned int probation;		/* messages until batch_bytes is 0 again */
	uint64_t now;			/* CLOCK_MONOTONIC, of this turn */
	bool hurry;

	struct creation *creation;
	struct plan letters_plan;	/* of the dead-letter topic */
	bool away;			/* no broker can be reached; said once */
	char last_error[TEXT_MAX];	/* of a broker */
	struct ratelimit errors;
};

/* topic.c */

/* Nobody will send to it any more, but for messages that are in flight. */
bool topic_is_idle(const struct topic *topic);
/* True: this is the first failure since the last success. */
bool pause_start(const struct sender *s, struct pause *pause);
bool pause_is_on(const struct sender *s, const struct pause *pause);
/* errors.retry.timeout is over; @since: the first failure, or 0. */
bool tried_too_long(const struct sender *s, uint64_t since);
/* The first message that waits; the caller sends or frees it. */
struct outgoing *topic_dequeue(struct topic *topic);
/* By the order in which the messages were made. */
void topic_sort(struct topic *topic);
/* @out waits, and behind it the batch's messages of the same topic. */
void topic_wait(struct sender *s, struct topic *topic, struct outgoing *out);

/* batch.c */

/* False: the batch must be sent first, and librdkafka has no room for it. */
bool batch_room(struct sender *s, const struct message *msg);
void batch_add(struct sender *s, const struct message *msg);
/* The messages of the batch wait behind those that failed. */
void batch_empty(struct sender *s);

/* failure.c */

/* Into an empty list whose @end is &@first. */
void failed_add(struct sender *s, struct failed *failed, const struct report *report);
/* One batch's failed messages: they wait, or are refused. */
void failed_judge(struct sender *s, struct failed *failed);
/* The topic cannot be made: so all that waits for it does so for longer, or is refused. */
void failed_to_make(struct sender *s, struct topic *topic, int code);
/* A message that librdkafka did not take. */
void failed_unsent(struct sender *s, struct topic *topic, struct outgoing *out, int code);

/* making.c */

/* Have the topic made that is to be; its messages wait for the answer: topic_made(). */
void topic_make(struct sender *s, struct topic *topic);
void topic_made(struct sender *s, struct topic *topic, rd_kafka_resp_err_t code, const char *why);

/* sender.c */

/* Replace the producer once there are answers to all that is in flight. */
void sender_drain(struct sender *s);
/* Make a pause before the next producer, and log the reason if it is new. */
void sender_pause(struct sender *s, const char *reason);

#endif /* SENDING_H */
