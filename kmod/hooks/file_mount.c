// SPDX-License-Identifier: GPL-2.0-only
/*
 * file.mount, file.umount, file.pivot_root.
 *
 * mount() ends in path_mount(), umount() in path_umount(), with the place found; a
 * remount by fsconfig() in reconfigure_super(), which has no place, but a filesystem.
 * move_mount() and pivot_root() give their paths to security modules alone, and their
 * result to the system call's return: if a call is refused before, there are no paths.
 */
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/fs_struct.h>
#include <linux/mount.h>
#include <linux/string.h>
#include <uapi/linux/mount.h>

#include "../compat/call.h"
#include "../compat/kprobe.h"
#include "../compat/symbol.h"
#include "family.h"
#include "file.h"
#include "file_mount.h"

#define ACTIVE	32
#define ROOM	1900	/* of a path; two of them and the rest are less than a page */
#define TYPE	32

/* A call under way */
struct mount_call {
	struct evring_text path;
	struct evring_text other;	/* source, or the folder for the old root */
	u32 path_flags;
	u32 other_flags;
	u32 flags;
	bool type_cut;
	char type[TYPE];
	char room[2][ROOM];
};

enum { PATH_MOUNT, RECONFIGURE, MOVE_MOUNT, MOVE_MOUNT_32, MOVE_PATHS };
enum { PIVOT, PIVOT_32, PIVOT_PATHS };

static void keep_path(struct evring_text *to, u32 *flags, char room[ROOM], const struct path *path)
{
	struct evring_path_text text = evring_path(path, room, ROOM);

	*to = evring_text_path(&text);
	*flags = text.flags;
}

static void keep_type(struct mount_call *call, const char *type)
{
	if (type)
		call->type_cut = strscpy(call->type, type, sizeof(call->type)) < 0;
}

static struct mount_call *call_begin(void *data)
{
	struct mount_call *call = data;

	memset(call, 0, offsetof(struct mount_call, room));
	return call;
}

/* int path_mount(const char *source, struct path *, const char *type, unsigned long, void *) */
static bool enter_mount(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const char *source = (const char *)evring_argument(regs, 0);
	struct mount_call *call = call_begin(data);

	keep_path(&call->path, &call->path_flags, call->room[0],
		  (const struct path *)evring_argument(regs, 1));
	if (source)
		call->other = evring_text_given(source);
	keep_type(call, (const char *)evring_argument(regs, 2));
	call->flags = evring_argument(regs, 3);
	if ((call->flags & MS_MGC_MSK) == MS_MGC_VAL)
		call->flags &= ~MS_MGC_MSK;
	return true;
}

/*
 * int reconfigure_super(struct fs_context *): a remount that names a filesystem and no
 * mount, by fsconfig(). path_mount() tells of its own, but where all data for calls of it
 * is in use.
 */
static bool enter_reconfigure(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct fs_context *fc = (const struct fs_context *)evring_argument(regs, 0);
	struct evring_path_text path;
	struct mount_call *call;

	if (evring_call_data(&hook->points[PATH_MOUNT].kretprobe.probe))
		return false;
	call = call_begin(data);
	path = evring_dentry_path(fc->root, call->room[0], ROOM);
	call->path = evring_text_path(&path);
	call->path_flags = path.flags | EVRING_PATH_LOCAL;
	strscpy(call->room[1], fc->root->d_sb->s_id, ROOM);
	call->other = evring_text_kept(call->room[1], ROOM);
	keep_type(call, fc->root->d_sb->s_type->name);
	call->flags = MS_REMOUNT | fc->sb_flags;
	return true;
}

/* A system call that gives its paths to security modules: the inner probe has them. */
static bool enter_call(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	call_begin(data);
	return true;
}

/* Likewise, but MOVE_MOUNT_SET_GROUP moves nothing: the mount joins a sharing group. */
static bool enter_move_mount(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	return !(evring_call_argument(4) & MOVE_MOUNT_SET_GROUP) && enter_call(hook, data, regs);
}

