// SPDX-License-Identifier: GPL-2.0-only
/*
 * process.session: a login, which is when pam_loginuid or a daemon writes
 * /proc/self/loginuid and audit gives the session a number; and setsid().
 */
#include <linux/audit.h>
#include <linux/cred.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/user_namespace.h>

#include "../compat/kprobe.h"
#include "family.h"
#include "process_session.h"
#include "who.h"

#define ACTIVE	64	/* calls at once */

/* A call under way */
struct session_call {
	u32 operation;
	u32 asked;
	u32 loginuid;
	u32 sessionid;
	u32 sid;
	char tty[EVRING_TTY_BYTES];
};

static u32 current_loginuid(void)
{
	return from_kuid(&init_user_ns, audit_get_loginuid(current));
}

static u32 current_sid(void)
{
	return task_session_nr_ns(current, &init_pid_ns);
}

static struct session_call *call_begin(void *data, u32 operation)
{
	struct session_call *call = data;

	*call = (struct session_call){
		.operation = operation,
		.loginuid = current_loginuid(),
		.sessionid = audit_get_sessionid(current),
		.sid = current_sid(),
	};
	evring_tty(call->tty, current);
	return call;
}

/* int audit_set_loginuid(kuid_t): the whole user id is in the register */
static bool enter_login(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const uid_t uid = evring_argument(regs, 0);

	call_begin(data, EVRING_SESSION_LOGIN)->asked = from_kuid(&init_user_ns, KUIDT_INIT(uid));
	return true;
}

/* int ksys_setsid(void) */
static bool enter_setsid(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	call_begin(data, EVRING_SESSION_SETSID)->asked = current_loginuid();
	return true;
}

static void leave(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct session_call *call = data;
	struct evring_text tty = evring_text_of(call->tty);
	/* setsid() returns the session. */
	const int result = min_t(int, evring_result(regs), 0);
	u32 end = sizeof(struct process_session);
	struct process_session *e;
	struct evring_slot slot;

	e = evring_begin_task(&slot, hook->type, end, end + tty.len);
	if (!e)
		return;
	e->operation = call->operation;
	e->result = result;
	e->old_loginuid = call->loginuid;
	e->new_loginuid = result ? call->asked : current_loginuid();
	e->old_sessionid = call->sessionid;
	e->new_sessionid = audit_get_sessionid(current);
	e->old_sid = call->sid;
	e->new_sid = current_sid();
	e->tty = evring_text_put(e, &end, &tty);
	evring_hook_submit(hook, &slot);
}

#define CALL_POINT(_symbols, _enter, ...)					\
	EVRING_KRETPROBE(_symbols, _enter, leave, sizeof(struct session_call), ACTIVE, \
			 ##__VA_ARGS__)

static struct evring_event_hook hooks[] = {
	{
		.desc = &process_session_desc,
		EVRING_POINTS(CALL_POINT(("audit_set_loginuid"), enter_login),
			      CALL_POINT(("ksys_setsid"), enter_setsid, .optional = true)),
	},
};

const struct evring_hook_family evring_process_session_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
