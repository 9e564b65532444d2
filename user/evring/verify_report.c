/* SPDX-License-Identifier: MIT */
/* The result of evring verify: a table and sentences, or one JSON object. */
#include "verify.h"

#include <evring.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "memory.h"
#include "names.h"
#include "text.h"

#define RANGES_SHOWN	10
#define RANGES_MAX	10000

struct row {
	char *ring, *host, *machine, *boot, *lane;
	uint64_t cpu, first, last, proven_from;
	uint64_t delivered, discarded, lost, missed, rejected, dead_lettered;
	uint64_t missing, undecided, unproven, late, duplicates, reordered, contradictions;
};

static enum style missing_style(const void *row)
{
	return ((const struct row *)row)->missing ? STYLE_BAD : STYLE_GOOD;
}

#define PROVEN_FROM "PROVEN FROM"
#define ROW(member, kind, head) COLUMN(struct row, member, kind, head)

static const struct column columns[] = {
	ROW(ring, TEXT, "RING"),
	ROW(host, TEXT, "HOST"),
	ROW(machine, TEXT, NULL),
	ROW(boot, TEXT, NULL),
	ROW(lane, TEXT, NULL),
	ROW(cpu, COUNT, NULL),
	ROW(first, COUNT, "FIRST"),
	ROW(last, COUNT, "LAST"),
	ROW(proven_from, COUNT, PROVEN_FROM),
	ROW(delivered, COUNT, "DELIVERED"),
	ROW(discarded, COUNT, "DISCARDED"),
	ROW(lost, FAULT, "LOST"),
	ROW(missed, FAULT, "MISSED"),
	ROW(rejected, FAULT, "REJECTED"),
	ROW(dead_lettered, COUNT, NULL),
	COLUMN_STYLED(struct row, missing, FAULT, "MISSING", missing_style),
	ROW(undecided, COUNT, NULL),
	ROW(unproven, COUNT, NULL),
	ROW(late, COUNT, NULL),
	ROW(duplicates, COUNT, "DUPLICATES"),
	ROW(reordered, COUNT, "REORDERED"),
	ROW(contradictions, COUNT, NULL),
	{ 0 },
};

struct report {
	const struct verify *v;
	bool json;
	struct table *table;
	struct column shown[ARRAY_SIZE(columns)];	/* the table's */
	json_t *rings, *ranges;
	struct sums sums;
	uint64_t nr_rings, nr_ranges;
	uint64_t nr_short;		/* rings of which the number before the first is not known */
	bool proves;			/* at least one event behind another one, of one ring */
};

/*
 * Rings
 */

/* "machine/boot/lane/cpu" in parts; a lane has no slash. */
static void split_ring(struct row *row, const char *ring)
{
	char **const parts[] = { &row->machine, &row->boot, &row->lane };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t len = strcspn(ring, "/");

		*parts[i] = xprintf("%.*s", (int)len, ring);
		ring += len + (ring[len] == '/');
	}
	row->cpu = strtoull(ring, NULL, 10);
}

static void add_row(struct report *report, const struct ring_sums *from)
{
	const struct sums *sums = &from->sums;
	const char *host;
	struct row row = {
		.first = from->first, .last = from->last, .proven_from = from->from,
		.delivered = sums->accounts[ACCOUNT_DELIVERED],
		.discarded = sums->accounts[ACCOUNT_DISCARDED],
		.lost = sums->accounts[ACCOUNT_LOST], .missed = sums->accounts[ACCOUNT_MISSED],
		.rejected = sums->accounts[ACCOUNT_REJECTED],
		.dead_lettered = sums->accounts[ACCOUNT_LETTER],
		.missing = sums->missing, .undecided = sums->undecided,
		.unproven = sums->unproven, .late = sums->late, .duplicates = sums->duplicates,
		.reordered = sums->reordered, .contradictions = sums->contradictions,
	};

	split_ring(&row, from->ring);
	host = json_string_value(json_object_get(report->v->hosts, row.machine));
	row.host = host ? xstrdup(host) : xprintf("%.12s", row.machine);
	row.ring = xprintf("%s/%" PRIu64 " %.8s", row.lane, row.cpu, row.boot);
	if (report->json) {
		json_array_append_new(report->rings, columns_json(columns, &row));
	} else {
		make_printable(row.host, '?');
		table_row(report->table, &row);
	}
	free(row.ring);
	free(row.host);
	free(row.machine);
	free(row.boot);
	free(row.lane);
}

