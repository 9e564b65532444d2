// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changes of a file other than of its content: file.chmod, chown, truncate, setxattr.
 *
 * From the functions that all calls end in once the file was found, by a path or by
 * a descriptor: a call whose path leads to no file is no event. Extended attributes
 * are set where the kernel has forgotten the mount: their path is the filesystem's.
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/string.h>
#include <linux/user_namespace.h>

#include "../compat/call.h"
#include "../compat/kprobe.h"
#include "../compat/symbol.h"
#include "family.h"
#include "file.h"
#include "file_attr.h"
#include "scratch.h"

#define ACTIVE	256	/* calls at once, that wait for the disk or a server */

/* A call under way: the caller has the file until it returns. */
struct attr_call {
	const struct path *path;	/* NULL: the mount is not known */
	struct dentry *dentry;
	const char *name;
	u64 old_size;
	u64 new_size;
	u32 old_owner;
	u32 old_group;
	u32 new_owner;
	u32 new_group;
	u32 flags;
	u32 fd;
	u16 old_mode;
	u16 new_mode;
	bool removed;
	bool told;			/* an inner call tells it */
};

/* Points of file.truncate */
enum { BY_PATH, BY_FILE, REFUSED };

static void call_begin(struct attr_call *call, const struct path *path, struct dentry *dentry)
{
	const struct inode *inode = d_inode(dentry);

	*call = (struct attr_call){
		.path = path,
		.dentry = dentry,
		.old_size = i_size_read(inode),
		.old_mode = inode->i_mode & S_IALLUGO,
		.old_owner = from_kuid(&init_user_ns, inode->i_uid),
		.old_group = from_kgid(&init_user_ns, inode->i_gid),
	};
}

/* int chmod_common(const struct path *, umode_t) */
static bool enter_chmod(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct path *path = (const struct path *)evring_argument(regs, 0);
	struct attr_call *call = data;

	call_begin(call, path, path->dentry);
	call->new_mode = evring_argument(regs, 1) & S_IALLUGO;
	return true;
}

/* int chown_common(const struct path *, uid_t, gid_t) */
static bool enter_chown(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct path *path = (const struct path *)evring_argument(regs, 0);
	struct user_namespace *ns = current_user_ns();
	struct attr_call *call = data;

	call_begin(call, path, path->dentry);
	call->new_owner = from_kuid(&init_user_ns, make_kuid(ns, evring_argument(regs, 1)));
	call->new_group = from_kgid(&init_user_ns, make_kgid(ns, evring_argument(regs, 2)));
	return true;
}

/* long vfs_truncate(const struct path *, loff_t) */
static bool enter_truncate(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct path *path = (const struct path *)evring_argument(regs, 0);
	struct attr_call *call = data;

	call_begin(call, path, path->dentry);
	call->new_size = evring_argument(regs, 1);
	return true;
}

/*
 * int do_truncate(the mount's ids, struct dentry *, loff_t, unsigned int attrs, struct file *)
 *
 * ftruncate() ends here, and so do others: truncate() without a file, open() with a hint,
 * a core dump with no time.
 */
static bool enter_ftruncate(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct file *file = (const struct file *)evring_argument(regs, 4);
	unsigned int attrs = evring_argument(regs, 3);
	struct attr_call *call = data, *outer;

	if (!file || (attrs & (ATTR_MTIME | ATTR_OPEN)) != ATTR_MTIME)
		return false;
	if (hook->points[REFUSED].attached) {
		outer = evring_call_data(&hook->points[REFUSED].kretprobe.probe);
		if (outer)
			outer->told = true;
	}
	call_begin(call, &file->f_path, file->f_path.dentry);
	call->new_size = evring_argument(regs, 2);
	return true;
}

/*
 * int do_ftruncate(struct file *, loff_t, int small), or up to 6.8
 * long do_sys_ftruncate(unsigned int fd, loff_t, int small): it refuses a file to which can
 * only be appended, and asks the security modules, before do_truncate().
 */
#define BY_FD	"do_sys_ftruncate"

static bool is_by_fd(const struct evring_event_hook *hook)
{
	return !strcmp(hook->points[REFUSED].kretprobe.symbol, BY_FD);
}

