/* SPDX-License-Identifier: MIT */
/* A producer to a Kafka cluster, by librdkafka: see producer.h. */
#include "producer.h"

#include "config.h"
#include "creation.h"
#include "delivery.h"
#include "log.h"
#include "memory.h"
#include "problem.h"
#include "property.h"
#include "template.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* In a report's _private beside the delivery or the outgoing, which are aligned to 8 bytes */
#define TAG_STAYS	((uintptr_t)1)
#define TAG_SUSPECT	((uintptr_t)2)
#define TAGS		(TAG_STAYS | TAG_SUSPECT)

#define MAKE_MS 10000		/* how long the brokers may take to make a topic */

struct kafka {
	struct producer producer;
	const struct config *cfg;
	const char *name;		/* of the connector, for librdkafka's threads */
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
	uint64_t flying;
	bool partitioner;		/* the user has chosen one */
	bool debug;			/* the user wants librdkafka's debug lines */
	pthread_mutex_t lock;		/* of @reason: librdkafka's threads write it */
	char reason[256];
};

static struct kafka *kafka_of(const struct producer *producer)
{
	return (struct kafka *)producer;
}

static void set_reason(struct kafka *kafka, const char *text, int len)
{
	pthread_mutex_lock(&kafka->lock);
	snprintf(kafka->reason, sizeof(kafka->reason), "%.*s", len, text);
	pthread_mutex_unlock(&kafka->lock);
}

static bool kafka_reason(struct producer *producer, char *buf, size_t len)
{
	struct kafka *kafka = kafka_of(producer);

	pthread_mutex_lock(&kafka->lock);
	snprintf(buf, len, "%s", kafka->reason);
	kafka->reason[0] = '\0';
	pthread_mutex_unlock(&kafka->lock);
	return *buf;
}

/*
 * librdkafka tells a broker's error that it retries only in its debug lines:
 * "...: MessageSet with 5 message(s) (...) encountered error: Broker: Not enough
 * in-sync replicas (actions Retry,MsgNotPersisted)".
 */
static void find_reason(struct kafka *kafka, const char *text)
{
	static const char before[] = "encountered error: ";
	const char *error = strstr(text, before), *end;

	if (!error)
		return;
	error += sizeof(before) - 1;
	end = strstr(error, " (actions");
	set_reason(kafka, error, end ? (int)(end - error) : (int)strlen(error));
}

/* Facilities of lines that the sender tells, once, or that kafka_close() causes on purpose */
static const char *const known[] = { "FAIL", "ERROR", "FATAL", "TERMINATE", "GAPLESS" };

#define NR_KNOWN (sizeof(known) / sizeof(known[0]))

/* Called by librdkafka's threads. */
static void log_kafka(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	struct kafka *kafka = rd_kafka_opaque(rk);
	size_t i;

	log_context(kafka->name);
	if (!strcmp(facility, "MSGSET"))
		find_reason(kafka, text);
	if (level == LOG_DEBUG && !kafka->debug)
		return;
	/* The warning is about a choice of evringd's, which the tests cover. */
	if (!strcmp(facility, "CONFWARN") && strstr(text, "enable.gapless.guarantee"))
		level = LOG_DEBUG;
	for (i = 0; i < NR_KNOWN; i++)
		if (!strcmp(facility, known[i]))
			level = LOG_DEBUG;
	log_line(level, "kafka: %s: %s", facility, text);
}

static void on_throttle(rd_kafka_t *rk, const char *broker, int32_t id, int ms, void *opaque)
{
	char text[128];

	(void)rk;
	(void)id;
	snprintf(text, sizeof(text), "broker %.60s throttles this client by %d ms (a quota)", broker,
		 ms);
	if (ms)
		set_reason(opaque, text, (int)strlen(text));
}

/* Properties that the sender relies on */
static bool finish_conf(struct kafka *kafka, rd_kafka_conf_t *conf, size_t batch_bytes,
			char *why, size_t len)
{
	char value[128];
	size_t size = sizeof(value);

	kafka->debug = property_find(kafka->cfg, "debug");
	if (!kafka->debug &&
	    rd_kafka_conf_set(conf, "debug", "msg", why, len) != RD_KAFKA_CONF_OK)
		return false;
	if (rd_kafka_conf_get(conf, "enable.idempotence", value, &size) == RD_KAFKA_CONF_OK &&
	    !strcmp(value, "true") &&
	    rd_kafka_conf_set(conf, "enable.gapless.guarantee", "true", why, len) !=
		    RD_KAFKA_CONF_OK)
		return false;
	snprintf(value, sizeof(value), "%zu", batch_bytes);
	if (batch_bytes &&
	    rd_kafka_conf_set(conf, "batch.size", value, why, len) != RD_KAFKA_CONF_OK)
		return false;
	rd_kafka_conf_set_opaque(conf, kafka);
	rd_kafka_conf_set_log_cb(conf, log_kafka);
	rd_kafka_conf_set_throttle_cb(conf, on_throttle);
	rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR |
					RD_KAFKA_EVENT_STATS);
	return true;
}

