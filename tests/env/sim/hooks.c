// SPDX-License-Identifier: MIT
/*
 * Hooks as tests have them: one for each type of sim_events_start(), process.exec, and
 * process.state, whose snapshots are of no process;
 * what calls them is sim_event_emit() and sim_produce(), attached or not. Owners and filters are as in kmod/hooks/hook.c.
 */
#include "../../../kmod/filter/gate.h"
#include "../../../kmod/group.h"
#include "../../../kmod/hooks/hook.h"
#include "../../../kmod/limits.h"
#include "../../../kmod/redact/stage.h"
#include "../../../kmod/type.h"
#include "hooks.h"
#include "kernel.h"

#define OWNERS	(EVRING_GROUPS_MAX + 1)

struct sim_hook {
	struct evring_event_type *type;
	unsigned long owners[(OWNERS + 63) / 64], asked[(OWNERS + 63) / 64];
	struct evring_want *wants[OWNERS];
	struct evring_gate *gate;
};

static struct sim_hook hooks[SIM_HOOKS];
static u32 snapshots;

void sim_hook_register(unsigned int hook, struct evring_event_type *type)
{
	hooks[hook].type = type;
	if (evring_redact_reset(type))
		abort();
}

void sim_hook_submit(unsigned int hook, struct evring_slot *slot)
{
	const struct evring_gate *gate = rcu_dereference_sched(hooks[hook].gate);

	if (slot->stage && !evring_land(slot))
		return;
	if (gate)
		evring_gate_submit(gate, hooks[hook].type, slot);
	else
		evring_submit(slot);
}

static struct sim_hook *hook_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < SIM_HOOKS; i++)
		if (hooks[i].type && !strcmp(hooks[i].type->name, name))
			return &hooks[i];
	return NULL;
}

static void hook_gate(struct sim_hook *hook)
{
	struct evring_gate *old = hook->gate;

	rcu_assign_pointer(hook->gate, bitmap_weight(hook->owners, OWNERS) ?
			   evring_gate_make(hook->wants, hook->owners, OWNERS) : NULL);
	evring_gate_free(old);
}

static void hook_own(struct sim_hook *hook, unsigned int owner, struct evring_want *want)
{
	struct evring_want *old = hook->wants[owner];

	__set_bit(owner, hook->owners);
	hook->wants[owner] = want;
	hook_gate(hook);
	evring_want_free(old);
}

static void hook_give_up(struct sim_hook *hook, unsigned int owner)
{
	struct evring_want *old = hook->wants[owner];

	__clear_bit(owner, hook->owners);
	__clear_bit(owner, hook->asked);
	hook->wants[owner] = NULL;
	hook_gate(hook);
	evring_want_free(old);
}

static int owner_find(const char *group)
{
	return *group ? evring_group_find(group) : OWNERS - 1;
}

int evring_hook_ctl(struct evring_hook *arg)
{
	struct sim_hook *hook = hook_find(arg->name);
	struct evring_want *want = NULL;
	int owner = owner_find(arg->group);
	unsigned int i;

	if (!hook)
		return -ENOENT;
	if (arg->flags & EVRING_HOOK_F_SNAPSHOT && hook != &hooks[SIM_HOOK_STATE])
		return -EINVAL;
	if (owner < 0)
		return owner;
	if (arg->op == EVRING_HOOK_DETACH && !perfmon_capable() &&
	    (owner == OWNERS - 1 || !evring_group_is_users((unsigned int)owner)))
		return -EPERM;
	if (arg->op == EVRING_HOOK_ATTACH)
		want = evring_want_load(arg->filter, arg->limits, hook->type);
	if (IS_ERR(want))
		return (int)PTR_ERR(want);
	if (arg->op == EVRING_HOOK_ATTACH)
		hook_own(hook, (unsigned int)owner, want);
	else if (arg->op == EVRING_HOOK_DETACH)
		hook_give_up(hook, (unsigned int)owner);
	evring_suppressed_tell(hook->type);
	arg->owners = bitmap_weight(hook->owners, OWNERS);
	for (i = 0; i < OWNERS; i++)
		arg->filters += hook->wants[i] && evring_want_filters(hook->wants[i]);
	arg->state = arg->owners ? EVRING_HOOK_ATTACHED : EVRING_HOOK_DETACHED;
	if (hook == &hooks[SIM_HOOK_STATE]) {
		snapshots += !!(arg->flags & EVRING_HOOK_F_SNAPSHOT);
		arg->snapshot = snapshots;
		if (arg->flags & EVRING_HOOK_F_SNAPSHOT)
			__set_bit(owner, hook->asked);
	}
	arg->has = (test_bit(owner, hook->owners) ? EVRING_HAS_HOOK : 0) |
		   (test_bit(owner, hook->asked) ? EVRING_HAS_SNAPSHOT : 0);
	return 0;
}

int evring_hook_filter(struct evring_filter_read *arg)
{
	struct sim_hook *hook = hook_find(arg->name);
	struct evring_program *copy = NULL;
	int owner = owner_find(arg->group), ret;

	if (!hook || owner < 0)
		return -ENOENT;
	if (!hook->wants[owner])
		return 0;
	evring_want_limits(hook->wants[owner], &arg->limits);
	ret = evring_want_copy(hook->wants[owner], &copy);
	if (ret || !copy)
		return ret;
	arg->len = copy->len;
	if (copy_to_user(u64_to_user_ptr(arg->to), copy, min(arg->room, arg->len)))
		ret = -EFAULT;
	kvfree(copy);
	return ret;
}

int evring_hooks_drop_group(const char *name)
{
	unsigned int place, i;
	int ret = evring_group_drop(name, &place);

	for (i = 0; !ret && i < SIM_HOOKS; i++)
		if (test_bit(place, hooks[i].owners))
			hook_give_up(&hooks[i], place);
	return ret;
}

struct evring_event_type *evring_hook_type(const char *name)
{
	struct sim_hook *hook = hook_find(name);

	return hook ? hook->type : ERR_PTR(evring_type_known(name) ? -EOPNOTSUPP : -ENOENT);
}

u32 evring_hook_flags(u32 type_id)
{
	unsigned int i;

	for (i = 0; i < SIM_HOOKS; i++)
		if (hooks[i].type && hooks[i].type->id == type_id)
			return bitmap_weight(hooks[i].owners, OWNERS) ?
			       EVRING_TYPE_F_HOOK | EVRING_TYPE_F_ATTACHED : EVRING_TYPE_F_HOOK;
	return 0;
}

void evring_hooks_init(void)
{
}

void evring_hooks_exit(void)
{
	unsigned int i, owner;

	for (i = 0; i < SIM_HOOKS; i++)
		for_each_set_bit(owner, hooks[i].owners, OWNERS)
			hook_give_up(&hooks[i], owner);
	memset(hooks, 0, sizeof(hooks));
}
