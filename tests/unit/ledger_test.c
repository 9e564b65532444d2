/* SPDX-License-Identifier: MIT */
/*
 * The accounting of evring verify: sets of numbers, and the fate of each event of a ring.
 *
 *	ledger_test [SEED]	random sets are printed with their seed
 */
#include "../harness/tap.h"
#include "ledger.h"
#include "spans.h"
#include "topics.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RING	"machine/boot/critical/0"

static unsigned long seed;

/*
 * Sets
 */

static void test_joined(void)
{
	struct spans spans = { 0 };
	struct span span;

	CHECK(spans_add(&spans, 10, 12) == 3);
	CHECK(spans_add(&spans, 14, 14) == 1);
	CHECK(spans_add(&spans, 13, 13) == 1);
	CHECK(spans_next(&spans, 0, &span) && span.first == 10 && span.last == 14);
	CHECK(!spans_next(&spans, 15, &span));
	CHECK(spans_add(&spans, 5, 20) == 11);
	CHECK(spans_add(&spans, 5, 20) == 0);
	CHECK(spans_count(&spans, 0, 100) == 16 && spans_count(&spans, 6, 8) == 3);
	CHECK(!spans_has(&spans, 4) && spans_has(&spans, 5) && spans_has(&spans, 20) &&
	      !spans_has(&spans, 21));
	spans_free(&spans);
}

static void test_highest(void)
{
	struct spans spans = { 0 };
	struct span span;

	CHECK(spans_add(&spans, UINT64_MAX, UINT64_MAX) == 1);
	CHECK(spans_add(&spans, 0, 0) == 1);
	CHECK(spans_add(&spans, UINT64_MAX - 1, UINT64_MAX - 1) == 1);
	CHECK(spans_next(&spans, 1, &span) && span.first == UINT64_MAX - 1 &&
	      span.last == UINT64_MAX);
	CHECK(spans_count(&spans, 0, UINT64_MAX) == 3);
	CHECK(spans_add(&spans, 1, UINT64_MAX) == UINT64_MAX - 2);
	CHECK(spans_count(&spans, 0, UINT64_MAX) == UINT64_MAX);
	CHECK(spans_next(&spans, UINT64_MAX, &span) && span.first == 0);
	spans_free(&spans);
	CHECK(spans_add(&spans, 0, UINT64_MAX) == UINT64_MAX);
	CHECK(spans_add(&spans, 0, UINT64_MAX) == 0);
	spans_free(&spans);
}

#define MODEL 3000	/* more gaps than a chunk has room for */

static void compare_with(const struct spans *spans, const bool *model)
{
	uint64_t count = 0, from = 0;
	struct span span;

	for (uint64_t i = 0; i < MODEL; i++) {
		count += model[i];
		if (!CHECK(spans_has(spans, i) == model[i]))
			return;
	}
	CHECK(spans_count(spans, 0, UINT64_MAX) == count);
	/* Neighbours are joined. */
	for (; spans_next(spans, from, &span); from = span.last + 1)
		CHECK(span.first <= span.last && (!from || span.first > from));
}

/* @wide: stretches up to so long; @down: every other number, from the highest on */
static void random_set(unsigned int wide, bool down)
{
	struct spans spans = { 0 };
	bool model[MODEL] = { false };
	uint64_t first, last, new, i;

	for (unsigned int n = 0; n < MODEL / 2; n++) {
		first = down ? MODEL - 2 - 2 * n : (uint64_t)rand() % MODEL;
		last = first + (uint64_t)rand() % wide;
		last = last < MODEL ? last : MODEL - 1;
		for (new = 0, i = first; i <= last; i++) {
			new += !model[i];
			model[i] = true;
		}
		CHECK(spans_add(&spans, first, last) == new);
	}
	compare_with(&spans, model);
	spans_free(&spans);
}

static void test_random(void)
{
	srand((unsigned int)seed);
	random_set(1, true);
	random_set(1, false);
	random_set(3, false);
	random_set(40, false);
	random_set(3, true);
}