/* The call that current is in the middle of, by either table of system calls */
static struct mount_call *outer_call(struct evring_event_hook *hook, unsigned int first)
{
	struct mount_call *call = NULL;
	unsigned int i;

	for (i = first; i < first + 2 && !call; i++)
		if (hook->points[i].attached)
			call = evring_call_data(&hook->points[i].kretprobe.probe);
	return call;
}

/*
 * A mount that is mounted nowhere yet has no path: take the filesystem's own name and, behind
 * it, the folder that it shows, as findmnt(8) does. fsmount() makes one of a whole filesystem,
 * or of a subvolume; open_tree() clones any: nothing tells one from the other.
 */
static void keep_unmounted(struct mount_call *call, const struct path *from)
{
	const struct super_block *sb = from->mnt->mnt_sb;
	const u32 id_len = strnlen(sb->s_id, sizeof(sb->s_id) - 1);
	char *room = call->room[1], *at;
	struct evring_path_text text;

	if (from->dentry == sb->s_root) {
		strscpy(room, sb->s_id, ROOM);
		call->other = evring_text_kept(room, ROOM);
		return;
	}
	text = evring_dentry_path(from->dentry, room + sizeof(sb->s_id),
				  ROOM - sizeof(sb->s_id) - 1);
	at = room + ROOM - 1 - text.len - 1 - id_len;
	memcpy(at, sb->s_id, id_len);
	at[id_len] = '[';
	room[ROOM - 1] = ']';
	text.at = at;
	text.len += id_len + 2;
	call->other = evring_text_path(&text);
	call->other_flags = text.flags;
}

/* Is it mounted nowhere? The mount of the task's root has nothing above it, either. */
static bool is_unmounted(const struct vfsmount *mnt)
{
	return evring_path_is_top(mnt) && !(current->fs && READ_ONCE(current->fs->root.mnt) == mnt);
}

/* int security_move_mount(const struct path *from, const struct path *to) */
static void enter_move_paths(struct evring_event_hook *hook, struct pt_regs *regs)
{
	const struct path *from = (const struct path *)evring_argument(regs, 0);
	struct mount_call *call = outer_call(hook, MOVE_MOUNT);

	if (!call)
		return;
	keep_path(&call->path, &call->path_flags, call->room[0],
		  (const struct path *)evring_argument(regs, 1));
	keep_type(call, from->mnt->mnt_sb->s_type->name);
	if (is_unmounted(from->mnt)) {
		keep_unmounted(call, from);
		return;
	}
	call->flags = MS_MOVE;
	keep_path(&call->other, &call->other_flags, call->room[1], from);
}

/* int path_umount(struct path *, int flags) */
static bool enter_umount(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct path *path = (const struct path *)evring_argument(regs, 0);
	struct mount_call *call = call_begin(data);

	keep_path(&call->path, &call->path_flags, call->room[0], path);
	keep_type(call, path->mnt->mnt_sb->s_type->name);
	call->flags = evring_argument(regs, 1);
	return true;
}

/* int security_sb_pivotroot(const struct path *put_old, const struct path *new_root) */
static void enter_pivot_paths(struct evring_event_hook *hook, struct pt_regs *regs)
{
	struct mount_call *call = outer_call(hook, PIVOT);

	if (!call)
		return;
	keep_path(&call->other, &call->other_flags, call->room[1],
		  (const struct path *)evring_argument(regs, 0));
	keep_path(&call->path, &call->path_flags, call->room[0],
		  (const struct path *)evring_argument(regs, 1));
}

static u32 path_flags(u32 flags, const struct evring_text *text)
{
	return flags | (text->cut ? EVRING_PATH_CUT : 0);
}

