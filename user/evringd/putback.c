/* SPDX-License-Identifier: MIT */
/* See putback.h. A tool for an administrator: it may wait, and has no loop. */
#include "putback.h"

#include "config.h"
#include "converter.h"
#include "letter.h"
#include "log.h"
#include "memory.h"
#include "permit.h"
#include "problem.h"
#include "property.h"
#include "task.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ANSWER_MS 30000			/* of a broker, to one question */
#define POLL_MS 100
#define BATCH_LETTERS 1000		/* on their way at a time */

/* One message, on its way from the dead-letter topic to its own */
struct letter {
	int32_t partition;
	int64_t offset;
	bool done;			/* acknowledged */
	bool passed;			/* ... or passed over */
};

struct putback {
	const struct config *cfg;
	rd_kafka_t *consumer, *producer;
	rd_kafka_topic_partition_list_t *parts;	/* the dead-letter topic's; metadata: at its end */
	struct letter letters[BATCH_LETTERS];
	size_t nr;
	uint64_t back, stay;
	uint64_t others;		/* letters of other connectors */
	char *other;			/* the name of one of them */
	uint64_t unwritten;		/* letters in JSON, not the connector's format */
	bool failed;
};

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	/* Each client has properties of the other kind. */
	if (strcmp(facility, "CONFWARN"))
		log_line(level, "kafka: %s: %s", facility, text);
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
	struct letter *letter = message->_private;
	struct putback *p = opaque;

	(void)rk;
	letter->done = !message->err;
	if (!message->err)
		return;
	p->failed = true;
	warn("topic %s refuses it again: %s", rd_kafka_topic_name(message->rkt),
	     rd_kafka_err2str(message->err));
}

static rd_kafka_t *client(struct putback *p, rd_kafka_type_t type)
{
	struct problems problems = { .file = "kafka" };
	rd_kafka_conf_t *conf = property_conf(p->cfg, false, &problems);
	char *group = xprintf("evringd-put-back-%s", p->cfg->name), why[512] = "";
	bool ok = !problems.nr;
	rd_kafka_t *rk = NULL;

	rd_kafka_conf_set_log_cb(conf, on_log);
	rd_kafka_conf_set_opaque(conf, p);
	if (type == RD_KAFKA_PRODUCER)
		rd_kafka_conf_set_dr_msg_cb(conf, on_report);
	else
		ok = ok && !rd_kafka_conf_set(conf, "group.id", group, why, sizeof(why)) &&
		     !rd_kafka_conf_set(conf, "enable.auto.commit", "false", why, sizeof(why)) &&
		     !rd_kafka_conf_set(conf, "auto.offset.reset", "earliest", why, sizeof(why)) &&
		     !rd_kafka_conf_set(conf, "enable.partition.eof", "true", why, sizeof(why));
	if (ok)
		rk = rd_kafka_new(type, conf, why, sizeof(why));
	if (!rk) {
		free(group);
		group = property_hide(p->cfg, problems.nr ? problems.lines[0] : why);
		log_line(LOG_ERR, "kafka: %s", group);
		rd_kafka_conf_destroy(conf);
	}
	free(group);
	problems_free(&problems);
	return rk;
}

/* All partitions of the topic, from where the last call came to. */
static bool assign(struct putback *p)
{
	rd_kafka_topic_t *topic = rd_kafka_topic_new(p->consumer, p->cfg->letters, NULL);
	const struct rd_kafka_metadata *md = NULL;
	rd_kafka_resp_err_t code = topic ? rd_kafka_metadata(p->consumer, 0, topic, &md, ANSWER_MS) :
					   rd_kafka_last_error();
	int i;

	if (!code && md->topic_cnt == 1)
		code = md->topics[0].err;
	for (i = 0; !code && i < md->topics[0].partition_cnt; i++)
		rd_kafka_topic_partition_list_add(p->parts, p->cfg->letters,
						  md->topics[0].partitions[i].id)->offset =
			RD_KAFKA_OFFSET_STORED;
	if (md)
		rd_kafka_metadata_destroy(md);
	if (topic)
		rd_kafka_topic_destroy(topic);
	if (!code)
		code = rd_kafka_assign(p->consumer, p->parts);
	if (code)
		log_line(LOG_ERR, "topic %s: %s", p->cfg->letters, rd_kafka_err2str(code));
	return !code;
}

/* From the letter's headers, and the headers that the event had */
struct told {
	char *topic, *connector;	/* NULL: they do not tell */
	bool unwritten;			/* in the connector's format, but as JSON */
	rd_kafka_headers_t *before;
};

