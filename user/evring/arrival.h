/* SPDX-License-Identifier: MIT */
/*
 * arrival: the events in a message of Kafka, identified by their values and the message's
 * headers. Nothing in a message is trusted: anybody may have written it.
 *
 * Read are the JSON of each value.format and json.layout, lines of it ("jsonl/1"), frames of
 * records ("raw/1") and single records. Of other values (Avro, Protobuf) only the headers.
 */
#ifndef EVRING_ARRIVAL_H
#define EVRING_ARRIVAL_H

#include "ledger.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRIVAL_RING_MAX 256
#define ARRIVAL_TYPE_MAX 144

struct rd_kafka_headers_s;

/* A message; its time stamp in ms since 1970, -1 if it has none */
struct arrived {
	const void *value;
	size_t len;
	struct rd_kafka_headers_s *headers;	/* NULL: none */
	int64_t timestamp;
};

/* One event */
struct arrival {
	char ring[ARRIVAL_RING_MAX];	/* machine/boot/lane/cpu */
	char type[ARRIVAL_TYPE_MAX];	/* name/version; "": not told */
	uint64_t seq, count;		/* the numbers that it is about */
	enum account account;
	bool late;			/* Kafka refused it: it is behind its neighbours */
	bool open;			/* a declaration whose count cannot be read */
	uint32_t causes;		/* of ACCOUNT_LOST, a bit for each */
	int64_t time_ns;		/* since 1970: the event's, or the message's; 0: none */
	int64_t came_ms;		/* to Kafka, since 1970, as far as it is told; -1: not at all */
	const char *host;		/* its name; NULL: not told */
	const json_t *json;		/* the event; NULL: it is none */
};

/* Other content of the messages */
struct arrived_rest {
	uint64_t events;
	uint64_t by_headers;	/* events of which only the headers could be read */
	uint64_t unread;	/* values, or lines, that cannot be read, and no header helps */
	uint64_t foreign;	/* JSON that is no event */
	uint64_t mismatches;	/* headers that are not their value's */
};

typedef void arrival_fn(const struct arrival *arrival, void *arg);

/* Calls @fn for each event of the message. */
void arrival_read(const struct arrived *message, arrival_fn *fn, void *arg,
		  struct arrived_rest *rest);

/* Parts of it: "machine/boot/lane/cpu/seq", and an event as JSON. False: it is none. */
bool arrival_id(const char *id, struct arrival *arrival);
bool arrival_json(const json_t *json, struct arrival *arrival);

#endif /* EVRING_ARRIVAL_H */
