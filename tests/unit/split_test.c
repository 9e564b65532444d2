/* SPDX-License-Identifier: MIT */
/* A pack in halves, and these in halves: the same events, in order, each half well-formed. */
#include "../harness/block.h"
#include "../harness/defaults.h"
#include "../harness/tap.h"
#include "evringd.h"
#include "producer.h"
#include "sender.h"
#include "split.h"

#include <evring_frame.h>
#include <stdlib.h>
#include <string.h>

#define MACHINE "0123456789abcdef0123456789abcdef"
#define BOOT "fedcba9876543210fedcba9876543210"

static const struct config lines = { .pack_bytes = 1, .format = VALUE_JSON };
static const struct config frames = { .pack_bytes = 1, .format = VALUE_RAW };

/* @n events of different sizes; whose they are follows from the number. */
static size_t make_lines(char *to, unsigned int n)
{
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		len += (size_t)sprintf(to + len, "{\"machine_id\":\"" MACHINE "\",\"boot_id\":\""
				       BOOT "\",\"lane\":\"app\",\"cpu\":%u,\"seq\":%u,"
				       "\"type\":\"some.event\",\"version\":2,\"time_ns\":%u000000,"
				       "\"data\":{\"text\":\"%.*s\"}}\n", i % 3, i, 1000 + i,
				       (int)(i * 7 % 50),
				       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	return len;
}

/* Event after event of another type, until all have been used; the other lanes are not. */
static unsigned int frame_types = 1, frame_lanes = 1;

static size_t put_tables(char *to, size_t len, struct evring_frame *frame)
{
	struct evring_frame_type type = { .id = 9, .len = sizeof(struct block) };
	struct evring_frame_lane lane = { .lane = LANE_APP, .name = "app" };
	struct block block;

	frame->records_end = (uint32_t)len;
	frame->lanes = (struct evring_table){ (uint32_t)len, sizeof(lane), frame_lanes, 0 };
	for (; lane.lane < LANE_APP + frame_lanes; lane.lane++, len += sizeof(lane))
		memcpy(to + len, &lane, sizeof(lane));
	frame->types = (uint32_t)len;
	frame->nr_types = frame_types;
	block_begin(&block, "some.event", 0);
	block.head.version = 2;
	for (; type.id < 9 + frame_types; type.id++) {
		memcpy(to + len, &type, sizeof(type));
		memcpy(to + len + sizeof(type), &block, sizeof(block));
		len += sizeof(type) + sizeof(block);
	}
	return len;
}

static size_t make_frame(char *to, unsigned int n)
{
	struct evring_frame frame = {
		.magic = EVRING_FRAME_MAGIC, .version = EVRING_FRAME_VERSION,
		.size = sizeof(frame), .events = n, .seq_bits = 48,
		.clock = { .mult = 1u << 20, .shift = 20 },
	};
	struct evring_frame_run *run = NULL;
	size_t len = sizeof(frame);
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct evring_rec rec = {
			.len = (uint32_t)sizeof(rec) + i * 7 % 50, .seq = i,
			.type = (uint16_t)(9 + i % frame_types), .time = (1000 + i) * 1000000ull,
		};
		size_t room = (rec.len + 7) & ~7u;

		/* A run of three: cuts go through runs. */
		if (i % 3 == 0) {
			run = (struct evring_frame_run *)(to + len);
			*run = (struct evring_frame_run){
				.seq = i, .lane = LANE_APP, .cpu = i / 3 % 3,
			};
			len += sizeof(*run);
		}
		memset(to + len, 0, room);
		memcpy(to + len, &rec, sizeof(rec));
		memset(to + len + sizeof(rec), 'x', rec.len - sizeof(rec));
		len += room;
		run->len += (uint32_t)room;
	}
	len = put_tables(to, len, &frame);
	frame.len = (uint32_t)len;
	memcpy(frame.machine_id, MACHINE, 32);
	memcpy(frame.boot_id, BOOT, 32);
	memcpy(to, &frame, sizeof(frame));
	return len;
}

