/* SPDX-License-Identifier: MIT */
/* A topic's messages that wait, and pauses: of a topic, and between two producers. */
#include "delay.h"
#include "sending.h"

#include <stdlib.h>

/* Without a failure for so long, the next pause is the shortest again. */
#define FORGET_NS 60000000000ULL

bool topic_is_idle(const struct topic *topic)
{
	return !topic->users && !topic->first && !topic->letters;
}

bool pause_start(const struct sender *s, struct pause *pause)
{
	bool new = !pause->since;

	/* Batches fail several at a time: that is one failure. */
	if (s->now < pause->until)
		return false;
	if (new || s->now - pause->failed > FORGET_NS)
		pause->ms = 0;
	pause->ms = delay_next(pause->ms, DELAY_MS_MIN, s->cfg->retry_delay_ms);
	if (new)
		pause->since = s->now;
	pause->failed = s->now;
	pause->until = s->now + delay_jittered(pause->ms * 1000000);
	return new;
}

bool pause_is_on(const struct sender *s, const struct pause *pause)
{
	uint64_t least = pause->failed + DELAY_MS_MIN * 1000000;

	return pause->failed && s->now < (s->hurry ? least : pause->until);
}

bool tried_too_long(const struct sender *s, uint64_t since)
{
	return since && s->cfg->retry_timeout_ms != UINT64_MAX &&
	       (s->now - since) / 1000000 >= s->cfg->retry_timeout_ms;
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
	/* One that stays comes back from librdkafka as it is now, and joins another list. */
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
