/* SPDX-License-Identifier: MIT */
/* See producer.h. */
#include "producer.h"

#include "evringd.h"
#include "sender.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

/* In a report's _private beside the delivery or the copy, which are aligned to 8 bytes */
#define TAG_COPY	((uintptr_t)1)
#define TAG_SUSPECT	((uintptr_t)2)
#define TAGS		(TAG_COPY | TAG_SUSPECT)

struct producer {
	const struct config *cfg;
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
	uint64_t flying;
	bool partitioner;		/* the user has chosen one */
	bool debug;			/* the user wants librdkafka's debug lines */
	pthread_mutex_t lock;		/* of @reason: librdkafka's threads write it */
	char reason[256];
};

static void set_reason(struct producer *producer, const char *text, int len)
{
	pthread_mutex_lock(&producer->lock);
	snprintf(producer->reason, sizeof(producer->reason), "%.*s", len, text);
	pthread_mutex_unlock(&producer->lock);
}

bool producer_reason(struct producer *producer, char *buf, size_t len)
{
	pthread_mutex_lock(&producer->lock);
	snprintf(buf, len, "%s", producer->reason);
	producer->reason[0] = '\0';
	pthread_mutex_unlock(&producer->lock);
	return *buf;
}

/*
 * A broker's error that librdkafka retries is told nowhere but in its debug
 * lines: "...: MessageSet with 5 message(s) (...) encountered error: Broker: Not
 * enough in-sync replicas (actions Retry,MsgNotPersisted)".
 */
static void find_reason(struct producer *producer, const char *text)
{
	static const char before[] = "encountered error: ";
	const char *error = strstr(text, before), *end;

	if (!error)
		return;
	error += sizeof(before) - 1;
	end = strstr(error, " (actions");
	set_reason(producer, error, end ? (int)(end - error) : (int)strlen(error));
}

/* The sender tells these, and once, or they are what producer_close() does on purpose. */
static const char *const known[] = { "FAIL", "ERROR", "FATAL", "TERMINATE", "GAPLESS" };

#define NR_KNOWN (sizeof(known) / sizeof(known[0]))