static unsigned int count(const struct config *cfg, const struct outgoing *out)
{
	struct evring_frame_reader reader;
	struct evring_event event;
	const char *c = out->value;
	unsigned int n = 0;

	if (cfg == &lines) {
		for (; c < (const char *)out->value + out->len; c++)
			n += *c == '\n';
		return n;
	}
	if (evring_frame_open(&reader, out->value, out->len))
		return 0;
	while (evring_frame_next(&reader, &event) > 0) {
		bool whole = event.lane == LANE_APP && event.type &&
			     event.type->version == 2 && !strcmp(event.type->name, "some.event") &&
			     event.payload_len == event.seq * 7 % 50 &&
			     event.cpu == event.seq / 3 % 3;

		n += whole;
	}
	evring_frame_close(&reader);
	return n == reader.frame.events ? n : 0;
}

static bool header_is(const struct outgoing *out, const char *name, const char *wanted)
{
	const void *value;
	size_t len;

	return out->headers && !rd_kafka_header_get_last(out->headers, name, &value, &len) &&
	       len == strlen(wanted) && !memcmp(value, wanted, len);
}

/* It is event @seq and says so; @nr of them follow each other in it. */
static bool is_event(const struct config *cfg, const struct outgoing *out, unsigned int seq,
		     unsigned int nr)
{
	unsigned int cpu = cfg == &lines ? seq % 3 : seq / 3 % 3;
	struct identity who = { .seq = UINT64_MAX };
	char id[256];

	snprintf(id, sizeof(id), MACHINE "/" BOOT "/app/%u/%u", cpu, seq);
	return pack_identity(cfg, out, &who) && who.seq == seq && !strcmp(who.id, id) &&
	       !strcmp(who.type, "some.event/2") && count(cfg, out) == nr &&
	       header_is(out, "evring.id", id) && rd_kafka_header_cnt(out->headers) == 2 &&
	       header_is(out, "evring.frame", cfg == &lines ? "jsonl/1" : "raw/1") &&
	       out->key_len == 3 && !memcmp(out->key, "key", 3) &&
	       out->timestamp == 1000 + (int64_t)seq && out->order == 77;
}

static struct outgoing *make(const struct config *cfg, char *value, unsigned int n)
{
	struct outgoing out = {
		.value = value, .order = 77, .key = "key", .key_len = 3, .timestamp = 1000,
		.place = (uintptr_t)value, .headers = rd_kafka_headers_new(2),
	};

	out.len = cfg == &lines ? make_lines(value, n) : make_frame(value, n);
	rd_kafka_header_add(out.headers, "evring.id", -1, MACHINE "/" BOOT "/app/0/0", -1);
	rd_kafka_header_add(out.headers, "evring.frame", -1, cfg == &lines ? "jsonl/1" : "raw/1", -1);
	return outgoing_new(&out, false);
}

/* As the sender does: halves go to the end of the list, which is sorted then. */
static struct outgoing *replace(struct outgoing *list, struct outgoing *out,
				struct outgoing *halves[2])
{
	struct outgoing **at = &list;

	while (*at != out)
		at = &(*at)->next;
	*at = out->next;
	while (*at)
		at = &(*at)->next;
	*at = halves[0];
	halves[0]->next = halves[1];
	halves[1]->next = NULL;
	outgoing_free(out);
	return outgoing_sort(list);
}

static bool in_order(const struct config *cfg, const struct outgoing *list, unsigned int n)
{
	unsigned int seq = 0, nr;

	for (; list; list = list->next, seq += nr) {
		nr = count(cfg, list);
		if (!nr || !is_event(cfg, list, seq, nr) || (list->events && list->events != nr))
			return false;
	}
	return seq == n;
}

/* Any message that waits may be halved next; one that cannot be is one event. */
static bool explode(const struct config *cfg, unsigned int n, unsigned int seed)
{
	char *value = malloc(n * 400 + 4096 + frame_types * (sizeof(struct block) + 8));
	struct outgoing *list = make(cfg, value, n), *out, *halves[2];
	unsigned int messages = 1, tries;
	bool good = in_order(cfg, list, n);

	srand(seed);
	for (tries = 0; good && messages < n && tries < 100000; tries++) {
		unsigned int skip = (unsigned int)rand() % messages;

		for (out = list; skip; skip--)
			out = out->next;
		if (!split_pack(cfg, out, halves)) {
			good = count(cfg, out) == 1;
			continue;
		}
		list = replace(list, out, halves);
		messages++;
		good = in_order(cfg, list, n);
	}
	good = good && messages == n;
	while ((out = list)) {
		list = out->next;
		good = good && !split_pack(cfg, out, halves);
		outgoing_free(out);
	}
	free(value);
	return good;
}

