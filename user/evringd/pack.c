/* SPDX-License-Identifier: MIT */
/*
 * Packs: events of one topic and key in one message, in the order in which they
 * came. What a message costs is shared by hundreds of events then. Values are
 * lines of JSON, or frames of records (evring_frame.h).
 *
 * A pack's value is the room of its first delivery, and is written where
 * librdkafka sends it from. A pack is closed when the next event does not fit,
 * and when there is nothing more to read: it never waits.
 */
#include "declare.h"
#include "evringd.h"

#include <errno.h>
#include <evring_frame.h>
#include <stdlib.h>
#include <string.h>

/* More keys at a time than this, and the oldest pack goes as it is. */
#define OPEN_MAX 64

#define ALIGN8(n) (((n) + 7) & ~(size_t)7)

/* What the types of a frame's records are, by first use */
struct frame_types {
	const struct evring_type **types;
	unsigned int nr, room;
	size_t bytes;				/* that they take in the frame */
};

struct pack {
	struct message msg;
	size_t used, room;
	uint32_t events;
	struct evring_line clock;		/* of a frame */
	struct evring_frame_run *run;		/* the last one of a frame */
	struct frame_types types;
	uint64_t lanes;				/* a bit each, of its runs */
};

struct packs {
	struct encoder *enc;
	struct pack *open[OPEN_MAX];		/* the oldest first */
	unsigned int nr_open;
	struct pack *spare;
	char *line;				/* an event as JSON */
	size_t line_room;
};

struct packs *packs_new(struct encoder *enc)
{
	struct packs *packs = xgrow(NULL, 0, 1, sizeof(*packs));

	packs->enc = enc;
	return packs;
}

static void pack_free(struct pack *pack)
{
	if (pack)
		free(pack->types.types);
	free(pack);
}

void packs_free(struct packs *packs)
{
	while (packs->nr_open)
		pack_free(packs->open[--packs->nr_open]);
	pack_free(packs->spare);
	free(packs->line);
	free(packs);
}

static char *value_of(struct pack *pack)
{
	return pack->msg.delivery->value;
}

/*
 * Frames of records
 */

static void frame_begin(struct packs *packs, struct pack *pack, const struct evring_event *event)
{
	evring_clock(packs->enc->src->ev, event->rec->time, &pack->clock);
	pack->used = sizeof(struct evring_frame);
	pack->run = NULL;
	pack->types.nr = 0;
	pack->types.bytes = 0;
	pack->lanes = 0;
}

/* A frame has one clock: what another line of it holds for goes into another frame. */
static bool frame_has_clock(const struct packs *packs, const struct pack *pack,
			    const struct evring_event *event)
{
	struct evring_line clock;

	evring_clock(packs->enc->src->ev, event->rec->time, &clock);
	return clock.base == pack->clock.base;
}

/*
 * A frame has one type of each id. An id has two types once a module is back with
 * more fields, or another type has it: then the next event goes into another frame.
 */
static bool frame_has_other_type(const struct pack *pack, const struct evring_type *type)
{
	unsigned int i;

	for (i = 0; type && i < pack->types.nr; i++)
		if (pack->types.types[i] != type && pack->types.types[i]->id == type->id)
			return true;
	return false;
}

/* Of a type that is not known there is nothing to tell. */
static bool frame_has_type(const struct pack *pack, const struct evring_type *type)
{
	unsigned int i;

	for (i = pack->types.nr; i-- > 0;)
		if (pack->types.types[i] == type)
			return true;
	return !type;
}

static size_t type_bytes(const struct evring_type *type)
{
	return type ? sizeof(struct evring_frame_type) + type->block_len : 0;
}

static void frame_add_type(struct pack *pack, const struct evring_type *type)
{
	struct frame_types *types = &pack->types;

	if (types->nr == types->room) {
		types->types = xgrow(types->types, types->room, types->room + 16,
				     sizeof(*types->types));
		types->room += 16;
	}
	types->types[types->nr++] = type;
	types->bytes += type_bytes(type);
}

static bool run_goes_on(const struct pack *pack, const struct evring_event *event)
{
	return pack->run && pack->run->lane == event->lane && pack->run->cpu == event->cpu;
}

