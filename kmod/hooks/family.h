/* SPDX-License-Identifier: GPL-2.0-only */
/* How a family declares its hooks; process.c is the example. hook.c has the list. */
#ifndef _KMOD_HOOKS_FAMILY_H
#define _KMOD_HOOKS_FAMILY_H

#include <linux/bitmap.h>
#include <linux/evring.h>
#include <linux/types.h>

#include "../evring.h"
#include "source.h"

#define EVRING_OWNER_ADMIN	EVRING_GROUPS_MAX

/**
 * struct evring_event_hook - one hook: an event and the points that it comes from
 * @desc: the event
 * @points: attached and detached together
 * @nr_points: of @points
 * @type: of the event, from evring_hooks_init() on; NULL: it could not be registered
 * @error: why not
 * @owners: for whom it is attached: places of groups, and EVRING_OWNER_ADMIN;
 *	under hooks_lock
 * @attached: all points that it needs are attached; likewise
 */
struct evring_event_hook {
	const struct evring_type_desc *desc;
	struct evring_point *points;
	unsigned int nr_points;

	struct evring_event_type *type;
	int error;
	DECLARE_BITMAP(owners, EVRING_OWNER_ADMIN + 1);
	bool attached;
};

/* A hook's points: EVRING_POINTS(EVRING_TRACEPOINT(...), EVRING_KPROBE(...)) */
#define EVRING_POINTS(...)							\
	.points = (struct evring_point []){ __VA_ARGS__ },			\
	.nr_points = sizeof((struct evring_point []){ __VA_ARGS__ }) / sizeof(struct evring_point)

struct evring_hook_family {
	struct evring_event_hook *hooks;
	unsigned int nr;
};

extern const struct evring_hook_family evring_process_family;

#endif /* _KMOD_HOOKS_FAMILY_H */
