// SPDX-License-Identifier: GPL-2.0-only
/*
 * Acts on other processes, and on the process's own rights: process.ptrace, signal, cred.
 *
 * ptrace: from the function that attaching and seizing end in, and that of TRACEME.
 * Signals: signal_generate tells of those that were sent, under the target's siglock,
 * and the check before it of those that were refused. Credentials: commit_creds(), which
 * all changes end in, those by exec too.
 */
#include <linux/cred.h>
#include <linux/pid_namespace.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>
#include <linux/user_namespace.h>
#include <trace/events/signal.h>

#include "../compat/call.h"
#include "../compat/exec.h"
#include "../compat/kprobe.h"
#include "family.h"
#include "process_acts.h"
#include "who.h"

#define ACTIVE	64	/* calls at once */

struct target_event {
	struct evring_common common;

	TARGET_FIELDS(__EVRING_MEMBER, target)
};

/* Room for an event of @size and the target's name; the rest is the caller's to fill. */
static void *target_reserve(struct evring_event_hook *hook, struct evring_slot *slot, u32 size,
			    struct task_struct *target, int result)
{
	struct target_event *e;
	struct evring_text comm;
	struct evring_who who;
	u32 end = size;

	evring_who(&who, target);
	comm = evring_text_of(who.comm);
	e = evring_begin_task(slot, hook->type, size, size + comm.len);
	if (!e)
		return NULL;
	e->target_pid = who.pid;
	e->target_start_time = who.start_time;
	e->target_comm = evring_text_put(e, &end, &comm);
	e->result = result;
	return e;
}

/* A call whose target the caller keeps until it returns */
struct act_call {
	struct task_struct *target;
	u32 what;
};

/* int ptrace_attach(struct task_struct *, long request, unsigned long addr, flags) */
static bool enter_attach(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	*(struct act_call *)data = (struct act_call){
		.target = (struct task_struct *)evring_argument(regs, 0),
		.what = evring_argument(regs, 1),
	};
	return true;
}

/* int ptrace_traceme(void) */
static bool enter_traceme(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	*(struct act_call *)data = (struct act_call){
		.target = current,
		.what = PTRACE_TRACEME,
	};
	return true;
}

static void leave_ptrace(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct act_call *call = data;
	struct process_ptrace *e;
	struct evring_slot slot;

	e = target_reserve(hook, &slot, sizeof(*e), call->target,
			   evring_told_result(evring_result(regs)));
	if (!e)
		return;
	e->target_tid = task_pid_nr(call->target);
	e->tracer_pid = call->what == PTRACE_TRACEME ? evring_parent_pid(current) :
						       task_tgid_nr(current);
	e->request = call->what;
	evring_hook_submit(hook, &slot);
}

static void emit_signal(struct evring_event_hook *hook, struct task_struct *target, int signal,
			int outcome, int result)
{
	struct process_signal *e;
	struct evring_slot slot;

	e = target_reserve(hook, &slot, sizeof(*e), target, result);
	if (!e)
		return;
	e->signal = signal;
	e->outcome = outcome;
	evring_hook_submit(hook, &slot);
}

/* From current, and not from the kernel on its behalf, if a task sends it */
static bool is_sent(const struct kernel_siginfo *info)
{
	if (info == SEND_SIG_PRIV)
		return false;
	/*
	 * A timer on this process's CPU clock, which any process may have made, fires in this
	 * task. The kernel keeps its information with the timer; a call's is on the stack.
	 */
	if (info != SEND_SIG_NOINFO && info->si_code == SI_TIMER && !object_is_on_stack(info))
		return false;
	return info == SEND_SIG_NOINFO || SI_FROMUSER(info);
}

static void probe_signal(void *data, int signal, struct kernel_siginfo *info,
			 struct task_struct *target, int group, int outcome)
{
	if (in_task() && is_sent(info) && !same_thread_group(target, current))
		emit_signal(data, target, signal, outcome, 0);
}

/*
 * int check_kill_permission(int sig, struct kernel_siginfo *, struct task_struct *)
 *
 * What interrupts ask it for is SEND_SIG_PRIV. in_task() would not tell: a probe that goes
 * by a breakpoint is an NMI (see evring_kprobe_in_task()).
 */
static bool enter_check(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct kernel_siginfo *info = (const struct kernel_siginfo *)evring_argument(regs, 1);
	struct act_call *call = data;

	call->what = evring_argument(regs, 0);
	call->target = (struct task_struct *)evring_argument(regs, 2);
	return is_sent(info) && !same_thread_group(call->target, current);
}