static struct producer *kafka_open(const struct config *cfg, size_t batch_bytes, int fd, char *why,
				   size_t len)
{
	struct kafka *kafka = xzalloc(sizeof(*kafka));
	struct problems problems = { .file = "kafka" };
	rd_kafka_conf_t *conf = property_conf(cfg, false, &problems);
	const uint64_t one = 1;
	char *hidden;

	kafka->producer.ops = &kafka_producer;
	kafka->cfg = cfg;
	kafka->name = log_name(cfg->name);
	kafka->partitioner = !cfg->key->nr || property_find(cfg, "partitioner");
	pthread_mutex_init(&kafka->lock, NULL);
	if (problems.nr)
		snprintf(why, len, "%s", problems.lines[0]);
	else if (finish_conf(kafka, conf, batch_bytes, why, len))
		kafka->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, len);
	problems_free(&problems);
	if (!kafka->rk) {
		hidden = property_hide(cfg, why);
		snprintf(why, len, "%s", hidden);
		free(hidden);
		rd_kafka_conf_destroy(conf);
		pthread_mutex_destroy(&kafka->lock);
		free(kafka);
		return NULL;
	}
	kafka->queue = rd_kafka_queue_get_main(kafka->rk);
	rd_kafka_queue_io_event_enable(kafka->queue, fd, &one, sizeof(one));
	return &kafka->producer;
}

static void kafka_purge(struct producer *producer, bool inflight)
{
	rd_kafka_purge(kafka_of(producer)->rk,
		       RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING |
			       (inflight ? RD_KAFKA_PURGE_F_INFLIGHT : 0));
}

static void *destroy(void *arg)
{
	struct kafka *kafka = arg;

	rd_kafka_destroy(kafka->rk);
	pthread_mutex_destroy(&kafka->lock);
	free(kafka);
	return NULL;
}

/*
 * rd_kafka_destroy() waits for librdkafka's threads, and one of them may be
 * resolving a broker's name: a thread waits for them, as other connectors go on.
 */
static void kafka_close(struct producer *producer)
{
	struct kafka *kafka = kafka_of(producer);
	bool flying = kafka->flying;
	pthread_t thread;

	kafka_purge(producer, true);
	rd_kafka_queue_io_event_enable(kafka->queue, -1, NULL, 0);
	rd_kafka_queue_destroy(kafka->queue);
	if (flying || pthread_create(&thread, NULL, destroy, kafka))
		destroy(kafka);
	else
		pthread_detach(thread);
}

#define GONE_MS 1000

bool kafka_producers_gone(void)
{
	return !rd_kafka_wait_destroyed(GONE_MS);
}

static void kafka_release(struct topic_handle *handle)
{
	if (handle->rkt)
		rd_kafka_topic_destroy(handle->rkt);
	*handle = (struct topic_handle){ 0 };
}

/*
 * librdkafka's default partitioner hashes the key, and most keys are equal to the
 * one before. librdkafka calls this under the topic's lock: for reading in our
 * thread, for writing in its own.
 */
static int32_t partition_of(const rd_kafka_topic_t *rkt, const void *key, size_t len,
			    int32_t count, void *opaque, void *msg_opaque)
{
	struct topic_handle *handle = opaque;

	if (!len || len != handle->memo_len || count != handle->memo_count ||
	    memcmp(key, handle->memo, len)) {
		handle->memo_partition =
			rd_kafka_msg_partitioner_consistent_random(rkt, key, len, count, opaque,
								   msg_opaque);
		handle->memo_count = count;
		/* An empty key goes anywhere, a long one is not kept. */
		handle->memo_len = len <= MEMO_MAX ? len : 0;
		memcpy(handle->memo, key, handle->memo_len);
	}
	return handle->memo_partition;
}

static rd_kafka_resp_err_t topic_open(struct kafka *kafka, struct topic_handle *handle,
				      const char *topic)
{
	rd_kafka_topic_conf_t *conf;

	if (handle->rkt)
		return RD_KAFKA_RESP_ERR_NO_ERROR;
	conf = rd_kafka_default_topic_conf_dup(kafka->rk);
	rd_kafka_topic_conf_set_opaque(conf, handle);
	if (!kafka->partitioner)
		rd_kafka_topic_conf_set_partitioner_cb(conf, partition_of);
	handle->rkt = rd_kafka_topic_new(kafka->rk, topic, conf);
	return handle->rkt ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_last_error();
}