/* What the lanes of a frame take, this event's included */
static size_t lanes_bytes(const struct pack *pack, const struct evring_event *event)
{
	uint64_t lanes = (pack ? pack->lanes : 0) | 1ull << event->lane;

	return (size_t)__builtin_popcountll(lanes) * sizeof(struct evring_frame_lane);
}

/* What this event needs at most, the lanes and types at the end included */
static size_t frame_need(const struct pack *pack, const struct evring_event *event)
{
	size_t types = pack ? pack->types.bytes : 0;

	if (!pack || !frame_has_type(pack, event->type))
		types += type_bytes(event->type);
	return ALIGN8(event->rec->len) + types + lanes_bytes(pack, event) +
	       (pack && run_goes_on(pack, event) ? 0 : sizeof(struct evring_frame_run)) +
	       (pack ? 0 : sizeof(struct evring_frame));
}

static void frame_put(struct pack *pack, const struct evring_event *event)
{
	size_t len = ALIGN8(event->rec->len);
	char *value = value_of(pack);

	if (!frame_has_type(pack, event->type))
		frame_add_type(pack, event->type);
	pack->lanes |= 1ull << event->lane;
	if (!run_goes_on(pack, event)) {
		pack->run = (struct evring_frame_run *)(value + pack->used);
		*pack->run = (struct evring_frame_run){
			.seq = event->seq, .lane = event->lane, .cpu = event->cpu,
		};
		pack->used += sizeof(*pack->run);
	}
	memcpy(value + pack->used, event->rec, len);
	pack->used += len;
	pack->run->len += (uint32_t)len;
}

static void frame_put_lanes(struct pack *pack, struct evring *ev, struct evring_frame *frame)
{
	struct evring_frame_lane *entry;
	unsigned int lane;

	frame->lanes = (struct evring_table){
		.offset = (uint32_t)pack->used, .stride = sizeof(*entry),
	};
	for (lane = 0; lane < evring_lanes(ev); lane++) {
		if (!(pack->lanes & 1ull << lane))
			continue;
		entry = (struct evring_frame_lane *)(value_of(pack) + pack->used);
		*entry = (struct evring_frame_lane){ .lane = lane };
		strncpy(entry->name, evring_lane_name(ev, lane), sizeof(entry->name) - 1);
		pack->used += sizeof(*entry);
		frame->lanes.count++;
	}
}

static void frame_put_types(struct pack *pack, struct evring_frame *frame)
{
	unsigned int i;

	frame->types = (uint32_t)pack->used;
	frame->nr_types = pack->types.nr;
	for (i = 0; i < pack->types.nr; i++) {
		const struct evring_type *type = pack->types.types[i];
		const struct evring_frame_type head = { .id = type->id, .len = type->block_len };

		memcpy(value_of(pack) + pack->used, &head, sizeof(head));
		memcpy(value_of(pack) + pack->used + sizeof(head), type->block, type->block_len);
		pack->used += type_bytes(type);
	}
}

static void frame_end(struct packs *packs, struct pack *pack)
{
	const struct evring_host *host = &packs->enc->src->host;
	struct evring *ev = packs->enc->src->ev;
	struct evring_frame *frame = (struct evring_frame *)value_of(pack);

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
	frame->clock = pack->clock;
	frame_put_lanes(pack, ev, frame);
	frame_put_types(pack, frame);
	frame->len = (uint32_t)pack->used;
}

/*
 * Lines of JSON
 */

/* The event as a line; its length, or -errno. */
static ssize_t line_make(struct packs *packs, const struct evring_event *event)
{
	size_t room = evring_json_max(event) + 1;
	const struct source *src = packs->enc->src;
	ssize_t len;
	int tries;

	for (tries = 0; tries < 2; tries++) {
		if (room > packs->line_room) {
			free(packs->line);
			packs->line = xalloc(room);
			packs->line_room = room;
		}
		len = evring_json(src->ev, &src->host, event, packs->line, packs->line_room - 1);
		if (len != -ENOSPC)
			break;
		/* Texts that overlap: no hook writes such, another module may. */
		room = evring_json_max_ever(event) + 1;
	}
	if (len < 0)
		return len;
	packs->line[len] = '\n';
	return len + 1;
}

