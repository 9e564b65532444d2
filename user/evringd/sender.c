/* SPDX-License-Identifier: MIT */
/* See sender.h. */
#include "sender.h"

#include "evringd.h"
#include "producer.h"
#include "split.h"
#include "verdict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define BATCH 512			/* messages that go to librdkafka in one call */
#define BATCH_KEYS (64u << 10)		/* bytes of their keys */

#define DELAY_MS_MIN 100
/* What has not failed for so long starts with the shortest pause again. */
#define FORGET_NS 60000000000ULL
/* How long a producer that is to be replaced waits for the answers to what is in flight. */
#define DRAIN_NS 5000000000ULL
/* A fault of the moment's that stays makes batches smaller, too: what is before it gets through. */
#define PATIENCE 3
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
	rd_kafka_message_t messages[BATCH];
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

	bool draining;			/* the producer is to be replaced */
	uint64_t drain_until;
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

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

/*
 * Pauses, of a topic or between two producers
 */

/* Starts one; true: it failed for the first time in a while. */
static bool pause_start(const struct sender *s, struct pause *pause)
{
	bool new = !pause->since;

	if (new || s->now - pause->failed > FORGET_NS)
		pause->ms = 0;
	pause->ms = pause->ms ? pause->ms * 2 : DELAY_MS_MIN;
	if (pause->ms > s->cfg->retry_delay_ms)
		pause->ms = s->cfg->retry_delay_ms;
	if (new)
		pause->since = s->now;
	pause->failed = s->now;
	pause->until = s->now + pause->ms * 1000000;
	return new;
}

static bool paused(const struct sender *s, const struct pause *pause)
{
	uint64_t least = pause->failed + DELAY_MS_MIN * 1000000;

	return pause->failed && s->now < (s->hurry ? least : pause->until);
}

/* errors.retry.timeout is over. */
static bool out_of_patience(const struct sender *s, const struct pause *pause)
{
	return pause->since && s->cfg->retry_timeout_ms != UINT64_MAX &&
	       (s->now - pause->since) / 1000000 >= s->cfg->retry_timeout_ms;
}

/*
 * What waits
 */

void sender_enqueue(struct sender *s, struct topic *topic, struct outgoing *out)
{
	(void)s;
	if (topic->first && order_before(out->order, topic->last->order))
		topic->unsorted = true;
	if (topic->first)
		topic->last->next = out;
	else
		topic->first = out;
	topic->last = out;
	out->next = NULL;
}

static struct outgoing *dequeue(struct topic *topic)
{
	struct outgoing *out = topic->first;

	topic->first = out->next;
	if (!topic->first)
		topic->last = NULL;
	return out;
}

static void sort_topic(struct topic *topic)
{
	struct outgoing *out = outgoing_sort(topic->first);

	topic->first = out;
	while (out->next)
		out = out->next;
	topic->last = out;
	topic->unsorted = false;
}

/* What the batch has not sent waits behind what failed. */
static void empty_batch(struct sender *s)
{
	struct batch *batch = &s->batch;
	int i;

	for (i = 0; i < batch->nr; i++) {
		const rd_kafka_message_t *message = &batch->messages[i];
		struct delivery *delivery = message->_private;
		struct outgoing out = {
			.delivery = delivery, .order = delivery->order,
			.value = message->payload, .len = message->len,
			.key = message->key, .key_len = message->key_len,
			.place = (uintptr_t)message->payload,
		};

		sender_enqueue(s, batch->topic, outgoing_new(&out, false));
	}
	batch->nr = 0;
	batch->used = 0;
}

static void topic_waits(struct sender *s, struct topic *topic, struct outgoing *out)
{
	sender_enqueue(s, topic, out);
	if (s->batch.nr && s->batch.topic == topic)
		empty_batch(s);
}

/*
 * Replacing the producer
 */

static void drain(struct sender *s)
{
	if (s->draining)
		return;
	s->draining = true;
	s->drain_until = s->now + DRAIN_NS;
	empty_batch(s);
	producer_purge(s->producer, false);
}

static void smaller(struct sender *s, size_t bytes, bool stays)
{
	size_t half = bytes / 2 ? bytes / 2 : 1;

	if (!s->batch_bytes || half < s->batch_bytes)
		s->batch_bytes = half;
	s->batch_stays = s->batch_stays || stays;
	s->probation = PROBATION;
}

static void start(struct sender *s)
{
	char why[TEXT_MAX];

	s->producer = producer_open(s->cfg, s->batch_bytes, s->fd, why, sizeof(why));
	if (s->producer) {
		s->message_max = producer_message_max(s->producer);
		return;
	}
	snprintf(s->reason, sizeof(s->reason), "no producer: %.400s", why);
	if (pause_start(s, &s->pause))
		warn("kafka: %s; it is tried again", s->reason);
}

