/* SPDX-License-Identifier: MIT */
/* Groups: join, commit, leave; and taps, which are none. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

int evring_join(struct evring *ev, const struct evring_group *group)
{
	struct evring_join join = {
		.policy = group->policy,
		.start = group->start,
		.abandon_ms = group->abandon_ms,
	};
	uint64_t lanes = group->lanes;
	int ret;

	if (ev->mode != MODE_NONE)
		return -EALREADY;
	if (!group->name || strlen(group->name) >= sizeof(join.name) ||
	    lanes_resolve(ev, &lanes))
		return -EINVAL;
	join.lanes = lanes;
	strcpy(join.name, group->name);
	/* First, as it may fail: a group that is made and not read holds all the same. */
	ret = reader_map(ev, group->policy == EVRING_HOLD ? MODE_HOLD : MODE_FOLLOW, lanes);
	if (ret)
		return ret;
	ret = evring_ioctl(ev, EVRING_IOC_JOIN, &join);
	if (ret) {
		reader_stop(ev);
		return ret;
	}
	ev->group = join.group;
	ev->made = join.created;
	ret = reader_begin(ev);
	if (ret)
		evring_ioctl(ev, EVRING_IOC_LEAVE, NULL);
	return ret;
}

bool evring_made(const struct evring *ev)
{
	return ev->made;
}

int evring_tap(struct evring *ev, uint64_t lanes, uint32_t start)
{
	int ret;

	if (ev->mode != MODE_NONE)
		return -EALREADY;
	if (lanes_resolve(ev, &lanes) || start > EVRING_LATEST)
		return -EINVAL;
	ev->start = start;
	ret = reader_map(ev, MODE_TAP, lanes);
	return ret ? ret : reader_begin(ev);
}

int evring_leave(struct evring *ev)
{
	enum mode mode = ev->mode;

	reader_stop(ev);
	if (mode == MODE_HOLD || mode == MODE_FOLLOW)
		return evring_ioctl(ev, EVRING_IOC_LEAVE, NULL);
	return mode == MODE_TAP ? 0 : -EPERM;
}

int evring_commit_at(struct evring *ev, const struct evring_commit_entry *entries,
		     unsigned int nr)
{
	struct evring_commit commit = {
		.entries = (uintptr_t)entries, .nr = nr, .entry_size = sizeof(*entries),
	};

	return evring_ioctl(ev, EVRING_IOC_COMMIT, &commit);
}

int evring_commit(struct evring *ev)
{
	struct evring_commit_entry *entries;
	unsigned int i, nr = 0;
	int ret = 0;

	if (ev->mode != MODE_HOLD && ev->mode != MODE_FOLLOW)
		return -EPERM;
	run_end(ev);
	entries = calloc(ev->nr_rings + 1, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	for (i = 0; i < ev->nr_rings; i++) {
		const struct ring *ring = &ev->rings[i];

		if (ring->pos == ring->committed && !ring->missed)
			continue;
		entries[nr++] = (struct evring_commit_entry) {
			.pos = ring->pos,
			.seq = ring->seq,
			.missed = ring->missed,
			.lane = ring->lane,
			.cpu = ring->cpu,
		};
	}
	if (nr)
		ret = evring_commit_at(ev, entries, nr);
	for (i = 0; i < ev->nr_rings && !ret; i++) {
		ev->rings[i].committed = ev->rings[i].pos;
		ev->rings[i].missed = 0;
	}
	free(entries);
	return ret;
}