static void read_headers(const rd_kafka_message_t *message, struct told *told)
{
	rd_kafka_headers_t *headers = NULL;
	const char *name;
	const void *value;
	size_t len, i;

	*told = (struct told){ .before = rd_kafka_headers_new(2) };
	rd_kafka_message_headers(message, &headers);
	for (i = 0; headers && !rd_kafka_header_get_all(headers, i, &name, &value, &len); i++) {
		if (strncmp(name, LETTER_PREFIX, strlen(LETTER_PREFIX)) &&
		    strcmp(name, PUTBACK_HEADER))
			rd_kafka_header_add(told->before, name, -1, value, (ssize_t)len);
		else if (!strcmp(name, LETTER_PREFIX "topic") && !told->topic && value)
			told->topic = xprintf("%.*s", (int)len, (const char *)value);
		else if (!strcmp(name, LETTER_PREFIX "connector.name") && !told->connector && value)
			told->connector = xprintf("%.*s", (int)len, (const char *)value);
		else if (!strcmp(name, LETTER_PREFIX "stage") && value)
			told->unwritten = len == strlen(LETTER_UNWRITTEN) &&
					  !memcmp(value, LETTER_UNWRITTEN, len);
	}
}

/* It will be behind its neighbours, and its time stamp does not tell. */
static void mark(rd_kafka_headers_t *headers)
{
	struct timespec now;
	char *ms;

	clock_gettime(CLOCK_REALTIME, &now);
	ms = xprintf("%lld", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000);
	rd_kafka_header_add(headers, PUTBACK_HEADER, -1, ms, -1);
	free(ms);
}

static void forget_headers(struct told *told)
{
	if (told->before)
		rd_kafka_headers_destroy(told->before);
	free(told->topic);
	free(told->connector);
}

/* While librdkafka's queue is full its reports are taken, which make room. */
static rd_kafka_resp_err_t produce(struct putback *p, const rd_kafka_message_t *message,
				   struct told *told, struct letter *letter)
{
	rd_kafka_timestamp_type_t type;
	int64_t time = rd_kafka_message_timestamp(message, &type);
	rd_kafka_resp_err_t code;

	for (;;) {
		code = rd_kafka_producev(
			p->producer, RD_KAFKA_V_TOPIC(told->topic),
			RD_KAFKA_V_VALUE(message->payload, message->len),
			RD_KAFKA_V_KEY(message->key, message->key_len),
			RD_KAFKA_V_TIMESTAMP(type == RD_KAFKA_TIMESTAMP_CREATE_TIME ? time : 0),
			RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE(letter),
			RD_KAFKA_V_HEADERS(told->before), RD_KAFKA_V_END);
		if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
			break;
		rd_kafka_poll(p->producer, POLL_MS);
	}
	if (!code)
		told->before = NULL;
	return code;
}

/* Connectors may share a dead-letter topic: else each would put back the events of all. */
static bool is_others(struct putback *p, const struct told *told)
{
	if (!told->connector || !strcmp(told->connector, p->cfg->name))
		return false;
	if (!p->others++)
		p->other = xstrdup(told->connector);
	return true;
}

/* JSON among values of another format would stop the topic's consumers. */
static bool is_unwritten(struct putback *p, const struct told *told)
{
	bool unwritten = told->unwritten && converter_of(p->cfg) != &converter_json;

	p->unwritten += unwritten;
	return unwritten;
}

static void put(struct putback *p, const rd_kafka_message_t *message)
{
	struct letter *letter = &p->letters[p->nr++];
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
	struct told told;

	*letter = (struct letter){ .partition = message->partition, .offset = message->offset };
	read_headers(message, &told);
	if (is_others(p, &told) || is_unwritten(p, &told)) {
		letter->passed = true;
	} else if (!told.topic) {
		warn("%s [%d] at %lld: has no header %s, and stays", p->cfg->letters,
		     (int)message->partition, (long long)message->offset, LETTER_PREFIX "topic");
		p->failed = true;
	} else {
		mark(told.before);
		code = produce(p, message, &told, letter);
	}
	if (code) {
		warn("topic %s refuses it again: %s", told.topic, rd_kafka_err2str(code));
		p->failed = true;
	}
	forget_headers(&told);
}