static void line_put(struct pack *pack, const char *line, size_t len)
{
	memcpy(value_of(pack) + pack->used, line, len);
	pack->used += len;
}

/*
 * Packs
 */

static bool is_raw(const struct packs *packs)
{
	return packs->enc->cfg->format == VALUE_RAW;
}

static unsigned int find(const struct packs *packs, const struct message *msg)
{
	unsigned int i;

	for (i = 0; i < packs->nr_open; i++) {
		const struct message *m = &packs->open[i]->msg;

		if (m->route->topic == msg->route->topic && m->key_len == msg->key_len &&
		    !memcmp(m->key, msg->key, msg->key_len))
			break;
	}
	return i;
}

static void close_at(struct packs *packs, struct deliveries *ds, unsigned int at,
		     struct message *msg)
{
	struct pack *pack = packs->open[at];

	packs->nr_open--;
	memmove(&packs->open[at], &packs->open[at + 1],
		(packs->nr_open - at) * sizeof(packs->open[0]));
	if (is_raw(packs))
		frame_end(packs, pack);
	delivery_shrink(ds, pack->msg.delivery, pack->room, pack->used);
	message_copy(msg, &pack->msg);
	msg->value = value_of(pack);
	msg->value_len = pack->used;
	pack_free(packs->spare);
	packs->spare = pack;
}

static struct pack *open_new(struct packs *packs, struct deliveries *ds,
			     const struct evring_event *event, const struct message *msg,
			     size_t need)
{
	size_t room = packs->enc->cfg->pack_bytes;
	struct pack *pack = packs->spare ? packs->spare : xgrow(NULL, 0, 1, sizeof(*pack));

	packs->spare = NULL;
	packs->open[packs->nr_open++] = pack;
	pack->room = need > room ? need : room;
	pack->used = 0;
	pack->events = 0;
	message_copy(&pack->msg, msg);
	encode_envelope(packs->enc, event, &pack->msg);
	pack->msg.frame = is_raw(packs) ? "raw/1" : "jsonl/1";
	pack->msg.delivery = delivery_begin(ds, pack->room);
	delivery_push(ds, pack->msg.delivery, event, pack->room, 0);
	if (is_raw(packs))
		frame_begin(packs, pack, event);
	return pack;
}

bool pack_add(struct packs *packs, struct deliveries *ds, const struct evring_event *event,
	      struct message *msg, int *error)
{
	ssize_t line = is_raw(packs) ? 0 : line_make(packs, event);
	struct message closed;
	struct pack *pack;
	bool full = false;
	unsigned int at;
	size_t need;

	*error = line < 0 ? (int)line : 0;
	encode_key(packs->enc, event, msg);
	if (*error) {
		msg->delivery = delivery_begin(ds, 0);
		delivery_push(ds, msg->delivery, event, 0, 0);
		return false;
	}
	at = find(packs, msg);
	pack = at < packs->nr_open ? packs->open[at] : NULL;
	need = is_raw(packs) ? frame_need(pack, event) : (size_t)line;
	if (pack && (need > pack->room - pack->used ||
		     (is_raw(packs) && (!frame_has_clock(packs, pack, event) ||
					frame_has_other_type(pack, event->type))))) {
		full = true;
		need = is_raw(packs) ? frame_need(NULL, event) : need;
	} else if (!pack && packs->nr_open == OPEN_MAX) {
		full = true;
		at = 0;
	}
	if (full) {
		close_at(packs, ds, at, &closed);
		pack = NULL;
	}
	if (pack)
		delivery_join(ds, pack->msg.delivery, event);
	else
		pack = open_new(packs, ds, event, msg, need);
	if (is_raw(packs))
		frame_put(pack, event);
	else
		line_put(pack, packs->line, (size_t)line);
	pack->events++;
	if (full)
		message_copy(msg, &closed);
	return full;
}

bool pack_close(struct packs *packs, struct deliveries *ds, struct message *msg)
{
	if (!packs->nr_open)
		return false;
	close_at(packs, ds, 0, msg);
	return true;
}