static void tell_ring(const struct ring_sums *ring, void *arg)
{
	struct report *report = arg;

	report->nr_rings++;
	report->nr_short += !ring->reaches_back;
	report->proves |= ring->from < ring->last;
	add_row(report, ring);
}

static void add_range(const char *ring, uint64_t first, uint64_t last, void *arg)
{
	struct report *report = arg;

	if (report->nr_ranges++ >= RANGES_MAX)
		return;
	json_array_append_new(report->ranges,
			      must(json_pack("{s:s, s:I, s:I}", "ring", ring, "first",
					     (json_int_t)first, "last", (json_int_t)last)));
}

/* Where the proof begins is told if that is not where each ring does. */
static void begin_table(struct report *report)
{
	memcpy(report->shown, columns, sizeof(columns));
	for (struct column *column = report->shown; column->key; column++)
		if (!report->sums.unproven && column->head && !strcmp(column->head, PROVEN_FROM))
			column->head = NULL;
	report->table = table_new(report->shown, 0);
}

/*
 * Verdict
 */

/* What could not be read, or is of a host without a name, may be what is missing. */
static bool is_wrong(const struct report *report)
{
	const struct verify *v = report->v;

	return (report->sums.missing && !v->rest.unread && !v->nameless) ||
	       report->sums.contradictions;
}

/* Some topics begin after the time that was asked for, and so may rings. */
static bool is_short(const struct report *report)
{
	return report->v->is_short && report->nr_short;
}

/* Is there anything that could be an event, and was not accounted for? */
static bool is_blind(const struct report *report)
{
	const struct verify *v = report->v;

	return !v->complete || !report->nr_rings || v->rest.unread || v->rest.mismatches ||
	       v->never || v->nameless || report->sums.undecided ||
	       is_short(report) ||
	       ((v->asked || !report->proves) && report->sums.unproven);
}

static const char *verdict(const struct report *report)
{
	if (!report->v->complete)
		return "part";
	if (is_wrong(report))
		return "missing";
	return is_blind(report) ? "unknown" : "accounted";
}

static int status_of(const struct report *report)
{
	if (report->v->complete && is_wrong(report))
		return EXIT_FAILURE;
	return is_blind(report) ? EXIT_USAGE : EXIT_SUCCESS;
}

/*
 * Sentences
 */

static void say(uint64_t number, const char *what)
{
	if (number)
		printf("%" PRIu64 " %s\n", number, what);
}

static void say_ranges(const struct report *report)
{
	const json_t *range;
	json_int_t first, last;
	size_t i;

	if (report->sums.missing)
		printf("Missing:\n");
	json_array_foreach(report->ranges, i, range) {
		const char *name = json_string_value(json_object_get(range, "ring"));

		if (i == RANGES_SHOWN)
			break;
		first = json_integer_value(json_object_get(range, "first"));
		last = json_integer_value(json_object_get(range, "last"));
		printf("  %s/%" JSON_INTEGER_FORMAT, name, first);
		if (last > first)
			printf(" to %" JSON_INTEGER_FORMAT ", %" JSON_INTEGER_FORMAT " events", last,
			       last - first + 1);
		printf("\n");
	}
	if (report->nr_ranges <= RANGES_SHOWN)
		return;
	printf("  and %" PRIu64 " more stretches", report->nr_ranges - RANGES_SHOWN);
	if (report->nr_ranges > RANGES_MAX)
		printf("; --json lists the first %d of all\n", RANGES_MAX);
	else
		printf(", which --json lists\n");
}

