/* SPDX-License-Identifier: MIT */
/* See stats.h. */
#include "stats.h"

#include "delivery.h"
#include "log.h"
#include "memory.h"
#include "outgoing.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A time that is this little behind us is ahead of us: the clock was bent meanwhile. */
#define AHEAD_MAX (1u << 24)

#define BOUND(text, openmetrics, ms10) { (ms10) * 100000ull, text, openmetrics }

const struct histogram_bound stats_bounds[LATENCY_BOUNDS] = {
	BOUND("0.001", "0.001", 10), BOUND("0.0025", "0.0025", 25), BOUND("0.005", "0.005", 50),
	BOUND("0.01", "0.01", 100), BOUND("0.025", "0.025", 250), BOUND("0.05", "0.05", 500),
	BOUND("0.1", "0.1", 1000), BOUND("0.25", "0.25", 2500), BOUND("0.5", "0.5", 5000),
	BOUND("1", "1.0", 10000), BOUND("2.5", "2.5", 25000), BOUND("5", "5.0", 50000),
	BOUND("10", "10.0", 100000), BOUND("30", "30.0", 300000), BOUND("60", "60.0", 600000),
	BOUND("300", "300.0", 3000000),
};

static uint64_t boottime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

void stats_free(struct stats *stats)
{
	void *next;

	for (; stats->topics; stats->topics = next) {
		next = stats->topics->next;
		free(stats->topics);
	}
	for (; stats->refusals; stats->refusals = next) {
		next = stats->refusals->next;
		free(stats->refusals);
	}
	for (; stats->brokers; stats->brokers = next) {
		next = stats->brokers->next;
		free(stats->brokers);
	}
}

/*
 * Events
 */

static struct topic_stats *topic_find(const struct stats *stats, const char *name)
{
	struct topic_stats *topic;

	for (topic = stats->topics; topic && strcmp(topic->name, name);)
		topic = topic->next;
	return topic;
}

/* Applications choose the names of types, which topics can be named after. */
struct topic_stats *stats_topic(struct stats *stats, const char *name)
{
	struct topic_stats *topic;
	size_t size;

	if (!stats)
		return NULL;
	topic = topic_find(stats, name);
	if (!topic && stats->nr_topics == STATS_TOPICS_MAX) {
		name = STATS_OTHERS;
		topic = topic_find(stats, name);
		if (!topic)
			warn("metrics: more than %u topics: those beyond are counted together, as %s",
			     STATS_TOPICS_MAX, STATS_OTHERS);
	} else if (!topic) {
		stats->nr_topics++;
	}
	if (topic)
		return topic;
	size = strlen(name) + 1;
	topic = xzalloc(sizeof(*topic) + size);
	memcpy(topic->name, name, size);
	topic->next = stats->topics;
	stats->topics = topic;
	return topic;
}

void stats_tick(struct stats *stats)
{
	if (stats)
		stats->now = stats_time(boottime_ns());
}

static void add_latency(struct stats *stats, uint32_t time, uint32_t events)
{
	uint32_t since = stats->now - time;
	uint64_t took = since > UINT32_MAX - AHEAD_MAX ? 0 : since;
	unsigned int i = 0;

	while (i < LATENCY_BOUNDS && took << TIME_SHIFT > stats_bounds[i].ns)
		i++;
	stats->latency[i] += events;
	stats->latency_sum += took * events;
}

struct seconds stats_latency_sum(const struct stats *stats)
{
	/* 128 s are so many of the unit, without a rest: 65,536 ns * 1,953,125 */
	const uint64_t unit = 128000000000ull >> TIME_SHIFT;
	uint64_t rest_ns = stats->latency_sum % unit << TIME_SHIFT;

	return (struct seconds){
		.s = stats->latency_sum / unit * 128 + rest_ns / 1000000000,
		.ns = (uint32_t)(rest_ns % 1000000000),
	};
}

void stats_acked(struct stats *stats, struct topic_stats *topic, const struct delivery *delivery,
		 const struct outgoing *out, size_t len)
{
	if (!stats)
		return;
	topic->bytes += len;
	stats->away_ns = 0;
	if (out && out->letter)
		return;
	if (out && out->events) {
		topic->events += out->events;
		add_latency(stats, delivery->time, out->events);
		return;
	}
	for (; delivery; delivery = delivery->with) {
		topic->events += delivery->events;
		add_latency(stats, delivery->time, delivery->events);
	}
}

