/* SPDX-License-Identifier: MIT */
/* See split.h. Rare: Kafka has refused a pack although nothing else was with it. */
#include "split.h"

#include "evringd.h"
#include "producer.h"
#include "sender.h"

#include <evring_frame.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN8(n) (((n) + 7) & ~(size_t)7)

/*
 * Who an event in a pack is
 */

static bool line_identity(const char *line, size_t len, struct identity *who)
{
	const char *machine, *boot, *lane, *type;
	json_t *event = json_loadb(line, len, 0, NULL);
	json_int_t cpu, seq, version, time_ns;
	bool ok;

	ok = event && !json_unpack(event, "{s:s, s:s, s:s, s:I, s:I, s:s, s:I, s:I}", "machine_id",
				   &machine, "boot_id", &boot, "lane", &lane, "cpu", &cpu, "seq",
				   &seq, "type", &type, "version", &version, "time_ns", &time_ns);
	if (ok) {
		snprintf(who->id, sizeof(who->id), "%.32s/%.32s/%.127s/%lld/%lld", machine, boot,
			 lane, (long long)cpu, (long long)seq);
		snprintf(who->type, sizeof(who->type), "%.127s/%lld", type, (long long)version);
		who->seq = (uint64_t)seq;
		who->timestamp = time_ns / 1000000;
	}
	json_decref(event);
	return ok;
}

static void frame_identity(const struct evring_frame_reader *reader,
			   const struct evring_event *event, struct identity *who)
{
	char name[EVRING_NAME_MAX];
	const char *lane = evring_frame_lane_name(reader, event->lane, name);
	const struct evring_type *type = event->type;

	snprintf(who->id, sizeof(who->id), "%.32s/%.32s/%s/%u/%llu", reader->frame.machine_id,
		 reader->frame.boot_id, lane ? lane : "unknown", event->cpu,
		 (unsigned long long)event->seq);
	snprintf(who->type, sizeof(who->type), "%s/%u", type ? type->name : "unknown",
		 type ? type->version : 0);
	who->seq = event->seq;
	who->timestamp = (int64_t)(evring_frame_realtime(reader, event->rec) / 1000000);
}

bool pack_identity(const struct config *cfg, const struct outgoing *out, struct identity *who)
{
	struct evring_frame_reader reader;
	struct evring_event event;
	const char *end;
	bool known;

	if (!cfg->pack_bytes)
		return false;
	if (cfg->format != VALUE_RAW) {
		end = memchr(out->value, '\n', out->len);
		return end && line_identity(out->value, (size_t)(end - (char *)out->value), who);
	}
	if (evring_frame_open(&reader, out->value, out->len))
		return false;
	known = evring_frame_next(&reader, &event) > 0;
	if (known)
		frame_identity(&reader, &event, who);
	evring_frame_close(&reader);
	return known;
}

/*
 * Halves
 */

/* Each half says who its first event is: the first half's is that of the whole. */
static rd_kafka_headers_t *half_headers(const struct config *cfg, const struct outgoing *half,
					const struct identity *who)
{
	rd_kafka_headers_t *headers;

	if (!half->headers)
		return NULL;
	if (!who)
		return rd_kafka_headers_copy(half->headers);
	headers = rd_kafka_headers_new(2);
	rd_kafka_header_add(headers, "evring.id", -1, who->id, -1);
	rd_kafka_header_add(headers, "evring.frame", -1,
			    cfg->format == VALUE_RAW ? "raw/1" : "jsonl/1", -1);
	return headers;
}

static void make_halves(const struct config *cfg, const struct outgoing *out,
			const void *const values[2], const size_t lens[2], uint32_t events,
			struct outgoing *halves[2])
{
	bool frame = cfg->format == VALUE_RAW;
	struct identity who;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct outgoing half = *out;
		bool known;

