// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changes of descriptors: file.redirect, file.close_write.
 *
 * Two functions put a descriptor into a process's table: do_dup2() one that the caller
 * has chosen, fd_install() the lowest that is free, for dup(), fcntl() and every call
 * that makes a file, after a close() of the standard stream. Both are told at their
 * entry.
 */
#include <linux/fdtable.h>
#include <linux/fs.h>
#include <linux/net.h>
#include <linux/un.h>

#include "../compat/kprobe.h"
#include "family.h"
#include "file.h"
#include "file_redirect.h"
#include "net.h"
#include "scratch.h"

#define STDERR	2

/* A socket, with both ends; all 0 where the file is none */
struct socket_ends {
	struct evring_socket_kind kind;
	struct evring_end local;
	struct evring_end remote;
	struct evring_text name;	/* of a Unix socket, in @room */
	char room[UNIX_PATH_MAX];
};

static void find_ends(struct socket_ends *ends, struct file *file)
{
	memset(ends, 0, offsetof(struct socket_ends, room));
#ifdef CONFIG_NET
	const struct socket *sock = sock_from_file(file);

	if (!sock || !sock->sk)
		return;
	ends->kind = evring_socket_kind(sock->sk);
	ends->local = evring_end_local(sock->sk);
	ends->remote = evring_end_remote(sock->sk);
	ends->name = evring_end_name(&ends->local, ends->room);
#endif
}

static void redirect(struct evring_event_hook *hook, unsigned int fd, struct file *file)
{
	const struct inode *inode = file_inode(file);
	u32 end = sizeof(struct file_redirect);
	struct socket_ends ends;
	struct file_redirect *e;
	struct evring_slot slot;

	if (fd > STDERR || (!S_ISSOCK(inode->i_mode) && !S_ISFIFO(inode->i_mode)))
		return;
	find_ends(&ends, file);
	e = evring_begin_task(&slot, hook->type, end, end + ends.name.len);
	if (!e)
		return;
	e->fd = fd;
	e->file_type = inode->i_mode & S_IFMT;
	e->inode = inode->i_ino;
	e->family = ends.kind.family;
	e->socket_type = ends.kind.type;
	e->protocol = ends.kind.protocol;
	e->local_address = ends.local.address;
	e->local_port = ends.local.port;
	e->remote_address = ends.remote.address;
	e->remote_port = ends.remote.port;
	e->local_path = evring_text_put(e, &end, &ends.name);
	evring_hook_submit(hook, &slot);
}

/*
 * A call under way, as an open(), has the descriptor and no file for it yet: do_dup2() fails,
 * for this alone. Its caller holds the table's lock, so it finds the same as this function.
 */
static bool is_taken(struct files_struct *files, unsigned int fd)
{
	const struct fdtable *table = files_fdtable(files);

	return fd < table->max_fds && !rcu_access_pointer(table->fd[fd]) &&
	       test_bit(fd, table->open_fds);
}

/*
 * int do_dup2(struct files_struct *, struct file *, unsigned int fd, unsigned int flags): not
 * at its return, which comes after it has closed the file that was there, and that can take
 * as long as its filesystem likes.
 */
static void enter_dup2(struct evring_event_hook *hook, struct pt_regs *regs)
{
	const unsigned int fd = evring_argument(regs, 2);

	if (!is_taken((struct files_struct *)evring_argument(regs, 0), fd))
		redirect(hook, fd, (struct file *)evring_argument(regs, 1));
}

/* void fd_install(unsigned int fd, struct file *) */
static void enter_install(struct evring_event_hook *hook, struct pt_regs *regs)
{
	redirect(hook, evring_argument(regs, 0), (struct file *)evring_argument(regs, 1));
}

/*
 * Files without a descriptor are left out: those below a stacked filesystem's, and the
 * kernel's own, such as that of shared memory. A file that was not opened has no inode.
 */
static bool was_written(const struct file *file)
{
	return (file->f_mode & (FMODE_OPENED | FMODE_WRITE | FMODE_NOACCOUNT)) ==
	       (FMODE_OPENED | FMODE_WRITE) &&
	       S_ISREG(file_inode(file)->i_mode) && !IS_PRIVATE(file_inode(file));
}

/* void __fput(struct file *): nobody has the file any more. */
static void enter_fput(struct evring_event_hook *hook, struct pt_regs *regs)
{
	const struct file *file = (const struct file *)evring_argument(regs, 0);
	const struct inode *inode = file_inode(file);
	u32 end = sizeof(struct file_close_write);
	struct file_close_write *e;
	struct evring_path_text path;
	struct evring_text text;
	struct evring_slot slot;
	char *room;

	if (!was_written(file))
		return;
	room = evring_scratch_get();
	if (!room) {
		evring_lose(hook->type, 1, EVRING_LOST_NESTED);
		return;
	}
	path = evring_path(&file->f_path, room, EVRING_PATH_BYTES);
	text = evring_text_path(&path);
	e = evring_begin_task(&slot, hook->type, sizeof(*e), evring_texts_fit(&text, 1, end));
	if (e) {
		e->path = evring_text_put(e, &end, &text);
		e->inode = inode->i_ino;
		e->size = i_size_read(inode);
		e->dev = inode->i_sb->s_dev;
		e->flags = file->f_flags;
		e->path_flags = path.flags | (text.cut ? EVRING_PATH_CUT : 0);
		evring_hook_submit(hook, &slot);
	}
	evring_scratch_put();
}

static struct evring_event_hook hooks[] = {
	{
		.desc = &file_redirect_desc,
		.quiet = true,
		EVRING_POINTS(EVRING_KPROBE(("do_dup2"), enter_dup2),
			      EVRING_KPROBE(("fd_install"), enter_install)),
	},
	{
		.desc = &file_close_write_desc,
		.quiet = true,
		EVRING_POINTS(EVRING_KPROBE(("__fput"), enter_fput)),
	},
};

const struct evring_hook_family evring_file_redirect_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
