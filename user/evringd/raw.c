/* SPDX-License-Identifier: MIT */
/*
 * value.format=raw: an event is the record as it lies in the ring, a pack is a
 * frame: the records with their lanes, their types and their clock (evring_frame.h).
 */
#include "converter.h"

#include "declare.h"
#include "memory.h"
#include "pack.h"

#include <evring_frame.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN8(n) (((n) + 7) & ~(size_t)7)

static size_t raw_bound(const struct evring_event *event)
{
	return event->rec->len;
}

static ssize_t raw_encode(const struct source *src, const struct evring_event *event, char *to,
			  size_t room)
{
	(void)src;
	(void)room;
	memcpy(to, event->rec, event->rec->len);
	return event->rec->len;
}

/*
 * Frames
 */

/* The types of a frame's records, in the order of their first use */
struct frame_types {
	const struct evring_type **types;	/* held */
	unsigned int nr, room;
	size_t bytes;				/* that they take in the frame */
};

/* In pack->state */
struct frame {
	struct evring_line clock;
	struct evring_frame_run *run;		/* the last one */
	struct frame_types types;
	uint64_t lanes;				/* a bit each, of its runs */
};

static struct frame *frame_of(struct pack *pack)
{
	return (struct frame *)pack->state;
}

static void types_empty(struct frame_types *types)
{
	while (types->nr)
		evring_type_free(types->types[--types->nr]);
	types->bytes = 0;
}

static void frame_begin(const struct source *src, struct pack *pack,
			const struct evring_event *event)
{
	struct frame *frame = frame_of(pack);

	evring_clock(src->ev, event->rec->time, &frame->clock);
	pack->used = sizeof(struct evring_frame);
	frame->run = NULL;
	types_empty(&frame->types);
	frame->lanes = 0;
}

/* A frame has one line of the clock: an event that another line holds for needs another frame. */
static bool frame_has_clock(const struct source *src, const struct frame *frame,
			    const struct evring_event *event)
{
	struct evring_line clock;

	evring_clock(src->ev, event->rec->time, &clock);
	return clock.base == frame->clock.base;
}

/*
 * A frame has one type of each id. An id has two types once a module is back with
 * more fields, or another type has it: then the next event goes into another frame.
 */
static bool frame_has_other_type(const struct frame *frame, const struct evring_type *type)
{
	unsigned int i;

	for (i = 0; type && i < frame->types.nr; i++)
		if (frame->types.types[i] != type && frame->types.types[i]->id == type->id)
			return true;
	return false;
}

/* True of a type that is not known: there is nothing to describe. */
static bool frame_has_type(const struct frame *frame, const struct evring_type *type)
{
	unsigned int i;

	for (i = frame->types.nr; i-- > 0;)
		if (frame->types.types[i] == type)
			return true;
	return !type;
}

static size_t type_bytes(const struct evring_type *type)
{
	return type ? sizeof(struct evring_frame_type) + type->block_len : 0;
}

static void frame_add_type(struct frame *frame, const struct evring_type *type)
{
	struct frame_types *types = &frame->types;

	if (types->nr == types->room) {
		types->types = xgrow(types->types, types->room, types->room + 16,
				     sizeof(*types->types));
		types->room += 16;
	}
	types->types[types->nr++] = evring_type_hold(type);
	types->bytes += type_bytes(type);
}

static bool run_goes_on(const struct frame *frame, const struct evring_event *event)
{
	return frame->run && frame->run->lane == event->lane && frame->run->cpu == event->cpu;
}

/* Bytes of the frame's lanes, this event's included */
static size_t lanes_bytes(uint64_t lanes, const struct evring_event *event)
{
	lanes |= 1ull << event->lane;
	return (size_t)__builtin_popcountll(lanes) * sizeof(struct evring_frame_lane);
}

/* Of a frame that has this event alone */
static size_t frame_need(const struct evring_event *event, const struct scratch *scratch)
{
	(void)scratch;
	return sizeof(struct evring_frame) + sizeof(struct evring_frame_run) +
	       ALIGN8(event->rec->len) + type_bytes(event->type) + lanes_bytes(0, event);
}

static void run_begin(struct pack *pack, const struct evring_event *event)
{
	struct frame *frame = frame_of(pack);

	frame->run = (struct evring_frame_run *)(pack_value(pack) + pack->used);
	*frame->run = (struct evring_frame_run){
		.seq = event->seq, .lane = event->lane, .cpu = event->cpu,
	};
	pack->used += sizeof(*frame->run);
}

