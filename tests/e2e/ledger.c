/* SPDX-License-Identifier: MIT */
#include "ledger.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A bit per sequence number; more than this of one ring is nonsense. */
#define BITS_MAX (1ULL << 33)

struct bitmap {
	uint64_t *words;
	uint64_t base;		/* number of words[0] */
	uint64_t nr;
};

/* How far one ring has come in one partition */
struct track {
	struct track *next;
	char *topic;
	int32_t partition;
	uint64_t highest;
};

struct ring {
	struct ring *next;
	char *name;
	struct bitmap arrived, declared[NR_DECLARED];
	struct track *tracks;
	uint64_t first, last;
	struct totals totals;
};

struct type {
	struct type *next;
	char *name;
	uint64_t count;
};

struct ledger {
	struct ring *rings;
	struct type *types;
	int64_t *latencies;
	size_t nr_latencies, room;
	uint64_t distinct, foreign, mismatches;
};

static void *check(void *mem)
{
	if (!mem) {
		fprintf(stderr, "ledger: out of memory\n");
		exit(1);
	}
	return mem;
}

/* Makes room for the word; a bitmap grows at both ends, by half at least. */
static bool bitmap_reach(struct bitmap *map, uint64_t word)
{
	uint64_t from = map->nr ? map->base : word, to = map->nr ? map->base + map->nr : word;
	uint64_t slack = map->nr / 2 + 16, *words;

	if (word >= from && word < to)
		return true;
	if (word < from)
		from = word > slack ? word - slack : 0;
	if (word >= to)
		to = word + slack;
	if (to - from > BITS_MAX / 64)
		return false;
	words = check(calloc(to - from, sizeof(*words)));
	if (map->nr)
		memcpy(words + (map->base - from), map->words, map->nr * sizeof(*words));
	free(map->words);
	map->words = words;
	map->base = from;
	map->nr = to - from;
	return true;
}

static uint64_t bitmap_word(const struct bitmap *map, uint64_t word)
{
	return word >= map->base && word < map->base + map->nr ? map->words[word - map->base] : 0;
}

/* Returns how many of the bits are new, -1 where they cannot be. */
static int64_t bitmap_add(struct bitmap *map, uint64_t seq, uint64_t count)
{
	uint64_t *word, bit;
	int64_t new = 0;

	if (count > BITS_MAX || seq >= 1ULL << 48)
		return -1;
	for (; count; count--, seq++) {
		if (!bitmap_reach(map, seq / 64))
			return -1;
		word = &map->words[seq / 64 - map->base];
		bit = 1ULL << seq % 64;
		new += !(*word & bit);
		*word |= bit;
	}
	return new;
}

struct ledger *ledger_new(void)
{
	return check(calloc(1, sizeof(struct ledger)));
}

static void ring_free(struct ring *ring)
{
	struct track *track;
	int i;

	while ((track = ring->tracks)) {
		ring->tracks = track->next;
		free(track->topic);
		free(track);
	}
	free(ring->arrived.words);
	for (i = 0; i < NR_DECLARED; i++)
		free(ring->declared[i].words);
	free(ring->name);
	free(ring);
}

void ledger_free(struct ledger *ledger)
{
	struct ring *ring;
	struct type *type;

	while ((ring = ledger->rings)) {
		ledger->rings = ring->next;
		ring_free(ring);
	}
	while ((type = ledger->types)) {
		ledger->types = type->next;
		free(type->name);
		free(type);
	}
	free(ledger->latencies);
	free(ledger);
}

/* Lists are kept sorted by name, for the report. */
static struct ring *ring_of(struct ledger *ledger, const char *name)
{
	struct ring **at = &ledger->rings, *ring;

	while (*at && strcmp((*at)->name, name) < 0)
		at = &(*at)->next;
	if (*at && !strcmp((*at)->name, name))
		return *at;
	ring = check(calloc(1, sizeof(*ring)));
	ring->name = check(strdup(name));
	ring->first = UINT64_MAX;
	ring->next = *at;
	*at = ring;
	return ring;
}

static void count_type(struct ledger *ledger, const char *name)
{
	struct type **at = &ledger->types, *type;

	while (*at && strcmp((*at)->name, name) < 0)
		at = &(*at)->next;
	if (!*at || strcmp((*at)->name, name)) {
		type = check(calloc(1, sizeof(*type)));
		type->name = check(strdup(name));
		type->next = *at;
		*at = type;
	}
	(*at)->count++;
}

static struct track *track_of(struct ring *ring, const char *topic, int32_t partition)
{
	struct track *track;

	for (track = ring->tracks; track; track = track->next)
		if (track->partition == partition && !strcmp(track->topic, topic))
			return track;
	track = check(calloc(1, sizeof(*track)));
	track->topic = check(strdup(topic));
	track->partition = partition;
	track->next = ring->tracks;
	ring->tracks = track;
	return track;
}

