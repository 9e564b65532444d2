/* SPDX-License-Identifier: GPL-2.0-only */
/* The events of kernel_device.c. */
#ifndef _KMOD_HOOKS_KERNEL_DEVICE_H
#define _KMOD_HOOKS_KERNEL_DEVICE_H

#include <linux/evring.h>

#define EVRING_BLOCK_ADDED	1
#define EVRING_BLOCK_REMOVED	2

extern const struct evring_names_desc evring_block_changes;

#define CPU_FIELDS(F, S)							\
	F(S, U32, cpu, NONE, "which processor")				\
	F(S, BOOL, online, NONE, "it came; else it goes")

EVRING_EVENT(kernel_cpu, "kernel.cpu", 1, "critical", "a processor comes or goes", CPU_FIELDS);

#define BLOCK_FIELDS(F, S)							\
	F(S, U32, change, ENUM, "what happened", .names = &evring_block_changes) \
	F(S, S32, result, ERRNO, "0, or why it could not be added")		\
	F(S, U32, dev, DEV, "number of the device")				\
	F(S, BOOL, removable, NONE, "its medium can be taken out")		\
	F(S, BOOL, read_only, NONE, "it cannot be written")			\
	F(S, U64, size, NONE, "how much it holds", .unit = "bytes")		\
	F(S, TEXT, name, NONE, "of the device")

EVRING_TASK_EVENT(kernel_block, "kernel.block", 1, "critical",
		  "a disk comes or goes", BLOCK_FIELDS);

#endif /* _KMOD_HOOKS_KERNEL_DEVICE_H */