static void *opaque_of(const struct outgoing *out)
{
	if (outgoing_stays(out))
		return (void *)((uintptr_t)out | TAG_STAYS);
	return (void *)((uintptr_t)out->delivery | (out->suspect ? TAG_SUSPECT : 0));
}

/*
 * The headers are the message's own: where librdkafka is given single headers
 * (VTYPE_HEADER) and the partitioner refuses the message, it frees them twice
 * (librdkafka issue 4627).
 */
static rd_kafka_resp_err_t kafka_produce(struct producer *producer, struct topic_handle *handle,
					 const char *topic, const struct outgoing *out)
{
	struct kafka *kafka = kafka_of(producer);
	rd_kafka_resp_err_t code = topic_open(kafka, handle, topic);
	rd_kafka_vu_t vus[] = {
		{ .vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = handle->rkt },
		{ .vtype = RD_KAFKA_VTYPE_VALUE,
		  .u.mem = { .ptr = (void *)out->value, .size = out->len } },
		{ .vtype = RD_KAFKA_VTYPE_KEY,
		  .u.mem = { .ptr = (void *)out->key, .size = out->key_len } },
		{ .vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = opaque_of(out) },
		{ .vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = out->timestamp },
		/* Without F_COPY and F_FREE the value stays where it is until its report. */
		{ .vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = 0 },
		{ .vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = out->headers },
	};
	size_t nr = sizeof(vus) / sizeof(vus[0]) - !out->headers;
	rd_kafka_error_t *error;

	if (code)
		return code;
	error = rd_kafka_produceva(kafka->rk, vus, nr);
	if (error) {
		code = rd_kafka_error_code(error);
		rd_kafka_error_destroy(error);
		/* A producer that has failed refuses by the code of its failure. */
		return rd_kafka_fatal_error(kafka->rk, NULL, 0) ? RD_KAFKA_RESP_ERR__FATAL :
								     code;
	}
	kafka->flying++;
	return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void kafka_produce_many(struct producer *producer, struct topic_handle *handle,
			       const char *topic, rd_kafka_message_t *messages, int nr)
{
	struct kafka *kafka = kafka_of(producer);
	rd_kafka_resp_err_t code = topic_open(kafka, handle, topic);
	int i;

	if (!code) {
		kafka->flying += (uint64_t)rd_kafka_produce_batch(
			handle->rkt, RD_KAFKA_PARTITION_UA, 0, messages, nr);
		return;
	}
	for (i = 0; i < nr; i++)
		messages[i].err = code;
}

/*
 * Reports
 */

static struct outgoing *out_of(const rd_kafka_message_t *message)
{
	uintptr_t opaque = (uintptr_t)message->_private;

	return opaque & TAG_STAYS ? (struct outgoing *)(opaque & ~TAGS) : NULL;
}

static struct delivery *delivery_of(const rd_kafka_message_t *message)
{
	struct outgoing *out = out_of(message);

	return out ? out->delivery : (struct delivery *)((uintptr_t)message->_private & ~TAGS);
}

static void tell_reports(struct kafka *kafka, rd_kafka_event_t *event,
			 const struct producer_calls *calls)
{
	const rd_kafka_message_t *message;

	while ((message = rd_kafka_event_message_next(event))) {
		const struct report report = {
			.topic = rd_kafka_topic_opaque(message->rkt),
			.delivery = delivery_of(message),
			.code = message->err,
			.len = message->len,
			.out = out_of(message),
			.message = message,
		};

		kafka->flying--;
		calls->report(calls->arg, &report);
	}
	calls->batch_done(calls->arg);
}

/* A fatal error is told where its cause is: see kafka_failed(). */
static void tell_error(rd_kafka_event_t *event, const struct producer_calls *calls)
{
	if (!rd_kafka_event_error_is_fatal(event))
		calls->error(calls->arg, rd_kafka_event_error(event),
			     rd_kafka_event_error_string(event));
}

static void tell_made(rd_kafka_event_t *event, const struct producer_calls *calls)
{
	struct topic_handle *handle = rd_kafka_event_opaque(event);
	const rd_kafka_topic_result_t **results;
	size_t nr = 0;

	if (rd_kafka_event_error(event)) {
		calls->made(calls->arg, handle, rd_kafka_event_error(event),
			    rd_kafka_event_error_string(event));
		return;
	}
	results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &nr);
	if (nr)
		calls->made(calls->arg, handle, rd_kafka_topic_result_error(results[0]),
			    rd_kafka_topic_result_error_string(results[0]));
	else
		calls->made(calls->arg, handle, RD_KAFKA_RESP_ERR__BAD_MSG, NULL);
}

