// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changes of names: file.unlink, rmdir, mkdir, mknod, symlink, rename, link.
 *
 * All calls of a kind go through one function of the kernel, io_uring's and those of
 * 32-bit programs too. Its return has the result; but by then the given paths are
 * freed and the names have changed. So the call's data keeps both: the given paths
 * from the entry, and the resolved ones from the check of security modules, just before
 * the change. A call that fails before that check is told by the given path.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>

#include "../compat/call.h"
#include "../compat/kprobe.h"
#include "../compat/symbol.h"
#include "family.h"
#include "file.h"
#include "file_name.h"
#include "scratch.h"

#define ACTIVE		64	/* calls at once, that wait for the folder or the disk */
#define CALL_BYTES	4000	/* of one; kretprobes have a page at most, and their own part */

enum { OUTER, INNER };

/* A path of a call */
struct place {
	int dfd;
	struct evring_text given;
	struct evring_text path;
	u32 path_flags;
};

/* A call under way. Its texts share the room: each leaves its rest to the next. */
struct name_call {
	struct place places[2];
	unsigned int nr;	/* of places */
	struct evring_text target;
	bool resolved;
	u32 dev;
	u32 nlink;
	u64 inode;
	u16 file_type;
	u16 mode;
	u32 arg;		/* mknod's device, rename's and link's flags */
	u32 given;		/* of room: taken by the given paths */
	u32 used;
	char room[];
};

#define ROOM	(CALL_BYTES - offsetof(struct name_call, room))

/* @shares: texts that are still to come, this one included */
static void keep(struct name_call *call, struct evring_text *to, struct evring_text text,
		 unsigned int shares)
{
	/* A given path is a string: room for its NUL. */
	u32 max = (ROOM - call->used) / shares - 1;

	if (text.len > max) {
		text.at += text.len - max;
		text.len = max;
		text.cut = true;
	}
	memcpy(call->room + call->used, text.at, text.len);
	text.at = call->room + call->used;
	call->room[call->used + text.len] = '\0';
	call->used += text.len + 1;
	*to = text;
}

static void call_begin(struct name_call *call, unsigned int nr)
{
	memset(call, 0, sizeof(*call));
	call->nr = nr;
}

/* False: the path could not be read, and the call will say so and no more. */
static bool keep_given(struct name_call *call, unsigned int i, int dfd,
		       const struct filename *name, unsigned int shares)
{
	if (IS_ERR_OR_NULL(name))
		return false;
	call->places[i].dfd = dfd;
	keep(call, &call->places[i].given, evring_text_given(name->name), shares);
	call->given = call->used;
	return true;
}

/* int do_unlinkat(int dfd, struct filename *), with a mode and a device of some others */
static bool enter_one(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct name_call *call = data;

	call_begin(call, 1);
	call->mode = evring_argument(regs, 2);
	call->arg = evring_argument(regs, 3);
	return keep_given(call, 0, evring_argument(regs, 0),
			  (const struct filename *)evring_argument(regs, 1), 2);
}

/* int do_symlinkat(struct filename *target, int dfd, struct filename *) */
static bool enter_symlink(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct filename *target = (const struct filename *)evring_argument(regs, 0);
	struct name_call *call = data;

	call_begin(call, 1);
	if (IS_ERR_OR_NULL(target))
		return false;
	keep(call, &call->target, evring_text_given(target->name), 3);
	return keep_given(call, 0, evring_argument(regs, 1),
			  (const struct filename *)evring_argument(regs, 2), 2);
}

/* int do_renameat2(int dfd, struct filename *, int newdfd, struct filename *new, flags) */
static bool enter_two(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct name_call *call = data;

	call_begin(call, 2);
	call->arg = evring_argument(regs, 4);
	return keep_given(call, 0, evring_argument(regs, 0),
			  (const struct filename *)evring_argument(regs, 1), 4) &&
	       keep_given(call, 1, evring_argument(regs, 2),
			  (const struct filename *)evring_argument(regs, 3), 3);
}

/* The call that current is in the middle of; the same names may be asked for elsewhere. */
static struct name_call *outer_call(struct evring_event_hook *hook)
{
	return evring_call_data(&hook->points[OUTER].kretprobe.probe);
}

static void keep_path(struct name_call *call, unsigned int i, struct vfsmount *mnt,
		      struct dentry *dentry)
{
	const struct path path = { .mnt = mnt, .dentry = dentry };
	struct place *place = &call->places[i];
	char *room = evring_scratch_get();
	struct evring_path_text text;

	if (!room) {
		place->path = (struct evring_text){ .at = call->room };
		place->path_flags = EVRING_PATH_CUT;
		return;
	}
	text = evring_path(&path, room, EVRING_PATH_BYTES);
	keep(call, &place->path, evring_text_path(&text), call->nr - i);
	place->path_flags = text.flags;
	evring_scratch_put();
}

