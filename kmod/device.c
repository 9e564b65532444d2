// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/evring: one open file is one session. Each call first refuses what it
 * does not know, then does one thing; what the things are is told in
 * <uapi/linux/evring.h>.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/moduleparam.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat/io_uring.h"
#include "compat/mm.h"
#include "evring.h"

#define FLUSH_MS_MAX	60000

static uint sessions_max = 1024;
module_param(sessions_max, uint, 0444);
MODULE_PARM_DESC(sessions_max, "sessions that one user may have open (default: 1024)");

/**
 * struct evring_user - who has sessions: an emit's wake-up visits them all
 * @list: of the users
 * @uid: real user id of those who opened them
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

	/* Writing is publishing, which this version does not have. */
	if (!(file->f_mode & FMODE_READ))
		return -EACCES;
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
	unsigned long i, n;
	int ret = 0;

	if (vma_pages(vma) != nr)
		return -EINVAL;
	for (i = 0; i < nr && !ret; i += n) {
		for (n = 1; i + n < nr && page_to_pfn(pages[i + n]) == page_to_pfn(pages[i]) + n; n++)
			;
		ret = remap_pfn_range(vma, vma->vm_start + (i << PAGE_SHIFT),
				      page_to_pfn(pages[i]), n << PAGE_SHIFT, vma->vm_page_prot);
	}
	return ret;
}

static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u32 lane = (offset >> 52) & 0xff, cpu = (offset >> 32) & 0xfffff;
	struct evring_ring *ring;
	struct page *meta;

	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EPERM;
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	vm_flags_clear(vma, VM_MAYWRITE | VM_MAYEXEC);
	vm_flags_set(vma, VM_DONTCOPY);	/* remap_pfn_range() sets DONTEXPAND and DONTDUMP */
	if (offset == EVRING_MMAP_META) {
		meta = virt_to_page(evring_meta);
		return map_pages(vma, &meta, 1);
	}
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

static int ioc_meta(struct evring_session *session, void __user *arg)
{
	struct evring_meta *meta = kmalloc(sizeof(*meta), GFP_KERNEL);
	int ret = 0;

	if (!meta)
		return -ENOMEM;
	evring_groups_snapshot(meta);
	evring_clock_snapshot(meta);
	if (copy_to_user(arg, meta, sizeof(*meta)))
		ret = -EFAULT;
	kfree(meta);
	return ret;
}

static int ioc_ring(struct evring_session *session, void __user *arg)
{
	struct evring_ring_info __user *info = arg;
	struct evring_ring *ring;
	u32 lane, cpu;

	if (get_user(lane, &info->lane) || get_user(cpu, &info->cpu))
		return -EFAULT;
	ring = evring_ring_get(lane, cpu);
	if (!ring)
		return -ENXIO;
	return copy_to_user(&info->page, ring->page, sizeof(info->page)) ? -EFAULT : 0;
}

