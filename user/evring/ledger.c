/* SPDX-License-Identifier: MIT */
/* See ledger.h. */
#include "ledger.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "spans.h"

#define NUMBER_MAX	INT64_MAX	/* the kernel's have 48 bits */

/* How far one ring has come in one partition */
struct track {
	struct track *next;
	unsigned int partition;
	bool begun;		/* by an event that is where it belongs, in @first */
	uint64_t first, highest;
};

struct ring {
	char *name;		/* first: rings are compared by it */
	struct spans accounts[NR_ACCOUNTS];
	struct spans open;	/* the numbers of open declarations */
	bool has_wide;		/* @wide: the first of them that evringd has made */
	uint64_t wide;
	struct spans closed;	/* all that was known at the close */
	struct track *tracks;
	bool is_known;		/* by a posting that is not early */
	uint64_t first, last;
	bool is_new;		/* @oldest: the first that is not old, nor late */
	uint64_t oldest;
	uint64_t duplicates, reordered, late, beyond;
};

struct ledger {
	void *rings;		/* a tree of tsearch(3) */
	size_t nr_rings;
	struct ring *recent;	/* most postings are of the ring of the last one */
	bool *cut;		/* by partition */
	size_t nr_cut;
	bool skip_old;		/* no gap in front of what is old is proven */
	bool doubt;		/* no gap is proven */
	bool closed;
	uint64_t gaps;		/* numbers that were missing at the close, and still are */
	uint64_t distinct;
};

struct ledger *ledger_new(void)
{
	return xzalloc(sizeof(struct ledger));
}

static void ring_free(void *node)
{
	struct ring *ring = node;
	struct track *track;

	while ((track = ring->tracks)) {
		ring->tracks = track->next;
		free(track);
	}
	for (size_t i = 0; i < NR_ACCOUNTS; i++)
		spans_free(&ring->accounts[i]);
	spans_free(&ring->open);
	spans_free(&ring->closed);
	free(ring->name);
	free(ring);
}

void ledger_free(struct ledger *ledger)
{
	tdestroy(ledger->rings, ring_free);
	free(ledger->cut);
	free(ledger);
}

void ledger_cut(struct ledger *ledger, unsigned int partition)
{
	if (partition >= ledger->nr_cut) {
		ledger->cut = xgrow(ledger->cut, ledger->nr_cut, partition + 1,
				    sizeof(*ledger->cut));
		ledger->nr_cut = partition + 1;
	}
	ledger->cut[partition] = true;
}

void ledger_skip_old(struct ledger *ledger)
{
	ledger->skip_old = true;
}

void ledger_doubt(struct ledger *ledger)
{
	ledger->doubt = true;
}

/*
 * Postings
 */

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct ring *)a)->name, ((const struct ring *)b)->name);
}

/* NULL: there is none, and none is made. */
static struct ring *ring_of(struct ledger *ledger, const char *name, bool make)
{
	const struct ring key = { .name = (char *)name };
	struct ring *ring = ledger->recent, **node;

	if (ring && !strcmp(ring->name, name))
		return ring;
	node = tfind(&key, &ledger->rings, compare);
	if (!node && make) {
		ring = xzalloc(sizeof(*ring));
		ring->name = xstrdup(name);
		node = must(tsearch(ring, &ledger->rings, compare));
		ledger->nr_rings++;
	}
	if (node)
		ledger->recent = *node;
	return node ? *node : NULL;
}

static struct track *track_of(struct ring *ring, const struct posting *posting)
{
	struct track *track, **at = &ring->tracks;

	for (; (track = *at); at = &track->next) {
		if (track->partition != posting->partition)
			continue;
		/* The next posting will be in this partition, too. */
		*at = track->next;
		break;
	}
	if (!track) {
		track = xzalloc(sizeof(*track));
		track->partition = posting->partition;
	}
	track->next = ring->tracks;
	ring->tracks = track;
	return track;
}

