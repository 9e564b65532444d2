// SPDX-License-Identifier: GPL-2.0-only
/*
 * syscall.enter, syscall.exit: each system call of each ABI.
 *
 * A call is told as the kernel takes it, after a tracer or seccomp had the chance to
 * change it; one that these suppress is not told at all. Its arguments are numbers
 * and addresses: the memory at the addresses can change until the kernel reads it, so it
 * is not read here. The events of files, sockets and processes tell the call's effect.
 *
 * exit() does not return, and has no exit. A call that a signal ends returns
 * with ERESTART* before the signal is handled. A new process's first act is to
 * return from a call that it did not begin: x86 traces that, an exit without an enter,
 * and arm64 does not. A signal's handler returns by rt_sigreturn(), which leaves no
 * number behind: it is known from the enter.
 *
 * The probes run in task context, from 6.13 on with preemption on.
 */
#include <linux/sched.h>
#include <linux/timekeeping.h>
#include <trace/events/syscalls.h>

#include "../compat/syscall.h"
#include "family.h"
#include "names.h"
#include "syscall.h"
#include "syscall_begun.h"

#define SYSCALL_UNKNOWN	U32_MAX
#define COMPAT_ONLY	65536	/* and a number of the other ABI: no 64-bit call has the name */
#define ERROR_MAX	4095

#include "syscall_table.h"

EVRING_NAMES(evring_syscalls, "syscall", syscalls);
EVRING_NAMES(evring_errors, "error", errors);

static const struct evring_value_desc abis[] = {
	{ EVRING_ABI_NATIVE, "native", "of 64-bit programs" },
	{ EVRING_ABI_COMPAT, "compat", "of 32-bit programs" },
	{ EVRING_ABI_X32, "x32", "of x86's 64-bit programs with 32-bit pointers" },
};

EVRING_NAMES(evring_syscall_abis, "syscall_abi", abis);

static u32 look_up(const u32 *list, u32 len, u32 nr)
{
	/* 0, which becomes SYSCALL_UNKNOWN: there is none of the number */
	return (nr < len ? list[nr] : 0) - 1;
}

/* The call as evring_syscalls has it */
static u32 syscall_of(const struct evring_syscall *call)
{
	const u32 nr = call->nr & ~EVRING_X32_BIT;
	u32 found;

	if (call->abi == EVRING_ABI_COMPAT)
		return look_up(compat_syscalls, ARRAY_SIZE(compat_syscalls), call->nr);
	if (call->abi == EVRING_ABI_NATIVE)
		return look_up(native_syscalls, ARRAY_SIZE(native_syscalls), call->nr);
	found = look_up(x32_syscalls, ARRAY_SIZE(x32_syscalls), nr);
	if (found != SYSCALL_UNKNOWN)
		return found;
	return look_up(native_syscalls, ARRAY_SIZE(native_syscalls), nr);
}

static void fill_arguments(struct syscall_enter *e, struct pt_regs *regs)
{
	unsigned long args[6];

	syscall_get_arguments(current, regs, args);
	e->a0 = args[0];
	e->a1 = args[1];
	e->a2 = args[2];
	e->a3 = args[3];
	e->a4 = args[4];
	e->a5 = args[5];
}

static void probe_enter(void *data, struct pt_regs *regs, long nr)
{
	const struct evring_syscall call = { .nr = nr, .abi = evring_syscall_abi(nr) };
	struct evring_event_hook *hook = data;
	struct evring_slot slot;
	struct syscall_enter *e;

	if (evring_hook_leaves_out(hook))
		return;
	e = evring_begin_task(&slot, hook->type, sizeof(*e), sizeof(*e));
	if (!e)
		return;
	e->syscall = syscall_of(&call);
	e->nr = call.nr;
	e->abi = call.abi;
	fill_arguments(e, regs);
	evring_hook_submit(hook, &slot);
}

/* For the duration, of syscall.exit */
static void probe_begin(void *data, struct pt_regs *regs, long nr)
{
	const struct evring_syscall call = {
		.since = ktime_get_boot_fast_ns(), .nr = nr, .abi = evring_syscall_abi(nr),
	};

	evring_syscall_note(&call);
}

/*
 * The call that ends, as far as it is known. An exec may end in another ABI than it
 * began in. A number that was not noted, but is there, is that of a call which began
 * before the hook was attached, or in another process.
 */
static u64 call_ended(const struct evring_event_hook *hook, struct evring_syscall *call,
		      struct pt_regs *regs)
{
	const s32 nr = syscall_get_nr(current, regs);
	u64 now = ktime_get_boot_fast_ns();

	/* One that is left from an earlier attachment is not the call that ends. */
	if (evring_syscall_take(call) && call->since >= READ_ONCE(hook->points[0].since))
		return now > call->since ? now - call->since : 0;
	call->nr = nr;
	call->abi = evring_syscall_abi(nr);
	return 0;
}

static void probe_exit(void *data, struct pt_regs *regs, long result)
{
	struct evring_event_hook *hook = data;
	struct evring_syscall call;
	u64 duration = call_ended(hook, &call, regs);
	struct evring_slot slot;
	struct syscall_exit *e;

	if (evring_hook_leaves_out(hook))
		return;
	e = evring_begin_task(&slot, hook->type, sizeof(*e), sizeof(*e));
	if (!e)
		return;
	e->syscall = syscall_of(&call);
	e->nr = call.nr;
	e->abi = call.abi;
	e->error = result < 0 && result >= -ERROR_MAX ? -result : 0;
	e->result = result;
	e->duration = duration;
	evring_hook_submit(hook, &slot);
}

/* Tracepoints are found by name, and take any probe: these are of the right type. */
static void __maybe_unused probes_check(void)
{
	check_trace_callback_type_sys_enter(probe_enter);
	check_trace_callback_type_sys_enter(probe_begin);
	check_trace_callback_type_sys_exit(probe_exit);
}

static struct evring_event_hook hooks[] = {
	{
		.desc = &syscall_enter_desc,
		.quiet = true,
		EVRING_POINTS(EVRING_TRACEPOINT("sys_enter", probe_enter)),
	},
	{
		.desc = &syscall_exit_desc,
		.quiet = true,
		EVRING_POINTS({ .source = &evring_source_begun },
			      EVRING_TRACEPOINT("sys_enter", probe_begin),
			      EVRING_TRACEPOINT("sys_exit", probe_exit)),
	},
};

const struct evring_hook_family evring_syscall_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
