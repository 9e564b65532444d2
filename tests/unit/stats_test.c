/* SPDX-License-Identifier: MIT */
/* A connector's numbers: latency in its buckets, refusals within a bound, brokers that come and go. */
#include "../harness/tap.h"

#include "delivery.h"
#include "outgoing.h"
#include "stats.h"

#include <stdlib.h>
#include <string.h>

static struct stats stats;

static void acked(struct topic_stats *topic, uint64_t event_ns, uint64_t now_ns, uint32_t events,
		  const struct outgoing *out)
{
	const struct delivery delivery = {
		.time = stats_time(event_ns), .events = events, .parts = out ? 2 : 1,
	};

	stats.now = stats_time(now_ns);
	stats_acked(&stats, topic, &delivery, out, 100);
}

static uint64_t sum_ns(void)
{
	struct seconds sum = stats_latency_sum(&stats);

	return sum.s * 1000000000 + sum.ns;
}

static void latency(uint64_t event_ns, uint64_t took_ns, unsigned int bucket, const char *name)
{
	struct topic_stats *topic = stats_topic(&stats, "t");
	uint64_t before = stats.latency[bucket], sum = sum_ns(), added;

	acked(topic, event_ns, event_ns + took_ns, 3, NULL);
	added = sum_ns() - sum;
	/* Both times are cut to 65,536 ns. */
	ok(stats.latency[bucket] == before + 3 &&
	   added <= 3 * (took_ns + 65536) && added + 3 * 65536 >= 3 * took_ns, name);
}

#define MS 1000000ull
#define HOUR 3600000000000ull

static void latencies(void)
{
	latency(5 * HOUR, 0, 0, "at once");
	latency(5 * HOUR, 2 * MS, 1, "2 ms are up to 2.5 ms");
	latency(5 * HOUR, 900 * MS, 9, "900 ms are up to 1 s");
	latency(5 * HOUR, 200000 * MS, 15, "200 s are up to 300 s");
	latency(5 * HOUR, 50 * HOUR, 16, "an outage of two days is above all bounds");
	latency(78 * HOUR, HOUR, 16, "where the time goes round");
	latency((1ull << 48) - MS, 2 * MS, 1, "... and within a moment of it");
	acked(stats_topic(&stats, "t"), 10 * HOUR, 10 * HOUR - 65536, 1, NULL);
	ok(stats.latency[0] == 4, "an event that the bent clock puts ahead of us took no time");
	acked(stats_topic(&stats, "t"), HOUR, 7 * HOUR, 1000000, NULL);
	ok(stats_latency_sum(&stats).s / 1000000 == 6 * 3600,
	   "six hours of a million events are more than 64 bits of nanoseconds");
}

static void topics(void)
{
	const struct outgoing half = { .events = 3 }, letter = { .letter = true };
	struct topic_stats *topic = stats_topic(&stats, "u");
	uint64_t before = stats.latency[0];

	acked(topic, HOUR, HOUR, 7, NULL);
	ok(topic->events == 7 && topic->bytes == 100, "a message is all events of its delivery");
	acked(topic, HOUR, HOUR, 7, &half);
	ok(topic->events == 10 && topic->bytes == 200, "a part of them counts by its own number");
	acked(topic, HOUR, HOUR, 7, &letter);
	ok(topic->events == 10 && topic->bytes == 300, "a letter is none");
	ok(stats.latency[0] == before + 10, "and each of them has a latency");
	ok(stats_topic(&stats, "u") == topic && stats_topic(&stats, "t") != topic,
	   "a topic is the same one by its name");
}

static void many_topics(void)
{
	struct topic_stats *topic, *first = NULL, *others = NULL;
	unsigned int i, nr = 0;
	char name[32];

	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "m%u", i % 500);
		topic = stats_topic(&stats, name);
		topic->events++;
		first = first ? first : topic;
	}
	for (topic = stats.topics; topic; topic = topic->next, nr++)
		others = strcmp(topic->name, STATS_OTHERS) ? others : topic;
	ok(nr == STATS_TOPICS_MAX + 1 && first->events == 2,
	   "topics are counted apart up to a bound");
	/* Two that were there before count, too. */
	ok(others && others->events == 2 * (500 - (STATS_TOPICS_MAX - 2)),
	   "... and together beyond it, none left out");
}

