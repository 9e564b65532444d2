// SPDX-License-Identifier: GPL-2.0-only
/*
 * The path of a file as text, as d_path() gives it, from any context. d_path() spins
 * on rename_lock and mount_lock, which sleeps on PREEMPT_RT, it needs a task that
 * still has its fs, and it fails if the buffer is too small. The walk here, from the
 * file to the root, is bounded and takes no lock; a path that does not fit loses its
 * front.
 *
 * RCU keeps the dentries and mounts of the walk. rename_lock's count tells of a rename
 * meanwhile, and the walk is repeated. mount_lock is not exported, so a mount that is
 * moved or unmounted meanwhile goes unnoticed: the part above it may be old or new.
 */
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/fs_struct.h>
#include <linux/magic.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../compat/mount.h"
#include "names.h"
#include "path.h"

#define STEPS_MAX	512	/* names and mounts of one path */
#define TRIES_MAX	3

static const struct evring_value_desc path_flags[] = {
	{ EVRING_PATH_CUT, "cut", "the front of the path is missing" },
	{ EVRING_PATH_DELETED, "deleted", "the file has no name any more" },
	{ EVRING_PATH_UNREACHABLE, "unreachable", "the file is not below the task's root" },
	{ EVRING_PATH_RACED, "raced", "a rename came in between" },
	{ EVRING_PATH_GIVEN, "given", "the path as it was given: the kernel did not get that far" },
	{ EVRING_PATH_LOCAL, "local", "from the root of its filesystem, whose mount is not known" },
};

EVRING_NAMES(evring_path_flags, "path_flags", path_flags);

/* struct evring_mount is as this kernel's mounts are: not where structures are shuffled. */
static bool mounts_known = !IS_ENABLED(CONFIG_RANDSTRUCT);

/* A text that grows to the front; @room bytes of @buf are free */
struct text {
	char *buf;
	u32 room;
	u32 flags;
	bool unsure;	/* a rename may come in between, and the walk is not repeated */
};

/* False: it did not fit, and only its end was put there. */
static bool text_prepend(struct text *text, const char *from, u32 len)
{
	bool fits = len <= text->room;

	if (!fits) {
		from += len - text->room;
		len = text->room;
		text->flags |= EVRING_PATH_CUT;
	}
	text->room -= len;
	/*
	 * Pointer and length of a name that is being changed may not be a pair. Then there is
	 * the name's NUL, and the kernel's own memory behind it.
	 */
	if (copy_from_kernel_nofault(text->buf + text->room, from, len) ||
	    (text->unsure && memchr(text->buf + text->room, '\0', len)))
		memset(text->buf + text->room, '?', len);
	return fits;
}

static bool text_prepend_slash(struct text *text)
{
	if (!text->room) {
		text->flags |= EVRING_PATH_CUT;
		return false;
	}
	text->buf[--text->room] = '/';
	return true;
}

static bool text_prepend_name(struct text *text, const struct dentry *dentry)
{
	/* acquire: pairs with smp_store_release() in the kernel's __d_alloc() */
	const char *name = (const char *)smp_load_acquire(&dentry->d_name.name);

	return text_prepend(text, name, READ_ONCE(dentry->d_name.len)) &&
	       text_prepend_slash(text);
}

/* From the file up to @root; without one, to the top of the mounts or the filesystem. */
static void walk(struct text *text, struct path at, const struct path *root)
{
	const struct evring_mount *mount;
	const struct dentry *parent;
	unsigned int step;

	for (step = 0; step < STEPS_MAX; step++) {
		if (at.dentry == root->dentry && at.mnt == root->mnt)
			return;
		parent = READ_ONCE(at.dentry->d_parent);
		if (at.mnt && at.dentry == at.mnt->mnt_root) {
			if (!mounts_known)
				break;
			mount = evring_mount(at.mnt);
			at.dentry = READ_ONCE(mount->mountpoint);
			mount = READ_ONCE(mount->parent);
			if (at.mnt == &mount->mnt) {
				text->flags |= root->mnt ? EVRING_PATH_UNREACHABLE : 0;
				return;
			}
			at.mnt = (struct vfsmount *)&mount->mnt;
			continue;
		}
		if (at.dentry == parent) {
			/* The file was moved out of the mounted tree. */
			text->flags |= at.mnt ? EVRING_PATH_UNREACHABLE : 0;
			return;
		}
		if (!text_prepend_name(text, at.dentry))
			return;
		at.dentry = (struct dentry *)parent;
	}
	text->flags |= EVRING_PATH_CUT;
}

/* Walk until no rename came in between. */
static void walk_stable(struct text *text, const struct path *path, const struct path *root)
{
	/* The bare count: on PREEMPT_RT one that has a lock could make us sleep. */
	const seqcount_t *renames = &rename_lock.seqcount.seqcount;
	const struct text start = *text;
	unsigned int seq, tries = 0;

	rcu_read_lock();
	do {
		*text = start;
		text->unsure = tries == TRIES_MAX - 1;
		seq = raw_read_seqcount(renames);
		walk(text, *path, root);
		if (!(seq & 1) && !read_seqcount_retry(renames, seq))
			goto out;
	} while (++tries < TRIES_MAX);
	text->flags |= EVRING_PATH_RACED;
out:
	rcu_read_unlock();
}

/* The root of current, if it has one still. Another thread's chroot() may be under way. */
static void current_root(struct path *root)
{
	const struct fs_struct *fs = current->fs;
	unsigned int tries = 0;

	*root = (struct path){ };
	if (!fs)
		return;
	do {
		root->mnt = READ_ONCE(fs->root.mnt);
		root->dentry = READ_ONCE(fs->root.dentry);
	} while ((root->mnt != READ_ONCE(fs->root.mnt) ||
		  root->dentry != READ_ONCE(fs->root.dentry)) && ++tries < TRIES_MAX);
}

