/* SPDX-License-Identifier: MIT */
/*
 * Topics that are of no use any more are forgotten: applications choose the names of types,
 * which topics can be named after, and may register others again and again; and events' times can
 * be in them.
 */
#include "../harness/block.h"
#include "../harness/defaults.h"
#include "../harness/tap.h"
#include "evringd.h"
#include "internal.h"
#include "sending.h"

#include <stdlib.h>
#include <string.h>

#define ID	40u		/* of one type after the other; the next id has one that stays */

static const struct evring_meta meta = { .size = sizeof(meta), .seq_bits = 48 };
static struct lane lanes[LANES] = { { .name = "critical" }, { .name = "bulk" }, { .name = "app" } };
static struct evring ev = {
	.live = &meta, .clock.now = { .mult = 1u << 20, .shift = 20 },
	.lanes_known = lanes, .nr_lanes = LANES,
};
static struct source src = { .ev = &ev };
static struct config *cfg;

/*
 * A producer that has no room for any message
 */

static struct producer producer;
static unsigned int opened, closed;

static struct producer *fake_open(const struct config *of, size_t batch_bytes, int fd, char *why,
				  size_t len)
{
	(void)of; (void)batch_bytes; (void)fd; (void)why; (void)len;
	opened++;
	return &producer;
}

static void fake_close(struct producer *of)
{
	(void)of;
	closed++;
}

static void fake_release(struct topic_handle *handle)
{
	*handle = (struct topic_handle){ 0 };
}

static rd_kafka_resp_err_t fake_produce(struct producer *of, struct topic_handle *handle,
					const char *topic, const struct outgoing *out)
{
	(void)of; (void)handle; (void)topic; (void)out;
	return RD_KAFKA_RESP_ERR__QUEUE_FULL;
}

static void fake_poll(struct producer *of, const struct producer_calls *calls)
{
	(void)of; (void)calls;
}

static uint64_t fake_flying(const struct producer *of)
{
	(void)of;
	return 0;
}

static size_t fake_message_max(const struct producer *of)
{
	(void)of;
	return 1000000;
}

static bool fake_failed(const struct producer *of, char *why, size_t len)
{
	(void)of; (void)why; (void)len;
	return false;
}

static void fake_purge(struct producer *of, bool inflight)
{
	(void)of; (void)inflight;
}

static bool fake_make_topic(struct producer *of, struct topic_handle *handle, const char *topic,
			    const struct plan *plan, char *why, size_t len)
{
	(void)of; (void)handle; (void)topic; (void)plan; (void)why; (void)len;
	return true;
}

static const struct producer_ops fake = {
	.open = fake_open, .close = fake_close, .release = fake_release, .produce = fake_produce,
	.poll = fake_poll, .flying = fake_flying, .message_max = fake_message_max,
	.failed = fake_failed, .purge = fake_purge, .make_topic = fake_make_topic,
};

/*
 * Types that come and go
 */

static struct evring_type *type(const char *name, uint32_t id, uint32_t generation)
{
	struct evring_type *type;
	struct block b;

	block_begin(&b, name, 8);
	block_field(&b, "number", EVRING_KIND_U64, EVRING_FORMAT_NONE, 0, 8);
	if (evring_type_parse(&type, &b, sizeof(b)))
		abort();
	type->id = id;
	type->generation = generation;
	return type;
}

/* Where an event of it goes to */
static struct topic *topic_of(struct encoder *enc, const struct evring_type *of)
{
	const uint64_t number = 1;
	const struct evring_rec rec = { .len = sizeof(rec) + 8, .type = (uint16_t)of->id };
	const struct evring_event event = {
		.rec = &rec, .payload = &number, .payload_len = 8, .lane = LANE_BULK, .type = of,
	};
	struct message msg;

	if (!encode_key(enc, &event, &msg))
		abort();
	return msg.route->topic;
}

static unsigned int topics_of(const struct sender *s, const char *name, bool *found)
{
	unsigned int nr = 0;

	for (const struct topic *topic = s->topics; topic; topic = topic->next, nr++)
		*found = *found || !strcmp(topic->name, name);
	return nr;
}