static int ioc_type(struct evring_session *session, void __user *arg)
{
	struct evring_type_info info;
	int ret;

	if (copy_from_user(&info, arg, sizeof(info)))
		return -EFAULT;
	if (info.flags || info.reserved[0] || info.reserved[1])
		return -EINVAL;
	ret = evring_type_describe(&info, u64_to_user_ptr(info.fields));
	if (ret)
		return ret;
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

/* A name as the ABI wants it: NUL-terminated, and nothing behind the NUL. */
static bool name_clean(const char name[EVRING_NAME_MAX])
{
	size_t len = strnlen(name, EVRING_NAME_MAX);

	return evring_name_valid(name) && !memchr_inv(name + len, 0, EVRING_NAME_MAX - len);
}

static int ioc_hook(struct evring_session *session, void __user *arg)
{
	struct evring_hook hook;
	int ret;

	if (copy_from_user(&hook, arg, sizeof(hook)))
		return -EFAULT;
	if (!name_clean(hook.name) || hook.op > EVRING_HOOK_DETACH || hook.state)
		return -EINVAL;
	if (hook.op != EVRING_HOOK_QUERY && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	ret = evring_hook_ctl(hook.name, hook.op, &hook.state);
	if (ret)
		return ret;
	return copy_to_user(arg, &hook, sizeof(hook)) ? -EFAULT : 0;
}

static int ioc_join(struct evring_session *session, void __user *arg)
{
	struct evring_join join;
	int ret;

	if (copy_from_user(&join, arg, sizeof(join)))
		return -EFAULT;
	if (join.flags || join.group || join.created || join.reserved ||
	    !name_clean(join.name) || join.policy > EVRING_FOLLOW ||
	    join.start > EVRING_LATEST || !join.lanes || (join.lanes & ~EVRING_LANES_ALL) ||
	    join.abandon_ms > INT_MAX)
		return -EINVAL;
	ret = evring_group_claim(session, &join);
	if (ret)
		return ret;
	/* All or nothing: tell the caller first, as that can fail, and then do it. */
	if (copy_to_user(arg, &join, sizeof(join))) {
		evring_group_unclaim(session);
		return -EFAULT;
	}
	evring_group_take(session, &join);
	return 0;
}

static int ioc_commit(struct evring_session *session, void __user *arg)
{
	struct evring_commit commit;

	if (copy_from_user(&commit, arg, sizeof(commit)))
		return -EFAULT;
	return evring_group_commit(session, &commit);
}

static int ioc_arm(struct evring_session *session, void __user *arg)
{
	struct evring_arm arm;

	if (copy_from_user(&arm, arg, sizeof(arm)))
		return -EFAULT;
	if (arm.flags || !arm.lanes || (arm.lanes & ~EVRING_LANES_ALL) ||
	    arm.flush_ms > FLUSH_MS_MAX || !arm.watermark != !arm.flush_ms)
		return -EINVAL;
	return evring_waiter_arm(&session->waiter, &arm);
}

static int ioc_drop(struct evring_session *session, void __user *arg)
{
	struct evring_drop drop;

	if (copy_from_user(&drop, arg, sizeof(drop)))
		return -EFAULT;
	if (!name_clean(drop.name))
		return -EINVAL;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	return evring_group_drop(drop.name);
}

static long device_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct evring_session *session = file->private_data;
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case EVRING_IOC_META:
		return ioc_meta(session, user);
	case EVRING_IOC_RING:
		return ioc_ring(session, user);
	case EVRING_IOC_TYPE:
		return ioc_type(session, user);
	case EVRING_IOC_HOOK:
		return ioc_hook(session, user);
	case EVRING_IOC_JOIN:
		return ioc_join(session, user);
	case EVRING_IOC_LEAVE:
		return arg ? -EINVAL : evring_group_leave(session);
	case EVRING_IOC_COMMIT:
		return ioc_commit(session, user);
	case EVRING_IOC_ARM:
		return ioc_arm(session, user);
	case EVRING_IOC_DROP:
		return ioc_drop(session, user);
	default:
		return -ENOTTY;
	}
}

/* Completed inline, always: nothing is ever left to be cancelled. */
static int device_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	/* Shared with user space: read each member once. */
	const struct evring_commit *sqe = evring_uring_payload(cmd);
	struct evring_commit commit = {
		.entries = READ_ONCE(sqe->entries),
		.nr = READ_ONCE(sqe->nr),
		.flags = READ_ONCE(sqe->flags),
	};

	if (cmd->cmd_op != EVRING_CMD_COMMIT)
		return -EOPNOTSUPP;
	/* No registered buffer, no multishot; from 6.15 on io_uring lets us judge. */
	if (cmd->flags & IORING_URING_CMD_MASK)
		return -EINVAL;
	return evring_group_commit(cmd->file->private_data, &commit);
}

static const struct file_operations device_fops = {
	.owner		= THIS_MODULE,
	.open		= device_open,
	.release	= device_release,
	.mmap		= device_mmap,
	.poll		= device_poll,
	.unlocked_ioctl	= device_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
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
