// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hooks: the families, attaching and detaching. A hook is attached if all points
 * are that it needs. A detached hook costs nothing: its points are no-ops in the
 * kernel's code.
 *
 * A hook that does not emit is never called attached; its state comes with the
 * reason. A hook that this kernel cannot have does not stop the module from loading.
 */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../group.h"
#include "../lane.h"
#include "family.h"
#include "hook.h"
#include "process_state.h"
#include "syscall_begun.h"

static const struct evring_hook_family *const families[] = {
	&evring_process_family,
	&evring_exec_family,
	&evring_process_state_family,
	&evring_process_acts_family,
	&evring_process_ns_family,
	&evring_process_session_family,
	&evring_process_memory_family,
	&evring_file_open_family,
	&evring_file_name_family,
	&evring_file_attr_family,
	&evring_file_mount_family,
	&evring_file_redirect_family,
	&evring_sched_family,
	&evring_module_family,
	&evring_kernel_set_family,
	&evring_kernel_boot_family,
	&evring_kernel_trouble_family,
	&evring_kernel_device_family,
#ifdef CONFIG_NET
	&evring_kernel_netdev_family,
#endif
#ifdef CONFIG_BPF_SYSCALL
	&evring_bpf_family,
#endif
#ifdef CONFIG_IO_URING
	&evring_uring_family,
#endif
#ifdef CONFIG_HAVE_SYSCALL_TRACEPOINTS
	&evring_syscall_family,
#endif
#ifdef CONFIG_INET
	&evring_net_call_family,
	&evring_net_state_family,
	&evring_net_send_family,
#endif
#ifdef CONFIG_BLOCK
	&evring_block_io_family,
#endif
};

static const struct evring_source *const sources[] = {
	&evring_source_tracepoint,
	&evring_source_kprobe,
	&evring_source_kretprobe,
	&evring_source_notifier,
};

static DEFINE_MUTEX(hooks_lock);	/* all that changes in hooks and points */

/* The hooks of all families, one after another; NULL past the last one. */
static struct evring_event_hook *hook_at(unsigned int i)
{
	unsigned int f;

	for (f = 0; f < ARRAY_SIZE(families); i -= families[f++]->nr)
		if (i < families[f]->nr)
			return &families[f]->hooks[i];
	return NULL;
}

#define for_each_hook(_hook, _i) \
	for ((_i) = 0; ((_hook) = hook_at(_i)); (_i)++)

#define for_each_point(_point, _hook) \
	for ((_point) = (_hook)->points;						\
	     (_point) < (_hook)->points + (_hook)->nr_points; (_point)++)

static struct evring_event_hook *hook_find(const char *name)
{
	struct evring_event_hook *hook;
	unsigned int i;

	for_each_hook(hook, i)
		if (!strcmp(hook->desc->name, name))
			return hook;
	return NULL;
}

/* The first point that this kernel lacks, of its optional points or of the others */
static struct evring_point *hook_lacks(const struct evring_event_hook *hook, bool optional)
{
	struct evring_point *point;

	for_each_point(point, hook)
		if (point->error && point->optional == optional)
			return point;
	return NULL;
}

/*
 * The missing point that makes the hook absent; NULL: it is not absent. All points that are
 * not optional must be there, and at least one that emits events (not a detail).
 */
static struct evring_point *hook_needs(const struct evring_event_hook *hook)
{
	struct evring_point *point, *lacks = hook_lacks(hook, false);

	for_each_point(point, hook)
		if (!lacks && !point->error && !point->detail)
			return NULL;
	return lacks ?: hook_lacks(hook, true);
}

static void points_detach(struct evring_event_hook *hook)
{
	unsigned int i;

	for (i = hook->nr_points; i--;)
		evring_point_detach(&hook->points[i]);
}

static int points_attach(struct evring_event_hook *hook)
{
	bool tells = !hook->nr_points;
	struct evring_point *point;
	int ret;

	for_each_point(point, hook) {
		ret = point->error ? 0 : evring_point_attach(point);
		if (ret) {
			points_detach(hook);
			return ret;
		}
		tells |= point->attached && !point->detail;
	}
	if (tells)
		return 0;
	/* It can do without each of them, but not without all. */
	points_detach(hook);
	return -EOPNOTSUPP;
}

