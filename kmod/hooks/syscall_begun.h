/* SPDX-License-Identifier: GPL-2.0-only */
/* syscall_begun.c: when the system calls under way began. */
#ifndef _KMOD_HOOKS_SYSCALL_BEGUN_H
#define _KMOD_HOOKS_SYSCALL_BEGUN_H

#include <linux/types.h>

struct evring_source;

/**
 * struct evring_syscall - a system call
 * @since: when it began, nanoseconds of CLOCK_BOOTTIME
 * @nr: its number
 * @abi: enum evring_abi
 */
struct evring_syscall {
	u64 since;
	s32 nr;
	u16 abi;
};

/* The room for them, as a point: it must stand before those that note and ask. */
extern const struct evring_source evring_source_begun;

void evring_syscall_note(const struct evring_syscall *call);
bool evring_syscall_take(struct evring_syscall *call);

#ifdef CONFIG_HAVE_SYSCALL_TRACEPOINTS
void evring_syscalls_exit(void);
#else
static inline void evring_syscalls_exit(void)
{
}
#endif

#endif /* _KMOD_HOOKS_SYSCALL_BEGUN_H */
