// SPDX-License-Identifier: GPL-2.0-only
/*
 * uring.setup, uring.op: io_uring's rings, and the requests in them.
 *
 * A request is told when the kernel takes it from the ring, in the task that asked or
 * in the ring's own thread, which belongs to the same process. The events of files and
 * sockets tell its effects, with the result.
 */
#include <linux/io_uring_types.h>
#include <linux/sched.h>
#include <uapi/linux/io_uring.h>

#include "../compat/kprobe.h"
#include "../compat/uring_trace.h"
#include "family.h"
#include "names.h"
#include "uring.h"

#define ACTIVE	64

#define REGISTERED_FD_ONLY	BIT(15)	/* IORING_SETUP_*, of newer kernels */

/* Numbers of the ABI; an older kernel has the first of these. */
#define OPERATION(_nr, _name)	{ (_nr), #_name, "" }

static const struct evring_value_desc operations[] = {
	OPERATION(0, NOP),
	OPERATION(1, READV),
	OPERATION(2, WRITEV),
	OPERATION(3, FSYNC),
	OPERATION(4, READ_FIXED),
	OPERATION(5, WRITE_FIXED),
	OPERATION(6, POLL_ADD),
	OPERATION(7, POLL_REMOVE),
	OPERATION(8, SYNC_FILE_RANGE),
	OPERATION(9, SENDMSG),
	OPERATION(10, RECVMSG),
	OPERATION(11, TIMEOUT),
	OPERATION(12, TIMEOUT_REMOVE),
	OPERATION(13, ACCEPT),
	OPERATION(14, ASYNC_CANCEL),
	OPERATION(15, LINK_TIMEOUT),
	OPERATION(16, CONNECT),
	OPERATION(17, FALLOCATE),
	OPERATION(18, OPENAT),
	OPERATION(19, CLOSE),
	OPERATION(20, FILES_UPDATE),
	OPERATION(21, STATX),
	OPERATION(22, READ),
	OPERATION(23, WRITE),
	OPERATION(24, FADVISE),
	OPERATION(25, MADVISE),
	OPERATION(26, SEND),
	OPERATION(27, RECV),
	OPERATION(28, OPENAT2),
	OPERATION(29, EPOLL_CTL),
	OPERATION(30, SPLICE),
	OPERATION(31, PROVIDE_BUFFERS),
	OPERATION(32, REMOVE_BUFFERS),
	OPERATION(33, TEE),
	OPERATION(34, SHUTDOWN),
	OPERATION(35, RENAMEAT),
	OPERATION(36, UNLINKAT),
	OPERATION(37, MKDIRAT),
	OPERATION(38, SYMLINKAT),
	OPERATION(39, LINKAT),
	OPERATION(40, MSG_RING),
	OPERATION(41, FSETXATTR),
	OPERATION(42, SETXATTR),
	OPERATION(43, FGETXATTR),
	OPERATION(44, GETXATTR),
	OPERATION(45, SOCKET),
	OPERATION(46, URING_CMD),
	OPERATION(47, SEND_ZC),
	OPERATION(48, SENDMSG_ZC),
	OPERATION(49, READ_MULTISHOT),
	OPERATION(50, WAITID),
	OPERATION(51, FUTEX_WAIT),
	OPERATION(52, FUTEX_WAKE),
	OPERATION(53, FUTEX_WAITV),
	OPERATION(54, FIXED_FD_INSTALL),
	OPERATION(55, FTRUNCATE),
	OPERATION(56, BIND),
	OPERATION(57, LISTEN),
	OPERATION(58, RECV_ZC),
	OPERATION(59, EPOLL_WAIT),
	OPERATION(60, READV_FIXED),
	OPERATION(61, WRITEV_FIXED),
	OPERATION(62, PIPE),
	OPERATION(63, NOP128),
	OPERATION(64, URING_CMD128),
};

EVRING_NAMES(evring_uring_operations, "uring_operation", operations);

static const struct evring_value_desc setup_flags[] = {
	{ 1U << 0, "IOPOLL", "the kernel polls for results" },
	{ 1U << 1, "SQPOLL", "a thread of the kernel's looks for requests" },
	{ 1U << 2, "SQ_AFF", "that thread is bound to a CPU" },
	{ 1U << 3, "CQSIZE", "the caller chose how many results fit" },
	{ 1U << 4, "CLAMP", "take less than asked for rather than fail" },
	{ 1U << 5, "ATTACH_WQ", "share the workers of another ring" },
	{ 1U << 6, "R_DISABLED", "not enabled yet" },
	{ 1U << 7, "SUBMIT_ALL", "go on after a request that is wrong" },
	{ 1U << 8, "COOP_TASKRUN", "results wait for the task's next call" },
	{ 1U << 9, "TASKRUN_FLAG", "a flag tells of such results" },
	{ 1U << 10, "SQE128", "requests of 128 bytes" },
	{ 1U << 11, "CQE32", "results of 32 bytes" },
	{ 1U << 12, "SINGLE_ISSUER", "one task alone submits" },
	{ 1U << 13, "DEFER_TASKRUN", "results wait until they are asked for" },
	{ 1U << 14, "NO_MMAP", "the caller brings the memory" },
	{ REGISTERED_FD_ONLY, "REGISTERED_FD_ONLY", "no descriptor, a registered one alone" },
	{ 1U << 16, "NO_SQARRAY", "no table of indices" },
	{ 1U << 17, "HYBRID_IOPOLL", "sleep, then poll" },
	{ 1U << 18, "CQE_MIXED", "results of both sizes" },
	{ 1U << 19, "SQE_MIXED", "requests of both sizes" },
	{ 1U << 20, "SQ_REWIND", "each call starts at the first request" },
};

