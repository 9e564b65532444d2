// SPDX-License-Identifier: GPL-2.0-only
/*
 * file.open: every way to open a file by its path, or by its handle, ends in one of
 * two functions of the kernel: those of 32-bit programs and io_uring, too. Their
 * return has the file or the error. Where opening fails after the path was
 * resolved, the file is known to two inner functions alone: their returns tell of
 * such a failure, and the outer one does not tell it again.
 *
 * A file that exec opens in order to run it is no event: process.exec tells of it.
 */
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#include "../compat/call.h"
#include "../compat/kprobe.h"
#include "../compat/open.h"
#include "family.h"
#include "file.h"
#include "file_open.h"
#include "scratch.h"

#define ACTIVE	1024	/* opens that wait at once, for a FIFO's other end, a disk, a server */

enum { BY_PATH, BY_ROOT, IN_MAY_OPEN, IN_VFS_OPEN, ALLOWED };

/* From the entry of the outer function to its return: all of it is there till then. */
struct open_call {
	const char *given;
	const struct path *base;
	const struct evring_open_flags *op;
	int dfd;
	bool opening;	/* in vfs_open(), which a stacked filesystem calls again */
	bool told;
	bool pending;
};

/* Of an inner function */
struct inner_call {
	struct open_call *outer;
	const struct path *path;
};

static bool is_wanted(const struct open_call *call)
{
	return !(call->op->open_flag & __FMODE_EXEC);
}

/* An attempt that would have to wait; io_uring makes it first, and then the real one. */
static bool is_attempt(const struct open_call *call)
{
	return call->op->lookup_flags & LOOKUP_CACHED;
}

/* As the task gave them; io_uring adds O_NONBLOCK to its attempt. */
static u32 open_flags(const struct open_call *call)
{
	return is_attempt(call) ? call->op->open_flag & ~O_NONBLOCK : call->op->open_flag;
}

/* file *do_filp_open(int dfd, struct filename *, const struct open_flags *) */
static bool enter_by_path(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct filename *name = (const struct filename *)evring_argument(regs, 1);
	struct open_call *call = data;

	if (IS_ERR_OR_NULL(name))
		return false;
	*call = (struct open_call){
		.given = name->name,
		.op = (const struct evring_open_flags *)evring_argument(regs, 2),
		.dfd = evring_argument(regs, 0),
	};
	return is_wanted(call);
}

/* file *do_file_open_root(const struct path *, const char *, const struct open_flags *) */
static bool enter_by_root(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct open_call *call = data;

	*call = (struct open_call){
		.given = (const char *)evring_argument(regs, 1),
		.base = (const struct path *)evring_argument(regs, 0),
		.op = (const struct evring_open_flags *)evring_argument(regs, 2),
	};
	return is_wanted(call);
}

static void fill_inode(struct file_open *e, const struct inode *inode)
{
	if (!inode)
		return;
	e->inode = inode->i_ino;
	e->dev = inode->i_sb->s_dev;
	e->file_type = inode->i_mode & S_IFMT;
}

/* With RESOLVE_IN_ROOT a slash in front is the folder that the caller gave. */
static const char *given_from(const struct open_call *call)
{
	const char *given = call->given;

	while (call->op->lookup_flags & LOOKUP_IN_ROOT && *given == '/')
		given++;
	return given;
}

/* @path: NULL where the kernel did not get to the file; @file: NULL where it failed */
static void emit(struct evring_event_hook *hook, struct open_call *call, const struct path *path,
		 const struct file *file, int result)
{
	u32 end = sizeof(struct file_open), flags = open_flags(call);
	char *room = evring_scratch_get();
	struct evring_path_text where;
	struct evring_text texts[2];
	struct evring_slot slot;
	struct file_open *e;

	if (!room) {
		evring_lose(hook->type, 1, EVRING_LOST_NESTED);
		return;
	}
	where = path ? evring_path(path, room, EVRING_PATH_BYTES) :
		evring_path_given(call->dfd, call->base, given_from(call), room, EVRING_PATH_BYTES);
	texts[0] = evring_text_path(&where);
	texts[1] = evring_text_given(call->given);
	e = evring_begin_task(&slot, hook->type, sizeof(*e), evring_texts_fit(texts, 2, end));
	if (!e)
		goto out;
	e->path = evring_text_put(e, &end, &texts[0]);
	e->path_given = evring_text_put(e, &end, &texts[1]);
	e->path_flags = where.flags | (texts[0].cut ? EVRING_PATH_CUT : 0);
	e->path_given_truncated = texts[1].cut;
	e->flags = flags;
	e->mode = call->op->mode & S_IALLUGO;
	e->result = result;
	fill_inode(e, file ? file_inode(file) : path ? d_inode(path->dentry) : NULL);
	e->created = file && (file->f_mode & FMODE_CREATED || flags & __O_TMPFILE);
	e->truncated = file && (flags & O_TRUNC) && !e->created && e->file_type == S_IFREG;
	e->pending = call->pending;
	evring_hook_submit(hook, &slot);
out:
	evring_scratch_put();
}