static void follow(struct ring *ring, const struct posting *posting, uint64_t last, bool is_new)
{
	struct track *track = track_of(ring, posting);

	ring->reordered += is_new && posting->seq < track->highest;
	if (!track->begun && !posting->late) {
		track->begun = true;
		track->first = posting->seq;
	}
	track->highest = last > track->highest ? last : track->highest;
	if (posting->early)
		return;
	ring->first = ring->is_known && ring->first < posting->seq ? ring->first : posting->seq;
	ring->last = ring->is_known && ring->last > last ? ring->last : last;
	ring->is_known = true;
	if (posting->old || posting->late)
		return;
	ring->oldest = ring->is_new && ring->oldest < posting->seq ? ring->oldest : posting->seq;
	ring->is_new = true;
}

static void open_at(struct ring *ring, const struct posting *posting)
{
	if (!posting->open)
		return;
	spans_add(&ring->open, posting->seq, posting->seq);
	if (posting->account == ACCOUNT_LOST || (ring->has_wide && ring->wide <= posting->seq))
		return;
	ring->has_wide = true;
	ring->wide = posting->seq;
}

/* Where all partitions that do not begin with their first message have begun */
static uint64_t proof_begins(const struct ledger *ledger, const struct ring *ring)
{
	uint64_t from = ring->first;

	if (ledger->skip_old)
		from = ring->is_new ? ring->oldest : ring->last;

	for (const struct track *track = ring->tracks; track; track = track->next) {
		if (track->partition < ledger->nr_cut && ledger->cut[track->partition] &&
		    track->begun && track->first > from)
			from = track->first;
	}
	return from;
}

/* Only of numbers that were missing at the close */
static void fill_gap(struct ledger *ledger, const struct posting *posting, uint64_t last)
{
	struct ring *ring = ring_of(ledger, posting->ring, false);
	uint64_t first = posting->seq, from, filled;

	if (!ring || !ring->is_known)
		return;
	from = proof_begins(ledger, ring);
	first = first < from ? from : first;
	last = last > ring->last ? ring->last : last;
	filled = first <= last ? spans_add(&ring->closed, first, last) : 0;
	if (!filled)
		return;
	spans_add(&ring->accounts[posting->account], first, last);
	open_at(ring, posting);
	ring->late += filled;
	ledger->gaps -= filled;
}

enum posted ledger_add(struct ledger *ledger, const struct posting *posting)
{
	uint64_t last = posting->seq + posting->count - 1, new;
	struct ring *ring;

	if (!posting->count || posting->count > NUMBER_MAX || posting->seq > NUMBER_MAX ||
	    last > NUMBER_MAX)
		return POSTED_NEVER;
	if (ledger->closed) {
		fill_gap(ledger, posting, last);
		return POSTED_LATE;
	}
	ring = ring_of(ledger, posting->ring, true);
	new = spans_add(&ring->accounts[posting->account], posting->seq, last);
	open_at(ring, posting);
	follow(ring, posting, last, new);
	if (posting->account == ACCOUNT_DELIVERED && !posting->early)
		ledger->distinct += new;
	if (new)
		return POSTED_NEW;
	ring->duplicates += !posting->early;
	return POSTED_AGAIN;
}

uint64_t ledger_distinct(const struct ledger *ledger)
{
	return ledger->distinct;
}

size_t ledger_rings(const struct ledger *ledger)
{
	return ledger->nr_rings;
}

/*
 * Sums
 */

static void add_all(struct spans *to, const struct spans *from, uint64_t first, uint64_t last)
{
	struct span span;

	while (first <= last && spans_next(from, first, &span) && span.first <= last) {
		spans_add(to, span.first > first ? span.first : first,
			  span.last < last ? span.last : last);
		first = span.last + 1;
	}
}

/* The known numbers of a ring, and with @sums how many of each account */
static void know(const struct ring *ring, struct spans *known, struct sums *sums)
{
	uint64_t before = 0, all, own;

	for (size_t i = 0; i < NR_ACCOUNTS; i++) {
		own = spans_count(&ring->accounts[i], ring->first, ring->last);
		if (!own)
			continue;
		add_all(known, &ring->accounts[i], ring->first, ring->last);
		all = spans_count(known, ring->first, ring->last);
		if (sums) {
			sums->accounts[i] = all - before;
			sums->overlaps += own - (all - before);
			if (i == ACCOUNT_LOST)
				sums->contradictions = own - (all - before);
		}
		before = all;
	}
}

