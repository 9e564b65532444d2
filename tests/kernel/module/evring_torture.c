// SPDX-License-Identifier: GPL-2.0-only
/*
 * Torture: checksummed events from every context of every CPU at once, nested
 * on purpose. A thread a CPU reserves, and while its record is half written it
 * raises an interrupt here or on another CPU, whose handler emits, raises a
 * softirq that emits and is interrupted in its turn, or sends an NMI that emits
 * too. A reader that checks each record, each source's count and each ring's
 * seq can tell exactly what became of every one of them.
 *
 *	echo 100000 > /sys/module/evring_torture/parameters/run	  events a thread
 *	cat /sys/module/evring_torture/parameters/run		  threads at work; 0: and
 *								  nothing comes after them
 *	cat /sys/module/evring_torture/parameters/attempts	  so far, all sources
 *	cat /sys/module/evring_torture/parameters/failures	  of those, lost
 *
 * And plainly, for tests that count: this many events with this many bytes of
 * filler, from the writer's own context and CPU, before write() returns; into
 * lane critical, or where a third number says so into another one:
 *
 *	echo 1000 64 > /sys/module/evring_torture/parameters/emit
 *	echo 1000 64 1 > /sys/module/evring_torture/parameters/emit
 *
 * And to hang: a task that waits so many seconds, and cannot be interrupted:
 *
 *	echo 3 > /sys/module/evring_torture/parameters/hang
 *
 * And to say something in the kernel's log, as a notice, twice: with the level as the
 * first string of the format, and in the handler of a kprobe, where no other one is called:
 *
 *	echo text > /sys/module/evring_torture/parameters/say
 */
#include <linux/cpu.h>
#include <linux/err.h>
#include <linux/evring.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/prandom.h>
#include <linux/smp.h>

#include "torture.h"

#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
#include <asm/apic.h>
#include <asm/nmi.h>
#endif

enum { TASK, SOFTIRQ, HARDIRQ, NMI, CONTEXTS };

#define TORTURE_FIELDS(F, S)						\
	F(S, U32, source_cpu, NONE, "whose event this is")		\
	F(S, U32, context, NONE, "in which it was emitted")		\
	F(S, U64, count, NONE, "number of the attempt at this source")	\
	F(S, U32, sum, HEX, "of filler")				\
	F(S, BYTES, filler, NONE, "any bytes")

EVRING_EVENT(torture_event, "torture.event", 1, "critical", "one of many", TORTURE_FIELDS);
EVRING_EVENT(torture_bulk, "torture.bulk", 1, "bulk", "one of many", TORTURE_FIELDS);
EVRING_EVENT(torture_app, "torture.app", 1, "app", "one of many", TORTURE_FIELDS);

enum { CRITICAL, BULK, APP, LANES };

static const struct evring_type_desc *const descs[LANES] = {
	[CRITICAL] = &torture_event_desc,
	[BULK] = &torture_bulk_desc,
	[APP] = &torture_app_desc,
};

/* One context of one CPU: nobody else writes it. */
struct source {
	u64 count;
	u64 lost;
	struct rnd_state rnd;
	/* An interrupt must not find it half queued: it would be queued twice. */
	call_single_data_t call;
};

struct torture_cpu {
	struct source sources[CONTEXTS];
	struct irq_work irq;
	struct tasklet_struct softirq;
	atomic_t nmis;			/* sent here and not yet taken */
	struct task_struct *thread;
};

static DEFINE_PER_CPU(struct torture_cpu, torture);
static struct evring_event_type *types[LANES];
static bool ready;
static atomic_t running;
static unsigned long quota;
static DEFINE_MUTEX(run_lock);

static bool nmis = true;
module_param(nmis, bool, 0444);
MODULE_PARM_DESC(nmis, "NMIs emit too (default: Y)");

static bool discards = true;
module_param(discards, bool, 0644);
MODULE_PARM_DESC(discards, "some reservations are discarded (default: Y)");

static void fill(struct torture_event *e, struct source *source, u32 context, u64 count, u32 len)
{
	u8 *filler = (u8 *)(e + 1);

	e->source_cpu = smp_processor_id();
	e->context = context;
	e->count = count;
	e->filler = evring_str(sizeof(*e), len);
	prandom_bytes_state(&source->rnd, filler, len);
	e->sum = torture_sum(lower_32_bits(count) ^ context, filler, len);
}

static void send_nmi(unsigned int cpu)
{
#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
	if (nmis && atomic_cmpxchg(&per_cpu_ptr(&torture, cpu)->nmis, 0, 1) == 0)
		apic->send_IPI(cpu, NMI_VECTOR);
#endif
}

