/* SPDX-License-Identifier: MIT */
/* Shared by evring-consume's files. */
#ifndef EVRING_TESTS_CONSUME_H
#define EVRING_TESTS_CONSUME_H

#include "summary.h"

#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <regex.h>
#include <stdbool.h>
#include <stdint.h>

struct consumer {
	rd_kafka_conf_t *conf;
	const char *topics, *emitted;
	uint64_t count, quiet_ms, timeout_s, show;
	bool follow, json, from_zero, strict;

	rd_kafka_t *rk;
	regex_t regex;
	rd_kafka_topic_partition_list_t *assigned;	/* .offset: its end is reached */
	struct summary *summary;
	int64_t last_ns;		/* when the last message came; 0: none has */
};

/* print.c: a line that people read */
void print_event(const json_t *event);

#endif /* EVRING_TESTS_CONSUME_H */