/* The kernel is at the file, and may be there again: after an answer that was stale. */
static void resolve(struct name_call *call, struct dentry *dentry)
{
	const struct inode *inode = d_inode(dentry);

	call->resolved = true;
	call->used = call->given;
	call->dev = dentry->d_sb->s_dev;
	if (!inode)
		return;
	call->inode = inode->i_ino;
	call->file_type = inode->i_mode & S_IFMT;
	call->nlink = inode->i_nlink;
}

/* int security_path_unlink(const struct path *folder, struct dentry *), and so on */
static void enter_place(struct evring_event_hook *hook, struct pt_regs *regs)
{
	const struct path *folder = (const struct path *)evring_argument(regs, 0);
	struct dentry *dentry = (struct dentry *)evring_argument(regs, 1);
	struct name_call *call = outer_call(hook);

	if (!call)
		return;
	resolve(call, dentry);
	keep_path(call, 0, folder->mnt, dentry);
}

/* int security_path_rename(const struct path *, struct dentry *, and both of the new name) */
static void enter_rename(struct evring_event_hook *hook, struct pt_regs *regs)
{
	const struct path *folder = (const struct path *)evring_argument(regs, 0);
	const struct path *new_folder = (const struct path *)evring_argument(regs, 2);
	struct dentry *dentry = (struct dentry *)evring_argument(regs, 1);
	struct name_call *call = outer_call(hook);

	if (!call)
		return;
	resolve(call, dentry);
	keep_path(call, 0, folder->mnt, dentry);
	keep_path(call, 1, new_folder->mnt, (struct dentry *)evring_argument(regs, 3));
}

/* int security_path_link(struct dentry *, const struct path *, struct dentry *new) */
static void enter_link(struct evring_event_hook *hook, struct pt_regs *regs)
{
	const struct path *new_folder = (const struct path *)evring_argument(regs, 1);
	struct dentry *dentry = (struct dentry *)evring_argument(regs, 0);
	struct name_call *call = outer_call(hook);

	if (!call)
		return;
	resolve(call, dentry);
	/* A file is linked within one mount. */
	keep_path(call, 0, new_folder->mnt, dentry);
	keep_path(call, 1, new_folder->mnt, (struct dentry *)evring_argument(regs, 2));
}

/* The path of a place, as far as the kernel got */
static struct evring_text place_path(const struct name_call *call, struct place *place,
				     char *room)
{
	struct evring_path_text text;

	if (call->resolved)
		return place->path;
	if (place->given.cut) {
		place->path_flags = EVRING_PATH_CUT | EVRING_PATH_GIVEN;
		return place->given;
	}
	text = evring_path_given(place->dfd, NULL, place->given.at, room, EVRING_PATH_BYTES);
	place->path_flags = text.flags;
	return evring_text_path(&text);
}

/* The texts of an event, of two places at most */
enum { PATH, PATH_GIVEN, TARGET, NEW_PATH = TARGET, NEW_PATH_GIVEN, TEXTS };

/* The start of each event about one name, and about two */
struct name_event {
	struct evring_common common;

	NAME_FIELDS(__EVRING_MEMBER, name)
};

struct names_event {
	struct evring_common common;

	NAMES_FIELDS(__EVRING_MEMBER, names)
};

static void fill_name(struct name_event *e, struct name_call *call, struct pt_regs *regs,
		      const struct evring_text *texts, u32 *end)
{
	e->path = evring_text_put(e, end, &texts[PATH]);
	e->path_given = evring_text_put(e, end, &texts[PATH_GIVEN]);
	e->path_flags = call->places[0].path_flags | (texts[PATH].cut ? EVRING_PATH_CUT : 0);
	e->path_given_truncated = texts[PATH_GIVEN].cut;
	e->result = evring_told_result(evring_result(regs));
	e->dev = call->dev;
}

static void fill_names(struct names_event *e, struct name_call *call, struct pt_regs *regs,
		       const struct evring_text *texts, u32 *end)
{
	e->path = evring_text_put(e, end, &texts[PATH]);
	e->path_given = evring_text_put(e, end, &texts[PATH_GIVEN]);
	e->new_path = evring_text_put(e, end, &texts[NEW_PATH]);
	e->new_path_given = evring_text_put(e, end, &texts[NEW_PATH_GIVEN]);
	e->path_flags = call->places[0].path_flags | (texts[PATH].cut ? EVRING_PATH_CUT : 0);
	e->new_path_flags = call->places[1].path_flags |
			    (texts[NEW_PATH].cut ? EVRING_PATH_CUT : 0);
	e->path_given_truncated = texts[PATH_GIVEN].cut;
	e->new_path_given_truncated = texts[NEW_PATH_GIVEN].cut;
	e->result = evring_told_result(evring_result(regs));
	e->dev = call->dev;
	e->inode = call->inode;
	e->file_type = call->file_type;
}

static void collect(struct name_call *call, struct evring_text texts[TEXTS], char *room)
{
	texts[PATH] = place_path(call, &call->places[0], room);
	texts[PATH_GIVEN] = call->places[0].given;
	if (call->nr == 1) {
		texts[TARGET] = call->target;
		return;
	}
	texts[NEW_PATH] = place_path(call, &call->places[1], room + EVRING_PATH_BYTES);
	texts[NEW_PATH_GIVEN] = call->places[1].given;
}

