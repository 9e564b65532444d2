/* SPDX-License-Identifier: MIT */
/* Frames, read back: a message's value can be anything. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "evring_frame.h"
#include "internal.h"

#define ALIGN8(n)	(((uint64_t)(n) + 7) & ~7ULL)

_Static_assert(sizeof(struct evring_frame) == 152, "the layout is fixed");
_Static_assert(sizeof(struct evring_frame_run) == 24, "the layout is fixed");
_Static_assert(sizeof(struct evring_frame_lane) == 136, "the layout is fixed");
_Static_assert(offsetof(struct evring_frame_lane, reserved) == 2, "a lane has 16 bits");
_Static_assert(sizeof(struct evring_frame_type) == 8, "the layout is fixed");

/* A block in the place of another is refused by its first four bytes. */
_Static_assert(EVRING_FRAME_MAGIC != EVRING_BLOCK_MAGIC &&
	       EVRING_FRAME_MAGIC != EVRING_PROGRAM_MAGIC &&
	       EVRING_FRAME_MAGIC != EVRING_REDACTION_MAGIC &&
	       EVRING_BLOCK_MAGIC != EVRING_PROGRAM_MAGIC &&
	       EVRING_BLOCK_MAGIC != EVRING_REDACTION_MAGIC &&
	       EVRING_PROGRAM_MAGIC != EVRING_REDACTION_MAGIC, "each has a magic number of its own");

static int head_check(const struct evring_frame *frame, size_t len)
{
	if (frame->magic == __builtin_bswap32(EVRING_FRAME_MAGIC))
		return -EPROTO;
	if (frame->magic != EVRING_FRAME_MAGIC)
		return -EBADMSG;
	if (frame->version != EVRING_FRAME_VERSION)
		return -EPROTO;
	if (frame->len != len || frame->size < sizeof(*frame) || frame->size % 8 ||
	    frame->records_end < frame->size || frame->records_end > len ||
	    frame->records_end % 8 || frame->types < frame->records_end || frame->types > len ||
	    frame->types % 8 || frame->clock.shift > 63 || frame->seq_bits < 16 ||
	    frame->seq_bits > 64)
		return -EBADMSG;
	if (frame->lanes.offset > len || (frame->lanes.count &&
	    (frame->lanes.stride < sizeof(struct evring_frame_lane) ||
	     frame->lanes.count > (len - frame->lanes.offset) / frame->lanes.stride)))
		return -EBADMSG;
	/* A type takes more than eight bytes: so many fit at most. */
	return frame->nr_types <= (len - frame->types) / sizeof(struct evring_frame_type) ?
	       0 : -EBADMSG;
}

/* A writer that uses a reserved member writes another version. */
static bool lanes_good(const struct evring_frame_reader *reader)
{
	struct evring_frame_lane entry;
	unsigned int i;

	for (i = 0; evring_table_get(reader->buf, reader->frame.len, &reader->frame.lanes, i,
				     &entry, sizeof(entry)); i++)
		if (entry.reserved[0] || entry.reserved[1] || entry.reserved[2])
			return false;
	return true;
}

/* Each type's block must be one, and they end where the frame does. */
static int types_read(struct evring_frame_reader *reader)
{
	uint32_t at = reader->frame.types, len = reader->frame.len, i;
	struct evring_frame_type head;
	int ret;

	reader->types = calloc(reader->frame.nr_types + 1u, sizeof(*reader->types));
	if (!reader->types)
		return -ENOMEM;
	for (i = 0; i < reader->frame.nr_types; i++) {
		if (len - at < sizeof(head))
			return -EBADMSG;
		memcpy(&head, reader->buf + at, sizeof(head));
		at += (uint32_t)sizeof(head);
		if (head.len > len - at)
			return -EBADMSG;
		ret = evring_type_parse(&reader->types[i], reader->buf + at, head.len);
		if (ret)
			return ret;
		reader->types[i]->id = head.id;
		at += head.len;
	}
	return at == len ? 0 : -EBADMSG;
}

