/* SPDX-License-Identifier: MIT */
/* A topic's messages that wait, and pauses: of a topic, and between two producers. */
#include "sending.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Without a failure for so long, the next pause is the shortest again. */
#define FORGET_NS 60000000000ULL

/* Hosts that one broker has failed do not all come back to it in the same millisecond. */
static uint64_t jitter(uint64_t most)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number))
		return 0;
	return number % (most + 1);
}

bool pause_start(const struct sender *s, struct pause *pause)
{
	bool new = !pause->since;

	/* Batches fail several at a time: that is one failure. */
	if (s->now < pause->until)
		return false;
	if (new || s->now - pause->failed > FORGET_NS)
		pause->ms = 0;
	pause->ms = pause->ms ? pause->ms * 2 : DELAY_MS_MIN;
	if (pause->ms > s->cfg->retry_delay_ms)
		pause->ms = s->cfg->retry_delay_ms;
	if (new)
		pause->since = s->now;
	pause->failed = s->now;
	pause->until = s->now + pause->ms * 1000000 - jitter(pause->ms * 1000000 / 4);
	return new;
}

bool pause_is_on(const struct sender *s, const struct pause *pause)
{
	uint64_t least = pause->failed + DELAY_MS_MIN * 1000000;

	return pause->failed && s->now < (s->hurry ? least : pause->until);
}

bool pause_too_long(const struct sender *s, const struct pause *pause)
{
	return pause->since && s->cfg->retry_timeout_ms != UINT64_MAX &&
	       (s->now - pause->since) / 1000000 >= s->cfg->retry_timeout_ms;
}

void sender_enqueue(struct sender *s, struct topic *topic, struct outgoing *out)
{
	(void)s;
	if (topic->first && outgoing_before(out, topic->last))
		topic->unsorted = true;
	if (topic->first)
		topic->last->next = out;
	else
		topic->first = out;
	topic->last = out;
	out->next = NULL;
}

struct outgoing *topic_dequeue(struct topic *topic)
{
	struct outgoing *out = topic->first;

	topic->first = out->next;
	if (!topic->first)
		topic->last = NULL;
	/* A copy comes back from librdkafka as it is now, and joins another list. */
	out->next = NULL;
	return out;
}

void topic_sort(struct topic *topic)
{
	struct outgoing *out = outgoing_sort(topic->first);

	topic->first = out;
	while (out->next)
		out = out->next;
	topic->last = out;
	topic->unsorted = false;
}

void topic_wait(struct sender *s, struct topic *topic, struct outgoing *out)
{
	sender_enqueue(s, topic, out);
	if (s->batch.nr && s->batch.topic == topic)
		batch_empty(s);
}

/*
 * Topics that are made before anything is sent to them
 */

void topic_make(struct sender *s, struct topic *topic)
{
	char why[TEXT_MAX];

	if (topic->making)
		return;
	topic->making = s->ops->make_topic(s->producer, &topic->handle, topic->name, topic->plan,
					   why, sizeof(why));
	if (!topic->making)
		topic_made(s, topic, RD_KAFKA_RESP_ERR__INVALID_ARG, why);
}

/*
 * It may be there all the same: if it is not, its messages fail, and it is asked for again.
 * Brokers without a controller answer nothing, and take messages.
 */
static bool tells_nothing(const struct topic *topic, rd_kafka_resp_err_t code)
{
	return topic->letters || code == RD_KAFKA_RESP_ERR__TIMED_OUT ||
	       code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
	       code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED ||
	       code == RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION ||
	       code == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE;
}

/* All that waits for the topic has failed by this code, or waits for longer. */
static void not_made(struct sender *s, struct topic *topic, rd_kafka_resp_err_t code)
{
	struct failed failed = { .topic = topic, .end = &failed.first, .code = (int)code };

	while (topic->first) {
		*failed.end = topic_dequeue(topic);
		failed.bytes += (*failed.end)->len;
		failed.end = &(*failed.end)->next;
		failed.nr++;
	}
	failed_to_make(s, &failed);
	topic->to_make = true;
}

void topic_made(struct sender *s, struct topic *topic, rd_kafka_resp_err_t code, const char *why)
{
	const char *text = why ? why : rd_kafka_err2str(code);

	topic->making = false;
	if (!code)
		info("topic %s: made", topic->name);
	if (!code || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
		topic->to_make = false;
		return;
	}
	if (tells_nothing(topic, code)) {
		topic->to_make = false;
		if (!topic->pause.since)
			warn("topic %s: cannot be made, if it is not there: %s (%s)", topic->name, text,
			     rd_kafka_err2name(code));
		return;
	}
	if (!topic->pause.since || strcmp(topic->refusal, text))
		warn("topic %s: cannot be made: %s (%s); create it, or change topic.creation.*",
		     topic->name, text, rd_kafka_err2name(code));
	snprintf(topic->refusal, sizeof(topic->refusal), "%s", text);
	not_made(s, topic, code);
}
