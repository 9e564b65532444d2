/* SPDX-License-Identifier: MIT */
/* Which events are in a message: each format, and any other bytes. */
#include "../harness/block.h"
#include "../harness/tap.h"
#include "arrival.h"

#include <evring_frame.h>
#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

#define IN_RING	"\"machine_id\":\"m\",\"boot_id\":\"b\",\"lane\":\"critical\",\"cpu\":3"
#define ID	"m/b/critical/3/7"

/* The arrivals of one message */
struct arrivals {
	struct arrived_rest rest;
	unsigned int nr;
	struct arrival list[8];
};

static struct arrivals arrivals;

static void take(const struct arrival *arrival, void *arg)
{
	struct arrivals *to = arg;

	if (to->nr < 8)
		to->list[to->nr] = *arrival;
	to->nr++;
}

/* In a buffer of its own, so that ASan sees a byte too far. Takes the headers. */
static const struct arrival *read_bytes(const void *value, size_t len, rd_kafka_headers_t *headers)
{
	char *copy = malloc(len + !len);
	struct arrived message = {
		.value = len ? copy : NULL, .len = len, .headers = headers, .timestamp = 1000,
	};

	if (!copy)
		abort();
	memcpy(copy, value, len);
	memset(&arrivals, 0, sizeof(arrivals));
	arrival_read(&message, take, &arrivals, &arrivals.rest);
	free(copy);
	if (headers)
		rd_kafka_headers_destroy(headers);
	return &arrivals.list[0];
}

static const struct arrival *read_text(const char *text)
{
	return read_bytes(text, strlen(text), NULL);
}

static rd_kafka_headers_t *headers(const char *id, const char *type)
{
	rd_kafka_headers_t *list = rd_kafka_headers_new(4);

	rd_kafka_header_add(list, "evring.id", -1, id, -1);
	if (type)
		rd_kafka_header_add(list, "evring.type", -1, type, -1);
	return list;
}

static bool is_event(const struct arrival *a, uint64_t seq)
{
	return !strcmp(a->ring, "m/b/critical/3") && a->seq == seq && a->count == 1 && !a->open &&
	       a->account == ACCOUNT_DELIVERED;
}

static bool nothing_but(uint64_t events)
{
	return arrivals.nr == events && arrivals.rest.events == events && !arrivals.rest.unread &&
	       !arrivals.rest.foreign && !arrivals.rest.mismatches;
}

static void test_own_layout(void)
{
	const struct arrival *a;

	a = read_text("{\"type\":\"process.exec\",\"version\":1,\"time_ns\":5,\"host\":\"h\"," IN_RING
		      ",\"seq\":7,\"data\":{\"count\":9}}");
	CHECK(is_event(a, 7) && nothing_but(1));
	CHECK(!strcmp(a->type, "process.exec/1") && a->time_ns == 5);
	/* Numbers as strings, and no more fields than are needed */
	CHECK(is_event(read_text("{\"machine_id\":\"m\",\"boot_id\":\"b\",\"lane\":\"critical\","
				 "\"cpu\":\"3\",\"seq\":\"7\"}"), 7));
	/* A field of the event above 2^63 - 1 */
	CHECK(is_event(read_text("{" IN_RING ",\"seq\":7,\"data\":{\"x\":18446744073709551615}}"), 7));
	CHECK(is_event(read_text("{" IN_RING ",\"seq\":7,\"data\":{\"x\":\"\\u0000\"}}"), 7));
}

static void test_other_layouts(void)
{
	const struct arrival *a;
	const char registry[] = "\0\0\0\0\1{" IN_RING ",\"seq\":7}";

	a = read_text("{\"event\":{\"id\":\"" ID "\"},\"evring\":{\"type\":\"file.open\","
		      "\"version\":2},\"host\":{\"name\":\"h\"}}");
	CHECK(is_event(a, 7) && !strcmp(a->type, "file.open/2"));
	a = read_text("{\"metadata\":{\"uid\":\"" ID "\"},\"unmapped\":{\"type\":\"file.open\","
		      "\"version\":2},\"device\":{\"hostname\":\"h\"}}");
	CHECK(is_event(a, 7) && !strcmp(a->type, "file.open/2"));
	CHECK(is_event(read_text("{\"schema\":{},\"payload\":{" IN_RING ",\"seq\":7}}"), 7));
	CHECK(is_event(read_text("{\"specversion\":\"1.0\",\"id\":\"x\",\"data\":{" IN_RING
				 ",\"seq\":7}}"), 7));
	CHECK(is_event(read_bytes(registry, sizeof(registry) - 1, NULL), 7));
	a = read_text("{\"event\":{\"id\":\"" ID "\"},\"evring\":{\"type\":\"evring.lost\","
		      "\"data\":{\"count\":4}}}");
	CHECK(a->account == ACCOUNT_LOST && a->count == 4);
}

