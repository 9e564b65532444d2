// SPDX-License-Identifier: GPL-2.0-only
/*
 * Settings of the host: kernel.sysctl, kernel.time, kernel.hostname.
 *
 * All writes to /proc/sys go through one function, which calls the parameter's own
 * handler. As a rule that calls one of the kernel's handlers for numbers or strings, with
 * a table that has the value's address. The first function has the old value, and the
 * new one as text.
 */
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/sched/task_stack.h>
#include <linux/sysctl.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>
#include <linux/timex.h>
#include <linux/utsname.h>

#include "../compat/call.h"
#include "../compat/kprobe.h"
#include "family.h"
#include "file.h"
#include "kernel_set.h"
#include "names.h"
#include "path.h"
#include "peek.h"
#include "scratch.h"
#include "who.h"

#define ACTIVE		32	/* calls at once */
#define VALUE		512	/* of a parameter, NUL included */
#define NUMBERS_MAX	32	/* of one parameter */
#define NAME_ROOM	512
#define UTS		(__NEW_UTS_LEN + 1)

static const struct evring_value_desc time_operations[] = {
	{ EVRING_TIME_SET, "set", "it jumps to a time (settimeofday, clock_settime)" },
	{ EVRING_TIME_ADJUST, "adjust", "it runs faster or slower, or jumps (adjtimex)" },
	{ EVRING_TIME_ZONE, "zone", "the time zone alone (settimeofday)" },
};

static const struct evring_value_desc time_modes[] = {
	{ ADJ_OFFSET, "ADJ_OFFSET", "time offset" },
	{ ADJ_FREQUENCY, "ADJ_FREQUENCY", "frequency offset" },
	{ ADJ_MAXERROR, "ADJ_MAXERROR", "maximum time error" },
	{ ADJ_ESTERROR, "ADJ_ESTERROR", "estimated time error" },
	{ ADJ_STATUS, "ADJ_STATUS", "clock status" },
	{ ADJ_TIMECONST, "ADJ_TIMECONST", "pll time constant" },
	{ ADJ_TAI, "ADJ_TAI", "TAI offset" },
	{ ADJ_SETOFFSET, "ADJ_SETOFFSET", "a jump" },
	{ ADJ_MICRO, "ADJ_MICRO", "microseconds" },
	{ ADJ_NANO, "ADJ_NANO", "nanoseconds" },
	{ ADJ_TICK, "ADJ_TICK", "tick length" },
	{ ADJ_ADJTIME, "ADJ_ADJTIME", "adjtime(), as it was" },
};

static const struct evring_value_desc hostname_kinds[] = {
	{ EVRING_NAME_HOST, "hostname", "the host's name" },
	{ EVRING_NAME_DOMAIN, "domainname", "its NIS domain" },
};

EVRING_NAMES(evring_time_operations, "time_operation", time_operations);
EVRING_NAMES(evring_time_modes, "time_modes", time_modes);
EVRING_NAMES(evring_hostname_kinds, "hostname_kind", hostname_kinds);

/* A write of a parameter under way */
struct sysctl_call {
	struct dentry *dentry;	/* the open file has it */
	bool known;
	bool old_known;
	bool truncated;
	bool secret;	/* not everybody may read it */
	char old[VALUE];
	char new[VALUE];
};

/* ssize_t proc_sys_call_handler(struct kiocb *, struct iov_iter *, int write) */
static bool enter_sysctl(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct kiocb *iocb = (const struct kiocb *)evring_argument(regs, 0);
	struct sysctl_call *call = data;

	if (!(u32)evring_argument(regs, 2))
		return false;
	memset(call, 0, offsetof(struct sysctl_call, old));
	call->dentry = iocb->ki_filp->f_path.dentry;
	call->old[0] = '\0';
	call->new[0] = '\0';
	call->secret = !(file_inode(iocb->ki_filp)->i_mode & 0004);
	return true;
}