/* -EOPNOTSUPP: this kernel lacks a point. A point of a module that is not loaded may come. */
static int hook_attach(struct evring_event_hook *hook)
{
	struct evring_point *lacks = hook_needs(hook);

	lockdep_assert_held(&hooks_lock);
	if (hook->attached)
		return 0;
	if (!hook->type)
		return -EOPNOTSUPP;
	if (lacks)
		return lacks->error == -EAGAIN ? 0 : -EOPNOTSUPP;
	hook->error = points_attach(hook);
	hook->attached = !hook->error;
	return hook->error;
}

static void hook_detach(struct evring_event_hook *hook)
{
	lockdep_assert_held(&hooks_lock);
	points_detach(hook);
	hook->attached = false;
}

static bool hook_owned(const struct evring_event_hook *hook)
{
	return !bitmap_empty(hook->owners, EVRING_OWNER_ADMIN + 1);
}

static bool hook_owned_by_others(const struct evring_event_hook *hook, unsigned int owner)
{
	return bitmap_weight(hook->owners, EVRING_OWNER_ADMIN + 1) > test_bit(owner, hook->owners);
}

static struct evring_point *hook_disarmed(const struct evring_event_hook *hook)
{
	struct evring_point *point;

	for_each_point(point, hook)
		if (point->attached && !point->source->armed(point))
			return point;
	return NULL;
}

/* The state, and the reason for it in @why: empty if all is well. */
static u32 hook_state(const struct evring_event_hook *hook, char why[EVRING_WHY_MAX])
{
	struct evring_point *point = hook_needs(hook);

	lockdep_assert_held(&hooks_lock);
	why[0] = '\0';
	if (!hook->type) {
		scnprintf(why, EVRING_WHY_MAX, "its type cannot be registered: error %d",
			  hook->error);
		return EVRING_HOOK_ABSENT;
	}
	if (point) {
		point->source->absent(point, why, EVRING_WHY_MAX);
		return EVRING_HOOK_ABSENT;
	}
	if (!hook->attached) {
		if (hook->error)
			scnprintf(why, EVRING_WHY_MAX, "attaching it failed: error %d",
				  hook->error);
		return EVRING_HOOK_DETACHED;
	}
	point = hook_disarmed(hook);
	if (point) {
		strscpy(why, point->source->disarmed, EVRING_WHY_MAX);
		return EVRING_HOOK_DISARMED;
	}
	point = hook_lacks(hook, true);
	if (point)
		point->source->absent(point, why, EVRING_WHY_MAX);
	return EVRING_HOOK_ATTACHED;
}

static void hook_tell_missed(struct evring_event_hook *hook)
{
	struct evring_point *point;

	for_each_point(point, hook)
		if (point->attached && point->source->missed)
			evring_point_tell_missed(point);
	if (hook->type)
		evring_suppressed_tell(hook->type);
}

/* Move the events into another lane, unless the hook has other owners. */
static int hook_move(struct evring_event_hook *hook, unsigned int owner, u16 lane)
{
	if (!hook->type)
		return -EOPNOTSUPP;
	if (lane >= evring_nr_lanes)
		return -ENXIO;
	if (lane == hook->type->lane)
		return 0;
	if (hook_owned_by_others(hook, owner))
		return -EBUSY;
	evring_type_move(hook->type, lane);
	return 0;
}

/*
 * From now on the owners' present filters and options hold for events. Where there is
 * no owner any more, probes that still run emit nothing.
 */
static void hook_gate(struct evring_event_hook *hook)
{
	struct evring_gate *old = rcu_dereference_protected(hook->gate,
							    lockdep_is_held(&hooks_lock));

	rcu_assign_pointer(hook->gate, evring_gate_make(hook->wants, hook->owners,
							EVRING_OWNER_ADMIN + 1));
	evring_gate_free(old);
}

