/* SPDX-License-Identifier: GPL-2.0-only */
/* The system call that current is in, as this architecture keeps it. */
#ifndef _KMOD_COMPAT_SYSCALL_H
#define _KMOD_COMPAT_SYSCALL_H

#include <linux/compat.h>
#include <linux/sched.h>
#include <asm/syscall.h>

enum evring_abi {
	EVRING_ABI_NATIVE,
	EVRING_ABI_COMPAT,	/* of 32-bit programs */
	EVRING_ABI_X32,		/* of x86: pointers of 32 bits in 64-bit mode */
};

#define EVRING_X32_BIT	0x40000000	/* in the number of such a call */

/* @nr: its number; -1 has all bits, which makes it no call of x32 */
static inline enum evring_abi evring_syscall_abi(s32 nr)
{
#if defined(CONFIG_X86_64)
	if (in_ia32_syscall())
		return EVRING_ABI_COMPAT;
	if (nr >= 0 && in_x32_syscall())
		return EVRING_ABI_X32;
#elif defined(CONFIG_COMPAT)
	if (in_compat_syscall())
		return EVRING_ABI_COMPAT;
#endif
	return EVRING_ABI_NATIVE;
}

#endif /* _KMOD_COMPAT_SYSCALL_H */
