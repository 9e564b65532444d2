// SPDX-License-Identifier: GPL-2.0-only
/*
 * bpf.load: a program that the kernel verified, or refused. bpf_prog_load() has the
 * kernel's own copy of the request, and the program has an id when it gets a
 * descriptor. bpf() itself refuses a caller without permission before it has read the
 * request: then the event has the request as it is in the caller's memory.
 */
#include <linux/bpf.h>
#include <linux/uaccess.h>

#include "../compat/kprobe.h"
#include "bpf.h"
#include "family.h"
#include "names.h"
#include "who.h"

#define ACTIVE	64	/* calls at once: a program can take long to verify */

/*
 * BPF_COMMON_ATTRS of enum bpf_cmd in newer kernels (7.2): a bit beside the command, which
 * __sys_bpf() takes away. Others refuse the command for it.
 */
#define COMMON_ATTRS	BIT(16)

/* A call under way */
struct bpf_call {
	const void __user *given;
	u32 size;
	bool by_kernel;
	bool is_read;
	u32 prog_type;
	u32 instructions;
	u32 attach_type;
	u32 flags;
	u32 attach_btf_id;
	u32 id;
	char name[BPF_OBJ_NAME_LEN];
};

/* Numbers of the ABI; an older kernel has the first of these. */
#define VALUE(_nr, _name)	{ (_nr), "BPF_" #_name, "" }

static const struct evring_value_desc prog_types[] = {
	VALUE(0, PROG_TYPE_UNSPEC),
	VALUE(1, PROG_TYPE_SOCKET_FILTER),
	VALUE(2, PROG_TYPE_KPROBE),
	VALUE(3, PROG_TYPE_SCHED_CLS),
	VALUE(4, PROG_TYPE_SCHED_ACT),
	VALUE(5, PROG_TYPE_TRACEPOINT),
	VALUE(6, PROG_TYPE_XDP),
	VALUE(7, PROG_TYPE_PERF_EVENT),
	VALUE(8, PROG_TYPE_CGROUP_SKB),
	VALUE(9, PROG_TYPE_CGROUP_SOCK),
	VALUE(10, PROG_TYPE_LWT_IN),
	VALUE(11, PROG_TYPE_LWT_OUT),
	VALUE(12, PROG_TYPE_LWT_XMIT),
	VALUE(13, PROG_TYPE_SOCK_OPS),
	VALUE(14, PROG_TYPE_SK_SKB),
	VALUE(15, PROG_TYPE_CGROUP_DEVICE),
	VALUE(16, PROG_TYPE_SK_MSG),
	VALUE(17, PROG_TYPE_RAW_TRACEPOINT),
	VALUE(18, PROG_TYPE_CGROUP_SOCK_ADDR),
	VALUE(19, PROG_TYPE_LWT_SEG6LOCAL),
	VALUE(20, PROG_TYPE_LIRC_MODE2),
	VALUE(21, PROG_TYPE_SK_REUSEPORT),
	VALUE(22, PROG_TYPE_FLOW_DISSECTOR),
	VALUE(23, PROG_TYPE_CGROUP_SYSCTL),
	VALUE(24, PROG_TYPE_RAW_TRACEPOINT_WRITABLE),
	VALUE(25, PROG_TYPE_CGROUP_SOCKOPT),
	VALUE(26, PROG_TYPE_TRACING),
	VALUE(27, PROG_TYPE_STRUCT_OPS),
	VALUE(28, PROG_TYPE_EXT),
	VALUE(29, PROG_TYPE_LSM),
	VALUE(30, PROG_TYPE_SK_LOOKUP),
	VALUE(31, PROG_TYPE_SYSCALL),
	VALUE(32, PROG_TYPE_NETFILTER),
};

