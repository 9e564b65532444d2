/* SPDX-License-Identifier: GPL-2.0-only */
/* type.c and type_desc.c: the types of events. */
#ifndef _KMOD_TYPE_H
#define _KMOD_TYPE_H

#include <linux/evring.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/uidgid.h>

struct evring_app;
struct evring_redact_rules;

/* Events of a type that secrets were left out of, and those that were too much work */
struct evring_redacted {
	u64 events;
	u64 hidden;
};

/**
 * struct evring_suppressed - events that limits have suppressed on one CPU
 * @sampled: not told yet, with EVRING_LOST_SAMPLED. Any context, any CPU
 * @rate: likewise with EVRING_LOST_RATE
 * @told: jiffies when some were told last
 */
struct evring_suppressed {
	atomic64_t sampled;
	atomic64_t rate;
	unsigned long told;
};

/**
 * struct evring_event_type - a registered type
 * @id: index in the table, and struct evring_rec.type
 * @lane: where its events go now
 * @own_lane: where they go unless a hook's owner says otherwise
 * @size: shortest payload
 * @rings: @lane's, by CPU; NULL where there was no memory for one
 * @rules: which of its bytes are secrets; NULL: none
 * @rules_generation: how often they were changed; under set.c's lock
 * @rules_own: they are the module's own; likewise
 * @redacted: events that something was left out of, by CPU
 * @flags: EVRING_TYPE_F_*
 * @generation: how many types had the id before
 * @lost: events that got no room, by CPU that lost them
 * @filtered: events that no owner of their hook wanted, by CPU
 * @undecided: events that are wanted because a filter came to no end, by CPU
 * @suppressed: events that are wanted but for limits, and not told yet, by CPU
 * @block: as user space sees it
 * @name: in @block
 * @heads: where each ring ended when the type went; NULL: not known
 * @app: of an application's type, else NULL
 * @rcu: frees the type once no publisher uses it
 */
struct evring_event_type {
	u16 id;
	u16 lane;
	u16 own_lane;
	u32 size;
	struct evring_ring * __percpu *rings;
	struct evring_redact_rules __rcu *rules;
	u32 rules_generation;
	bool rules_own;
	struct evring_redacted __percpu *redacted;
	u32 flags;
	u32 generation;
	u64 __percpu *lost;
	u64 __percpu *filtered;
	u64 __percpu *undecided;
	struct evring_suppressed __percpu *suppressed;
	const struct evring_block *block;
	const char *name;
	u64 *heads;
	struct evring_app *app;
	struct rcu_head rcu;
};

extern const struct evring_names_desc evring_lost_causes;
extern const struct evring_type_desc evring_builtin_types[EVRING_TYPE_FIRST];

int evring_types_init(void);
void evring_types_exit(void);
bool evring_type_desc_valid(const struct evring_type_desc *desc);
bool evring_type_known(const char *name);
int evring_type_describe(struct evring_describe *info, const kuid_t *only);
struct evring_event_type *evring_type_by_id(u32 id);
void evring_type_move(struct evring_event_type *type, int lane);

#endif /* _KMOD_TYPE_H */