/*
 * Ledger
 */

static enum posted post(struct ledger *ledger, enum account account, uint64_t seq, uint64_t count)
{
	const struct posting posting = {
		.ring = RING, .seq = seq, .count = count, .account = account,
	};

	return ledger_add(ledger, &posting);
}

static void deliver(struct ledger *ledger, uint64_t first, uint64_t last)
{
	for (; first <= last; first++)
		post(ledger, ACCOUNT_DELIVERED, first, 1);
}

static struct sums sums_of(const struct ledger *ledger)
{
	struct sums sums;

	ledger_sums(ledger, &sums);
	return sums;
}

/* The last gap that ledger_missing() told, and how many */
struct told {
	unsigned int nr;
	uint64_t first, last;
};

static void tell(const char *ring, uint64_t first, uint64_t last, void *arg)
{
	struct told *told = arg;

	CHECK(!strcmp(ring, RING));
	*told = (struct told){ told->nr + 1, first, last };
}

static void test_missing(void)
{
	struct ledger *ledger = ledger_new();
	struct told told = { 0 };

	deliver(ledger, 100, 109);
	deliver(ledger, 120, 129);
	CHECK(sums_of(ledger).missing == 10 && sums_of(ledger).accounts[ACCOUNT_DELIVERED] == 20);
	CHECK(ledger_distinct(ledger) == 20);
	ledger_missing(ledger, tell, &told);
	CHECK(told.nr == 1 && told.first == 110 && told.last == 119);
	post(ledger, ACCOUNT_LOST, 110, 9);
	CHECK(sums_of(ledger).missing == 1 && sums_of(ledger).accounts[ACCOUNT_LOST] == 9);
	post(ledger, ACCOUNT_DISCARDED, 119, 1);
	CHECK(!sums_of(ledger).missing && sums_of(ledger).accounts[ACCOUNT_DISCARDED] == 1);
	ledger_free(ledger);
}

static void test_duplicates(void)
{
	struct ledger *ledger = ledger_new();

	deliver(ledger, 1, 5);
	CHECK(post(ledger, ACCOUNT_DELIVERED, 3, 1) == POSTED_AGAIN);
	CHECK(post(ledger, ACCOUNT_LOST, 6, 3) == POSTED_NEW);
	CHECK(post(ledger, ACCOUNT_LOST, 6, 3) == POSTED_AGAIN);
	CHECK(post(ledger, ACCOUNT_DELIVERED, 11, 1) == POSTED_NEW);
	CHECK(post(ledger, ACCOUNT_DELIVERED, 10, 1) == POSTED_NEW);
	CHECK(sums_of(ledger).duplicates == 2 && sums_of(ledger).reordered == 1);
	CHECK(sums_of(ledger).missing == 1);
	ledger_free(ledger);
}

/* A number is in one account, and that several have it is told. */
static void test_overlaps(void)
{
	struct ledger *ledger = ledger_new();
	struct sums sums;

	deliver(ledger, 0, 9);
	post(ledger, ACCOUNT_LOST, 8, 4);	/* 8 and 9 were delivered: that cannot be */
	post(ledger, ACCOUNT_REJECTED, 5, 1);	/* put back later: that can */
	post(ledger, ACCOUNT_LETTER, 5, 1);
	post(ledger, ACCOUNT_MISSED, 11, 3);
	sums = sums_of(ledger);
	CHECK(sums.accounts[ACCOUNT_DELIVERED] == 10 && sums.accounts[ACCOUNT_LOST] == 2);
	CHECK(sums.accounts[ACCOUNT_MISSED] == 2 && !sums.accounts[ACCOUNT_REJECTED]);
	CHECK(sums.contradictions == 2 && sums.overlaps == 5 && !sums.missing);
	ledger_free(ledger);
}

