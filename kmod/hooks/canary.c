// SPDX-License-Identifier: GPL-2.0-only
/*
 * Are kprobes switched off? kernel.ftrace_enabled silences those at a function's
 * entry that go by ftrace, debug/kprobes/enabled all of them, registered as they
 * are; a module can read neither. So we probe two functions of our own, of which
 * ftrace knows one alone, call them, and see whether the probe is called.
 */
#include <linux/kprobes.h>

#include "../compat/kprobe.h"
#include "canary.h"

#ifdef EVRING_HAVE_KPROBES
static noinline void canary_traced(bool *heard)
{
	/* Opaque to the compiler, which so neither inlines nor drops the function. */
	asm volatile("" : : "r" (heard) : "memory");
}

static noinline notrace void canary_untraced(bool *heard)
{
	asm volatile("" : : "r" (heard) : "memory");
}

static int canary_enter(struct kprobe *probe, struct pt_regs *regs)
{
	*(bool *)evring_argument(regs, 0) = true;
	/* A task calls this function, so its probe must find that it is in a task. */
	WARN_ON_ONCE(!evring_kprobe_in_task(probe));
	return 0;
}

static struct kprobe traced, untraced;
static unsigned int users;
static bool sees;

/* Called for each kprobe that is attached; the first call registers. Under hooks_lock. */
void evring_canary_get(void)
{
	struct kprobe *both[] = { &traced, &untraced };
	int ret;

	if (users++)
		return;
	traced = (struct kprobe){
		.addr = (kprobe_opcode_t *)canary_traced, .pre_handler = canary_enter,
	};
	untraced = (struct kprobe){
		.addr = (kprobe_opcode_t *)canary_untraced, .pre_handler = canary_enter,
	};
	ret = register_kprobes(both, ARRAY_SIZE(both));
	sees = !ret;
	if (ret)
		pr_warn("evring: whether kprobes are switched off cannot be seen: error %d\n", ret);
}

void evring_canary_put(void)
{
	struct kprobe *both[] = { &traced, &untraced };

	if (--users || !sees)
		return;
	unregister_kprobes(both, ARRAY_SIZE(both));
}

/* Are registered kprobes called? @ftrace: those that use ftrace, else those that do not */
bool evring_canary_sings(bool ftrace)
{
	bool heard = !sees;

	if (ftrace)
		canary_traced(&heard);
	else
		canary_untraced(&heard);
	return READ_ONCE(heard);
}
#endif