static void explodes(const struct config *cfg, const char *name)
{
	bool good = true;
	unsigned int n;

	for (n = 1; n <= 40; n++)
		good = good && explode(cfg, n, n);
	ok(good, name);
}

/* Bytes of the one event that is left of the pack, at its begin or at its end */
static size_t alone(struct outgoing *out, unsigned int end)
{
	struct outgoing *halves[2];
	size_t len;

	while (split_pack(&frames, out, halves)) {
		outgoing_free(out);
		outgoing_free(halves[!end]);
		out = halves[end];
	}
	len = count(&frames, out) == 1 ? out->len : 0;
	outgoing_free(out);
	return len;
}

/* An event is not refused for the weight of the others' types. */
static void weighs_its_own(void)
{
	const size_t least = sizeof(struct evring_frame) + sizeof(struct evring_frame_run) +
			     sizeof(struct evring_rec) + sizeof(struct evring_frame_lane) +
			     sizeof(struct evring_frame_type) + sizeof(struct block);
	char *value = malloc(1 << 20);
	size_t first, last;

	frame_types = 16;
	frame_lanes = 3;
	first = alone(make(&frames, value, 16), 0);
	last = alone(make(&frames, value, 16), 1);
	if (first != least || last != least + 8)
		printf("# %zu and %zu bytes, not %zu and %zu\n", first, last, least, least + 8);
	ok(first == least && last == least + 8, "frames: one event has its own type and lane alone");
	explodes(&frames, "... and events of many types keep theirs");
	frame_types = 1;
	frame_lanes = 1;
	free(value);
}

/* In memory of its own, so that ASan sees a byte too far. */
static bool splits(const struct config *cfg, const void *value, size_t len)
{
	char *copy = malloc(len ? len : 1);
	struct outgoing *halves[2], out = { .value = copy, .len = len };
	struct identity who;
	bool split;

	memcpy(copy, value, len);
	pack_identity(cfg, &out, &who);
	split = split_pack(cfg, &out, halves);
	if (split) {
		outgoing_free(halves[0]);
		outgoing_free(halves[1]);
	}
	free(copy);
	return split;
}

static void hostile(void)
{
	char value[8192];
	size_t len = make_frame(value, 8), cut, i;
	struct evring_frame *frame = (struct evring_frame *)value;
	bool none = true;
	unsigned int round;

	for (cut = 0; cut < len; cut++)
		none = none && !splits(&frames, value, cut);
	ok(none, "a frame that is cut is not split");
	frame->events = 9;
	ok(!splits(&frames, value, len), "nor is one with fewer events than it says");
	srand(1);
	for (round = 0; round < 20000; round++) {
		len = make_frame(value, 8);
		for (i = 0; i < 3; i++)
			value[(size_t)rand() % len] = (char)rand();
		splits(&frames, value, len);
	}
	ok(true, "a frame with random bytes is survived");
	ok(!splits(&lines, "", 0) && !splits(&lines, "a", 1) && !splits(&lines, "a\n", 2) &&
	   !splits(&lines, "a\nb", 3) && splits(&lines, "a\nb\n", 4) && splits(&lines, "\n\n", 2),
	   "lines are split at their ends alone");
}