static void leave_mount(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct mount_call *call = data;
	struct evring_text texts[] = {
		call->path, call->other, evring_text_kept(call->type, TYPE),
	};
	struct evring_slot slot;
	u32 end = sizeof(struct file_mount);
	struct file_mount *e = evring_begin_task(&slot, hook->type, end,
						 evring_texts_fit(texts, ARRAY_SIZE(texts), end));

	if (!e)
		return;
	e->path = evring_text_put(e, &end, &texts[0]);
	e->source = evring_text_put(e, &end, &texts[1]);
	e->type = evring_text_put(e, &end, &texts[2]);
	e->result = evring_told_result(evring_result(regs));
	e->flags = call->flags;
	e->path_flags = path_flags(call->path_flags, &texts[0]);
	e->source_truncated = texts[1].cut || (call->other_flags & EVRING_PATH_CUT);
	e->type_truncated = call->type_cut;
	evring_hook_submit(hook, &slot);
}

static void leave_umount(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct mount_call *call = data;
	struct evring_text texts[] = { call->path, evring_text_kept(call->type, TYPE) };
	struct evring_slot slot;
	u32 end = sizeof(struct file_umount);
	struct file_umount *e = evring_begin_task(&slot, hook->type, end,
						  evring_texts_fit(texts, ARRAY_SIZE(texts), end));

	if (!e)
		return;
	e->path = evring_text_put(e, &end, &texts[0]);
	e->type = evring_text_put(e, &end, &texts[1]);
	e->result = evring_told_result(evring_result(regs));
	e->flags = call->flags;
	e->path_flags = path_flags(call->path_flags, &texts[0]);
	evring_hook_submit(hook, &slot);
}

static void leave_pivot_root(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct mount_call *call = data;
	struct evring_text texts[] = { call->path, call->other };
	struct evring_slot slot;
	u32 end = sizeof(struct file_pivot_root);
	const u32 len = evring_texts_fit(texts, ARRAY_SIZE(texts), end);
	struct file_pivot_root *e = evring_begin_task(&slot, hook->type, end, len);

	if (!e)
		return;
	e->path = evring_text_put(e, &end, &texts[0]);
	e->put_old = evring_text_put(e, &end, &texts[1]);
	e->result = evring_told_result(evring_result(regs));
	e->path_flags = path_flags(call->path_flags, &texts[0]);
	e->put_old_flags = path_flags(call->other_flags, &texts[1]);
	evring_hook_submit(hook, &slot);
}

#define CALL_POINT(_symbols, _enter, _leave, ...)				\
	EVRING_KRETPROBE(_symbols, _enter, _leave, sizeof(struct mount_call), ACTIVE, \
			 ##__VA_ARGS__)

static struct evring_event_hook hooks[] = {
	{
		.desc = &file_mount_desc,
		EVRING_POINTS([PATH_MOUNT] = CALL_POINT(("path_mount"), enter_mount, leave_mount),
			      [RECONFIGURE] = CALL_POINT(("reconfigure_super"), enter_reconfigure,
							 leave_mount, .optional = true),
			      [MOVE_MOUNT] = CALL_POINT((EVRING_SYSCALL("move_mount")),
							enter_move_mount, leave_mount,
							.optional = true),
			      [MOVE_MOUNT_32] = CALL_POINT((EVRING_SYSCALL_32("move_mount")),
							   enter_move_mount, leave_mount,
							   .optional = true),
			      [MOVE_PATHS] = EVRING_KPROBE((EVRING_SECURITY_MOUNT("move_mount")),
							   enter_move_paths,
							   EVRING_DETAIL)),
	},
	{
		.desc = &file_umount_desc,
		EVRING_POINTS(CALL_POINT(("path_umount"), enter_umount, leave_umount)),
	},
	{
		.desc = &file_pivot_root_desc,
		EVRING_POINTS([PIVOT] = CALL_POINT((EVRING_SYSCALL("pivot_root")), enter_call,
						   leave_pivot_root),
			      [PIVOT_32] = CALL_POINT((EVRING_SYSCALL_32("pivot_root")), enter_call,
						      leave_pivot_root, .optional = true),
			      [PIVOT_PATHS] = EVRING_KPROBE((EVRING_SECURITY_MOUNT("sb_pivotroot")),
							    enter_pivot_paths,
							    EVRING_DETAIL)),
	},
};

const struct evring_hook_family evring_file_mount_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
