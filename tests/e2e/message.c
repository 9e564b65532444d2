/* SPDX-License-Identifier: MIT */
/* A message's content: an event, lines or a frame of them; and whether its headers agree. */
#include "consume.h"

#include <ctype.h>
#include <errno.h>
#include <evring_frame.h>
#include <linux/evring.h>
#include <stdio.h>
#include <string.h>

#define ID_MAX 256

/* The header as a string; false: there is none. */
static bool header(const rd_kafka_headers_t *headers, const char *name, char *buf, size_t room)
{
	const void *value;
	size_t len;

	if (!headers || rd_kafka_header_get_last(headers, name, &value, &len) || len >= room)
		return false;
	memcpy(buf, value, len);
	buf[len] = '\0';
	return strlen(buf) == len;
}

/* Who an event is, as its value or its headers tell. */
struct identity {
	char ring[ID_MAX], type[ID_MAX];
	uint64_t seq;
};

/* "ring/seq" */
static bool read_id(const rd_kafka_headers_t *headers, struct identity *who)
{
	char *slash, *end;

	if (!header(headers, "evring.id", who->ring, sizeof(who->ring)))
		return false;
	slash = strrchr(who->ring, '/');
	if (!slash || !isdigit((unsigned char)slash[1]))
		return false;
	*slash = '\0';
	errno = 0;
	who->seq = strtoull(slash + 1, &end, 10);
	return !errno && !*end;
}

static bool same_event(const struct identity *a, const struct identity *b)
{
	return a->seq == b->seq && !strcmp(a->ring, b->ring);
}

static bool is_type(const char *type, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(type, name, len) && type[len] == '/';
}

/* False: it is an event. */
static bool is_declaration(const char *type, enum declared *kind)
{
	static const char *const names[NR_DECLARED] = {
		[DECLARED_LOST] = "evring.lost",
		[DECLARED_MISSED] = "evring.missed",
		[DECLARED_REJECTED] = "evring.rejected",
	};
	int i;

	for (i = 0; i < NR_DECLARED && !is_type(type, names[i]); i++)
		;
	*kind = i < NR_DECLARED ? (enum declared)i : DECLARED_LOST;
	return i < NR_DECLARED;
}

/* evringd's own declarations tell the range, the kernel's starts at the record's number. */
static bool covers(struct arrival *arrival, uint64_t first, uint64_t last, uint64_t count)
{
	arrival->covers = count;
	return count && (arrival->kind == DECLARED_LOST ||
			 (first == arrival->seq && last == first + count - 1));
}

static bool read_data(struct arrival *arrival, const json_t *event)
{
	json_t *data = json_object_get(event, "data");
	json_int_t first = 0, last = 0, count = 0;

	arrival->covers = 0;
	if (!is_declaration(arrival->type, &arrival->kind))
		return true;
	return !json_unpack(data, "{s:I, s?I, s?I}", "count", &count, "first_seq", &first,
			    "last_seq", &last) && count > 0 &&
	       covers(arrival, (uint64_t)first, (uint64_t)last, (uint64_t)count);
}

/* A record's payload. */
static bool read_payload(struct arrival *arrival, const void *payload, size_t len)
{
	uint64_t words[3];	/* of a lost record: count, times; else: first, last, count */

	arrival->covers = 0;
	if (!is_declaration(arrival->type, &arrival->kind))
		return true;
	if (len < sizeof(words))
		return false;
	memcpy(words, payload, sizeof(words));
	return covers(arrival, words[0], words[1],
		      words[arrival->kind == DECLARED_LOST ? 0 : 2]);
}

/* An event is in the ledger, and shown if that is wanted. */
static bool enter(struct consumer *c, struct arrival *arrival, int64_t time_ns, int64_t received_ns,
		  json_t *event)
{
	arrival->latency_ns = received_ns - time_ns;
	if (!ledger_add(c->ledger, arrival))
		return false;
	if (event && (c->follow || c->show)) {
		print_event(event);
		c->show -= c->show > 0;
	}
	return true;
}