static void leave_outer(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct file *file = (const struct file *)evring_result(regs);
	struct open_call *call = data;

	if (!IS_ERR_OR_NULL(file))
		emit(hook, call, &file->f_path, file, 0);
	else if (!call->told && !(PTR_ERR(file) == -EAGAIN && is_attempt(call)))
		emit(hook, call, NULL, NULL, evring_told_result(PTR_ERR(file)));
}

/* The open that current is in the middle of */
static struct open_call *outer_call(struct evring_event_hook *hook)
{
	struct open_call *call = evring_call_data(&hook->points[BY_PATH].kretprobe.probe);

	return call ? call : evring_call_data(&hook->points[BY_ROOT].kretprobe.probe);
}

/* int may_open(the mount's ids, const struct path *, int acc_mode, int flag) */
static bool enter_may_open(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct inner_call *call = data;

	*call = (struct inner_call){
		.outer = outer_call(hook),
		.path = (const struct path *)evring_argument(regs, 1),
	};
	return call->outer;
}

/* int vfs_open(const struct path *, struct file *) */
static bool enter_vfs_open(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct inner_call *call = data;

	*call = (struct inner_call){
		.outer = outer_call(hook),
		.path = (const struct path *)evring_argument(regs, 0),
	};
	if (!call->outer || call->outer->opening)
		return false;
	call->outer->opening = true;
	return true;
}

static void leave_may_open(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct inner_call *call = data;
	int result = evring_result(regs);

	if (result >= 0 || call->outer->told || (result == -EAGAIN && is_attempt(call->outer)))
		return;
	call->outer->told = true;
	emit(hook, call->outer, call->path, NULL, evring_told_result(result));
}

static void leave_vfs_open(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct inner_call *call = data;

	call->outer->opening = false;
	/* The path is looked up again, without RCU or from the server. */
	if ((int)evring_result(regs) != -EOPENSTALE)
		leave_may_open(hook, data, regs);
}

/*
 * int security_file_open(struct file *)
 *
 * A user with many opens that wait has no call data for one more: such an open is told
 * here, where the kernel knows each file that a path led to. Files that the kernel opens
 * for itself are not told.
 */
static void enter_allowed(struct evring_event_hook *hook, struct pt_regs *regs)
{
	const struct file *file = (const struct file *)evring_argument(regs, 0);
	struct evring_open_flags op = { };
	struct open_call call = { .given = "", .op = &op, .pending = true };

	if (!evring_kretprobe_refuses(&hook->points[BY_PATH]) || outer_call(hook) ||
	    (file->f_flags & __FMODE_EXEC) || (file->f_mode & FMODE_NOACCOUNT))
		return;
	op.open_flag = file->f_flags;
	emit(hook, &call, &file->f_path, file, 0);
}

#define OUTER_POINT(_symbols, _enter, ...)					\
	EVRING_KRETPROBE(_symbols, _enter, leave_outer, sizeof(struct open_call), ACTIVE, \
			 ##__VA_ARGS__)

#define INNER_POINT(_symbol, _enter, _leave)					\
	EVRING_KRETPROBE((_symbol), _enter, _leave, sizeof(struct inner_call), ACTIVE, \
			 EVRING_DETAIL)

static struct evring_event_hook hooks[] = {
	{
		.desc = &file_open_desc,
		.quiet = true,
		EVRING_POINTS([BY_PATH] = OUTER_POINT(("do_filp_open", "do_file_open"),
						      enter_by_path),
			      [BY_ROOT] = OUTER_POINT(("do_file_open_root"), enter_by_root,
						      .optional = true),
			      [IN_MAY_OPEN] = INNER_POINT("may_open", enter_may_open,
							  leave_may_open),
			      [IN_VFS_OPEN] = INNER_POINT("vfs_open", enter_vfs_open,
							  leave_vfs_open),
			      [ALLOWED] = EVRING_KPROBE(("security_file_open"), enter_allowed,
							.optional = true)),
	},
};

const struct evring_hook_family evring_file_open_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