static void tell_stats(rd_kafka_event_t *event, const struct producer_calls *calls)
{
	const char *json = rd_kafka_event_stats(event);

	if (json && calls->stats)
		calls->stats(calls->arg, json, strlen(json));
}

static void kafka_poll(struct producer *producer, const struct producer_calls *calls)
{
	struct kafka *kafka = kafka_of(producer);
	rd_kafka_event_t *event;

	while ((event = rd_kafka_queue_poll(kafka->queue, 0))) {
		if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR)
			tell_reports(kafka, event, calls);
		else if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR)
			tell_error(event, calls);
		else if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_CREATETOPICS_RESULT)
			tell_made(event, calls);
		else if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_STATS)
			tell_stats(event, calls);
		rd_kafka_event_destroy(event);
	}
}

static uint64_t kafka_flying(const struct producer *producer)
{
	return kafka_of(producer)->flying;
}

static struct outgoing *kafka_message(const struct report *report)
{
	const rd_kafka_message_t *message = report->message;
	struct outgoing *out = out_of(message);
	rd_kafka_timestamp_type_t type;
	struct outgoing sent = {
		.delivery = report->delivery,
		.value = message->payload, .len = message->len,
		.key = message->key, .key_len = message->key_len,
		.place = (uintptr_t)message->payload,
		.suspect = (uintptr_t)message->_private & TAG_SUSPECT,
	};

	if (!out) {
		sent.order = sent.delivery->order;
		sent.timestamp = rd_kafka_message_timestamp(message, &type);
		if (type != RD_KAFKA_TIMESTAMP_CREATE_TIME || sent.timestamp < 0)
			sent.timestamp = 0;
		out = outgoing_new(&sent, false);
	}
	out->next = NULL;
	out->headers = NULL;
	out->partition = message->partition;
	rd_kafka_message_detach_headers((rd_kafka_message_t *)message, &out->headers);
	return out;
}

static void kafka_forget(const struct report *report)
{
	struct outgoing *out = out_of(report->message);

	if (out)
		outgoing_free(out);
}

static size_t kafka_message_max(const struct producer *producer)
{
	char value[24] = "0";
	size_t size = sizeof(value);

	rd_kafka_conf_get(rd_kafka_conf(kafka_of(producer)->rk), "message.max.bytes", value, &size);
	return strtoul(value, NULL, 10);
}

static bool kafka_make_topic(struct producer *producer, struct topic_handle *handle,
			     const char *topic, const struct plan *plan, char *why, size_t len)
{
	struct kafka *kafka = kafka_of(producer);
	rd_kafka_AdminOptions_t *options;
	rd_kafka_NewTopic_t *new;
	size_t i;

	new = rd_kafka_NewTopic_new(topic, plan->partitions, plan->replicas, why, len);
	if (!new)
		return false;
	for (i = 0; i < plan->nr_settings; i++)
		rd_kafka_NewTopic_set_config(new, plan->settings[i]->name + plan->skip,
					     plan->settings[i]->value);
	options = rd_kafka_AdminOptions_new(kafka->rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
	rd_kafka_AdminOptions_set_opaque(options, handle);
	rd_kafka_AdminOptions_set_request_timeout(options, MAKE_MS, NULL, 0);
	rd_kafka_CreateTopics(kafka->rk, &new, 1, options, kafka->queue);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_NewTopic_destroy(new);
	return true;
}

static bool kafka_failed(const struct producer *producer, char *why, size_t len)
{
	return rd_kafka_fatal_error(kafka_of(producer)->rk, why, len);
}

/* librdkafka has it from the brokers' metadata, and keeps it. */
static bool kafka_cluster(const struct producer *producer, char *buf, size_t len)
{
	struct kafka *kafka = kafka_of(producer);
	char *id = rd_kafka_clusterid(kafka->rk, 0);

	if (!id)
		return false;
	snprintf(buf, len, "%s", id);
	rd_kafka_mem_free(kafka->rk, id);
	return true;
}

const struct producer_ops kafka_producer = {
	.open = kafka_open,
	.close = kafka_close,
	.release = kafka_release,
	.produce = kafka_produce,
	.produce_many = kafka_produce_many,
	.poll = kafka_poll,
	.flying = kafka_flying,
	.message = kafka_message,
	.forget = kafka_forget,
	.message_max = kafka_message_max,
	.make_topic = kafka_make_topic,
	.failed = kafka_failed,
	.purge = kafka_purge,
	.reason = kafka_reason,
	.cluster = kafka_cluster,
};
