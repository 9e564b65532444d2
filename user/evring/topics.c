/* SPDX-License-Identifier: MIT */
/* See topics.h. */
#include "topics.h"

#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "memory.h"

#define POLL_MS		100
#define PROGRESS_MS	200

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int timeout_ms(const struct topics *topics)
{
	return (int)topics->timeout_s * 1000;
}

/* Not of a partition, so it may pass: librdkafka tries again. */
static void keep_reason(struct topics *topics, int err, const char *reason)
{
	/* That all are away says less than why one is. */
	if (err != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || !*topics->reason)
		snprintf(topics->reason, sizeof(topics->reason), "%s", reason);
}

static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
	(void)rk;
	keep_reason(opaque, err, reason);
}

/* Returns false. */
static bool cannot(struct topics *topics, const char *what, rd_kafka_resp_err_t err)
{
	rd_kafka_message_t *message = rd_kafka_consumer_poll(topics->rk, POLL_MS);

	if (message)
		rd_kafka_message_destroy(message);
	fprintf(stderr, "evring: cannot read %s: %s%s%s\n", what, rd_kafka_err2str(err),
		*topics->reason ? ": " : "", topics->reason);
	return false;
}

bool topics_open(struct topics *topics, rd_kafka_conf_t *conf, unsigned int timeout_s)
{
	char error[256];

	*topics = (struct topics){ .timeout_s = timeout_s };
	rd_kafka_conf_set_opaque(conf, topics);
	rd_kafka_conf_set_error_cb(conf, on_error);
	topics->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof(error));
	if (!topics->rk) {
		rd_kafka_conf_destroy(conf);
		fprintf(stderr, "evring: Kafka: %s\n", error);
		return false;
	}
	rd_kafka_poll_set_consumer(topics->rk);
	return true;
}

void topics_close(struct topics *topics)
{
	for (size_t i = 0; i < topics->nr; i++)
		free(topics->list[i].topic);
	free(topics->list);
	if (!topics->rk)
		return;
	rd_kafka_consumer_close(topics->rk);
	rd_kafka_destroy(topics->rk);
}

/*
 * Partitions
 */

static struct partition *partition_of(struct topics *topics, const char *topic, int32_t id)
{
	for (size_t n = 0, i = topics->recent; n < topics->nr; n++, i = (i + 1) % topics->nr) {
		if (topics->list[i].id != id || strcmp(topics->list[i].topic, topic))
			continue;
		topics->recent = i;
		return &topics->list[i];
	}
	return NULL;
}

static bool add_topic(struct topics *topics, const rd_kafka_metadata_topic_t *topic)
{
	if (topic->err)
		return cannot(topics, topic->topic, topic->err);
	for (int i = 0; i < topic->partition_cnt; i++) {
		if (partition_of(topics, topic->topic, topic->partitions[i].id))
			continue;
		topics->list = xgrow(topics->list, topics->nr, topics->nr + 1,
				     sizeof(*topics->list));
		topics->list[topics->nr++] = (struct partition){
			.topic = xstrdup(topic->topic), .id = topic->partitions[i].id,
		};
	}
	return true;
}

static bool add_named(struct topics *topics, const struct rd_kafka_metadata *all, const char *name)
{
	regex_t regex;
	bool found = false, good = true, matches;

	if (*name == '^' && regcomp(&regex, name, REG_EXTENDED | REG_NOSUB)) {
		fprintf(stderr, "evring: '%s' is no regular expression\n", name);
		return false;
	}
	for (int i = 0; good && i < all->topic_cnt; i++) {
		matches = *name == '^' ? !regexec(&regex, all->topics[i].topic, 0, NULL, 0) :
					 !strcmp(all->topics[i].topic, name);
		if (matches)
			good = add_topic(topics, &all->topics[i]);
		found = found || matches;
	}
	if (*name == '^')
		regfree(&regex);
	if (good && !found)
		fprintf(stderr, "evring: there is no topic '%s', or no right to see it\n", name);
	return good && found;
}

