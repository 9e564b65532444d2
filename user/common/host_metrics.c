/* SPDX-License-Identifier: MIT */
/* See host_metrics.h. */
#include "host_metrics.h"

#include "file.h"
#include "memory.h"
#include "names.h"
#include "text.h"
#include "unread.h"

#include <stdlib.h>
#include <string.h>

int host_view_take(struct host_view *view)
{
	int ret = evring_types(view->ev);

	if (ret >= 0) {
		view->nr_types = (unsigned int)ret;
		ret = snapshot_take(view->ev, &view->snap);
	}
	if (ret < 0)
		view->ev = NULL;
	return ret < 0 ? ret : 0;
}

void host_view_free(struct host_view *view)
{
	if (view->ev)
		snapshot_free(&view->snap);
	view->ev = NULL;
}

/*
 * The module
 */

static void tell_build(struct exposition *to, const struct metric *metric, const void *of)
{
	(void)metric;
	(void)of;
	sample_count(to, LABELS({ "version", evring_version() }), 1);
}

static void tell_module(struct exposition *to, const struct metric *metric, const void *of)
{
	const struct host_view *view = of;
	char abi[16], source[64] = "";
	ssize_t len;

	(void)metric;
	if (!view->ev)
		return;
	snprintf(abi, sizeof(abi), "%u", view->snap.meta.version);
	len = file_read("/sys/module/evring/srcversion", source, sizeof(source) - 1);
	source[len > 0 ? strcspn(source, "\n") : 0] = '\0';
	sample_count(to, LABELS({ "version", view->snap.meta.module }, { "abi", abi },
				{ "clock", clock_source_name(view->snap.clock.source) },
				{ "srcversion", source }), 1);
}

static void tell_loaded(struct exposition *to, const struct metric *metric, const void *of)
{
	const struct host_view *view = of;

	(void)metric;
	sample_count(to, NULL, view->ev ? 1 : 0);
}

/*
 * Rings
 */

struct ring_values {
	uint64_t emitted, published, discarded, bytes, wakeups, size, kept, held, held_max;
};

static struct ring_values values_of(const struct snapshot *snap, const struct ring_view *ring)
{
	struct tally tally = { 0 };
	int holder;

	tally_add(&tally, snap, ring);
	return (struct ring_values){
		.emitted = tally.emitted, .published = tally_published(&tally),
		.discarded = tally.discarded, .bytes = tally.bytes, .wakeups = tally.wakeups,
		.size = tally.size, .kept = tally.kept, .held = ring_held(snap, ring, &holder),
		.held_max = tally.held_max,
	};
}

static void tell_rings(struct exposition *to, const struct metric *metric, const void *of)
{
	const struct host_view *view = of;
	unsigned int i;

	for (i = 0; view->ev && i < view->snap.nr_rings; i++) {
		const struct ring_view *ring = &view->snap.rings[i];
		const struct ring_values values = values_of(&view->snap, ring);
		char cpu[16];
		uint64_t value;

		snprintf(cpu, sizeof(cpu), "%u", ring->page.cpu);
		memcpy(&value, (const char *)&values + metric->offset, sizeof(value));
		sample_count(to, LABELS({ "lane", lane_name(view->ev, ring->page.lane) },
					{ "cpu", cpu }), value);
	}
}

static void tell_lost(struct exposition *to, const struct metric *metric, const void *of)
{
	const struct host_view *view = of;
	unsigned int i, cause;

	(void)metric;
	for (i = 0; view->ev && i < view->snap.nr_rings; i++) {
		const struct ring_view *ring = &view->snap.rings[i];
		char cpu[16], number[32];

		snprintf(cpu, sizeof(cpu), "%u", ring->page.cpu);
		for (cause = 0; cause < view->snap.nr_causes; cause++) {
			const char *name = evring_lost_cause_name(cause);

			/* A newer module may know more of them, which must not be one series. */
			snprintf(number, sizeof(number), "cause-%u", cause);
			sample_count(to, LABELS({ "lane", lane_name(view->ev, ring->page.lane) },
						{ "cpu", cpu }, { "cause", name ? name : number }),
				     ring->lost[cause]);
		}
	}
}

/*
 * Types and hooks
 */