static bool enter_refused(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct file *file = (const struct file *)evring_argument(regs, 0);
	const unsigned int fd = evring_argument(regs, 0);
	struct file *held = NULL;
	struct attr_call *call = data;

	if (is_by_fd(hook))
		file = held = fget_raw(fd);
	if (!file)
		return false;
	call_begin(call, &file->f_path, file->f_path.dentry);
	call->fd = fd;
	call->new_size = evring_argument(regs, 1);
	if (held)
		fput(held);	/* sleeps for nobody: the last one is left to a task's work */
	return true;
}

/* A stacked filesystem does the same once more, to the file below. */
static bool is_under_way(struct evring_event_hook *hook)
{
	unsigned int i;

	for (i = 0; i < hook->nr_points; i++)
		if (hook->points[i].attached &&
		    evring_call_data(&hook->points[i].kretprobe.probe))
			return true;
	return false;
}

/* int vfs_removexattr(the mount's ids, struct dentry *, const char *name), and of an ACL */
static bool enter_removexattr(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct attr_call *call = data;

	if (is_under_way(hook))
		return false;
	call_begin(call, NULL, (struct dentry *)evring_argument(regs, 1));
	call->name = (const char *)evring_argument(regs, 2);
	call->removed = true;
	return true;
}

/* int vfs_set_acl(the mount's ids, struct dentry *, const char *name, struct posix_acl *) */
static bool enter_set_acl(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct attr_call *call = data;
	bool wanted = enter_removexattr(hook, data, regs);

	call->removed = false;
	return wanted;
}

/*
 * A stacked filesystem's own attribute, which it sets as the user who mounted it. A worker of
 * io_uring has the credentials of its request, and sets what a program asks for: what it makes
 * an overlay set is told, too.
 */
static bool is_overlays(const char *name)
{
	return current_cred() != current_real_cred() && !(current->flags & PF_IO_WORKER) &&
	       (strstarts(name, "trusted.overlay.") || strstarts(name, "user.overlay."));
}

/* int vfs_setxattr(the mount's ids, struct dentry *, name, value, size_t, int flags) */
static bool enter_setxattr(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct attr_call *call = data;

	if (!enter_set_acl(hook, data, regs) || is_overlays(call->name))
		return false;
	call->new_size = evring_argument(regs, 4);
	call->flags = evring_argument(regs, 5);
	return true;
}

/* The start of each event */
struct attr_event {
	struct evring_common common;

	ATTR_FIELDS(__EVRING_MEMBER, attr)
};

static void fill_chmod(void *payload, const struct attr_call *call)
{
	struct file_chmod *e = payload;

	e->old_mode = call->old_mode;
	e->new_mode = call->new_mode;
}

static void fill_chown(void *payload, const struct attr_call *call)
{
	struct file_chown *e = payload;

	e->old_owner = call->old_owner;
	e->old_group = call->old_group;
	e->new_owner = call->new_owner;
	e->new_group = call->new_group;
}

static void fill_truncate(void *payload, const struct attr_call *call)
{
	struct file_truncate *e = payload;

	e->old_size = call->old_size;
	e->new_size = call->new_size;
}

static void fill_setxattr(void *payload, const struct attr_call *call)
{
	struct file_setxattr *e = payload;

	e->size = call->new_size;
	e->flags = call->flags;
	e->removed = call->removed;
}

enum { CHMOD, CHOWN, TRUNCATE, SETXATTR, HOOKS };

static struct evring_event_hook hooks[HOOKS];

/* The differences between the events, at the return */
static const struct {
	u32 size;
	void (*fill)(void *payload, const struct attr_call *call);
} kinds[HOOKS] = {
	[CHMOD] = { sizeof(struct file_chmod), fill_chmod },
	[CHOWN] = { sizeof(struct file_chown), fill_chown },
	[TRUNCATE] = { sizeof(struct file_truncate), fill_truncate },
	[SETXATTR] = { sizeof(struct file_setxattr), fill_setxattr },
};

static struct evring_path_text call_path(const struct attr_call *call, char *room)
{
	struct evring_path_text text;