/* Each stretch between the first and the last number that @known does not have */
static void each_gap(const struct ring *ring, const struct spans *known,
		     void (*fn)(const struct ring *ring, uint64_t first, uint64_t last, void *arg),
		     void *arg)
{
	uint64_t from = ring->first;
	struct span span;

	while (spans_next(known, from, &span) && span.first <= ring->last) {
		if (span.first > from)
			fn(ring, from, span.first - 1, arg);
		if (span.last >= ring->last)
			return;
		from = span.last + 1;
	}
	if (from <= ring->last)
		fn(ring, from, ring->last, arg);
}

/*
 * An open declaration of the kernel may cover all that is missing directly behind it. One that
 * a connector has made also what is missing further behind, as another connector may have
 * delivered some of it, and nothing tells which message is whose.
 */
static bool is_undecided(const struct ring *ring, uint64_t first)
{
	return first && (spans_has(&ring->open, first - 1) ||
			 (ring->has_wide && ring->wide < first));
}

static void sum_gap(const struct ring *ring, uint64_t first, uint64_t last, void *arg)
{
	struct ring_sums *to = arg;
	uint64_t from = first > to->from ? first : to->from;

	if (first < to->from)
		to->sums.unproven += (last < to->from ? last : to->from - 1) - first + 1;
	if (from > last)
		return;
	if (is_undecided(ring, first))
		to->sums.undecided += last - from + 1;
	else
		to->sums.missing += last - from + 1;
}

/* Is the number before the first one known, from before the time from which on events are wanted? */
static bool reaches_back(const struct ring *ring)
{
	if (!ring->first)
		return true;
	for (size_t i = 0; i < NR_ACCOUNTS; i++)
		if (spans_has(&ring->accounts[i], ring->first - 1))
			return true;
	return false;
}

static void ring_sum(const struct ledger *ledger, const struct ring *ring, struct ring_sums *to)
{
	struct spans known = { 0 };

	*to = (struct ring_sums){
		.ring = ring->name, .first = ring->first, .last = ring->last,
		.from = proof_begins(ledger, ring), .reaches_back = reaches_back(ring),
		.sums = {
			.duplicates = ring->duplicates, .reordered = ring->reordered,
			.late = ring->late, .overlaps = ring->beyond,
		},
	};
	know(ring, &known, &to->sums);
	each_gap(ring, &known, sum_gap, to);
	spans_free(&known);
	if (ledger->doubt) {
		to->sums.undecided += to->sums.missing;
		to->sums.missing = 0;
	}
}

struct walk {
	const struct ledger *ledger;
	void (*fn)(const struct walk *walk, struct ring *ring);
	union {
		void (*sums)(const struct ring_sums *ring, void *arg);
		void (*missing)(const char *ring, uint64_t first, uint64_t last, void *arg);
	} tell;
	void *arg;
	uint64_t from;		/* of the ring whose gaps are told */
};

static void visit(const void *node, VISIT which, void *arg)
{
	struct ring *ring = *(struct ring *const *)node;
	struct walk *walk = arg;

	if ((which == postorder || which == leaf) && ring->is_known)
		walk->fn(walk, ring);
}

static void each_ring(struct walk *walk)
{
	twalk_r(walk->ledger->rings, visit, walk);
}

static void tell_sums(const struct walk *walk, struct ring *ring)
{
	struct ring_sums sums;

	ring_sum(walk->ledger, ring, &sums);
	walk->tell.sums(&sums, walk->arg);
}

void ledger_each(const struct ledger *ledger, void (*fn)(const struct ring_sums *ring, void *arg),
		 void *arg)
{
	struct walk walk = { .ledger = ledger, .fn = tell_sums, .tell.sums = fn, .arg = arg };

	each_ring(&walk);
}