/* Versions of a type are one series; this is the newest one, which stands for all. */
static const struct evring_type *listed(const struct host_view *view, unsigned int id)
{
	const struct evring_type *type = evring_type(view->ev, id);

	return type && evring_type_by_name(view->ev, type->name) == type ? type : NULL;
}

static uint64_t sum_of_versions(const struct host_view *view, const char *name, size_t offset)
{
	uint64_t sum = 0, value;
	unsigned int id;

	for (id = 0; id < view->nr_types; id++) {
		const struct evring_type *type = evring_type(view->ev, id);

		if (!type || strcmp(type->name, name))
			continue;
		memcpy(&value, (const char *)type + offset, sizeof(value));
		sum += value;
	}
	return sum;
}

static void tell_types(struct exposition *to, const struct metric *metric, const void *of)
{
	const struct host_view *view = of;
	const struct evring_type *type;
	unsigned int id;

	for (id = 0; view->ev && id < view->nr_types; id++) {
		type = listed(view, id);
		if (type)
			sample_count(to, LABELS({ "type", type->name },
						{ "lane", lane_name(view->ev, type->lane) }),
				     sum_of_versions(view, type->name, metric->offset));
	}
}

static bool wanted(const struct host_view *view, const char *name)
{
	return evring_owners(view->ev, name) > 0 || (view->wants && view->wants(view->arg, name));
}

static void tell_hooks(struct exposition *to, const struct metric *metric, const void *of)
{
	const struct host_view *view = of;
	const struct evring_type *type;
	unsigned int id;

	for (id = 0; view->ev && id < view->nr_types; id++) {
		type = listed(view, id);
		if (!type || !is_hook(type))
			continue;
		sample_count(to, LABELS({ "hook", type->name }),
			     metric->offset ? wanted(view, type->name) :
					      !strcmp(hook_state(type), "attached"));
	}
}

/*
 * Groups
 */

struct group_values {
	uint64_t lag_bytes, lag_events, missed, owned;
	uint64_t oldest_ns, unowned_ns;
};

static uint64_t value_of_group(const struct metric *metric, const struct host_view *view,
			       unsigned int i)
{
	const struct evring_group_info *group = &view->snap.groups[i];
	struct group_values values = {
		.owned = group->owner != 0,
		.unowned_ns = group->owner ? 0 : group_away_ns(&view->snap, group),
	};
	struct lag lag;
	uint64_t value;

	/* It maps rings. */
	if (metric->offset == offsetof(struct group_values, oldest_ns))
		return unread_ns(view->unread, &view->snap, i);
	group_lag(&view->snap, i, &lag);
	values.lag_bytes = lag.bytes;
	values.lag_events = lag.events;
	values.missed = lag.missed;
	memcpy(&value, (const char *)&values + metric->offset, sizeof(value));
	return value;
}

static bool is_group(const struct host_view *view, unsigned int i)
{
	return view->snap.groups[i].name[0];
}

static void tell_groups(struct exposition *to, const struct metric *metric, const void *of)
{
	const struct host_view *view = of;
	unsigned int i;

	for (i = 0; view->ev && i < view->snap.meta.groups.count; i++) {
		struct lag lag;

		group_lag(&view->snap, i, &lag);
		if (is_group(view, i) && (lag.events_known ||
		    metric->offset != offsetof(struct group_values, lag_events)))
			sample_count(to, LABELS({ "group", view->snap.groups[i].name }),
				     value_of_group(metric, view, i));
	}
}

static void tell_group_times(struct exposition *to, const struct metric *metric, const void *of)
{
	const struct host_view *view = of;
	unsigned int i;

	for (i = 0; view->ev && i < view->snap.meta.groups.count; i++)
		if (is_group(view, i))
			sample_ns(to, LABELS({ "group", view->snap.groups[i].name }),
				  value_of_group(metric, view, i));
}