/* All reports have come: what failed waits in its topic's queue. */
static void drained(struct sender *s)
{
	struct topic *topic;

	for (topic = s->topics; topic; topic = topic->next)
		producer_release(&topic->handle);
	producer_close(s->producer);
	s->producer = NULL;
	s->draining = false;
}

static void turn_producer(struct sender *s)
{
	char why[TEXT_MAX];

	if (s->producer && !s->draining && producer_failed(s->producer, why, sizeof(why))) {
		log_line(LOG_DEBUG, "kafka: the producer is replaced: %s", why);
		drain(s);
	}
	if (s->draining && producer_flying(s->producer) && s->now >= s->drain_until)
		producer_purge(s->producer, true);
	if (s->draining && !producer_flying(s->producer))
		drained(s);
	if (!s->producer && !paused(s, &s->pause))
		start(s);
}

/*
 * What failed
 */

static void refuse(struct sender *s, struct topic *topic, struct outgoing *out, int code)
{
	char why[TEXT_MAX];
	const struct refusal refusal = {
		.delivery = out->delivery, .topic = topic, .name = topic->name, .out = out,
		.code = code, .why = why,
	};
	struct outgoing *halves[2];

	if (s->culprit == out->delivery)
		s->culprit = NULL;
	/* A pack is no event: its halves are sent, down to one event each. */
	if (split_pack(s->cfg, out, halves)) {
		delivery_split(out->delivery);
		topic_waits(s, topic, halves[0]);
		topic_waits(s, topic, halves[1]);
		topic->unsorted = true;
	} else {
		fault_text(code, why, sizeof(why));
		s->calls.refused(s->calls.arg, &refusal);
	}
	outgoing_free(out);
}

static void refuse_all(struct sender *s, struct failed *failed)
{
	struct outgoing *out;

	while ((out = failed->first)) {
		failed->first = out->next;
		refuse(s, failed->topic, out, failed->code);
	}
}

static void topic_failed(struct sender *s, struct topic *topic, int code)
{
	fault_text(code, topic->reason, sizeof(topic->reason));
	if (pause_start(s, &topic->pause))
		warn("topic %s: %s; its events wait, and are tried again", topic->name,
		     topic->reason);
}

static void moment_failed(struct sender *s, const struct failed *failed)
{
	char why[TEXT_MAX];

	fault_text(failed->code, why, sizeof(why));
	snprintf(s->reason, sizeof(s->reason), "topic %.249s: %.200s", failed->topic->name, why);
	if (pause_start(s, &s->pause))
		warn("%s; %u message%s sent again", s->reason, failed->nr,
		     failed->nr == 1 ? " is" : "s are");
	s->culprit = failed->first ? failed->first->delivery : NULL;
	if (++s->failures >= PATIENCE && failed->nr > 1)
		smaller(s, failed->bytes, false);
	drain(s);
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
	drain(s);
}

static void judge(struct sender *s, struct failed *failed)
{
	struct topic *topic = failed->topic;
	struct outgoing *out;

	switch (fault_of(failed->code)) {
	case FAULT_NONE:
		break;
	case FAULT_MOMENT:
		if (out_of_patience(s, &s->pause))
			refuse_all(s, failed);
		moment_failed(s, failed);
		break;
	case FAULT_TOPIC:
		if (out_of_patience(s, &topic->pause))
			refuse_all(s, failed);
		topic_failed(s, topic, failed->code);
		break;
	case FAULT_EVENT:
		event_failed(s, failed);
		break;
	}
	while ((out = failed->first)) {
		failed->first = out->next;
		topic_waits(s, topic, out);
	}
}

/* A message that librdkafka did not take. */
static void unsent(struct sender *s, struct topic *topic, struct outgoing *out, int code)
{
	struct failed failed = {
		.topic = topic, .first = out, .code = code, .nr = 1, .bytes = out->len,
	};

	out->next = NULL;
	/* It is not in a batch yet, so this is about itself alone. */
	if (fault_of(code) == FAULT_EVENT)
		refuse(s, topic, out, code);
	else
		judge(s, &failed);
}

/*
 * Reports
 */

static void failed_add(struct failed *failed, const rd_kafka_message_t *report)
{
	*failed->end = producer_message(report);
	failed->end = &(*failed->end)->next;
	failed->code = report->err;
	failed->nr++;
	failed->bytes += report->len;
}

/* Batches are as large as they were, once it is clear that they can be. */
static void count_probation(struct sender *s, unsigned int nr)
{
	if (!s->batch_bytes || s->batch_stays || s->draining || s->culprit)
		return;
	s->probation -= nr < s->probation ? nr : s->probation;
	if (s->probation)
		return;
	s->batch_bytes = 0;
	drain(s);
}

