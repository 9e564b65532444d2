/* SPDX-License-Identifier: GPL-2.0-only */
/* A probed function's arguments and result. 0 where there are no kprobes (User-mode Linux). */
#ifndef _KMOD_COMPAT_KPROBE_H
#define _KMOD_COMPAT_KPROBE_H

#include <linux/kprobes.h>
#include <linux/ptrace.h>

#if defined(CONFIG_KPROBES) && defined(CONFIG_HAVE_FUNCTION_ARG_ACCESS_API)
#define EVRING_HAVE_KPROBES

/* Argument @n, from 0, at the entry: one that a register holds. */
static inline unsigned long evring_argument(struct pt_regs *regs, unsigned int n)
{
	return regs_get_kernel_argument(regs, n);
}

/* The result, at the return */
static inline long evring_result(struct pt_regs *regs)
{
	return regs_return_value(regs);
}
#else
static inline unsigned long evring_argument(struct pt_regs *regs, unsigned int n)
{
	return 0;
}

static inline long evring_result(struct pt_regs *regs)
{
	return 0;
}
#endif
#endif /* _KMOD_COMPAT_KPROBE_H */
