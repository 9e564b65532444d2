/* SPDX-License-Identifier: MIT */
/* See metrics.h: the answer to GET /metrics. */
#include "metrics.h"

#include "accept.h"
#include "config.h"
#include "host_metrics.h"
#include "memory.h"
#include "monitor.h"
#include "process.h"
#include "resource.h"
#include "sets.h"
#include "stats.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t boottime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

/*
 * Connectors
 */

/* Numbers of one connector */
struct values {
	struct counts counts;
	uint64_t max_events, max_bytes;	/* UINT64_MAX: no bound */
	uint64_t commit_errors, producer_restarts, away_ns;
};

static void take_values(struct connector *connector, struct values *values)
{
	const struct config *cfg = connector_config(connector);
	const struct stats *stats = connector_stats(connector);

	connector_counts(connector, &values->counts);
	values->max_events = cfg && cfg->inflight_events ? cfg->inflight_events : UINT64_MAX;
	values->max_bytes = cfg && cfg->inflight_bytes ? cfg->inflight_bytes : UINT64_MAX;
	values->commit_errors = stats->commit_errors;
	values->producer_restarts = stats->producer_restarts;
	values->away_ns = stats->away_ns ? boottime_ns() - stats->away_ns : 0;
}

/* Of a connector, whose name is the first label of each sample */
typedef void tell_one(struct exposition *to, const struct metric *metric,
		      struct connector *connector);

static void tell_each(struct exposition *to, const struct metric *metric, const void *of,
		      tell_one *tell)
{
	const struct connectors *cs = of;
	size_t i;

	for (i = 0; i < connectors_nr(cs); i++)
		tell(to, metric, connectors_at(cs, i)->connector);
}

static void one_value(struct exposition *to, const struct metric *metric,
		      struct connector *connector)
{
	const char *name = connector_name(connector);
	struct values values;
	uint64_t value;

	take_values(connector, &values);
	memcpy(&value, (const char *)&values + metric->offset, sizeof(value));
	if (value == UINT64_MAX)
		return;
	if (metric->offset == offsetof(struct values, away_ns))
		sample_ns(to, LABELS({ "connector", name }), value);
	else
		sample_count(to, LABELS({ "connector", name }), value);
}

static void one_state(struct exposition *to, const struct metric *metric,
		      struct connector *connector)
{
	enum connector_state state;

	(void)metric;
	for (state = CONNECTOR_UNASSIGNED; state <= CONNECTOR_RESTARTING; state++)
		sample_count(to, LABELS({ "connector", connector_name(connector) },
					{ "state", connector_state_name(state) }),
			     state == connector_state(connector));
}

static void one_topics(struct exposition *to, const struct metric *metric,
		       struct connector *connector)
{
	const struct topic_stats *topic;
	uint64_t value;

	for (topic = connector_stats(connector)->topics; topic; topic = topic->next) {
		memcpy(&value, (const char *)topic + metric->offset, sizeof(value));
		sample_count(to, LABELS({ "connector", connector_name(connector) },
					{ "topic", topic->name }), value);
	}
}

static void one_refusals(struct exposition *to, const struct metric *metric,
			 struct connector *connector)
{
	const struct refusal_stats *refusal;
	uint64_t value;

	for (refusal = connector_stats(connector)->refusals; refusal; refusal = refusal->next) {
		memcpy(&value, (const char *)refusal + metric->offset, sizeof(value));
		sample_count(to, LABELS({ "connector", connector_name(connector) },
					{ "topic", refusal->topic },
					{ "reason", refusal->reason }), value);
	}
}

static void one_latency(struct exposition *to, const struct metric *metric,
			struct connector *connector)
{
	const struct stats *stats = connector_stats(connector);

	(void)metric;
	sample_histogram(to, LABELS({ "connector", connector_name(connector) }), stats_bounds,
			 LATENCY_BOUNDS, stats->latency, stats_latency_sum(stats));
}

static void one_reloads(struct exposition *to, const struct metric *metric,
			struct connector *connector)
{
	static const char *const results[RELOADS] = {
		[RELOAD_UNCHANGED] = "unchanged", [RELOAD_LIVE] = "changed",
		[RELOAD_ANEW] = "restarted", [RELOAD_FAILED] = "failed",
	};
	unsigned int i;

