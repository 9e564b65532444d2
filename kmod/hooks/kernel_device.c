// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that come and go: kernel.cpu, kernel.netdev, kernel.block.
 *
 * A chain tells a new member of all devices as if they came, and a leaving one as if they
 * went: neither is an event.
 */
#include <linux/blkdev.h>
#include <linux/cpuhotplug.h>
#include <linux/if.h>
#include <linux/netdevice.h>
#include <net/net_namespace.h>

#include "../compat/kprobe.h"
#include "family.h"
#include "file.h"
#include "kernel_device.h"
#include "names.h"
#include "who.h"

#define ACTIVE	16	/* calls at once */

static const struct evring_value_desc netdev_changes[] = {
	{ NETDEV_UP, "up", "it can be used" },
	{ NETDEV_DOWN, "down", "it cannot be used any more" },
	{ NETDEV_CHANGE, "change", "its flags or its carrier" },
	{ NETDEV_REGISTER, "added", "it is there, in this namespace" },
	{ NETDEV_UNREGISTER, "removed", "it is gone, from this namespace" },
	{ NETDEV_CHANGEMTU, "mtu", "the length of its packets" },
	{ NETDEV_CHANGEADDR, "address", "its hardware address" },
	{ NETDEV_CHANGENAME, "name", "what it is called" },
};

static const struct evring_value_desc netdev_flags[] = {
	{ IFF_UP, "IFF_UP", "it is in use" },
	{ IFF_BROADCAST, "IFF_BROADCAST", "packets to all" },
	{ IFF_DEBUG, "IFF_DEBUG", "debugging" },
	{ IFF_LOOPBACK, "IFF_LOOPBACK", "the host itself" },
	{ IFF_POINTOPOINT, "IFF_POINTOPOINT", "one other end" },
	{ IFF_RUNNING, "IFF_RUNNING", "it works" },
	{ IFF_NOARP, "IFF_NOARP", "no address resolution" },
	{ IFF_PROMISC, "IFF_PROMISC", "it takes others' packets, too" },
	{ IFF_ALLMULTI, "IFF_ALLMULTI", "it takes all packets to groups" },
	{ IFF_MASTER, "IFF_MASTER", "it has members" },
	{ IFF_SLAVE, "IFF_SLAVE", "it is a member" },
	{ IFF_MULTICAST, "IFF_MULTICAST", "packets to groups" },
};

static const struct evring_value_desc block_changes[] = {
	{ EVRING_BLOCK_ADDED, "added", "it is there" },
	{ EVRING_BLOCK_REMOVED, "removed", "it goes" },
};

EVRING_NAMES(evring_netdev_changes, "netdev_change", netdev_changes);
EVRING_NAMES(evring_netdev_flags, "netdev_flags", netdev_flags);
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

/* The chain is being joined or left: under the lock of all hooks, and the chain's own. */
static bool netdev_replay;

static bool netdev_wanted(unsigned long change)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(netdev_changes); i++)
		if (netdev_changes[i].value == change)
			return !READ_ONCE(netdev_replay);
	return false;
}

static int netdev_notify(struct notifier_block *block, unsigned long change, void *info)
{
	const struct net_device *dev = netdev_notifier_info_to_dev(info);
	struct evring_event_hook *hook = evring_notifier_hook(block);
	struct evring_text name = evring_text_of(dev->name);
	u32 end = sizeof(struct kernel_netdev);
	struct kernel_netdev *e;
	struct evring_slot slot;

	if (!netdev_wanted(change))
		return NOTIFY_DONE;
	e = evring_begin_task(&slot, hook->type, end, end + name.len);
	if (!e)
		return NOTIFY_DONE;
	e->change = change;
	e->ifindex = dev->ifindex;
	/* IFF_PROMISC as it is: SIOCGIFFLAGS has what was asked for by SIOCSIFFLAGS alone. */
	e->flags = dev->flags & ~IFF_RUNNING;
	if (netif_running(dev) && netif_oper_up(dev))
		e->flags |= IFF_RUNNING;
	e->mtu = dev->mtu;
	e->netns = dev_net(dev)->ns.inum;
	if (dev->addr_len == sizeof(e->address.bytes))
		memcpy(e->address.bytes, dev->dev_addr, sizeof(e->address.bytes));
	e->name = evring_text_put(e, &end, &name);
	evring_hook_submit(hook, &slot);
	return NOTIFY_DONE;
}

static int netdev_add(struct notifier_block *block)
{
	int ret;

	WRITE_ONCE(netdev_replay, true);
	ret = register_netdevice_notifier(block);
	WRITE_ONCE(netdev_replay, false);
	return ret;
}

static int netdev_del(struct notifier_block *block)
{
	int ret;

	WRITE_ONCE(netdev_replay, true);
	ret = unregister_netdevice_notifier(block);
	WRITE_ONCE(netdev_replay, false);
	return ret;
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
		.desc = &kernel_netdev_desc,
		EVRING_POINTS(EVRING_NOTIFIER(netdev_add, netdev_del, netdev_notify)),
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
