// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls of /dev/evring, as <uapi/linux/evring.h> describes them. Each argument is
 * copied in and out with the size that the caller knows, so that old and new programs
 * use the same calls.
 */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/nospec.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "app.h"
#include "clock.h"
#include "group.h"
#include "hooks/hook.h"
#include "ioctl.h"
#include "lane.h"
#include "name.h"
#include "publish.h"
#include "redact/stage.h"
#include "session.h"
#include "type.h"

/* The argument of any call */
union argument {
	struct evring_meta_read meta;
	struct evring_ring_read ring;
	struct evring_describe describe;
	struct evring_hook hook;
	struct evring_join join;
	struct evring_commit commit;
	struct evring_arm arm;
	struct evring_drop drop;
	struct evring_give give;
	struct evring_filter_read filter;
	struct evring_redact redact;
	struct evring_register reg;
	struct evring_unregister unreg;
};

/* Copy as much of an object as the caller has room for. */
static int give(u64 to, u32 room, const void *from, size_t len)
{
	return copy_to_user(u64_to_user_ptr(to), from, min_t(size_t, room, len)) ? -EFAULT : 0;
}

static int call_meta(struct evring_session *session, union argument *arg)
{
	struct evring_meta_read *read = &arg->meta;
	struct evring_meta_pages *copy;
	int ret;

	if (read->len)
		return -EINVAL;
	copy = kmalloc(sizeof(*copy), GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	evring_groups_snapshot(copy);
	evring_clock_snapshot(copy);
	read->len = sizeof(*copy);
	ret = give(read->to, read->room, copy, sizeof(*copy));
	kfree(copy);
	return ret;
}

static int call_ring(struct evring_session *session, union argument *arg)
{
	struct evring_ring_read *read = &arg->ring;
	struct evring_ring *ring;

	if (read->len || read->reserved)
		return -EINVAL;
	ring = evring_ring_get(read->lane, read->cpu);
	if (!ring)
		return -ENXIO;
	read->len = sizeof(struct evring_ring_pages);
	return give(read->to, read->room, ring->page, read->len);
}

static int call_describe(struct evring_session *session, union argument *arg)
{
	struct evring_describe *info = &arg->describe;
	int ret;

	if (info->flags || info->len || info->generation || info->lane || info->reserved ||
	    info->lost || info->filtered || info->undecided || info->uid || info->reserved1)
		return -EINVAL;
	/* A session that can only publish sees its own user's types alone. */
	ret = evring_type_describe(info, session->mode & FMODE_READ ? NULL :
					 &session->writer->uid);
	if (!ret)
		info->flags |= evring_hook_flags(info->id);
	return ret;
}

/* A name as the ABI wants it: NUL-terminated, and nothing behind the NUL. */
static bool name_clean(const char name[EVRING_NAME_MAX])
{
	size_t len = strnlen(name, EVRING_NAME_MAX);

	return evring_name_valid(name) && !memchr_inv(name + len, 0, EVRING_NAME_MAX - len);
}

/* A group, or nothing for the administrator */
static bool owner_clean(const char name[EVRING_NAME_MAX])
{
	return name[0] ? name_clean(name) : !memchr_inv(name, 0, EVRING_NAME_MAX);
}

static int call_hook(struct evring_session *session, union argument *arg)
{
	struct evring_hook *hook = &arg->hook;
	bool attaches = hook->op == EVRING_HOOK_ATTACH;
	u32 flags = attaches ? EVRING_HOOK_F_LANE | EVRING_HOOK_F_SNAPSHOT : 0;

	if (!name_clean(hook->name) || !owner_clean(hook->group) ||
	    ((hook->filter || hook->limits) && !attaches) || hook->op > EVRING_HOOK_DETACH ||
	    (hook->flags & ~flags) || hook->reserved ||
	    (hook->lane && !(hook->flags & EVRING_HOOK_F_LANE)) || hook->snapshot || hook->told ||
	    hook->owners || hook->state || hook->filters || hook->has || hook->reserved1 ||
	    memchr_inv(hook->why, 0, sizeof(hook->why)))
		return -EINVAL;
	/* To detach for a group, its user needs no capability: evring_hook_ctl() decides. */
	if ((attaches || (hook->op == EVRING_HOOK_DETACH && !hook->group[0])) &&
	    !perfmon_capable())
		return -EPERM;
	return evring_hook_ctl(hook);
}

static int call_filter(struct evring_session *session, union argument *arg)
{
	struct evring_filter_read *read = &arg->filter;

	if (!name_clean(read->name) || !owner_clean(read->group) || read->len ||
	    memchr_inv(&read->limits, 0, sizeof(read->limits)))
		return -EINVAL;
	return evring_hook_filter(read);
}

/* CAP_PERFMON is not enough: a daemon that attaches hooks must not see more by this. */
static int call_redact(struct evring_session *session, union argument *arg)
{
	struct evring_redact *redact = &arg->redact;
	bool queries = redact->op == EVRING_REDACT_QUERY;
	u32 flags = queries ? EVRING_REDACT_F_DEFAULT : 0;
	struct evring_event_type *type;

	if (!name_clean(redact->name) || redact->op > EVRING_REDACT_RESET ||
	    (redact->flags & ~flags) || redact->len || redact->reserved || redact->redacted ||
	    redact->hidden || (redact->rules && redact->op != EVRING_REDACT_SET) ||
	    (!queries && (redact->to || redact->room)) || (queries && redact->generation))
		return -EINVAL;
	if (!queries && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	type = evring_hook_type(redact->name);
	return IS_ERR(type) ? PTR_ERR(type) : evring_redact_ctl(type, redact);
}

static int call_join(struct evring_session *session, union argument *arg)
{
	struct evring_join *join = &arg->join;

	if (join->flags || join->group || join->created || !name_clean(join->name) ||
	    join->policy > EVRING_FOLLOW || join->start > EVRING_LATEST ||
	    !evring_lanes_resolve(&join->lanes) || join->abandon_ms > EVRING_ABANDON_MS_MAX)
		return -EINVAL;
	return evring_group_claim(session, join);
}

static void join_end(struct evring_session *session, const union argument *arg, bool told)
{
	if (told)
		evring_group_take(session, &arg->join);
	else
		evring_group_unclaim(session);
}

static int call_leave(struct evring_session *session, union argument *arg)
{
	return evring_group_leave(session);
}

static int call_commit(struct evring_session *session, union argument *arg)
{
	return evring_group_commit(session, &arg->commit, false);
}

static int call_arm(struct evring_session *session, union argument *arg)
{
	struct evring_arm *arm = &arg->arm;

	if (arm->flags || arm->reserved || !evring_lanes_resolve(&arm->lanes) ||
	    arm->flush_ms > EVRING_FLUSH_MS_MAX || !arm->watermark != !arm->flush_ms)
		return -EINVAL;
	return evring_waiter_arm(&session->waiter, arm);
}

static int call_drop(struct evring_session *session, union argument *arg)
{
	struct evring_drop *drop = &arg->drop;

	if (!name_clean(drop->name) || drop->flags || drop->reserved)
		return -EINVAL;
	return evring_hooks_drop_group(drop->name);
}

static int call_give(struct evring_session *session, union argument *arg)
{
	struct evring_give *give = &arg->give;

	if (!name_clean(give->name) || give->flags)
		return -EINVAL;
	if (!perfmon_capable())
		return -EPERM;
	return evring_group_give(give);
}

static int call_register(struct evring_session *session, union argument *arg)
{
	struct evring_register *reg = &arg->reg;

	if (reg->flags & ~(EVRING_REGISTER_F_KEEP | EVRING_REGISTER_F_UID) || reg->id ||
	    reg->generation || reg->payload_max || reg->lane || reg->reserved)
		return -EINVAL;
	return evring_app_register(session, reg);
}

static int call_unregister(struct evring_session *session, union argument *arg)
{
	if (arg->unreg.flags || arg->unreg.reserved)
		return -EINVAL;
	return evring_app_unregister(session, &arg->unreg);
}

/**
 * struct call - one call
 * @run: executes it; the argument was copied in, and is copied out if this returns 0
 * @end: optional: completes or undoes it. Copying out can fail: @run prepares the call,
 *	and this takes effect if the caller has its answer (@told), else takes it back
 * @min: bytes that each caller knows: up to the last member that ABI 1 began with
 * @size: bytes that we know
 * @out: there is an answer
 * @mode: FMODE_*: how the session must be open, one of them
 */
struct call {
	int (*run)(struct evring_session *session, union argument *arg);
	void (*end)(struct evring_session *session, const union argument *arg, bool told);
	u16 min;
	u16 size;
	bool out;
	fmode_t mode;
};

/* Each one needs a page to go again as soon as it has come. */
#define ANSWER_TRIES	100

#define READS	FMODE_READ
#define WRITES	FMODE_WRITE

#define CALL(_request, _mode, _run, _struct, _last, _out, ...)	\
	[_IOC_NR(_request)] = {					\
		.run = (_run),					\
		.min = offsetofend(struct _struct, _last),	\
		.size = sizeof(struct _struct),			\
		.out = (_out),					\
		.mode = (_mode), ##__VA_ARGS__			\
	}

static const struct call calls[] = {
	CALL(EVRING_IOC_META, READS, call_meta, evring_meta_read, len, true),
	CALL(EVRING_IOC_RING, READS, call_ring, evring_ring_read, reserved, true),
	CALL(EVRING_IOC_DESCRIBE, READS | WRITES, call_describe, evring_describe, lost, true),
	CALL(EVRING_IOC_HOOK, READS, call_hook, evring_hook, filters, true),
	CALL(EVRING_IOC_JOIN, READS, call_join, evring_join, created, true, .end = join_end),
	[_IOC_NR(EVRING_IOC_LEAVE)] = { .run = call_leave, .mode = READS },
	CALL(EVRING_IOC_COMMIT, READS, call_commit, evring_commit, reserved, false),
	CALL(EVRING_IOC_ARM, READS, call_arm, evring_arm, reserved, false),
	CALL(EVRING_IOC_DROP, READS, call_drop, evring_drop, reserved, false),
	CALL(EVRING_IOC_FILTER, READS, call_filter, evring_filter_read, len, true),
	CALL(EVRING_IOC_REGISTER, WRITES, call_register, evring_register, reserved, true),
	CALL(EVRING_IOC_UNREGISTER, WRITES, call_unregister, evring_unregister, reserved, false),
	CALL(EVRING_IOC_REDACT, READS, call_redact, evring_redact, hidden, true),
	CALL(EVRING_IOC_GIVE, READS, call_give, evring_give, flags, false),
};

/*
 * Run a call that is prepared, and completed once its caller has the answer. What it prepared
 * keeps others out: so no page fault comes in between, which may take as long as a process
 * likes (userfaultfd, FUSE). The page is made present without it.
 */
static int call_prepared(struct evring_session *session, const struct call *call,
			 const union argument *asked, void __user *user, size_t size)
{
	unsigned int tries;
	union argument arg;
	bool told;
	int ret;

	for (tries = 0; tries < ANSWER_TRIES; tries++) {
		arg = *asked;
		ret = call->run(session, &arg);
		if (ret)
			return ret;
		pagefault_disable();
		told = !copy_to_user(user, &arg, size);
		pagefault_enable();
		call->end(session, &arg, told);
		if (told)
			return 0;
		if (fatal_signal_pending(current))
			return -EINTR;
		/* With the argument as it was: the next try may fail. */
		if (copy_to_user(user, asked, size))
			break;
	}
	return -EFAULT;
}

/* Run one call; its caller knows @size bytes of the argument. */
static int call_sized(struct evring_session *session, const struct call *call, void __user *user,
		      size_t size)
{
	union argument arg;
	int ret;

	if (!(session->mode & call->mode))
		return -EACCES;
	if (size < call->min)
		return -EINVAL;
	memset(&arg, 0, sizeof(arg));
	ret = copy_struct_from_user(&arg, call->size, user, size);
	if (ret)
		return ret;
	size = min_t(size_t, size, call->size);
	if (call->end)
		return call_prepared(session, call, &arg, user, size);
	ret = call->run(session, &arg);
	if (ret || !call->out)
		return ret;
	return copy_to_user(user, &arg, size) ? -EFAULT : 0;
}

long evring_session_ioctl(struct evring_session *session, unsigned int cmd, unsigned long arg)
{
	unsigned int nr = _IOC_NR(cmd);

	if (_IOC_TYPE(cmd) != EVRING_IOC_MAGIC || nr >= ARRAY_SIZE(calls))
		return -ENOTTY;
	nr = array_index_nospec(nr, ARRAY_SIZE(calls));
	if (!calls[nr].run)
		return -ENOTTY;
	if (!_IOC_SIZE(cmd) && arg)
		return -EINVAL;
	return call_sized(session, &calls[nr], (void __user *)arg, _IOC_SIZE(cmd));
}

bool evring_session_command_known(u32 op)
{
	return op == EVRING_CMD_COMMIT || op == EVRING_CMD_PUBLISH;
}

static int command_commit(struct evring_session *session, const struct evring_uring_cmd *cmd,
			  bool nonblock)
{
	struct evring_commit arg;
	int ret;

	if (!(session->mode & FMODE_READ))
		return -EACCES;
	if (cmd->size < offsetofend(struct evring_commit, reserved))
		return -EINVAL;
	ret = copy_struct_from_user(&arg, sizeof(arg), u64_to_user_ptr(cmd->arg), cmd->size);
	return ret ?: evring_group_commit(session, &arg, nonblock);
}

/*
 * The answer is 0 or an errno, and never a count: on 6.1 a positive one from
 * a worker would complete nothing.
 */
static int command_publish(struct evring_session *session, const struct evring_uring_cmd *cmd,
			   bool nonblock)
{
	struct evring_publish __user *user = u64_to_user_ptr(cmd->arg);
	struct evring_publish arg;
	int ret;

	if (!(session->mode & FMODE_WRITE))
		return -EACCES;
	if (cmd->size < offsetofend(struct evring_publish, reserved))
		return -EINVAL;
	ret = copy_struct_from_user(&arg, sizeof(arg), user, cmd->size);
	/* Fail before anything is published if the count cannot be written. */
	if (!ret && put_user(arg.done, &user->done))
		ret = -EFAULT;
	if (ret)
		return ret;
	ret = evring_publish_command(session, &arg, nonblock);
	return put_user(arg.done, &user->done) ? -EFAULT : ret;
}

/*
 * EVRING_CMD_*; @cmd is a copy. @nonblock: do not wait for room. @again: io_uring calls again
 * from a worker if it is told EAGAIN, which never reaches the caller.
 */
int evring_session_command(struct evring_session *session, u32 op,
			   const struct evring_uring_cmd *cmd, bool nonblock, bool again)
{
	if (!evring_session_command_known(op))
		return -EOPNOTSUPP;
	if (cmd->flags || cmd->size > PAGE_SIZE)
		return -EINVAL;
	if (op == EVRING_CMD_PUBLISH)
		return command_publish(session, cmd, nonblock);
	return command_commit(session, cmd, again);
}