		half.value = values[i];
		half.len = lens[i];
		/* It has fewer events than bytes: so places stay in order down to the last one. */
		half.place += i ? events : 0;
		known = i && pack_identity(cfg, &half, &who);
		if (known && half.timestamp)
			half.timestamp = who.timestamp;
		half.headers = half_headers(cfg, &half, known ? &who : NULL);
		halves[i] = outgoing_new(&half, frame || out->copy);
	}
}

static bool split_lines(const struct config *cfg, const struct outgoing *out,
			struct outgoing *halves[2])
{
	const char *value = out->value, *end = value + out->len, *at, *newline;
	size_t lines = 0, half;

	for (at = value; (newline = memchr(at, '\n', (size_t)(end - at))); at = newline + 1)
		lines++;
	if (lines < 2 || at != end)
		return false;
	for (at = value, half = lines / 2; half; half--)
		at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
	make_halves(cfg, out, (const void *const[2]){ value, at },
		    (const size_t[2]){ (size_t)(at - value), (size_t)(end - at) },
		    (uint32_t)(lines / 2), halves);
	return true;
}

/*
 * A frame of the @nr events that come next, with all lanes and types, which lie
 * behind the records; returns its length, 0: no frame.
 */
static size_t cut_frame(struct evring_frame_reader *reader, uint32_t nr, char *to)
{
	size_t used = reader->frame.size, rest = reader->frame.len - reader->frame.records_end;
	struct evring_frame frame = reader->frame;
	struct evring_frame_run *run = NULL;
	struct evring_event event;
	uint32_t i, back;

	memcpy(to, reader->buf, used);
	for (i = 0; i < nr; i++) {
		if (evring_frame_next(reader, &event) <= 0)
			return 0;
		if (!run || run->lane != event.lane || run->cpu != event.cpu) {
			run = (struct evring_frame_run *)(to + used);
			*run = (struct evring_frame_run){
				.seq = event.seq, .lane = event.lane, .cpu = event.cpu,
			};
			used += sizeof(*run);
		}
		memset(to + used, 0, ALIGN8(event.rec->len));
		memcpy(to + used, event.rec, sizeof(*event.rec));
		memcpy(to + used + sizeof(*event.rec), event.payload, event.payload_len);
		used += ALIGN8(event.rec->len);
		run->len += (uint32_t)ALIGN8(event.rec->len);
	}
	memcpy(to + used, reader->buf + reader->frame.records_end, rest);
	back = frame.records_end - (uint32_t)used;
	frame.records_end -= back;
	frame.lanes.offset -= back;
	frame.types -= back;
	frame.len = (uint32_t)(used + rest);
	frame.events = nr;
	memcpy(to, &frame, sizeof(frame));
	return used + rest;
}

static bool split_frame(const struct config *cfg, const struct outgoing *out,
			struct outgoing *halves[2])
{
	struct evring_frame_reader reader;
	char *values[2];
	size_t lens[2];
	uint32_t half;
	bool ok;

	if (evring_frame_open(&reader, out->value, out->len))
		return false;
	if (reader.frame.events < 2) {
		evring_frame_close(&reader);
		return false;
	}
	half = reader.frame.events / 2;
	values[0] = xalloc(out->len);
	values[1] = xalloc(out->len);
	lens[0] = cut_frame(&reader, half, values[0]);
	lens[1] = lens[0] ? cut_frame(&reader, reader.frame.events - half, values[1]) : 0;
	ok = lens[0] && lens[1];
	evring_frame_close(&reader);
	if (ok)
		make_halves(cfg, out, (const void *const[2]){ values[0], values[1] }, lens, half,
			    halves);
	free(values[0]);
	free(values[1]);
	return ok;
}

bool split_pack(const struct config *cfg, const struct outgoing *out, struct outgoing *halves[2])
{
	if (!cfg->pack_bytes)
		return false;
	if (cfg->format == VALUE_RAW)
		return split_frame(cfg, out, halves);
	return split_lines(cfg, out, halves);
}
