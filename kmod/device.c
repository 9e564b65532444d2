// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/evring: open, mmap, poll. One open file is one session; its calls are in
 * ioctl.c.
 */
#include <linux/compat.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "compat/io_uring.h"
#include "compat/mm.h"
#include "device.h"
#include "group.h"
#include "ioctl.h"
#include "lane.h"
#include "publish.h"
#include "session.h"
#include "user.h"

/* Two nodes, one driver: the second one can only be opened for writing alone. */
static struct miscdevice device, publish_device;

static bool is_publish_node(const struct file *file)
{
	return file->private_data == &publish_device;	/* misc_open() leaves it there */
}

static bool loaded;	/* no step of the load is left that can fail */

static int device_open(struct inode *inode, struct file *file)
{
	struct evring_session *session;
	int ret = -ENOMEM;

	/* A module whose load fails goes, whoever has it open. The other node is the last step. */
	if (is_publish_node(file) && !READ_ONCE(loaded))
		return -ENODEV;
	if (is_publish_node(file) && file->f_mode & FMODE_READ)
		return -EACCES;
	session = kzalloc(sizeof(*session), GFP_KERNEL_ACCOUNT);
	if (!session)
		return -ENOMEM;
	session->mode = file->f_mode & (FMODE_READ | FMODE_WRITE);
	session->user = evring_user_get();
	if (IS_ERR(session->user)) {
		ret = PTR_ERR(session->user);
		goto err_user;
	}
	if (session->mode & FMODE_WRITE) {
		session->writer = evring_writer_alloc();
		if (!session->writer)
			goto err_writer;
		/* write() with IOCB_NOWAIT returns EAGAIN, so io_uring needs no worker. */
		file->f_mode |= FMODE_NOWAIT;
	}
	evring_waiter_init(&session->waiter);
	file->private_data = session;
	return nonseekable_open(inode, file);

err_writer:
	evring_user_put(session->user);
err_user:
	kfree(session);
	return ret;
}

static int device_release(struct inode *inode, struct file *file)
{
	struct evring_session *session = file->private_data;

	evring_group_leave(session);
	evring_waiter_exit(&session->waiter);
	evring_writer_free(session->writer);
	evring_user_put(session->user);
	kfree(session);
	return 0;
}

/*
 * By number, not by page: the pages are the module's, so they must not count as
 * the memory of each process that looks at them, nor be pinned by it. They are
 * there for as long as the module is, and a mapping keeps that.
 */
static int map_pages(struct vm_area_struct *vma, struct page **pages, unsigned long nr)
{
	unsigned long i, n, pfn;
	int ret = 0;

	if (vma_pages(vma) != nr)
		return -EINVAL;
	for (i = 0; i < nr && !ret; i += n) {
		pfn = page_to_pfn(pages[i]);
		for (n = 1; i + n < nr && page_to_pfn(pages[i + n]) == pfn + n; n++)
			;
		ret = remap_pfn_range(vma, vma->vm_start + (i << PAGE_SHIFT),
				      pfn, n << PAGE_SHIFT, vma->vm_page_prot);
	}
	return ret;
}

static int map_meta(struct vm_area_struct *vma)
{
	struct page *pages[PFN_UP(sizeof(*evring_meta_pages))];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pages); i++)
		pages[i] = virt_to_page((void *)evring_meta_pages + i * PAGE_SIZE);
	return map_pages(vma, pages, ARRAY_SIZE(pages));
}

static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u32 lane = (offset >> 52) & 0xff, cpu = (offset >> 32) & 0xfffff;
	struct evring_session *session = file->private_data;
	struct evring_ring *ring;

	/* The kernel sees to that, too. */
	if (!(session->mode & FMODE_READ))
		return -EACCES;
	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EPERM;
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	vm_flags_clear(vma, VM_MAYWRITE | VM_MAYEXEC);
	vm_flags_set(vma, VM_DONTCOPY);	/* remap_pfn_range() sets DONTEXPAND and DONTDUMP */
	if (offset == EVRING_MMAP_META)
		return map_meta(vma);
	if (offset != EVRING_MMAP_RING(lane, cpu))
		return -EINVAL;
	ring = evring_ring_get(lane, cpu);
	if (!ring)
		return -ENXIO;
	return map_pages(vma, ring->pages, ring->nr_pages);
}

