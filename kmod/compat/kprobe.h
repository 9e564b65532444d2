/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A probed function's arguments and result, and its calls that are under way. 0 and
 * none where there are no kprobes (User-mode Linux).
 */
#ifndef _KMOD_COMPAT_KPROBE_H
#define _KMOD_COMPAT_KPROBE_H

#include <linux/kprobes.h>
#include <linux/llist.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/stdarg.h>

#if defined(CONFIG_KPROBES) && defined(CONFIG_HAVE_FUNCTION_ARG_ACCESS_API)
#define EVRING_HAVE_KPROBES

/* Argument @n, from 0, at the entry: one that a register holds. */
static inline unsigned long evring_argument(struct pt_regs *regs, unsigned int n)
{
	return regs_get_kernel_argument(regs, n);
}

/*
 * The first of the variable arguments, a string, if argument @n is a va_list of which none
 * was taken; else NULL. On these architectures such an argument is passed by its address.
 */
static inline const char *evring_va_string(struct pt_regs *regs, unsigned int n)
{
	const char *string = NULL;
#if defined(CONFIG_X86_64) || defined(CONFIG_ARM64)
	va_list args;

	va_copy(args, *(va_list *)evring_argument(regs, n));
	string = va_arg(args, const char *);
	va_end(args);
#endif
	return string;
}

/* The result, at the return */
static inline long evring_result(struct pt_regs *regs)
{
	return regs_return_value(regs);
}

/*
 * The data of current's innermost call of @probe's function, of the calls that have
 * entered and not returned; NULL if there is none. The kernel keeps these calls in a
 * list of the task, which current alone changes. Context: @probe's own handlers, or
 * those of a function that the call leads to.
 */
static inline void *evring_call_data(const struct kretprobe *probe)
{
	struct kretprobe_instance *call;
	struct llist_node *at;

#ifdef CONFIG_KRETPROBE_ON_RETHOOK
	for (at = current->rethooks.first; at; at = at->next) {
		call = container_of(at, struct kretprobe_instance, node.llist);
		/* The list has other tracers' calls, too, each with its own rethook. */
		if (call->node.rethook == probe->rh)
			return call->data;
	}
#else
	for (at = current->kretprobe_instances.first; at; at = at->next) {
		call = container_of(at, struct kretprobe_instance, llist);
		if (call->rph == probe->rph)
			return call->data;
	}
#endif
	return NULL;
}

/*
 * Does the function that @probe is at the entry of run in a task's context? On x86 a
 * probe that goes by a breakpoint, and not by ftrace or a jump, is an NMI on top of
 * the function's own context: in_task() is false there, and an event that is told at the
 * entry has EVRING_REC_NMI. With CONFIG_KPROBES_ON_FTRACE, which distributions' kernels
 * have, it is so only at functions that ftrace does not know.
 */
static inline bool evring_kprobe_in_task(struct kprobe *probe)
{
	unsigned int count = preempt_count();

	if (IS_ENABLED(CONFIG_X86) && (count & NMI_MASK) && !kprobe_ftrace(probe))
		count -= NMI_OFFSET + HARDIRQ_OFFSET;
	return !(count & (NMI_MASK | HARDIRQ_MASK)) && !in_serving_softirq();
}
#else
static inline unsigned long evring_argument(struct pt_regs *regs, unsigned int n)
{
	return 0;
}

static inline const char *evring_va_string(struct pt_regs *regs, unsigned int n)
{
	return NULL;
}

static inline long evring_result(struct pt_regs *regs)
{
	return 0;
}

static inline void *evring_call_data(const struct kretprobe *probe)
{
	return NULL;
}
#endif
#endif /* _KMOD_COMPAT_KPROBE_H */
