/* SPDX-License-Identifier: MIT */
/* The cause of a failed delivery: an unknown error is never the event's fault. */
#include "../harness/tap.h"

#include "verdict.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool all(const int *codes, size_t nr, enum fault fault)
{
	bool good = true;
	size_t i;

	for (i = 0; i < nr; i++) {
		if (fault_of(codes[i]) == fault)
			continue;
		printf("# %s\n", rd_kafka_err2name((rd_kafka_resp_err_t)codes[i]));
		good = false;
	}
	return good;
}

#define ALL(fault, ...) \
	all((const int []){ __VA_ARGS__ }, sizeof((const int []){ __VA_ARGS__ }) / sizeof(int), fault)

static bool is(int code, const int *codes, size_t nr)
{
	size_t i;

	for (i = 0; i < nr && codes[i] != code; i++)
		;
	return i < nr;
}

/* An event is given up for these six codes, and for no other that there is or may be. */
static void events_alone(void)
{
	static const int codes[] = {
		RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE,
		RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, RD_KAFKA_RESP_ERR_INVALID_RECORD,
		RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE,
		-138,	/* another one of the batch is, which then has a code of its own */
	};
	size_t nr = sizeof(codes) / sizeof(codes[0]);
	bool good = true;
	int code;

	for (code = -300; code < 300; code++)
		good = good && (fault_of(code) == FAULT_EVENT) == is(code, codes, nr);
	ok(good, "only these codes can be an event's fault");
}

static void texts(void)
{
	char buf[512], small[10];

	fault_text(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, buf, sizeof(buf));
	ok(strstr(buf, "(NOT_ENOUGH_REPLICAS)") && strstr(buf, "min.insync.replicas"),
	   "a code has its name and what to do");
	fault_text(RD_KAFKA_RESP_ERR_UNKNOWN, buf, sizeof(buf));
	ok(strstr(buf, "(UNKNOWN)") && !strchr(buf, ';'), "or its name alone");
	fault_text(29999, buf, sizeof(buf));
	ok(*buf, "a code that nobody knows has a text");
	fault_text(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, small, sizeof(small));
	ok(strlen(small) < sizeof(small), "a text is cut");
}

int main(void)
{
	ok(ALL(FAULT_NONE, RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT,
	       RD_KAFKA_RESP_ERR__FATAL, RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE,
	       RD_KAFKA_RESP_ERR__DESTROY, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER),
	   "what goes down with a producer is nobody's fault");
	ok(ALL(FAULT_TOPIC, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
	       RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION,
	       RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_POLICY_VIOLATION),
	   "a topic's");
	ok(ALL(FAULT_MOMENT, RD_KAFKA_RESP_ERR_UNKNOWN, RD_KAFKA_RESP_ERR_INVALID_MSG,
	       RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
	       RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT,
	       RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
	       RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE,
	       RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED, RD_KAFKA_RESP_ERR_PRODUCER_FENCED,
	       RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
	       RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR__TRANSPORT,
	       RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, 29999, -29999),
	   "the moment's, and so is what nobody knows");
	events_alone();
	texts();
	return tap_end();
}
