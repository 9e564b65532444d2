/* SPDX-License-Identifier: GPL-2.0-only */
/* The events of kernel_set.c. */
#ifndef _KMOD_HOOKS_KERNEL_SET_H
#define _KMOD_HOOKS_KERNEL_SET_H

#include <linux/evring.h>

/* struct kernel_time.operation */
#define EVRING_TIME_SET		1
#define EVRING_TIME_ADJUST	2
#define EVRING_TIME_ZONE	3

/* struct kernel_hostname.which */
#define EVRING_NAME_HOST	1
#define EVRING_NAME_DOMAIN	2

extern const struct evring_names_desc evring_time_operations;
extern const struct evring_names_desc evring_time_modes;
extern const struct evring_names_desc evring_hostname_kinds;

#define SYSCTL_FIELDS(F, S)							\
	F(S, S32, result, ERRNO, "0, or why it was refused")			\
	F(S, BOOL, values_known, NONE, "new_value is known, and old_value if old_known says so") \
	F(S, BOOL, values_truncated, NONE, "one of them is not all of it")	\
	F(S, TEXT, name, NONE, "of the parameter, as sysctl(8) writes it")	\
	F(S, TEXT, old_value, NONE, "its value before")				\
	F(S, TEXT, new_value, NONE, "what was written")				\
	F(S, BOOL, old_known, NONE, "old_value is known")

EVRING_TASK_EVENT(kernel_sysctl, "kernel.sysctl", 1, "critical",
		  "a parameter in /proc/sys was written", SYSCTL_FIELDS);

#define TIME_FIELDS(F, S)							\
	F(S, U32, operation, ENUM, "how", .names = &evring_time_operations)	\
	F(S, S32, result, ERRNO, "0, or why it was refused")			\
	F(S, U64, old_time, TIME, "the wall clock before")			\
	F(S, U64, new_time, TIME, "and after; of a refused call what was asked for") \
	F(S, U32, modes, FLAGS, "what is adjusted", .names = &evring_time_modes) \
	F(S, S32, zone, NONE, "time zone that is set: minutes west of UTC", .unit = "minutes") \
	F(S, S64, offset, NONE, "adjtimex(): microseconds, or nanoseconds with ADJ_NANO") \
	F(S, S64, frequency, NONE, "adjtimex(): millionths, times 65536")	\
	F(S, S64, tick, NONE, "adjtimex(): microseconds between ticks")

EVRING_TASK_EVENT(kernel_time, "kernel.time", 1, "critical",
		  "the wall clock was set or adjusted, or could not be", TIME_FIELDS);

#define HOSTNAME_FIELDS(F, S)							\
	F(S, U32, which, ENUM, "which name", .names = &evring_hostname_kinds)	\
	F(S, S32, result, ERRNO, "0, or why it was refused")			\
	F(S, U32, uts_ns, NONE, "inode of the UTS namespace")			\
	F(S, TEXT, old_name, NONE, "the name before")				\
	F(S, TEXT, new_name, NONE, \
	  "and after; of a refused call what was asked for, if that is in memory")

EVRING_TASK_EVENT(kernel_hostname, "kernel.hostname", 1, "critical",
		  "the host's name or domain was set, or could not be", HOSTNAME_FIELDS);

#endif /* _KMOD_HOOKS_KERNEL_SET_H */
