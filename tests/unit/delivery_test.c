/* SPDX-License-Identifier: MIT */
/* What is committed is the acknowledged prefix of each ring, whatever the order of the acks. */
#include "evringd.h"

#include <stdlib.h>
#include <string.h>

#define RINGS 3
#define EVENTS 20000

static int tests, failures;

static void ok(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, name);
	failures += !good;
}

/* What one ring should have: the test's own, simpler account. */
struct model {
	bool acked[EVENTS];
	uint64_t pushed, prefix;
	uint64_t missed;		/* in the prefix, not committed yet */
	uint64_t committed;
	bool grown;
};

static struct model models[RINGS];

static uint64_t position(uint64_t seq)
{
	return seq * 64;
}

/* Every 7th event follows a gap of 3 that were missed. */
static uint64_t missed_before(uint64_t seq)
{
	return seq % 7 ? 0 : 3;
}

static struct delivery *push(struct deliveries *ds, uint32_t ring, size_t used)
{
	struct model *model = &models[ring];
	uint64_t seq = model->pushed++;
	const struct evring_event event = {
		.ring = ring, .lane = (uint16_t)(ring % 2), .cpu = ring,
		.next = position(seq + 1), .next_seq = seq + 1, .missed = missed_before(seq),
	};
	struct delivery *delivery = delivery_begin(ds, used + 500);

	memset(delivery->value, (int)(seq & 0xff), used + 500);
	delivery_push(ds, delivery, &event, used, 0);
	return delivery;
}

static void model_ack(uint32_t ring, uint64_t seq)
{
	struct model *model = &models[ring];

	model->acked[seq] = true;
	while (model->prefix < model->pushed && model->acked[model->prefix]) {
		model->missed += missed_before(model->prefix++);
		model->grown = true;
	}
}

static void ack(struct deliveries *ds, struct delivery *delivery)
{
	uint32_t ring = delivery->ring;
	uint64_t seq = delivery->seq - 1;

	delivery_ack(ds, delivery);
	model_ack(ring, seq);
}

/* Takes all and holds it against the models. */
static bool take_matches(struct deliveries *ds)
{
	struct evring_commit_entry entries[RINGS];
	uint64_t events, expected = 0;
	unsigned int nr, i;
	bool good = true;

	nr = deliveries_take(ds, entries, RINGS, &events);
	for (i = 0; i < nr; i++) {
		struct model *model = &models[entries[i].cpu];

		good = good && model->grown && entries[i].pos == position(model->prefix) &&
		       entries[i].seq == model->prefix && entries[i].missed == model->missed &&
		       entries[i].lane == entries[i].cpu % 2;
		expected += model->prefix - model->committed;
		model->committed = model->prefix;
		model->missed = 0;
		model->grown = false;
	}
	for (i = 0; i < RINGS; i++)
		good = good && !models[i].grown;
	return good && events == expected;
}

/* A window of deliveries in flight, from which a random one is acknowledged. */
static void random_order(unsigned int seed)
{
	struct deliveries *ds = deliveries_new(0, 0);
	static struct delivery *flying[1000];
	uint64_t pushed = 0, acked = 0;
	bool prefix = true, counts = true;
	size_t nr = 0, i;

	srand(seed);
	memset(models, 0, sizeof(models));
	while (acked < (uint64_t)RINGS * EVENTS) {
		if (pushed < (uint64_t)RINGS * EVENTS && nr < 1000 && rand() % 2) {
			uint32_t ring = (uint32_t)rand() % RINGS;

			while (models[ring].pushed == EVENTS)
				ring = (ring + 1) % RINGS;
			flying[nr++] = push(ds, ring, (size_t)rand() % 900);
			pushed++;
		} else if (nr) {
			i = (size_t)rand() % nr;
			ack(ds, flying[i]);
			flying[i] = flying[--nr];
			acked++;
		}
		counts = counts && deliveries_unacked(ds) == pushed - acked;
		if (rand() % 50 == 0)
			prefix = prefix && take_matches(ds);
	}
	prefix = prefix && take_matches(ds);
	ok(prefix, "acked at random: each commit is the contiguous prefix");
	ok(counts, "acked at random: unacknowledged events are counted");
	ok(!deliveries_held(ds) && models[0].committed == EVENTS && models[2].committed == EVENTS,
	   "acked at random: all is committed at last");
	deliveries_free(ds);
}

static void first_holds_back(void)
{
	struct deliveries *ds = deliveries_new(0, 0);
	struct delivery *all[100];
	struct evring_commit_entry entry;
	uint64_t events;
	size_t i;

	memset(models, 0, sizeof(models));
	for (i = 0; i < 100; i++)
		all[i] = push(ds, 0, 10);
	for (i = 1; i < 100; i++)
		delivery_ack(ds, all[i]);
	ok(!deliveries_take(ds, &entry, 1, &events) && !events,
	   "nothing is committed while a ring's first event is not acknowledged");
	ok(deliveries_held(ds) == 100 && deliveries_unacked(ds) == 1,
	   "99 are acknowledged, 100 are held");
	delivery_ack(ds, all[0]);
	ok(deliveries_take(ds, &entry, 1, &events) == 1 && events == 100 &&
	   entry.pos == position(100) && entry.seq == 100, "then all at once");
	ok(!deliveries_take(ds, &entry, 1, &events), "what was taken is not taken again");
	deliveries_free(ds);
}

