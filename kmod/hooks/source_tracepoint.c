// SPDX-License-Identifier: GPL-2.0-only
/* Tracepoints, of the kernel and of modules. No knob disarms them. */
#include <linux/jump_label.h>
#include <linux/module.h>
#include <linux/tracepoint.h>

#include "point.h"

static bool tracepoint_is(const struct evring_point *point, const struct tracepoint *tp)
{
	return !strcmp(point->tracepoint.name, tp->name);
}

static void find_in_kernel(struct tracepoint *tp, void *arg)
{
	struct evring_point *point = arg;

	if (tracepoint_is(point, tp))
		point->tracepoint.at = tp;
}

#ifdef CONFIG_MODULES
static void find_in_module(struct evring_point *point, struct module *mod)
{
	struct tracepoint *tp;
	unsigned int i;

	for (i = 0; i < mod->num_tracepoints; i++) {
		tp = tracepoint_ptr_deref(&mod->tracepoints_ptrs[i]);
		if (!tracepoint_is(point, tp))
			continue;
		point->tracepoint.at = tp;
		point->tracepoint.in = mod;
	}
}
#endif

static int tracepoint_find(struct evring_point *point, struct module *mod)
{
	point->tracepoint.at = NULL;
	if (!mod)
		for_each_kernel_tracepoint(find_in_kernel, point);
	else if (point->tracepoint.module && !strcmp(point->tracepoint.module, mod->name))
		find_in_module(point, mod);
	if (point->tracepoint.at)
		return 0;
	return point->tracepoint.module ? -EAGAIN : -ENOENT;
}

static bool tracepoint_inside(const struct evring_point *point, const struct module *mod)
{
	return point->tracepoint.at && point->tracepoint.in == mod;
}

static int tracepoint_attach(struct evring_point *point)
{
	return tracepoint_probe_register(point->tracepoint.at, point->tracepoint.probe,
					 point->hook);
}

static void tracepoint_detach(struct evring_point *point)
{
	tracepoint_probe_unregister(point->tracepoint.at, point->tracepoint.probe, point->hook);
}

static bool tracepoint_armed(const struct evring_point *point)
{
	return static_key_enabled(&point->tracepoint.at->key);
}

static void tracepoint_absent(const struct evring_point *point, char *why, size_t room)
{
	if (point->tracepoint.module)
		snprintf(why, room, "no tracepoint %s: the module %s is not loaded, or has none",
			 point->tracepoint.name, point->tracepoint.module);
	else
		snprintf(why, room, "this kernel has no tracepoint %s", point->tracepoint.name);
}

/* hook.c's, between watch and unwatch */
static void (*module_changed)(struct module *mod, bool comes);

static int tracepoint_notify(struct notifier_block *block, unsigned long state, void *data)
{
	struct tp_module *tp_mod = data;

	if (state == MODULE_STATE_COMING || state == MODULE_STATE_GOING)
		module_changed(tp_mod->mod, state == MODULE_STATE_COMING);
	return NOTIFY_OK;
}

static struct notifier_block tracepoint_block = { .notifier_call = tracepoint_notify };

/* Tells of the modules that are there, too. */
static int tracepoint_watch(void (*changed)(struct module *mod, bool comes))
{
	module_changed = changed;
	return register_tracepoint_module_notifier(&tracepoint_block);
}

/* Tells of the modules that are there as if they went. */
static void tracepoint_unwatch(void)
{
	unregister_tracepoint_module_notifier(&tracepoint_block);
}

const struct evring_source evring_source_tracepoint = {
	.name = "tracepoint",
	.find = tracepoint_find,
	.inside = tracepoint_inside,
	.attach = tracepoint_attach,
	.detach = tracepoint_detach,
	.armed = tracepoint_armed,
	.disarmed = "the tracepoint is off",
	.absent = tracepoint_absent,
	.watch = tracepoint_watch,
	.unwatch = tracepoint_unwatch,
};
