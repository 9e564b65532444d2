/* SPDX-License-Identifier: MIT */
/* See state.h. */
#include "state.h"

#include "connectors.h"
#include "host_metrics.h"
#include "memory.h"
#include "monitor.h"
#include "names.h"
#include "stats.h"
#include "tapped.h"
#include "unread.h"

#include <jansson.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct state {
	struct connectors *connectors;
	struct monitor *monitor;
	struct tapped *tapped;
};

struct state *state_new(struct connectors *connectors, struct monitor *monitor)
{
	struct state *state = xzalloc(sizeof(*state));

	state->connectors = connectors;
	state->monitor = monitor;
	state->tapped = tapped_new(monitor_device(monitor));
	return state;
}

void state_free(struct state *state)
{
	tapped_free(state->tapped);
	free(state);
}

void state_rest(struct state *state)
{
	tapped_rest(state->tapped);
}

static json_t *number(uint64_t value)
{
	return must(json_integer((json_int_t)value));
}

static json_t *seconds(uint64_t ns)
{
	return must(json_real((double)ns / 1e9));
}

/*
 * The host
 */

static json_t *ring_json(const struct host_view *view, const struct ring_view *ring)
{
	json_t *json = json_object(), *lost = json_object();
	struct tally tally = { 0 };
	unsigned int i;
	int holder;

	tally_add(&tally, &view->snap, ring);
	json_object_set_new(json, "lane", json_string(lane_name(view->ev, ring->page.lane)));
	json_object_set_new(json, "cpu", number(ring->page.cpu));
	json_object_set_new(json, "size", number(tally.size));
	json_object_set_new(json, "kept", number(tally.kept));
	json_object_set_new(json, "held", number(ring_held(&view->snap, ring, &holder)));
	json_object_set_new(json, "held_max", number(ring_held_max(&view->snap, ring)));
	json_object_set_new(json, "emitted", number(tally.emitted));
	json_object_set_new(json, "bytes", number(tally.bytes));
	for (i = 0; i < view->snap.nr_causes; i++)
		if (ring->lost[i])
			json_object_set_new(lost, cause_name(i), number(ring->lost[i]));
	json_object_set_new(json, "lost", lost);
	return json;
}

static json_t *group_json(const struct host_view *view, unsigned int i)
{
	const struct evring_group_info *group = &view->snap.groups[i];
	json_t *json = json_object();
	struct lag lag;

	group_lag(&view->snap, i, &lag);
	json_object_set_new(json, "name", json_string(group->name));
	json_object_set_new(json, "policy", json_string(policy_name(group->policy)));
	json_object_set_new(json, "abandoned", json_boolean(group->flags & EVRING_GROUP_ABANDONED));
	json_object_set_new(json, "owner", number(group->owner));
	json_object_set_new(json, "unowned", seconds(group->owner ? 0 :
						     group_away_ns(&view->snap, group)));
	json_object_set_new(json, "oldest", seconds(unread_ns(view->unread, &view->snap, i)));
	json_object_set_new(json, "lag_bytes", number(lag.bytes));
	json_object_set_new(json, "lag_events", lag.events_known ? number(lag.events) : json_null());
	json_object_set_new(json, "missed", number(lag.missed));
	return json;
}

static void add_host(const struct host_view *view, json_t *json)
{
	json_t *rings = json_array(), *groups = json_array();
	unsigned int i;

	json_object_set_new(json, "module", json_string(view->snap.meta.module));
	json_object_set_new(json, "clock", json_string(clock_source_name(view->snap.clock.source)));
	for (i = 0; i < view->snap.nr_rings; i++)
		json_array_append_new(rings, ring_json(view, &view->snap.rings[i]));
	for (i = 0; i < view->snap.meta.groups.count; i++)
		if (view->snap.groups[i].name[0])
			json_array_append_new(groups, group_json(view, i));
	json_object_set_new(json, "rings", rings);
	json_object_set_new(json, "groups", groups);
}

/*
 * Connectors
 */

static json_t *counts_json(const struct counts *counts)
{
	json_t *json = json_object();

	json_object_set_new(json, "read", number(counts->read));
	json_object_set_new(json, "delivered", number(counts->delivered));
	json_object_set_new(json, "committed", number(counts->committed));
	json_object_set_new(json, "rejected", number(counts->rejected));
	json_object_set_new(json, "lost", number(counts->lost));
	json_object_set_new(json, "missed", number(counts->missed));
	json_object_set_new(json, "in_flight", number(counts->in_flight));
	return json;
}

static json_t *connector_json(struct connector *connector)
{
	const struct stats *stats = connector_stats(connector);
	const char *trace = connector_trace(connector);
	json_t *json = json_object(), *latency = json_array();
	struct counts counts;
	unsigned int i;

	connector_counts(connector, &counts);
	for (i = 0; i <= LATENCY_BOUNDS; i++)
		json_array_append_new(latency, number(stats->latency[i]));
	json_object_set_new(json, "name", json_string(connector_name(connector)));
	json_object_set_new(json, "state",
			    json_string(connector_state_name(connector_state(connector))));
	/* It may be no UTF-8: then there is none. */
	json_object_set_new(json, "trace", trace ? json_string(trace) : json_null());
	json_object_set_new(json, "counts", counts_json(&counts));
	json_object_set_new(json, "latency", latency);
	json_object_set_new(json, "no_broker", json_boolean(stats->away_ns));
	return json;
}

static void add_worker(const struct state *state, json_t *json)
{
	json_t *list = json_array(), *bounds = json_array();
	char name[256] = "";
	struct timespec now;
	size_t i;

	clock_gettime(CLOCK_MONOTONIC, &now);
	gethostname(name, sizeof(name) - 1);
	json_object_set_new(json, "time", must(json_real((double)now.tv_sec +
							 (double)now.tv_nsec / 1e9)));
	json_object_set_new(json, "host", json_string(name));
	json_object_set_new(json, "version", json_string(evring_version()));
	for (i = 0; i < LATENCY_BOUNDS; i++)
		json_array_append_new(bounds, seconds(stats_bounds[i].ns));
	json_object_set_new(json, "bounds", bounds);
	for (i = 0; i < connectors_nr(state->connectors); i++)
		json_array_append_new(list, connector_json(
			connectors_at(state->connectors, i)->connector));
	json_object_set_new(json, "connectors", list);
}

void state_write(struct state *state, FILE *out)
{
	struct host_view view = { 0 };
	json_t *json = must(json_object());
	char *text;

	monitor_view(state->monitor, &view);
	add_worker(state, json);
	if (view.ev)
		add_host(&view, json);
	host_view_free(&view);
	text = must(json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(12)));
	json_decref(json);
	fprintf(out, "{\"state\":%s,\"events\":[", text);
	free(text);
	tapped_write(state->tapped, out);
	fputs("]}", out);
}
