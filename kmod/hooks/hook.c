// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hooks: the families, and attaching. A hook that is detached is not there: its
 * tracepoint is a no-op in the kernel's code.
 *
 * A hook that does not fire must not be called attached. So all of them are
 * tracepoints: what registers a probe there arms it, and no knob disarms it. (A
 * kprobe at a function's entry goes by ftrace: kernel.ftrace_enabled and
 * debug/kprobes/enabled silence it, registered as it is.)
 */
#include <linux/err.h>
#include <linux/jump_label.h>
#include <linux/tracepoint.h>

#include "../evring.h"

static const struct evring_hook_family *const families[] = {
	&evring_process_family,
};

static DEFINE_MUTEX(hooks_lock);

/* The hooks of all families, one after another; NULL past the last one. */
static struct evring_hook_point *hook_at(unsigned int i)
{
	unsigned int f;

	for (f = 0; f < ARRAY_SIZE(families); i -= families[f++]->nr)
		if (i < families[f]->nr)
			return &families[f]->hooks[i];
	return NULL;
}

static void hook_match(struct tracepoint *tp, void *unused)
{
	struct evring_hook_point *hook;
	unsigned int i;

	for (i = 0; (hook = hook_at(i)); i++)
		if (!strcmp(hook->tracepoint, tp->name))
			hook->tp = tp;
}

static struct evring_hook_point *hook_find(const char *name)
{
	struct evring_hook_point *hook;
	unsigned int i;

	for (i = 0; (hook = hook_at(i)); i++)
		if (!strcmp(hook->desc->name, name))
			return hook;
	return NULL;
}

static int hook_attach(struct evring_hook_point *hook)
{
	int ret;

	lockdep_assert_held(&hooks_lock);
	if (hook->attached)
		return 0;
	if (!hook->tp)
		return -EOPNOTSUPP;
	ret = tracepoint_probe_register(hook->tp, hook->probe, hook);
	if (!ret)
		WRITE_ONCE(hook->attached, true);
	return ret;
}

static void hook_detach(struct evring_hook_point *hook)
{
	lockdep_assert_held(&hooks_lock);
	if (!hook->attached)
		return;
	tracepoint_probe_unregister(hook->tp, hook->probe, hook);
	WRITE_ONCE(hook->attached, false);
}

static u32 hook_state(const struct evring_hook_point *hook)
{
	if (!hook->tp)
		return EVRING_HOOK_ABSENT;
	if (!READ_ONCE(hook->attached))
		return EVRING_HOOK_DETACHED;
	return static_key_enabled(&hook->tp->key) ? EVRING_HOOK_ATTACHED : EVRING_HOOK_DISARMED;
}

static bool hook_owned(const struct evring_hook_point *hook)
{
	return !bitmap_empty(hook->owners, EVRING_OWNER_ADMIN + 1);
}

static bool hook_owned_by_others(const struct evring_hook_point *hook, unsigned int owner)
{
	return bitmap_weight(hook->owners, EVRING_OWNER_ADMIN + 1) > test_bit(owner, hook->owners);
}

/* Into another lane: not over the heads of other owners. */
static int hook_move(struct evring_hook_point *hook, unsigned int owner, u16 lane)
{
	if (lane >= evring_nr_lanes)
		return -ENXIO;
	if (lane == hook->type->lane)
		return 0;
	if (hook_owned_by_others(hook, owner))
		return -EBUSY;
	evring_type_move(hook->type, lane);
	return 0;
}

/* One more owner */
static int hook_take(struct evring_hook_point *hook, unsigned int owner,
		     const struct evring_hook *arg)
{
	int ret = 0;

	if (arg->flags & EVRING_HOOK_F_LANE)
		ret = hook_move(hook, owner, arg->lane);
	if (!ret)
		ret = hook_attach(hook);
	if (!ret)
		__set_bit(owner, hook->owners);
	else if (!hook_owned(hook))
		evring_type_move(hook->type, -1);
	return ret;
}

