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

struct lane_watch {
	uint64_t lost[EVRING_LOST_CAUSES];
	uint64_t held, size;		/* of the ring that is fullest, bytes */
	unsigned int cpu;
	int holder;			/* the group whose cursor it is */
	bool full;
};

struct watch {
	struct evring *ev;
	bool started;
	struct evring_meta meta;
	struct lane_watch lanes[EVRING_LANES];
	struct group_watch groups[EVRING_GROUPS_MAX];
	struct ratelimit errors;
};

struct watch *watch_new(struct evring *ev)
{
	struct watch *watch = xgrow(NULL, 0, 1, sizeof(*watch));

	watch->ev = ev;
	return watch;
}

void watch_free(struct watch *watch)
{
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
	uint64_t held = 0;
	int i;

	for (i = 0; i < EVRING_GROUPS_MAX; i++) {
		const struct evring_group_info *group = &watch->meta.groups[i];

		if (!holds(group) || !(group->lanes & 1u << page->lane) ||
		    page->cursors[i].pos >= page->head ||
		    page->head - page->cursors[i].pos <= held)
			continue;
		held = page->head - page->cursors[i].pos;
		*holder = i;
	}
	return held;
}

static void add_ring(struct watch *watch, struct lane_watch *lane,
		     const struct evring_ring_page *page)
{
	int holder = -1, i;
	uint64_t held = held_bytes(watch, page, &holder);

	for (i = 0; i < EVRING_LOST_CAUSES; i++)
		lane->lost[i] += page->lost[i];
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
	int ret;

	memset(lane, 0, sizeof(*lane));
	for (cpu = 0; cpu < watch->meta.nr_cpus; cpu++) {
		ret = evring_ring_read(watch->ev, number, cpu, &page);
		if (!ret)
			add_ring(watch, lane, &page);
		else if (ret != -ENXIO && ratelimit_pass(&watch->errors, &held))
			warn("lane %s, cpu %u: its counters cannot be read: %s",
			     evring_lane_name(number), cpu, strerror(-ret));
	}
}

static void tell_losses(const struct watch *watch, const char *name, const struct lane_watch *before,
			const struct lane_watch *now)
{
	static const char *const causes[] = {
		[EVRING_LOST_FULL] = "the ring was full",
		[EVRING_LOST_NESTED] = "an NMI came at a bad moment",
		[EVRING_LOST_TOOBIG] = "too large for a record",
	};
	int i;

	for (i = 0; i < EVRING_LOST_CAUSES; i++) {
		unsigned long long lost = now->lost[i] - before->lost[i];

		if (now->lost[i] <= before->lost[i])
			continue;
		warn("lane %s: %llu event%s lost%s: %s; the stream declares them as evring.lost",
		     name, lost, lost == 1 ? " is" : "s are",
		     watch->started ? "" : " since the module was loaded",
		     causes[i]);
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
		     watch->meta.groups[now->holder].name);
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
	const struct evring_group_info *group = &watch->meta.groups[i];
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

void watch_look(struct watch *watch)
{
	struct lane_watch now[EVRING_LANES];
	struct timespec boot;
	unsigned int i, held;
	int ret = evring_meta_read(watch->ev, &watch->meta);

	if (ret) {
		if (ratelimit_pass(&watch->errors, &held))
			warn("the module's counters cannot be read: %s", strerror(-ret));
		return;
	}
	for (i = 0; i < EVRING_LANES; i++) {
		const char *name = evring_lane_name(i);

		read_lane(watch, i, &now[i]);
		tell_losses(watch, name, &watch->lanes[i], &now[i]);
		tell_fill(watch, name, &watch->lanes[i], &now[i]);
		watch->lanes[i] = now[i];
	}
	watch->started = true;
	clock_gettime(CLOCK_BOOTTIME, &boot);
	for (i = 0; i < EVRING_GROUPS_MAX; i++)
		look_at_group(watch, (int)i, (uint64_t)boot.tv_sec * 1000000000ULL +
					     (uint64_t)boot.tv_nsec);
}
