/* SPDX-License-Identifier: MIT */
/*
 * The sender's own files, and what they share:
 *
 *	sender.c	one turn: reports, the producer, what waits
 *	topic.c		a topic's queue of messages that wait, and its pause
 *	batch.c		messages that go to librdkafka in one call
 *	failure.c	what follows from a failed delivery
 */
#ifndef SENDING_H
#define SENDING_H

#include "evringd.h"
#include "producer.h"
#include "sender.h"

#define BATCH_MESSAGES 512		/* that go to librdkafka in one call */
#define BATCH_KEYS (64u << 10)		/* bytes of their keys */

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
	struct outgoing *first, *last;	/* what waits */
	bool unsorted;
	struct pause pause;
	char reason[TEXT_MAX];		/* of the pause */
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

struct sender {
	const struct config *cfg;
	struct sender_calls calls;
	struct producer *producer;	/* NULL: there is none now */
	int fd;
	bool batching;			/* messages go by producer_send_batch() */
	size_t message_max;		/* key and value: what librdkafka takes */
	struct batch batch;
	struct topic *topics;

	bool draining;			/* the producer is to be replaced ... */
	bool judged;			/* ... for a reason that a report has told */
	uint64_t drain_until;		/* what has no answer by then is given up */
	uint64_t purge_again;
	struct pause pause;		/* before the next producer */
	char reason[TEXT_MAX];		/* why it is replaced */
	const struct delivery *culprit;	/* first of the batch that failed; NULL: it got through */
	unsigned int failures;		/* the moment's, one after the other */
	size_t batch_bytes;		/* 0: as configured */
	bool batch_stays;		/* the topic wants it so */
	unsigned int probation;		/* messages until batch_bytes is 0 again */
	uint64_t now;			/* CLOCK_MONOTONIC, of this turn */
	bool hurry;

	bool away;			/* no broker can be reached; said once */
	char last_error[TEXT_MAX];	/* of a broker */
	struct ratelimit errors;
};

/* The failed messages of one report, which are those of one batch */
struct failed {
	struct topic *topic;
	struct outgoing *first, **end;
	int code;
	unsigned int nr;
	size_t bytes;
};

/* topic.c */

/* True: this is the first failure since it worked. */
bool pause_start(const struct sender *s, struct pause *pause);
bool pause_is_on(const struct sender *s, const struct pause *pause);
/* errors.retry.timeout is over. */
bool pause_too_long(const struct sender *s, const struct pause *pause);
/* The first that waits; the caller's to send or to free. */
struct outgoing *topic_dequeue(struct topic *topic);
/* By the order in which the messages were made. */
void topic_sort(struct topic *topic);
/* It waits, and behind it what the batch has of the same topic. */
void topic_wait(struct sender *s, struct topic *topic, struct outgoing *out);

/* batch.c */

/* False: what is in the batch must go first, and librdkafka has no room for it. */
bool batch_room(struct sender *s, const struct message *msg);
void batch_add(struct sender *s, const struct message *msg);
/* What the batch has not sent waits behind what failed. */
void batch_empty(struct sender *s);

/* failure.c */

/* Into an empty list whose @end is &@first. */
void failed_add(struct failed *failed, const rd_kafka_message_t *report);
/* Of one batch's messages: they wait, or are refused. */
void failed_judge(struct sender *s, struct failed *failed);
/* A message that librdkafka did not take. */
void failed_unsent(struct sender *s, struct topic *topic, struct outgoing *out, int code);

/* sender.c */

/* The producer is to be replaced, once there are answers to what is in flight. */
void sender_drain(struct sender *s);
/* Makes a pause before the next producer, and says why if that is new. */
void sender_pause(struct sender *s, const char *reason);

#endif /* SENDING_H */