/* Called from librdkafka's threads. */
static void log_kafka(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	struct producer *producer = rd_kafka_opaque(rk);
	size_t i;

	if (!strcmp(facility, "MSGSET"))
		find_reason(producer, text);
	if (level == LOG_DEBUG && !producer->debug)
		return;
	/* It is evringd's choice, and tested with the versions that it is built for. */
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

/* What the sender relies on, and what only its own producers need */
static bool finish_conf(struct producer *producer, rd_kafka_conf_t *conf, size_t batch_bytes,
			char *why, size_t len)
{
	char value[128];
	size_t size = sizeof(value);

	producer->debug = property_find(producer->cfg, "debug");
	if (!producer->debug &&
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
	rd_kafka_conf_set_opaque(conf, producer);
	rd_kafka_conf_set_log_cb(conf, log_kafka);
	rd_kafka_conf_set_throttle_cb(conf, on_throttle);
	rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
	return true;
}

struct producer *producer_open(const struct config *cfg, size_t batch_bytes, int fd, char *why,
			       size_t len)
{
	struct producer *producer = xgrow(NULL, 0, 1, sizeof(*producer));
	struct problems problems = { .file = "kafka" };
	rd_kafka_conf_t *conf = property_conf(cfg, false, &problems);
	const uint64_t one = 1;
	char *hidden;

	producer->cfg = cfg;
	producer->partitioner = !cfg->key->nr || property_find(cfg, "partitioner");
	pthread_mutex_init(&producer->lock, NULL);
	if (problems.nr)
		snprintf(why, len, "%s", problems.lines[0]);
	else if (finish_conf(producer, conf, batch_bytes, why, len))
		producer->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, len);
	problems_free(&problems);
	if (!producer->rk) {
		hidden = property_hide(cfg, why);
		snprintf(why, len, "%s", hidden);
		free(hidden);
		rd_kafka_conf_destroy(conf);
		pthread_mutex_destroy(&producer->lock);
		free(producer);
		return NULL;
	}
	producer->queue = rd_kafka_queue_get_main(producer->rk);
	rd_kafka_queue_io_event_enable(producer->queue, fd, &one, sizeof(one));
	return producer;
}

void producer_close(struct producer *producer)
{
	producer_purge(producer, true);
	rd_kafka_queue_io_event_enable(producer->queue, -1, NULL, 0);
	rd_kafka_queue_destroy(producer->queue);
	rd_kafka_destroy(producer->rk);
	pthread_mutex_destroy(&producer->lock);
	free(producer);
}

void producer_release(struct topic_handle *handle)
{
	if (handle->rkt)
		rd_kafka_topic_destroy(handle->rkt);
	*handle = (struct topic_handle){ 0 };
}

/*
 * librdkafka's default hashes the key; most keys are the one before again. Under
 * the topic's lock: for reading from our thread, for writing from librdkafka's.
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

static rd_kafka_resp_err_t topic_open(struct producer *producer, struct topic_handle *handle,
				      const char *topic)
{
	rd_kafka_topic_conf_t *conf;

	if (handle->rkt)
		return RD_KAFKA_RESP_ERR_NO_ERROR;
	conf = rd_kafka_default_topic_conf_dup(producer->rk);
	rd_kafka_topic_conf_set_opaque(conf, handle);
	if (!producer->partitioner)
		rd_kafka_topic_conf_set_partitioner_cb(conf, partition_of);
	handle->rkt = rd_kafka_topic_new(producer->rk, topic, conf);
	return handle->rkt ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_last_error();
}

static void *opaque_of(const struct outgoing *out)
{
	if (out->copy)
		return (void *)((uintptr_t)out | TAG_COPY);
	return (void *)((uintptr_t)out->delivery | (out->suspect ? TAG_SUSPECT : 0));
}

/*
 * The headers are the message's own: where librdkafka is given single headers
 * (VTYPE_HEADER) and the partitioner refuses the message, it frees them twice
 * (librdkafka issue 4627).
 */
rd_kafka_resp_err_t producer_send(struct producer *producer, struct topic_handle *handle,
				  const char *topic, const struct outgoing *out)
{
	rd_kafka_resp_err_t code = topic_open(producer, handle, topic);
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
	error = rd_kafka_produceva(producer->rk, vus, nr);
	if (error) {
		code = rd_kafka_error_code(error);
		rd_kafka_error_destroy(error);
		/* It is told by the code of what the producer has failed by. */
		return rd_kafka_fatal_error(producer->rk, NULL, 0) ? RD_KAFKA_RESP_ERR__FATAL :
								     code;
	}
	producer->flying++;
	return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void producer_send_batch(struct producer *producer, struct topic_handle *handle,
			 const char *topic, rd_kafka_message_t *messages, int nr)
{
	rd_kafka_resp_err_t code = topic_open(producer, handle, topic);
	int i;

	if (!code) {
		producer->flying += (uint64_t)rd_kafka_produce_batch(
			handle->rkt, RD_KAFKA_PARTITION_UA, 0, messages, nr);
		return;
	}
	for (i = 0; i < nr; i++)
		messages[i].err = code;
}

uint64_t producer_flying(const struct producer *producer)
{
	return producer->flying;
}

rd_kafka_event_t *producer_event(struct producer *producer)
{
	return rd_kafka_queue_poll(producer->queue, 0);
}

void producer_landed(struct producer *producer)
{
	producer->flying--;
}

struct topic_handle *producer_topic(const rd_kafka_message_t *report)
{
	return rd_kafka_topic_opaque(report->rkt);
}

static struct outgoing *copy_of(const rd_kafka_message_t *report)
{
	uintptr_t opaque = (uintptr_t)report->_private;

	return opaque & TAG_COPY ? (struct outgoing *)(opaque & ~TAGS) : NULL;
}

struct delivery *producer_delivery(const rd_kafka_message_t *report)
{
	struct outgoing *copy = copy_of(report);

	return copy ? copy->delivery : (struct delivery *)((uintptr_t)report->_private & ~TAGS);
}

struct outgoing *producer_message(const rd_kafka_message_t *report)
{
	struct outgoing *out = copy_of(report);
	rd_kafka_timestamp_type_t type;
	struct outgoing sent = {
		.delivery = producer_delivery(report),
		.value = report->payload, .len = report->len,
		.key = report->key, .key_len = report->key_len,
		.place = (uintptr_t)report->payload,
		.suspect = (uintptr_t)report->_private & TAG_SUSPECT,
	};

	if (!out) {
		sent.order = sent.delivery->order;
		sent.timestamp = rd_kafka_message_timestamp(report, &type);
		if (type != RD_KAFKA_TIMESTAMP_CREATE_TIME || sent.timestamp < 0)
			sent.timestamp = 0;
		out = outgoing_new(&sent, false);
	}
	out->headers = NULL;
	rd_kafka_message_detach_headers((rd_kafka_message_t *)report, &out->headers);
	return out;
}

void producer_forget(const rd_kafka_message_t *report)
{
	struct outgoing *copy = copy_of(report);

	if (copy)
		outgoing_free(copy);
}

size_t producer_message_max(const struct producer *producer)
{
	char value[24] = "0";
	size_t size = sizeof(value);

	rd_kafka_conf_get(rd_kafka_conf(producer->rk), "message.max.bytes", value, &size);
	return strtoul(value, NULL, 10);
}

bool producer_failed(const struct producer *producer, char *why, size_t len)
{
	return rd_kafka_fatal_error(producer->rk, why, len);
}

void producer_purge(struct producer *producer, bool inflight)
{
	rd_kafka_purge(producer->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING |
					     (inflight ? RD_KAFKA_PURGE_F_INFLIGHT : 0));
}
