// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's complaints: kernel.log, kernel.oom, kernel.hang, kernel.panic.
 *
 * A message of the log can come from any context, NMI included; its text is told by a
 * tracepoint in the middle of the function that has its level.
 */
#include <linux/cred.h>
#include <linux/jiffies.h>
#include <linux/kern_levels.h>
#include <linux/mm.h>
#include <linux/panic_notifier.h>
#include <linux/sched/signal.h>
#include <linux/syslog.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>
#include <trace/events/printk.h>
#include <trace/events/sched.h>

#include "../compat/kprobe.h"
#include "../compat/oom.h"
#include "common.h"
#include "family.h"
#include "file.h"
#include "kernel_trouble.h"
#include "names.h"
#include "who.h"

#define ACTIVE		64	/* calls at once */
#define TEXT_MAX	1024	/* of a message; printk()'s are shorter */

static const struct evring_value_desc log_levels[] = {
	{ 0, "emerg", "the system is unusable" },
	{ 1, "alert", "something must be done at once" },
	{ 2, "crit", "critical" },
	{ 3, "err", "an error" },
	{ 4, "warning", "a warning" },
	{ 5, "notice", "normal, but of interest" },
	{ 6, "info", "information" },
	{ 7, "debug", "for debugging" },
	{ EVRING_LOG_LEVEL_NONE, "default", "none was given, or a message goes on" },
};

static const struct evring_value_desc log_facilities[] = {
	{ 0, "kern", "the kernel" }, { 1, "user", "a program" }, { 2, "mail", "" },
	{ 3, "daemon", "a daemon" }, { 4, "auth", "" }, { 5, "syslog", "" }, { 6, "lpr", "" },
	{ 7, "news", "" }, { 8, "uucp", "" }, { 9, "cron", "" }, { 10, "authpriv", "" },
	{ 11, "ftp", "" },
};

EVRING_NAMES(evring_log_levels, "log_level", log_levels);
EVRING_NAMES(evring_log_facilities, "log_facility", log_facilities);

/* A message under way */
struct log_call {
	u32 facility;
	u8 level;
};

/* The level that a message begins with. The format's string can be anything. */
static u8 level_of(const char *text)
{
	char lead[2] = "";

	if (copy_from_kernel_nofault(lead, text, 1) || lead[0] != KERN_SOH_ASCII ||
	    copy_from_kernel_nofault(lead + 1, text + 1, 1) || lead[1] < '0' || lead[1] > '7')
		return EVRING_LOG_LEVEL_NONE;
	return lead[1] - '0';
}

/*
 * int vprintk_store(int facility, int level, dev_info, const char *fmt, va_list): where no
 * level is given the message begins with it: the format, or its first string.
 */
static bool enter_log(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const char *format = (const char *)evring_argument(regs, 3);
	const int level = evring_argument(regs, 1);
	struct log_call *call = data;

	call->facility = evring_argument(regs, 0);
	if (level >= 0)
		call->level = level;
	else if (format[0] == '%' && format[1] == 's')
		call->level = level_of(evring_va_string(regs, 4));
	else
		call->level = level_of(format);
	return true;
}

/* Where the call returns there is nothing left to say. */
static void leave_log(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
}

enum { LOG_TEXT, LOG_CALL };

static void probe_log(void *data, const char *text, size_t len)
{
	struct evring_text message = { .at = text, .len = min_t(size_t, len, TEXT_MAX) };
	struct evring_event_hook *hook = data;
	const struct log_call *call = NULL;
	u32 end = sizeof(struct kernel_log);
	struct evring_slot slot;
	struct kernel_log *e;

	if (message.len && text[message.len - 1] == '\n')
		message.len--;
	e = evring_begin(&slot, hook->type, end, evring_texts_fit(&message, 1, end));
	if (!e)
		return;
	if (hook->points[LOG_CALL].attached)
		call = evring_call_data(&hook->points[LOG_CALL].kretprobe.probe);
	e->level = call ? call->level : EVRING_LOG_LEVEL_NONE;
	e->facility = call ? call->facility : 0;
	e->text = evring_text_put(e, &end, &message);
	evring_hook_submit(hook, &slot);
}

