/* SPDX-License-Identifier: MIT */
/*
 * The daemon's log tells an operator of the whole host: events that the kernel
 * had no room for, rings that will soon have none, and groups that hold events
 * and have no owner. It looks at the groups of other connectors too, as any of
 * them can fill the rings.
 */
#include "watch.h"

#include "host_metrics.h"
#include "log.h"
#include "memory.h"
#include "names.h"
#include "snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FULL_PERCENT 80			/* said once ... */
#define EMPTY_PERCENT 60		/* ... and again only after it was below this */
#define HALF_PERCENT 50			/* from here on it may be full soon */
#define QUIET_NS 10000000000ULL		/* from one line about a lane's losses to the next */
#define FORGOTTEN_NS 10000000000ULL	/* without an owner: longer than a restart takes */
#define REMIND_NS 3600000000000ULL

struct group_watch {
	char name[EVRING_NAME_MAX];
	uint64_t told_ns;		/* CLOCK_BOOTTIME; 0: it has an owner */
};

struct lane_watch {
	uint64_t lost[CAUSES_MAX];	/* that were told */
	uint64_t told_ns;		/* CLOCK_BOOTTIME; 0: never */
	uint64_t held, size;		/* of the ring that is fullest, bytes */
	unsigned int cpu;
	int holder;			/* the group whose cursor holds most */
	bool full;
};

struct watch {
	struct evring *ev;
	bool started;
	unsigned int nr_groups;
	struct snapshot snap;			/* during a look */
	struct group_watch *groups;
	struct lane_watch *lanes;
	struct ratelimit errors;
};

struct watch *watch_new(struct evring *ev)
{
	struct watch *watch = xzalloc(sizeof(*watch));

	watch->ev = ev;
	watch->nr_groups = evring_meta(ev)->groups.count;
	watch->groups = xgrow(NULL, 0, watch->nr_groups, sizeof(*watch->groups));
	watch->lanes = xgrow(NULL, 0, evring_lanes(ev), sizeof(*watch->lanes));
	return watch;
}

void watch_free(struct watch *watch)
{
	free(watch->groups);
	free(watch->lanes);
	free(watch);
}

static void look_at_lane(const struct snapshot *snap, unsigned int number, struct lane_watch *lane)
{
	struct tally tally;
	unsigned int i;

	memset(lane, 0, sizeof(*lane));
	tally_lane(snap, number, &tally);
	memcpy(lane->lost, tally.lost, sizeof(lane->lost));
	for (i = 0; i < snap->nr_rings; i++) {
		const struct ring_view *ring = &snap->rings[i];
		int holder = -1;
		uint64_t held;

		if (ring->page.lane != number)
			continue;
		held = ring_held(snap, ring, &holder);
		if (held < lane->held)
			continue;
		lane->held = held;
		lane->size = ring->page.data_size;
		lane->cpu = ring->page.cpu;
		lane->holder = holder;
	}
}

/* An owner's sample or rate of a hook leaves events out: that is no trouble, and said once. */
static bool is_asked_for(unsigned int cause)
{
	return cause == EVRING_LOST_SAMPLED || cause == EVRING_LOST_RATE;
}

static void tell_asked_for(const char *name, const struct lane_watch *before,
			   const struct lane_watch *now, unsigned int cause, const char *why)
{
	if (!before->lost[cause])
		info("lane %s: %s, as its owners ask for: %llu so far; the stream declares them as "
		     "evring.lost, and evring status counts them", name, why,
		     (unsigned long long)now->lost[cause]);
}