/*
 * A parameter's own handler may have a copy of the value on its stack, and need not fill
 * it when the parameter is written: then nobody may read those bytes of the stack. These
 * handlers fill it, on each kernel from 6.1 to 7.3. Names are whole, below /proc/sys, as
 * another module may have a parameter with the same last word; "*" is a network interface.
 */
static const char *const filled_copies[] = {
	"kernel/hostname", "kernel/domainname", "kernel/tainted", "kernel/numa_balancing",
	"kernel/sched_schedstats", "kernel/unprivileged_bpf_disabled",
	"kernel/bpf_stats_enabled", "net/core/bpf_jit_enable", "net/core/default_qdisc",
	"net/core/rps_sock_flow_entries", "net/ipv4/tcp_congestion_control",
	"net/ipv4/ip_local_port_range", "net/ipv4/ip_unprivileged_port_start",
	"net/ipv4/ping_group_range", "net/ipv6/conf/*/forwarding",
	"net/ipv6/conf/*/disable_ipv6", "net/ipv6/conf/*/addr_gen_mode",
	"net/ipv6/conf/*/disable_policy",
};

/* Is it the file's name? procfs renames nothing, and an open file has its folders. */
static bool is_named(const struct dentry *dentry, const char *name)
{
	size_t end = strlen(name), begin;

	for (;; end = begin - 1, dentry = dentry->d_parent) {
		for (begin = end; begin && name[begin - 1] != '/'; begin--)
			;
		if (name[begin] != '*' &&
		    (dentry->d_name.len != end - begin ||
		     memcmp(dentry->d_name.name, name + begin, end - begin)))
			return false;
		if (!begin)
			return !strcmp(dentry->d_parent->d_name.name, "sys");
	}
}

static bool has_old_value(const struct sysctl_call *call, const struct ctl_table *table)
{
	unsigned int i;

	if (!object_is_on_stack(table->data))
		return true;
	for (i = 0; i < ARRAY_SIZE(filled_copies); i++)
		if (is_named(call->dentry, filled_copies[i]))
			return true;
	return false;
}

/*
 * The table of a handler, if it is the first of the call and leads to the old value; the
 * new one is kept.
 */
static const struct ctl_table *handler_table(struct evring_event_hook *hook, struct pt_regs *regs,
					     struct sysctl_call **to)
{
	const struct ctl_table *table = (const struct ctl_table *)evring_argument(regs, 0);
	struct sysctl_call *call = evring_call_data(&hook->points[0].kretprobe.probe);
	const char *buffer = (const char *)evring_argument(regs, 2);
	const size_t *len = (const size_t *)evring_argument(regs, 3);
	size_t n;

	*to = call;
	if (!call || call->known || !table->data || !buffer)
		return NULL;
	call->known = true;
	n = min_t(size_t, *len, VALUE - 1);
	call->truncated = n < *len;
	memcpy(call->new, buffer, n);
	while (n && (call->new[n - 1] == '\n' || !call->new[n - 1]))
		n--;
	call->new[n] = '\0';
	call->old_known = has_old_value(call, table);
	return call->old_known ? table : NULL;
}

/* int proc_dostring(table, write, buffer, lenp, ppos); the others likewise */
static void enter_string(struct evring_event_hook *hook, struct pt_regs *regs)
{
	struct sysctl_call *call = evring_call_data(&hook->points[0].kretprobe.probe);
	const struct ctl_table *table;

	/* A key, such as net.ipv4.tcp_fastopen_key; no number is one. */
	if (call && call->secret)
		return;
	table = handler_table(hook, regs, &call);
	if (table && table->maxlen > 0)
		call->truncated |= strscpy(call->old, table->data,
					   min_t(size_t, table->maxlen, VALUE)) == -E2BIG &&
				   table->maxlen > VALUE;
}

/* Numbers of one size with blanks between them, as the file has them */
static void enter_numbers(struct evring_event_hook *hook, struct pt_regs *regs, u32 size,
			  s64 (*number)(const void *at))
{
	struct sysctl_call *call;
	const struct ctl_table *table = handler_table(hook, regs, &call);
	u32 i, len = 0;

	if (!table)
		return;
	for (i = 0; (i + 1) * size <= (u32)table->maxlen && i < NUMBERS_MAX; i++)
		len += scnprintf(call->old + len, VALUE - len, "%s%lld", i ? "\t" : "",
				 number(table->data + i * size));
	call->truncated |= (i + 1) * size <= (u32)table->maxlen;
}