static void add_latency(struct ledger *ledger, int64_t ns)
{
	if (ledger->nr_latencies == ledger->room) {
		ledger->room = ledger->room ? ledger->room * 2 : 4096;
		ledger->latencies = check(reallocarray(ledger->latencies, ledger->room,
						       sizeof(*ledger->latencies)));
	}
	ledger->latencies[ledger->nr_latencies++] = ns;
}

bool ledger_add(struct ledger *ledger, const struct arrival *arrival)
{
	struct ring *ring = ring_of(ledger, arrival->ring);
	struct track *track = track_of(ring, arrival->topic, arrival->partition);
	uint64_t count = arrival->covers ? arrival->covers : 1, last = arrival->seq + count - 1;
	int64_t new;

	new = bitmap_add(arrival->covers ? &ring->declared[arrival->kind] : &ring->arrived,
			 arrival->seq, count);
	if (new < 0)
		return false;
	count_type(ledger, arrival->type);
	ring->totals.messages++;
	ring->totals.delivered += !arrival->covers;
	if (!new)
		ring->totals.duplicates++;
	else if (arrival->seq < track->highest)
		ring->totals.reordered++;
	if (new && !arrival->covers) {
		ring->totals.distinct++;
		ledger->distinct++;
		add_latency(ledger, arrival->latency_ns);
	}
	track->highest = last > track->highest ? last : track->highest;
	ring->first = arrival->seq < ring->first ? arrival->seq : ring->first;
	ring->last = last > ring->last ? last : ring->last;
	return true;
}

void ledger_expect(struct ledger *ledger, const char *lane, int cpu, uint64_t emitted)
{
	struct ring *ring;
	char suffix[64];
	size_t len = (size_t)snprintf(suffix, sizeof(suffix), "/%s/%d", lane, cpu), name;

	if (!emitted)
		return;
	for (ring = ledger->rings; ring; ring = ring->next) {
		name = strlen(ring->name);
		if (name > len && !strcmp(ring->name + name - len, suffix))
			break;
	}
	if (!ring)
		ring = ring_of(ledger, suffix);
	/* More than there can be is as wrong as less. */
	if (ring->first <= ring->last && ring->last >= emitted)
		ring->totals.conflicts += ring->last + 1 - emitted;
	ring->first = 0;
	ring->last = emitted - 1 > ring->last ? emitted - 1 : ring->last;
}

void ledger_foreign(struct ledger *ledger)
{
	ledger->foreign++;
}

void ledger_mismatch(struct ledger *ledger)
{
	ledger->mismatches++;
}

uint64_t ledger_distinct(const struct ledger *ledger)
{
	return ledger->distinct;
}

static struct totals ring_totals(const struct ring *ring, bool from_zero)
{
	uint64_t first = from_zero ? 0 : ring->first, word, known = 0;
	struct totals totals = ring->totals;
	int i;

	for (word = ring->first / 64; word <= ring->last / 64; word++) {
		uint64_t all = bitmap_word(&ring->arrived, word);

		for (i = 0; i < NR_DECLARED; i++) {
			uint64_t bits = bitmap_word(&ring->declared[i], word);

			totals.declared[i] += (uint64_t)__builtin_popcountll(bits);
			totals.conflicts += (uint64_t)__builtin_popcountll(bits & all);
			all |= bits;
		}
		known += (uint64_t)__builtin_popcountll(all);
	}
	totals.lost = ring->last - first + 1 - known;
	return totals;
}

struct totals ledger_totals(const struct ledger *ledger, bool from_zero)
{
	struct totals sum = {
		.foreign = ledger->foreign, .messages = ledger->foreign,
		.mismatches = ledger->mismatches,
	}, one;
	const struct ring *ring;
	int i;