static void topic_works(struct sender *s, struct topic *topic, unsigned int nr)
{
	if (topic->pause.since) {
		info("topic %s: delivering again after %llu s", topic->name,
		     (unsigned long long)((s->now - topic->pause.since) / 1000000000));
		topic->pause = (struct pause){ 0 };
	}
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

static void on_reports(struct sender *s, rd_kafka_event_t *event)
{
	struct failed failed = { .end = &failed.first };
	const rd_kafka_message_t *report;
	struct delivery *delivery;
	unsigned int acked = 0;

	while ((report = rd_kafka_event_message_next(event))) {
		producer_landed(s->producer);
		failed.topic = (struct topic *)producer_topic(report);
		if (report->err) {
			failed_add(&failed, report);
			continue;
		}
		acked++;
		delivery = producer_delivery(report);
		if (delivery == s->culprit)
			s->culprit = NULL;
		producer_forget(report);
		s->calls.acked(s->calls.arg, delivery);
	}
	if (acked)
		topic_works(s, failed.topic, acked);
	if (failed.nr)
		judge(s, &failed);
}

static void on_error(struct sender *s, rd_kafka_event_t *event)
{
	const char *text = rd_kafka_event_error_string(event);
	unsigned int held;

	/* The producer's end is told where its cause is. */
	if (rd_kafka_event_error_is_fatal(event))
		return;
	if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
		if (!s->away)
			warn("kafka: no broker can be reached, events stay in the ring: %s",
			     s->last_error[0] ? s->last_error : text);
		s->away = true;
		return;
	}
	snprintf(s->last_error, sizeof(s->last_error), "%s", text);
	/* One broker of several may come and go. */
	if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__TRANSPORT) {
		log_line(LOG_DEBUG, "kafka: %s", text);
		return;
	}
	if (!ratelimit_pass(&s->errors, &held))
		return;
	if (held)
		warn("kafka: %u lines left out", held);
	warn("kafka: %s", text);
}

static void serve_events(struct sender *s)
{
	rd_kafka_event_t *event;

	while (s->producer && (event = producer_event(s->producer))) {
		if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR)
			on_reports(s, event);
		else if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR)
			on_error(s, event);
		rd_kafka_event_destroy(event);
	}
}

/*
 * Sending
 */

static void send_waiting(struct sender *s, struct topic *topic)
{
	rd_kafka_resp_err_t code;
	struct outgoing *out;

	if (topic->unsorted)
		sort_topic(topic);
	while (sender_up(s) && (out = topic->first)) {
		code = producer_send(s->producer, &topic->handle, topic->name, out);
		if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
			return;
		dequeue(topic);
		if (!code) {
			out->headers = NULL;
			if (!out->copy)
				outgoing_free(out);
			continue;
		}
		unsent(s, topic, out, code);
		if (topic->unsorted)
			sort_topic(topic);
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
	for (topic = s->topics; topic && sender_up(s); topic = topic->next)
		if (topic->first && !paused(s, &topic->pause))
			send_waiting(s, topic);
}

bool sender_up(const struct sender *s)
{
	return s->producer && !s->draining;
}

/* The message's own headers: its identity and its type, or the pack's format. */
static rd_kafka_headers_t *headers_of(const struct message *msg)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new(2);

	rd_kafka_header_add(headers, "evring.id", -1, msg->id, (ssize_t)msg->id_len);
	if (msg->frame)
		rd_kafka_header_add(headers, "evring.frame", -1, msg->frame, -1);
	else
		rd_kafka_header_add(headers, "evring.type", -1, msg->route->type,
				    (ssize_t)msg->route->type_len);
	return headers;
}

static void outgoing_of(const struct sender *s, const struct message *msg, struct outgoing *out)
{
	*out = (struct outgoing){
		.delivery = msg->delivery, .order = msg->delivery->order,
		.value = msg->value, .len = msg->value_len,
		.key = s->cfg->key->nr ? msg->key : NULL, .key_len = msg->key_len,
		.place = (uintptr_t)msg->value,
	};
	if (s->cfg->timestamp == TIMESTAMP_EVENT)
		out->timestamp = msg->timestamp;
	if (s->cfg->headers == HEADERS_ALL)
		out->headers = headers_of(msg);
}

static void batch_key(struct batch *batch, rd_kafka_message_t *message, const struct message *msg)
{
	const rd_kafka_message_t *before = batch->nr ? message - 1 : NULL;

	message->key_len = msg->key_len;
	if (msg->key != msg->key_room) {
		message->key = (void *)msg->key;	/* stays where it is */
		return;
	}
	if (before && before->key && before->key_len == msg->key_len &&
	    !memcmp(before->key, msg->key, msg->key_len)) {
		message->key = before->key;
		return;
	}
	message->key = memcpy(batch->keys + batch->used, msg->key, msg->key_len);
	batch->used += msg->key_len;
}