	(void)metric;
	for (i = 0; i < RELOADS; i++)
		sample_count(to, LABELS({ "connector", connector_name(connector) },
					{ "result", results[i] }),
			     connector_stats(connector)->reloads[i]);
}

static void one_brokers(struct exposition *to, const struct metric *metric,
			struct connector *connector)
{
	const struct broker_stats *broker;
	uint64_t value;

	for (broker = connector_stats(connector)->brokers; broker; broker = broker->next) {
		const struct label *labels = LABELS({ "connector", connector_name(connector) },
						    { "broker", broker->name });

		memcpy(&value, (const char *)broker + metric->offset, sizeof(value));
		if (metric->kind == METRIC_COUNTER)
			sample_count(to, labels, value);
		else if (broker->known)
			sample_ns(to, labels, value);
	}
}

static void one_broker_up(struct exposition *to, const struct metric *metric,
			  struct connector *connector)
{
	const struct broker_stats *broker;

	(void)metric;
	for (broker = connector_stats(connector)->brokers; broker; broker = broker->next)
		sample_count(to, LABELS({ "connector", connector_name(connector) },
					{ "broker", broker->name }), broker->known && broker->up);
}

#define TELL(what)								\
	static void tell_##what(struct exposition *to, const struct metric *metric,	\
				const void *of)					\
	{									\
		tell_each(to, metric, of, one_##what);				\
	}

TELL(value)
TELL(state)
TELL(topics)
TELL(refusals)
TELL(latency)
TELL(reloads)
TELL(brokers)
TELL(broker_up)

/*
 * The table
 */

#define VALUE(name, kind, help, member)						\
	{ name, METRIC_##kind, "connector", help, tell_value, offsetof(struct values, member) }
#define TOPIC(name, help, member)						\
	{ name, METRIC_COUNTER, "connector, topic", help, tell_topics,		\
	  offsetof(struct topic_stats, member) }
#define REFUSAL(name, help, member)						\
	{ name, METRIC_COUNTER, "connector, topic, reason", help, tell_refusals,	\
	  offsetof(struct refusal_stats, member) }
#define BROKER(name, kind, help, member)					\
	{ name, METRIC_##kind, "connector, broker", help, tell_brokers,		\
	  offsetof(struct broker_stats, member) }

static const struct metric connector_metrics[] = {
	{ "evringd_connector_state", METRIC_GAUGE, "connector, state",
	  "1 for the state that the connector is in, 0 for the others", tell_state, 0 },
	VALUE("evringd_events_read_total", COUNTER, "Events that were read from the ring", counts.read),
	TOPIC("evringd_events_delivered_total",
	      "Events that Kafka has acknowledged, or the declarations of rejected ones; a dead letter "
	      "is none. Behind the first 256 topics the topic is (others)",
	      events),
	TOPIC("evringd_delivered_bytes_total", "Bytes of the values that Kafka has acknowledged", bytes),
	VALUE("evringd_events_committed_total", COUNTER,
	      "Events that the kernel has been told to forget", counts.committed),
	REFUSAL("evringd_events_dead_lettered_total",
		"Rejected events that the dead-letter topic has, by the topic that refused them", letters),
	REFUSAL("evringd_events_rejected_total",
		"Events that could not be delivered, however often they were sent. The reason is "
		"librdkafka's name of the error, or unwritable if the event cannot be written as "
		"configured; behind the first 256 topics and reasons the topic is empty, and the reason "
		"others, which is there from the start as 0", events),
	VALUE("evringd_events_unwanted_total", COUNTER,
	      "Events that were read, but not delivered, as the connector's filter leaves them out",
	      counts.unwanted),
	VALUE("evringd_events_lost_total", COUNTER,
	      "Events that the kernel had no room for, as the records that were read declare them",
	      counts.lost),
	VALUE("evringd_events_missed_total", COUNTER,
	      "Events that were overwritten before the connector read them", counts.missed),
	VALUE("evringd_inflight_events", GAUGE, "Events without an acknowledgement",
	      counts.in_flight),
	VALUE("evringd_inflight_bytes", GAUGE, "Memory of events without an acknowledgement",
	      counts.in_flight_bytes),
	VALUE("evringd_inflight_max_events", GAUGE, "Bound of evringd_inflight_events", max_events),
	VALUE("evringd_inflight_max_bytes", GAUGE, "Bound of evringd_inflight_bytes", max_bytes),
	{ "evringd_delivery_latency_seconds", METRIC_HISTOGRAM, "connector",
	  "From the event's time to Kafka's acknowledgement, to 65 microseconds. Events of one "
	  "message count from its first one", tell_latency, 0 },
	VALUE("evringd_commit_errors_total", COUNTER, "Commits that the kernel refused", commit_errors),
	VALUE("evringd_producer_restarts_total", COUNTER,
	      "Times that a producer was replaced, mostly because a delivery by it had failed",
	      producer_restarts),
	{ "evringd_config_reloads_total", METRIC_COUNTER, "connector, result",
	  "Configurations that came while the connector was there: unchanged, changed in place, "
	  "restarted with it, or failed, so that it goes on with the one before", tell_reloads, 0 },
	{ "evringd_broker_up", METRIC_GAUGE, "connector, broker",
	  "1 if there is a connection to the broker; evringd connects only to those that it needs",
	  tell_broker_up, 0 },
	BROKER("evringd_broker_rtt_seconds", GAUGE, "Average round trip, in the last 10 seconds", rtt_ns),
	BROKER("evringd_broker_tx_bytes_total", COUNTER, "Bytes sent to the broker", tx_bytes.sum),
	BROKER("evringd_broker_tx_retries_total", COUNTER, "Requests that were sent again", retries.sum),
	BROKER("evringd_broker_request_timeouts_total", COUNTER, "Requests without an answer in time",
	       timeouts.sum),
	VALUE("evringd_brokers_unreachable_seconds", GAUGE,
	      "How long no broker has been reachable, 0 if one is", away_ns),
};

static const struct {
	const char *title;
	const struct metric *metrics;
	const size_t *nr;
} tables[] = {
	{ "The module", host_metrics, &nr_host_metrics },
	{ "Connectors", connector_metrics, &(const size_t){ ARRAY_SIZE(connector_metrics) } },
	{ "The process", process_metrics, &nr_process_metrics },
};

/*
 * The answer
 */

/* A hook whose absence an operator wants to know of */
static bool is_wanted(void *arg, const char *hook)
{
	const struct connectors *cs = arg;
	size_t i;

	for (i = 0; i < connectors_nr(cs); i++) {
		const struct connector *connector = connectors_at(cs, i)->connector;
		const struct config *cfg = connector_config(connector);
		char **glob;

		if (!cfg || connector_target(connector) == CONNECTOR_STOPPED)
			continue;
		for (glob = cfg->hooks; *glob; glob++)
			if (hook_matches(*glob, hook))
				return true;
	}
	return false;
}

void show_metrics(struct call *call)
{
	const char *accept = call->request->accept;
	struct connectors *cs = call->rest->connectors;
	struct host_view view = { .wants = is_wanted, .arg = cs };
	struct exposition to = {
		.openmetrics = accept_prefers(accept, "application/openmetrics-text", "text/plain"),
	};
	size_t len, i;

	monitor_view(call->rest->monitor, &view);
	to.out = stream_begin(&call->answer->text, &len);
	for (i = 0; i < ARRAY_SIZE(tables); i++)
		exposition_table(&to, tables[i].metrics, *tables[i].nr,
				 tables[i].metrics == connector_metrics ? cs : (void *)&view);
	exposition_end(&to);
	stream_end(to.out);
	host_view_free(&view);
	call->answer->status = 200;
	call->answer->type = to.openmetrics ? EXPOSITION_OPENMETRICS : EXPOSITION_TEXT;
}

/* One line each: the table's title, the name, the kind, the labels and the help, with tabs */
void metrics_print(void)
{
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		for (k = 0; k < *tables[i].nr; k++) {
			const struct metric *metric = &tables[i].metrics[k];

			printf("%s\t%s\t%s\t%s\t%s\n", tables[i].title, metric->name,
			       metric_kind_name(metric->kind), metric->labels, metric->help);
		}
}
