/* SPDX-License-Identifier: MIT */
/* See declare.h. */
#include "declare.h"

#include "cloudevent.h"
#include "config.h"
#include "converter.h"
#include "delivery.h"
#include "encode.h"
#include "memory.h"
#include "outgoing.h"
#include "sender.h"
#include "split.h"
#include "text.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Payload of TYPE_MISSED, and start of TYPE_REJECTED's */
struct range {
	uint64_t first_seq;
	uint64_t last_seq;
	uint64_t count;
};

struct rejected {
	struct range range;
	int32_t code;
	struct evring_str event_type;
	struct evring_str topic;
	struct evring_str reason;
	struct evring_str dead_letter;
};

#define FIELD(str, field_kind, type, member) \
	{ .name = str, .kind = EVRING_KIND_##field_kind, .offset = offsetof(type, member), \
	  .size = sizeof(((type *)0)->member) }

static const struct evring_field rejected_fields[] = {
	FIELD("first_seq", U64, struct rejected, range.first_seq),
	FIELD("last_seq", U64, struct rejected, range.last_seq),
	FIELD("count", U64, struct rejected, range.count),
	FIELD("code", S32, struct rejected, code),
	FIELD("event_type", TEXT, struct rejected, event_type),
	FIELD("topic", TEXT, struct rejected, topic),
	FIELD("reason", TEXT, struct rejected, reason),
	FIELD("dead_letter", TEXT, struct rejected, dead_letter),
};

static const struct evring_type likes[] = {
	{ .id = TYPE_REJECTED, .version = 1, .size = sizeof(struct rejected),
	  .nr_fields = sizeof(rejected_fields) / sizeof(rejected_fields[0]),
	  .fields = rejected_fields, .name = "evring.rejected" },
	{ .id = TYPE_MISSED, .version = 1, .size = sizeof(struct range), .nr_fields = 3,
	  .fields = rejected_fields, .name = "evring.missed" },
};

#define NR_TYPES (sizeof(likes) / sizeof(likes[0]))

const struct evring_type *declared_type(unsigned int id)
{
	static struct evring_type *types[NR_TYPES];
	unsigned int i = id - TYPE_REJECTED;

	if (i >= NR_TYPES)
		return NULL;
	if (!types[i] && evring_type_build(&types[i], &likes[i]))
		must(NULL);
	return types[i];
}

/* A record's time stamp for this moment, by the inverse of the clock's line */
static uint64_t raw_now(const struct evring *ev)
{
	struct evring_line clock;
	struct timespec now;
	int64_t ns;

	/* The newest line holds for all time stamps since its begin. */
	evring_clock(ev, INT64_MAX, &clock);
	clock_gettime(CLOCK_BOOTTIME, &now);
	ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - (int64_t)clock.boot_ns;
	return clock.mult ? clock.base + (uint64_t)(((__int128)ns << clock.shift) / clock.mult) :
			    clock.base;
}

_Static_assert(offsetof(struct declaration, payload) ==
	       offsetof(struct declaration, rec) + sizeof(struct evring_rec), "one record");

static void finish(struct declaration *d, unsigned int id, uint64_t seq, size_t payload_len)
{
	d->rec.len = (uint32_t)(sizeof(d->rec) + payload_len);
	d->rec.type = (uint16_t)id;
	d->rec.seq = seq;
	d->event.seq = seq;
	d->event.rec = &d->rec;
	d->event.payload = d->payload;
	d->event.payload_len = (uint32_t)payload_len;
	d->event.type = declared_type(id);
}

void declare_missed(struct declaration *d, const struct evring_event *event)
{
	const struct range range = {
		.first_seq = event->seq - event->missed,
		.last_seq = event->seq - 1,
		.count = event->missed,
	};

	memset(d, 0, sizeof(*d));
	d->event.lane = event->lane;
	d->event.cpu = event->cpu;
	d->event.ring = event->ring;
	/* Committed, it leads to the event that it stands in front of. */
	d->event.pos = event->pos;
	d->event.next = event->pos;
	d->event.next_seq = event->seq;
	d->event.missed = event->missed;
	d->rec.time = event->rec->time;
	memcpy(d->payload, &range, sizeof(range));
	finish(d, TYPE_MISSED, range.first_seq, sizeof(range));
}

/*
 * Rejected
 */

/* Which event was refused, as its pack, its headers or its delivery tell. */
static void identify(const struct config *cfg, const struct outgoing *out, struct identity *who)
{
	const char *slash;

	*who = (struct identity){ .seq = delivery_first(out->delivery), .covers = 1 };
	if (out->value && pack_identity(cfg, out, who))
		return;
	message_identity(out->headers, who->id, sizeof(who->id), who->type, sizeof(who->type));
	slash = strrchr(who->id, '/');
	if (slash)
		who->seq = strtoull(slash + 1, NULL, 10);
}