/* Interrupt ourselves or another CPU, some way or other. */
static void poke(struct source *source)
{
	struct torture_cpu *here = this_cpu_ptr(&torture);
	unsigned int other = cpumask_next(smp_processor_id(), cpu_online_mask);

	if (other >= nr_cpu_ids)
		other = cpumask_first(cpu_online_mask);
	switch (prandom_u32_state(&source->rnd) % 16) {
	case 0 ... 3:
		irq_work_queue(&here->irq);
		break;
	case 4 ... 5:
		smp_call_function_single_async(other, &source->call);
		break;
	case 6:
		send_nmi(smp_processor_id());
		break;
	case 7:
		send_nmi(other);
		break;
	}
}

static void emit(u32 context)
{
	struct source *source = &this_cpu_ptr(&torture)->sources[context];
	u32 random = prandom_u32_state(&source->rnd);
	bool discard = discards && context != NMI && random % 32 == 0;
	u32 len = random % 64 == 1 ? (random >> 8) % 1900 : (random >> 8) % 200;
	struct torture_event *e;
	struct evring_slot slot;

	e = evring_reserve(&slot, types[CRITICAL], sizeof(*e) + len);
	if (!e) {
		source->count++;
		source->lost++;
		return;
	}
	if (context == TASK || context == SOFTIRQ)
		poke(source);
	if (discard) {
		evring_discard(&slot);
		return;
	}
	fill(e, source, context, source->count++, len);
	if (context == TASK || context == SOFTIRQ)
		poke(source);
	evring_submit(&slot);
}

static void torture_softirq(struct tasklet_struct *unused)
{
	emit(SOFTIRQ);
}

static void torture_irq(struct irq_work *unused)
{
	emit(HARDIRQ);
	tasklet_schedule(&this_cpu_ptr(&torture)->softirq);
}

static void torture_call(void *unused)
{
	emit(HARDIRQ);
}

#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
static int torture_nmi(unsigned int cmd, struct pt_regs *regs)
{
	if (atomic_cmpxchg(&this_cpu_ptr(&torture)->nmis, 1, 0) != 1)
		return NMI_DONE;
	emit(NMI);
	return NMI_HANDLED;
}

static int nmi_hook(void)
{
	return nmis ? register_nmi_handler(NMI_LOCAL, torture_nmi, 0, "evring_torture") : 0;
}

static void nmi_unhook(void)
{
	if (nmis)
		unregister_nmi_handler(NMI_LOCAL, "evring_torture");
}
#else
static int nmi_hook(void)
{
	return 0;
}

static void nmi_unhook(void)
{
}
#endif

static int torture_thread(void *unused)
{
	unsigned long i;

	for (i = 0; i < quota && !kthread_should_stop(); i++) {
		preempt_disable();
		emit(TASK);
		preempt_enable();
		cond_resched();
	}
	atomic_dec(&running);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(HZ / 10);
	return 0;
}

static void threads_stop(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct torture_cpu *t = per_cpu_ptr(&torture, cpu);

		if (t->thread)
			kthread_stop(t->thread);
		t->thread = NULL;
	}
}

static int threads_start(void)
{
	int cpu;

	for_each_online_cpu(cpu) {
		struct task_struct *thread = kthread_create_on_cpu(torture_thread, NULL, cpu,
								   "evring_torture/%u");

		if (IS_ERR(thread))
			return PTR_ERR(thread);
		per_cpu_ptr(&torture, cpu)->thread = thread;
		atomic_inc(&running);
	}
	for_each_online_cpu(cpu)
		wake_up_process(per_cpu_ptr(&torture, cpu)->thread);
	return 0;
}

static int run_set(const char *value, const struct kernel_param *kp)
{
	int ret;

	if (!ready)
		return -EAGAIN;
	mutex_lock(&run_lock);
	cpus_read_lock();
	threads_stop();
	ret = kstrtoul(value, 0, &quota);
	if (!ret)
		ret = threads_start();
	cpus_read_unlock();
	mutex_unlock(&run_lock);
	return ret;
}

static void nothing(void *unused)
{
}

/* The threads rest: let the interrupts that they have raised come, on every CPU. */
static void settle(void)
{
	int cpu;

	on_each_cpu(nothing, NULL, 1);	/* behind the calls that were queued */
	for_each_possible_cpu(cpu) {
		struct torture_cpu *t = per_cpu_ptr(&torture, cpu);

		do {	/* each may raise the other once more */
			irq_work_sync(&t->irq);
			tasklet_kill(&t->softirq);
		} while (irq_work_is_busy(&t->irq) ||
			 test_bit(TASKLET_STATE_SCHED, &t->softirq.state));
	}
	on_each_cpu(nothing, NULL, 1);
}

static int run_get(char *buffer, const struct kernel_param *kp)
{
	int n = atomic_read(&running);

	if (!n && ready)
		settle();
	return sysfs_emit(buffer, "%d\n", n);
}