/* From the first message that is not older, or from the end if there is none */
static bool find_start(struct topics *topics, struct partition *p, int64_t from_ms)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_resp_err_t err;

	rd_kafka_topic_partition_list_add(list, p->topic, p->id)->offset = from_ms;
	err = rd_kafka_offsets_for_times(topics->rk, list, timeout_ms(topics));
	err = err ? err : list->elems[0].err;
	p->start = list->elems[0].offset >= 0 ? list->elems[0].offset : p->end;
	rd_kafka_topic_partition_list_destroy(list);
	return !err || cannot(topics, p->topic, err);
}

bool topics_find(struct topics *topics, char **names, int nr, int64_t from_ms)
{
	const struct rd_kafka_metadata *all;
	rd_kafka_resp_err_t err;
	bool good = true;

	err = rd_kafka_metadata(topics->rk, 1, NULL, &all, timeout_ms(topics));
	if (err)
		return cannot(topics, "the list of topics", err);
	for (int i = 0; good && i < nr; i++)
		good = add_named(topics, all, names[i]);
	rd_kafka_metadata_destroy(all);
	for (size_t i = 0; good && i < topics->nr; i++) {
		struct partition *p = &topics->list[i];

		err = rd_kafka_query_watermark_offsets(topics->rk, p->topic, p->id, &p->low,
						       &p->end, timeout_ms(topics));
		if (err)
			return cannot(topics, p->topic, err);
		p->start = p->low;
		good = from_ms == TOPICS_EARLIEST || find_start(topics, p, from_ms);
		p->start = p->start > p->end ? p->end : p->start;
		topics->wanted += (uint64_t)(p->end - p->start);
	}
	return good;
}

/*
 * Reading
 */

static bool assigned(struct topics *topics, rd_kafka_topic_partition_list_t *list, bool add)
{
	rd_kafka_error_t *error = add ? rd_kafka_incremental_assign(topics->rk, list) :
					rd_kafka_incremental_unassign(topics->rk, list);

	rd_kafka_topic_partition_list_destroy(list);
	if (!error)
		return true;
	fprintf(stderr, "evring: Kafka: %s\n", rd_kafka_error_string(error));
	rd_kafka_error_destroy(error);
	return false;
}

/* What is read of the partitions */
enum part { PART_FIRST, PART_WHOLE, PART_ON };

/* From its start, or from where it ended */
static bool assign_all(struct topics *topics, enum part part)
{
	rd_kafka_topic_partition_list_t *list =
		rd_kafka_topic_partition_list_new((int)topics->nr);

	topics->nr_done = 0;
	for (size_t i = 0; i < topics->nr; i++) {
		struct partition *p = &topics->list[i];

		p->done = (part == PART_FIRST && !partition_is_cut(p)) ||
			  (part != PART_ON && p->start == p->end);
		topics->nr_done += p->done;
		if (!p->done)
			rd_kafka_topic_partition_list_add(list, p->topic, p->id)->offset =
				part == PART_ON ? p->end : p->start;
	}
	return assigned(topics, list, true);
}

static bool finish(struct topics *topics, struct partition *p)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

	rd_kafka_topic_partition_list_add(list, p->topic, p->id);
	p->done = true;
	topics->nr_done++;
	return assigned(topics, list, false);
}

struct reading {
	topics_fn *fn;
	void *arg;
	enum part part;
	int64_t heard_ms;	/* when Kafka told something last */
};

/* Others pass, or the timeout ends it. */
static bool is_final(rd_kafka_resp_err_t err)
{
	return err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
	       err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET;
}

