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
#include <net/inet_sock.h>
#include <net/sock.h>

#include "../compat/kprobe.h"
#include "family.h"
#include "file.h"
#include "file_redirect.h"
#include "scratch.h"

#define STDERR	2

#ifdef CONFIG_NET
static void fill_ipv4(struct evring_fixed16 *to, __be32 address)
{
	memset(to, 0, 10);
	memset(to->bytes + 10, 0xff, 2);
	memcpy(to->bytes + 12, &address, sizeof(address));
}

static void fill_addresses(struct file_redirect *e, const struct sock *sk)
{
	const struct inet_sock *inet = inet_sk(sk);

	if (sk->sk_family == AF_INET) {
		fill_ipv4(&e->local_address, inet->inet_rcv_saddr);
		fill_ipv4(&e->remote_address, inet->inet_daddr);
#if IS_ENABLED(CONFIG_IPV6)
	} else if (sk->sk_family == AF_INET6) {
		memcpy(&e->local_address, &sk->sk_v6_rcv_saddr, sizeof(e->local_address));
		memcpy(&e->remote_address, &sk->sk_v6_daddr, sizeof(e->remote_address));
#endif
	} else {
		return;
	}
	e->local_port = ntohs(inet->inet_sport);
	e->remote_port = ntohs(inet->inet_dport);
}

static void fill_socket(struct file_redirect *e, struct file *file)
{
	const struct socket *sock = sock_from_file(file);
	const struct sock *sk = sock ? sock->sk : NULL;

	if (!sk)
		return;
	e->family = sk->sk_family;
	e->socket_type = sock->type;
	e->protocol = sk->sk_protocol;
	fill_addresses(e, sk);
}
#else
static void fill_socket(struct file_redirect *e, struct file *file)
{
}
#endif

static void redirect(struct evring_event_hook *hook, unsigned int fd, struct file *file)
{
	const struct inode *inode = file_inode(file);
	struct evring_slot slot;
	struct file_redirect *e;

	if (fd > STDERR || (!S_ISSOCK(inode->i_mode) && !S_ISFIFO(inode->i_mode)))
		return;
	e = evring_begin_task(&slot, hook->type, sizeof(*e), sizeof(*e));
	if (!e)
		return;
	e->fd = fd;
	e->file_type = inode->i_mode & S_IFMT;
	e->inode = inode->i_ino;
	fill_socket(e, file);
	evring_hook_submit(hook, &slot);
}

/*
 * A call under way, as an open(), has the descriptor and no file for it yet: do_dup2() fails,
 * for this alone. It is called with the table's lock, so what is found here it finds too.
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

/* A file below a stacked filesystem's, or of the kernel's own, is nobody's descriptor. */
static bool was_written(const struct file *file)
{
	return (file->f_mode & (FMODE_OPENED | FMODE_WRITE | FMODE_NOACCOUNT)) ==
	       (FMODE_OPENED | FMODE_WRITE) && S_ISREG(file_inode(file)->i_mode);
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