/* The kernel has the victim's lock, which keeps its mm. */
static void fill_memory(struct kernel_oom *e, struct mm_struct *mm)
{
	if (!mm)
		return;
	e->anon_rss = (u64)get_mm_counter(mm, MM_ANONPAGES) << PAGE_SHIFT;
	e->file_rss = (u64)get_mm_counter(mm, MM_FILEPAGES) << PAGE_SHIFT;
	e->shmem_rss = (u64)get_mm_counter(mm, MM_SHMEMPAGES) << PAGE_SHIFT;
	e->rss = e->anon_rss + e->file_rss + e->shmem_rss;
	e->total_vm = (u64)mm->total_vm << PAGE_SHIFT;
}

static void emit_oom(struct evring_event_hook *hook, struct task_struct *victim)
{
	u32 end = sizeof(struct kernel_oom);
	struct evring_text comm;
	struct evring_slot slot;
	struct evring_who who;
	struct kernel_oom *e;

	evring_who(&who, victim);
	comm = evring_text_of(who.comm);
	e = evring_begin_task(&slot, hook->type, end, end + comm.len);
	if (!e)
		return;
	e->victim_pid = who.pid;
	e->victim_uid = from_kuid(&init_user_ns, __task_cred(victim)->uid);
	e->victim_start_time = who.start_time;
	e->victim_cgroup = evring_cgroup_of(victim);
	e->oom_score_adj = victim->signal->oom_score_adj;
	fill_memory(e, victim->mm);
	e->victim_comm = evring_text_put(e, &end, &comm);
	evring_hook_submit(hook, &slot);
}

EVRING_VICTIM_PROBE(emit_oom)

static void probe_hang(void *data, struct task_struct *task)
{
	struct evring_event_hook *hook = data;
	u32 end = sizeof(struct kernel_hang);
	struct evring_text comm;
	struct evring_slot slot;
	struct evring_who who;
	struct kernel_hang *e;

	evring_who(&who, task);
	comm = evring_text_of(who.comm);
	e = evring_begin(&slot, hook->type, end, end + comm.len);
	if (!e)
		return;
	e->hung_pid = who.pid;
	e->hung_tid = task_pid_nr(task);
	e->hung_start_time = who.start_time;
#ifdef CONFIG_DETECT_HUNG_TASK
	e->hung_for = jiffies_to_nsecs(jiffies - task->last_switch_time);
#endif
	e->hung_comm = evring_text_put(e, &end, &comm);
	evring_hook_submit(hook, &slot);
}

static int panic_notify(struct notifier_block *block, unsigned long event, void *text)
{
	struct evring_event_hook *hook = evring_notifier_hook(block);
	struct evring_text why = evring_text_of(text ?: "");
	u32 end = sizeof(struct kernel_panic);
	struct kernel_panic *e;
	struct evring_slot slot;

	e = evring_begin(&slot, hook->type, end, evring_texts_fit(&why, 1, end));
	if (!e)
		return NOTIFY_DONE;
	e->text = evring_text_put(e, &end, &why);
	evring_hook_submit(hook, &slot);
	return NOTIFY_DONE;
}

static int panic_add(struct notifier_block *block)
{
	return atomic_notifier_chain_register(&panic_notifier_list, block);
}

static int panic_del(struct notifier_block *block)
{
	return atomic_notifier_chain_unregister(&panic_notifier_list, block);
}

/* Tracepoints are found by name, and take any probe: these are of the right type. */
static void __maybe_unused probes_check(void)
{
	check_trace_callback_type_console(probe_log);
	check_trace_callback_type_mark_victim(victim_probe);
#ifdef CONFIG_DETECT_HUNG_TASK
	check_trace_callback_type_sched_process_hang(probe_hang);
#endif
}

static struct evring_event_hook hooks[] = {
	{
		.desc = &kernel_log_desc,
		EVRING_POINTS([LOG_TEXT] = EVRING_TRACEPOINT("console", probe_log),
			      [LOG_CALL] = EVRING_KRETPROBE(("vprintk_store"), enter_log,
							    leave_log, sizeof(struct log_call),
							    ACTIVE, EVRING_DETAIL)),
	},
	{
		.desc = &kernel_oom_desc,
		EVRING_POINTS(EVRING_TRACEPOINT("mark_victim", victim_probe)),
	},
	{
		.desc = &kernel_hang_desc,
		EVRING_POINTS(EVRING_TRACEPOINT("sched_process_hang", probe_hang)),
	},
	{
		.desc = &kernel_panic_desc,
		EVRING_POINTS(EVRING_NOTIFIER(panic_add, panic_del, panic_notify)),
	},
};

const struct evring_hook_family evring_kernel_trouble_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
