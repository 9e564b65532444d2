/* SPDX-License-Identifier: GPL-2.0-only */
/* How a family declares its hooks; process.c is the example. hook.c has the list. */
#ifndef _KMOD_HOOKS_FAMILY_H
#define _KMOD_HOOKS_FAMILY_H

#include <linux/bitmap.h>
#include <linux/evring.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/types.h>

#include "../filter/gate.h"
#include "../limits.h"
#include "../owner.h"
#include "../redact/stage.h"
#include "../ring.h"
#include "../type.h"
#include "families.h"
#include "point.h"

#define EVRING_OWNER_ADMIN	EVRING_GROUPS_MAX

/**
 * struct evring_event_hook - one hook: an event and the points that it comes from
 * @desc: the event
 * @points: attached and detached together
 * @nr_points: of @points
 * @quiet: leaves out the acts of groups' owners, as shipping such an event would make
 *	the next one. The sources see to it, but for tracepoints and notifiers: there the
 *	probe asks evring_hook_leaves_out()
 * @snapshots: it emits where a snapshot is asked for, and has no points
 * @type: of the event, from evring_hooks_init() on; NULL: it could not be registered
 * @error: why not
 * @owners: it is attached for these: places of groups, and EVRING_OWNER_ADMIN;
 *	under hooks_lock
 * @asked: of those, the ones that have asked for a snapshot; likewise
 * @attached: all points that it needs are attached; likewise
 * @wants: filter and limits of each owner, NULL: all events; likewise
 * @gate: the gate that @wants make, NULL: all events
 */
struct evring_event_hook {
	const struct evring_type_desc *desc;
	struct evring_point *points;
	unsigned int nr_points;
	bool quiet;
	bool snapshots;

	struct evring_event_type *type;
	int error;
	DECLARE_BITMAP(owners, EVRING_OWNER_ADMIN + 1);
	DECLARE_BITMAP(asked, EVRING_OWNER_ADMIN + 1);
	bool attached;
	struct evring_want *wants[EVRING_OWNER_ADMIN + 1];
	struct evring_gate __rcu *gate;
};

/*
 * Begin an event: room for @len bytes, of which the first @size are its fields, all 0
 * until they are filled. NULL: there is no room, and the event is lost and counted.
 * evring_hook_submit() ends it; preemption is off until then.
 */
static inline void *evring_begin(struct evring_slot *slot, struct evring_event_type *type,
				 u32 size, u32 len)
{
	void *e = evring_reserve(slot, type, len);

	if (e)
		memset(e, 0, size);
	return e;
}

/* Likewise of an event that current causes: it has the common part. */
static inline void *evring_begin_task(struct evring_slot *slot, struct evring_event_type *type,
				      u32 size, u32 len)
{
	void *e = evring_begin(slot, type, size, len);

	if (e)
		evring_fill_common(e);
	return e;
}

/*
 * Publish a reserved event if one of the hook's owners wants it: this, and not
 * evring_submit(), ends a hook's event. Preemption is off since evring_begin(), so
 * the gate stays until then.
 */
static inline void evring_hook_submit(struct evring_event_hook *hook, struct evring_slot *slot)
{
	const struct evring_gate *gate = rcu_dereference_sched(hook->gate);

	/* Filters see an event without its secrets: that one passes must not tell a secret. */
	if (unlikely(slot->stage) && !evring_land(slot))
		return;
	if (unlikely(gate))
		evring_gate_submit(gate, hook->type, slot);
	else
		evring_submit(slot);
}

/* Is this call the work of a process that the hook is quiet about? Any context. */
static inline bool evring_hook_leaves_out(const struct evring_event_hook *hook)
{
	return hook->quiet && in_task() && evring_is_owner(current);
}

/* A hook's points: EVRING_POINTS(EVRING_TRACEPOINT(...), EVRING_KPROBE(...)) */
#define EVRING_POINTS(...)							\
	.points = (struct evring_point []){ __VA_ARGS__ },			\
	.nr_points = sizeof((struct evring_point []){ __VA_ARGS__ }) / sizeof(struct evring_point)

struct evring_hook_family {
	struct evring_event_hook *hooks;
	unsigned int nr;
};

#endif /* _KMOD_HOOKS_FAMILY_H */