static bool frame_put(const struct source *src, struct pack *pack,
		      const struct evring_event *event, const struct scratch *scratch)
{
	struct frame *frame = frame_of(pack);
	bool has_type = frame_has_type(frame, event->type), goes_on = run_goes_on(frame, event);
	size_t len = ALIGN8(event->rec->len), need = len + frame->types.bytes;

	(void)scratch;
	need += lanes_bytes(frame->lanes, event);
	need += has_type ? 0 : type_bytes(event->type);
	need += goes_on ? 0 : sizeof(struct evring_frame_run);
	if (need > pack->room - pack->used || !frame_has_clock(src, frame, event) ||
	    (!has_type && frame_has_other_type(frame, event->type)))
		return false;
	if (!has_type)
		frame_add_type(frame, event->type);
	frame->lanes |= 1ull << event->lane;
	if (!goes_on)
		run_begin(pack, event);
	memcpy(pack_value(pack) + pack->used, event->rec, len);
	pack->used += len;
	frame->run->len += (uint32_t)len;
	return true;
}

static void frame_put_lanes(struct pack *pack, struct evring *ev, struct evring_frame *frame)
{
	const uint64_t lanes = frame_of(pack)->lanes;
	struct evring_frame_lane *entry;
	unsigned int lane;

	frame->lanes = (struct evring_table){
		.offset = (uint32_t)pack->used, .stride = sizeof(*entry),
	};
	for (lane = 0; lane < evring_lanes(ev); lane++) {
		if (!(lanes & 1ull << lane))
			continue;
		entry = (struct evring_frame_lane *)(pack_value(pack) + pack->used);
		*entry = (struct evring_frame_lane){ .lane = (uint16_t)lane };
		strncpy(entry->name, evring_lane_name(ev, lane), sizeof(entry->name) - 1);
		pack->used += sizeof(*entry);
		frame->lanes.count++;
	}
}

static void frame_put_types(struct pack *pack, struct evring_frame *frame)
{
	const struct frame_types *types = &frame_of(pack)->types;
	unsigned int i;

	frame->types = (uint32_t)pack->used;
	frame->nr_types = types->nr;
	for (i = 0; i < types->nr; i++) {
		const struct evring_type *type = types->types[i];
		const struct evring_frame_type head = { .id = type->id, .len = type->block_len };

		memcpy(pack_value(pack) + pack->used, &head, sizeof(head));
		memcpy(pack_value(pack) + pack->used + sizeof(head), type->block, type->block_len);
		pack->used += type_bytes(type);
	}
}

static void frame_end(const struct source *src, struct pack *pack)
{
	const struct evring_host *host = &src->host;
	struct evring *ev = src->ev;
	struct evring_frame *frame = (struct evring_frame *)pack_value(pack);

	*frame = (struct evring_frame){
		.magic = EVRING_FRAME_MAGIC,
		.version = EVRING_FRAME_VERSION,
		.size = sizeof(*frame),
		.records_end = (uint32_t)pack->used,
		.events = pack->events,
		.seq_bits = evring_meta(ev)->seq_bits,
	};
	memcpy(frame->machine_id, host->machine_id, sizeof(frame->machine_id));
	memcpy(frame->boot_id, host->boot_id, sizeof(frame->boot_id));
	frame->clock = frame_of(pack)->clock;
	frame_put_lanes(pack, ev, frame);
	frame_put_types(pack, frame);
	frame->len = (uint32_t)pack->used;
}

static void frame_release(struct pack *pack)
{
	types_empty(&frame_of(pack)->types);
	free(frame_of(pack)->types.types);
}

/*
 * Read back
 */

/* The reader knows it of a lost record. */
static uint64_t event_covers(const struct evring_event *event)
{
	const struct evring_field *count;
	uint64_t covers;

	if (event->rec->type != TYPE_MISSED || !event->type)
		return event->next_seq - event->seq;
	count = evring_field(event->type, "count");
	return count && !evring_get_number(event, count, &covers) ? covers : 1;
}

static void event_identity(const struct evring_frame_reader *reader,
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
	who->covers = event_covers(event);
	who->timestamp = (int64_t)(evring_frame_realtime(reader, event->rec) / 1000000);
}

static bool frame_identity(const void *value, size_t len, struct identity *who)
{
	struct evring_frame_reader reader;
	struct evring_event event;
	bool known;

	if (evring_frame_open(&reader, value, len))
		return false;
	known = evring_frame_next(&reader, &event) > 0;
	if (known)
		event_identity(&reader, &event, who);
	evring_frame_close(&reader);
	return known;
}

/* What the records of a part refer to */
struct part {
	uint64_t lanes;		/* a bit each */
	bool *types;		/* the reader's */
};