static void test_open(void)
{
	struct ledger *ledger = ledger_new();
	struct posting posting = {
		.ring = RING, .seq = 10, .count = 1, .account = ACCOUNT_LOST, .open = true,
	};
	struct told told = { 0 };

	deliver(ledger, 0, 9);
	ledger_add(ledger, &posting);
	deliver(ledger, 20, 29);
	deliver(ledger, 35, 39);
	CHECK(sums_of(ledger).undecided == 9 && sums_of(ledger).missing == 5);
	ledger_missing(ledger, tell, &told);
	CHECK(told.nr == 1 && told.first == 30 && told.last == 34);
	ledger_free(ledger);
}

/* Another connector has delivered 15, and may have missed 10 to 20. */
static void test_open_range(void)
{
	struct ledger *ledger = ledger_new();
	struct posting posting = {
		.ring = RING, .seq = 10, .count = 1, .account = ACCOUNT_MISSED, .open = true,
	};
	struct told told = { 0 };

	deliver(ledger, 0, 4);
	deliver(ledger, 6, 9);
	ledger_add(ledger, &posting);
	deliver(ledger, 15, 15);
	deliver(ledger, 21, 29);
	CHECK(sums_of(ledger).undecided == 4 + 5 && sums_of(ledger).missing == 1);
	ledger_missing(ledger, tell, &told);
	CHECK(told.nr == 1 && told.first == 5 && told.last == 5);
	/* One of what evringd could not deliver reaches as far. */
	posting.account = ACCOUNT_REJECTED;
	posting.seq = 2;
	ledger_add(ledger, &posting);
	CHECK(sums_of(ledger).undecided == 10 && !sums_of(ledger).missing);
	ledger_free(ledger);
}

static void test_cut(void)
{
	struct ledger *ledger = ledger_new();
	struct posting posting = { .ring = RING, .seq = 10, .count = 1 };

	/* Partition 0 begins with its first message, 1 in the middle: 12 to 18 may have been there. */
	ledger_cut(ledger, 1);
	ledger_add(ledger, &posting);
	posting.seq = 11;
	ledger_add(ledger, &posting);
	posting.seq = 19;
	posting.partition = 1;
	ledger_add(ledger, &posting);
	CHECK(!sums_of(ledger).missing && sums_of(ledger).unproven == 7);
	posting.seq = 21;
	ledger_add(ledger, &posting);
	CHECK(sums_of(ledger).missing == 1 && sums_of(ledger).unproven == 7);
	ledger_free(ledger);
}

/*
 * The last partition to begin has no event of this ring, and may have had what is missing from
 * before its time.
 */
static void test_old(void)
{
	struct ledger *ledger = ledger_new();
	struct posting posting = { .ring = RING, .count = 1, .old = true };

	ledger_skip_old(ledger);
	for (posting.seq = 0; posting.seq < 20; posting.seq++) {
		posting.old = posting.seq < 10;
		if (posting.seq != 3 && posting.seq != 9 && posting.seq != 15)
			ledger_add(ledger, &posting);
	}
	CHECK(sums_of(ledger).missing == 1 && sums_of(ledger).unproven == 2);
	/* What comes out of its turn begins nothing. */
	posting.late = true;
	posting.seq = 3;
	ledger_add(ledger, &posting);
	CHECK(sums_of(ledger).missing == 1 && sums_of(ledger).unproven == 1);
	ledger_free(ledger);
	/* All of the ring is older. */
	ledger = ledger_new();
	ledger_skip_old(ledger);
	posting = (struct posting){ .ring = RING, .count = 1, .old = true };
	ledger_add(ledger, &posting);
	posting.seq = 5;
	ledger_add(ledger, &posting);
	CHECK(!sums_of(ledger).missing && sums_of(ledger).unproven == 4);
	ledger_free(ledger);
}

/*
 * Of the odd numbers, in partition 1, retention has left 101, which was put back behind the
 * others, and those from 5001 on. The even ones are all there.
 */
