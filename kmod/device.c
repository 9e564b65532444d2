// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/evring: open, mmap, poll. One open file is one session; its calls are in
 * ioctl.c.
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/moduleparam.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "compat/io_uring.h"
#include "compat/mm.h"
#include "device.h"
#include "group.h"
#include "ioctl.h"
#include "lane.h"

static uint sessions_max = 1024;
module_param(sessions_max, uint, 0444);
MODULE_PARM_DESC(sessions_max, "sessions that one user may have open (default: 1024)");

/**
 * struct evring_user - a user with sessions, whose number is limited: a wake-up visits all
 * @list: of the users
 * @uid: real user id
 * @sessions: how many; the last one takes the user with it
 */
struct evring_user {
	struct list_head list;
	kuid_t uid;
	unsigned int sessions;
};

static LIST_HEAD(users);
static DEFINE_MUTEX(users_lock);

/* The caller with one session more. */
static struct evring_user *user_get(void)
{
	kuid_t uid = current_uid();
	struct evring_user *user;

	mutex_lock(&users_lock);
	list_for_each_entry(user, &users, list)
		if (uid_eq(user->uid, uid))
			goto found;
	user = kzalloc(sizeof(*user), GFP_KERNEL_ACCOUNT);
	if (!user) {
		user = ERR_PTR(-ENOMEM);
		goto out;
	}
	user->uid = uid;
	list_add_tail(&user->list, &users);
found:
	if (user->sessions < sessions_max)
		user->sessions++;
	else
		user = ERR_PTR(-EMFILE);
out:
	mutex_unlock(&users_lock);
	return user;
}

static void user_put(struct evring_user *user)
{
	mutex_lock(&users_lock);
	if (!--user->sessions) {
		list_del_init(&user->list);
		kfree(user);
	}
	mutex_unlock(&users_lock);
}

static int device_open(struct inode *inode, struct file *file)
{
	struct evring_session *session;
	struct evring_user *user;

	/* To write alone is to publish, which this version does not have. */
	if (!(file->f_mode & FMODE_READ))
		return -EOPNOTSUPP;
	user = user_get();
	if (IS_ERR(user))
		return PTR_ERR(user);
	session = kzalloc(sizeof(*session), GFP_KERNEL_ACCOUNT);
	if (!session) {
		user_put(user);
		return -ENOMEM;
	}
	session->user = user;
	evring_waiter_init(&session->waiter);
	file->private_data = session;
	return nonseekable_open(inode, file);
}

static int device_release(struct inode *inode, struct file *file)
{
	struct evring_session *session = file->private_data;

	evring_group_leave(session);
	evring_waiter_exit(&session->waiter);
	user_put(session->user);
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
	struct evring_ring *ring;

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

	poll_wait(file, &session->waiter.queue, table);
	if (READ_ONCE(session->waiter.state) == EVRING_AWAKE)
		return EPOLLIN | EPOLLRDNORM;
	return 0;
}

static long device_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return evring_session_ioctl(file->private_data, cmd, arg);
}

/* A ring's offset for mmap() needs 64 bits: a 32-bit program could join, but not read. */
static long device_compat_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	pr_info_once("evring: %s is a 32-bit program: these cannot read events\n", current->comm);
	return -EOPNOTSUPP;
}

/* Completed inline, always: nothing is ever left to be cancelled. */
static int device_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	/* Shared with user space: read each member once. */
	const struct evring_uring_cmd *sqe = evring_uring_payload(cmd);
	const struct evring_uring_cmd copy = {
		.arg = READ_ONCE(sqe->arg),
		.size = READ_ONCE(sqe->size),
		.flags = READ_ONCE(sqe->flags),
	};

	/* No registered buffer, no multishot; from 6.15 on io_uring lets us judge. */
	if (cmd->flags & IORING_URING_CMD_MASK)
		return cmd->cmd_op == EVRING_CMD_COMMIT ? -EINVAL : -EOPNOTSUPP;
	return evring_session_command(cmd->file->private_data, cmd->cmd_op, &copy);
}

static const struct file_operations device_fops = {
	.owner		= THIS_MODULE,
	.open		= device_open,
	.release	= device_release,
	.mmap		= device_mmap,
	.poll		= device_poll,
	.unlocked_ioctl	= device_ioctl,
	.compat_ioctl	= device_compat_ioctl,
	.uring_cmd	= device_uring_cmd,
};

/*
 * A number of the range for local use, as only a fixed one can be an alias: the
 * node is made at boot (kmod static-nodes) and its first open loads the module.
 */
#define DEVICE_MINOR	251

static struct miscdevice device = {
	.minor	= DEVICE_MINOR,
	.name	= "evring",
	.mode	= 0660,
	.fops	= &device_fops,
};

int evring_device_init(void)
{
	int ret;

	if (!sessions_max) {
		pr_err("evring: sessions_max=0: nobody could open the device\n");
		return -EINVAL;
	}
	ret = misc_register(&device);
	if (ret != -EBUSY)
		return ret;
	pr_info("evring: misc minor %u is taken: /dev/evring gets another one\n", DEVICE_MINOR);
	device.minor = MISC_DYNAMIC_MINOR;
	return misc_register(&device);
}

void evring_device_exit(void)
{
	misc_deregister(&device);
}

MODULE_ALIAS_MISCDEV(DEVICE_MINOR);
MODULE_ALIAS("devname:evring");