/* False: it was said that this partition cannot be read. */
static bool take(struct topics *topics, struct reading *reading, const rd_kafka_message_t *message)
{
	struct partition *p;

	if (message->err && message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		if (!is_final(message->err)) {
			keep_reason(topics, message->err, rd_kafka_message_errstr(message));
			return true;
		}
		fprintf(stderr, "evring: cannot read %s: %s\n",
			message->rkt ? rd_kafka_topic_name(message->rkt) : "a topic",
			rd_kafka_message_errstr(message));
		return false;
	}
	p = partition_of(topics, rd_kafka_topic_name(message->rkt), message->partition);
	if (!p || p->done)
		return true;
	reading->heard_ms = now_ms();
	if (!message->err && (reading->part == PART_ON || message->offset < p->end)) {
		topics->messages += reading->part != PART_FIRST;
		p->begun = true;
		reading->fn(message, (unsigned int)(p - topics->list), reading->arg);
	}
	/*
	 * The last offset may be a transaction's end, which is no message: the next one tells.
	 * A follower's end, or that of a new leader, can be below the end that was asked for, and
	 * comes up to it.
	 */
	if (reading->part == PART_FIRST || (reading->part == PART_WHOLE &&
	    message->offset >= (message->err ? p->end : p->end - 1)))
		return finish(topics, p);
	return true;
}

static void progress(const struct topics *topics, bool end)
{
	static int64_t told_ms;
	static bool shown;
	int64_t ms = now_ms();

	if (!isatty(STDERR_FILENO) || (!end && ms - told_ms < PROGRESS_MS) || (end && !shown))
		return;
	told_ms = ms;
	shown = !end;
	if (end)
		fputs("\r\033[K", stderr);
	else
		fprintf(stderr, "\r\033[Kevring: %" PRIu64 " of %" PRIu64 " messages, %zu of %zu "
			"partitions%s%s", topics->messages, topics->wanted, topics->nr_done,
			topics->nr, *topics->reason ? ": " : "", topics->reason);
}

/* Until @seconds are over, unless they are 0, or all partitions are at their ends */
static bool read_all(struct topics *topics, struct reading *reading, unsigned int seconds,
		     topics_enough *enough)
{
	int64_t begun_ms = now_ms();
	rd_kafka_message_t *message;
	bool good = true;

	reading->heard_ms = begun_ms;
	while (good && topics->nr_done < topics->nr && !enough()) {
		if (seconds && now_ms() - begun_ms >= (int64_t)seconds * 1000)
			break;
		progress(topics, false);
		message = rd_kafka_consumer_poll(topics->rk, POLL_MS);
		if (message) {
			good = take(topics, reading, message);
			rd_kafka_message_destroy(message);
		} else if (!seconds && now_ms() - reading->heard_ms >= timeout_ms(topics)) {
			progress(topics, true);
			fprintf(stderr, "evring: Kafka has told nothing for %u s%s%s\n",
				topics->timeout_s, *topics->reason ? ": " : "", topics->reason);
			good = false;
		}
	}
	progress(topics, true);
	return good;
}

bool topics_read_first(struct topics *topics, topics_fn *fn, void *arg, topics_enough *enough)
{
	struct reading reading = { .fn = fn, .arg = arg, .part = PART_FIRST };

	return assign_all(topics, PART_FIRST) && read_all(topics, &reading, 0, enough) &&
	       topics->nr_done == topics->nr;
}

bool topics_read(struct topics *topics, topics_fn *fn, void *arg, topics_enough *enough)
{
	struct reading reading = { .fn = fn, .arg = arg, .part = PART_WHOLE };

	return assign_all(topics, PART_WHOLE) && read_all(topics, &reading, 0, enough) &&
	       topics->nr_done == topics->nr;
}

bool topics_read_on(struct topics *topics, unsigned int seconds, topics_fn *fn, void *arg,
		    topics_enough *enough)
{
	struct reading reading = { .fn = fn, .arg = arg, .part = PART_ON };

	return assign_all(topics, PART_ON) && read_all(topics, &reading, seconds, enough);
}
