/* SPDX-License-Identifier: MIT */
/*
 * A type's id is used again, or its type has come back with more fields: an event is
 * sent by the type that it had, not by the one that has its id before or after.
 */
#include "../harness/block.h"
#include "../harness/defaults.h"
#include "../harness/tap.h"
#include "evringd.h"
#include "internal.h"
#include "sending.h"

#include <evring_frame.h>
#include <stdlib.h>
#include <string.h>

#define ID	40u

static const struct evring_meta meta = { .size = sizeof(meta), .seq_bits = 48 };
static struct lane lanes[LANES] = { { .name = "critical" }, { .name = "bulk" }, { .name = "app" } };

/* A record with one number */
struct record {
	struct evring_rec rec;
	uint64_t number;
};

static struct evring ev = {
	.live = &meta, .clock.now = { .mult = 1u << 20, .shift = 20 },
	.lanes_known = lanes, .nr_lanes = LANES,
};
static struct source src = { .ev = &ev };
static struct sender sender;
static struct encoder enc;
static struct deliveries *ds;
static struct config *cfg;
static struct evring_type *old, *longer, *other;

static struct evring_type *type(const char *name, unsigned int fields, uint32_t generation)
{
	struct evring_type *type;
	struct block b;

	block_begin(&b, name, 8);
	block_field(&b, "number", EVRING_KIND_U64, EVRING_FORMAT_NONE, 0, 8);
	if (fields == 2)
		block_field(&b, "low", EVRING_KIND_U32, EVRING_FORMAT_NONE, 0, 4);
	if (evring_type_parse(&type, &b, sizeof(b)))
		abort();
	type->id = ID;
	type->generation = generation;
	return type;
}

static void begin(const char *topic, const char *settings)
{
	struct problems problems = { .file = "test" };
	char text[512];

	snprintf(text, sizeof(text), "{\"name\": \"t\", \"config\": {%s \"topic\": \"%s\", "
		 "\"kafka.bootstrap.servers\": \"127.0.0.1:1\"}}", settings, topic);
	cfg = config_parse(text, strlen(text), &problems);
	if (!cfg)
		abort();
	src.cfg = cfg;
	sender = (struct sender){ .cfg = cfg };
	enc = (struct encoder){ .cfg = cfg };
	encoder_open(&enc, cfg, &src, &sender);
	ds = deliveries_new(0, 0);
}

static void end(void)
{
	struct topic *topic;

	encoder_close(&enc);
	while ((topic = sender.topics)) {
		sender.topics = topic->next;
		free(topic);
	}
	deliveries_free(ds);
	config_free(cfg);
}

static struct evring_event event(struct record *record, const struct evring_type *of, uint64_t seq)
{
	*record = (struct record){
		.rec = { .len = sizeof(*record), .type = ID, .seq = seq, .time = 5 },
		.number = 100 + seq,
	};
	return (struct evring_event){
		.rec = &record->rec, .payload = &record->number, .payload_len = 8, .lane = LANE_BULK,
		.type = of, .seq = seq, .next_seq = seq + 1, .pos = 64 * seq, .next = 64 * seq + 64,
	};
}

static bool routed(const struct evring_type *of, const char *topic, const char *header)
{
	struct record record;
	struct evring_event e = event(&record, of, 1);
	struct message msg;

	encode_key(&enc, &e, &msg);
	return !strcmp(msg.route->topic->name, topic) && !strcmp(msg.route->type, header);
}

static void routes(void)
{
	begin("t.${type}", "");
	ok(routed(old, "t.one.event", "one.event/3"), "an event has its type's topic and header");
	ok(routed(longer, "t.one.event", "one.event/3"), "so has one of the same type, grown");
	ok(routed(other, "t.other.event", "other.event/3"),
	   "one of another type under its id has that one's");
	end();
}

/* Is the frame one event, of this type? */
static bool frame_is(const struct message *msg, const struct evring_type *of, uint64_t number)
{
	const char *last = of->fields[of->nr_fields - 1].name;
	struct evring_frame_reader reader;
	struct evring_event e;
	uint64_t is = 0;
	bool good;

	if (evring_frame_open(&reader, msg->value, msg->value_len))
		return false;
	good = evring_frame_next(&reader, &e) == 1 && e.type && !strcmp(e.type->name, of->name) &&
	       evring_field(e.type, last) && e.type->nr_fields == of->nr_fields &&
	       !evring_get_number(&e, evring_field(e.type, last), &is) && is == number &&
	       evring_frame_next(&reader, &e) == 0;
	evring_frame_close(&reader);
	return good;
}

/* @second has been there so much later. */
static bool framed_apart(const struct evring_type *first, const struct evring_type *second,
			 uint64_t later)
{
	struct record records[2];
	struct evring_event e[2] = { event(&records[0], first, 0), event(&records[1], second, 1) };
	struct packs *packs = packs_new(&enc);
	struct message msg;
	int error;
	bool good;

	records[1].rec.time += later;
	good = !pack_add(packs, ds, &e[0], &msg, &error) && !error &&
	       pack_add(packs, ds, &e[1], &msg, &error) && !error && frame_is(&msg, first, 100) &&
	       pack_close(packs, ds, &msg) && frame_is(&msg, second, 101);
	packs_free(packs);
	return good;
}

static void frames(void)
{
	static const char raw[] = "\"value.format\": \"raw\", \"pack.bytes\": \"60000\",";

	begin("all", raw);
	ok(framed_apart(old, longer, 0), "a frame says of an id one thing: not before and after it grew");
	end();
	begin("all", raw);
	ok(framed_apart(old, other, 0), "nor before and after it was another type's");
	end();
	begin("all", raw);
	ok(framed_apart(old, old, PACK_SPAN_NS + 1), "events of two times are in two messages");
	end();
	begin("all", raw);
	ok(!framed_apart(old, old, PACK_SPAN_NS), "... if one is so old that its message's time "
	   "does not find the other");
	end();
}

int main(void)
{
	memset(src.host.machine_id, 'a', 32);
	memset(src.host.boot_id, 'b', 32);
	old = type("one.event", 1, 0);
	longer = type("one.event", 2, 0);
	other = type("other.event", 1, 1);
	routes();
	frames();
	evring_type_free(old);
	evring_type_free(longer);
	evring_type_free(other);
	return tap_end();
}