static const struct kernel_param_ops run_ops = { .set = run_set, .get = run_get };
module_param_cb(run, &run_ops, NULL, 0644);

static u64 sum(size_t offset)
{
	u64 total = 0;
	int cpu, i;

	for_each_possible_cpu(cpu)
		for (i = 0; i < CONTEXTS; i++)
			total += *(u64 *)((void *)&per_cpu_ptr(&torture, cpu)->sources[i] + offset);
	return total;
}

static int attempts_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%llu\n", sum(offsetof(struct source, count)));
}

static const struct kernel_param_ops attempts_ops = { .get = attempts_get };
module_param_cb(attempts, &attempts_ops, NULL, 0444);

static int failures_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%llu\n", sum(offsetof(struct source, lost)));
}

static const struct kernel_param_ops failures_ops = { .get = failures_get };
module_param_cb(failures, &failures_ops, NULL, 0444);

static int emit_set(const char *value, const struct kernel_param *kp)
{
	u32 len, lane = CRITICAL;
	unsigned long n, i;

	if (!ready)
		return -EAGAIN;
	if (sscanf(value, "%lu %u %u", &n, &len, &lane) < 2 || len > 60000 || lane >= LANES)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		struct torture_event *e;
		struct evring_slot slot;
		struct source *source;

		preempt_disable();
		source = &this_cpu_ptr(&torture)->sources[TASK];
		e = evring_reserve(&slot, types[lane], sizeof(*e) + len);
		if (e) {
			fill(e, source, TASK, source->count, len);
			evring_submit(&slot);
		} else {
			source->lost++;
		}
		source->count++;
		preempt_enable();
		cond_resched();
	}
	return 0;
}

static const struct kernel_param_ops emit_ops = { .set = emit_set };
module_param_cb(emit, &emit_ops, NULL, 0200);

static int hang_set(const char *value, const struct kernel_param *kp)
{
	unsigned int seconds;

	if (kstrtouint(value, 0, &seconds) || seconds > 600)
		return -EINVAL;
	schedule_timeout_uninterruptible(seconds * HZ);
	return 0;
}

static const struct kernel_param_ops hang_ops = { .set = hang_set };
module_param_cb(hang, &hang_ops, NULL, 0200);

static const char *said;

static void say(const char *where)
{
	printk("%sevring_torture: %s, %s\n", KERN_NOTICE, said, where);
}

#ifdef CONFIG_KPROBES
static noinline void say_probed(void)
{
	barrier();
}

static int say_in_probe(struct kprobe *probe, struct pt_regs *regs)
{
	say("in a probe");
	return 0;
}

static int say_nested(void)
{
	struct kprobe probe = {
		.addr = (kprobe_opcode_t *)say_probed, .pre_handler = say_in_probe,
	};
	int ret = register_kprobe(&probe);

	if (ret)
		return ret;
	say_probed();
	unregister_kprobe(&probe);
	return 0;
}
#else
static int say_nested(void)
{
	return -EOPNOTSUPP;
}
#endif

static int say_set(const char *value, const struct kernel_param *kp)
{
	said = value;
	say("plainly");
	return say_nested();
}

static const struct kernel_param_ops say_ops = { .set = say_set };
module_param_cb(say, &say_ops, NULL, 0200);

static void types_unregister(void)
{
	int lane;

	for (lane = 0; lane < LANES; lane++)
		evring_type_unregister(types[lane]);
}

static int types_register(void)
{
	int lane;

	for (lane = 0; lane < LANES; lane++) {
		types[lane] = evring_type_register(descs[lane]);
		if (IS_ERR(types[lane])) {
			types_unregister();
			return PTR_ERR(types[lane]);
		}
	}
	return 0;
}

static int __init torture_init(void)
{
	int cpu, i, ret;

	for_each_possible_cpu(cpu) {
		struct torture_cpu *t = per_cpu_ptr(&torture, cpu);

		t->irq = IRQ_WORK_INIT_HARD(torture_irq);	/* on RT too */
		tasklet_setup(&t->softirq, torture_softirq);
		for (i = 0; i < CONTEXTS; i++) {
			INIT_CSD(&t->sources[i].call, torture_call, NULL);
			prandom_seed_state(&t->sources[i].rnd, cpu * CONTEXTS + i + 1);
		}
	}
	ret = types_register();
	if (ret)
		return ret;
	ret = nmi_hook();
	if (ret)
		types_unregister();
	ready = !ret;
	return ret;
}

static void __exit torture_exit(void)
{
	threads_stop();
	settle();
	nmi_unhook();
	types_unregister();
}

module_init(torture_init);
module_exit(torture_exit);
MODULE_DESCRIPTION("evring test: checksummed events from every context at once");
MODULE_LICENSE("GPL");