/* False: what is in the batch must go first, and librdkafka has no room for it. */
static bool batch_room(struct sender *s, const struct message *msg)
{
	const struct batch *batch = &s->batch;

	return (batch->nr < BATCH && batch->topic == msg->route->topic &&
		batch->used + msg->key_len <= BATCH_KEYS) || sender_flush(s);
}

static void batch_add(struct sender *s, const struct message *msg)
{
	struct batch *batch = &s->batch;
	rd_kafka_message_t *message = &batch->messages[batch->nr];

	batch->topic = msg->route->topic;
	*message = (rd_kafka_message_t){
		.payload = (void *)msg->value,
		.len = msg->value_len,
		._private = msg->delivery,
	};
	if (s->cfg->key->nr)
		batch_key(batch, message, msg);
	batch->nr++;
}

bool sender_produce(struct sender *s, const struct message *msg)
{
	struct topic *topic = msg->route->topic;
	rd_kafka_resp_err_t code;
	struct outgoing out;

	/* Alone where it is refused: librdkafka would take what is behind it in the batch. */
	bool batching = s->batching && msg->value_len + msg->key_len <= s->message_max;

	if (s->batching && !(batching ? batch_room(s, msg) : sender_flush(s)))
		return false;
	if (batching && sender_up(s) && !topic->first) {
		batch_add(s, msg);
		return true;
	}
	outgoing_of(s, msg, &out);
	if (!sender_up(s) || topic->first) {
		topic_waits(s, topic, outgoing_new(&out, false));
		return true;
	}
	code = producer_send(s->producer, &topic->handle, topic->name, &out);
	if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
		if (out.headers)
			rd_kafka_headers_destroy(out.headers);
		return false;
	}
	if (code)
		unsent(s, topic, outgoing_new(&out, false), code);
	return true;
}

/* librdkafka takes nothing behind the first message that the queue is too full for. */
bool sender_flush(struct sender *s)
{
	struct batch *batch = &s->batch;
	int code = 0, i, left = 0, nr = batch->nr;

	if (!nr)
		return true;
	if (!sender_up(s)) {
		empty_batch(s);
		return true;
	}
	producer_send_batch(s->producer, &batch->topic->handle, batch->topic->name,
			    batch->messages, nr);
	for (i = 0; i < nr; i++) {
		if (!batch->messages[i].err)
			continue;
		if (batch->messages[i].err != RD_KAFKA_RESP_ERR__QUEUE_FULL)
			code = batch->messages[i].err;
		batch->messages[left++] = batch->messages[i];
	}
	batch->nr = left;
	if (!left)
		batch->used = 0;
	/* Then they wait like any other, and are tried one by one. */
	if (code)
		empty_batch(s);
	return !batch->nr;
}

/*
 * From start to end
 */

struct topic *sender_topic(struct sender *s, const char *name)
{
	size_t size = strlen(name) + 1;
	struct topic *topic;

	for (topic = s->topics; topic; topic = topic->next)
		if (!strcmp(topic->name, name))
			return topic;
	topic = xgrow(NULL, 0, 1, sizeof(*topic) + size);
	memcpy(topic->name, name, size);
	topic->next = s->topics;
	s->topics = topic;
	return topic;
}

struct sender *sender_open(const struct config *cfg, const struct sender_calls *calls)
{
	struct sender *s = xgrow(NULL, 0, 1, sizeof(*s));

	s->cfg = cfg;
	s->calls = *calls;
	s->batching = cfg->headers == HEADERS_NONE && cfg->timestamp == TIMESTAMP_SEND;
	s->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (s->fd < 0)
		fatal("eventfd: %s", strerror(errno));
	s->now = now_ns();
	start(s);
	return s;
}

void sender_close(struct sender *s)
{
	struct topic *topic;

	while ((topic = s->topics)) {
		s->topics = topic->next;
		producer_release(&topic->handle);
		while (topic->first)
			outgoing_free(dequeue(topic));
		free(topic);
	}
	if (s->producer)
		producer_close(s->producer);
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
		if (!topic->first)
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
		if (topic->first && topic->pause.since) {
			snprintf(buf, len, "topic %s: %s", topic->name, topic->reason);
			return;
		}
	}
	if (!s->producer || (s->pause.since && *s->reason))
		snprintf(buf, len, "%s", s->reason);
	else if (s->away)
		snprintf(buf, len, "no broker can be reached%s%s", *s->last_error ? ": " : "",
			 s->last_error);
	else if (!producer_reason(s->producer, buf, len))
		snprintf(buf, len, "no broker answers, and librdkafka does not tell why%s%s",
			 *s->last_error ? "; its last error: " : "", s->last_error);
}
