/* SPDX-License-Identifier: MIT */
/* See sender.h; its parts are in sending.h. */
#include "sending.h"

#include "cloudevent.h"
#include "extras.h"
#include "verdict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* How long the sender waits for answers before it gives up messages in flight and replaces the
 * producer. */
#define DRAIN_NS 30000000000ULL

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

/*
 * Replacing the producer
 */

/*
 * This is repeated, as messages that librdkafka wants to try once more return to
 * its queue, and a producer that has failed leaves them there.
 */
static void purge(struct sender *s)
{
	s->purge_again = s->now + DELAY_MS_MIN * 1000000;
	s->ops->purge(s->producer, s->now >= s->drain_until);
}

void sender_drain(struct sender *s)
{
	if (s->draining)
		return;
	s->draining = true;
	s->drain_until = s->now + DRAIN_NS;
	batch_empty(s);
	purge(s);
}

void sender_pause(struct sender *s, const char *reason)
{
	bool news = strcmp(s->reason, reason);

	if (pause_start(s, &s->pause) || news)
		warn("kafka: %s; it is tried again", reason);
	if (news)
		snprintf(s->reason, sizeof(s->reason), "%s", reason);
}

static void start(struct sender *s)
{
	char why[TEXT_MAX];

	s->judged = false;
	s->producer = s->ops->open(s->cfg, s->batch_bytes, s->fd, why, sizeof(why));
	if (!s->producer) {
		sender_pause(s, why);
		return;
	}
	s->message_max = s->ops->message_max(s->producer);
	/* Its topic is made before the first letter. */
	if (s->cfg->letters)
		sender_topic(s, s->cfg->letters);
}

/* Nothing is in flight, and librdkafka has nothing of them. */
static void forget_idle_topics(struct sender *s)
{
	struct topic *topic, **at = &s->topics;

	while ((topic = *at)) {
		if (!topic_is_idle(topic)) {
			at = &topic->next;
			continue;
		}
		*at = topic->next;
		free(topic);
	}
}

/* All reports have come: the messages that failed wait in their topics' queues. */
static void drained(struct sender *s)
{
	struct topic *topic;
	char why[TEXT_MAX];

	/* No message caused this: the next producer may fail in the same way. */
	if (!s->judged && s->ops->failed(s->producer, why, sizeof(why)))
		sender_pause(s, why);
	for (topic = s->topics; topic; topic = topic->next) {
		s->ops->release(&topic->handle);
		topic->unproven = true;
		topic->proof = NULL;
		topic->making = false;
	}
	s->ops->close(s->producer);
	s->producer = NULL;
	s->draining = false;
	forget_idle_topics(s);
	if (s->calls.stats)
		s->calls.stats->producer_restarts++;
}

static void turn_producer(struct sender *s)
{
	char why[TEXT_MAX];

	if (s->producer && !s->draining && s->ops->failed(s->producer, why, sizeof(why))) {
		log_line(LOG_DEBUG, "kafka: the producer is replaced: %s", why);
		sender_drain(s);
	}
	if (s->draining && s->ops->flying(s->producer) && s->now >= s->purge_again)
		purge(s);
	if (s->draining && !s->ops->flying(s->producer))
		drained(s);
	if (!s->producer && !pause_is_on(s, &s->pause))
		start(s);
}

/*
 * Reports
 */

/* Batches get their configured size again once enough messages got through. */
static void count_probation(struct sender *s, unsigned int nr)
{
	if (!s->batch_bytes || s->batch_stays || s->draining || s->culprit)
		return;
	s->probation -= nr < s->probation ? nr : s->probation;
	if (s->probation)
		return;
	s->batch_bytes = 0;
	sender_drain(s);
}

static void topic_works(struct sender *s, struct topic *topic, unsigned int nr)
{
	if (topic->pause.since) {
		info("topic %s: delivering again after %llu s", topic->name,
		     (unsigned long long)((s->now - topic->pause.since) / 1000000000));
		topic->pause = (struct pause){ 0 };
	}
	if (!topic->late)
		topic->late_since = 0;
	if (s->pause.since && !s->culprit && !s->draining) {
		info("kafka: delivering again after %llu s",
		     (unsigned long long)((s->now - s->pause.since) / 1000000000));
		s->pause = (struct pause){ 0 };
		s->failures = 0;
	}
	if (s->away)
		info("kafka: delivering again");
	s->away = false;
	count_probation(s, nr);
}

static void on_report(void *arg, const struct report *report)
{
	struct sender *s = arg;
	struct topic *topic = (struct topic *)report->topic;
	bool proof = report->delivery == topic->proof;

	s->reported = topic;
	if (proof)
		topic->proof = NULL;
	if (report->code) {
		failed_add(s, &s->failed, report);
		return;
	}
	s->acked++;
	if (proof)
		topic->unproven = false;
	if (report->delivery == s->culprit)
		s->culprit = NULL;
	if (report->delivery == topic->late)
		topic->late = NULL;
	stats_acked(s->calls.stats, topic->stats, report->delivery, report->out, report->len);
	s->calls.acked(s->calls.arg, report->delivery, report->out);
	s->ops->forget(report);
}