static __poll_t device_poll(struct file *file, struct poll_table_struct *table)
{
	struct evring_session *session = file->private_data;
	__poll_t mask = 0;

	if (session->mode & FMODE_WRITE)
		mask |= evring_publish_poll(session, file, table);
	if (session->mode & FMODE_READ) {
		poll_wait(file, &session->waiter.queue, table);
		if (READ_ONCE(session->waiter.state) == EVRING_AWAKE)
			mask |= EPOLLIN | EPOLLRDNORM;
	}
	return mask;
}

/* The VFS has checked that the descriptor is open for writing. */
static ssize_t device_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	bool nonblock = iocb->ki_filp->f_flags & O_NONBLOCK || iocb->ki_flags & IOCB_NOWAIT;

	return evring_write_iter(iocb->ki_filp->private_data, from, nonblock);
}

/* One buffer: the VFS then makes no iterator of it, which takes as long as an event. */
static ssize_t device_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	return evring_write(file->private_data, from, len, file->f_flags & O_NONBLOCK);
}

static long device_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return evring_session_ioctl(file->private_data, cmd, arg);
}

/* A ring's offset for mmap() needs 64 bits: a 32-bit program could join, but not read. */
static long device_compat_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct evring_session *session = file->private_data;

	if (!(session->mode & FMODE_READ))
		return evring_session_ioctl(session, cmd, (unsigned long)compat_ptr(arg));
	pr_info_once("evring: %s is a 32-bit program: these cannot read events\n", current->comm);
	return -EOPNOTSUPP;
}

/*
 * A command is completed within a call, and none is left behind by one. If there is no room,
 * or a commit would have to wait for a lock, it returns EAGAIN, and io_uring calls again from
 * a worker, which may wait, but for room not with O_NONBLOCK.
 */
static int device_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	/* Shared with user space: read each member once. */
	const struct evring_uring_cmd *sqe = evring_uring_payload(cmd);
	bool inlined = issue_flags & IO_URING_F_NONBLOCK;
	bool nonblock = cmd->file->f_flags & O_NONBLOCK;
	const struct evring_uring_cmd copy = {
		.arg = READ_ONCE(sqe->arg),
		.size = READ_ONCE(sqe->size),
		.flags = READ_ONCE(sqe->flags),
	};

	/* No registered buffer, no multishot; from 6.15 on io_uring lets us judge. */
	if (cmd->flags & IORING_URING_CMD_MASK)
		return evring_session_command_known(cmd->cmd_op) ? -EINVAL : -EOPNOTSUPP;
	return evring_session_command(cmd->file->private_data, cmd->cmd_op, &copy,
				      nonblock || inlined, inlined);
}

static const struct file_operations device_fops = {
	.owner		= THIS_MODULE,
	.open		= device_open,
	.release	= device_release,
	.mmap		= device_mmap,
	.write		= device_write,
	.write_iter	= device_write_iter,
	.poll		= device_poll,
	.unlocked_ioctl	= device_ioctl,
	.compat_ioctl	= device_compat_ioctl,
	.uring_cmd	= device_uring_cmd,
};

/*
 * Numbers of the range for local use, as only fixed ones can be aliases: the
 * nodes are made at boot (kmod static-nodes) and the first open loads the module.
 */
#define DEVICE_MINOR	251
#define PUBLISH_MINOR	252

static struct miscdevice device = {
	.minor	= DEVICE_MINOR,
	.name	= "evring",
	.mode	= 0660,
	.fops	= &device_fops,
};

/* A node has one group, and other users may publish than may read: so two nodes. */
static struct miscdevice publish_device = {
	.minor	= PUBLISH_MINOR,
	.name	= "evring-publish",
	.mode	= 0220,
	.fops	= &device_fops,
};

static int node_register(struct miscdevice *node)
{
	int ret = misc_register(node);

	if (ret != -EBUSY)
		return ret;
	pr_info("evring: misc minor %u is taken: /dev/%s gets another one\n", node->minor,
		node->name);
	node->minor = MISC_DYNAMIC_MINOR;
	return misc_register(node);
}

int evring_device_init(void)
{
	int ret = node_register(&publish_device);

	if (ret)
		return ret;
	/* Last, as nothing may fail once a program can attach hooks. */
	ret = node_register(&device);
	if (ret)
		misc_deregister(&publish_device);
	else
		WRITE_ONCE(loaded, true);
	return ret;
}

void evring_device_exit(void)
{
	misc_deregister(&device);
	misc_deregister(&publish_device);
}

MODULE_ALIAS_MISCDEV(DEVICE_MINOR);
MODULE_ALIAS("devname:evring");
MODULE_ALIAS_MISCDEV(PUBLISH_MINOR);
MODULE_ALIAS("devname:evring-publish");