static void leave_check(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct act_call *call = data;
	int result = evring_result(regs);

	if (result < 0)
		emit_signal(hook, call->target, call->what, 0, result);
}

static bool creds_differ(const struct cred *a, const struct cred *b)
{
	return !uid_eq(a->uid, b->uid) || !uid_eq(a->euid, b->euid) ||
	       !uid_eq(a->suid, b->suid) || !uid_eq(a->fsuid, b->fsuid) ||
	       !gid_eq(a->gid, b->gid) || !gid_eq(a->egid, b->egid) ||
	       !gid_eq(a->sgid, b->sgid) || !gid_eq(a->fsgid, b->fsgid) ||
	       a->securebits != b->securebits ||
	       evring_caps(a->cap_permitted) != evring_caps(b->cap_permitted) ||
	       evring_caps(a->cap_effective) != evring_caps(b->cap_effective) ||
	       evring_caps(a->cap_inheritable) != evring_caps(b->cap_inheritable) ||
	       evring_caps(a->cap_ambient) != evring_caps(b->cap_ambient) ||
	       evring_caps(a->cap_bset) != evring_caps(b->cap_bset);
}

#define FILL_UID(_e, _name)							\
	((_e)->old_##_name = from_kuid(&init_user_ns, old->_name),		\
	 (_e)->new_##_name = from_kuid(&init_user_ns, new->_name))
#define FILL_GID(_e, _name)							\
	((_e)->old_##_name = from_kgid(&init_user_ns, old->_name),		\
	 (_e)->new_##_name = from_kgid(&init_user_ns, new->_name))
#define FILL_CAPS(_e, _name, _set)						\
	((_e)->old_##_name = evring_caps(old->_set),				\
	 (_e)->new_##_name = evring_caps(new->_set))

static void fill_cred(struct process_cred *e, const struct cred *old, const struct cred *new)
{
	FILL_UID(e, uid);
	FILL_UID(e, euid);
	FILL_UID(e, suid);
	FILL_UID(e, fsuid);
	FILL_GID(e, gid);
	FILL_GID(e, egid);
	FILL_GID(e, sgid);
	FILL_GID(e, fsgid);
	FILL_CAPS(e, cap_permitted, cap_permitted);
	FILL_CAPS(e, cap_effective, cap_effective);
	FILL_CAPS(e, cap_inheritable, cap_inheritable);
	FILL_CAPS(e, cap_ambient, cap_ambient);
	FILL_CAPS(e, cap_bounding, cap_bset);
	e->old_securebits = old->securebits;
	e->new_securebits = new->securebits;
}

/* int commit_creds(struct cred *): of current, and it cannot fail */
static void enter_commit(struct evring_event_hook *hook, struct pt_regs *regs)
{
	const struct cred *new = (const struct cred *)evring_argument(regs, 0);
	const struct cred *old = current_real_cred();
	struct evring_slot slot;
	struct process_cred *e;

	if (!creds_differ(old, new))
		return;
	e = evring_begin_task(&slot, hook->type, sizeof(*e), sizeof(*e));
	if (!e)
		return;
	fill_cred(e, old, new);
	evring_hook_submit(hook, &slot);
}

/* Tracepoints are found by name, and take any probe: this one is of the right type. */
static void __maybe_unused probes_check(void)
{
	check_trace_callback_type_signal_generate(probe_signal);
}

#define ACT_POINT(_symbols, _enter, _leave, ...)				\
	EVRING_KRETPROBE(_symbols, _enter, _leave, sizeof(struct act_call), ACTIVE, ##__VA_ARGS__)

static struct evring_event_hook hooks[] = {
	{
		.desc = &process_ptrace_desc,
		EVRING_POINTS(ACT_POINT(("ptrace_attach"), enter_attach, leave_ptrace),
			      ACT_POINT(("ptrace_traceme"), enter_traceme, leave_ptrace,
					.optional = true)),
	},
	{
		.desc = &process_signal_desc,
		EVRING_POINTS(EVRING_TRACEPOINT("signal_generate", probe_signal),
			      ACT_POINT(("check_kill_permission"), enter_check, leave_check,
					.optional = true)),
	},
	{
		.desc = &process_cred_desc,
		EVRING_POINTS(EVRING_KPROBE(("commit_creds"), enter_commit)),
	},
};

const struct evring_hook_family evring_process_acts_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
