/* SPDX-License-Identifier: MIT */
/* See arrival.h. */
#include "arrival.h"

#include <ctype.h>
#include <evring_frame.h>
#include <librdkafka/rdkafka.h>
#include <linux/evring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arrival_json.h"

#define LETTER_PREFIX	"__connect.errors."	/* as evringd's letter.h has it */
#define PUTBACK_HEADER	"evring.putback"	/* as its message.h has it */
#define CLOUD_TYPE	"evring."		/* as its cloudevent.c has it */

/* A message on its way */
struct reader {
	const struct arrived *message;
	arrival_fn *fn;
	void *arg;
	struct arrived_rest *rest;
	bool letter;		/* it is in a dead-letter topic */
	bool putback;		/* it was in one, and was put back */
	bool named;		/* its headers tell @head */
	int64_t came_ms;
	struct arrival head;
};

/*
 * Headers
 */

static bool header(const struct reader *r, const char *name, const char *prefix, char *to,
		   size_t room)
{
	size_t len, skip = strlen(prefix);
	const void *value;

	if (!r->message->headers ||
	    rd_kafka_header_get_last(r->message->headers, name, &value, &len) || !value ||
	    len < skip || len - skip >= room || memcmp(value, prefix, skip))
		return false;
	memcpy(to, (const char *)value + skip, len - skip);
	to[len - skip] = '\0';
	return strlen(to) == len - skip;
}

static bool is_letter(const struct arrived *message)
{
	const char *name;
	const void *value;
	size_t i, size;

	for (i = 0; message->headers && !rd_kafka_header_get_all(message->headers, i, &name, &value,
								&size); i++)
		if (!strncmp(name, LETTER_PREFIX, strlen(LETTER_PREFIX)))
			return true;
	return false;
}

/* When the message came: it may have been put back long after it was made. */
static void read_coming(struct reader *r)
{
	char text[24] = "";

	r->putback = header(r, PUTBACK_HEADER, "", text, sizeof(text));
	r->came_ms = isdigit((unsigned char)*text) ? strtoll(text, NULL, 10) :
						     r->message->timestamp;
}

static void read_headers(struct reader *r)
{
	char id[ARRIVAL_RING_MAX + 24];

	r->letter = is_letter(r->message);
	read_coming(r);
	if (!header(r, "evring.type", "", r->head.type, sizeof(r->head.type)) &&
	    !header(r, "ce_type", CLOUD_TYPE, r->head.type, sizeof(r->head.type)))
		*r->head.type = '\0';
	r->named = (header(r, "evring.id", "", id, sizeof(id)) ||
		    header(r, "ce_id", "", id, sizeof(id))) && arrival_id(id, &r->head);
}

/*
 * Events
 */

static int64_t message_time(const struct arrived *message)
{
	return message->timestamp > 0 && message->timestamp < INT64_MAX / 1000000 ?
	       message->timestamp * 1000000 : 0;
}

/* Four parts, of characters that a terminal shows and JSON takes */
static bool is_ring(const char *ring)
{
	int slashes = 0;

	for (; *ring; ring++) {
		if (!isgraph((unsigned char)*ring) || (unsigned char)*ring > '~')
			return false;
		slashes += *ring == '/';
	}
	return slashes == 3;
}

static void tell(struct reader *r, struct arrival *arrival)
{
	if (!is_ring(arrival->ring)) {
		r->rest->foreign++;
		return;
	}
	if (r->letter)
		arrival->account = ACCOUNT_LETTER;
	arrival->late = r->putback || arrival->account == ACCOUNT_LETTER ||
			arrival->account == ACCOUNT_REJECTED;
	arrival->came_ms = r->came_ms;
	if (!arrival->time_ns)
		arrival->time_ns = message_time(r->message);
	r->rest->events++;
	r->fn(arrival, r->arg);
}

/* The headers are those of the first event. */
static void compare(struct reader *r, const struct arrival *arrival)
{
	if (r->named && (r->head.seq != arrival->seq || strcmp(r->head.ring, arrival->ring) ||
			 (*r->head.type && *arrival->type &&
			  strcmp(r->head.type, arrival->type))))
		r->rest->mismatches++;
	r->named = false;
}

/* evringd's own declarations tell the range, the kernel's starts at the record's number. */
static void read_payload(struct arrival *arrival, const void *payload, size_t len)
{
	struct evring_lost lost = { .count = 0 };
	uint64_t range[3] = { 0 };	/* first, last, count */

	arrival_account(arrival);
	if (!arrival_declares(arrival))
		return;
	if (arrival->account == ACCOUNT_LOST) {
		if (len >= sizeof(lost))
			memcpy(&lost, payload, sizeof(lost));
		arrival->causes = lost.causes;
		arrival_covers(arrival, arrival->seq, arrival->seq + lost.count - 1, lost.count);
		return;
	}
	if (len >= sizeof(range))
		memcpy(range, payload, sizeof(range));
	arrival_covers(arrival, range[0], range[1], range[2]);
}