static void fill_gone(void *payload, struct name_call *call, struct pt_regs *regs,
		      const struct evring_text *texts, u32 *end)
{
	struct file_unlink *e = payload;

	fill_name(payload, call, regs, texts, end);
	e->inode = call->inode;
	e->file_type = call->file_type;
	e->nlink = call->nlink;
}

static void fill_mkdir(void *payload, struct name_call *call, struct pt_regs *regs,
		       const struct evring_text *texts, u32 *end)
{
	struct file_mkdir *e = payload;

	fill_name(payload, call, regs, texts, end);
	e->mode = call->mode & S_IALLUGO;
}

static void fill_mknod(void *payload, struct name_call *call, struct pt_regs *regs,
		       const struct evring_text *texts, u32 *end)
{
	struct file_mknod *e = payload;

	fill_name(payload, call, regs, texts, end);
	e->file_type = call->mode & S_IFMT ?: S_IFREG;
	e->mode = call->mode & S_IALLUGO;
	if (S_ISCHR(call->mode) || S_ISBLK(call->mode))
		e->rdev = new_decode_dev(call->arg);
}

static void fill_symlink(void *payload, struct name_call *call, struct pt_regs *regs,
			 const struct evring_text *texts, u32 *end)
{
	struct file_symlink *e = payload;

	fill_name(payload, call, regs, texts, end);
	e->target = evring_text_put(e, end, &texts[TARGET]);
	e->target_truncated = texts[TARGET].cut;
}

static void fill_rename(void *payload, struct name_call *call, struct pt_regs *regs,
			const struct evring_text *texts, u32 *end)
{
	struct file_rename *e = payload;

	fill_names(payload, call, regs, texts, end);
	e->flags = call->arg;
}

static_assert(sizeof(struct file_rmdir) == sizeof(struct file_unlink));
static_assert(sizeof(struct file_link) == sizeof(struct file_rename));

enum { UNLINK, RMDIR, MKDIR, MKNOD, SYMLINK, RENAME, LINK, HOOKS };

static struct evring_event_hook hooks[HOOKS];

/* The differences between the events, at the return */
static const struct {
	u32 size;
	unsigned int nr_texts;
	void (*fill)(void *payload, struct name_call *call, struct pt_regs *regs,
		     const struct evring_text *texts, u32 *end);
} kinds[HOOKS] = {
	[UNLINK] = { sizeof(struct file_unlink), 2, fill_gone },
	[RMDIR] = { sizeof(struct file_rmdir), 2, fill_gone },
	[MKDIR] = { sizeof(struct file_mkdir), 2, fill_mkdir },
	[MKNOD] = { sizeof(struct file_mknod), 2, fill_mknod },
	[SYMLINK] = { sizeof(struct file_symlink), 3, fill_symlink },
	[RENAME] = { sizeof(struct file_rename), 4, fill_rename },
	[LINK] = { sizeof(struct file_link), 4, fill_rename },
};

static void leave(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	unsigned int kind = hook - hooks, nr = kinds[kind].nr_texts;
	char *room = evring_scratch_get();
	struct evring_text texts[TEXTS];
	u32 end = kinds[kind].size;
	struct evring_slot slot;
	void *e;

	if (!room) {
		evring_lose(hook->type, 1, EVRING_LOST_NESTED);
		return;
	}
	collect(data, texts, room);
	e = evring_begin_task(&slot, hook->type, end, evring_texts_fit(texts, nr, end));
	if (e) {
		kinds[kind].fill(e, data, regs, texts, &end);
		evring_hook_submit(hook, &slot);
	}
	evring_scratch_put();
}

static_assert(EVRING_SCRATCH_BYTES >= 2 * EVRING_PATH_BYTES);

/* do_NAMEat() up to 6.19, filename_NAMEat() from then on */
#define NAME_HOOK(_name, _outer, _enter, _inner) {				\
	.desc = &file_##_name##_desc,						\
	.quiet = true,								\
	EVRING_POINTS([OUTER] = EVRING_KRETPROBE(("do_" _outer, "filename_" _outer), _enter, \
						 leave, CALL_BYTES, ACTIVE),	\
		      [INNER] = EVRING_KPROBE((EVRING_SECURITY_PATH(#_name)), _inner, \
					      EVRING_DETAIL)),			\
}

static struct evring_event_hook hooks[HOOKS] = {
	[UNLINK] = NAME_HOOK(unlink, "unlinkat", enter_one, enter_place),
	[RMDIR] = NAME_HOOK(rmdir, "rmdir", enter_one, enter_place),
	[MKDIR] = NAME_HOOK(mkdir, "mkdirat", enter_one, enter_place),
	[MKNOD] = NAME_HOOK(mknod, "mknodat", enter_one, enter_place),
	[SYMLINK] = NAME_HOOK(symlink, "symlinkat", enter_symlink, enter_place),
	[RENAME] = NAME_HOOK(rename, "renameat2", enter_two, enter_rename),
	[LINK] = NAME_HOOK(link, "linkat", enter_two, enter_link),
};

const struct evring_hook_family evring_file_name_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
