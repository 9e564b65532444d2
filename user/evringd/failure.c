/* SPDX-License-Identifier: MIT */
/* Failed deliveries: see sender.h, and verdict.h for the faults. */
#include "sending.h"
#include "split.h"
#include "verdict.h"

#include <string.h>

/* After so many faults of the moment in a row batches get smaller too: a part may get through. */
#define PATIENCE 3

static bool is_event(const struct outgoing *out)
{
	return !out->letter && !out->declaration;
}

static const struct outgoing *first_event(const struct outgoing *list)
{
	while (list && !is_event(list))
		list = list->next;
	return list;
}

static void smaller(struct sender *s, size_t bytes, bool stays)
{
	size_t half = bytes / 2 ? bytes / 2 : 1;

	if (!s->batch_bytes || half < s->batch_bytes)
		s->batch_bytes = half;
	s->batch_stays = s->batch_stays || stays;
	s->probation = PROBATION;
}

/* Nothing is told any more by when this one gets through. */
static void forget(struct sender *s, struct topic *topic, const struct delivery *delivery)
{
	if (s->culprit == delivery)
		s->culprit = NULL;
	if (topic->late == delivery)
		topic->late = NULL;
}

static void forget_all(struct sender *s, const struct failed *failed)
{
	const struct outgoing *out;

	for (out = failed->first; out; out = out->next)
		forget(s, failed->topic, out->delivery);
}

/* A pack is no event: its halves are sent, down to one event each. */
static bool split(struct sender *s, struct topic *topic, struct outgoing *out,
		  struct outgoing *halves[2])
{
	if (!split_pack(s->cfg, out, halves))
		return false;
	forget(s, topic, out->delivery);
	delivery_split(out->delivery);
	outgoing_free(out);
	return true;
}

static void refuse_event(struct sender *s, struct topic *topic, struct outgoing *out, int code)
{
	char why[TEXT_MAX];
	const struct refusal refusal = {
		.delivery = out->delivery, .topic = topic, .name = topic->name, .out = out,
		.code = code, .why = why,
	};

	forget(s, topic, out->delivery);
	fault_text(code, why, sizeof(why));
	s->calls.refused(s->calls.arg, &refusal);
	outgoing_free(out);
}

static void refuse(struct sender *s, struct topic *topic, struct outgoing *out, int code)
{
	struct outgoing *halves[2];

	if (!split(s, topic, out, halves)) {
		refuse_event(s, topic, out, code);
		return;
	}
	topic_wait(s, topic, halves[0]);
	topic_wait(s, topic, halves[1]);
	topic->unsorted = true;
}

/* All that waits for the topic has failed with it. */
static void take_waiting(struct sender *s, struct failed *failed)
{
	struct outgoing **end = &failed->first;
	struct topic *topic = failed->topic;

	if (s->batch.nr && s->batch.topic == topic)
		batch_empty(s);
	while (*end)
		end = &(*end)->next;
	while (topic->first) {
		*end = topic_dequeue(topic);
		end = &(*end)->next;
	}
	failed->first = outgoing_sort(failed->first);
	topic->unsorted = false;
}

/*
 * errors.retry.timeout is over; what is sent in place of an event waits for as long as it takes.
 * The verdict is about the time, so no half of a pack is tried again. Nor is one message after the
 * other, each with a pause: that would be slower than events come.
 */
static void refuse_all(struct sender *s, struct failed *failed)
{
	struct outgoing *out, *halves[2], *list, **end = &failed->first;

	take_waiting(s, failed);
	list = failed->first;
	while ((out = list)) {
		list = out->next;
		if (!is_event(out)) {
			*end = out;
			end = &out->next;
		} else if (split(s, failed->topic, out, halves)) {
			halves[0]->next = halves[1];
			halves[1]->next = list;
			list = halves[0];
		} else {
			refuse_event(s, failed->topic, out, failed->code);
		}
	}
	*end = NULL;
}

static void wait_all(struct sender *s, struct failed *failed)
{
	struct outgoing *out;

	while ((out = failed->first)) {
		failed->first = out->next;
		topic_wait(s, failed->topic, out);
	}
}