static s64 number_int(const void *at)
{
	return READ_ONCE(*(const int *)at);
}

static s64 number_uint(const void *at)
{
	return READ_ONCE(*(const unsigned int *)at);
}

static s64 number_ulong(const void *at)
{
	return READ_ONCE(*(const unsigned long *)at);
}

static s64 number_u8(const void *at)
{
	return READ_ONCE(*(const u8 *)at);
}

static s64 number_jiffies(const void *at)
{
	return READ_ONCE(*(const int *)at) / HZ;
}

static void enter_int(struct evring_event_hook *hook, struct pt_regs *regs)
{
	enter_numbers(hook, regs, sizeof(int), number_int);
}

static void enter_uint(struct evring_event_hook *hook, struct pt_regs *regs)
{
	enter_numbers(hook, regs, sizeof(unsigned int), number_uint);
}

static void enter_ulong(struct evring_event_hook *hook, struct pt_regs *regs)
{
	enter_numbers(hook, regs, sizeof(unsigned long), number_ulong);
}

/* One value; maxlen does not count: before 6.3 that had to be the size of an int. */
static void enter_bool(struct evring_event_hook *hook, struct pt_regs *regs)
{
	struct sysctl_call *call;
	const struct ctl_table *table = handler_table(hook, regs, &call);

	if (table)
		scnprintf(call->old, VALUE, "%lld", number_u8(table->data));
}

static void enter_u8(struct evring_event_hook *hook, struct pt_regs *regs)
{
	enter_numbers(hook, regs, sizeof(u8), number_u8);
}

static void enter_jiffies(struct evring_event_hook *hook, struct pt_regs *regs)
{
	enter_numbers(hook, regs, sizeof(int), number_jiffies);
}

/* "/sys/net/ipv4/conf/eth0.1/mtu" is called net.ipv4.conf.eth0/1.mtu. */
static struct evring_text sysctl_name(struct dentry *dentry, char *room)
{
	static const char top[] = "/sys/";
	struct evring_path_text path = evring_dentry_path(dentry, room, NAME_ROOM);
	struct evring_text text = evring_text_path(&path);
	char *at = room + NAME_ROOM - path.len;

	if (text.len > strlen(top) && !memcmp(text.at, top, strlen(top))) {
		text.at += strlen(top);
		text.len -= strlen(top);
	}
	for (; at < room + NAME_ROOM; at++)
		*at = *at == '/' ? '.' : *at == '.' ? '/' : *at;
	return text;
}

static void leave_sysctl(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct sysctl_call *call = data;
	u32 end = sizeof(struct kernel_sysctl);
	struct evring_text texts[3];
	struct kernel_sysctl *e;
	struct evring_slot slot;
	char *room = evring_scratch_get();

	if (!room) {
		evring_lose(hook->type, 1, EVRING_LOST_NESTED);
		return;
	}
	texts[0] = sysctl_name(call->dentry, room);
	texts[1] = evring_text_of(call->old);
	texts[2] = evring_text_of(call->new);
	e = evring_begin_task(&slot, hook->type, end,
			      evring_texts_fit(texts, ARRAY_SIZE(texts), end));
	if (e) {
		e->result = min_t(long, evring_result(regs), 0);
		e->name = evring_text_put(e, &end, &texts[0]);
		e->old_value = evring_text_put(e, &end, &texts[1]);
		e->new_value = evring_text_put(e, &end, &texts[2]);
		e->values_known = call->known;
		e->old_known = call->old_known;
		e->values_truncated = call->truncated || texts[1].cut || texts[2].cut;
		evring_hook_submit(hook, &slot);
	}
	evring_scratch_put();
}