/* A group that has given up holding follows from then on. */
static void tell_owned(struct exposition *to, const struct metric *metric, const void *of)
{
	const struct host_view *view = of;
	unsigned int i;

	for (i = 0; view->ev && i < view->snap.meta.groups.count; i++) {
		const struct evring_group_info *group = &view->snap.groups[i];
		bool abandoned = group->flags & EVRING_GROUP_ABANDONED;

		if (is_group(view, i))
			sample_count(to, LABELS({ "group", group->name },
						{ "policy", abandoned ? "abandoned" :
						  policy_name(group->policy) }),
				     value_of_group(metric, view, i));
	}
}

/*
 * The table
 */

#define RING(name, kind, help, member)						\
	{ name, METRIC_##kind, "lane, cpu", help, tell_rings,			\
	  offsetof(struct ring_values, member) }
#define GROUP(name, kind, help, fn, member)					\
	{ name, METRIC_##kind, "group", help, fn, offsetof(struct group_values, member) }

const struct metric host_metrics[] = {
	{ "evring_build_info", METRIC_INFO, "version", "Version of the program that answers",
	  tell_build, 0 },
	{ "evring_module_info", METRIC_INFO, "version, abi, clock, srcversion",
	  "The module that is loaded", tell_module, 0 },
	{ "evring_module_loaded", METRIC_GAUGE, "", "1 if /dev/evring answers, else 0",
	  tell_loaded, 0 },
	RING("evring_events_emitted_total", COUNTER,
	     "Attempts to emit an event, those without room included", emitted),
	RING("evring_events_published_total", COUNTER, "Events that are, or were, in the ring",
	     published),
	RING("evring_events_discarded_total", COUNTER,
	     "Events that were begun, then given up by their source or rejected by a filter, too late to leave no record",
	     discarded),
	{ "evring_events_lost_total", METRIC_COUNTER, "lane, cpu, cause",
	  "Events that are not in the ring, by cause; sampled and rate were asked for", tell_lost, 0 },
	{ "evring_events_rejected_total", METRIC_COUNTER, "type, lane",
	  "Events that no owner of their hook wanted, by its filter", tell_types,
	  offsetof(struct evring_type, filtered) },
	{ "evring_type_events_lost_total", METRIC_COUNTER, "type, lane",
	  "Events of the type that are not in the ring, all causes, all CPUs", tell_types,
	  offsetof(struct evring_type, lost) },
	RING("evring_published_bytes_total", COUNTER,
	     "Bytes that were written to the ring, headers and padding included", bytes),
	RING("evring_wakeups_total", COUNTER, "Times that an event woke readers", wakeups),
	RING("evring_ring_size_bytes", GAUGE, "Size of the ring", size),
	RING("evring_ring_kept_bytes", GAUGE, "Bytes in the ring, read or not", kept),
	RING("evring_ring_held_bytes", GAUGE,
	     "Bytes in the ring that a group has not committed and keeps from being overwritten", held),
	RING("evring_ring_held_bytes_max", GAUGE,
	     "High-water mark: the most held bytes since the ring was made, exact to a segment. At the "
	     "ring's size there was no room", held_max),
	{ "evring_hook_attached", METRIC_GAUGE, "hook", "1 if the hook emits, else 0", tell_hooks, 0 },
	{ "evring_hook_expected", METRIC_GAUGE, "hook",
	  "1 if an owner has attached the hook, or a connector of evringd wants it", tell_hooks, 1 },
	GROUP("evring_group_lag_bytes", GAUGE, "Bytes that the group has not committed", tell_groups,
	      lag_bytes),
	GROUP("evring_group_lag_events", GAUGE, "Events that the group has not committed", tell_groups,
	      lag_events),
	GROUP("evring_group_oldest_unread_seconds", GAUGE,
	      "Age of the oldest event in a ring that the group has not committed, 0 if there is none",
	      tell_group_times, oldest_ns),
	GROUP("evring_group_unowned_seconds", GAUGE,
	      "Time that the group has had no owner, 0 if it has one", tell_group_times, unowned_ns),
	{ "evring_group_owned", METRIC_GAUGE, "group, policy",
	  "1 if a process owns the group. policy: hold, follow, or abandoned if it was given up",
	  tell_owned, offsetof(struct group_values, owned) },
	GROUP("evring_group_missed_events_total", COUNTER,
	      "Events that were overwritten before the group read them", tell_groups, missed),
};

const size_t nr_host_metrics = ARRAY_SIZE(host_metrics);
