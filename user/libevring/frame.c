/* SPDX-License-Identifier: MIT */
/* Frames, read back: what came through Kafka can be anything. */
#include <errno.h>
#include <string.h>

#include "evring_frame.h"

#define ALIGN8(n)	(((uint64_t)(n) + 7) & ~7ULL)

_Static_assert(sizeof(struct evring_frame) == 128, "the layout is fixed");
_Static_assert(sizeof(struct evring_frame_run) == 8, "the layout is fixed");
_Static_assert(sizeof(struct evring_frame_type) == 40, "the layout is fixed");

int evring_frame_open(struct evring_frame_reader *reader, const void *buf, size_t len)
{
	struct evring_frame *frame = &reader->frame;

	memset(reader, 0, sizeof(*reader));
	if (len < sizeof(*frame))
		return -EBADMSG;
	memcpy(frame, buf, sizeof(*frame));
	if (frame->magic != EVRING_FRAME_MAGIC)
		return -EBADMSG;
	if (frame->version != EVRING_FRAME_VERSION)
		return -EPROTO;
	if (frame->len != len || frame->size < sizeof(*frame) || frame->size % 8 ||
	    frame->types < frame->size || frame->types > len || frame->types % 8 ||
	    (len - frame->types) % sizeof(struct evring_frame_type) || frame->clock.shift > 63)
		return -EBADMSG;
	reader->buf = buf;
	reader->pos = frame->size;
	reader->run_end = frame->size;
	return 0;
}

/* Where a run ends the next one begins; it has at least one record. */
static int run_open(struct evring_frame_reader *reader)
{
	uint32_t left = reader->frame.types - reader->pos;
	struct evring_frame_run run;

	if (left < sizeof(run))
		return -EBADMSG;
	left -= (uint32_t)sizeof(run);
	memcpy(&run, reader->buf + reader->pos, sizeof(run));
	if (!run.len || run.len % 8 || run.len > left)
		return -EBADMSG;
	reader->pos += (uint32_t)sizeof(run);
	reader->run_end = reader->pos + run.len;
	reader->lane = run.lane;
	reader->cpu = run.cpu;
	return 0;
}

static void type_find(const struct evring_frame_reader *reader, uint32_t id,
		      struct evring_frame_type *type)
{
	uint32_t at;

	for (at = reader->frame.types; at < reader->frame.len; at += (uint32_t)sizeof(*type)) {
		memcpy(type, reader->buf + at, sizeof(*type));
		type->name[sizeof(type->name) - 1] = '\0';
		if (type->id == id)
			return;
	}
	memset(type, 0, sizeof(*type));
}

int evring_frame_next(struct evring_frame_reader *reader, struct evring_frame_event *event)
{
	uint32_t left, min = sizeof(event->rec);

	if (reader->pos == reader->frame.types)
		return reader->events == reader->frame.events ? 0 : -EBADMSG;
	if (reader->pos == reader->run_end && run_open(reader))
		return -EBADMSG;
	left = reader->run_end - reader->pos;
	if (left < sizeof(event->rec))
		return -EBADMSG;
	memcpy(&event->rec, reader->buf + reader->pos, sizeof(event->rec));
	if (event->rec.type == EVRING_TYPE_LOST)
		min += (uint32_t)sizeof(struct evring_lost);
	if (event->rec.len < min || ALIGN8(event->rec.len) > left ||
	    event->rec.type == EVRING_TYPE_PAD)
		return -EBADMSG;
	event->payload = reader->buf + reader->pos + sizeof(event->rec);
	event->payload_len = 0;
	if (event->rec.type != EVRING_TYPE_DISCARD)
		event->payload_len = event->rec.len - (uint32_t)sizeof(event->rec);
	event->lane = reader->lane;
	event->cpu = reader->cpu;
	type_find(reader, event->rec.type, &event->type);
	reader->pos += (uint32_t)ALIGN8(event->rec.len);
	reader->events++;
	return 1;
}

uint64_t evring_frame_realtime(const struct evring_frame_reader *reader,
			       const struct evring_rec *rec)
{
	const struct evring_clock *clock = &reader->frame.clock;
	__int128 cycles = (int64_t)(rec->time - clock->base);

	return clock->boot_ns + (uint64_t)((cycles * clock->mult) >> clock->shift) +
	       (uint64_t)clock->wall_ns;
}
