/* SPDX-License-Identifier: MIT */
/*
 * What an operator must hear of whoever runs: events that the kernel had no
 * room for, rings that are about to have none, and groups that hold events
 * which nobody reads. A group of another connector counts as well: it starves
 * the whole host.
 */
#include "evringd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FULL_PERCENT 80			/* said once ... */
#define EMPTY_PERCENT 60		/* ... until it was below this */
#define FORGOTTEN_NS 10000000000ULL	/* without an owner: restarts are over by then */
#define REMIND_NS 3600000000000ULL

struct group_watch {
	char name[EVRING_NAME_MAX];
	uint64_t told_ns;		/* CLOCK_BOOTTIME; 0: it has an owner */
};

#define CAUSES_MAX 16			/* that are told apart */

struct lane_watch {
	uint64_t lost[CAUSES_MAX];
	uint64_t held, size;		/* of the ring that is fullest, bytes */
	unsigned int cpu;
	int holder;			/* the group whose cursor it is */
	bool full;
};

struct watch {
	struct evring *ev;
	bool started;
	unsigned int nr_cpus, nr_groups;
	struct evring_group_info *infos;	/* of the groups, as of the last look */
	struct group_watch *groups;
	struct lane_watch *lanes;
	char *page;				/* a copy of one of the module's pages */
	size_t page_room;
	struct ratelimit errors;
};

struct watch *watch_new(struct evring *ev)
{
	struct watch *watch = xgrow(NULL, 0, 1, sizeof(*watch));

	watch->ev = ev;
	watch->nr_cpus = evring_meta(ev)->nr_cpus;
	watch->nr_groups = evring_meta(ev)->groups.count;
	watch->page_room = evring_meta(ev)->map_size;
	watch->page = xalloc(watch->page_room);
	watch->infos = xgrow(NULL, 0, watch->nr_groups, sizeof(*watch->infos));
	watch->groups = xgrow(NULL, 0, watch->nr_groups, sizeof(*watch->groups));
	watch->lanes = xgrow(NULL, 0, evring_lanes(ev), sizeof(*watch->lanes));
	return watch;
}

void watch_free(struct watch *watch)
{
	free(watch->page);
	free(watch->infos);
	free(watch->groups);
	free(watch->lanes);
	free(watch);
}

static bool holds(const struct evring_group_info *group)
{
	return group->name[0] && group->policy == EVRING_HOLD &&
	       !(group->flags & EVRING_GROUP_ABANDONED);
}

/* How much of the ring a group keeps from being overwritten, and which group. */
static uint64_t held_bytes(const struct watch *watch, const struct evring_ring_page *page,
			   int *holder)
{
	struct evring_cursor cursor;
	uint64_t held = 0;
	unsigned int i;

	for (i = 0; i < watch->nr_groups; i++) {
		const struct evring_group_info *group = &watch->infos[i];

		if (!holds(group) || !(group->lanes & 1ull << page->lane) ||
		    !evring_table_get(watch->page, watch->page_room, &page->cursors, i, &cursor,
				      sizeof(cursor)) ||
		    cursor.pos >= page->head || page->head - cursor.pos <= held)
			continue;
		held = page->head - cursor.pos;
		*holder = (int)i;
	}
	return held;
}

static void add_ring(struct watch *watch, struct lane_watch *lane,
		     const struct evring_ring_page *page)
{
	int holder = -1;
	uint64_t held = held_bytes(watch, page, &holder), lost;
	unsigned int i;

	for (i = 0; i < CAUSES_MAX && evring_table_get(watch->page, watch->page_room, &page->lost,
						       i, &lost, sizeof(lost)); i++)
		lane->lost[i] += lost;
	if (held < lane->held)
		return;
	lane->held = held;
	lane->size = page->data_size;
	lane->cpu = page->cpu;
	lane->holder = holder;
}

static void read_lane(struct watch *watch, unsigned int number, struct lane_watch *lane)
{
	struct evring_ring_page page;
	unsigned int cpu, held;
	ssize_t ret;

	memset(lane, 0, sizeof(*lane));
	for (cpu = 0; cpu < watch->nr_cpus; cpu++) {
		ret = evring_ring_read(watch->ev, number, cpu, watch->page, watch->page_room);
		if (ret >= 0) {
			evring_page_get(watch->page, watch->page_room, &page, sizeof(page));
			add_ring(watch, lane, &page);
		} else if (ret != -ENXIO && ratelimit_pass(&watch->errors, &held)) {
			warn("lane %s, cpu %u: its counters cannot be read: %s",
			     evring_lane_name(watch->ev, number), cpu, strerror((int)-ret));
		}
	}
}

static void tell_losses(const struct watch *watch, const char *name, const struct lane_watch *before,
			const struct lane_watch *now)
{
	static const char *const causes[] = {
		[EVRING_LOST_FULL] = "the ring was full",
		[EVRING_LOST_NESTED] = "an NMI came at a bad moment",
		[EVRING_LOST_TOOBIG] = "too large for a record",
		[EVRING_LOST_PROBE] = "the kernel did not call the hook's probe",
	};
	unsigned int i;

	for (i = 0; i < CAUSES_MAX; i++) {
		unsigned long long lost = now->lost[i] - before->lost[i];

		if (now->lost[i] <= before->lost[i])
			continue;
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
		     watch->infos[now->holder].name);
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

static void look_at_group(struct watch *watch, int i, uint64_t now)
{
	const struct evring_group_info *group = &watch->infos[i];
	struct group_watch *seen = &watch->groups[i];
	bool forgotten = holds(group) && !group->owner && group->left_ns &&
			 now > group->left_ns && now - group->left_ns > FORGOTTEN_NS;

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

static int read_groups(struct watch *watch)
{
	ssize_t ret = evring_meta_read(watch->ev, watch->page, watch->page_room);
	struct evring_meta meta;
	unsigned int i;

	if (ret < 0)
		return (int)ret;
	evring_page_get(watch->page, watch->page_room, &meta, sizeof(meta));
	for (i = 0; i < watch->nr_groups; i++)
		evring_table_get(watch->page, watch->page_room, &meta.groups, i, &watch->infos[i],
				 sizeof(watch->infos[i]));
	return 0;
}

void watch_look(struct watch *watch)
{
	struct lane_watch now;
	struct timespec boot;
	unsigned int i, held;
	int ret = read_groups(watch);

	if (ret) {
		if (ratelimit_pass(&watch->errors, &held))
			warn("the module's counters cannot be read: %s", strerror(-ret));
		return;
	}
	for (i = 0; i < evring_lanes(watch->ev); i++) {
		const char *name = evring_lane_name(watch->ev, i);

		read_lane(watch, i, &now);
		tell_losses(watch, name, &watch->lanes[i], &now);
		tell_fill(watch, name, &watch->lanes[i], &now);
		watch->lanes[i] = now;
	}
	watch->started = true;
	clock_gettime(CLOCK_BOOTTIME, &boot);
	for (i = 0; i < watch->nr_groups; i++)
		look_at_group(watch, (int)i, (uint64_t)boot.tv_sec * 1000000000ULL +
					     (uint64_t)boot.tv_nsec);
}