static bool part_note(const struct evring_frame_reader *reader, struct part *part,
		      const struct evring_event *event)
{
	uint32_t i = 0;

	if (event->lane >= 64)
		return false;
	part->lanes |= 1ull << event->lane;
	while (event->type && reader->types[i] != event->type)
		i++;
	if (event->type)
		part->types[i] = true;
	return true;
}

/* The next @nr events. Returns where they end; 0: the value is no good frame. */
static size_t part_records(struct evring_frame_reader *reader, struct part *part, uint32_t nr,
			   char *to)
{
	struct evring_frame_run *run = NULL;
	size_t used = reader->frame.size;
	struct evring_event event;
	uint32_t i;

	for (i = 0; i < nr; i++) {
		if (evring_frame_next(reader, &event) <= 0 || !part_note(reader, part, &event))
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
	return used;
}

static size_t part_lanes(const struct evring_frame_reader *reader, const struct part *part,
			 struct evring_frame *frame, char *to, size_t used)
{
	const struct evring_table *from = &reader->frame.lanes;
	struct evring_frame_lane entry;
	unsigned int i;

	frame->lanes = (struct evring_table){ .offset = (uint32_t)used, .stride = sizeof(entry) };
	for (i = 0; evring_table_get(reader->buf, reader->frame.len, from, i, &entry, sizeof(entry));
	     i++) {
		if (entry.lane >= 64 || !(part->lanes & 1ull << entry.lane))
			continue;
		memcpy(to + used, &entry, sizeof(entry));
		used += sizeof(entry);
		frame->lanes.count++;
	}
	return used;
}

static size_t part_types(const struct evring_frame_reader *reader, const struct part *part,
			 struct evring_frame *frame, char *to, size_t used)
{
	const char *from = reader->buf + reader->frame.types;
	struct evring_frame_type head;
	uint32_t i;

	frame->types = (uint32_t)used;
	frame->nr_types = 0;
	for (i = 0; i < reader->frame.nr_types; i++, from += sizeof(head) + head.len) {
		memcpy(&head, from, sizeof(head));
		if (!part->types[i])
			continue;
		memcpy(to + used, from, sizeof(head) + head.len);
		used += sizeof(head) + head.len;
		frame->nr_types++;
	}
	return used;
}

/*
 * Write a frame of the next @nr events, with their own lanes and types: those of the others may
 * weigh more than the event that is left in the end. Returns its length; 0: the value is no good
 * frame.
 */
static size_t cut_frame(struct evring_frame_reader *reader, uint32_t nr, char *to)
{
	struct part part = { .types = xzalloc(reader->frame.nr_types + 1) };
	struct evring_frame frame = reader->frame;
	size_t used;

	memcpy(to, reader->buf, frame.size);
	used = part_records(reader, &part, nr, to);
	if (used) {
		frame.records_end = (uint32_t)used;
		used = part_lanes(reader, &part, &frame, to, used);
		used = part_types(reader, &part, &frame, to, used);
		frame.len = (uint32_t)used;
		frame.events = nr;
		memcpy(to, &frame, sizeof(frame));
	}
	free(part.types);
	return used;
}

/* Of a half. In a frame that is not ours the lanes may lie within the records. */
static size_t cut_room(const struct evring_frame *frame)
{
	return ALIGN8(frame->len) + frame->lanes.count * sizeof(struct evring_frame_lane);
}

static bool frame_cut(const void *value, size_t len, struct cut *cut)
{
	struct evring_frame_reader reader;
	size_t first, second = 0, half_room;
	uint32_t half;
	char *room;

	if (evring_frame_open(&reader, value, len))
		return false;
	half = reader.frame.events / 2;
	if (!half) {
		evring_frame_close(&reader);
		return false;
	}
	half_room = cut_room(&reader.frame);
	room = xalloc(2 * half_room);
	first = cut_frame(&reader, half, room);
	if (first)
		second = cut_frame(&reader, reader.frame.events - half, room + half_room);
	evring_frame_close(&reader);
	if (!second) {
		free(room);
		return false;
	}
	*cut = (struct cut){
		.values = { room, room + half_room }, .lens = { first, second },
		.events = { half, reader.frame.events - half }, .room = room,
	};
	return true;
}

const struct converter converter_raw = {
	.frame = "raw/1",
	.content_type = "application/octet-stream",
	.longest = RECORD_LONGEST,
	.bound = raw_bound,
	.bound_ever = raw_bound,
	.encode = raw_encode,
	.in_ring = true,
	.state = sizeof(struct frame),
	.need = frame_need,
	.begin = frame_begin,
	.put = frame_put,
	.end = frame_end,
	.release = frame_release,
	.identity = frame_identity,
	.cut = frame_cut,
};
