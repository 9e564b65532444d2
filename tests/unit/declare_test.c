/* SPDX-License-Identifier: MIT */
/* Declarations: well-formed events, in the place of the events that they declare. */
#include "../harness/defaults.h"
#include "../harness/tap.h"
#include "evringd.h"
#include "internal.h"
#include "sending.h"
#include "split.h"

#include <evring_frame.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const struct evring_meta meta = { .size = sizeof(meta), .seq_bits = 48 };
static const struct evring_clock now = { .mult = 1u << 20, .shift = 20 };
static struct lane lanes[LANES] = { { .name = "critical" }, { .name = "bulk" }, { .name = "app" } };

/* evringd's state around an event, without a device and without a producer */
struct bench {
	struct evring ev;
	struct source src;
	struct sender sender;
	struct encoder enc;
	struct deliveries *ds;
	struct config *cfg;
};

static struct bench *bench_open(const char *settings)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct problems problems = { .file = "test" };
	char text[1024];

	snprintf(text, sizeof(text), "{\"name\": \"t\", \"config\": {%s %s "
		 "\"kafka.bootstrap.servers\": \"127.0.0.1:1\"}}", settings,
		 strstr(settings, "\"topic\"") ? "" : "\"topic\": \"t.${type}\",");
	b->cfg = config_parse(text, strlen(text), &problems);
	problems_print(&problems, stderr);
	if (!b->cfg || problems.nr)
		exit(1);
	b->ev.live = &meta;
	b->ev.clock.now = now;
	b->ev.lanes_known = lanes;
	b->ev.nr_lanes = LANES;
	memset(b->src.host.machine_id, 'a', 32);
	memset(b->src.host.boot_id, 'b', 32);
	strcpy(b->src.host.name, "host");
	b->src.cfg = b->cfg;
	b->src.ev = &b->ev;
	b->sender.cfg = b->cfg;
	encoder_open(&b->enc, b->cfg, &b->src, &b->sender);
	b->ds = deliveries_new(0, 0);
	return b;
}

static void bench_close(struct bench *b)
{
	struct topic *topic;

	encoder_close(&b->enc);
	while ((topic = b->sender.topics)) {
		b->sender.topics = topic->next;
		while (topic->first)
			outgoing_free(topic_dequeue(topic));
		free(topic);
	}
	deliveries_free(b->ds);
	config_free(b->cfg);
	free(b);
}

/* Of the ring app/3: it covers numbers 41 and up. */
static struct evring_event from_41(uint64_t covers)
{
	return (struct evring_event){
		.lane = LANE_APP, .cpu = 3, .ring = 1, .next = 64, .seq = 41, .next_seq = 41 + covers,
	};
}

/* The event is refused; returns its declaration, which waits. */
static struct outgoing *reject_event(struct bench *b, const struct evring_event *event,
				     const char *value, bool headers, const char *why)
{
	struct delivery *delivery = delivery_begin(b->ds, 0);
	struct topic *topic = sender_topic(&b->sender, "t.some.event");
	struct outgoing out = {
		.delivery = delivery, .key = "k", .key_len = 1, .value = value,
		.len = value ? strlen(value) : 0, .timestamp = 5, .place = 4711, .suspect = true,
	};
	const struct refusal refusal = {
		.delivery = delivery, .topic = topic, .name = topic->name, .out = &out,
		.code = 10, .why = why,
	};
	char id[256];

	delivery_push(b->ds, delivery, event, 0, 0);
	out.order = delivery->order;
	snprintf(id, sizeof(id), "%.32s/%.32s/app/3/%llu", b->src.host.machine_id,
		 b->src.host.boot_id, (unsigned long long)event->seq);
	if (headers) {
		out.headers = rd_kafka_headers_new(2);
		rd_kafka_header_add(out.headers, "evring.id", -1, id, -1);
		rd_kafka_header_add(out.headers, "evring.type", -1, "some.event/2", -1);
	}
	declare_rejected(&b->enc, b->ds, &refusal);
	if (out.headers)
		rd_kafka_headers_destroy(out.headers);
	topic = sender_topic(&b->sender, "t.evring.rejected");
	return topic->first;
}

static struct outgoing *reject(struct bench *b, const char *value, bool headers, const char *why)
{
	const struct evring_event event = from_41(1);