static void topic_failed(struct sender *s, const struct failed *failed)
{
	struct topic *topic = failed->topic;
	bool news, again = s->now >= topic->pause.until;
	char why[TEXT_MAX];

	/* It waits for its topic, which may take for ever: it tells nothing of the moment. */
	forget_all(s, failed);
	fault_text(failed->code, why, sizeof(why));
	news = strcmp(topic->reason, why);
	if (pause_start(s, &topic->pause) || news)
		warn("topic %s: %s; its events wait, and are tried again", topic->name, why);
	memcpy(topic->reason, why, sizeof(why));
	if (again)
		topic->to_make = topic->plan;
}

static void moment_failed(struct sender *s, const struct failed *failed)
{
	const struct outgoing *event = first_event(failed->first);
	struct topic *topic = failed->topic;
	char why[200], reason[TEXT_MAX];

	fault_text(failed->code, why, sizeof(why));
	snprintf(reason, sizeof(reason), "topic %.249s: %s", topic->name, why);
	sender_pause(s, reason);
	forget_all(s, failed);
	/* A letter or a declaration may wait for ever, and no clock is to stand still for it. */
	if (event)
		s->culprit = topic->late = event->delivery;
	/* But the events behind it wait for the moment, too. */
	if (!topic->late_since && (event || first_event(topic->first)))
		topic->late_since = s->now;
	if (++s->failures >= PATIENCE && failed->nr > 1)
		smaller(s, failed->bytes, false);
	sender_drain(s);
}

/* A batch, or one message alone, for the first time or the second. */
static void event_failed(struct sender *s, struct failed *failed)
{
	struct outgoing *out = failed->first;
	char why[TEXT_MAX];

	s->culprit = out->delivery;
	if (failed->nr == 1 && out->suspect) {
		failed->first = NULL;
		refuse(s, failed->topic, out, failed->code);
	} else if (failed->nr == 1) {
		out->suspect = true;
	} else {
		fault_text(failed->code, why, sizeof(why));
		smaller(s, failed->bytes,
			failed->code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
			failed->code == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE);
		info("topic %s refuses a batch of %u messages, %zu bytes: %s; they are sent again, "
		     "in batches of %zu bytes", failed->topic->name, failed->nr, failed->bytes, why,
		     s->batch_bytes);
	}
	sender_drain(s);
}

void failed_judge(struct sender *s, struct failed *failed)
{
	enum fault fault = fault_of(failed->code);
	struct topic *topic = failed->topic;

	s->judged = s->judged || fault != FAULT_NONE;
	switch (fault) {
	case FAULT_NONE:
		break;
	case FAULT_MOMENT:
		if (tried_too_long(s, topic->late_since))
			refuse_all(s, failed);
		moment_failed(s, failed);
		break;
	case FAULT_TOPIC:
		if (tried_too_long(s, topic->pause.since))
			refuse_all(s, failed);
		topic_failed(s, failed);
		break;
	case FAULT_EVENT:
		event_failed(s, failed);
		break;
	}
	wait_all(s, failed);
}

/* Any code here is about the topic. */
void failed_to_make(struct sender *s, struct topic *topic, int code)
{
	struct failed failed = { .topic = topic, .code = code };

	take_waiting(s, &failed);
	if (tried_too_long(s, topic->pause.since))
		refuse_all(s, &failed);
	topic_failed(s, &failed);
	wait_all(s, &failed);
}

void failed_unsent(struct sender *s, struct topic *topic, struct outgoing *out, int code)
{
	struct failed failed = {
		.topic = topic, .first = out, .code = code, .nr = 1, .bytes = out->len,
	};

	out->next = NULL;
	/* It is not in a batch yet, so this is about itself alone. */
	if (fault_of(code) == FAULT_EVENT)
		refuse(s, topic, out, code);
	else
		failed_judge(s, &failed);
}

void failed_add(struct sender *s, struct failed *failed, const struct report *report)
{
	*failed->end = s->ops->message(report);
	failed->end = &(*failed->end)->next;
	/* The code that the others of the batch have tells nothing: the culprit's own does. */
	if (!failed->nr || (int)report->code != FAULT_CODE_OTHERS)
		failed->code = (int)report->code;
	failed->nr++;
	failed->bytes += report->len;
}