/* One owner less; without any the hook goes, and its events' lane is their own again. */
static void hook_give_up(struct evring_hook_point *hook, unsigned int owner)
{
	__clear_bit(owner, hook->owners);
	if (hook_owned(hook) || !hook->attached)
		return;
	hook_detach(hook);
	/* When we say detached, no probe is still at it. */
	tracepoint_synchronize_unregister();
	evring_type_move(hook->type, -1);
}

static int hook_ctl(struct evring_hook_point *hook, struct evring_hook *arg)
{
	int owner = arg->group[0] ? evring_group_find(arg->group) : EVRING_OWNER_ADMIN, ret = 0;

	lockdep_assert_held(&hooks_lock);
	if (owner < 0)
		return owner;
	if (arg->op == EVRING_HOOK_ATTACH)
		ret = hook_take(hook, owner, arg);
	else if (arg->op == EVRING_HOOK_DETACH)
		hook_give_up(hook, owner);
	arg->lane = hook->type->lane;
	arg->owners = bitmap_weight(hook->owners, EVRING_OWNER_ADMIN + 1);
	arg->state = hook_state(hook);
	return ret;
}

/* EVRING_IOC_HOOK; @arg was checked. May sleep. */
int evring_hook_ctl(struct evring_hook *arg)
{
	struct evring_hook_point *hook = hook_find(arg->name);
	int ret;

	if (!hook)
		return -ENOENT;
	mutex_lock(&hooks_lock);
	ret = hook_ctl(hook, arg);
	mutex_unlock(&hooks_lock);
	return ret;
}

/*
 * EVRING_IOC_DROP: the group, and what it had attached. Under the lock, so that
 * nobody attaches for it meanwhile, nor finds another group in its place. May
 * sleep.
 */
int evring_hooks_drop_group(const char *name)
{
	struct evring_hook_point *hook;
	unsigned int place, i;
	int ret;

	mutex_lock(&hooks_lock);
	ret = evring_group_drop(name, &place);
	for (i = 0; !ret && (hook = hook_at(i)); i++)
		hook_give_up(hook, place);
	mutex_unlock(&hooks_lock);
	return ret;
}

/* What EVRING_IOC_DESCRIBE says of a type that a hook emits, 0 for any other. */
u32 evring_hook_flags(const struct evring_event_type *type)
{
	static const u32 flags[] = {
		[EVRING_HOOK_DETACHED] = EVRING_TYPE_F_HOOK,
		[EVRING_HOOK_ATTACHED] = EVRING_TYPE_F_HOOK | EVRING_TYPE_F_ATTACHED,
		[EVRING_HOOK_DISARMED] = EVRING_TYPE_F_HOOK | EVRING_TYPE_F_DISARMED,
		[EVRING_HOOK_ABSENT] = EVRING_TYPE_F_HOOK | EVRING_TYPE_F_ABSENT,
	};
	struct evring_hook_point *hook = hook_find(type->name);

	return hook && hook->type == type ? flags[hook_state(hook)] : 0;
}

int evring_hooks_init(void)
{
	struct evring_hook_point *hook;
	unsigned int i;

	for_each_kernel_tracepoint(hook_match, NULL);
	for (i = 0; (hook = hook_at(i)); i++) {
		hook->type = evring_type_register(hook->desc);
		if (IS_ERR(hook->type))
			return PTR_ERR(hook->type);
		if (!hook->tp)
			pr_warn("evring: no %s: this kernel has no tracepoint %s\n",
				hook->desc->name, hook->tracepoint);
	}
	return 0;
}

void evring_hooks_exit(void)
{
	struct evring_hook_point *hook;
	unsigned int i;

	mutex_lock(&hooks_lock);
	for (i = 0; (hook = hook_at(i)); i++)
		hook_detach(hook);
	mutex_unlock(&hooks_lock);
	/* No probe is still running when its code goes. */
	tracepoint_synchronize_unregister();
}
