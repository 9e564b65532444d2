// SPDX-License-Identifier: GPL-2.0-only
/*
 * One event, a record of 64 bytes, for each system call of one number: what a
 * tracer costs on the same tracepoint as its peers. It uses nothing of evring
 * but its interface for modules. When it is unloaded it logs how many calls it saw, so
 * that lost events can be counted.
 */
#include <linux/err.h>
#include <linux/evring.h>
#include <linux/percpu.h>
#include <linux/tracepoint.h>
#include <asm/syscall.h>
#include <asm/unistd.h>

static uint nr = __NR_getppid;
module_param(nr, uint, 0444);
MODULE_PARM_DESC(nr, "number of the system call (default: getppid's)");

#define SYSCALL_FIELDS(F, S)			\
	F(S, S64, nr, NONE, "")			\
	F(S, U64, arg0, HEX, "")		\
	F(S, U64, arg1, HEX, "")		\
	F(S, U64, arg2, HEX, "")

EVRING_EVENT(bench_syscall, "bench.syscall", 1, "bulk", "of a benchmark", SYSCALL_FIELDS);
static_assert(sizeof(struct evring_rec) + sizeof(struct bench_syscall) == 64);

static struct evring_event_type *type;
static struct tracepoint *sys_enter;
static DEFINE_PER_CPU(unsigned long, calls);

static void probe_sys_enter(void *data, struct pt_regs *regs, long id)
{
	unsigned long args[6];
	struct evring_slot slot;
	struct bench_syscall *e;

	if (id != nr)
		return;
	this_cpu_inc(calls);
	e = evring_reserve(&slot, type, sizeof(*e));
	if (!e)
		return;
	syscall_get_arguments(current, regs, args);
	e->nr = id;
	e->arg0 = args[0];
	e->arg1 = args[1];
	e->arg2 = args[2];
	evring_submit(&slot);
}

static void match(struct tracepoint *tp, void *unused)
{
	if (!strcmp(tp->name, "sys_enter"))
		sys_enter = tp;
}

static int __init probe_init(void)
{
	int ret;

	for_each_kernel_tracepoint(match, NULL);
	if (!sys_enter)
		return -ENOENT;
	type = evring_type_register(&bench_syscall_desc);
	if (IS_ERR(type))
		return PTR_ERR(type);
	ret = tracepoint_probe_register(sys_enter, probe_sys_enter, NULL);
	if (ret)
		evring_type_unregister(type);
	return ret;
}

static void __exit probe_exit(void)
{
	unsigned long sum = 0;
	int cpu;

	tracepoint_probe_unregister(sys_enter, probe_sys_enter, NULL);
	/* No probe is still running when its type and code go. */
	tracepoint_synchronize_unregister();
	evring_type_unregister(type);
	for_each_possible_cpu(cpu)
		sum += per_cpu(calls, cpu);
	pr_info("evring_probe: %lu calls\n", sum);
}

module_init(probe_init);
module_exit(probe_exit);
MODULE_DESCRIPTION("evring benchmark: an event for each system call of one number");
MODULE_LICENSE("GPL");