/*
 * The kernel's own filesystems with a d_dname() that takes no lock. Others may take one:
 * dma-buf's sleeps on PREEMPT_RT.
 */
static bool names_without_lock(const struct super_block *sb)
{
	switch (sb->s_magic) {
	case ANON_INODE_FS_MAGIC:
	case EVRING_PID_FS_MAGIC:
	case HUGETLBFS_MAGIC:
	case NSFS_MAGIC:
	case PIPEFS_MAGIC:
	case SOCKFS_MAGIC:
	case TMPFS_MAGIC:
		return true;
	default:
		return false;
	}
}

/*
 * Pipes, sockets, memfds: the filesystem makes a name up, somewhere in the buffer. If it
 * may not be asked, or has none that fits, the name is as a pipe's: kind:[inode].
 */
static struct evring_path_text made_up(struct dentry *dentry, char *buf, u32 size)
{
	const struct super_block *sb = dentry->d_sb;
	char *at = ERR_PTR(-ENAMETOOLONG);
	u32 len;

	if (names_without_lock(sb))
		at = dentry->d_op->d_dname(dentry, buf, size);
	if (IS_ERR(at)) {
		at = buf;
		len = scnprintf(buf, size, "%s:[%lu]", sb->s_type->name,
				(unsigned long)d_inode(dentry)->i_ino);
	} else {
		len = strnlen(at, buf + size - at);
	}
	memmove(buf + size - len, at, len);
	return (struct evring_path_text){ .at = buf + size - len, .len = len };
}

static struct evring_path_text path_text(const struct path *path, const struct path *root,
					 char *buf, u32 size)
{
	static const char deleted[] = " (deleted)", unreachable[] = "(unreachable)";
	struct text text = { .buf = buf, .room = size };

	/* One that has no inode is about to be made, not deleted. */
	if (d_unlinked(path->dentry) && d_really_is_positive(path->dentry)) {
		text.flags |= EVRING_PATH_DELETED;
		text_prepend(&text, deleted, strlen(deleted));
	}
	walk_stable(&text, path, root);
	/* The root itself */
	if ((text.room == size || buf[text.room] == ' ') && !(text.flags & EVRING_PATH_CUT))
		text_prepend_slash(&text);
	if ((text.flags & EVRING_PATH_UNREACHABLE) && text.room >= strlen(unreachable))
		text_prepend(&text, unreachable, strlen(unreachable));
	return (struct evring_path_text){
		.at = buf + text.room, .len = size - text.room, .flags = text.flags,
	};
}

/* The same as evring_path() from another root, which stays referenced, or is none */
struct evring_path_text evring_path_from(const struct path *root, const struct path *path,
					 char *buf, u32 size)
{
	struct dentry *dentry = path->dentry;

	/* As in d_path(): one that is mounted has a path. */
	if (dentry->d_op && dentry->d_op->d_dname &&
	    (!IS_ROOT(dentry) || dentry != path->mnt->mnt_root))
		return made_up(dentry, buf, size);
	return path_text(path, root, buf, size);
}

/**
 * evring_path() - a path from current's root, marked as the kernel marks them:
 * "(unreachable)" in front, " (deleted)" behind. The text ends where the buffer does
 * @path: the caller makes sure that it stays referenced
 * @buf: room for the text
 * @size: of @buf, 64 at least
 *
 * Context: any, but in an interrupt the root is that of the interrupted task.
 */
struct evring_path_text evring_path(const struct path *path, char *buf, u32 size)
{
	struct path root;

	current_root(&root);
	return evring_path_from(&root, path, buf, size);
}

/* The same where no mount is known: the path in the filesystem. */
struct evring_path_text evring_dentry_path(struct dentry *dentry, char *buf, u32 size)
{
	const struct path path = { .dentry = dentry }, none = { };

	return path_text(&path, &none, buf, size);
}

/* Is it mounted on no other mount? False also where mounts are not known. Any context. */
bool evring_path_is_top(const struct vfsmount *mnt)
{
	const struct evring_mount *mount = evring_mount(mnt);

	return mounts_known && READ_ONCE(mount->parent) == mount;
}

/* Does evring_path() say the same as d_path() of @name? True if there is no @name. */
static bool mount_agrees(const char *name, char *ours, char *theirs)
{
	struct evring_path_text text;
	struct path path;
	bool agrees;
	char *told;

	if (kern_path(name, LOOKUP_FOLLOW, &path))
		return true;
	told = d_path(&path, theirs, EVRING_PATH_BYTES);
	text = evring_path(&path, ours, EVRING_PATH_BYTES);
	agrees = !IS_ERR(told) && strlen(told) == text.len && !memcmp(told, text.at, text.len);
	path_put(&path);
	return agrees;
}

/* May sleep. */
void evring_paths_init(void)
{
	static const char *const names[] = { "/", "/proc", "/sys", "/dev", "/run" };
	char *buf = kmalloc(2 * EVRING_PATH_BYTES, GFP_KERNEL);
	unsigned int i;

	mounts_known &= !!buf;
	for (i = 0; mounts_known && i < ARRAY_SIZE(names); i++)
		mounts_known &= mount_agrees(names[i], buf, buf + EVRING_PATH_BYTES);
	kfree(buf);
	if (!mounts_known)
		pr_warn("evring: struct mount is another one on this kernel: paths begin at their mount, and are marked as cut\n");
}