static void test_put_back(void)
{
	struct ledger *ledger = ledger_new();
	struct posting posting = { .ring = RING, .seq = 101, .count = 1, .partition = 1,
				   .late = true };

	ledger_cut(ledger, 1);
	ledger_add(ledger, &posting);
	posting.late = false;
	for (posting.seq = 5001; posting.seq <= 6001; posting.seq += 2)
		ledger_add(ledger, &posting);
	for (uint64_t seq = 2; seq <= 6000; seq += 2)
		deliver(ledger, seq, seq);
	CHECK(!sums_of(ledger).missing && sums_of(ledger).unproven == 49 + 2449);
	CHECK(sums_of(ledger).accounts[ACCOUNT_DELIVERED] == 1 + 501 + 3000);
	ledger_free(ledger);
}

/* A gap's events may have been in a partition that has nothing left; what is there stays proven. */
static void test_emptied(void)
{
	const struct partition never_used = { .low = 0, .start = 0, .end = 0 };
	const struct partition emptied = { .low = 4, .start = 4, .end = 4 };
	const struct partition old = { .low = 4, .start = 4, .end = 5 };
	struct ledger *ledger = ledger_new();
	struct told told = { 0 };

	CHECK(!partition_is_emptied(&never_used) && partition_is_emptied(&emptied) &&
	      !partition_is_emptied(&old));
	ledger_cut(ledger, 1);
	deliver(ledger, 0, 9);
	deliver(ledger, 12, 20);
	CHECK(sums_of(ledger).missing == 2);	/* partition 1 has events, if none of this ring */
	ledger_doubt(ledger);
	CHECK(!sums_of(ledger).missing && sums_of(ledger).undecided == 2);
	CHECK(sums_of(ledger).accounts[ACCOUNT_DELIVERED] == 19);
	ledger_missing(ledger, tell, &told);
	CHECK(!told.nr);
	ledger_close(ledger);
	CHECK(ledger_has_gaps(ledger));
	ledger_free(ledger);
}

/* What was before a partition's start, retention has deleted, also if --from begins there. */
static void test_partition(void)
{
	const struct partition whole = { .low = 0, .start = 0, .end = 9 };
	const struct partition old = { .low = 4, .start = 4, .end = 9 };
	const struct partition from = { .low = 4, .start = 5, .end = 9 };

	CHECK(!partition_is_cut(&whole) && partition_is_cut(&old) && !partition_is_cut(&from));
}

/* --from begins before the first message that is left. */
static void test_cut_from(void)
{
	struct ledger *ledger = ledger_new();
	struct posting posting = { .ring = RING, .count = 1 };

	ledger_cut(ledger, 1);
	for (unsigned int i = 0; i < 100; i++) {
		posting.partition = i % 2;
		posting.seq = i;
		posting.early = i < 10;
		if (!posting.partition || i > 50)
			ledger_add(ledger, &posting);
	}
	CHECK(!sums_of(ledger).missing && sums_of(ledger).unproven == 20);
	ledger_free(ledger);
}

static void test_early_and_late(void)
{
	struct ledger *ledger = ledger_new();
	struct posting posting = { .ring = RING, .seq = 4, .count = 1, .early = true };

	ledger_add(ledger, &posting);
	CHECK(!ledger_distinct(ledger) && !sums_of(ledger).accounts[ACCOUNT_DELIVERED]);
	deliver(ledger, 8, 9);
	posting.seq = 11;
	ledger_add(ledger, &posting);
	deliver(ledger, 13, 13);
	CHECK(sums_of(ledger).missing == 2 && sums_of(ledger).accounts[ACCOUNT_DELIVERED] == 4);
	ledger_close(ledger);
	CHECK(ledger_has_gaps(ledger));
	CHECK(post(ledger, ACCOUNT_DELIVERED, 10, 1) == POSTED_LATE);
	CHECK(post(ledger, ACCOUNT_DELIVERED, 10, 1) == POSTED_LATE);
	CHECK(post(ledger, ACCOUNT_DELIVERED, 7, 1) == POSTED_LATE);
	CHECK(ledger_has_gaps(ledger) && sums_of(ledger).late == 1);
	CHECK(post(ledger, ACCOUNT_LOST, 12, 5) == POSTED_LATE);
	CHECK(!ledger_has_gaps(ledger) && !sums_of(ledger).missing && sums_of(ledger).late == 2);
	CHECK(sums_of(ledger).accounts[ACCOUNT_DELIVERED] == 5 &&
	      sums_of(ledger).accounts[ACCOUNT_LOST] == 1);
	ledger_free(ledger);
}