/* Those that come within QUIET_NS of a line wait for the next one, which has their sum. */
static void tell_losses(const struct watch *watch, const char *name,
			const struct lane_watch *before, struct lane_watch *now)
{
	static const char *const causes[] = {
		[EVRING_LOST_FULL] = "the ring was full",
		[EVRING_LOST_NESTED] = "an NMI came at a bad moment, or secrets could not be looked for",
		[EVRING_LOST_TOOBIG] = "too large for a record",
		[EVRING_LOST_PROBE] = "the kernel did not call the hook's probe",
		[EVRING_LOST_SAMPLED] = "a hook's sample left them out",
		[EVRING_LOST_RATE] = "a hook's rate limit left them out",
	};
	const bool quiet = before->told_ns &&
			   watch->snap.boottime_ns - before->told_ns < QUIET_NS;
	unsigned int i;

	now->told_ns = before->told_ns;
	for (i = 0; i < CAUSES_MAX; i++) {
		unsigned long long lost = now->lost[i] - before->lost[i];

		if (now->lost[i] <= before->lost[i])
			continue;
		if (is_asked_for(i)) {
			tell_asked_for(name, before, now, i, causes[i]);
			continue;
		}
		if (quiet) {
			now->lost[i] = before->lost[i];
			continue;
		}
		now->told_ns = watch->snap.boottime_ns;
		warn("lane %s: %llu event%s lost%s: %s; the stream declares them as evring.lost",
		     name, lost, lost == 1 ? " is" : "s are",
		     watch->started ? "" : " since the module was loaded",
		     i < sizeof(causes) / sizeof(*causes) ? causes[i] : "a cause that is new");
	}
}

static void tell_fill(const struct watch *watch, const char *name, const struct lane_watch *before,
		      struct lane_watch *now)
{
	unsigned long long percent = now->size ? now->held * 100 / now->size : 0;

	now->full = percent >= (before->full ? EMPTY_PERCENT : FULL_PERCENT);
	if (now->full && !before->full && now->holder >= 0)
		warn("lane %s: the ring of cpu %u is %llu %% full of events that group %s has not "
		     "committed; when it is full new events are lost", name, now->cpu, percent,
		     watch->snap.groups[now->holder].name);
	else if (!now->full && before->full)
		info("lane %s: its rings have room again", name);
}

static void tell_forgotten(const struct evring_group_info *group, uint64_t age_ns)
{
	char until[64] = "for ever";

	if (group->abandon_ms)
		snprintf(until, sizeof(until), "until %llu s have passed",
			 (unsigned long long)group->abandon_ms / 1000);
	warn("group %s has had no owner for %llu s and holds events back, %s: start its reader, or "
	     "drop it with: evring groups drop %s", group->name,
	     (unsigned long long)(age_ns / 1000000000), until, group->name);
}

static void look_at_group(struct watch *watch, unsigned int i)
{
	const struct evring_group_info *group = &watch->snap.groups[i];
	struct group_watch *seen = &watch->groups[i];
	uint64_t now = watch->snap.boottime_ns;
	bool forgotten = group_holds(group) && !group->owner &&
			 group_away_ns(&watch->snap, group) > FORGOTTEN_NS;

	if (strcmp(seen->name, group->name)) {
		*seen = (struct group_watch){ 0 };
		memcpy(seen->name, group->name, sizeof(seen->name));
	}
	if (!forgotten) {
		if (seen->told_ns && group->name[0] && group->owner)
			info("group %s has an owner again", group->name);
		seen->told_ns = 0;
	} else if (!seen->told_ns || now - seen->told_ns > REMIND_NS) {
		tell_forgotten(group, now - group->left_ns);
		seen->told_ns = now;
	}
}

bool watch_look(struct watch *watch)
{
	struct lane_watch now;
	unsigned int i, held;
	bool soon = false;
	int ret = snapshot_take(watch->ev, &watch->snap);

	if (ret) {
		if (ratelimit_pass(&watch->errors, &held))
			warn("the module's counters cannot be read: %s", strerror(-ret));
		return false;
	}
	for (i = 0; i < evring_lanes(watch->ev); i++) {
		const char *name = evring_lane_name(watch->ev, i);

		look_at_lane(&watch->snap, i, &now);
		tell_losses(watch, name, &watch->lanes[i], &now);
		tell_fill(watch, name, &watch->lanes[i], &now);
		watch->lanes[i] = now;
		soon |= now.size && now.held * 100 / now.size >= HALF_PERCENT;
	}
	watch->started = true;
	for (i = 0; i < watch->nr_groups && i < watch->snap.meta.groups.count; i++)
		look_at_group(watch, i);
	snapshot_free(&watch->snap);
	return soon;
}
