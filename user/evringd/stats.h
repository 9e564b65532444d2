/* SPDX-License-Identifier: MIT */
/*
 * stats: a connector's counts since it is there, for monitoring. They outlive its tasks.
 * Functions take NULL, and do nothing then.
 */
#ifndef STATS_H
#define STATS_H

#include "exposition.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct delivery;
struct outgoing;

#define LATENCY_BOUNDS 16
#define STATS_REFUSALS_MAX 256		/* topics and reasons that are counted apart */
#define STATS_BROKERS_MAX 256
#define STATS_TOPICS_MAX 256
#define STATS_OTHERS "(others)"		/* the topics beyond; no topic has such a name */

struct topic_stats {
	struct topic_stats *next;
	uint64_t events, bytes;		/* acknowledged */
	uint64_t forgotten;		/* events before REST has reset the topics */
	char name[];
};

struct refusal_stats {
	struct refusal_stats *next;
	const char *reason;		/* behind the topic */
	uint64_t events, letters;	/* refused; that the dead-letter topic has then acknowledged */
	char topic[];
};

/* Of librdkafka's own statistics; totals go on where another producer begins at 0. */
struct broker_stats {
	struct broker_stats *next;
	bool known;			/* by the last statistics */
	bool up;
	uint64_t rtt_ns;		/* average of the last interval */
	struct total { uint64_t sum, last; } tx_bytes, retries, timeouts;
	char name[];			/* HOST:PORT */
};

/* A connector's configurations that came while it was there */
enum stats_reload { RELOAD_UNCHANGED, RELOAD_LIVE, RELOAD_ANEW, RELOAD_FAILED, RELOADS };

struct stats {
	struct topic_stats *topics;
	unsigned int nr_topics;		/* without that of the others */
	struct refusal_stats *refusals;
	unsigned int nr_refusals;	/* without that of the others */
	struct broker_stats *brokers;
	unsigned int nr_brokers;
	uint64_t away_ns;		/* CLOCK_BOOTTIME since when no broker is there; 0: one is */
	uint64_t latency[LATENCY_BOUNDS + 1];
	uint64_t latency_sum;		/* in stats_time()'s unit, or an outage would be too much */
	uint32_t now;			/* as stats_time() has it */
	uint64_t commit_errors, producer_restarts, reloads[RELOADS];
};

extern const struct histogram_bound stats_bounds[LATENCY_BOUNDS];

#define TIME_SHIFT 16

/* CLOCK_BOOTTIME in 65,536 ns: it goes round after 78 hours. */
static inline uint32_t stats_time(uint64_t boottime_ns)
{
	return (uint32_t)(boottime_ns >> TIME_SHIFT);
}

/* With zeros: a counter that is there from the start has an increase. */
void stats_begin(struct stats *stats);
void stats_free(struct stats *stats);

/* It stays; those beyond STATS_TOPICS_MAX are one. */
struct topic_stats *stats_topic(struct stats *stats, const char *name);
/* Before reports are told */
void stats_tick(struct stats *stats);
/*
 * One of the delivery's messages is acknowledged, but delivery_ack() does not know of it yet.
 * @out: the message, or NULL if it is all that was sent for the delivery.
 */
void stats_acked(struct stats *stats, struct topic_stats *topic, const struct delivery *delivery,
		 const struct outgoing *out, size_t len);
/* The result stays valid: a dead letter is counted there later. */
struct refusal_stats *stats_refused(struct stats *stats, const char *topic, const char *reason,
				    uint64_t events);
struct seconds stats_latency_sum(const struct stats *stats);
/* No broker can be reached. */
void stats_away(struct stats *stats);
/* The last producer is gone: nothing is known of brokers any more. */
void stats_parted(struct stats *stats);
/* librdkafka's statistics */
void stats_brokers(struct stats *stats, const char *json, size_t len);

#endif /* STATS_H */