static void say_causes(const struct verify *v)
{
	const char *comma = "Lost in the kernel, by cause: ";
	bool any = false;

	for (unsigned int i = 0; i < VERIFY_CAUSES; i++) {
		if (!v->causes[i])
			continue;
		printf("%s%s %" PRIu64, comma, cause_name(i), v->causes[i]);
		comma = ", ";
		any = true;
	}
	if (any)
		printf("\n");
}

/* Gaps that may have been told of, where there is nothing left */
static void say_undecided(const struct report *report)
{
	const json_t *partition;
	const char *comma = "";
	size_t i;

	if (!json_array_size(report->v->emptied)) {
		say(report->sums.undecided, "numbers are behind a declaration whose count cannot be "
		    "read: they may be declared");
		return;
	}
	if (!report->sums.undecided)
		return;
	printf("%" PRIu64 " numbers are neither delivered nor declared, and may have been in what "
	       "retention has emptied: ", report->sums.undecided);
	json_array_foreach(report->v->emptied, i, partition) {
		if (i == RANGES_SHOWN) {
			printf(" and %zu more", json_array_size(report->v->emptied) - i);
			break;
		}
		printf("%s%s [%d]", comma, json_string_value(json_object_get(partition, "topic")),
		       (int)json_integer_value(json_object_get(partition, "partition")));
		comma = ", ";
	}
	printf("\n");
}

static void say_unproven(const struct report *report)
{
	const json_t *latest = report->v->latest;

	if (!report->sums.unproven && !is_short(report))
		return;
	if (report->sums.unproven)
		printf("%" PRIu64 " numbers are not known, from before all topics begin: retention "
		       "has deleted what was there", report->sums.unproven);
	else
		printf("Topics begin later than --from, and rings of which the number before FIRST is "
		       "not known, too (%" PRIu64 "): retention may have deleted it", report->nr_short);
	if (latest)
		printf(". The last to begin is %s [%d], at %s.",
		       json_string_value(json_object_get(latest, "topic")),
		       (int)json_integer_value(json_object_get(latest, "partition")),
		       json_string_value(json_object_get(latest, "time")));
	if (report->sums.unproven && !report->proves)
		printf(" No ring has two events from later on, so nothing is proven.");
	printf("\n");
}

static void say_rest(const struct report *report)
{
	const struct verify *v = report->v;

	say_causes(v);
	say(report->sums.accounts[ACCOUNT_LETTER],
	    "events are in a dead-letter topic alone, and no declaration of them is here");
	say(report->sums.late, "missing events came while verify waited for them");
	say_unproven(report);
	say(v->rest.by_headers, "values could not be read; their headers say which events they are");
	say(v->rest.foreign, "messages are JSON, but no events");
	say(v->others, "events are of other hosts");
	say(report->sums.contradictions, "events were delivered, and are declared lost in the kernel: "
	    "that cannot be");
	say_undecided(report);
	say(v->rest.unread, "values, or lines, cannot be read: such as Avro or Protobuf without "
	    "headers");
	say(v->rest.mismatches, "messages have headers that name another event than their value");
	say(v->never, "events have numbers that cannot be");
	say(v->nameless, "events do not have their host's name: select them by --machine-id");
}

