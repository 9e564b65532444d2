// SPDX-License-Identifier: GPL-2.0-only
/*
 * Network devices that come, go and change: kernel.netdev.
 *
 * The chain tells a new member of all devices as if they came, and a leaving one as if they
 * went: neither is an event.
 */
#include <linux/if.h>
#include <linux/netdevice.h>
#include <net/net_namespace.h>

#include "family.h"
#include "kernel_netdev.h"
#include "names.h"
#include "who.h"

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
	{ IFF_NOTRAILERS, "IFF_NOTRAILERS", "without effect" },
	{ IFF_RUNNING, "IFF_RUNNING", "it works" },
	{ IFF_NOARP, "IFF_NOARP", "no address resolution" },
	{ IFF_PROMISC, "IFF_PROMISC", "it takes others' packets, too" },
	{ IFF_ALLMULTI, "IFF_ALLMULTI", "it takes all packets to groups" },
	{ IFF_MASTER, "IFF_MASTER", "it has members" },
	{ IFF_SLAVE, "IFF_SLAVE", "it is a member" },
	{ IFF_MULTICAST, "IFF_MULTICAST", "packets to groups" },
	{ IFF_PORTSEL, "IFF_PORTSEL", "its kind of medium can be chosen" },
	{ IFF_AUTOMEDIA, "IFF_AUTOMEDIA", "it chooses its kind of medium" },
	{ IFF_DYNAMIC, "IFF_DYNAMIC", "its addresses go when it does" },
	{ IFF_ECHO, "IFF_ECHO", "it hears what it sends" },
};

EVRING_NAMES(evring_netdev_changes, "netdev_change", netdev_changes);
EVRING_NAMES(evring_netdev_flags, "netdev_flags", netdev_flags);

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
	/* IFF_PROMISC as it is: SIOCGIFFLAGS tells it only if SIOCSIFFLAGS set it. */
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

static struct evring_event_hook hooks[] = {
	{
		.desc = &kernel_netdev_desc,
		EVRING_POINTS(EVRING_NOTIFIER(netdev_add, netdev_del, netdev_notify)),
	},
};

const struct evring_hook_family evring_kernel_netdev_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