/* Set an owner's wants, add it if it is new. Its old wants are in @*want then. */
static int hook_own(struct evring_event_hook *hook, unsigned int owner, struct evring_want **want)
{
	bool was_owner = __test_and_set_bit(owner, hook->owners);
	int ret;

	swap(hook->wants[owner], *want);
	hook_gate(hook);
	ret = hook_attach(hook);
	if (!ret)
		return 0;
	__assign_bit(owner, hook->owners, was_owner);
	swap(hook->wants[owner], *want);
	hook_gate(hook);
	return ret;
}

/* Add an owner, and attach the hook if it is the first. */
static int hook_take(struct evring_event_hook *hook, unsigned int owner,
		     const struct evring_hook *arg, struct evring_want **want)
{
	int ret = 0;

	if (arg->flags & EVRING_HOOK_F_LANE)
		ret = hook_move(hook, owner, arg->lane);
	if (!ret)
		ret = hook_own(hook, owner, want);
	if (ret && hook->type && !hook_owned(hook))
		evring_type_move(hook->type, -1);
	return ret;
}

/*
 * Remove an owner. After the last one the hook is detached, and its events go to
 * their own lane again. True: a probe may still run.
 */
static bool hook_give_up(struct evring_event_hook *hook, unsigned int owner)
{
	bool was_attached = hook->attached;

	if (!__test_and_clear_bit(owner, hook->owners))
		return false;
	__clear_bit(owner, hook->asked);
	if (!hook_owned(hook))
		hook_detach(hook);
	hook_gate(hook);
	evring_want_free(hook->wants[owner]);
	hook->wants[owner] = NULL;
	if (hook_owned(hook))
		return false;
	evring_type_move(hook->type, -1);
	return was_attached;
}

static u32 hook_filters(const struct evring_event_hook *hook)
{
	unsigned int owner;
	u32 filters = 0;

	for (owner = 0; owner < ARRAY_SIZE(hook->wants); owner++)
		filters += hook->wants[owner] && evring_want_filters(hook->wants[owner]);
	return filters;
}

/* The right to attach was checked before; a group's user may take it from the owners. */
static bool may_detach(unsigned int owner)
{
	return (owner != EVRING_OWNER_ADMIN && evring_group_is_users(owner)) || perfmon_capable();
}

static int hook_ctl(struct evring_event_hook *hook, struct evring_hook *arg,
		    struct evring_want **want)
{
	int owner = arg->group[0] ? evring_group_find(arg->group) : EVRING_OWNER_ADMIN, ret = 0;

	lockdep_assert_held(&hooks_lock);
	if (owner < 0)
		return owner;
	if (arg->op == EVRING_HOOK_DETACH && !may_detach(owner))
		return -EPERM;
	if (arg->op == EVRING_HOOK_ATTACH)
		ret = hook_take(hook, owner, arg, want);
	else if (arg->op == EVRING_HOOK_DETACH && hook_give_up(hook, owner))
		evring_sources_settle();
	hook_tell_missed(hook);
	arg->lane = hook->type ? hook->type->lane : 0;
	arg->owners = bitmap_weight(hook->owners, EVRING_OWNER_ADMIN + 1);
	arg->filters = hook_filters(hook);
	arg->state = hook_state(hook, arg->why);
	if (hook->snapshots)
		evring_snapshot_look(arg);
	/* It begins when the owner is one. */
	if (!ret && arg->flags & EVRING_HOOK_F_SNAPSHOT) {
		arg->snapshot = evring_snapshot_ask(hook);
		__set_bit(owner, hook->asked);
	}
	arg->has = (test_bit(owner, hook->owners) ? EVRING_HAS_HOOK : 0) |
		   (test_bit(owner, hook->asked) ? EVRING_HAS_SNAPSHOT : 0);
	return ret;
}

