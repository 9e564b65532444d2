/* SPDX-License-Identifier: MIT */
/*
 * ledger: the fate of each event of each ring, as messages of Kafka tell it.
 *
 * A ring's sequence numbers are dense: each is an event that was delivered, or covered by a
 * declaration that it was not. A number that is neither is missing, if it lies between two
 * that are known: the messages do not tell of events before the first one, or behind the
 * last one.
 *
 * There are two edges. Of partitions that do not begin with their first message (retention)
 * the ring's first event in each is known to be the first that is still there: the proof
 * begins at the latest of these, and behind old postings, from before the time at which all
 * partitions have begun. And early postings, and those that come once the ledger is closed,
 * only fill gaps: they make the proof neither longer nor stricter.
 */
#ifndef EVRING_LEDGER_H
#define EVRING_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The fate of an event. A number of which several are told counts as the first of them. */
enum account {
	ACCOUNT_DELIVERED,
	ACCOUNT_DISCARDED,	/* evring.discard: given up by the code that emits */
	ACCOUNT_LOST,		/* evring.lost: the kernel had no room, or took a sample */
	ACCOUNT_MISSED,		/* evring.missed: overwritten before it was read */
	ACCOUNT_REJECTED,	/* evring.rejected: Kafka refused it */
	ACCOUNT_LETTER,		/* in a dead-letter topic */
	NR_ACCOUNTS
};

/* The statement of one event, or of one declaration */
struct posting {
	const char *ring;	/* "machine/boot/lane/cpu" */
	unsigned int partition;	/* where it was: a number for each partition of a topic */
	uint64_t seq, count;	/* the numbers from @seq on */
	enum account account;
	bool open;		/* a declaration whose count cannot be read: @count is 1 */
	bool late;		/* behind its neighbours, of which it tells nothing */
	bool old;		/* before the time at which all partitions have begun */
	bool early;		/* before the time from which on events are wanted */
};

enum posted {
	POSTED_NEW,
	POSTED_AGAIN,		/* all of it was known: a duplicate */
	POSTED_LATE,		/* closed: of use at most for a gap */
	POSTED_NEVER,		/* numbers that cannot be */
};

/* Sums are right up to 2^63, above which no number is taken. */
struct sums {
	uint64_t accounts[NR_ACCOUNTS];	/* each number is in one of them */
	uint64_t missing;
	/*
	 * Gaps that an open declaration may cover: directly behind the kernel's, anywhere behind a
	 * connector's. All, if ledger_doubt() was called.
	 */
	uint64_t undecided;
	uint64_t unproven;	/* gaps before the proof begins */
	uint64_t duplicates;	/* postings that were known */
	uint64_t reordered;	/* new postings behind a later one of their ring, in their partition */
	uint64_t late;		/* gaps that were filled after the close */
	uint64_t overlaps;	/* numbers that several accounts have */
	uint64_t contradictions; /* ... delivered, and lost in the kernel */
};

struct ring_sums {
	const char *ring;
	uint64_t first, last;	/* numbers that are known */
	uint64_t from;		/* the proof begins there */
	bool reaches_back;	/* the number before @first is known, or there is none */
	struct sums sums;
};

struct ledger;

struct ledger *ledger_new(void);
void ledger_free(struct ledger *ledger);
/* The partition does not begin with its first message. */
void ledger_cut(struct ledger *ledger, unsigned int partition);
/* There are old postings. */
void ledger_skip_old(struct ledger *ledger);
/* A partition has no message left, and may have had those of any gap. */
void ledger_doubt(struct ledger *ledger);
enum posted ledger_add(struct ledger *ledger, const struct posting *posting);
/* All wanted events are there. Later ones fill gaps. */
void ledger_close(struct ledger *ledger);
/* Does one of the numbers that were missing at the close still? */
bool ledger_has_gaps(const struct ledger *ledger);

/*
 * For the tests' consumer (tests/e2e/consume.c), which reads topics from their first message on
 * and asks the host. evring verify uses neither: retention may have deleted a ring's first
 * events, and its proof does not depend on the host.
 */

/* Numbers from 0 on are wanted, of each ring that is known now. */
void ledger_from_zero(struct ledger *ledger);
/* So many attempts were made on the first ring that is called "/lane/cpu" at its end. */
void ledger_expect(struct ledger *ledger, const char *lane, int cpu, uint64_t emitted);

/* Distinct events that were delivered so far: cheap. */
uint64_t ledger_distinct(const struct ledger *ledger);
size_t ledger_rings(const struct ledger *ledger);
/* Each ring, in the order of their names */
void ledger_each(const struct ledger *ledger, void (*fn)(const struct ring_sums *ring, void *arg),
		 void *arg);
void ledger_sums(const struct ledger *ledger, struct sums *sums);
/* Each stretch of numbers that are missing */
void ledger_missing(const struct ledger *ledger,
		    void (*fn)(const char *ring, uint64_t first, uint64_t last, void *arg), void *arg);

#endif /* EVRING_LEDGER_H */
