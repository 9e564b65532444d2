/* SPDX-License-Identifier: MIT */
/* See summary.h. */
#include "summary.h"

#include "memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct summary *summary_new(void)
{
	struct summary *summary = xzalloc(sizeof(*summary));

	summary->ledger = ledger_new();
	summary->types = must(json_object());
	return summary;
}

void summary_free(struct summary *summary)
{
	ledger_free(summary->ledger);
	json_decref(summary->types);
	free(summary->latencies);
	free(summary);
}

void summary_type(struct summary *summary, const char *type)
{
	json_int_t count = json_integer_value(json_object_get(summary->types, type));

	json_object_set_new(summary->types, type, json_integer(count + 1));
}

void summary_latency(struct summary *summary, int64_t ns)
{
	if (summary->nr_latencies == summary->room) {
		summary->room = summary->room ? summary->room * 2 : 4096;
		summary->latencies = xgrow(summary->latencies, summary->nr_latencies,
					   summary->room, sizeof(*summary->latencies));
	}
	summary->latencies[summary->nr_latencies++] = ns;
}

uint64_t summary_lost(const struct sums *sums)
{
	return sums->missing + sums->undecided;
}

static uint64_t distinct(const struct sums *sums)
{
	return sums->accounts[ACCOUNT_DELIVERED] + sums->accounts[ACCOUNT_DISCARDED];
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* In ms; @part of the events were at most so late. Sorted before. */
static double latency(const struct summary *summary, double part)
{
	size_t n = summary->nr_latencies;

	return n ? (double)summary->latencies[(size_t)(part * (double)(n - 1))] / 1e6 : 0;
}

static void sort_latencies(struct summary *summary)
{
	if (summary->nr_latencies)
		qsort(summary->latencies, summary->nr_latencies, sizeof(*summary->latencies),
		      by_value);
}

static void print_row(const char *name, uint64_t delivered, const struct sums *sums, FILE *to)
{
	fprintf(to, "%10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64
		" %10" PRIu64 "  %s\n", delivered, distinct(sums), summary_lost(sums),
		sums->accounts[ACCOUNT_LOST], sums->duplicates, sums->reordered, name);
}

/* Deliveries are not counted by ring: all that came, and the duplicates of them. */
static void print_ring(const struct ring_sums *ring, void *arg)
{
	const char *boot = strchr(ring->ring, '/'), *lane;
	char name[512];

	boot = boot ? boot + 1 : "";
	lane = strchr(boot, '/');
	snprintf(name, sizeof(name), "%s (%" PRIu64 " - %" PRIu64 "), %.32s, boot %.8s",
		 lane ? lane + 1 : ring->ring, ring->first, ring->last, ring->ring, boot);
	print_row(name, distinct(&ring->sums) + ring->sums.duplicates, &ring->sums, arg);
}

static void print_rest(const struct summary *summary, const struct sums *sums, FILE *to)
{
	if (sums->accounts[ACCOUNT_MISSED])
		fprintf(to, "%" PRIu64 " events are declared missed: overwritten before they were "
			"read\n", sums->accounts[ACCOUNT_MISSED]);
	if (sums->accounts[ACCOUNT_REJECTED])
		fprintf(to, "%" PRIu64 " events are declared rejected: Kafka refused them\n",
			sums->accounts[ACCOUNT_REJECTED]);
	if (summary->foreign)
		fprintf(to, "%" PRIu64 " messages are no events\n", summary->foreign);
	if (summary->mismatches)
		fprintf(to, "%" PRIu64 " messages have headers that are not their value's\n",
			summary->mismatches);
	if (sums->overlaps)
		fprintf(to, "%" PRIu64 " events arrived and are declared, too, or are declared "
			"as two kinds\n", sums->overlaps);
}

void summary_print(struct summary *summary, FILE *to)
{
	struct sums sums;
	const char *type;
	json_t *count;

	ledger_sums(summary->ledger, &sums);
	fprintf(to, "%10s %10s %10s %10s %10s %10s  %s\n", "delivered", "distinct", "lost",
		"declared", "duplicate", "reordered", "ring (first seq - last seq)");
	ledger_each(summary->ledger, print_ring, to);
	print_row("all", summary->delivered, &sums, to);
	json_object_foreach(summary->types, type, count) {
		fprintf(to, "%10" JSON_INTEGER_FORMAT " %s\n", json_integer_value(count), type);
	}
	sort_latencies(summary);
	fprintf(to, "hook to consumer: p50 %.3f ms, p99 %.3f ms, max %.3f ms\n",
		latency(summary, 0.5), latency(summary, 0.99), latency(summary, 1));
	print_rest(summary, &sums, to);
}

static json_t *sums_json(const struct sums *sums)
{
	return must(json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
			      "distinct", (json_int_t)distinct(sums),
			      "lost", (json_int_t)summary_lost(sums),
			      "declared", (json_int_t)sums->accounts[ACCOUNT_LOST],
			      "missed", (json_int_t)sums->accounts[ACCOUNT_MISSED],
			      "rejected", (json_int_t)sums->accounts[ACCOUNT_REJECTED],
			      "duplicates", (json_int_t)sums->duplicates,
			      "reordered", (json_int_t)sums->reordered,
			      "conflicts", (json_int_t)sums->overlaps));
}

static void add_ring(const struct ring_sums *ring, void *arg)
{
	json_t *one = sums_json(&ring->sums);

	json_object_set_new(one, "ring", json_string(ring->ring));
	json_object_set_new(one, "first", json_integer((json_int_t)ring->first));
	json_object_set_new(one, "last", json_integer((json_int_t)ring->last));
	json_array_append_new(arg, one);
}

json_t *summary_json(struct summary *summary)
{
	json_t *rings = must(json_array()), *root;
	struct sums sums;

	ledger_sums(summary->ledger, &sums);
	ledger_each(summary->ledger, add_ring, rings);
	root = sums_json(&sums);
	json_object_update_new(root, must(json_pack("{s:I, s:I, s:I, s:I}",
			       "messages", (json_int_t)summary->messages,
			       "delivered", (json_int_t)summary->delivered,
			       "foreign", (json_int_t)summary->foreign,
			       "mismatches", (json_int_t)summary->mismatches)));
	sort_latencies(summary);
	json_object_set_new(root, "latency_ms",
			    json_pack("{s:f, s:f, s:f}", "p50", latency(summary, 0.5),
				      "p99", latency(summary, 0.99), "max", latency(summary, 1)));
	json_object_set(root, "types", summary->types);
	json_object_set_new(root, "rings", rings);
	return root;
}