/* How many numbers the first event of a line of this type covers, in the layout; 0: no line */
static uint64_t line_covers(enum json_layout layout, bool flat, const char *type, const char *count)
{
	static const char id[] = MACHINE "/" BOOT "/app/3/41";
	const struct config cfg = {
		.pack_bytes = 1, .format = VALUE_JSON, .layout = layout, .flatten = flat,
	};
	struct outgoing out = { 0 };
	struct identity who;
	char data[128], line[1024];

	snprintf(data, sizeof(data), flat ? "%s" : "\"data\":{%s}", count);
	switch (layout) {
	case LAYOUT_EVRING:
		snprintf(line, sizeof(line), "{\"machine_id\":\"" MACHINE "\",\"boot_id\":\"" BOOT
			 "\",\"lane\":\"app\",\"cpu\":3,\"seq\":41,\"type\":\"%s\",\"version\":1,"
			 "\"time_ns\":1,%s}\n", type, data);
		break;
	case LAYOUT_ECS:
		snprintf(line, sizeof(line), "{\"event\":{\"id\":\"%s\",\"sequence\":41},\"evring\":"
			 "{\"type\":\"%s\",\"time_ns\":1,%s}}\n", id, type, data);
		break;
	case LAYOUT_OCSF:
		snprintf(line, sizeof(line), "{\"metadata\":{\"uid\":\"%s\",\"sequence\":41},"
			 "\"unmapped\":{\"type\":\"%s\",\"time_ns\":1,%s}}\n", id, type, data);
		break;
	}
	out.value = line;
	out.len = strlen(line);
	return pack_identity(&cfg, &out, &who) && who.seq == 41 ? who.covers : 0;
}

/* The records of a loss alone, and a count that is none is 1. */
static void lines_cover(void)
{
	static const char *const none[] = {
		"\"count\":0", "\"count\":-7", "\"count\":\"7\"", "\"count\":7.5",
		"\"count\":18446744073709551615", "\"other\":7",
	};
	unsigned int layout;
	bool flat;
	size_t i;

	for (layout = LAYOUT_EVRING; layout <= LAYOUT_OCSF; layout++) {
		CHECK(line_covers(layout, false, "evring.lost", "\"count\":7") == 7);
		CHECK(line_covers(layout, false, "evring.missed", "\"count\":7") == 7);
		CHECK(line_covers(layout, false, "some.event", "\"count\":7") == 1);
	}
	CHECK(line_covers(LAYOUT_EVRING, true, "evring.lost", "\"count\":7") == 7);
	for (i = 0, flat = false; i < sizeof(none) / sizeof(none[0]); i++, flat = !flat)
		check(line_covers(LAYOUT_EVRING, flat, "evring.lost", none[i]) == 1, "%s", none[i]);
}

/* A frame of one lost record */
static uint64_t frame_covers(uint64_t count)
{
	char value[8192];
	size_t len = make_frame(value, 1), at;
	struct evring_frame *frame = (struct evring_frame *)value;
	const struct evring_lost lost = { .count = count };
	const struct evring_rec rec = {
		.len = sizeof(rec) + sizeof(lost), .type = EVRING_TYPE_LOST, .seq = 41,
	};
	struct evring_frame_run *run = (struct evring_frame_run *)(value + sizeof(*frame));
	struct outgoing out = { .value = value };
	struct identity who;

	/* Its tables make room for what it is longer than the record that was there. */
	at = sizeof(*frame) + sizeof(*run) + sizeof(rec);
	memmove(value + at + sizeof(lost), value + at, len - at);
	memcpy(value + at, &lost, sizeof(lost));
	memcpy(value + at - sizeof(rec), &rec, sizeof(rec));
	run->seq = 41;
	run->len += sizeof(lost);
	frame->records_end += sizeof(lost);
	frame->lanes.offset += sizeof(lost);
	frame->types += sizeof(lost);
	frame->len += sizeof(lost);
	out.len = frame->len;
	return pack_identity(&frames, &out, &who) && who.seq == 41 ? who.covers : 0;
}

static void frames_cover(void)
{
	CHECK(frame_covers(7) == 7);
	CHECK(frame_covers(0) == 1);
	CHECK(frame_covers(UINT64_MAX) == 1);
}

int main(void)
{
	static const struct config single = { .format = VALUE_JSON };
	struct outgoing out = { .value = "a\nb\n", .len = 4 }, *halves[2];

	explodes(&lines, "lines: down to single events, in order, each half has its identities");
	explodes(&frames, "frames: down to single events, in order, each half has its identities");
	weighs_its_own();
	hostile();
	test_case(lines_cover, "lines: how many numbers the record of a loss covers, in each layout");
	test_case(frames_cover, "frames: how many numbers a lost record covers");
	ok(!split_pack(&single, &out, halves), "a single event is not split");
	return tap_end();
}