/* EVRING_IOC_HOOK; @arg was checked. May sleep. */
int evring_hook_ctl(struct evring_hook *arg)
{
	struct evring_event_hook *hook = hook_find(arg->name);
	struct evring_want *want = NULL;
	int ret;

	if (!hook)
		return -ENOENT;
	if ((arg->flags & EVRING_HOOK_F_SNAPSHOT) && !hook->snapshots)
		return -EINVAL;
	if (hook->type)
		want = evring_want_load(arg->filter, arg->limits, hook->type);
	if (IS_ERR(want))
		return PTR_ERR(want);
	mutex_lock(&hooks_lock);
	ret = hook_ctl(hook, arg, &want);
	mutex_unlock(&hooks_lock);
	/* The old want, or the new one if it was refused */
	evring_want_free(want);
	return ret;
}

/* EVRING_IOC_FILTER; @arg was checked. May sleep. */
int evring_hook_filter(struct evring_filter_read *arg)
{
	struct evring_event_hook *hook = hook_find(arg->name);
	struct evring_program *copy = NULL;
	int owner, ret = 0;

	if (!hook)
		return -ENOENT;
	mutex_lock(&hooks_lock);
	owner = arg->group[0] ? evring_group_find(arg->group) : EVRING_OWNER_ADMIN;
	if (owner < 0)
		ret = owner;
	else if (hook->wants[owner])
		ret = evring_want_copy(hook->wants[owner], &copy);
	if (owner >= 0 && hook->wants[owner])
		evring_want_limits(hook->wants[owner], &arg->limits);
	mutex_unlock(&hooks_lock);
	if (ret || !copy)
		return ret;
	arg->len = copy->len;
	/* Not under the lock: user memory can be as slow as its owner wants. */
	if (copy_to_user(u64_to_user_ptr(arg->to), copy, min(arg->room, arg->len)))
		ret = -EFAULT;
	kvfree(copy);
	return ret;
}

/*
 * EVRING_IOC_DROP: the group, and the hooks that were attached for it alone. Under
 * the lock, so that nobody attaches for it meanwhile, nor finds another group in
 * its place. May sleep.
 */
int evring_hooks_drop_group(const char *name)
{
	struct evring_event_hook *hook;
	unsigned int place, i;
	bool settle = false;
	int ret;

	mutex_lock(&hooks_lock);
	ret = evring_group_drop(name, &place);
	if (!ret)
		for_each_hook(hook, i)
			settle |= hook_give_up(hook, place);
	if (settle)
		evring_sources_settle();
	mutex_unlock(&hooks_lock);
	return ret;
}

/*
 * The part of EVRING_IOC_DESCRIBE's flags that hooks know of: 0 for a type that
 * no hook emits. A hook's type keeps its id for as long as the module is loaded.
 */
u32 evring_hook_flags(u32 type_id)
{
	static const u32 flags[] = {
		[EVRING_HOOK_DETACHED] = EVRING_TYPE_F_HOOK,
		[EVRING_HOOK_ATTACHED] = EVRING_TYPE_F_HOOK | EVRING_TYPE_F_ATTACHED,
		[EVRING_HOOK_DISARMED] = EVRING_TYPE_F_HOOK | EVRING_TYPE_F_DISARMED,
		[EVRING_HOOK_ABSENT] = EVRING_TYPE_F_HOOK | EVRING_TYPE_F_ABSENT,
	};
	struct evring_event_hook *hook;
	char why[EVRING_WHY_MAX];
	unsigned int i;
	u32 ret = 0;

	mutex_lock(&hooks_lock);
	for_each_hook(hook, i) {
		if (!hook->type || hook->type->id != type_id)
			continue;
		hook_tell_missed(hook);
		ret = flags[hook_state(hook, why)];
	}
	mutex_unlock(&hooks_lock);
	return ret;
}

/* The type that a hook emits, for as long as the module is loaded. May sleep. */
struct evring_event_type *evring_hook_type(const char *name)
{
	struct evring_event_hook *hook = hook_find(name);

	if (hook && hook->type)
		return hook->type;
	return ERR_PTR(evring_type_known(name) ? -EOPNOTSUPP : -ENOENT);
}