	for (ring = ledger->rings; ring; ring = ring->next) {
		one = ring_totals(ring, from_zero);
		sum.messages += one.messages;
		sum.delivered += one.delivered;
		sum.distinct += one.distinct;
		sum.duplicates += one.duplicates;
		for (i = 0; i < NR_DECLARED; i++)
			sum.declared[i] += one.declared[i];
		sum.lost += one.lost;
		sum.conflicts += one.conflicts;
		sum.reordered += one.reordered;
	}
	return sum;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* In ms; @part of the events were at most so late. Sorted before. */
static double latency(const struct ledger *ledger, double part)
{
	size_t n = ledger->nr_latencies;

	return n ? (double)ledger->latencies[(size_t)(part * (double)(n - 1))] / 1e6 : 0;
}

static void sort_latencies(struct ledger *ledger)
{
	if (ledger->nr_latencies)
		qsort(ledger->latencies, ledger->nr_latencies, sizeof(*ledger->latencies),
		      by_value);
}

/* "critical/0" of "machine/boot/critical/0" */
static const char *short_name(const char *name)
{
	const char *slash = strchr(name, '/');

	slash = slash ? strchr(slash + 1, '/') : NULL;
	return slash ? slash + 1 : name;
}

static void print_row(const char *name, const struct totals *t, FILE *to)
{
	fprintf(to, "%10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64
		" %10" PRIu64 "  %s\n", t->delivered, t->distinct, t->lost,
		t->declared[DECLARED_LOST],
		t->duplicates, t->reordered, name);
}

static void print_rest(const struct totals *t, FILE *to)
{
	if (t->declared[DECLARED_MISSED])
		fprintf(to, "%" PRIu64 " events are declared missed: overwritten before they were "
			"read\n", t->declared[DECLARED_MISSED]);
	if (t->declared[DECLARED_REJECTED])
		fprintf(to, "%" PRIu64 " events are declared rejected: Kafka refused them\n",
			t->declared[DECLARED_REJECTED]);
	if (t->foreign)
		fprintf(to, "%" PRIu64 " messages are no events\n", t->foreign);
	if (t->mismatches)
		fprintf(to, "%" PRIu64 " messages have headers that are not their value's\n",
			t->mismatches);
	if (t->conflicts)
		fprintf(to, "%" PRIu64 " events arrived and are declared, too, or are declared "
			"as two kinds\n", t->conflicts);
}

void ledger_print(struct ledger *ledger, bool from_zero, FILE *to)
{
	struct totals totals = ledger_totals(ledger, from_zero), one;
	const struct ring *ring;
	const struct type *type;
	char name[256];

	fprintf(to, "%10s %10s %10s %10s %10s %10s  %s\n", "delivered", "distinct", "lost",
		"declared", "duplicate", "reordered", "ring (first seq - last seq)");
	for (ring = ledger->rings; ring; ring = ring->next) {
		one = ring_totals(ring, from_zero);
		snprintf(name, sizeof(name), "%s (%" PRIu64 " - %" PRIu64 "), %.32s, boot %.8s",
			 short_name(ring->name), ring->first, ring->last, ring->name,
			 strchr(ring->name, '/') ? strchr(ring->name, '/') + 1 : "");
		print_row(name, &one, to);
	}
	print_row("all", &totals, to);
	for (type = ledger->types; type; type = type->next)
		fprintf(to, "%10" PRIu64 " %s\n", type->count, type->name);
	sort_latencies(ledger);
	fprintf(to, "hook to consumer: p50 %.3f ms, p99 %.3f ms, max %.3f ms\n",
		latency(ledger, 0.5), latency(ledger, 0.99), latency(ledger, 1));
	print_rest(&totals, to);
}

static json_t *totals_json(const struct totals *t)
{
	return check(json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
			       "messages", (json_int_t)t->messages,
			       "delivered", (json_int_t)t->delivered,
			       "distinct", (json_int_t)t->distinct,
			       "lost", (json_int_t)t->lost,
			       "declared", (json_int_t)t->declared[DECLARED_LOST],
			       "missed", (json_int_t)t->declared[DECLARED_MISSED],
			       "rejected", (json_int_t)t->declared[DECLARED_REJECTED],
			       "duplicates", (json_int_t)t->duplicates,
			       "reordered", (json_int_t)t->reordered,
			       "conflicts", (json_int_t)t->conflicts,
			       "foreign", (json_int_t)t->foreign,
			       "mismatches", (json_int_t)t->mismatches));
}

json_t *ledger_json(struct ledger *ledger, bool from_zero)
{
	json_t *rings = check(json_array()), *types = check(json_object()), *root, *one;
	struct totals totals = ledger_totals(ledger, from_zero);
	const struct ring *ring;
	const struct type *type;

	for (ring = ledger->rings; ring; ring = ring->next) {
		struct totals t = ring_totals(ring, from_zero);

		one = totals_json(&t);
		json_object_set_new(one, "ring", json_string(ring->name));
		json_object_set_new(one, "first", json_integer((json_int_t)ring->first));
		json_object_set_new(one, "last", json_integer((json_int_t)ring->last));
		json_array_append_new(rings, one);
	}
	for (type = ledger->types; type; type = type->next)
		json_object_set_new(types, type->name, json_integer((json_int_t)type->count));
	sort_latencies(ledger);
	root = totals_json(&totals);
	json_object_set_new(root, "latency_ms",
			    json_pack("{s:f, s:f, s:f}", "p50", latency(ledger, 0.5),
				      "p99", latency(ledger, 0.99), "max", latency(ledger, 1)));
	json_object_set_new(root, "types", types);
	json_object_set_new(root, "rings", rings);
	return root;
}