/* The position of each partition: behind its last letter before the first that stays */
static bool commit(struct putback *p)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_t *part;
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
	size_t i;

	for (i = 0; i < p->nr; i++) {
		const struct letter *letter = &p->letters[i];

		p->back += letter->done;
		p->stay += !letter->done && !letter->passed;
		part = rd_kafka_topic_partition_list_find(list, p->cfg->letters, letter->partition);
		if (!part) {
			part = rd_kafka_topic_partition_list_add(list, p->cfg->letters,
								 letter->partition);
			part->offset = letter->offset;
		}
		if ((letter->done || letter->passed) && !part->opaque)
			part->offset = letter->offset + 1;
		else
			part->opaque = part;
	}
	p->nr = 0;
	if (list->cnt)
		code = rd_kafka_commit(p->consumer, list, 0);
	if (code)
		log_line(LOG_ERR, "the position in topic %s is not committed, so letters that are "
			 "back now go there again with the next call: %s", p->cfg->letters,
			 rd_kafka_err2str(code));
	rd_kafka_topic_partition_list_destroy(list);
	return !code;
}

/* All that is on its way has an answer. */
static bool settle(struct putback *p)
{
	while (rd_kafka_outq_len(p->producer))
		rd_kafka_flush(p->producer, ANSWER_MS);
	return commit(p) && !p->failed;
}

static bool all_at_end(struct putback *p, const rd_kafka_message_t *message)
{
	rd_kafka_topic_partition_t *part;
	int i;

	part = rd_kafka_topic_partition_list_find(p->parts, p->cfg->letters, message->partition);
	if (part)
		part->opaque = part;
	for (i = 0; i < p->parts->cnt && p->parts->elems[i].opaque; i++)
		;
	return i == p->parts->cnt;
}

/* Letters behind one that stays wait for the next call, or they would come twice. */
static bool run(struct putback *p)
{
	rd_kafka_message_t *message;
	bool end = false;

	while (!end) {
		message = rd_kafka_consumer_poll(p->consumer, ANSWER_MS);
		if (!message) {
			warn("no broker answers");
			continue;
		}
		if (!message->err)
			put(p, message);
		else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
			end = all_at_end(p, message);
		else
			warn("topic %s: %s", p->cfg->letters, rd_kafka_message_errstr(message));
		rd_kafka_message_destroy(message);
		if (p->nr == BATCH_LETTERS && !settle(p))
			return false;
	}
	return settle(p);
}

static bool connects(struct putback *p)
{
	p->consumer = client(p, RD_KAFKA_CONSUMER);
	p->producer = p->consumer ? client(p, RD_KAFKA_PRODUCER) : NULL;
	if (!p->producer)
		return false;
	rd_kafka_poll_set_consumer(p->consumer);
	return assign(p);
}

/* It runs as whoever calls it, by hand: maybe as root, on a file that evringd may write. */
static bool permitted(const struct config *cfg, const char *file)
{
	struct problems problems = { .file = file };
	size_t i;

	permit_root(cfg, file, &problems);
	for (i = 0; i < problems.nr; i++)
		log_line(LOG_ERR, "%s: %s", file, problems.lines[i]);
	problems_free(&problems);
	return !i;
}

int put_back(const struct config *cfg, const char *file)
{
	struct putback *p;
	bool ok;

	if (!permitted(cfg, file))
		return STATUS_MISUSED;
	if (!cfg->letters) {
		log_line(LOG_ERR, "connector %s has no errors.deadletterqueue.topic.name", cfg->name);
		return STATUS_MISUSED;
	}
	p = xzalloc(sizeof(*p));
	p->cfg = cfg;
	p->parts = rd_kafka_topic_partition_list_new(1);
	ok = connects(p) && run(p);
	info("dead-letter topic %s: %llu events are back in their topics, %llu stay", cfg->letters,
	     (unsigned long long)p->back, (unsigned long long)p->stay);
	if (p->others)
		info("dead-letter topic %s: %llu letters are of other connectors, such as %s, and are "
		     "passed over", cfg->letters, (unsigned long long)p->others, p->other);
	if (p->unwritten)
		info("dead-letter topic %s: %llu letters are JSON, as they could not be written in "
		     "the connector's format, and are passed over", cfg->letters,
		     (unsigned long long)p->unwritten);
	free(p->other);
	rd_kafka_topic_partition_list_destroy(p->parts);
	if (p->producer)
		rd_kafka_destroy(p->producer);
	if (p->consumer) {
		rd_kafka_consumer_close(p->consumer);
		rd_kafka_destroy(p->consumer);
	}
	free(p);
	return ok ? STATUS_OK : STATUS_FAILED;
}