	if (call->path)
		return evring_path(call->path, room, EVRING_PATH_BYTES);
	text = evring_dentry_path(call->dentry, room, EVRING_PATH_BYTES);
	text.flags |= EVRING_PATH_LOCAL;
	return text;
}

static void fill(struct attr_event *e, const struct attr_call *call, int result)
{
	const struct inode *inode = d_inode(call->dentry);

	evring_fill_common(&e->common);
	e->result = result;
	e->dev = inode->i_sb->s_dev;
	e->inode = inode->i_ino;
	e->file_type = inode->i_mode & S_IFMT;
}

static void leave(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	unsigned int kind = hook - hooks;
	char *room = evring_scratch_get();
	const struct attr_call *call = data;
	struct evring_text texts[2] = { };
	u32 end = kinds[kind].size;
	struct evring_path_text path;
	struct evring_slot slot;
	struct attr_event *e;

	if (!room) {
		evring_lose(hook->type, 1, EVRING_LOST_NESTED);
		return;
	}
	path = call_path(call, room);
	texts[0] = evring_text_path(&path);
	if (call->name)
		texts[1] = evring_text_given(call->name);
	e = evring_begin(&slot, hook->type, end, evring_texts_fit(texts, 2, end));
	if (e) {
		fill(e, call, evring_told_result(evring_result(regs)));
		kinds[kind].fill(e, call);
		e->path = evring_text_put(e, &end, &texts[0]);
		e->path_flags = path.flags | (texts[0].cut ? EVRING_PATH_CUT : 0);
		if (call->name)
			((struct file_setxattr *)e)->name = evring_text_put(e, &end, &texts[1]);
		evring_hook_submit(hook, &slot);
	}
	evring_scratch_put();
}

/*
 * By its descriptor the file is not held any more: if another thread has closed it, or its
 * number is another file's, there is no path to tell, and the call is a loss.
 */
static void leave_refused(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct attr_call *call = data;
	struct file *file = NULL;

	if (call->told || (int)evring_result(regs) >= 0)
		return;
	if (is_by_fd(hook)) {
		file = fget_raw(call->fd);
		call->path = file ? &file->f_path : NULL;
	}
	if (call->path && call->path->dentry == call->dentry)
		leave(hook, data, regs);
	else
		evring_lose(hook->type, 1, EVRING_LOST_PROBE);
	if (file)
		fput(file);
}

#define ATTR_POINT(_symbols, _enter, ...)					\
	EVRING_KRETPROBE(_symbols, _enter, leave, sizeof(struct attr_call), ACTIVE, ##__VA_ARGS__)

#define REFUSED_POINT(_symbols)							\
	EVRING_KRETPROBE(_symbols, enter_refused, leave_refused, sizeof(struct attr_call), \
			 ACTIVE, .optional = true)

static struct evring_event_hook hooks[HOOKS] = {
	[CHMOD] = {
		.desc = &file_chmod_desc,
		.quiet = true,
		EVRING_POINTS(ATTR_POINT(("chmod_common"), enter_chmod)),
	},
	[CHOWN] = {
		.desc = &file_chown_desc,
		.quiet = true,
		EVRING_POINTS(ATTR_POINT(("chown_common"), enter_chown)),
	},
	[TRUNCATE] = {
		.desc = &file_truncate_desc,
		.quiet = true,
		EVRING_POINTS([BY_PATH] = ATTR_POINT(("vfs_truncate"), enter_truncate),
			      [BY_FILE] = ATTR_POINT(("do_truncate"), enter_ftruncate,
						     .optional = true),
			      [REFUSED] = REFUSED_POINT(("do_ftruncate", BY_FD))),
	},
	[SETXATTR] = {
		.desc = &file_setxattr_desc,
		.quiet = true,
		EVRING_POINTS(ATTR_POINT((EVRING_VFS_XATTR("setxattr")), enter_setxattr),
			      ATTR_POINT((EVRING_VFS_XATTR("removexattr")), enter_removexattr,
					 .optional = true),
			      ATTR_POINT((EVRING_VFS_XATTR("set_acl")), enter_set_acl,
					 .optional = true),
			      ATTR_POINT((EVRING_VFS_XATTR("remove_acl")), enter_removexattr,
					 .optional = true)),
	},
};

const struct evring_hook_family evring_file_attr_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