static void bounds(void)
{
	struct deliveries *few = deliveries_new(0, 10), *small = deliveries_new(10000, 0);
	struct delivery *d = NULL;
	int n;

	memset(models, 0, sizeof(models));
	for (n = 0; n < 10; n++) {
		if (deliveries_full(few))
			break;
		d = push(few, 0, 10);
	}
	ok(n == 10 && deliveries_full(few), "the bound on events holds");
	delivery_ack(few, d);
	ok(deliveries_full(few), "an ack behind one that is missing gives no room");
	for (n = 0; !deliveries_full(small); n++)
		push(small, 1, 1000);
	ok(n >= 9 && n <= 10, "the bound on bytes holds");
	deliveries_free(few);
	deliveries_free(small);
}

static void reset(void)
{
	struct deliveries *ds = deliveries_new(0, 0);
	struct evring_commit_entry entry;
	uint64_t events;

	memset(models, 0, sizeof(models));
	delivery_ack(ds, push(ds, 0, 100));
	push(ds, 0, 600000);
	push(ds, 1, 100);
	deliveries_reset(ds);
	ok(!deliveries_held(ds) && !deliveries_unacked(ds) &&
	   !deliveries_take(ds, &entry, 1, &events), "after a reset there is nothing");
	delivery_ack(ds, push(ds, 0, 100));
	ok(deliveries_take(ds, &entry, 1, &events) == 1 && events == 1, "and it goes on");
	deliveries_free(ds);
}

static void many_missed(void)
{
	struct deliveries *ds = deliveries_new(0, 0);
	struct evring_event event = { .next = 64, .next_seq = 1, .missed = UINT32_MAX + 5ULL };
	struct delivery *delivery = delivery_begin(ds, 0);
	struct evring_commit_entry entries[2];
	unsigned int nr, more;
	uint64_t events;

	delivery_push(ds, delivery, &event, 0, 0);
	delivery_ack(ds, delivery);
	nr = deliveries_take(ds, entries, 1, &events);
	more = deliveries_take(ds, entries + 1, 1, &events);
	ok(nr == 1 && more == 1 && entries[0].missed == UINT32_MAX && entries[1].missed == 5 &&
	   !events, "more missed events than one entry can tell go with the next");
	deliveries_free(ds);
}

/* One message with events of two rings in turns, between two messages of their own. */
static void packed(void)
{
	struct deliveries *ds = deliveries_new(0, 0);
	struct evring_event event = { .next = 64, .next_seq = 1 };
	struct evring_commit_entry entries[2];
	struct delivery *before, *head, *after;
	uint64_t events;
	unsigned int i;

	before = delivery_begin(ds, 0);
	delivery_push(ds, before, &event, 0, 0);
	for (i = 1, head = NULL; i <= 100; i++) {
		event.ring = i % 2;
		event.cpu = event.ring;
		event.next += 64;
		event.next_seq++;
		event.missed = 1;
		if (head) {
			delivery_join(ds, head, &event);
		} else {
			head = delivery_begin(ds, 1000);
			delivery_push(ds, head, &event, 1000, 0);
		}
	}
	event.missed = 0;
	event.ring = 0;
	event.next += 64;
	after = delivery_begin(ds, 0);
	delivery_push(ds, after, &event, 0, 0);
	delivery_shrink(ds, head, 900);

	ok(delivery_events(head) == 100 && deliveries_unacked(ds) == 102,
	   "a pack knows how many events it has");
	ok(delivery_ack(ds, head) == 100 && deliveries_take(ds, entries, 2, &events) == 1 &&
	   entries[0].cpu == 1 && entries[0].missed == 50 && events == 50,
	   "acknowledged, it ends the prefix of the ring on which nothing is before it");
	ok(delivery_ack(ds, before) == 1 && deliveries_take(ds, entries, 2, &events) == 1 &&
	   entries[0].cpu == 0 && entries[0].missed == 50 && events == 51 &&
	   entries[0].pos == event.next - 64,
	   "and of the other ring once what was before it is acknowledged too");
	ok(delivery_ack(ds, after) == 1 && deliveries_held(ds) == 1 && !deliveries_unacked(ds),
	   "what follows on the ring is a message of its own");
	deliveries_free(ds);
}

int main(void)
{
	random_order(1);
	random_order(2);
	first_holds_back();
	bounds();
	reset();
	many_missed();
	packed();
	printf("1..%d\n", tests);
	return failures != 0;
}