static void on_batch_done(void *arg)
{
	struct sender *s = arg;
	struct failed failed = s->failed;
	unsigned int acked = s->acked;

	failed.topic = s->reported;
	s->failed = (struct failed){ .end = &s->failed.first };
	s->acked = 0;
	if (acked)
		topic_works(s, s->reported, acked);
	if (failed.nr)
		failed_judge(s, &failed);
}

static void on_error(void *arg, rd_kafka_resp_err_t code, const char *text)
{
	struct sender *s = arg;
	unsigned int held;

	if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
		if (!s->away)
			warn("kafka: no broker can be reached, events stay in the ring: %s",
			     s->last_error[0] ? s->last_error : text);
		s->away = true;
		stats_away(s->calls.stats);
		return;
	}
	snprintf(s->last_error, sizeof(s->last_error), "%s", text);
	/* One broker of several may come and go. */
	if (code == RD_KAFKA_RESP_ERR__TRANSPORT) {
		log_line(LOG_DEBUG, "kafka: %s", text);
		return;
	}
	if (!ratelimit_pass(&s->errors, &held))
		return;
	if (held)
		warn("kafka: %u lines left out", held);
	warn("kafka: %s", text);
}

static void on_made(void *arg, struct topic_handle *handle, rd_kafka_resp_err_t code,
		    const char *why)
{
	topic_made(arg, (struct topic *)handle, code, why);
}

static void on_stats(void *arg, const char *json, size_t len)
{
	struct sender *s = arg;

	stats_brokers(s->calls.stats, json, len);
}

static void serve_events(struct sender *s)
{
	const struct producer_calls calls = {
		.report = on_report, .batch_done = on_batch_done, .error = on_error,
		.made = on_made, .stats = on_stats, .arg = s,
	};

	stats_tick(s->calls.stats);
	if (s->producer)
		s->ops->poll(s->producer, &calls);
}

/*
 * Sending
 */

/* A letter is sent all the same: it fails if its topic is not there. */
static bool awaits_making(const struct topic *topic)
{
	return topic->to_make && !topic->letters;
}

static void send_waiting(struct sender *s, struct topic *topic)
{
	rd_kafka_resp_err_t code;
	struct outgoing *out;

	if (topic->unsorted)
		topic_sort(topic);
	while (sender_up(s) && !topic->proof && !awaits_making(topic) && (out = topic->first)) {
		code = s->ops->produce(s->producer, &topic->handle, topic->name, out);
		if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
			return;
		topic_dequeue(topic);
		if (!code && topic->unproven)
			topic->proof = out->delivery;
		if (!code) {
			out->headers = NULL;
			if (!outgoing_stays(out))
				outgoing_free(out);
			continue;
		}
		failed_unsent(s, topic, out, code);
		if (topic->unsorted)
			topic_sort(topic);
		if (fault_of(code) != FAULT_EVENT)
			return;
	}
}

void sender_turn(struct sender *s, bool hurry)
{
	struct topic *topic;

	s->now = now_ns();
	s->hurry = hurry;
	serve_events(s);
	turn_producer(s);
	for (topic = s->topics; topic && sender_up(s); topic = topic->next) {
		if (pause_is_on(s, &topic->pause))
			continue;
		if (topic->to_make && (topic->first || topic->letters))
			topic_make(s, topic);
		if (topic->first)
			send_waiting(s, topic);
	}
}

bool sender_up(const struct sender *s)
{
	return s->producer && !s->draining;
}

static void outgoing_of(const struct sender *s, const struct message *msg, struct outgoing *out)
{
	*out = (struct outgoing){
		.delivery = msg->delivery, .order = msg->delivery->order,
		.value = msg->value, .len = msg->value_len,
		.key = s->cfg->key->nr ? msg->key : NULL, .key_len = msg->key_len,
		.place = (uintptr_t)msg->value, .partition = -1,
	};
	if (s->cfg->timestamp == TIMESTAMP_EVENT)
		out->timestamp = msg->timestamp;
	out->headers = message_headers(s->cfg, msg);
}

bool sender_produce(struct sender *s, const struct message *msg)
{
	struct topic *topic = msg->route->topic;
	rd_kafka_resp_err_t code;
	struct outgoing out;

	/* librdkafka refuses a message that is too large, and takes those behind it in the batch:
	 * so it is sent alone. And the batch knows no headers. */
	bool batching = s->batching && msg->value_len + msg->key_len <= s->message_max &&
			!(msg->extras && msg->extras->nr);

	if (s->batching && !(batching ? batch_room(s, msg) : sender_flush(s)))
		return false;
	if (batching && sender_up(s) && !topic->first && !topic->unproven) {
		batch_add(s, msg);
		return true;
	}
	outgoing_of(s, msg, &out);
	if (!sender_up(s) || topic->first || topic->proof || awaits_making(topic)) {
		topic_wait(s, topic, outgoing_new(&out, false));
		return true;
	}
	code = s->ops->produce(s->producer, &topic->handle, topic->name, &out);
	if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
		if (out.headers)
			rd_kafka_headers_destroy(out.headers);
		return false;
	}
	if (code)
		failed_unsent(s, topic, outgoing_new(&out, false), code);
	else if (topic->unproven)
		topic->proof = out.delivery;
	return true;
}