static void refusals(void)
{
	const struct refusal_stats *refusal;
	struct stats fresh = { 0 };
	uint64_t sum = 0, others = 0;
	unsigned int i, nr = 0;
	char name[32];

	stats_begin(&stats);
	refusal = stats.refusals;
	ok(refusal && !*refusal->topic && !strcmp(refusal->reason, "others") && !refusal->events,
	   "a series is there before the first refusal");
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "t%u", i % 500);
		stats_refused(&stats, name, "REASON", 1);
	}
	for (refusal = stats.refusals; refusal; refusal = refusal->next) {
		sum += refusal->events;
		others += !*refusal->topic ? refusal->events : 0;
		nr++;
	}
	ok(sum == 1000 && nr == STATS_REFUSALS_MAX + 1 && others > 0,
	   "topics without number are counted together, and none is left out");
	ok(stats_refused(&stats, "t1", "REASON", 1) == stats_refused(&stats, "t1", "REASON", 1) &&
	   stats_refused(&stats, "t1", "OTHER", 1) == stats_refused(&stats, "t999", "REASON", 1),
	   "a refusal leads to where its letter is counted");
	snprintf(name, sizeof(name), "ERR_4711?");
	refusal = stats_refused(&fresh, "t", name, 1);
	snprintf(name, sizeof(name), "ERR_815?");
	ok(!strcmp(refusal->reason, "ERR_4711?") &&
	   stats_refused(&fresh, "t", name, 1) != refusal, "a reason is kept, whoever's it was");
	stats_free(&fresh);
}

#define BROKER(key, name, id, state, tx)						\
	"\"" key "\":{\"nodename\":\"" name "\",\"nodeid\":" id ",\"state\":\"" state "\","	\
	"\"txbytes\":" tx ",\"txretries\":1,\"req_timeouts\":0,\"rtt\":{\"avg\":250}}"

static void tell(const char *json)
{
	stats_brokers(&stats, json, strlen(json));
}

static void brokers(void)
{
	const struct broker_stats *broker;

	stats_away(&stats);
	tell("{\"brokers\":{" BROKER("a", "a:1", "-1", "DOWN", "0") "}}");
	broker = stats.brokers;
	ok(broker && !broker->up && stats.away_ns, "before one answers, those to begin with count");
	tell("{\"brokers\":{" BROKER("a", "a:1", "-1", "INIT", "10") ","
	     BROKER("b", "b:1", "1", "UP", "100") "}}");
	broker = stats.brokers;
	ok(!strcmp(broker->name, "b:1") && broker->up && broker->tx_bytes.sum == 100 &&
	   broker->rtt_ns == 250000 && !broker->next->known && !stats.away_ns,
	   "then those of the cluster do, and one can be reached");
	tell("{\"brokers\":{" BROKER("b", "b:1", "1", "UP", "40") "}}");
	ok(broker->tx_bytes.sum == 140 && broker->retries.sum == 1,
	   "totals go on where another producer begins at 0");
	tell("{\"brokers\":{}}");
	ok(!broker->known && broker->tx_bytes.sum == 140, "one that is gone keeps its totals");
	tell("{\"brokers\":{" BROKER("b", "b:1", "1", "UP", "50") "}}");
	stats_away(&stats);
	stats_parted(&stats);
	ok(!stats.away_ns && !broker->known && broker->tx_bytes.sum == 150,
	   "without a producer none is known, and none is missed");
	tell("{\"brokers\":[1,{}],");
	tell("{\"brokers\":{\"x\":3,\"y\":{\"nodename\":7,\"nodeid\":\"a\"}}}");
	tell("");
	ok(stats.nr_brokers == 2, "other JSON, and none, is left out");
}

int main(void)
{
	latencies();
	topics();
	many_topics();
	refusals();
	brokers();
	stats_acked(NULL, NULL, NULL, NULL, 0);
	stats_refused(NULL, "t", "r", 1);
	stats_brokers(NULL, "{}", 2);
	stats_away(NULL);
	stats_parted(NULL);
	stats_tick(NULL);
	ok(!stats_topic(NULL, "t"), "without a place for them nothing is counted");
	stats_free(&stats);
	return tap_end();
}