static void test_declarations(void)
{
	const struct arrival *a;

	a = read_text("{\"type\":\"evring.lost\"," IN_RING ",\"seq\":7,"
		      "\"data\":{\"count\":12,\"causes\":[\"full\",\"nested\",\"odd\"]}}");
	CHECK(a->account == ACCOUNT_LOST && a->seq == 7 && a->count == 12 && !a->open);
	CHECK(a->causes == (1u << EVRING_LOST_FULL | 1u << EVRING_LOST_NESTED));
	a = read_text("{\"type\":\"evring.missed\"," IN_RING ",\"seq\":7,"
		      "\"data\":{\"first_seq\":7,\"last_seq\":9,\"count\":3}}");
	CHECK(a->account == ACCOUNT_MISSED && a->count == 3 && !a->open);
	/* Flat */
	a = read_text("{\"type\":\"evring.rejected\"," IN_RING ",\"seq\":7,"
		      "\"first_seq\":7,\"last_seq\":7,\"count\":1}");
	CHECK(a->account == ACCOUNT_REJECTED && a->count == 1 && !a->open);
	a = read_text("{\"type\":\"evring.discard\"," IN_RING ",\"seq\":7,\"data\":{}}");
	CHECK(a->account == ACCOUNT_DISCARDED && a->count == 1 && !a->open);
	/* These only begin like the types above. */
	CHECK(is_event(read_text("{\"type\":\"evring.lostandfound\"," IN_RING ",\"seq\":7}"), 7));
}

static bool is_open(const char *type, const char *data)
{
	const struct arrival *a;
	char text[512];

	snprintf(text, sizeof(text), "{\"type\":\"%s\"," IN_RING ",\"seq\":7,\"data\":%s}", type,
		 data);
	a = read_text(text);
	return arrivals.nr == 1 && a->open && a->seq == 7 && a->count == 1;
}

static void test_bad_declarations(void)
{
	CHECK(is_open("evring.lost", "{\"count\":0}"));
	CHECK(is_open("evring.lost", "{\"count\":-1}"));
	CHECK(is_open("evring.lost", "{\"count\":1.5}"));
	CHECK(is_open("evring.lost", "{\"count\":true}"));
	CHECK(is_open("evring.lost", "{\"count\":18446744073709551615}"));
	CHECK(is_open("evring.lost", "{\"count\":\"18446744073709551615\"}"));
	CHECK(is_open("evring.lost", "[]"));
	CHECK(is_open("evring.lost", "null"));
	CHECK(is_open("evring.missed", "{\"count\":3}"));
	CHECK(is_open("evring.missed", "{\"first_seq\":8,\"last_seq\":10,\"count\":3}"));
	CHECK(is_open("evring.missed", "{\"first_seq\":7,\"last_seq\":6,\"count\":0}"));
	CHECK(is_open("evring.missed", "{\"first_seq\":7,\"last_seq\":9,\"count\":4}"));
	CHECK(is_open("evring.rejected", "{\"first_seq\":7,\"last_seq\":\"18446744073709551615\","
					 "\"count\":\"18446744073709551610\"}"));
}

static bool is_foreign(const char *text)
{
	read_text(text);
	return !arrivals.nr && arrivals.rest.foreign == 1 && !arrivals.rest.unread;
}

static bool is_unread(const char *text)
{
	read_text(text);
	return !arrivals.nr && arrivals.rest.unread == 1 && !arrivals.rest.foreign;
}