/*
 * From start to end
 */

const char *sender_topic_name(const struct topic *topic)
{
	return topic->name;
}

struct topic *sender_topic(struct sender *s, const char *name)
{
	size_t size = strlen(name) + 1;
	unsigned int idle = 0;
	struct topic *topic;

	for (topic = s->topics; topic; topic = topic->next) {
		if (!strcmp(topic->name, name))
			return topic;
		idle += topic_is_idle(topic);
	}
	if (idle >= TOPICS_IDLE_MAX && sender_up(s)) {
		log_line(LOG_DEBUG, "kafka: the producer is replaced: it knows %u topics that are of "
			 "no use any more", idle);
		sender_drain(s);
	}
	topic = xgrow(NULL, 0, 1, sizeof(*topic) + size);
	memcpy(topic->name, name, size);
	topic->unproven = true;
	topic->letters = s->cfg->letters && !strcmp(name, s->cfg->letters);
	topic->plan = topic->letters ? &s->letters_plan : creation_plan(s->creation, name);
	topic->to_make = topic->plan;
	topic->stats = stats_topic(s->calls.stats, name);
	topic->next = s->topics;
	s->topics = topic;
	return topic;
}

struct topic *sender_topic_hold(struct topic *topic)
{
	topic->users++;
	return topic;
}

void sender_topic_release(struct topic *topic)
{
	topic->users--;
}

struct sender *sender_open(const struct config *cfg, const struct producer_ops *ops,
			   const struct sender_calls *calls)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	struct sender *s;

	if (fd < 0)
		return NULL;
	s = xzalloc(sizeof(*s));
	s->cfg = cfg;
	s->ops = ops;
	s->calls = *calls;
	s->creation = creation_new(cfg);
	s->letters_plan = (struct plan){ .partitions = 1, .replicas = (int)cfg->letter_replicas };
	s->failed.end = &s->failed.first;
	s->batching = cfg->headers == HEADERS_NONE && cfg->timestamp == TIMESTAMP_SEND;
	s->fd = fd;
	s->now = now_ns();
	start(s);
	return s;
}

bool sender_abandon(struct sender *s)
{
	s->now = now_ns();
	if (!s->producer)
		return true;
	sender_drain(s);
	s->drain_until = s->now;
	serve_events(s);
	if (!s->ops->flying(s->producer))
		return true;
	if (s->now >= s->purge_again)
		purge(s);
	return false;
}

void sender_close(struct sender *s)
{
	struct topic *topic;

	while ((topic = s->topics)) {
		s->topics = topic->next;
		s->ops->release(&topic->handle);
		while (topic->first)
			outgoing_free(topic_dequeue(topic));
		free(topic);
	}
	if (s->producer)
		s->ops->close(s->producer);
	creation_free(s->creation);
	close(s->fd);
	free(s);
}

int sender_fd(const struct sender *s)
{
	return s->fd;
}

static uint64_t until_ms(const struct sender *s, const struct pause *pause)
{
	return pause->until > s->now ? (pause->until - s->now) / 1000000 + 1 : 1;
}

uint64_t sender_pause_ms(const struct sender *s)
{
	const struct topic *topic;
	uint64_t ms = 0, wait;

	if (s->draining)
		return DELAY_MS_MIN;
	if (!s->producer)
		return until_ms(s, &s->pause);
	for (topic = s->topics; topic; topic = topic->next) {
		if (!topic->first || (topic->making && awaits_making(topic)))
			continue;
		/* Without a pause it waits for room, which a report tells. */
		wait = topic->pause.since ? until_ms(s, &topic->pause) : DELAY_MS_MIN;
		ms = ms && ms < wait ? ms : wait;
	}
	return ms;
}

void sender_reason(struct sender *s, char *buf, unsigned long len)
{
	const struct topic *topic;

	for (topic = s->topics; topic; topic = topic->next) {
		if (topic->first && (topic->pause.since || (topic->making && awaits_making(topic)))) {
			snprintf(buf, len, "topic %s: %s", topic->name, topic->pause.since ?
				 topic->reason : "the brokers are asked to make it");
			return;
		}
	}
	if (!s->producer || (s->pause.since && *s->reason))
		snprintf(buf, len, "%s", s->reason);
	else if (s->away)
		snprintf(buf, len, "no broker can be reached%s%s", *s->last_error ? ": " : "",
			 s->last_error);
	else if (!s->ops->reason(s->producer, buf, len))
		snprintf(buf, len, "no broker answers, and librdkafka does not tell why%s%s",
			 *s->last_error ? "; its last error: " : "", s->last_error);
}

bool sender_cluster(const struct sender *s, char *buf, unsigned long len)
{
	return s->producer && s->ops->cluster(s->producer, buf, len);
}