static void test_hostile(void)
{
	struct ledger *ledger = ledger_new();
	struct posting other = { .ring = "m/b/l/1", .seq = 0, .count = 1 };

	CHECK(post(ledger, ACCOUNT_DELIVERED, UINT64_MAX, 1) == POSTED_NEVER);
	CHECK(post(ledger, ACCOUNT_LOST, 1, UINT64_MAX) == POSTED_NEVER);
	CHECK(post(ledger, ACCOUNT_LOST, UINT64_MAX, UINT64_MAX) == POSTED_NEVER);
	CHECK(post(ledger, ACCOUNT_LOST, 1, 0) == POSTED_NEVER);
	CHECK(post(ledger, ACCOUNT_LOST, INT64_MAX, 2) == POSTED_NEVER);
	CHECK(!ledger_rings(ledger));
	CHECK(post(ledger, ACCOUNT_DELIVERED, INT64_MAX, 1) == POSTED_NEW);
	CHECK(post(ledger, ACCOUNT_DELIVERED, 0, 1) == POSTED_NEW);
	CHECK(sums_of(ledger).missing == INT64_MAX - 1ull);
	/* Sums of several such rings do not come round to 0. */
	for (unsigned int i = 0; i < 8; i++) {
		char name[] = "m/b/l/0";

		name[6] = (char)('0' + i);
		other.ring = name;
		other.seq = 0;
		ledger_add(ledger, &other);
		other.seq = INT64_MAX;
		ledger_add(ledger, &other);
	}
	CHECK(sums_of(ledger).missing == UINT64_MAX && ledger_rings(ledger) == 9);
	ledger_free(ledger);
}

static void test_expected(void)
{
	struct ledger *ledger = ledger_new();

	deliver(ledger, 5, 9);
	ledger_expect(ledger, "critical", 0, 12);
	CHECK(sums_of(ledger).missing == 7);
	ledger_expect(ledger, "bulk", 0, 4);
	CHECK(sums_of(ledger).missing == 11);
	ledger_free(ledger);
	ledger = ledger_new();
	deliver(ledger, 5, 9);
	ledger_from_zero(ledger);
	CHECK(sums_of(ledger).missing == 5);
	ledger_expect(ledger, "critical", 0, 8);
	CHECK(sums_of(ledger).overlaps == 2);
	ledger_free(ledger);
}

int main(int argc, char **argv)
{
	seed = argc > 1 ? strtoul(argv[1], NULL, 10) : (unsigned long)time(NULL);
	printf("# seed %lu\n", seed);
	test_case(test_joined, "spans that meet are joined, and each number counts once");
	test_case(test_highest, "up to 2^64 - 1");
	test_case(test_random, "sets are right at random, with more gaps than a chunk holds");
	test_case(test_missing, "what is neither delivered nor declared is missing");
	test_case(test_duplicates, "duplicates and reorderings are counted");
	test_case(test_overlaps, "a number counts once, also one that is delivered and declared");
	test_case(test_open, "behind a declaration that cannot be read a gap is undecided");
	test_case(test_open_range, "... also one that is further behind, if another connector may fill it");
	test_case(test_cut, "the proof begins where the last of the partitions that are cut does");
	test_case(test_cut_from, "... also with a time from which on events are wanted");
	test_case(test_old, "... or the last of those that have none of the ring's events");
	test_case(test_put_back, "... which an event that was put back does not tell");
	test_case(test_emptied, "without a partition that retention has emptied no gap is proven");
	test_case(test_partition, "a partition whose first messages are deleted is cut");
	test_case(test_early_and_late, "what is early or late fills gaps, and makes none");
	test_case(test_hostile, "numbers that cannot be are refused, and sums do not overflow");
	test_case(test_expected, "what was emitted has to come");
	return tap_end();
}
