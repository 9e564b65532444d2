// SPDX-License-Identifier: GPL-2.0-only
/* Devices that come and go: kernel.cpu, kernel.block. */
#include <linux/blkdev.h>
#include <linux/cpuhotplug.h>

#include "../compat/kprobe.h"
#include "family.h"
#include "file.h"
#include "kernel_device.h"
#include "names.h"
#include "who.h"

#define ACTIVE	16	/* calls at once */

static const struct evring_value_desc block_changes[] = {
	{ EVRING_BLOCK_ADDED, "added", "it is there" },
	{ EVRING_BLOCK_REMOVED, "removed", "it goes" },
};

EVRING_NAMES(evring_block_changes, "block_change", block_changes);

/* That of kernel.cpu, while it is attached: a CPU's callbacks have no argument. */
static struct evring_event_hook *cpu_hook;
static int cpu_state;

static int cpu_changed(unsigned int cpu, bool online)
{
	struct evring_event_hook *hook = cpu_hook;
	struct evring_slot slot;
	struct kernel_cpu *e;

	e = evring_begin(&slot, hook->type, sizeof(*e), sizeof(*e));
	if (!e)
		return 0;
	e->cpu = cpu;
	e->online = online;
	evring_hook_submit(hook, &slot);
	return 0;
}

/* Both on the CPU that it is about, in a thread of the kernel */
static int cpu_came(unsigned int cpu)
{
	return cpu_changed(cpu, true);
}

static int cpu_goes(unsigned int cpu)
{
	return cpu_changed(cpu, false);
}

static int cpu_add(struct notifier_block *block)
{
	cpu_hook = evring_notifier_hook(block);
	cpu_state = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "evring:cpu", cpu_came,
					      cpu_goes);
	return min(cpu_state, 0);
}

/* Returns when no callback runs any more. */
static int cpu_del(struct notifier_block *block)
{
	cpuhp_remove_state_nocalls(cpu_state);
	return 0;
}

static void emit_block(struct evring_event_hook *hook, struct gendisk *disk, u32 change,
		       int result)
{
	struct evring_text name = evring_text_of(disk->disk_name);
	u32 end = sizeof(struct kernel_block);
	struct kernel_block *e;
	struct evring_slot slot;

	e = evring_begin_task(&slot, hook->type, end, end + name.len);
	if (!e)
		return;
	e->change = change;
	e->result = result;
	e->dev = disk_devt(disk);
	e->removable = !!(disk->flags & GENHD_FL_REMOVABLE);
	e->read_only = get_disk_ro(disk);
	e->size = (u64)get_capacity(disk) << SECTOR_SHIFT;
	e->name = evring_text_put(e, &end, &name);
	evring_hook_submit(hook, &slot);
}

/* int device_add_disk(struct device *parent, struct gendisk *, ...): the driver has the disk */
static bool enter_add_disk(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	*(struct gendisk **)data = (struct gendisk *)evring_argument(regs, 1);
	return true;
}

static void leave_add_disk(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	emit_block(hook, *(struct gendisk **)data, EVRING_BLOCK_ADDED, evring_result(regs));
}

/* void del_gendisk(struct gendisk *) */
static void enter_del_disk(struct evring_event_hook *hook, struct pt_regs *regs)
{
	emit_block(hook, (struct gendisk *)evring_argument(regs, 0), EVRING_BLOCK_REMOVED, 0);
}

static struct evring_event_hook hooks[] = {
	{
		.desc = &kernel_cpu_desc,
		EVRING_POINTS(EVRING_NOTIFIER(cpu_add, cpu_del, NULL)),
	},
	{
		.desc = &kernel_block_desc,
		EVRING_POINTS(EVRING_KRETPROBE(("add_disk_fwnode", "device_add_disk"),
					       enter_add_disk, leave_add_disk,
					       sizeof(struct gendisk *), ACTIVE),
			      EVRING_KPROBE(("del_gendisk"), enter_del_disk)),
	},
};

const struct evring_hook_family evring_kernel_device_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