/* Hostile numbers do not come round to 0. */
static void add(uint64_t *to, uint64_t count)
{
	if (__builtin_add_overflow(*to, count, to))
		*to = UINT64_MAX;
}

static void add_sums(const struct ring_sums *ring, void *arg)
{
	const struct sums *from = &ring->sums;
	struct sums *to = arg;

	for (size_t i = 0; i < NR_ACCOUNTS; i++)
		add(&to->accounts[i], from->accounts[i]);
	add(&to->missing, from->missing);
	add(&to->undecided, from->undecided);
	add(&to->unproven, from->unproven);
	add(&to->duplicates, from->duplicates);
	add(&to->reordered, from->reordered);
	add(&to->late, from->late);
	add(&to->overlaps, from->overlaps);
	add(&to->contradictions, from->contradictions);
}

void ledger_sums(const struct ledger *ledger, struct sums *sums)
{
	*sums = (struct sums){ 0 };
	ledger_each(ledger, add_sums, sums);
}

static void tell_gap(const struct ring *ring, uint64_t first, uint64_t last, void *arg)
{
	const struct walk *walk = arg;

	if (last >= walk->from && !is_undecided(ring, first))
		walk->tell.missing(ring->name, first > walk->from ? first : walk->from, last,
				   walk->arg);
}

static void tell_gaps(const struct walk *walk, struct ring *ring)
{
	struct spans known = { 0 };
	struct walk of_ring = *walk;

	of_ring.from = proof_begins(walk->ledger, ring);
	know(ring, &known, NULL);
	each_gap(ring, &known, tell_gap, &of_ring);
	spans_free(&known);
}

void ledger_missing(const struct ledger *ledger,
		    void (*fn)(const char *ring, uint64_t first, uint64_t last, void *arg), void *arg)
{
	struct walk walk = {
		.ledger = ledger, .fn = tell_gaps, .tell.missing = fn, .arg = arg,
	};

	if (!ledger->doubt)
		each_ring(&walk);
}

/*
 * Edges
 */

static void close_ring(const struct walk *walk, struct ring *ring)
{
	(void)walk;
	know(ring, &ring->closed, NULL);
}

void ledger_close(struct ledger *ledger)
{
	struct walk walk = { .ledger = ledger, .fn = close_ring };
	struct sums sums;

	ledger_sums(ledger, &sums);
	each_ring(&walk);
	ledger->gaps = sums.missing;
	add(&ledger->gaps, sums.undecided);
	ledger->closed = true;
}

bool ledger_has_gaps(const struct ledger *ledger)
{
	return ledger->gaps;
}

static void begin_at_zero(const struct walk *walk, struct ring *ring)
{
	(void)walk;
	ring->first = 0;
}

void ledger_from_zero(struct ledger *ledger)
{
	struct walk walk = { .ledger = ledger, .fn = begin_at_zero };

	each_ring(&walk);
}

static void find_ring(const struct walk *walk, struct ring *ring)
{
	const char **suffix = walk->arg;
	size_t len = strlen(ring->name), end = strlen(*suffix);

	if (len >= end && !strcmp(ring->name + len - end, *suffix))
		*suffix = ring->name;
}

void ledger_expect(struct ledger *ledger, const char *lane, int cpu, uint64_t emitted)
{
	struct walk walk = { .ledger = ledger, .fn = find_ring };
	char *suffix;
	const char *name;
	struct ring *ring;

	if (!emitted)
		return;
	suffix = xprintf("/%s/%d", lane, cpu);
	name = suffix;
	walk.arg = &name;
	each_ring(&walk);
	ring = ring_of(ledger, name, true);
	free(suffix);
	/* More than there can be is as wrong as less. */
	if (ring->is_known && ring->last >= emitted)
		ring->beyond = ring->last + 1 - emitted;
	ring->first = 0;
	ring->last = emitted - 1 > ring->last ? emitted - 1 : ring->last;
	ring->is_known = true;
}
