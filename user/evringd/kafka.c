/* SPDX-License-Identifier: MIT */
/* librdkafka: the producer, delivery reports. */
#include "evringd.h"

#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <syslog.h>
#include <unistd.h>

#define BATCH 512			/* messages that go to librdkafka in one call */
#define BATCH_KEYS (64u << 10)		/* bytes of their keys */

#define MEMO_MAX 64			/* bytes of a key that is worth remembering */

struct topic {
	struct topic *next;
	rd_kafka_topic_t *rkt;
	size_t memo_len;		/* the last key, and where it went */
	int32_t memo_count, memo_partition;
	char memo[MEMO_MAX];
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

struct kafka {
	const struct config *cfg;
	bool batching;
	bool partitioner;		/* the user has chosen one */
	struct batch batch;
	struct kafka_calls calls;
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
	struct topic *topics;
	int fd;
	bool failed;
	bool away;			/* no broker can be reached; said once */
	char last_error[256];		/* of a broker, to say why */
	struct ratelimit errors;
};

/* What on_error() tells, and once, or what kafka_stop() does on purpose */
static const char *const known[] = { "FAIL", "ERROR", "FATAL", "TERMINATE" };

#define NR_KNOWN (sizeof(known) / sizeof(known[0]))

/* Called from librdkafka's threads. */
static void log_kafka(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	size_t i;

	(void)rk;
	for (i = 0; i < NR_KNOWN; i++)
		if (!strcmp(facility, known[i]))
			level = LOG_DEBUG;
	log_line(level, "kafka: %s: %s", facility, text);
}

void kafka_start(struct kafka *kafka)
{
	struct problems problems = { .file = "kafka" };
	rd_kafka_conf_t *conf = property_conf(kafka->cfg, false, &problems);
	const uint64_t one = 1;
	char error[512];

	if (problems.nr)
		fatal("%s", problems.lines[0]);
	rd_kafka_conf_set_log_cb(conf, log_kafka);
	rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
	kafka->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
	if (!kafka->rk)
		fatal("kafka: no producer: %s", property_hide(kafka->cfg, error));
	kafka->failed = false;
	kafka->queue = rd_kafka_queue_get_main(kafka->rk);
	rd_kafka_queue_io_event_enable(kafka->queue, kafka->fd, &one, sizeof(one));
}

struct kafka *kafka_open(const struct config *cfg, const struct kafka_calls *calls)
{
	struct kafka *kafka = xgrow(NULL, 0, 1, sizeof(*kafka));

	kafka->cfg = cfg;
	kafka->partitioner = !cfg->key->nr || property_find(cfg, "partitioner");
	kafka->batching = cfg->headers == HEADERS_NONE && cfg->timestamp == TIMESTAMP_SEND;
	kafka->calls = *calls;
	kafka->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (kafka->fd < 0)
		fatal("eventfd: %s", strerror(errno));
	kafka_start(kafka);
	return kafka;
}

int kafka_fd(const struct kafka *kafka)
{
	return kafka->fd;
}

void kafka_stop(struct kafka *kafka)
{
	struct topic *topic;

	if (!kafka->rk)
		return;
	rd_kafka_purge(kafka->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
				  RD_KAFKA_PURGE_F_NON_BLOCKING);
	while ((topic = kafka->topics)) {
		kafka->topics = topic->next;
		rd_kafka_topic_destroy(topic->rkt);
		free(topic);
	}
	rd_kafka_queue_io_event_enable(kafka->queue, -1, NULL, 0);
	rd_kafka_queue_destroy(kafka->queue);
	rd_kafka_destroy(kafka->rk);
	kafka->rk = NULL;
	kafka->failed = false;
	kafka->batch.nr = 0;
	kafka->batch.used = 0;
}

void kafka_close(struct kafka *kafka)
{
	kafka_stop(kafka);
	close(kafka->fd);
	free(kafka);
}

/*
 * librdkafka's default hashes the key; most keys are the one before again. Under
 * the topic's lock: for reading from our thread, for writing from librdkafka's.
 */
static int32_t partition_of(const rd_kafka_topic_t *rkt, const void *key, size_t len,
			    int32_t count, void *opaque, void *msg_opaque)
{
	struct topic *topic = opaque;

	if (!len || len != topic->memo_len || count != topic->memo_count ||
	    memcmp(key, topic->memo, len)) {
		topic->memo_partition =
			rd_kafka_msg_partitioner_consistent_random(rkt, key, len, count, opaque,
								   msg_opaque);
		topic->memo_count = count;
		/* An empty key goes anywhere, a long one is not kept. */
		topic->memo_len = len <= MEMO_MAX ? len : 0;
		memcpy(topic->memo, key, topic->memo_len);
	}
	return topic->memo_partition;
}

static rd_kafka_topic_conf_t *topic_conf(struct kafka *kafka, struct topic *topic)
{
	rd_kafka_topic_conf_t *conf = rd_kafka_default_topic_conf_dup(kafka->rk);

	if (!kafka->partitioner) {
		rd_kafka_topic_conf_set_opaque(conf, topic);
		rd_kafka_topic_conf_set_partitioner_cb(conf, partition_of);
	}
	return conf;
}

struct topic *kafka_topic(struct kafka *kafka, const char *name)
{
	size_t size = strlen(name) + 1;
	struct topic *topic;