static void topics_without_types_are_forgotten(void)
{
	const struct sender_calls calls = { .arg = NULL };
	struct sender *s = sender_open(cfg, &fake, &calls);
	struct evring_type *stays = type("stays.event", ID + 1, 0), *old = NULL;
	unsigned int most = 0, nr;
	struct delivery *delivery;
	struct topic *kept, *waits;
	struct encoder enc = { .cfg = cfg };
	struct deliveries *ds = deliveries_new(0, 0);
	bool waits_still = false, dead = false;
	char name[40];

	encoder_open(&enc, cfg, &src, s);
	delivery = delivery_begin(ds, 0);
	kept = topic_of(&enc, stays);
	waits = sender_topic(s, "waits");
	sender_enqueue(s, waits, outgoing_new(&(struct outgoing){ .delivery = delivery, .value = "" },
					      true));
	for (uint32_t i = 0; i < 5 * TOPICS_IDLE_MAX; i++) {
		snprintf(name, sizeof(name), "app.number_%u", i);
		evring_type_free(old);
		old = type(name, ID, i);
		CHECK(!strncmp(topic_of(&enc, old)->name, "t.app.number_", 13));
		sender_turn(s, false);
		nr = topics_of(s, "waits", &waits_still);
		most = nr > most ? nr : most;
	}
	check(most <= TOPICS_IDLE_MAX + 5, "%u topics are known at a time", most);
	check(opened == closed + 1 && closed >= 4 && closed <= 5, "%u producers were replaced", closed);
	/* Those with a route, or with messages, or for dead letters are still the same. */
	CHECK(topic_of(&enc, stays) == kept && !strcmp(kept->name, "t.stays.event"));
	CHECK(waits_still && sender_topic(s, "waits") == waits && waits->first);
	topics_of(s, "dead", &dead);
	CHECK(dead);
	encoder_close(&enc);
	sender_close(s);
	deliveries_free(ds);
	evring_type_free(old);
	evring_type_free(stays);
}

/* Where an event of day @day goes to; NULL: nowhere. A pack holds it if @hold. */
static struct topic *topic_of_day(struct encoder *enc, const struct evring_type *of, uint64_t day,
				  struct route **hold)
{
	const uint64_t number = 1;
	const struct evring_rec rec = {
		.len = sizeof(rec) + 8, .type = (uint16_t)of->id, .time = day * 86400000000000,
	};
	const struct evring_event event = {
		.rec = &rec, .payload = &number, .payload_len = 8, .lane = LANE_BULK, .type = of,
	}, *made = encoder_transform(enc, &event);
	struct message msg;

	if (!made || !encode_key(enc, made, &msg))
		return NULL;
	if (hold)
		*hold = route_hold(msg.route);
	return msg.route->topic;
}

static void topics_of_the_past_are_forgotten(void)
{
	enum { MOST = 10000, MORE = 100 };
	const struct sender_calls calls = { .arg = NULL };
	struct sender *s = sender_open(cfg, &fake, &calls);
	struct evring_type *of = type("some.event", ID, 0);
	struct topic *held, *often, *old, *topic;
	struct encoder enc = { .cfg = cfg };
	unsigned int most = 0, nr = 0, away = 0;
	struct route *pack;

	encoder_open(&enc, cfg, &src, s);
	held = topic_of_day(&enc, of, 1, &pack);
	often = topic_of_day(&enc, of, 2, NULL);
	old = topic_of_day(&enc, of, 3, NULL);
	for (uint64_t day = 4; day < MOST + MORE; day++) {
		away += !topic_of_day(&enc, of, day, NULL);
		if (day % 1000 == 0)
			CHECK(topic_of_day(&enc, of, 2, NULL) == often);
		most = enc.nr_beside > most ? enc.nr_beside : most;
	}
	for (topic = s->topics; topic; topic = topic->next)
		nr += topic->users;
	check(!away, "%u events have no topic", away);
	check(most == MOST && nr == MOST + 1, "%u topics at a time, %u held", most, nr);
	CHECK(held->users == 1 && often->users == 1 && !old->users);
	route_free(pack);
	encoder_close(&enc);
	CHECK(!enc.nr_beside && !held->users);
	sender_close(s);
	evring_type_free(of);
}

#define CONFIG(more) "{\"name\": \"t\", \"config\": {\"topic\": \"t.${type}\", " more \
	"\"errors.tolerance\": \"all\", \"errors.deadletterqueue.topic.name\": \"dead\", " \
	"\"kafka.bootstrap.servers\": \"127.0.0.1:1\"}}"

static bool configure(const char *text)
{
	struct problems problems = { .file = "test" };

	config_free(cfg);
	cfg = config_parse(text, strlen(text), &problems);
	problems_print(&problems, stderr);
	src.cfg = cfg;
	return cfg && !problems.nr;
}

int main(void)
{
	if (!configure(CONFIG("")))
		return 1;
	test_case(topics_without_types_are_forgotten,
		  "topics of types that are gone are forgotten, and others are not");
	if (!configure(CONFIG("\"transforms\": \"d\", \"transforms.d.type\": \"TimestampRouter\", "
			      "\"transforms.d.timestamp.format\": \"yyyyMMdd\", ")))
		return 1;
	test_case(topics_of_the_past_are_forgotten,
		  "so is the topic that was used longest ago, once there are too many");
	config_free(cfg);
	return tap_end();
}
