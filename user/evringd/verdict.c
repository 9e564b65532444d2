/* SPDX-License-Identifier: MIT */
/*
 * The codes that blame an event or a topic. All others are the moment's: a retry that
 * can never work costs time, which the log says; giving up a message that would have
 * worked costs events.
 */
#include "verdict.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>

#define JAVA "org.apache.kafka.common.errors."

static const struct {
	rd_kafka_resp_err_t code;
	enum fault fault;
	const char *hint;
	const char *exception;		/* its name in Kafka's Java client */
} faults[] = {
	{ RD_KAFKA_RESP_ERR__FATAL, FAULT_NONE, NULL, NULL },
	{ RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE, FAULT_NONE, NULL, NULL },
	{ RD_KAFKA_RESP_ERR__PURGE_QUEUE, FAULT_NONE, NULL, NULL },
	{ RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, FAULT_NONE, NULL, NULL },
	{ RD_KAFKA_RESP_ERR__DESTROY, FAULT_NONE, NULL, NULL },
	/* Behind a batch that failed: its sequence number comes too early. */
	{ RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, FAULT_NONE, NULL, NULL },

	{ RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, FAULT_EVENT,
	  "the topic's max.message.bytes or kafka.message.max.bytes is the bound",
	  JAVA "RecordTooLargeException" },
	{ RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, FAULT_EVENT,
	  "a batch must fit into the topic's segment.bytes", JAVA "RecordBatchTooLargeException" },
	{ RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, FAULT_EVENT,
	  "the topic refuses time stamps that far from its clock: see its "
	  "message.timestamp.* settings", JAVA "InvalidTimestampException" },
	{ RD_KAFKA_RESP_ERR_INVALID_RECORD, FAULT_EVENT,
	  "does the topic compact (it needs a \"key\"), or validate schemas?",
	  JAVA "InvalidRecordException" },
	{ RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE, FAULT_EVENT, NULL, NULL },
	{ (rd_kafka_resp_err_t)FAULT_CODE_OTHERS, FAULT_EVENT, "another message of its batch is refused", NULL },
	{ RD_KAFKA_RESP_ERR_INVALID_MSG, FAULT_MOMENT, NULL, NULL },

	{ RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, FAULT_TOPIC, "create the topic", NULL },
	{ RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, FAULT_TOPIC, NULL, NULL },
	{ RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, FAULT_TOPIC, "create the topic",
	  JAVA "UnknownTopicOrPartitionException" },
	{ RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, FAULT_TOPIC, NULL, JAVA "InvalidTopicException" },
	{ RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, FAULT_TOPIC,
	  "the user needs Write and Describe on the topic", JAVA "TopicAuthorizationException" },
	{ RD_KAFKA_RESP_ERR_POLICY_VIOLATION, FAULT_TOPIC, NULL, JAVA "PolicyViolationException" },
	{ RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS, FAULT_TOPIC, NULL, NULL },

	{ RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, FAULT_MOMENT,
	  "fewer replicas are in sync than min.insync.replicas", NULL },
	{ RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, FAULT_MOMENT,
	  "fewer replicas are in sync than min.insync.replicas", NULL },
	{ RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, FAULT_MOMENT,
	  "the user needs IdempotentWrite on the cluster", NULL },
};

static const char *hint_of(rd_kafka_resp_err_t code)
{
	size_t i;

	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (faults[i].code == code)
			return faults[i].hint;
	return NULL;
}

const char *fault_exception(int code)
{
	size_t i;

	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (faults[i].code == (rd_kafka_resp_err_t)code && faults[i].exception)
			return faults[i].exception;
	return rd_kafka_err2name((rd_kafka_resp_err_t)code);
}

enum fault fault_of(int code)
{
	size_t i;

	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (faults[i].code == (rd_kafka_resp_err_t)code)
			return faults[i].fault;
	return FAULT_MOMENT;
}

void fault_text(int code, char *buf, unsigned long len)
{
	const char *hint = hint_of((rd_kafka_resp_err_t)code);

	snprintf(buf, len, "%s (%s)%s%s", rd_kafka_err2str((rd_kafka_resp_err_t)code),
		 rd_kafka_err2name((rd_kafka_resp_err_t)code), hint ? "; " : "", hint ? hint : "");
}