/* A module has come: attach the hooks that have owners and waited for its tracepoints. */
static void hook_module_comes(struct evring_event_hook *hook, struct module *mod)
{
	struct evring_point *point;

	for_each_point(point, hook) {
		if (point->error != -EAGAIN)
			continue;
		point->error = point->source->find(point, mod);
		/* The hook is attached without it, so it is an optional point. */
		if (!point->error && hook->attached)
			evring_point_attach(point);
	}
	if (hook_owned(hook) && hook_attach(hook))
		pr_warn("evring: %s could not be attached again: error %d\n", hook->desc->name,
			hook->error);
}

/* A module goes: its hooks are detached, but keep their owners. */
static void hook_module_goes(struct evring_event_hook *hook, struct module *mod)
{
	struct evring_point *point;

	for_each_point(point, hook) {
		if (point->error || !point->source->inside || !point->source->inside(point, mod))
			continue;
		if (point->optional)
			evring_point_detach(point);
		else
			hook_detach(hook);
		point->error = -EAGAIN;
	}
}

static void module_changed(struct module *mod, bool comes)
{
	struct evring_event_hook *hook;
	unsigned int i;

	mutex_lock(&hooks_lock);
	for_each_hook(hook, i) {
		if (comes)
			hook_module_comes(hook, mod);
		else
			hook_module_goes(hook, mod);
	}
	mutex_unlock(&hooks_lock);
}

static void hook_register(struct evring_event_hook *hook)
{
	struct evring_event_type *type = evring_type_register(hook->desc);

	/* Without its rules it would tell secrets. */
	hook->error = IS_ERR(type) ? PTR_ERR(type) : evring_redact_reset(type);
	if (!hook->error)
		hook->type = type;
}

static void hook_report(const struct evring_event_hook *hook)
{
	struct evring_point *lacks = hook_needs(hook);
	char why[EVRING_WHY_MAX];

	if (hook_state(hook, why) == EVRING_HOOK_ABSENT && !(lacks && lacks->error == -EAGAIN))
		pr_warn("evring: no %s: %s\n", hook->desc->name, why);
	lacks = hook_lacks(hook, true);
	if (!lacks || lacks->error == -EAGAIN)
		return;
	lacks->source->absent(lacks, why, sizeof(why));
	pr_warn("evring: %s does without a %s: %s\n", hook->desc->name, lacks->source->name, why);
}

static void hooks_find(void)
{
	struct evring_event_hook *hook;
	struct evring_point *point;
	unsigned int i;

	for_each_hook(hook, i) {
		for_each_point(point, hook) {
			point->hook = hook;
			point->error = point->source->find(point, NULL);
		}
		hook_register(hook);
	}
	for (i = 0; i < ARRAY_SIZE(sources); i++)
		if (sources[i]->found)
			sources[i]->found();
}

void evring_hooks_init(void)
{
	struct evring_event_hook *hook;
	unsigned int i;
	int ret;

	mutex_lock(&hooks_lock);
	hooks_find();
	mutex_unlock(&hooks_lock);
	/* Not under the lock, which module_changed() takes. */
	for (i = 0; i < ARRAY_SIZE(sources); i++) {
		ret = sources[i]->watch ? sources[i]->watch(module_changed) : 0;
		if (ret)
			pr_warn("evring: no %s of a module will be seen: error %d\n",
				sources[i]->name, ret);
	}
	mutex_lock(&hooks_lock);
	for_each_hook(hook, i)
		hook_report(hook);
	mutex_unlock(&hooks_lock);
}

static void hook_free_wants(struct evring_event_hook *hook)
{
	unsigned int owner;

	for (owner = 0; owner < ARRAY_SIZE(hook->wants); owner++)
		evring_want_free(hook->wants[owner]);
	evring_gate_free(rcu_dereference_protected(hook->gate, true));
}

void evring_hooks_exit(void)
{
	struct evring_event_hook *hook;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sources); i++)
		if (sources[i]->unwatch)
			sources[i]->unwatch();
	evring_snapshots_exit();
	mutex_lock(&hooks_lock);
	for_each_hook(hook, i)
		hook_detach(hook);
	mutex_unlock(&hooks_lock);
	/* No probe is still running when its code goes. */
	evring_sources_settle();
	for_each_hook(hook, i)
		hook_free_wants(hook);
	evring_syscalls_exit();
}