	return reject_event(b, &event, value, headers, why);
}

static bool header_is(const struct outgoing *out, const char *name, const char *wanted)
{
	const void *value;
	size_t len;

	return out->headers && !rd_kafka_header_get_last(out->headers, name, &value, &len) &&
	       len == strlen(wanted) && !memcmp(value, wanted, len);
}

/* In the event's place: its order, its key, its delivery. */
static bool in_place(const struct outgoing *out)
{
	return out && out->declaration && out->copy && !out->suspect && out->key_len == 1 &&
	       !memcmp(out->key, "k", 1) && out->place == 4711 &&
	       out->order == out->delivery->order;
}

/* It declares @count events of the ring app/3, from number @from on. */
static bool json_declares(const struct outgoing *out, const char *why, uint64_t from,
			  uint64_t count)
{
	const char *type, *lane, *data_type, *topic, *reason;
	json_int_t seq, cpu, first = 0, last = 0, told = 0, code;
	json_t *event = out ? json_loadb(out->value, out->len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	bool good;

	good = event &&
	       !json_unpack(event, "{s:s, s:s, s:I, s:I, s:{s:I, s:I, s:I, s:I, s:s, s:s, s:s}}",
			    "type", &type, "lane", &lane, "cpu", &cpu, "seq", &seq, "data",
			    "first_seq", &first, "last_seq", &last, "count", &told, "code", &code,
			    "event_type", &data_type, "topic", &topic, "reason", &reason) &&
	       !strcmp(type, "evring.rejected") && !strcmp(lane, "app") && cpu == 3 &&
	       (uint64_t)seq == from && (uint64_t)first == from &&
	       (uint64_t)last == from + count - 1 && (uint64_t)told == count && code == 10 &&
	       !strcmp(topic, "t.some.event") && !strncmp(reason, why, strlen(reason)) &&
	       strlen(reason) > 10;
	if (!good)
		printf("# %lld events, %lld to %lld\n", (long long)told, (long long)first,
		       (long long)last);
	json_decref(event);
	return good;
}

static bool json_is(const struct outgoing *out, const char *why)
{
	return json_declares(out, why, 41, 1);
}

static void rejected_json(void)
{
	struct bench *b = bench_open("");
	const struct outgoing *out = reject(b, NULL, true, "Message size too large");
	char id[128];

	snprintf(id, sizeof(id), "%.32s/%.32s/app/3/41", b->src.host.machine_id,
		 b->src.host.boot_id);
	ok(in_place(out) && json_is(out, "Message size too large"),
	   "rejected, JSON: an event in the place of the one that was refused");
	ok(header_is(out, "evring.id", id) && header_is(out, "evring.type", "evring.rejected/1") &&
	   rd_kafka_header_cnt(out->headers) == 2, "its headers are its own");
	bench_close(b);
}

/* Longer than there is room for; and characters that JSON must escape. */
static void rejected_long(void)
{
	struct bench *b = bench_open("");
	char why[3000];

	memset(why, '"', sizeof(why) - 1);
	why[sizeof(why) - 1] = '\0';
	ok(json_is(reject(b, NULL, true, why), why), "a long reason is cut");
	bench_close(b);
}

static void rejected_line(void)
{
	struct bench *b = bench_open("\"pack.bytes\": \"4000\",");
	char line[512];
	const struct outgoing *out;

	snprintf(line, sizeof(line), "{\"machine_id\":\"%.32s\",\"boot_id\":\"%.32s\","
		 "\"lane\":\"app\",\"cpu\":3,\"seq\":41,\"type\":\"some.event\",\"version\":2,"
		 "\"time_ns\":1}\n", b->src.host.machine_id, b->src.host.boot_id);
	out = reject(b, line, true, "Message size too large");
	ok(in_place(out) && json_is(out, "Message size too large") &&
	   ((const char *)out->value)[out->len - 1] == '\n' &&
	   header_is(out, "evring.frame", "jsonl/1"), "rejected, packed lines: a line");
	bench_close(b);
}

static void rejected_raw(void)
{
	struct bench *b = bench_open("\"value.format\": \"raw\",");
	const struct outgoing *out = reject(b, NULL, true, "Message size too large");
	struct evring_rec rec;
	uint64_t range[3];

	memcpy(&rec, out->value, sizeof(rec));
	memcpy(range, (const char *)out->value + sizeof(rec), sizeof(range));
	ok(in_place(out) && rec.len == out->len && rec.type == TYPE_REJECTED && rec.seq == 41 &&
	   range[0] == 41 && range[1] == 41 && range[2] == 1 &&
	   header_is(out, "evring.type", "evring.rejected/1"), "rejected, raw: a record");
	bench_close(b);
}

static void rejected_bare(void)
{
	struct bench *b = bench_open("\"headers\": \"none\", \"timestamp\": \"send\",");
	const struct outgoing *out = reject(b, NULL, false, "Message size too large");

	ok(in_place(out) && !out->headers && !out->timestamp &&
	   json_is(out, "Message size too large"), "rejected, without headers: the delivery knows");
	bench_close(b);
}

/* A record that tells of others is refused: all that it tells of is declared. */
static void rejected_bare_losses(void)
{
	const char *const settings = "\"headers\": \"none\",", *const why = "Message size too large";
	struct evring_event event = from_41(7);
	struct bench *b = bench_open(settings);

	ok(json_declares(reject_event(b, &event, NULL, false, why), why, 41, 7),
	   "... and how many numbers a lost record covers");
	bench_close(b);
	b = bench_open(settings);
	event.missed = 7;
	ok(json_declares(reject_event(b, &event, NULL, false, why), why, 41, 7),
	   "... and one that tells of missed events");
	bench_close(b);
}

/* 7 events from number 41 on are lost, and 5 behind them missed. */
static void put_losses(struct bench *b, struct packs *packs, struct message *msg)
{
	static const struct evring_field count = {
		.name = "count", .kind = EVRING_KIND_U64, .size = sizeof(uint64_t),
	};
	static const struct evring_type like = {
		.id = EVRING_TYPE_LOST, .version = 1, .size = sizeof(struct evring_lost), .nr_fields = 1,
		.fields = &count, .name = "evring.lost",
	};
	static struct {
		struct evring_rec rec;
		struct evring_lost lost;
	} record = {
		.rec = { .len = sizeof(record), .type = EVRING_TYPE_LOST, .seq = 41 }, .lost.count = 7,
	};
	static struct declaration d;
	struct evring_event lost = from_41(7), behind = from_41(1);
	struct evring_type *type;
	int error = 0;

	if (evring_type_build(&type, &like))
		exit(1);
	lost.rec = &record.rec;
	lost.payload = &record.lost;
	lost.payload_len = sizeof(record.lost);
	lost.type = type;
	CHECK(!pack_add(packs, b->ds, &lost, msg, &error) && !error);
	behind.rec = &record.rec;
	behind.seq = 41 + 7 + 5;
	behind.missed = 5;
	declare_missed(&d, &behind);
	CHECK(!pack_add(packs, b->ds, &d.event, msg, &error) && !error);
	CHECK(pack_close(packs, b->ds, msg));
	evring_type_free(type);
}

/* Both are refused, each alone. */
static void packed_losses(const char *settings)
{
	struct bench *b = bench_open(settings);
	struct packs *packs = packs_new(&b->enc);
	struct refusal refusal = { .name = "t.some.event", .code = 10, .why = "it is too odd" };
	struct outgoing out = { .key = "k", .key_len = 1 }, *halves[2], *told;
	struct message msg;
	int i;

	put_losses(b, packs, &msg);
	out.delivery = msg.delivery;
	out.value = msg.value;
	out.len = msg.value_len;
	refusal.delivery = msg.delivery;
	CHECK(msg.delivery->events == 2);
	if (!CHECK(split_pack(b->cfg, &out, halves)))
		exit(1);
	for (i = 0; i < 2; i++) {
		refusal.out = halves[i];
		CHECK(declare_rejected(&b->enc, b->ds, &refusal));
		outgoing_free(halves[i]);
	}
	told = sender_topic(&b->sender, "t")->first;
	CHECK(json_declares(told, refusal.why, 41, 7));
	CHECK(json_declares(told ? told->next : NULL, refusal.why, 48, 5));
	packs_free(packs);
	bench_close(b);
}

static void lines_losses(void)
{
	packed_losses("\"topic\": \"t\", \"pack.bytes\": \"4000\",");
	packed_losses("\"topic\": \"t\", \"pack.bytes\": \"4000\", \"headers\": \"none\",");
}

/* Without headers a frame's declaration is a line. */
static void frame_losses(void)
{
	packed_losses("\"topic\": \"t\", \"pack.bytes\": \"4000\", \"headers\": \"none\", "
		      "\"value.format\": \"raw\",");
}

/* Without headers, and written by nobody: the letter has its whole identity all the same. */
static void letter(void)
{
	struct bench *b = bench_open("\"errors.tolerance\": \"all\", "
				     "\"errors.deadletterqueue.topic.name\": \"dead\",");
	const struct evring_rec rec = { .len = sizeof(rec), .type = 9, .seq = 41 };
	const struct evring_event event = {
		.rec = &rec, .seq = 41, .lane = LANE_APP, .cpu = 3, .next = 64, .next_seq = 42,
	};
	struct delivery *delivery = delivery_begin(b->ds, 0);
	const struct outgoing out = { .delivery = delivery, .partition = -1, .key = "k", .key_len = 1 };
	const struct refusal refusal = {
		.delivery = delivery, .name = "(none)", .out = &out, .event = &event, .why = "too odd",
	};
	const struct outgoing *sent;
	char id[128];

	delivery_push(b->ds, delivery, &event, 0, 0);
	letter_send(&b->enc, b->ds, letter_new(&b->enc, b->ds, &refusal));
	sent = sender_topic(&b->sender, "dead")->first;
	snprintf(id, sizeof(id), "%.32s/%.32s/app/3/41", b->src.host.machine_id,
		 b->src.host.boot_id);
	ok(sent && sent->letter && sent->copy && delivery->parts == 2 &&
	   header_is(sent, "__connect.errors.evring.id", id) &&
	   header_is(sent, "__connect.errors.stage", "VALUE_CONVERTER") &&
	   header_is(sent, "__connect.errors.exception.message", "too odd") &&
	   !header_is(sent, "__connect.errors.partition", "-1") &&
	   sent->len > 2 && !memcmp(sent->value, "{\"type\":\"unknown:9\"", 19),
	   "a letter that could not be written: JSON, with its identity, and one message more to ack");
	bench_close(b);
}

/* More than a chunk of the deliveries has */
static size_t more(const struct bench *b)
{
	return deliveries_bytes(b->ds) % (64u << 10);
}

/* What is sent in place of events may wait for long: it is within inflight.max.bytes. */
static void memory(void)
{
	struct bench *b = bench_open("\"errors.tolerance\": \"all\", "
				     "\"errors.deadletterqueue.topic.name\": \"dead\",");
	const struct outgoing *out = reject(b, NULL, true, "Message size too large");
	const struct refusal refusal = {
		.delivery = out->delivery, .name = "t", .out = out, .why = "too large",
	};
	size_t declared = more(b), both;

	check(declared > sizeof(*out) + out->len + 100, "%zu bytes", declared);
	letter_send(&b->enc, b->ds, letter_new(&b->enc, b->ds, &refusal));
	out = sender_topic(&b->sender, "dead")->first;
	both = more(b);
	check(both > declared + sizeof(*out) + out->len + 500, "%zu bytes", both);
	delivery_ack(b->ds, out->delivery);
	CHECK(more(b) == both);
	delivery_ack(b->ds, out->delivery);
	CHECK(!more(b));
	bench_close(b);
}

/* 5 events before number 100 are gone. */
static void missed(void)
{
	struct evring_rec rec = { .len = sizeof(rec), .type = 9, .seq = 100, .time = 1234 };
	struct evring_event event = {
		.rec = &rec, .seq = 100, .lane = LANE_BULK, .cpu = 2, .ring = 7, .pos = 6400,
		.next = 6464, .next_seq = 101, .missed = 5,
	};
	struct evring_host host = { .name = "h" };
	struct evring ev = {
		.live = &meta, .clock.now = now, .lanes_known = lanes, .nr_lanes = LANES,
	};
	static struct declaration d;
	json_int_t seq, first, last, count;
	char json[4096];
	const char *type;
	json_t *root;
	ssize_t len;

	declare_missed(&d, &event);
	ok(d.event.missed == 5 && d.event.pos == 6400 && d.event.next == 6400 &&
	   d.event.next_seq == 100 && d.event.ring == 7 && d.event.lane == LANE_BULK &&
	   d.event.cpu == 2, "missed: committed, it leads to the event that it stands before");
	len = evring_json(&ev, &host, &d.event, json, sizeof(json));
	root = json_loadb(json, len > 0 ? (size_t)len : 0, JSON_REJECT_DUPLICATES, NULL);
	ok(root && !json_unpack(root, "{s:s, s:I, s:{s:I, s:I, s:I!}}", "type", &type, "seq", &seq,
				"data", "first_seq", &first, "last_seq", &last, "count", &count) &&
	   !strcmp(type, "evring.missed") && seq == 95 && first == 95 && last == 99 && count == 5,
	   "missed, JSON: which ones");
	json_decref(root);
}

/* As pack.c packs it. */
static void missed_frame(void)
{
	struct bench *b = bench_open("\"value.format\": \"raw\", \"pack.bytes\": \"4000\",");
	struct evring_rec rec = { .len = sizeof(rec), .type = TYPE_MISSED, .seq = 100 };
	struct evring_event event = {
		.rec = &rec, .seq = 100, .lane = LANE_BULK, .cpu = 2, .missed = 5,
	};
	struct packs *packs = packs_new(&b->enc);
	struct evring_frame_reader reader;
	struct evring_event read;
	static struct declaration d;
	struct message msg;
	uint64_t range[3];
	int error;
	bool good;

	declare_missed(&d, &event);
	good = !pack_add(packs, b->ds, &d.event, &msg, &error) && !error &&
	       pack_close(packs, b->ds, &msg) &&
	       !evring_frame_open(&reader, msg.value, msg.value_len) &&
	       evring_frame_next(&reader, &read) == 1 && read.payload_len == sizeof(range);
	if (good)
		memcpy(range, read.payload, sizeof(range));
	ok(good && read.type && !strcmp(read.type->name, "evring.missed") && read.type->version == 1 &&
	   read.rec->seq == 95 && read.lane == LANE_BULK && read.cpu == 2 &&
	   range[0] == 95 && range[1] == 99 && range[2] == 5 &&
	   !evring_frame_next(&reader, &read), "missed, in a frame: a record and its type");
	evring_frame_close(&reader);
	packs_free(packs);
	bench_close(b);
}

/* librdkafka may read a message long after the next declaration has been written. */
static void missed_alone(void)
{
	struct bench *b = bench_open("\"value.format\": \"raw\", \"group.policy\": \"hold\",");
	struct evring_rec rec = { .len = sizeof(rec), .type = 9, .seq = 100 };
	struct evring_event event = { .rec = &rec, .seq = 100, .missed = 5 };
	static struct declaration d;
	struct message first, second;
	struct evring_rec sent;
	uint64_t range[3] = { 0 };
	bool good;

	declare_missed(&d, &event);
	good = !encode(&b->enc, b->ds, &d.event, &first);
	event.seq = 200;
	event.missed = 7;
	declare_missed(&d, &event);
	good = good && !encode(&b->enc, b->ds, &d.event, &second) &&
	       first.value_len == sizeof(sent) + sizeof(range);
	if (good) {
		memcpy(&sent, first.value, sizeof(sent));
		memcpy(range, (const char *)first.value + sizeof(sent), sizeof(range));
	}
	ok(good && sent.seq == 95 && range[0] == 95 && range[1] == 99 && range[2] == 5,
	   "missed, a raw record of a group that holds: the next one does not change it");
	good = !encode(&b->enc, b->ds, &event, &first);
	ok(good && first.value == &rec, "an event of the ring is sent from where it lies");
	bench_close(b);
}

int main(void)
{
	rejected_json();
	rejected_long();
	rejected_line();
	rejected_raw();
	rejected_bare();
	rejected_bare_losses();
	test_case(lines_losses, "rejected, packed lines: how many numbers each loss covers");
	test_case(frame_losses, "rejected, a frame: how many numbers each loss covers");
	letter();
	test_case(memory, "declarations and letters count as memory until both are acknowledged");
	missed();
	missed_frame();
	missed_alone();
	ok(declared_type(TYPE_REJECTED) && declared_type(TYPE_MISSED) && !declared_type(0) &&
	   !declared_type(TYPE_MISSED + 1) && !declared_type(TYPE_REJECTED - 1),
	   "only these ids are evringd's own");
	return tap_end();
}
