/* SPDX-License-Identifier: MIT */
/*
 * evring-admin: create, change and delete topics of a Kafka, and messages as retention does,
 * for tests. Returns once the broker has done it.
 */
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 30000

static const char usage[] =
	"usage: evring-admin BROKERS create TOPIC PARTITIONS [K=V]...\n"
	"       evring-admin BROKERS alter TOPIC K=V...\n"
	"       evring-admin BROKERS delete TOPIC\n"
	"       evring-admin BROKERS cut TOPIC PARTITION OFFSET\n"
	"                    the messages before it; -1: all\n";

static void die(const char *what, const char *why)
{
	fprintf(stderr, "evring-admin: %s: %s\n", what, why);
	exit(1);
}

static void check(rd_kafka_resp_err_t err, const char *what)
{
	if (err)
		die(what, rd_kafka_err2str(err));
}

/* Cuts K=V; returns V. */
static char *cut(char *pair)
{
	char *equals = strchr(pair, '=');

	if (!equals)
		die(pair, "is not K=V");
	*equals = '\0';
	return equals + 1;
}

static void create(rd_kafka_t *rk, rd_kafka_queue_t *queue, char **args)
{
	char error[256];
	rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(args[0], args[1] ? atoi(args[1]) : 0, 1,
							   error, sizeof(error));

	if (!topic)
		die(args[0], error);
	for (args += 2; *args; args++) {
		char *value = cut(*args);

		check(rd_kafka_NewTopic_set_config(topic, *args, value), *args);
	}
	rd_kafka_CreateTopics(rk, &topic, 1, NULL, queue);
	rd_kafka_NewTopic_destroy(topic);
}

/* Settings that are not named go back to their defaults. */
static void alter(rd_kafka_t *rk, rd_kafka_queue_t *queue, char **args)
{
	rd_kafka_ConfigResource_t *topic = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC,
								       args[0]);

	for (args++; *args; args++) {
		char *value = cut(*args);

		check(rd_kafka_ConfigResource_set_config(topic, *args, value), *args);
	}
	rd_kafka_AlterConfigs(rk, &topic, 1, NULL, queue);
	rd_kafka_ConfigResource_destroy(topic);
}

static void delete(rd_kafka_t *rk, rd_kafka_queue_t *queue, char **args)
{
	rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(args[0]);

	rd_kafka_DeleteTopics(rk, &topic, 1, NULL, queue);
	rd_kafka_DeleteTopic_destroy(topic);
}

static void cut_off(rd_kafka_t *rk, rd_kafka_queue_t *queue, char **args)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_DeleteRecords_t *records;

	rd_kafka_topic_partition_list_add(list, args[0], atoi(args[1]))->offset = atoll(args[2]);
	records = rd_kafka_DeleteRecords_new(list);
	rd_kafka_DeleteRecords(rk, &records, 1, NULL, queue);
	rd_kafka_DeleteRecords_destroy(records);
	rd_kafka_topic_partition_list_destroy(list);
}

static void check_topic(const rd_kafka_topic_result_t *result)
{
	if (rd_kafka_topic_result_error(result))
		die(rd_kafka_topic_result_name(result), rd_kafka_topic_result_error_string(result));
}

static void check_result(rd_kafka_event_t *event)
{
	const rd_kafka_ConfigResource_t **resources;
	const rd_kafka_topic_result_t **topics;
	size_t nr = 0;

	if (rd_kafka_event_error(event))
		die("request", rd_kafka_event_error_string(event));
	switch (rd_kafka_event_type(event)) {
	case RD_KAFKA_EVENT_CREATETOPICS_RESULT:
		topics = rd_kafka_CreateTopics_result_topics(
			rd_kafka_event_CreateTopics_result(event), &nr);
		break;
	case RD_KAFKA_EVENT_DELETETOPICS_RESULT:
		topics = rd_kafka_DeleteTopics_result_topics(
			rd_kafka_event_DeleteTopics_result(event), &nr);
		break;
	case RD_KAFKA_EVENT_DELETERECORDS_RESULT:
		check(rd_kafka_DeleteRecords_result_offsets(
			rd_kafka_event_DeleteRecords_result(event))->elems[0].err, "cut");
		return;
	default:
		resources = rd_kafka_AlterConfigs_result_resources(
			rd_kafka_event_AlterConfigs_result(event), &nr);
		if (nr)
			check(rd_kafka_ConfigResource_error(resources[0]), "alter");
		return;
	}
	while (nr)
		check_topic(topics[--nr]);
}

static bool is_result(const rd_kafka_event_t *event)
{
	rd_kafka_event_type_t type = rd_kafka_event_type(event);

	return type == RD_KAFKA_EVENT_CREATETOPICS_RESULT ||
	       type == RD_KAFKA_EVENT_DELETETOPICS_RESULT ||
	       type == RD_KAFKA_EVENT_DELETERECORDS_RESULT ||
	       type == RD_KAFKA_EVENT_ALTERCONFIGS_RESULT;
}

static void wait_for_result(rd_kafka_queue_t *queue)
{
	rd_kafka_event_t *event;
	bool done = false;

	while (!done) {
		event = rd_kafka_queue_poll(queue, TIMEOUT_MS);
		if (!event)
			die("request", "no answer");
		done = is_result(event);
		if (done)
			check_result(event);
		rd_kafka_event_destroy(event);
	}
}

static rd_kafka_t *connect_to(const char *brokers)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char error[256];
	rd_kafka_t *rk;

	if (rd_kafka_conf_set(conf, "bootstrap.servers", brokers, error, sizeof(error)))
		die(brokers, error);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
	if (!rk)
		die("librdkafka", error);
	return rk;
}

int main(int argc, char **argv)
{
	rd_kafka_queue_t *queue;
	rd_kafka_t *rk;

	if (argc < 4 || (!strcmp(argv[2], "create") && argc < 5) ||
	    (!strcmp(argv[2], "cut") && argc < 6)) {
		fputs(usage, stderr);
		return 2;
	}
	rk = connect_to(argv[1]);
	queue = rd_kafka_queue_new(rk);
	if (!strcmp(argv[2], "create"))
		create(rk, queue, argv + 3);
	else if (!strcmp(argv[2], "alter"))
		alter(rk, queue, argv + 3);
	else if (!strcmp(argv[2], "delete"))
		delete(rk, queue, argv + 3);
	else if (!strcmp(argv[2], "cut"))
		cut_off(rk, queue, argv + 3);
	else
		die(argv[2], "no such command");
	wait_for_result(queue);
	rd_kafka_queue_destroy(queue);
	rd_kafka_destroy(rk);
	return 0;
}