/* A change of the clock under way */
struct time_call {
	u32 operation;
	u32 modes;
	s32 zone;
	u64 old;
	u64 asked;
	s64 offset;
	s64 frequency;
	s64 tick;
};

/* int do_sys_settimeofday64(const struct timespec64 *, const struct timezone *) */
static bool enter_settime(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct timespec64 *time = (const struct timespec64 *)evring_argument(regs, 0);
	const struct timezone *zone = (const struct timezone *)evring_argument(regs, 1);
	struct time_call *call = data;

	*call = (struct time_call){
		.operation = time ? EVRING_TIME_SET : EVRING_TIME_ZONE,
		.old = ktime_get_real_fast_ns(),
		.zone = zone ? zone->tz_minuteswest : 0,
	};
	call->asked = time ? timespec64_to_ns(time) : call->old;
	return time || zone;
}

/* adjtime() without a new value; the kernel makes a jump all the same if there is one */
static bool is_look(u32 modes)
{
	return (modes & ADJ_ADJTIME) && (modes & ADJ_OFFSET_READONLY) && !(modes & ADJ_SETOFFSET);
}

/* int do_adjtimex(struct __kernel_timex *): to look is no change */
static bool enter_adjtime(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct __kernel_timex *txc = (const struct __kernel_timex *)evring_argument(regs, 0);
	struct time_call *call = data;

	*call = (struct time_call){
		.operation = EVRING_TIME_ADJUST,
		.modes = txc->modes,
		.old = ktime_get_real_fast_ns(),
		.offset = txc->offset,
		.frequency = txc->freq,
		.tick = txc->tick,
	};
	call->asked = call->old;
	if (call->modes & ADJ_SETOFFSET)
		call->asked += txc->time.tv_sec * NSEC_PER_SEC +
			       txc->time.tv_usec * (call->modes & ADJ_NANO ? 1 : NSEC_PER_USEC);
	return call->modes && !is_look(call->modes);
}

/* stime(), which calls with a time of 32 bits alone have: it passes neither of the above. */
static bool enter_stime(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct time_call *call = data;
	s32 seconds;

	*call = (struct time_call){ .operation = EVRING_TIME_SET, .old = ktime_get_real_fast_ns() };
	call->asked = call->old;
	if (evring_peek((char *)&seconds, evring_call_argument(0), sizeof(seconds)) ==
	    sizeof(seconds))
		call->asked = seconds * (s64)NSEC_PER_SEC;
	return true;
}

static void leave_time(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct time_call *call = data;
	/* adjtimex() returns the clock's state. */
	const int result = min_t(int, evring_result(regs), 0);
	struct evring_slot slot;
	struct kernel_time *e;

	e = evring_begin_task(&slot, hook->type, sizeof(*e), sizeof(*e));
	if (!e)
		return;
	e->operation = call->operation;
	e->result = result;
	e->old_time = call->old;
	e->new_time = result ? call->asked : ktime_get_real_fast_ns();
	e->modes = call->modes;
	e->zone = call->zone;
	e->offset = call->offset;
	e->frequency = call->frequency;
	e->tick = call->tick;
	evring_hook_submit(hook, &slot);
}

/* A change of a name under way */
struct hostname_call {
	u32 which;
	bool by_file;
	char old[UTS];
	char new[UTS];
};

/* As another CPU may be changing it, the end may be that of another name. */
static void uts_read(char *to, u32 which)
{
	const struct new_utsname *names = utsname();

	strscpy(to, which == EVRING_NAME_HOST ? names->nodename : names->domainname, UTS);
}

static void hostname_begin(struct hostname_call *call, u32 which, bool by_file)
{
	*call = (struct hostname_call){ .which = which, .by_file = by_file };
	uts_read(call->old, which);
}

/* sethostname(name, len) */
static bool enter_sethostname(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	hostname_begin(data, EVRING_NAME_HOST, false);
	return true;
}

static bool enter_setdomainname(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	hostname_begin(data, EVRING_NAME_DOMAIN, false);
	return true;
}

