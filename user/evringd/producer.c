/* SPDX-License-Identifier: MIT */
/* See producer.h. */
#include "producer.h"

#include "evringd.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

/* In a report's _private beside the delivery, which is aligned to 8 bytes */
#define TAG_COPY	((uintptr_t)1)
#define TAG_DECLARATION	((uintptr_t)2)
#define TAG_SUSPECT	((uintptr_t)4)
#define TAGS		(TAG_COPY | TAG_DECLARATION | TAG_SUSPECT)

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
	return (void *)((uintptr_t)out->delivery | (out->copy ? TAG_COPY : 0) |
			(out->declaration ? TAG_DECLARATION : 0) |
			(out->suspect ? TAG_SUSPECT : 0));
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
		{ .vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = out->copy ? RD_KAFKA_MSG_F_COPY : 0 },
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
		return code;
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

struct delivery *producer_delivery(const rd_kafka_message_t *report)
{
	return (struct delivery *)((uintptr_t)report->_private & ~TAGS);
}

void producer_message(const rd_kafka_message_t *report, struct outgoing *out)
{
	uintptr_t opaque = (uintptr_t)report->_private;
	rd_kafka_timestamp_type_t type;

	*out = (struct outgoing){
		.delivery = producer_delivery(report),
		.value = report->payload, .len = report->len,
		.key = report->key, .key_len = report->key_len,
		.copy = opaque & TAG_COPY,
		.declaration = opaque & TAG_DECLARATION,
		.suspect = opaque & TAG_SUSPECT,
	};
	out->order = out->delivery->order;
	out->timestamp = rd_kafka_message_timestamp(report, &type);
	if (type != RD_KAFKA_TIMESTAMP_CREATE_TIME || out->timestamp < 0)
		out->timestamp = 0;
	rd_kafka_message_detach_headers((rd_kafka_message_t *)report, &out->headers);
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