/* 0 also where the kind needs none */
static const struct evring_value_desc attach_types[] = {
	VALUE(0, CGROUP_INET_INGRESS),
	VALUE(1, CGROUP_INET_EGRESS),
	VALUE(2, CGROUP_INET_SOCK_CREATE),
	VALUE(3, CGROUP_SOCK_OPS),
	VALUE(4, SK_SKB_STREAM_PARSER),
	VALUE(5, SK_SKB_STREAM_VERDICT),
	VALUE(6, CGROUP_DEVICE),
	VALUE(7, SK_MSG_VERDICT),
	VALUE(8, CGROUP_INET4_BIND),
	VALUE(9, CGROUP_INET6_BIND),
	VALUE(10, CGROUP_INET4_CONNECT),
	VALUE(11, CGROUP_INET6_CONNECT),
	VALUE(12, CGROUP_INET4_POST_BIND),
	VALUE(13, CGROUP_INET6_POST_BIND),
	VALUE(14, CGROUP_UDP4_SENDMSG),
	VALUE(15, CGROUP_UDP6_SENDMSG),
	VALUE(16, LIRC_MODE2),
	VALUE(17, FLOW_DISSECTOR),
	VALUE(18, CGROUP_SYSCTL),
	VALUE(19, CGROUP_UDP4_RECVMSG),
	VALUE(20, CGROUP_UDP6_RECVMSG),
	VALUE(21, CGROUP_GETSOCKOPT),
	VALUE(22, CGROUP_SETSOCKOPT),
	VALUE(23, TRACE_RAW_TP),
	VALUE(24, TRACE_FENTRY),
	VALUE(25, TRACE_FEXIT),
	VALUE(26, MODIFY_RETURN),
	VALUE(27, LSM_MAC),
	VALUE(28, TRACE_ITER),
	VALUE(29, CGROUP_INET4_GETPEERNAME),
	VALUE(30, CGROUP_INET6_GETPEERNAME),
	VALUE(31, CGROUP_INET4_GETSOCKNAME),
	VALUE(32, CGROUP_INET6_GETSOCKNAME),
	VALUE(33, XDP_DEVMAP),
	VALUE(34, CGROUP_INET_SOCK_RELEASE),
	VALUE(35, XDP_CPUMAP),
	VALUE(36, SK_LOOKUP),
	VALUE(37, XDP),
	VALUE(38, SK_SKB_VERDICT),
	VALUE(39, SK_REUSEPORT_SELECT),
	VALUE(40, SK_REUSEPORT_SELECT_OR_MIGRATE),
	VALUE(41, PERF_EVENT),
	VALUE(42, TRACE_KPROBE_MULTI),
	VALUE(43, LSM_CGROUP),
	VALUE(44, STRUCT_OPS),
	VALUE(45, NETFILTER),
	VALUE(46, TCX_INGRESS),
	VALUE(47, TCX_EGRESS),
	VALUE(48, TRACE_UPROBE_MULTI),
	VALUE(49, CGROUP_UNIX_CONNECT),
	VALUE(50, CGROUP_UNIX_SENDMSG),
	VALUE(51, CGROUP_UNIX_RECVMSG),
	VALUE(52, CGROUP_UNIX_GETPEERNAME),
	VALUE(53, CGROUP_UNIX_GETSOCKNAME),
	VALUE(54, NETKIT_PRIMARY),
	VALUE(55, NETKIT_PEER),
	VALUE(56, TRACE_KPROBE_SESSION),
	VALUE(57, TRACE_UPROBE_SESSION),
	VALUE(58, TRACE_FSESSION),
	VALUE(59, TRACE_FENTRY_MULTI),
	VALUE(60, TRACE_FEXIT_MULTI),
	VALUE(61, TRACE_FSESSION_MULTI),
};

static const struct evring_value_desc prog_flags[] = {
	VALUE(1 << 0, F_STRICT_ALIGNMENT),
	VALUE(1 << 1, F_ANY_ALIGNMENT),
	VALUE(1 << 2, F_TEST_RND_HI32),
	VALUE(1 << 3, F_TEST_STATE_FREQ),
	VALUE(1 << 4, F_SLEEPABLE),
	VALUE(1 << 5, F_XDP_HAS_FRAGS),
	VALUE(1 << 6, F_XDP_DEV_BOUND_ONLY),
	VALUE(1 << 7, F_TEST_REG_INVARIANTS),
	VALUE(1 << 16, F_TOKEN_FD),
};