static void mismatch(struct consumer *c, const rd_kafka_message_t *msg,
		     const struct identity *head, const struct identity *value)
{
	ledger_mismatch(c->ledger);
	fprintf(stderr, "evring-consume: %s [%d] at %lld: its headers say %s/%llu %s, its value "
		"%s/%llu %s\n", rd_kafka_topic_name(msg->rkt), msg->partition,
		(long long)msg->offset, head->ring, (unsigned long long)head->seq, head->type,
		value->ring, (unsigned long long)value->seq, value->type);
}

/* JSON tells who it is. */
static bool json_identity(json_t *event, struct identity *who, int64_t *time_ns)
{
	const char *machine, *boot, *lane, *name;
	json_int_t cpu, seq, version, time;

	if (json_unpack(event, "{s:s, s:s, s:s, s:I, s:I, s:s, s:I, s:I}", "machine_id", &machine,
			"boot_id", &boot, "lane", &lane, "cpu", &cpu, "seq", &seq, "type", &name,
			"version", &version, "time_ns", &time))
		return false;
	snprintf(who->ring, sizeof(who->ring), "%.64s/%.64s/%.64s/%lld", machine, boot, lane,
		 (long long)cpu);
	snprintf(who->type, sizeof(who->type), "%.128s/%lld", name, (long long)version);
	who->seq = (uint64_t)seq;
	*time_ns = time;
	return true;
}

/*
 * value.format raw: the record itself. Its time stamp is raw, too: Kafka's is
 * taken; and of the type it knows no name but the number.
 */
static bool record_identity(const rd_kafka_message_t *msg, struct identity *who, int64_t *time_ns)
{
	rd_kafka_timestamp_type_t kind;
	struct evring_rec rec;

	if (msg->len < sizeof(rec))
		return false;
	memcpy(&rec, msg->payload, sizeof(rec));
	*time_ns = rd_kafka_message_timestamp(msg, &kind) * 1000000;
	who->seq = rec.seq;
	if ((rec.type == EVRING_TYPE_LOST) != is_type(who->type, "evring.lost"))
		strcpy(who->type, "?");
	return rec.len == msg->len;
}

/* One event a message. The headers say who it is; so does the value, and it is believed. */
static bool take_one(struct consumer *c, const rd_kafka_message_t *msg,
		     const rd_kafka_headers_t *headers, struct arrival *arrival,
		     int64_t received_ns)
{
	struct identity head, who;
	int64_t time_ns = 0;
	json_t *event;
	bool ok;

	if (!read_id(headers, &head) ||
	    !header(headers, "evring.type", head.type, sizeof(head.type)))
		return false;
	who = head;
	event = json_loadb(msg->payload, msg->len, JSON_REJECT_DUPLICATES, NULL);
	ok = event ? json_identity(event, &who, &time_ns) : record_identity(msg, &who, &time_ns);
	if (ok && (!same_event(&head, &who) || strcmp(head.type, who.type) ||
		   rd_kafka_header_cnt(headers) != 2))
		mismatch(c, msg, &head, &who);
	arrival->ring = who.ring;
	arrival->type = who.type;
	arrival->seq = who.seq;
	ok = ok && (event ? read_data(arrival, event) :
			    read_payload(arrival, (const char *)msg->payload +
					 sizeof(struct evring_rec),
					 msg->len - sizeof(struct evring_rec)));
	ok = ok && enter(c, arrival, time_ns, received_ns, event);
	json_decref(event);
	return ok;
}

/* @who: the event that it tells. */
static bool take_line(struct consumer *c, const char *line, size_t len, struct arrival *arrival,
		      int64_t received_ns, struct identity *who)
{
	json_t *event = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	int64_t time_ns = 0;
	bool ok = event && json_identity(event, who, &time_ns);

	if (ok) {
		arrival->ring = who->ring;
		arrival->type = who->type;
		arrival->seq = who->seq;
		ok = read_data(arrival, event) &&
		     enter(c, arrival, time_ns, received_ns, event);
	}
	json_decref(event);
	return ok;
}