EVRING_NAMES(evring_uring_setup_flags, "uring_setup_flags", setup_flags);

static const struct evring_value_desc entry_flags[] = {
	{ IOSQE_FIXED_FILE, "FIXED_FILE", "of a registered file" },
	{ IOSQE_IO_DRAIN, "IO_DRAIN", "after all before it" },
	{ IOSQE_IO_LINK, "IO_LINK", "the next one comes after it" },
	{ IOSQE_IO_HARDLINK, "IO_HARDLINK", "likewise, even if it fails" },
	{ IOSQE_ASYNC, "ASYNC", "by a worker" },
	{ IOSQE_BUFFER_SELECT, "BUFFER_SELECT", "into a buffer that the kernel chooses" },
	{ IOSQE_CQE_SKIP_SUCCESS, "CQE_SKIP_SUCCESS", "no result unless it fails" },
};

EVRING_NAMES(evring_uring_entry_flags, "uring_entry_flags", entry_flags);

#define ENTRY_FLAGS	(IOSQE_FIXED_FILE | IOSQE_IO_DRAIN | IOSQE_IO_LINK | IOSQE_IO_HARDLINK | \
			 IOSQE_ASYNC | IOSQE_BUFFER_SELECT | IOSQE_CQE_SKIP_SUCCESS)

static void emit_setup(struct evring_event_hook *hook, const struct uring_setup *what)
{
	struct evring_slot slot;
	struct uring_setup *e = evring_begin_task(&slot, hook->type, sizeof(*e), sizeof(*e));

	if (!e)
		return;
	/* Member by member: padding of a structure on the stack would leak the stack. */
	e->result = what->result;
	e->fd = what->fd;
	e->sq_entries = what->sq_entries;
	e->cq_entries = what->cq_entries;
	e->flags = what->flags;
	evring_hook_submit(hook, &slot);
}

static void probe_create(void *data, int fd, void *ctx, u32 sq_entries, u32 cq_entries, u32 flags)
{
	const struct uring_setup what = {
		/* Else the ring's place among the task's registered ones */
		.fd = flags & REGISTERED_FD_ONLY ? -1 : fd,
		.sq_entries = sq_entries, .cq_entries = cq_entries, .flags = flags,
	};
	struct evring_event_hook *hook = data;

	if (!evring_hook_leaves_out(hook))
		emit_setup(hook, &what);
}

/* long io_uring_setup(u32 entries, struct io_uring_params __user *) */
static bool enter_setup(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	*(u32 *)data = evring_argument(regs, 0);
	return true;
}

static void leave_setup(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct uring_setup what = {
		.result = evring_result(regs), .fd = -1, .sq_entries = *(const u32 *)data,
	};

	if (what.result < 0)
		emit_setup(hook, &what);
}

/* The flags of an entry are the first ones of its request. */
static void probe_submit(void *data, EVRING_URING_SUBMIT_ARGS)
{
	struct evring_event_hook *hook = data;
	struct evring_slot slot;
	struct uring_op *e;

	if (evring_hook_leaves_out(hook))
		return;
	e = evring_begin_task(&slot, hook->type, sizeof(*e), sizeof(*e));
	if (!e)
		return;
	e->operation = req->opcode;
	e->flags = (__force u32)req->flags & ENTRY_FLAGS;
	e->user_data = req->cqe.user_data;
	evring_hook_submit(hook, &slot);
}

/* Tracepoints are found by name, and take any probe: these are of the right type. */
static void __maybe_unused probes_check(void)
{
	check_trace_callback_type_io_uring_create(probe_create);
	EVRING_URING_SUBMIT_CHECK(probe_submit);
}

static struct evring_event_hook hooks[] = {
	{
		.desc = &uring_setup_desc,
		.quiet = true,
		EVRING_POINTS(EVRING_TRACEPOINT("io_uring_create", probe_create),
			      EVRING_KRETPROBE(("io_uring_setup"), enter_setup, leave_setup,
					       sizeof(u32), ACTIVE, .optional = true)),
	},
	{
		.desc = &uring_op_desc,
		.quiet = true,
		EVRING_POINTS(EVRING_TRACEPOINT(EVRING_URING_SUBMIT, probe_submit)),
	},
};

const struct evring_hook_family evring_uring_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
