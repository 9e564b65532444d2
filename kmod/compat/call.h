/* SPDX-License-Identifier: GPL-2.0-only */
/* The system call that current is in: its ABI, its arguments, its functions' names. */
#ifndef _KMOD_COMPAT_CALL_H
#define _KMOD_COMPAT_CALL_H

#include <linux/compat.h>
#include <linux/errno.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>

#if !defined(CONFIG_UML)
#include <asm/syscall.h>
#endif

/*
 * The name of a system call's function: for 64 bits, for 32 bits where there is
 * another one (x86), and where it needs to translate its arguments.
 */
#define EVRING_SYSCALL(_name)		"__x64_sys_" _name, "__arm64_sys_" _name
#define EVRING_SYSCALL_32(_name)	"__ia32_sys_" _name
#define EVRING_SYSCALL_COMPAT(_name)	"__ia32_compat_sys_" _name, "__arm64_compat_sys_" _name

/* Is a pointer of the current system call 4 bytes long? */
static inline bool evring_compat_call(void)
{
#ifdef CONFIG_COMPAT
	return in_compat_syscall();
#else
	return false;
#endif
}

/* The kernel will repeat the call, or a signal's handler comes first: it is not over. */
static inline bool evring_is_restarted(long result)
{
	return result <= -ERESTARTSYS && result >= -ERESTART_RESTARTBLOCK;
}

/* Of a call that a signal has ended: the program sees it so, or calls again. */
static inline int evring_told_result(int result)
{
	return evring_is_restarted(result) ? -EINTR : result;
}

/* Argument @n, from 0, as the caller gave it */
static inline unsigned long evring_call_argument(unsigned int n)
{
#if defined(CONFIG_UML)
	return 0;
#else
	unsigned long args[6];

	syscall_get_arguments(current, task_pt_regs(current), args);
	return args[n];
#endif
}

#endif /* _KMOD_COMPAT_CALL_H */