static struct refusal_stats *refusal_of(struct stats *stats, const char *topic, const char *reason)
{
	size_t size = strlen(topic) + 1, reason_size = strlen(reason) + 1;
	struct refusal_stats *refusal;

	for (refusal = stats->refusals; refusal; refusal = refusal->next)
		if (!strcmp(refusal->topic, topic) && !strcmp(refusal->reason, reason))
			return refusal;
	if (*topic && stats->nr_refusals == STATS_REFUSALS_MAX)
		return NULL;
	refusal = xzalloc(sizeof(*refusal) + size + reason_size);
	memcpy(refusal->topic, topic, size);
	/* librdkafka writes the name of a code that it does not know where the next one goes. */
	refusal->reason = memcpy(refusal->topic + size, reason, reason_size);
	refusal->next = stats->refusals;
	stats->refusals = refusal;
	stats->nr_refusals += *topic != '\0';
	return refusal;
}

/* Those beyond the bound count as one. */
static struct refusal_stats *others(struct stats *stats)
{
	return refusal_of(stats, "", "others");
}

void stats_begin(struct stats *stats)
{
	others(stats);
}

struct refusal_stats *stats_refused(struct stats *stats, const char *topic, const char *reason,
				    uint64_t events)
{
	struct refusal_stats *refusal;

	if (!stats)
		return NULL;
	refusal = refusal_of(stats, topic, reason);
	if (!refusal)
		refusal = others(stats);
	refusal->events += events;
	return refusal;
}

/*
 * Brokers
 */

void stats_away(struct stats *stats)
{
	if (stats && !stats->away_ns)
		stats->away_ns = boottime_ns();
}

void stats_parted(struct stats *stats)
{
	struct broker_stats *broker;

	if (!stats)
		return;
	stats->away_ns = 0;
	for (broker = stats->brokers; broker; broker = broker->next)
		broker->known = false;
}

static struct broker_stats *broker_of(struct stats *stats, const char *name)
{
	size_t size = strlen(name) + 1;
	struct broker_stats *broker;

	for (broker = stats->brokers; broker; broker = broker->next)
		if (!strcmp(broker->name, name))
			return broker;
	if (stats->nr_brokers == STATS_BROKERS_MAX)
		return NULL;
	broker = xzalloc(sizeof(*broker) + size);
	memcpy(broker->name, name, size);
	broker->next = stats->brokers;
	stats->brokers = broker;
	stats->nr_brokers++;
	return broker;
}

static uint64_t number_of(json_t *object, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(object, key));

	return value > 0 ? (uint64_t)value : 0;
}

static void total_add(struct total *total, uint64_t now)
{
	total->sum += now >= total->last ? now - total->last : now;
	total->last = now;
}

static void take_broker(struct stats *stats, json_t *json)
{
	const char *name = json_string_value(json_object_get(json, "nodename"));
	const char *state = json_string_value(json_object_get(json, "state"));
	struct broker_stats *broker;

	if (!name || !*name || !state)
		return;
	broker = broker_of(stats, name);
	if (!broker)
		return;
	broker->up = (broker->known && broker->up) || !strcmp(state, "UP");
	broker->known = true;
	broker->rtt_ns = number_of(json_object_get(json, "rtt"), "avg") * 1000;
	total_add(&broker->tx_bytes, number_of(json, "txbytes"));
	total_add(&broker->retries, number_of(json, "txretries"));
	total_add(&broker->timeouts, number_of(json, "req_timeouts"));
	if (broker->up)
		stats->away_ns = 0;
}

/*
 * The brokers of bootstrap.servers have no number until one of them answers; then
 * librdkafka lists those of the cluster, and they count alone.
 */
static bool is_of_cluster(json_t *json)
{
	return json_integer_value(json_object_get(json, "nodeid")) >= 0;
}

void stats_brokers(struct stats *stats, const char *json, size_t len)
{
	struct broker_stats *broker;
	json_t *root, *list, *one;
	bool numbered = false;
	const char *key;

	if (!stats)
		return;
	root = json_loadb(json, len, 0, NULL);
	list = json_object_get(root, "brokers");
	for (broker = stats->brokers; broker; broker = broker->next)
		broker->known = false;
	json_object_foreach(list, key, one)
		numbered = numbered || is_of_cluster(one);
	json_object_foreach(list, key, one)
		if (is_of_cluster(one) == numbered)
			take_broker(stats, one);
	json_decref(root);
}