int evring_frame_open(struct evring_frame_reader *reader, const void *buf, size_t len)
{
	struct evring_frame *frame = &reader->frame;
	int ret;

	memset(reader, 0, sizeof(*reader));
	if (len < sizeof(*frame))
		return -EBADMSG;
	memcpy(frame, buf, sizeof(*frame));
	ret = head_check(frame, len);
	if (ret) {
		frame->nr_types = 0;
		return ret;
	}
	reader->buf = buf;
	reader->pos = frame->size;
	reader->run_end = frame->size;
	ret = lanes_good(reader) ? types_read(reader) : -EBADMSG;
	if (ret)
		evring_frame_close(reader);
	return ret;
}

void evring_frame_close(struct evring_frame_reader *reader)
{
	uint32_t i;

	for (i = 0; reader->types && i < reader->frame.nr_types; i++)
		evring_type_free(reader->types[i]);
	free(reader->types);
	reader->types = NULL;
}

/* Where a run ends the next one begins; it has at least one record. */
static int run_open(struct evring_frame_reader *reader)
{
	uint32_t left = reader->frame.records_end - reader->pos;
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
	reader->seq = run.seq;
	return 0;
}

static const struct evring_type *type_find(const struct evring_frame_reader *reader, uint32_t id)
{
	uint32_t i;

	for (i = 0; i < reader->frame.nr_types; i++)
		if (reader->types[i]->id == id)
			return reader->types[i];
	return NULL;
}

static void event_fill(struct evring_frame_reader *reader, struct evring_event *event)
{
	uint64_t mask = ~0ULL >> (64 - reader->frame.seq_bits);
	struct evring_lost lost = { .count = 1 };

	memset(event, 0, sizeof(*event));
	event->rec = &reader->rec;
	event->payload = reader->buf + reader->pos + sizeof(reader->rec);
	if (reader->rec.type != EVRING_TYPE_DISCARD)
		event->payload_len = reader->rec.len - (uint32_t)sizeof(reader->rec);
	event->lane = reader->lane;
	event->cpu = reader->cpu;
	event->type = type_find(reader, reader->rec.type);
	event->seq = reader->seq + ((reader->rec.seq - reader->seq) & mask);
	event->missed = event->seq - reader->seq;
	if (reader->rec.type == EVRING_TYPE_LOST)
		memcpy(&lost, event->payload, LOST_MIN);
	event->next_seq = event->seq + lost.count;
	reader->seq = event->next_seq;
}

int evring_frame_next(struct evring_frame_reader *reader, struct evring_event *event)
{
	struct evring_rec *rec = &reader->rec;
	uint32_t left, min = sizeof(*rec);

	if (reader->pos == reader->frame.records_end)
		return reader->events == reader->frame.events ? 0 : -EBADMSG;
	if (reader->pos == reader->run_end && run_open(reader))
		return -EBADMSG;
	left = reader->run_end - reader->pos;
	if (left < sizeof(*rec))
		return -EBADMSG;
	memcpy(rec, reader->buf + reader->pos, sizeof(*rec));
	if (rec->type == EVRING_TYPE_LOST)
		min += (uint32_t)LOST_MIN;
	if (rec->len < min || ALIGN8(rec->len) > left || rec->type == EVRING_TYPE_PAD)
		return -EBADMSG;
	event_fill(reader, event);
	reader->pos += (uint32_t)ALIGN8(rec->len);
	reader->events++;
	return 1;
}

const char *evring_frame_lane_name(const struct evring_frame_reader *reader, unsigned int lane,
				   char name[EVRING_NAME_MAX])
{
	struct evring_frame_lane entry;
	unsigned int i;

	for (i = 0; evring_table_get(reader->buf, reader->frame.len, &reader->frame.lanes, i,
				     &entry, sizeof(entry)); i++) {
		entry.name[sizeof(entry.name) - 1] = '\0';
		if (entry.lane == lane && evring_name_ok(entry.name))
			return strcpy(name, entry.name);
	}
	return NULL;
}

uint64_t evring_frame_realtime(const struct evring_frame_reader *reader,
			       const struct evring_rec *rec)
{
	const struct evring_line *clock = &reader->frame.clock;
	__int128 cycles = (int64_t)(rec->time - clock->base);

	return clock->boot_ns + (uint64_t)((cycles * clock->mult) >> clock->shift) +
	       (uint64_t)clock->wall_ns;
}