EVRING_NAMES(evring_bpf_prog_types, "bpf_prog_type", prog_types);
EVRING_NAMES(evring_bpf_attach_types, "bpf_attach_type", attach_types);
EVRING_NAMES(evring_bpf_prog_flags, "bpf_prog_flags", prog_flags);

enum { CALL, LOAD, IS_THERE };

/* int __sys_bpf(cmd, bpfptr_t, size, ...): a bpfptr_t is a pointer and a flag: of the kernel */
static bool enter_call(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct bpf_call *call = data;

	if (((u32)evring_argument(regs, 0) & ~COMMON_ATTRS) != BPF_PROG_LOAD)
		return false;
	*call = (struct bpf_call){
		.given = (const void __user *)evring_argument(regs, 1),
		.by_kernel = evring_argument(regs, 2) & 1,
		.size = evring_argument(regs, 3),
	};
	return true;
}

static struct bpf_call *loading(struct evring_event_hook *hook)
{
	return evring_call_data(&hook->points[CALL].kretprobe.probe);
}

static void keep_request(struct bpf_call *call, const union bpf_attr *attr)
{
	call->is_read = true;
	call->prog_type = attr->prog_type;
	call->instructions = attr->insn_cnt;
	call->attach_type = attr->expected_attach_type;
	call->flags = attr->prog_flags;
	call->attach_btf_id = attr->attach_btf_id;
	memcpy(call->name, attr->prog_name, sizeof(call->name) - 1);
}

/* int bpf_prog_load(union bpf_attr *, bpfptr_t, ...) */
static void enter_load(struct evring_event_hook *hook, struct pt_regs *regs)
{
	struct bpf_call *call = loading(hook);

	if (call)
		keep_request(call, (const union bpf_attr *)evring_argument(regs, 0));
}

/* int security_bpf_prog(struct bpf_prog *), when it gets its descriptor */
static void enter_is_there(struct evring_event_hook *hook, struct pt_regs *regs)
{
	const struct bpf_prog *prog = (const struct bpf_prog *)evring_argument(regs, 0);
	struct bpf_call *call = loading(hook);

	if (call)
		call->id = prog->aux->id;
}

static void leave_call(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct bpf_call *call = data;
	u32 end = sizeof(struct bpf_load);
	union bpf_attr attr = { };
	struct evring_slot slot;
	struct evring_text name;
	struct bpf_load *e;
	bool is_read = call->is_read;

	if (!is_read && !call->by_kernel &&
	    !copy_from_user_nofault(&attr, call->given, min_t(u32, call->size, sizeof(attr))))
		keep_request(call, &attr);
	name = evring_text_of(call->name);
	e = evring_begin_task(&slot, hook->type, end, end + name.len);
	if (!e)
		return;
	e->result = min_t(int, evring_result(regs), 0);
	e->prog_type = call->prog_type;
	e->instructions = call->instructions;
	e->attach_type = call->attach_type;
	e->flags = call->flags;
	e->attach_btf_id = call->attach_btf_id;
	e->id = call->id;
	e->by_kernel = call->by_kernel;
	e->refused_at_once = !is_read;
	e->name = evring_text_put(e, &end, &name);
	evring_hook_submit(hook, &slot);
}

static struct evring_event_hook hooks[] = {
	{
		.desc = &bpf_load_desc,
		EVRING_POINTS([CALL] = EVRING_KRETPROBE(("__sys_bpf"), enter_call, leave_call,
							sizeof(struct bpf_call), ACTIVE),
			      [LOAD] = EVRING_KPROBE(("bpf_prog_load", "bpf_prog_load.isra.0",
						      "bpf_prog_load.constprop.0"), enter_load),
			      [IS_THERE] = EVRING_KPROBE(("security_bpf_prog"), enter_is_there,
							 EVRING_DETAIL)),
	},
};

const struct evring_hook_family evring_bpf_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
