/* SPDX-License-Identifier: GPL-2.0-only */
/* The event of kernel_netdev.c. */
#ifndef _KMOD_HOOKS_KERNEL_NETDEV_H
#define _KMOD_HOOKS_KERNEL_NETDEV_H

#include <linux/evring.h>

extern const struct evring_names_desc evring_netdev_changes;
extern const struct evring_names_desc evring_netdev_flags;

#define NETDEV_FIELDS(F, S)							\
	F(S, U32, change, ENUM, "what happened", .names = &evring_netdev_changes) \
	F(S, U32, ifindex, NONE, "number of the device")			\
	F(S, U32, flags, FLAGS, "what it is now", .names = &evring_netdev_flags) \
	F(S, U32, mtu, NONE, "longest packet", .unit = "bytes")			\
	F(S, U32, netns, NONE, "inode of its network namespace")		\
	F(S, FIXED6, address, MAC, "its hardware address")			\
	F(S, TEXT, name, NONE, "of the device")

EVRING_TASK_EVENT(kernel_netdev, "kernel.netdev", 1, "critical",
		  "a network device comes, goes or changes", NETDEV_FIELDS);

#endif /* _KMOD_HOOKS_KERNEL_NETDEV_H */