static void say_verdict(const struct report *report)
{
	const struct sums *sums = &report->sums;
	uint64_t declared = sums->accounts[ACCOUNT_DISCARDED] + sums->accounts[ACCOUNT_LOST] +
			    sums->accounts[ACCOUNT_MISSED] + sums->accounts[ACCOUNT_REJECTED] +
			    sums->accounts[ACCOUNT_LETTER];
	char counts[160];

	snprintf(counts, sizeof(counts), "%" PRIu64 " events delivered, %" PRIu64 " declared, %"
		 PRIu64 " missing", sums->accounts[ACCOUNT_DELIVERED], declared, sums->missing);
	if (!report->v->complete)
		printf("This is a part only, as not all was read: %s so far. What is missing may be "
		       "in the rest.\n", counts);
	else if (!report->nr_rings)
		printf("No events: nothing is proven.\n");
	else if (sums->missing && is_wrong(report))
		printf("%s. They may be in a topic that was not named, or a connector has left them "
		       "out itself (\"filter\", a transform).\n", counts);
	else if (is_wrong(report))
		printf("%s, and what is told of some is contradictory.\n", counts);
	else if (is_blind(report))
		printf("%s, as far as could be read: that is no proof.\n", counts);
	else
		printf("%s: all is accounted for, from %s to its LAST. What came later is not here "
		       "yet.\n", counts, sums->unproven ?
		       "where each ring's proof begins (" PROVEN_FROM ")" : "each ring's FIRST");
}

static void print_text(struct report *report)
{
	table_print(report->table);
	if (report->nr_rings)
		printf("\n");
	say_ranges(report);
	say_rest(report);
	say_verdict(report);
}

/*
 * JSON
 */

static json_t *causes_json(const struct verify *v)
{
	json_t *causes = must(json_object());

	for (unsigned int i = 0; i < VERIFY_CAUSES; i++)
		if (v->causes[i])
			json_object_set_new(causes, cause_name(i),
					    json_integer((json_int_t)v->causes[i]));
	return causes;
}

/* Sums of hostile numbers may be more than JSON's integers hold. */
static json_int_t number(uint64_t sum)
{
	return sum > INT64_MAX ? INT64_MAX : (json_int_t)sum;
}

static void print_json(struct report *report)
{
	const struct verify *v = report->v;
	const struct sums *s = &report->sums;
	json_t *json;

	json = must(json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
			      "verdict", verdict(report), "complete", v->complete,
			      "messages", number(v->messages),
			      "by_headers", number(v->rest.by_headers),
			      "unread", number(v->rest.unread),
			      "foreign", number(v->rest.foreign),
			      "mismatches", number(v->rest.mismatches),
			      "impossible", number(v->never), "other_hosts", number(v->others),
			      "without_host", number(v->nameless)));
	json_object_update_new(json,
			   must(json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "delivered",
					  number(s->accounts[ACCOUNT_DELIVERED]), "discarded",
					  number(s->accounts[ACCOUNT_DISCARDED]), "lost",
					  number(s->accounts[ACCOUNT_LOST]), "missed",
					  number(s->accounts[ACCOUNT_MISSED]), "rejected",
					  number(s->accounts[ACCOUNT_REJECTED]), "dead_lettered",
					  number(s->accounts[ACCOUNT_LETTER]), "missing",
					  number(s->missing))));
	json_object_update_new(json,
			   must(json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "undecided",
					  number(s->undecided), "unproven", number(s->unproven),
					  "late", number(s->late), "duplicates",
					  number(s->duplicates), "reordered",
					  number(s->reordered), "contradictions",
					  number(s->contradictions))));
	json_object_set_new(json, "short_rings",
			    json_integer(is_short(report) ? number(report->nr_short) : 0));
	json_object_set_new(json, "lost_by_cause", causes_json(v));
	json_object_set(json, "emptied_partitions", v->emptied);
	json_object_set_new(json, "last_to_begin", v->latest ? json_incref(v->latest) : json_null());
	json_object_set(json, "missing_ranges", report->ranges);
	json_object_set(json, "rings", report->rings);
	json_print(json);
}

int verify_report(const struct verify *v, bool json)
{
	struct report report = {
		.v = v, .json = json,
		.rings = must(json_array()), .ranges = must(json_array()),
	};
	int status;

	ledger_sums(v->ledger, &report.sums);
	if (!json)
		begin_table(&report);
	ledger_each(v->ledger, tell_ring, &report);
	ledger_missing(v->ledger, add_range, &report);
	if (json)
		print_json(&report);
	else
		print_text(&report);
	status = status_of(&report);
	json_decref(report.rings);
	json_decref(report.ranges);
	return status;
}