/* A pack's header is its first event's. */
static void check_head(struct consumer *c, const rd_kafka_message_t *msg,
		       const rd_kafka_headers_t *headers, const struct identity *who)
{
	struct identity head = { .type = "" };

	if (headers && (!read_id(headers, &head) || !same_event(&head, who) ||
			rd_kafka_header_cnt(headers) != 2))
		mismatch(c, msg, &head, who);
}

static bool take_lines(struct consumer *c, const rd_kafka_message_t *msg,
		       const rd_kafka_headers_t *headers, struct arrival *arrival,
		       int64_t received_ns)
{
	const char *line = msg->payload, *end = line + msg->len, *newline;
	struct identity who;

	for (; line < end; line = newline + 1) {
		newline = memchr(line, '\n', (size_t)(end - line));
		if (!newline)
			newline = end;
		if (!take_line(c, line, (size_t)(newline - line), arrival, received_ns, &who))
			return false;
		if (line == msg->payload)
			check_head(c, msg, headers, &who);
	}
	return true;
}

static bool take_frame_event(struct consumer *c, const struct evring_frame_reader *reader,
			     const struct evring_event *event, struct arrival *arrival,
			     int64_t received_ns, struct identity *who)
{
	char lane[EVRING_NAME_MAX];

	if (!event->type || !evring_frame_lane_name(reader, event->lane, lane))
		return false;
	snprintf(who->ring, sizeof(who->ring), "%.32s/%.32s/%s/%u", reader->frame.machine_id,
		 reader->frame.boot_id, lane, event->cpu);
	snprintf(who->type, sizeof(who->type), "%s/%u", event->type->name, event->type->version);
	who->seq = event->seq;
	arrival->ring = who->ring;
	arrival->type = who->type;
	arrival->seq = who->seq;
	return read_payload(arrival, event->payload, event->payload_len) &&
	       enter(c, arrival, (int64_t)evring_frame_realtime(reader, event->rec), received_ns,
		     NULL);
}

static bool take_frame(struct consumer *c, const rd_kafka_message_t *msg,
		       const rd_kafka_headers_t *headers, struct arrival *arrival,
		       int64_t received_ns)
{
	struct evring_frame_reader reader;
	struct evring_event event;
	struct identity who;
	bool first = true;
	int ret;

	if (evring_frame_open(&reader, msg->payload, msg->len))
		return false;
	for (; (ret = evring_frame_next(&reader, &event)) > 0; first = false) {
		if (!take_frame_event(c, &reader, &event, arrival, received_ns, &who))
			break;
		if (first)
			check_head(c, msg, headers, &who);
	}
	evring_frame_close(&reader);
	return !ret;
}

/* With headers they say what the value is, without them the value does. */
bool take(struct consumer *c, const rd_kafka_message_t *msg, int64_t received_ns)
{
	struct arrival arrival = {
		.topic = rd_kafka_topic_name(msg->rkt), .partition = msg->partition,
	};
	const uint32_t magic = EVRING_FRAME_MAGIC;
	rd_kafka_headers_t *headers = NULL;
	char frame[16] = "";

	rd_kafka_message_headers(msg, &headers);
	if (headers && !header(headers, "evring.frame", frame, sizeof(frame)))
		return take_one(c, msg, headers, &arrival, received_ns);
	if (!headers)
		strcpy(frame, msg->len > sizeof(magic) && !memcmp(msg->payload, &magic, sizeof(magic)) ?
			      "raw/1" : "jsonl/1");
	if (!strcmp(frame, "raw/1"))
		return take_frame(c, msg, headers, &arrival, received_ns);
	return !strcmp(frame, "jsonl/1") &&
	       take_lines(c, msg, headers, &arrival, received_ns);
}