	for (topic = kafka->topics; topic; topic = topic->next)
		if (!strcmp(topic->name, name))
			return topic;
	topic = xgrow(NULL, 0, 1, sizeof(*topic) + size);
	memcpy(topic->name, name, size);
	topic->rkt = rd_kafka_topic_new(kafka->rk, name, topic_conf(kafka, topic));
	if (!topic->rkt)
		fatal("kafka: topic %s: %s", name, rd_kafka_err2str(rd_kafka_last_error()));
	topic->next = kafka->topics;
	kafka->topics = topic;
	return topic;
}

bool kafka_failed(const struct kafka *kafka)
{
	return kafka->failed;
}

/*
 * Whatever fails once the producer has failed for good is its own doing, not the message's: all
 * that is not acknowledged comes anew. librdkafka gives such errors under many codes.
 */
static bool check_failed(struct kafka *kafka)
{
	char error[512] = "";

	if (!kafka->failed && rd_kafka_fatal_error(kafka->rk, error, sizeof(error))) {
		kafka->failed = true;
		warn("kafka: the producer has failed: %s", error);
	}
	return kafka->failed;
}

static void *key_of(const struct kafka *kafka, const struct message *msg)
{
	return kafka->cfg->key->nr ? (void *)msg->key : NULL;
}

static rd_kafka_resp_err_t produce(struct kafka *kafka, const struct message *msg)
{
	const struct route *route = msg->route;
	const char *frame = msg->frame;
	rd_kafka_vu_t vus[8] = {
		{ .vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = route->topic->rkt },
		{ .vtype = RD_KAFKA_VTYPE_VALUE,
		  .u.mem = { .ptr = (void *)msg->value, .size = msg->value_len } },
		{ .vtype = RD_KAFKA_VTYPE_KEY,
		  .u.mem = { .ptr = key_of(kafka, msg), .size = msg->key_len } },
		{ .vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = msg->delivery },
	};
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
	rd_kafka_error_t *error;
	size_t nr = 4;

	if (kafka->cfg->timestamp == TIMESTAMP_EVENT)
		vus[nr++] = (rd_kafka_vu_t){ .vtype = RD_KAFKA_VTYPE_TIMESTAMP,
					     .u.i64 = msg->timestamp };
	if (kafka->cfg->headers == HEADERS_ALL) {
		vus[nr++] = (rd_kafka_vu_t){
			.vtype = RD_KAFKA_VTYPE_HEADER,
			.u.header = { .name = "evring.id", .val = msg->id,
				      .size = (ssize_t)msg->id_len } };
		vus[nr++] = (rd_kafka_vu_t){
			.vtype = RD_KAFKA_VTYPE_HEADER,
			.u.header = { .name = frame ? "evring.frame" : "evring.type",
				      .val = frame ? frame : route->type,
				      .size = frame ? (ssize_t)strlen(frame) :
						      (ssize_t)route->type_len } };
	}
	/* Neither F_COPY nor F_FREE: the value stays where it is until its report. */
	error = rd_kafka_produceva(kafka->rk, vus, nr);
	if (error) {
		code = rd_kafka_error_code(error);
		rd_kafka_error_destroy(error);
	}
	return code;
}

static void refuse(struct kafka *kafka, struct delivery *delivery, const struct topic *topic,
		   rd_kafka_resp_err_t code)
{
	kafka->calls.refused(kafka->calls.arg, delivery, topic->name, rd_kafka_err2str(code));
}

/*
 * What found no room stays, in its order: librdkafka takes nothing behind the
 * first message that the queue is too full for.
 */
bool kafka_flush(struct kafka *kafka)
{
	struct batch *batch = &kafka->batch;
	int i, left = 0, nr = batch->nr;

	if (!nr)
		return true;
	if (rd_kafka_produce_batch(batch->topic->rkt, RD_KAFKA_PARTITION_UA, 0, batch->messages,
				   nr) != nr) {
		for (i = 0; i < nr; i++) {
			rd_kafka_message_t *message = &batch->messages[i];

			if (!message->err)
				continue;
			if (message->err == RD_KAFKA_RESP_ERR__QUEUE_FULL || check_failed(kafka))
				batch->messages[left++] = *message;
			else
				refuse(kafka, message->_private, batch->topic, message->err);
		}
	}
	batch->nr = left;
	if (!left)
		batch->used = 0;
	return !left;
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

static int batch_add(struct kafka *kafka, const struct message *msg)
{
	struct batch *batch = &kafka->batch;
	rd_kafka_message_t *message;

	if (batch->nr == BATCH || batch->topic != msg->route->topic ||
	    batch->used + msg->key_len > BATCH_KEYS) {
		if (!kafka_flush(kafka))
			return -EAGAIN;
		batch->topic = msg->route->topic;
	}
	message = &batch->messages[batch->nr];
	*message = (rd_kafka_message_t){
		.payload = (void *)msg->value,
		.len = msg->value_len,
		._private = msg->delivery,
	};
	if (key_of(kafka, msg))
		batch_key(batch, message, msg);
	batch->nr++;
	return 0;
}

int kafka_produce(struct kafka *kafka, const struct message *msg)
{
	rd_kafka_resp_err_t code;

	if (kafka->batching)
		return batch_add(kafka, msg);
	code = produce(kafka, msg);
	if (!code)
		return 0;
	if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL || check_failed(kafka))
		return -EAGAIN;
	refuse(kafka, msg->delivery, msg->route->topic, code);
	return -EINVAL;
}

static void on_report(struct kafka *kafka, const rd_kafka_message_t *report)
{
	if (!report->err) {
		if (kafka->away)
			info("kafka: delivering again");
		kafka->away = false;
		kafka->calls.acked(kafka->calls.arg, report->_private);
	} else if (!check_failed(kafka)) {
		kafka->calls.refused(kafka->calls.arg, report->_private,
				     rd_kafka_topic_name(report->rkt),
				     rd_kafka_err2str(report->err));
	}
}

static void on_error(struct kafka *kafka, rd_kafka_event_t *event)
{
	const char *text = rd_kafka_event_error_string(event);
	unsigned int held;

	if (check_failed(kafka))
		return;
	switch (rd_kafka_event_error(event)) {
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
		if (!kafka->away)
			warn("kafka: no broker can be reached, events stay in the ring: %s",
			     kafka->last_error[0] ? kafka->last_error : text);
		kafka->away = true;
		break;
	case RD_KAFKA_RESP_ERR__TRANSPORT:
		/* One broker of several may come and go. */
		snprintf(kafka->last_error, sizeof(kafka->last_error), "%s", text);
		log_line(LOG_DEBUG, "kafka: %s", text);
		break;
	default:
		snprintf(kafka->last_error, sizeof(kafka->last_error), "%s", text);
		if (!ratelimit_pass(&kafka->errors, &held))
			break;
		if (held)
			warn("kafka: %u lines left out", held);
		warn("kafka: %s", text);
	}
}

void kafka_poll(struct kafka *kafka)
{
	rd_kafka_event_t *event;
	const rd_kafka_message_t *report;

	while (kafka->rk && (event = rd_kafka_queue_poll(kafka->queue, 0))) {
		switch (rd_kafka_event_type(event)) {
		case RD_KAFKA_EVENT_DR:
			while ((report = rd_kafka_event_message_next(event)))
				on_report(kafka, report);
			break;
		case RD_KAFKA_EVENT_ERROR:
			on_error(kafka, event);
			break;
		default:
			break;
		}
		rd_kafka_event_destroy(event);
	}
}
