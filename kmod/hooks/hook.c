// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hooks: the families, and attaching. A hook that is detached is not there:
 * its tracepoint or the function's entry is a no-op in the kernel's code.
 */
#include <linux/err.h>
#include <linux/kprobes.h>
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
		if (hook->tracepoint && !strcmp(hook->tracepoint, tp->name))
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
	int ret = -ENOENT;

	lockdep_assert_held(&hooks_lock);
	if (hook->attached)
		return 0;
	if (hook->kprobe) {
		/* What an earlier registration left there would be refused. */
		hook->kprobe->addr = NULL;
		hook->kprobe->flags = 0;
		ret = register_kprobe(hook->kprobe);
	} else if (hook->tp) {
		ret = tracepoint_probe_register(hook->tp, hook->probe, hook);
	}
	if (!ret)
		WRITE_ONCE(hook->attached, true);
	return ret;
}

static void hook_detach(struct evring_hook_point *hook)
{
	lockdep_assert_held(&hooks_lock);
	if (!hook->attached)
		return;
	if (hook->kprobe)
		unregister_kprobe(hook->kprobe);
	else
		tracepoint_probe_unregister(hook->tp, hook->probe, hook);
	WRITE_ONCE(hook->attached, false);
}

/* EVRING_IOC_HOOK; @op is known. May sleep. */
int evring_hook_ctl(const char *name, u32 op, u32 *attached)
{
	struct evring_hook_point *hook = hook_find(name);
	int ret = 0;

	if (!hook)
		return -ENOENT;
	mutex_lock(&hooks_lock);
	if (op == EVRING_HOOK_ATTACH) {
		ret = hook_attach(hook);
	} else if (op == EVRING_HOOK_DETACH) {
		hook_detach(hook);
		/* When we say detached, no probe is still at it. */
		tracepoint_synchronize_unregister();
	}
	*attached = hook->attached;
	mutex_unlock(&hooks_lock);
	return ret;
}

/* What EVRING_IOC_TYPE says of a type that a hook emits, 0 for any other. */
u32 evring_hook_flags(const struct evring_event_type *type)
{
	struct evring_hook_point *hook = hook_find(type->name);

	if (!hook || hook->type != type)
		return 0;
	return EVRING_TYPE_F_HOOK | (READ_ONCE(hook->attached) ? EVRING_TYPE_F_ATTACHED : 0);
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