/* value.format=raw: the record itself, which does not tell its ring; the headers do. */
static bool read_record(struct reader *r)
{
	struct arrival arrival = r->head;
	struct evring_rec rec;

	if (!r->named || r->message->len < sizeof(rec))
		return false;
	memcpy(&rec, r->message->value, sizeof(rec));
	if (rec.len != r->message->len)
		return false;
	read_payload(&arrival, (const char *)r->message->value + sizeof(rec),
		     r->message->len - sizeof(rec));
	/* The record has the lowest bits of its number. */
	if ((uint32_t)rec.seq != (uint32_t)arrival.seq ||
	    (rec.type == EVRING_TYPE_LOST) != (arrival.account == ACCOUNT_LOST))
		r->rest->mismatches++;
	tell(r, &arrival);
	return true;
}

static bool frame_event(const struct evring_frame_reader *frame, const struct evring_event *event,
			struct arrival *arrival)
{
	char lane[EVRING_NAME_MAX];

	if (!evring_frame_lane_name(frame, event->lane, lane))
		return false;
	*arrival = (struct arrival){
		.seq = event->seq,
		.time_ns = (int64_t)evring_frame_realtime(frame, event->rec),
	};
	snprintf(arrival->ring, sizeof(arrival->ring), "%.32s/%.32s/%s/%u",
		 frame->frame.machine_id, frame->frame.boot_id, lane, event->cpu);
	if (event->type)
		snprintf(arrival->type, sizeof(arrival->type), "%s/%u", event->type->name,
			 event->type->version);
	else if (event->rec->type == EVRING_TYPE_LOST)
		strcpy(arrival->type, "evring.lost/0");
	read_payload(arrival, event->payload, event->payload_len);
	return true;
}

/* Of a frame that ends in the middle the events before count, and so does the broken end. */
static void read_frame(struct reader *r)
{
	struct evring_frame_reader frame;
	struct evring_event event;
	struct arrival arrival;
	int ret = evring_frame_open(&frame, r->message->value, r->message->len);

	if (ret) {
		r->rest->unread++;
		return;
	}
	while ((ret = evring_frame_next(&frame, &event)) > 0) {
		if (!frame_event(&frame, &event, &arrival)) {
			r->rest->unread++;
			continue;
		}
		compare(r, &arrival);
		tell(r, &arrival);
	}
	r->rest->unread += ret < 0;
	evring_frame_close(&frame);
}

/*
 * JSON
 */

/* False: it is no JSON. */
static bool read_object(struct reader *r, const char *text, size_t len)
{
	struct arrival arrival = { .seq = 0 };
	json_t *json = arrival_parse(text, len);

	if (!json)
		return false;
	if (arrival_json(json, &arrival)) {
		compare(r, &arrival);
		tell(r, &arrival);
	} else if (!r->named) {
		r->rest->foreign++;
	} else {
		json_decref(json);
		return false;
	}
	json_decref(json);
	return true;
}

static void read_lines(struct reader *r)
{
	const char *line = r->message->value, *end = line + r->message->len, *newline;

	for (; line < end; line = newline + 1) {
		newline = memchr(line, '\n', (size_t)(end - line));
		if (!newline)
			newline = end;
		if (!read_object(r, line, (size_t)(newline - line))) {
			r->rest->unread++;
			r->named = false;
		}
	}
}

/* Only the headers tell which event it is. Of a declaration they do not tell how many. */
static void read_head(struct reader *r)
{
	struct arrival arrival = r->head;

	if (!r->named) {
		r->rest->unread++;
		return;
	}
	arrival_account(&arrival);
	arrival.open = arrival_declares(&arrival);
	arrival.count = 1;
	r->rest->by_headers++;
	tell(r, &arrival);
}

/* Confluent's wire format: a zero, and four bytes of the schema's id before the JSON */
static bool read_value(struct reader *r)
{
	const char *value = r->message->value;
	size_t len = r->message->len, wire = 5;

	if (read_object(r, value, len))
		return true;
	return len > wire && !*value && value[wire] == '{' &&
	       read_object(r, value + wire, len - wire);
}

/* As the header says, or without one as it looks */
static const char *frame_of(const struct reader *r, char *room, size_t size)
{
	const uint32_t magic = EVRING_FRAME_MAGIC;
	const struct arrived *message = r->message;

	if (header(r, "evring.frame", "", room, size))
		return room;
	if (message->len > sizeof(magic) && !memcmp(message->value, &magic, sizeof(magic)))
		return "raw/1";
	if (message->len && *(const char *)message->value == '{' &&
	    memchr(message->value, '\n', message->len))
		return "jsonl/1";
	return "";
}

void arrival_read(const struct arrived *message, arrival_fn *fn, void *arg,
		  struct arrived_rest *rest)
{
	struct reader r = { .message = message, .fn = fn, .arg = arg, .rest = rest };
	char room[16];
	const char *frame = frame_of(&r, room, sizeof(room));

	read_headers(&r);
	if (!strcmp(frame, "raw/1"))
		read_frame(&r);
	else if (!strcmp(frame, "jsonl/1"))
		read_lines(&r);
	else if (*frame)
		rest->unread++;
	else if (!message->len || (!read_value(&r) && !read_record(&r)))
		read_head(&r);
}