/* int proc_do_uts_string(struct ctl_table *, int write, ...) */
static bool enter_uts_string(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct ctl_table *table = (const struct ctl_table *)evring_argument(regs, 0);
	const bool is_host = !strcmp(table->procname, "hostname");

	if (!(u32)evring_argument(regs, 1) || (!is_host && strcmp(table->procname, "domainname")))
		return false;
	hostname_begin(data, is_host ? EVRING_NAME_HOST : EVRING_NAME_DOMAIN, true);
	return true;
}

static void leave_hostname(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const int result = min_t(int, evring_result(regs), 0);
	struct hostname_call *call = data;
	u32 end = sizeof(struct kernel_hostname);
	struct evring_text texts[2];
	struct kernel_hostname *e;
	struct evring_slot slot;

	if (!result)
		uts_read(call->new, call->which);
	else if (!call->by_file)
		evring_peek(call->new, evring_call_argument(0),
			    min_t(unsigned long, evring_call_argument(1), UTS - 1));
	texts[0] = evring_text_of(call->old);
	texts[1] = evring_text_of(call->new);
	e = evring_begin_task(&slot, hook->type, end,
			      evring_texts_fit(texts, ARRAY_SIZE(texts), end));
	if (!e)
		return;
	e->which = call->which;
	e->result = result;
	e->uts_ns = current->nsproxy ? current->nsproxy->uts_ns->ns.inum : 0;
	e->old_name = evring_text_put(e, &end, &texts[0]);
	e->new_name = evring_text_put(e, &end, &texts[1]);
	evring_hook_submit(hook, &slot);
}

#define HANDLER(_name, _enter)	EVRING_KPROBE((_name), _enter, EVRING_DETAIL)

#define TIME_POINT(_name, _enter, ...)						\
	EVRING_KRETPROBE((_name), _enter, leave_time, sizeof(struct time_call), ACTIVE, \
			 ##__VA_ARGS__)

#define NAME_POINT(_symbols, _enter, ...)					\
	EVRING_KRETPROBE(_symbols, _enter, leave_hostname, sizeof(struct hostname_call), \
			 ACTIVE, ##__VA_ARGS__)

static struct evring_event_hook hooks[] = {
	{
		.desc = &kernel_sysctl_desc,
		EVRING_POINTS(EVRING_KRETPROBE(("proc_sys_call_handler",
						"proc_sys_call_handler.isra.0"),
					       enter_sysctl, leave_sysctl,
					       sizeof(struct sysctl_call), ACTIVE),
			      HANDLER("proc_dostring", enter_string),
			      HANDLER("proc_dointvec", enter_int),
			      HANDLER("proc_dointvec_minmax", enter_int),
			      HANDLER("proc_douintvec", enter_uint),
			      HANDLER("proc_douintvec_minmax", enter_uint),
			      HANDLER("proc_doulongvec_minmax", enter_ulong),
			      HANDLER("proc_dobool", enter_bool),
			      HANDLER("proc_dou8vec_minmax", enter_u8),
			      HANDLER("proc_dointvec_jiffies", enter_jiffies)),
	},
	{
		.desc = &kernel_time_desc,
		EVRING_POINTS(TIME_POINT("do_sys_settimeofday64", enter_settime),
			      TIME_POINT("do_adjtimex", enter_adjtime, .optional = true),
			      TIME_POINT((EVRING_SYSCALL_32("stime32")), enter_stime,
					 .optional = true)),
	},
	{
		.desc = &kernel_hostname_desc,
		EVRING_POINTS(NAME_POINT((EVRING_SYSCALL("sethostname")), enter_sethostname),
			      NAME_POINT((EVRING_SYSCALL_32("sethostname")), enter_sethostname,
					 .optional = true),
			      NAME_POINT((EVRING_SYSCALL("setdomainname")), enter_setdomainname),
			      NAME_POINT((EVRING_SYSCALL_32("setdomainname")),
					 enter_setdomainname, .optional = true),
			      NAME_POINT(("proc_do_uts_string"), enter_uts_string,
					 .optional = true)),
	},
};

const struct evring_hook_family evring_kernel_set_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
