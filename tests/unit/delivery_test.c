/* SPDX-License-Identifier: MIT */
/* The acknowledged prefix of each ring is committed, in any order of the acknowledgements. */
#include "../harness/tap.h"

#include "evringd.h"

#include <stdlib.h>
#include <string.h>

#define RINGS 3
#define EVENTS 20000
#define CHUNK (64u << 10)		/* delivery.c's */

/* One ring's expected state: the test's own, simpler account. */
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

static struct evring_event next_on(uint32_t ring)
{
	uint64_t seq = models[ring].pushed++;

	return (struct evring_event){
		.ring = ring, .lane = (uint16_t)(ring % 2), .cpu = ring,
		.next = position(seq + 1), .next_seq = seq + 1, .missed = missed_before(seq),
	};
}

static struct delivery *push(struct deliveries *ds, uint32_t ring, size_t used)
{
	const struct evring_event event = next_on(ring);
	struct delivery *delivery = delivery_begin(ds, used + 500);
	uint64_t seq = event.next_seq - 1;

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

static void skip(struct deliveries *ds, uint32_t ring)
{
	const struct evring_event event = next_on(ring);

	delivery_skip(ds, &event);
	model_ack(ring, event.next_seq - 1);
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

/* A window of deliveries in flight, from which a random one is acknowledged. Some are skipped. */
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
			if (rand() % 4) {
				flying[nr++] = push(ds, ring, (size_t)rand() % 900);
			} else {
				skip(ds, ring);
				acked++;
			}
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
	ok(!deliveries_take(ds, &entry, 1, &events), "an entry that was taken is not taken again");
	deliveries_free(ds);
}

static void skipped_take_no_room(void)
{
	struct deliveries *ds = deliveries_new(0, 0);
	struct delivery *first;
	uint64_t before;
	int i;

	memset(models, 0, sizeof(models));
	for (i = 0; i < EVENTS / 4; i++)
		skip(ds, 0);
	ok(!deliveries_memory(ds) && !deliveries_unacked(ds) && take_matches(ds),
	   "events that are skipped take no memory, and are committed");
	first = push(ds, 0, 10);
	before = deliveries_memory(ds);
	for (i = 0; i < EVENTS / 4; i++)
		skip(ds, 0);
	ok(deliveries_memory(ds) == before && deliveries_unacked(ds) == 1 &&
	   deliveries_held(ds) == EVENTS / 4 + 1 && take_matches(ds),
	   "behind one that is not acknowledged they take none either, and wait for it");
	ack(ds, first);
	ok(take_matches(ds) && !deliveries_held(ds), "then they are committed with it");
	deliveries_free(ds);
}

static void bound_on_events(void)
{
	struct deliveries *few = deliveries_new(0, 10);
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
	deliveries_free(few);
}

/* Memory is bounded by whole chunks: one unacknowledged event pins all others in its chunk. */
static void bound_on_memory(void)
{
	struct deliveries *tiny = deliveries_new(1000, 0), *ds = deliveries_new(1 << 20, 0);
	struct delivery *d;
	int n;

	memset(models, 0, sizeof(models));
	ok(!deliveries_full(tiny), "the smallest bound lets one event through");
	d = push(tiny, 0, 10);
	ok(deliveries_full(tiny), "and no other with it");
	delivery_ack(tiny, d);
	ok(!deliveries_full(tiny), "but one after it");
	for (n = 0; !deliveries_full(ds); n++)
		push(ds, 1, 1000);
	/* push() asks for 500 bytes more than it uses: the last ones find no room in their chunk. */
	ok(n >= 15 * 60 && n <= 16 * 62 && deliveries_memory(ds) <= (1 << 20) + CHUNK,
	   "the bound on memory holds");
	deliveries_free(tiny);
	deliveries_free(ds);
}

/* Of each 50 events 49 are acknowledged and committed; the 50th pins its chunk. */
static void one_pins_its_chunk(void)
{
	struct deliveries *ds = deliveries_new(8 << 20, 0);
	static struct delivery *pinned[1000];
	struct evring_commit_entry entries[RINGS];
	bool counts = true, bounded = true;
	uint64_t events;
	int n, nr = 0;

	memset(models, 0, sizeof(models));
	for (n = 0; !deliveries_full(ds) && nr < 1000; n++) {
		struct delivery *d = push(ds, n % 50 ? 1 : 0, 1000);

		if (n % 50) {
			delivery_ack(ds, d);
			models[1].pushed = 1;
		} else {
			pinned[nr++] = d;
			models[0].pushed = 1;
		}
		deliveries_take(ds, entries, RINGS, &events);
		counts = counts && deliveries_unacked(ds) == (uint64_t)nr;
		bounded = bounded && deliveries_memory(ds) <= (8 << 20) + CHUNK;
	}
	ok(counts && deliveries_full(ds) && nr > 100 && nr < 200,
	   "a few events that are not acknowledged fill the memory that they pin");
	ok(bounded, "and it does not grow beyond the bound");
	while (nr)
		delivery_ack(ds, pinned[--nr]);
	ok(!deliveries_full(ds), "acknowledged, they give it back");
	deliveries_free(ds);
}

/* One event stays unacknowledged, a thousand times the bound flows past it. */
static void one_pins_no_more(void)
{
	struct deliveries *ds = deliveries_new(1 << 20, 0);
	struct evring_commit_entry entries[RINGS];
	struct delivery *first;
	uint64_t events, most = 0;
	int n;

	memset(models, 0, sizeof(models));
	first = push(ds, 0, 100);
	for (n = 0; n < 100000 && !deliveries_full(ds); n++) {
		delivery_ack(ds, push(ds, 1, 1000));
		models[1].pushed = 1;
		deliveries_take(ds, entries, RINGS, &events);
		most = deliveries_memory(ds) > most ? deliveries_memory(ds) : most;
	}
	ok(n == 100000 && most <= 3 * CHUNK, "one event that is not acknowledged pins one chunk");
	delivery_ack(ds, first);
	ok(!deliveries_unacked(ds), "and is acknowledged at last");
	deliveries_free(ds);
}

/* Chunks that wait to be used again count: values too large for one need others. */
static void spare_and_large(void)
{
	struct deliveries *ds = deliveries_new(8 << 20, 0);
	static struct delivery *all[10000];
	uint64_t most = 0;
	int n, nr, round;

	for (round = 0; round < 4; round++) {
		memset(models, 0, sizeof(models));
		for (nr = 0; !deliveries_full(ds) && nr < 10000; nr++) {
			all[nr] = push(ds, 0, round % 2 ? 500000 : 1000);
			most = deliveries_memory(ds) > most ? deliveries_memory(ds) : most;
		}
		for (n = 0; n < nr; n++)
			delivery_ack(ds, all[n]);
	}
	ok(most <= (8 << 20) + 600000, "small values and large ones in turns keep to the bound");
	deliveries_free(ds);
}

/* Events in the ring are bounded as well. */
static void bound_elsewhere(void)
{
	struct deliveries *ds = deliveries_new(1 << 20, 0);
	struct evring_event event = { .next = 64, .next_seq = 1 };
	struct delivery *first = NULL;
	int n;

	for (n = 0; n < 10000 && !deliveries_full(ds); n++) {
		struct delivery *d = delivery_begin(ds, 0);

		delivery_push(ds, d, &event, 0, 4000);
		first = first ? first : d;
		event.next += 4000;
		event.next_seq++;
	}
	ok(n > 200 && n < 265, "values that lie in the ring count as memory");
	delivery_ack(ds, first);
	ok(deliveries_memory(ds) <= 1 << 20, "and no longer once they are acknowledged");
	deliveries_free(ds);
}

/* A pack whose room was more than it needed gives the rest to the messages behind it. */
static void shrinks(void)
{
	struct deliveries *ds = deliveries_new(0, 0);
	struct evring_event event = { .next = 64, .next_seq = 1 };
	struct delivery *a = delivery_begin(ds, 30000), *b, *c;

	delivery_push(ds, a, &event, 30000, 0);
	delivery_shrink(ds, a, 30000, 100);
	b = delivery_begin(ds, 20000);
	ok((char *)b > (char *)a && (char *)b - (char *)a <= 64 + 104, "unused room is free");
	event.next_seq++;
	delivery_push(ds, b, &event, 20000, 0);
	c = delivery_begin(ds, 100);
	event.next_seq++;
	delivery_push(ds, c, &event, 100, 0);
	memset(c->value, 'c', 100);
	delivery_shrink(ds, b, 20000, 8);
	c = delivery_begin(ds, 100);
	ok((char *)c - (char *)b >= 64 + 20000 + 64 + 100,
	   "with another one behind it its room stays as it is");
	deliveries_free(ds);
}

/* In halves it is acknowledged only once both are. */
static void parts(void)
{
	struct deliveries *ds = deliveries_new(0, 0);
	struct evring_commit_entry entry;
	struct evring_event event = { .next = 64, .next_seq = 1 };
	struct delivery *pack = delivery_begin(ds, 100);
	uint64_t events;
	int i;

	delivery_push(ds, pack, &event, 100, 0);
	for (i = 2; i <= 4; i++) {
		event.next += 64;
		event.next_seq++;
		delivery_join(ds, pack, &event);
	}
	delivery_split(pack);
	delivery_split(pack);
	ok(!delivery_ack(ds, pack) && !delivery_ack(ds, pack) && deliveries_unacked(ds) == 4 &&
	   !deliveries_take(ds, &entry, 1, &events),
	   "two of its three parts are no acknowledgement");
	ok(delivery_ack(ds, pack) == 4 && deliveries_take(ds, &entry, 1, &events) == 1 &&
	   events == 4 && entry.seq == 4, "all three are");
	deliveries_free(ds);
}

static void order_goes_round(void)
{
	const uint64_t last = (1ull << ORDER_BITS) - 1, months = 1ull << (ORDER_BITS - 1);

	ok(order_before(1, 2) && !order_before(2, 1) && !order_before(7, 7), "orders compare");
	ok(order_before(last, 0) && order_before(last - 5, 5) && !order_before(5, last - 5) &&
	   order_before(months - 1, months), "also where they go round");
	ok(order_before(5, 5 + UINT32_MAX / 2 + 9ull) && order_before(5, 6ull << 32) &&
	   !order_before(6ull << 32, 5) && order_before(5, months),
	   "also if one has waited while billions were made");
}

static void oldest(void)
{
	struct deliveries *ds = deliveries_new(0, 0);
	struct delivery *a, *b, *c;
	uint64_t order = 0;
	bool good;

	memset(models, 0, sizeof(models));
	good = !deliveries_oldest(ds, &order);
	a = push(ds, 1, 10);
	b = push(ds, 0, 10);
	c = push(ds, 1, 10);
	good = good && deliveries_oldest(ds, &order) && order == a->order;
	delivery_ack(ds, c);
	delivery_ack(ds, a);
	good = good && deliveries_oldest(ds, &order) && order == b->order;
	delivery_ack(ds, b);
	ok(good && !deliveries_oldest(ds, &order), "the oldest message is known");
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
	delivery_shrink(ds, head, 1000, 900);

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

/* Its record covers numbers 41 to 47, of which none was missed. */
static struct delivery *push_lost(struct deliveries *ds)
{
	const struct evring_event event = { .next = 64, .seq = 41, .next_seq = 48 };
	struct delivery *delivery = delivery_begin(ds, 0);

	delivery_push(ds, delivery, &event, 0, 0);
	return delivery;
}

/* What a record of lost events covers is in the place of what was missed before it. */
static void lost(void)
{
	const struct evring_event one = { .next = 128, .seq = 48, .next_seq = 49 };
	const struct evring_event missed = { .next = 128, .seq = 48, .next_seq = 53, .missed = 5 };
	struct deliveries *ds = deliveries_new(0, 0);
	struct delivery *record, *behind;
	struct evring_commit_entry entry;
	uint64_t events;

	record = push_lost(ds);
	behind = delivery_begin(ds, 0);
	delivery_push(ds, behind, &one, 0, 0);
	CHECK(delivery_first(record) == 41 && delivery_first(behind) == 48);
	delivery_ack(ds, record);
	delivery_ack(ds, behind);
	CHECK(deliveries_take(ds, &entry, 1, &events) == 1 && entry.seq == 49 && !entry.missed);

	record = push_lost(ds);
	delivery_join(ds, record, &missed);
	delivery_ack(ds, record);
	CHECK(deliveries_take(ds, &entry, 1, &events) == 1 && entry.seq == 53 && entry.missed == 5);

	record = push_lost(ds);
	behind = delivery_begin(ds, 0);
	delivery_push(ds, behind, &missed, 0, 0);
	CHECK(delivery_first(behind) == 48);
	delivery_ack(ds, record);
	delivery_ack(ds, behind);
	CHECK(deliveries_take(ds, &entry, 1, &events) == 1 && entry.missed == 5);
	deliveries_free(ds);
}

int main(void)
{
	random_order(1);
	random_order(2);
	first_holds_back();
	skipped_take_no_room();
	bound_on_events();
	bound_on_memory();
	one_pins_its_chunk();
	one_pins_no_more();
	spare_and_large();
	bound_elsewhere();
	shrinks();
	parts();
	order_goes_round();
	oldest();
	many_missed();
	packed();
	test_case(lost, "how many numbers the record of a loss covers is known, and is not missed");
	return tap_end();
}