void refusal_identity(struct encoder *enc, struct deliveries *ds, const struct refusal *refusal,
		      struct identity *who)
{
	struct evring_event event = { 0 };

	identify(enc->cfg, refusal->out, who);
	if (refusal->event && refusal->event->type)
		snprintf(who->type, sizeof(who->type), "%s/%u", refusal->event->type->name,
			 refusal->event->type->version);
	if (refusal->event)
		who->seq = refusal->event->seq;
	if (*who->id)
		return;
	delivery_place(ds, refusal->delivery, &event.lane, &event.cpu);
	event.seq = who->seq;
	who->id[encode_id(enc, &event, who->id)] = '\0';
}

static struct evring_str put(struct declaration *d, size_t *used, const char *text)
{
	size_t len = strlen(text), room = sizeof(d->payload) - *used;
	struct evring_str str = { .offset = (uint16_t)*used };

	str.len = (uint16_t)whole_characters(text, len, room);
	memcpy(d->payload + *used, text, str.len);
	*used += str.len;
	return str;
}

static void fill(struct declaration *d, const struct refusal *refusal, const struct identity *who)
{
	const struct delivery *delivery = refusal->delivery;
	/* A half of a pack is one event of the delivery's: its value knows what it covers. */
	uint64_t last = delivery->events == 1 && !delivery->with ? delivery->seq - 1 :
								   who->seq + who->covers - 1;
	struct rejected rejected = {
		.range = { .first_seq = who->seq, .last_seq = last },
		.code = refusal->code,
	};
	size_t used = sizeof(rejected);

	rejected.range.count = last - who->seq + 1;
	rejected.event_type = put(d, &used, who->type);
	rejected.topic = put(d, &used, refusal->name);
	rejected.reason = put(d, &used, refusal->why);
	rejected.dead_letter = put(d, &used, refusal->letters ? refusal->letters : "");
	memcpy(d->payload, &rejected, sizeof(rejected));
	finish(d, TYPE_REJECTED, who->seq, used);
}

/*
 * The converter of the connector's other messages. Frames without headers have lines
 * beside them, as a record alone does not identify its host.
 */
static const struct converter *converter_for(const struct config *cfg)
{
	return cfg->pack_bytes && cfg->headers == HEADERS_NONE && cfg->format != VALUE_JSON ?
	       &converter_json : converter_of(cfg);
}

/*
 * The declaration's texts do not overlap, so the first bound is enough. False: the schema
 * registry has not told the id of its schema, as it was not asked before now.
 */
static bool enqueue(struct encoder *enc, struct deliveries *ds, const struct declaration *d,
		    struct message *msg, struct outgoing *out)
{
	const struct converter *converter = converter_for(enc->cfg);
	bool line = enc->cfg->pack_bytes && (converter == &converter_json ||
					     enc->cfg->format == VALUE_JSON);
	size_t room = converter->bound(&d->event) +
		      schemas_head_len(enc->src->schemas, &d->event);
	char *value = xalloc(room + 1);
	ssize_t len = converter->encode(enc->src, &d->event, value, room);
	struct outgoing *sent;

	if (len < 0) {
		free(value);
		if (!enc->broken)
			enc->broken = xstrdup("evring.rejected: its schema has no id yet");
		return false;
	}
	out->declaration = true;
	out->events = 1;
	out->suspect = false;
	out->value = value;
	out->len = (size_t)len;
	if (line)
		value[out->len++] = '\n';
	/* The key stays: the declaration comes where the event would have. */
	out->timestamp = enc->cfg->timestamp == TIMESTAMP_EVENT ? msg->timestamp : 0;
	msg->frame = line ? converter->frame : NULL;
	out->headers = message_headers(enc->cfg, msg);
	sent = outgoing_new(out, true);
	delivery_more(ds, sent->delivery, outgoing_bytes(sent));
	sender_enqueue(enc->sender, msg->route->topic, sent);
	free(value);
	return true;
}

bool declare_rejected(struct encoder *enc, struct deliveries *ds, const struct refusal *refusal)
{
	struct outgoing out = *refusal->out;
	struct declaration d = { 0 };
	struct identity who;
	struct message msg;

	refusal_identity(enc, ds, refusal, &who);
	delivery_place(ds, refusal->delivery, &d.event.lane, &d.event.cpu);
	d.event.ring = refusal->delivery->ring;
	d.rec.time = raw_now(enc->src->ev);
	fill(&d, refusal, &who);
	/* It is never left out, nor changed: transforms may send it elsewhere. */
	if (!encoder_transform(enc, &d.event) || !encode_key(enc, &d.event, &msg)) {
		if (!enc->broken)
			enc->broken = xprintf("evring.rejected: %s", enc->unfit);
		return false;
	}
	encode_envelope(enc, &d.event, &msg);
	return enqueue(enc, ds, &d, &msg, &out);
}