static void test_hostile(void)
{
	char long_lane[600], text[1200];

	CHECK(is_foreign("{}") && is_foreign("[]") && is_foreign("[[[[]]]]"));
	CHECK(is_foreign("{" IN_RING ",\"seq\":-7}") && is_foreign("{" IN_RING ",\"seq\":7.5}"));
	CHECK(is_foreign("{" IN_RING ",\"seq\":\"7x\"}") && is_foreign("{" IN_RING ",\"seq\":\"\"}"));
	CHECK(is_foreign("{" IN_RING ",\"seq\":\"18446744073709551616\"}"));
	/* 2^64 - 1 is a number in a string, and no exact one without. */
	CHECK(is_foreign("{" IN_RING ",\"seq\":18446744073709551615}"));
	CHECK(read_text("{" IN_RING ",\"seq\":\"18446744073709551615\"}")->seq == UINT64_MAX);
	CHECK(is_foreign("{\"event\":{\"id\":\"a/b/c/7\"},\"evring\":{\"type\":\"x\"}}"));
	CHECK(is_foreign("{\"event\":{\"id\":\"a/b/c/d/e\"},\"evring\":{\"type\":\"x\"}}"));
	CHECK(is_foreign("{\"schema\":1,\"payload\":7}"));
	memset(long_lane, 'l', sizeof(long_lane) - 1);
	long_lane[sizeof(long_lane) - 1] = '\0';
	snprintf(text, sizeof(text), "{\"machine_id\":\"m\",\"boot_id\":\"b\",\"lane\":\"%s\","
		 "\"cpu\":3,\"seq\":7}", long_lane);
	CHECK(is_foreign(text));
	snprintf(text, sizeof(text), "{\"type\":\"%s\"," IN_RING ",\"seq\":7}", long_lane);
	CHECK(is_event(read_text(text), 7) && strlen(arrivals.list[0].type) < ARRIVAL_TYPE_MAX);
	CHECK(is_unread("") && is_unread("{") && is_unread("seven") && is_unread("EVRF"));
	CHECK(is_unread("{" IN_RING ",\"seq\":7,\"seq\":8}"));
	/* Rings that a terminal or JSON would not bear */
	CHECK(is_foreign("{\"machine_id\":\"m\\u001b[2J\",\"boot_id\":\"b\",\"lane\":\"l\","
			 "\"cpu\":3,\"seq\":7}"));
	CHECK(is_foreign("{\"machine_id\":\"m/n\",\"boot_id\":\"b\",\"lane\":\"l\",\"cpu\":3,"
			 "\"seq\":7}"));
	read_bytes("abc", 3, headers("m/b\xff/critical/3/7", NULL));
	CHECK(!arrivals.nr && arrivals.rest.foreign == 1);
	/* Deep enough to overflow the stack of a parser that recurses for ever */
	memset(text, '[', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	CHECK(is_unread(text));
}

static void test_lines(void)
{
	const char pack[] = "{" IN_RING ",\"seq\":7}\n{broken\n{" IN_RING ",\"seq\":8}\n";
	rd_kafka_headers_t *list = headers(ID, NULL);

	rd_kafka_header_add(list, "evring.frame", -1, "jsonl/1", -1);
	read_bytes(pack, sizeof(pack) - 1, list);
	CHECK(arrivals.nr == 2 && is_event(&arrivals.list[0], 7) && is_event(&arrivals.list[1], 8));
	CHECK(arrivals.rest.unread == 1 && !arrivals.rest.mismatches);
	read_text(pack);
	CHECK(arrivals.nr == 2 && arrivals.rest.unread == 1);
	list = headers("m/b/critical/3/9", NULL);
	rd_kafka_header_add(list, "evring.frame", -1, "jsonl/1", -1);
	read_bytes(pack, sizeof(pack) - 1, list);
	CHECK(arrivals.rest.mismatches == 1);
	list = headers(ID, NULL);
	rd_kafka_header_add(list, "evring.frame", -1, "jsonl/2", -1);
	read_bytes(pack, sizeof(pack) - 1, list);
	CHECK(!arrivals.nr && arrivals.rest.unread == 1);
}

static void test_headers(void)
{
	const struct arrival *a;
	rd_kafka_headers_t *list;

	/* Avro, say */
	a = read_bytes("\0\0\0\0\1abc", 8, headers(ID, "process.exec/1"));
	CHECK(is_event(a, 7) && a->time_ns == 1000000000 && arrivals.rest.by_headers == 1);
	a = read_bytes("\0\0\0\0\1abc", 8, headers(ID, "evring.lost/1"));
	CHECK(a->account == ACCOUNT_LOST && a->open && a->count == 1);
	CHECK(is_event(read_bytes("", 0, headers(ID, "process.exec/1")), 7));
	list = rd_kafka_headers_new(2);
	rd_kafka_header_add(list, "ce_id", -1, ID, -1);
	rd_kafka_header_add(list, "ce_type", -1, "evring.evring.discard/1", -1);
	CHECK(read_bytes("abc", 3, list)->account == ACCOUNT_DISCARDED && arrivals.nr == 1);
	read_bytes("abc", 3, headers("m/b/critical/3", "process.exec/1"));
	CHECK(!arrivals.nr && arrivals.rest.unread == 1);
	read_bytes("abc", 3, headers("m/b/critical/3/-1", "process.exec/1"));
	CHECK(!arrivals.nr && arrivals.rest.unread == 1);
	/* The value is believed, and that they differ is told. */
	a = read_bytes("{" IN_RING ",\"seq\":8}", strlen("{" IN_RING ",\"seq\":8}"),
		       headers(ID, NULL));
	CHECK(is_event(a, 8) && arrivals.rest.mismatches == 1);
	/* A dead letter is no delivery. */
	list = headers(ID, "process.exec/1");
	rd_kafka_header_add(list, "__connect.errors.topic", -1, "t", -1);
	a = read_bytes("{" IN_RING ",\"seq\":7}", strlen("{" IN_RING ",\"seq\":7}"), list);
	CHECK(a->account == ACCOUNT_LETTER && a->late && a->seq == 7 && arrivals.nr == 1);
}

/* The header cannot tell the id that the value has, and is no other event's. */
static void test_unknown(void)
{
	const char text[] = "{\"type\":\"unknown:77\",\"version\":null," IN_RING
			    ",\"seq\":7,\"data\":{\"hex\":\"00\"}}";
	const char ecs[] = "{\"event\":{\"id\":\"" ID "\"},\"evring\":{\"type\":"
			   "\"unknown:77\",\"data\":{\"hex\":\"00\"}}}";
	const struct arrival *a;

	a = read_bytes(text, strlen(text), headers(ID, "unknown/0"));
	CHECK(is_event(a, 7) && nothing_but(1) && !strcmp(a->type, "unknown/0"));
	CHECK(is_event(read_bytes(ecs, strlen(ecs), headers(ID, "unknown/0")), 7) &&
	      nothing_but(1));
	read_bytes(text, strlen(text), headers(ID, "process.exec/1"));
	CHECK(arrivals.rest.mismatches == 1);
}

/* What comes behind its neighbours says nothing about them. */
static void test_late(void)
{
	rd_kafka_headers_t *list = headers(ID, NULL);
	const struct arrival *a;

	rd_kafka_header_add(list, "evring.putback", -1, "1790000000123", -1);
	a = read_bytes("{" IN_RING ",\"seq\":7}", strlen("{" IN_RING ",\"seq\":7}"), list);
	CHECK(is_event(a, 7) && a->late && a->came_ms == 1790000000123 && nothing_but(1));
	/* Whatever the header has, somebody has put it there. */
	list = headers(ID, "process.exec/1");
	rd_kafka_header_add(list, "evring.putback", -1, "", -1);
	a = read_bytes("\0\0\0\0\1abc", 8, list);
	CHECK(is_event(a, 7) && a->late && a->came_ms == 1000);
	a = read_text("{\"type\":\"evring.rejected\"," IN_RING ",\"seq\":7}");
	CHECK(a->late);
	a = read_text("{\"type\":\"evring.missed\"," IN_RING ",\"seq\":7}");
	CHECK(!a->late && a->came_ms == 1000);
}

static void test_record(void)
{
	struct {
		struct evring_rec rec;
		struct evring_lost lost;
	} raw = {
		.rec = { .len = sizeof(raw), .type = EVRING_TYPE_LOST, .seq = 7 },
		.lost = { .count = 5, .causes = 1u << EVRING_LOST_TOOBIG },
	};
	const struct arrival *a;

	a = read_bytes(&raw, sizeof(raw), headers(ID, "evring.lost/1"));
	CHECK(a->account == ACCOUNT_LOST && a->count == 5 && a->causes == raw.lost.causes);
	CHECK(nothing_but(1));
	read_bytes(&raw, sizeof(raw), headers(ID, "process.exec/1"));
	CHECK(arrivals.rest.mismatches == 1);
	raw.rec.seq = 8;
	read_bytes(&raw, sizeof(raw), headers(ID, "evring.lost/1"));
	CHECK(arrivals.rest.mismatches == 1);
	/* Shorter than it says */
	a = read_bytes(&raw, sizeof(raw) - 8, headers(ID, "evring.lost/1"));
	CHECK(arrivals.rest.by_headers == 1 && a->open);
	read_bytes(&raw, sizeof(raw), NULL);
	CHECK(!arrivals.nr && arrivals.rest.unread == 1);
}

/* One run of three records: a lost one of a count, and two of a type that the frame has. */
struct sample {
	struct evring_frame frame;
	struct evring_frame_run run;
	struct {
		struct evring_rec rec;
		struct evring_lost lost;
	} lost;
	struct evring_rec recs[2];
	struct evring_frame_lane lane;
	struct evring_frame_type type;
	struct block block;
};

static void make_frame(struct sample *s)
{
	memset(s, 0, sizeof(*s));
	s->frame = (struct evring_frame){
		.magic = EVRING_FRAME_MAGIC, .version = EVRING_FRAME_VERSION,
		.size = sizeof(s->frame), .len = sizeof(*s), .types = offsetof(struct sample, type),
		.nr_types = 1, .records_end = offsetof(struct sample, lane), .seq_bits = 48,
		.events = 3, .machine_id = "m", .boot_id = "b",
		.lanes = { .offset = offsetof(struct sample, lane), .stride = sizeof(s->lane),
			   .count = 1 },
		.clock = { .mult = 1u << 31, .shift = 30 },
	};
	s->run = (struct evring_frame_run){
		.lane = 1, .cpu = 3, .seq = 7, .len = sizeof(s->lost) + sizeof(s->recs),
	};
	s->lost.rec = (struct evring_rec){
		.len = sizeof(s->lost), .type = EVRING_TYPE_LOST, .seq = 7,
	};
	s->lost.lost.count = 10;
	for (unsigned int i = 0; i < 2; i++)
		s->recs[i] = (struct evring_rec){ .len = sizeof(s->recs[i]), .type = 9,
						  .seq = 17 + i };
	s->lane = (struct evring_frame_lane){ .lane = 1, .name = "critical" };
	s->type = (struct evring_frame_type){ .id = 9, .len = sizeof(s->block) };
	block_begin(&s->block, "some.event", 0);
}

static void test_frame(void)
{
	struct sample s;

	make_frame(&s);
	read_bytes(&s, sizeof(s), NULL);
	CHECK(nothing_but(3) && arrivals.list[0].account == ACCOUNT_LOST &&
	      arrivals.list[0].seq == 7 && arrivals.list[0].count == 10);
	CHECK(is_event(&arrivals.list[1], 17) && is_event(&arrivals.list[2], 18));
	CHECK(!strcmp(arrivals.list[1].type, "some.event/3"));
	s.lost.lost.count = 0;
	read_bytes(&s, sizeof(s), NULL);
	CHECK(arrivals.list[0].open);
	/* Any of it cut off, or changed, does no harm. */
	make_frame(&s);
	for (size_t len = 0; len < sizeof(s); len++) {
		read_bytes(&s, len, NULL);
		CHECK(arrivals.rest.unread);
	}
	for (size_t i = 0; i < sizeof(s); i++) {
		make_frame(&s);
		((unsigned char *)&s)[i] ^= 0xff;
		read_bytes(&s, sizeof(s), NULL);
		CHECK(arrivals.nr || arrivals.rest.unread || arrivals.rest.foreign);
	}
}

int main(void)
{
	test_case(test_own_layout, "an event in evring's own layout");
	test_case(test_other_layouts, "... and in each other one");
	test_case(test_declarations, "declarations tell which events are not there");
	test_case(test_bad_declarations, "those that say what cannot be are open");
	test_case(test_hostile, "what is no event is counted, whatever it is");
	test_case(test_lines, "lines of JSON, of which one is broken");
	test_case(test_headers, "headers tell where the value does not");
	test_case(test_unknown, "an event whose type the kernel does not know");
	test_case(test_late, "which events come behind their neighbours");
	test_case(test_record, "a record with its headers");
	test_case(test_frame, "a frame, whole or not");
	return tap_end();
}
