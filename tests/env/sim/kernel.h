/* SPDX-License-Identifier: MIT */
/*
 * As much of a kernel as all of kmod/ but the hooks needs, in user space: with
 * SIM_KERNEL shim.h includes this, for memory, locks, lists, timers, work, files.
 * kernel.c is the part that runs. A CPU is a thread (sim_be()), an interrupt is
 * one more thread, which runs irq_works, timers and work.
 */
#ifndef EVRING_SIM_KERNEL_H
#define EVRING_SIM_KERNEL_H

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <time.h>
#include <linux/types.h>

/* The oldest kernel that there is code for */
#define KERNEL_VERSION(a, b, c)	((a) << 16 | (b) << 8 | (c))
#define LINUX_VERSION_CODE	KERNEL_VERSION(6, 1, 0)

/* Words that only checkers or the linker read */
#define __init
#define __exit
#define GFP_KERNEL		0
#define GFP_KERNEL_ACCOUNT	0
#define __GFP_ZERO		0
#define __GFP_RETRY_MAYFAIL	0
#define __GFP_NOWARN		0
#define MODULE_PARM_DESC(name, text)	struct sim_nothing
#define MODULE_DESCRIPTION(text)	struct sim_nothing
#define MODULE_AUTHOR(text)		struct sim_nothing
#define MODULE_LICENSE(text)		struct sim_nothing
#define MODULE_VERSION(text)		struct sim_nothing
#define MODULE_ALIAS(text)		struct sim_nothing
#define MODULE_ALIAS_MISCDEV(minor)	struct sim_nothing
#define BUILD_BUG_ON(x)			_Static_assert(!(x), #x)
#define lockdep_assert_held(lock)	((void)(lock))
#define lockdep_is_held(lock)		((void)(lock), true)
#define __printf(f, a)			__attribute__((format(printf, f, a)))
#define WARN_ON_ONCE(x)			({ bool warn_ = (x); assert(!warn_); warn_; })
#define ERESTARTSYS			512

typedef unsigned int uint;

/* sim_boot() sets parameters, and calls module_init's function. */
#define module_param_named(name, value, type, perm)				\
	__typeof__(&(value)) sim_param_##name(void);				\
	__typeof__(&(value)) sim_param_##name(void) { return &(value); }	\
	struct sim_nothing
#define module_param(name, type, perm)	module_param_named(name, name, type, perm)
#define module_init(fn)								\
	int sim_module_init(void);						\
	int sim_module_init(void) { return fn(); }				\
	struct sim_nothing
#define module_exit(fn)								\
	void sim_module_exit(void);						\
	void sim_module_exit(void) { fn(); }					\
	struct sim_nothing

#define pr_info(...)		fprintf(stderr, __VA_ARGS__)
#define pr_info_once(...)	fprintf(stderr, __VA_ARGS__)
#define pr_err(...)		fprintf(stderr, __VA_ARGS__)
#define pr_info(...)		fprintf(stderr, __VA_ARGS__)
#define pr_warn(...)		fprintf(stderr, __VA_ARGS__)

#define min(a, b)		((a) < (b) ? (a) : (b))
#define round_down(x, y)	((x) & ~((__typeof__(x))(y) - 1))
#define round_up(x, y)		round_down((x) + (y) - 1, y)
#define min_t(t, a, b)		((t)(a) < (t)(b) ? (t)(a) : (t)(b))
#define max(a, b)		((a) > (b) ? (a) : (b))
#define ilog2(n)		(63 - __builtin_clzll(n))
#define max_t(t, a, b)		((t)(a) > (t)(b) ? (t)(a) : (t)(b))
#define is_power_of_2(n)	((n) && !((n) & ((n) - 1)))
#define container_of(p, t, m)	((t *)((char *)(p) - offsetof(t, m)))
#define u64_to_user_ptr(n)	((void *)(uintptr_t)(n))

#define swap(a, b)		({ __typeof__(a) swap_ = (a); (a) = (b); (b) = swap_; })
#define div_u64(a, b)		((u64)(a) / (u32)(b))

static inline int vscnprintf(char *to, size_t size, const char *format, va_list args)
{
	int len = vsnprintf(to, size, format, args);

	return len < (int)size ? len : (int)size - 1;
}

static inline __printf(3, 4) int scnprintf(char *to, size_t size, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vscnprintf(to, size, format, args);
	va_end(args);
	return len;
}

/* Sets of bits, changed under a lock */
#define BIT_WORD(set, n)	((set)[(n) / 64])

static inline bool __test_and_set_bit(unsigned int n, unsigned long *set)
{
	bool was = BIT_WORD(set, n) & 1UL << n % 64;

	BIT_WORD(set, n) |= 1UL << n % 64;
	return was;
}

static inline bool __test_and_clear_bit(unsigned int n, unsigned long *set)
{
	bool was = BIT_WORD(set, n) & 1UL << n % 64;

	BIT_WORD(set, n) &= ~(1UL << n % 64);
	return was;
}

static inline void *memchr_inv(const void *start, int c, size_t len)
{
	const u8 *p = start;

	for (; len && *p == (u8)c; p++, len--)
		;
	return len ? (void *)p : NULL;
}

static inline ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t len = strnlen(from, size - 1);

	memcpy(to, from, len);
	to[len] = '\0';
	return (ssize_t)len;
}

static inline int kstrtouint(const char *s, unsigned int base, unsigned int *res)
{
	char *end;
	unsigned long n = strtoul(s, &end, (int)base);

	if (!isdigit((unsigned char)*s) || *end || n > U32_MAX)
		return -EINVAL;
	*res = (unsigned int)n;
	return 0;
}

/* Errors in pointers */
static inline void *ERR_PTR(long error)
{
	return (void *)error;
}

#define PTR_ERR_OR_ZERO(p)	(IS_ERR(p) ? PTR_ERR(p) : 0)

static inline long PTR_ERR(const void *p)
{
	return (long)p;
}

static inline bool IS_ERR(const void *p)
{
	return (unsigned long)p >= (unsigned long)-4095;
}

static inline void *ERR_CAST(const void *p)
{
	return (void *)p;
}

static inline bool IS_ERR_OR_NULL(const void *p)
{
	return !p || IS_ERR(p);
}

/* Memory */
#define PAGE_SHIFT		12
#define PAGE_SIZE		4096UL
#define VM_MAP			0
#define PAGE_KERNEL		0

#define kmalloc(size, gfp)		malloc(size)
#define kzalloc(size, gfp)		calloc(1, size)
#define kcalloc(n, size, gfp)		calloc(n, size)
#define kvcalloc(n, size, gfp)		calloc(n, size)
#define kfree(p)			free((void *)(p))
#define kvfree(p)			free((void *)(p))
#define kvfree_sensitive(p, size)	free((void *)(p))
#define kvmalloc(n, flags)		malloc(n)
#define kvmalloc_node(n, flags, node)	((void)(node), malloc(n))
#define kvzalloc(n, flags)		calloc(1, n)
#define ERR_CAST(p)			((void *)(p))
#define raw_smp_processor_id()		sim_cpu
#define time_after_eq(a, b)		((long)((a) - (b)) >= 0)
#define ktime_get_mono_fast_ns()	ktime_get_boot_fast_ns()
#define atomic64_xchg(a, new)		__atomic_exchange_n(&(a)->v, new, __ATOMIC_SEQ_CST)
#define atomic64_inc(a)			atomic64_add(1, a)
#define atomic64_inc_return(a)		__atomic_add_fetch(&(a)->v, 1, __ATOMIC_SEQ_CST)
#define __GFP_NOFAIL			0
#define struct_size(p, member, n)	(sizeof(*(p)) + sizeof((p)->member[0]) * (n))

/* No reader runs beside a free under RCU here. */
struct rcu_head {
	int unused;
};

#define kfree_rcu(p, member)		free((void *)(p))
#define kvfree_rcu(p, member)		free((void *)(p))
#define rcu_assign_pointer(p, v)	smp_store_release(&(p), v)
#define rcu_dereference_sched(p)	smp_load_acquire(&(p))
#define rcu_dereference_protected(p, c)	((void)(c), (p))

#define __set_bit(nr, map)		((map)[(nr) / 64] |= 1UL << (nr) % 64)
#define __clear_bit(nr, map)		((map)[(nr) / 64] &= ~(1UL << (nr) % 64))
#define test_bit(nr, map)		((map)[(nr) / 64] >> (nr) % 64 & 1)
#define for_each_set_bit(bit, map, nr)						\
	for ((bit) = 0; (bit) < (nr); (bit)++)					\
		if (test_bit(bit, map))

#define bitmap_empty(map, nr)		(!bitmap_weight(map, nr))

static inline unsigned int bitmap_weight(const unsigned long *map, unsigned int nr)
{
	unsigned int bit, weight = 0;

	for_each_set_bit(bit, map, nr)
		weight++;
	return weight;
}
/* For struct evring_ring, which is aligned to cache lines */
void *kzalloc_node(size_t size, int gfp, int node);
struct page *alloc_pages_node(int node, int gfp, unsigned int order);
long si_mem_available(void);
void __free_page(struct page *page);
/* Pages that follow each other, as those of one ring do here */
void *vmap(struct page **pages, unsigned int nr, int flags, int prot);
#define vunmap(p)			((void)(p))
/* Pages that follow each other, zeroed */
void *alloc_pages_exact(size_t size, int gfp);
void free_pages_exact(void *at, size_t size);
#define virt_to_page(p)			((struct page *)(p))
#define PAGE_ALIGN(n)			ALIGN((unsigned long)(n), PAGE_SIZE)
#define PFN_UP(n)			(((unsigned long)(n) + PAGE_SIZE - 1) >> PAGE_SHIFT)

/* Such a length of 0 is no error, as in the kernel. */
static inline void *kmemdup(const void *from, size_t size, int gfp)
{
	void *to = malloc(size ? size : 1);

	(void)gfp;
	if (to && size)
		memcpy(to, from, size);
	return to;
}

/* CPUs */
extern unsigned int nr_cpu_ids;

#define cpu_possible(cpu)		((unsigned int)(cpu) < nr_cpu_ids)
#define for_each_possible_cpu(cpu)	for ((cpu) = 0; cpu_possible(cpu); (cpu)++)
#define for_each_online_cpu(cpu)	for_each_possible_cpu(cpu)
#define cpu_to_node(cpu)		((void)(cpu), 0)
#define alloc_percpu(type)		((type *)calloc((size_t)nr_cpu_ids, sizeof(type)))
#define alloc_percpu_gfp(type, gfp)	alloc_percpu(type)
#define free_percpu(p)			free(p)
#define this_cpu_ptr(p)			(&(p)[sim_cpu])
#define per_cpu_ptr(p, cpu)		(&(p)[cpu])
#define CPUHP_BP_PREPARE_DYN		0
#define CPUHP_AP_ONLINE_DYN		1
#define cpuhp_remove_state_nocalls(state) ((void)(state))
#define cpuhp_setup_state_nocalls(state, name, online, offline) \
	((void)(online), (void)(offline), (state))
#define cpus_read_lock()		do { } while (0)
#define cpus_read_unlock()		do { } while (0)

int cpuhp_setup_state(int state, const char *name, int (*online)(unsigned int cpu),
		      int (*offline)(unsigned int cpu));

#define preempt_disable()		do { } while (0)
#define preempt_enable()		do { } while (0)
#define cond_resched()			do { } while (0)
#define array_index_nospec(index, size)	(index)
#define smp_wmb()			__atomic_thread_fence(__ATOMIC_RELEASE)

/* Locks: code that a signal may interrupt takes none of them. */
typedef pthread_mutex_t spinlock_t;
#define DEFINE_SPINLOCK(name)		pthread_mutex_t name = PTHREAD_MUTEX_INITIALIZER
struct mutex {
	pthread_mutex_t lock;
};

#define DEFINE_MUTEX(name)		struct mutex name = { PTHREAD_MUTEX_INITIALIZER }
#define spin_lock(lock)			pthread_mutex_lock(lock)
#define spin_unlock(lock)		pthread_mutex_unlock(lock)
#define mutex_lock(m)			pthread_mutex_lock(&(m)->lock)
/* Somebody has each mutex that is tried. */
extern bool sim_contended;
#define mutex_trylock(m)		(!sim_contended && !pthread_mutex_trylock(&(m)->lock))
#define mutex_unlock(m)			pthread_mutex_unlock(&(m)->lock)
#define DEFINE_RAW_SPINLOCK(name)	DEFINE_SPINLOCK(name)
#define raw_spin_lock_irq(lock)		spin_lock(lock)
#define raw_spin_unlock_irq(lock)	spin_unlock(lock)
#define raw_spin_lock_irqsave(lock, flags)	spin_lock_irqsave(lock, flags)
#define raw_spin_unlock_irqrestore(lock, flags)	spin_unlock_irqrestore(lock, flags)
#define spin_lock_init(lock)		pthread_mutex_init(lock, NULL)
#define spin_lock_irqsave(lock, flags)		((flags) = 0, spin_lock(lock))
#define spin_unlock_irqrestore(lock, flags)	((void)(flags), spin_unlock(lock))

/* RCU: a reader has a lock that it shares with other readers. */
extern pthread_rwlock_t sim_rcu;

#define rcu_read_lock()			((void)pthread_rwlock_rdlock(&sim_rcu))
#define rcu_read_unlock()		((void)pthread_rwlock_unlock(&sim_rcu))
#define rcu_read_lock_sched()		rcu_read_lock()
#define rcu_read_unlock_sched()		rcu_read_unlock()
#define rcu_barrier()			do { } while (0)

static inline void synchronize_rcu(void)
{
	pthread_rwlock_wrlock(&sim_rcu);
	pthread_rwlock_unlock(&sim_rcu);
}

static inline void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	synchronize_rcu();
	fn(head);
}

/* Lists */
#define LIST_HEAD(name)		struct list_head name = { &(name), &(name) }
#define INIT_LIST_HEAD(l)	((l)->next = (l)->prev = (l))
#define list_empty(l)		((l)->next == (l))
#define list_first_entry(head, type, member)	container_of((head)->next, type, member)
#define list_for_each_entry(p, head, member)					\
	for (p = container_of((head)->next, typeof(*p), member); &p->member != (head);	\
	     p = container_of(p->member.next, typeof(*p), member))
#define list_for_each_entry_safe(p, n, head, member)				\
	for (p = container_of((head)->next, typeof(*p), member),		\
	     n = container_of(p->member.next, typeof(*p), member);		\
	     &p->member != (head);						\
	     p = n, n = container_of(n->member.next, typeof(*n), member))

static inline void list_add_tail(struct list_head *entry, struct list_head *head)
{
	entry->next = head;
	entry->prev = head->prev;
	head->prev->next = entry;
	head->prev = entry;
}

static inline void list_del_init(struct list_head *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
	INIT_LIST_HEAD(entry);
}

static inline void list_move_tail(struct list_head *entry, struct list_head *head)
{
	list_del_init(entry);
	list_add_tail(entry, head);
}

/* Time, with Debian's tick */
#define HZ			250
#define NSEC_PER_SEC		1000000000L
#define NSEC_PER_MSEC		1000000L
#define TICK_NS			(NSEC_PER_SEC / HZ)
#define jiffies			((unsigned long)(ktime_get_boot_fast_ns() / TICK_NS))
#define INITIAL_JIFFIES		0
#define msecs_to_jiffies(ms)	nsecs_to_jiffies((ms) * 1000000ULL)
#define nsecs_to_jiffies(ns)	((unsigned long)(((ns) + TICK_NS - 1) / TICK_NS))
#define ktime_get_boottime_ns()	ktime_get_boot_fast_ns()

#define NSEC_PER_USEC		1000L

typedef s64 ktime_t;
#define ktime_sub(a, b)		((a) - (b))
#define ktime_to_ns(t)		(t)

/* usleep_range() lasts as long as the kernel's clock says. */
void usleep_range(unsigned long min, unsigned long max);

static inline u64 mul_u64_u32_shr(u64 a, u32 mul, unsigned int shift)
{
	return (u64)((unsigned __int128)a * mul >> shift);
}

static inline u64 mul_u64_u64_div_u64(u64 a, u64 mul, u64 by)
{
	return (u64)((unsigned __int128)a * mul / by);
}

#define div64_s64(a, b)		((s64)(a) / (s64)(b))

void clocks_calc_mult_shift(u32 *mult, u32 *shift, u32 from, u32 to, u32 seconds);

/* Timers and work: kernel.c's thread runs them. */
void timer_setup(struct timer_list *timer, void (*fn)(struct timer_list *), unsigned int flags);
void mod_timer(struct timer_list *timer, unsigned long at);
#define timer_pending(timer)	READ_ONCE((timer)->pending)
void timer_delete_sync(struct timer_list *timer);

/* Work is a timer that is due at once. */
#define DECLARE_WORK(name, f)		struct work_struct name = { .fn = (f) }
#define INIT_WORK(w, f)			((w)->fn = (f), (w)->timer.pending = false)
#define cancel_work_sync(w)		timer_delete_sync(&(w)->timer)

void schedule_work(struct work_struct *work);

typedef void work_func_t(struct work_struct *work);

struct delayed_work {
	struct work_struct work;
	struct timer_list timer;
	work_func_t *fn;
};

#define to_delayed_work(w)		container_of(w, struct delayed_work, work)
#define INIT_DELAYED_WORK(d, f)		((d)->fn = (f))
/* To schedule it anew moves it. */
#define cancel_delayed_work(d)		((void)(d))

void schedule_delayed_work(struct delayed_work *work, unsigned long delay);
#define cancel_delayed_work_sync(d)	timer_delete_sync(&(d)->timer)

#define init_irq_work(w, f)		((w)->fn = (f))
void irq_work_sync(struct irq_work *work);

struct notifier_block {
	int (*notifier_call)(struct notifier_block *nb, unsigned long event, void *data);
};

/* The timekeeper, as far as its offsets: sim_clock_set() changes them. */
struct timekeeper {
	ktime_t offs_real, offs_boot;
};

int pvclock_gtod_register_notifier(struct notifier_block *nb);
void pvclock_gtod_unregister_notifier(struct notifier_block *nb);

#define NOTIFY_DONE			0
enum { PM_HIBERNATION_PREPARE = 1, PM_POST_HIBERNATION, PM_SUSPEND_PREPARE, PM_POST_SUSPEND,
       PM_RESTORE_PREPARE, PM_POST_RESTORE };

/* Nothing here is ever suspended. */
#define register_pm_notifier(nb)	((void)(nb), 0)
#define unregister_pm_notifier(nb)	((void)(nb))

/* Waiters: an eventfd, which the session's file descriptor is. */
void wake_up_interruptible_poll(wait_queue_head_t *queue, int events);
#define init_waitqueue_head(queue)	((queue)->fd = -1)
/* A thread that waits looks again and again; sim_signal is its signal. */
extern __thread bool sim_signal;

struct completion {
	bool done;
};

#define init_completion(c)		((c)->done = false)
#define complete(c)			__atomic_store_n(&(c)->done, true, __ATOMIC_RELEASE)
#define signal_pending(task)		sim_signal
#define fatal_signal_pending(task)	sim_signal

int usleep(unsigned int us);

static inline int wait_for_completion_interruptible(struct completion *c)
{
	while (!__atomic_load_n(&c->done, __ATOMIC_ACQUIRE)) {
		if (sim_signal)
			return -ERESTARTSYS;
		usleep(100);
	}
	return 0;
}

/* Files and user memory. A pointer that leads nowhere is EFAULT (kernel.c). */
unsigned long copy_from_user(void *to, const void *from, unsigned long len);
unsigned long copy_to_user(void *to, const void *from, unsigned long len);
/* No fault of the sim's waits. */
#define pagefault_disable()	do { } while (0)
#define pagefault_enable()	do { } while (0)
#define fault_in_writeable(p, len)	((void)(p), (size_t)(len))
#define get_user(x, p)		(copy_from_user(&(x), p, sizeof(x)) ? -EFAULT : 0)
#define put_user(x, p)		({ __typeof__(*(p)) put_ = (x); copy_to_user(p, &put_, sizeof(put_)) ? -EFAULT : 0; })
#define access_ok(p, len)	((p) || !(len))
/* Always by copy_from_user() */
#define user_read_access_begin(p, len)	((void)(p), false)
#define user_read_access_end()		do { } while (0)
#define unsafe_get_user(x, p, fault)	do { (x) = *(p); if (0) goto fault; } while (0)
#define compat_ptr(n)		((void *)(uintptr_t)(u32)(n))

static inline void *vmemdup_user(const void *from, size_t len)
{
	void *to = malloc(len ? len : 1);

	if (to && !copy_from_user(to, from, len))
		return to;
	free(to);
	return ERR_PTR(to ? -EFAULT : -ENOMEM);
}

/* The bytes of a writev() */
struct iov_iter {
	const struct iovec *iov;
	size_t done;		/* of the first one */
	size_t count;
};

struct kiocb {
	struct file *ki_filp;
	int ki_flags;
};

#define IOCB_NOWAIT		1
#define iov_iter_count(iter)	((iter)->count)

size_t copy_from_iter(void *to, size_t len, struct iov_iter *iter);

/* By the rule of the kernel's own */
int copy_struct_from_user(void *to, size_t size, const void *from, size_t usize);
extern u32 sim_uid;
extern u32 sim_euid;
#define current_uid()		((kuid_t){ sim_uid })
#define GLOBAL_ROOT_UID		((kuid_t){ 0 })

/* The initial one, or one in it that a user has made */
struct user_namespace {
	struct user_namespace *parent;
	kuid_t owner;
};

extern struct user_namespace init_user_ns, sim_user_ns;

#define current_user_ns()	(sim_user_ns.owner.val == U32_MAX ? &init_user_ns : &sim_user_ns)
#define current_euid()		((kuid_t){ sim_euid == U32_MAX ? sim_uid : sim_euid })
#define from_kuid(ns, uid)	((uid).val)
#define make_kuid(ns, uid)	((kuid_t){ uid })
#define uid_valid(uid)		((uid).val != U32_MAX)
#define uid_eq(a, b)		((a).val == (b).val)
extern bool sim_capable;
#define perfmon_capable()	sim_capable
#define CAP_SYS_ADMIN			21
#define capable(cap)			((void)(cap), perfmon_capable())

#define task_tgid_nr(task)	((task)->tgid)

#define FMODE_READ		1u
#define FMODE_WRITE		2u
#define FMODE_NOWAIT		4u
#define VM_WRITE		2UL
#define VM_EXEC			4UL
#define VM_MAYWRITE		0x20UL
#define VM_MAYEXEC		0x40UL
#define VM_MAYSHARE		0x80UL
#define VM_DONTCOPY		0

struct inode;

struct file {
	unsigned int f_mode;
	unsigned int f_flags;
	void *private_data;
};

struct vm_area_struct {
	unsigned long vm_start, vm_end, vm_pgoff, vm_flags;
	int vm_page_prot;
};

#define vma_pages(vma)		(((vma)->vm_end - (vma)->vm_start) >> PAGE_SHIFT)

#define page_to_pfn(page)	((unsigned long)(page) >> PAGE_SHIFT)

int remap_pfn_range(struct vm_area_struct *vma, unsigned long at, unsigned long pfn,
		    unsigned long size, int prot);
/* The first page that this thread's last mapping was given */
extern __thread void *sim_inserted;

struct poll_table_struct;

/* Tells the queue which eventfd to raise. */
void poll_wait(struct file *file, wait_queue_head_t *queue, struct poll_table_struct *table);

#define IORING_URING_CMD_FIXED		1
#define IO_URING_F_NONBLOCK		1u

struct io_uring_cmd {
	struct file *file;
	const void *cmd;
	u32 cmd_op;
	u32 flags;
};

#define nonseekable_open(inode, file)	((void)(inode), (void)(file), 0)
#define MISC_DYNAMIC_MINOR		0

struct file_operations {
	struct module *owner;
	int (*open)(struct inode *inode, struct file *file);
	int (*release)(struct inode *inode, struct file *file);
	int (*mmap)(struct file *file, struct vm_area_struct *vma);
	ssize_t (*write)(struct file *file, const char *from, size_t len, loff_t *pos);
	ssize_t (*write_iter)(struct kiocb *iocb, struct iov_iter *from);
	__poll_t (*poll)(struct file *file, struct poll_table_struct *table);
	long (*unlocked_ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	long (*compat_ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	int (*uring_cmd)(struct io_uring_cmd *cmd, unsigned int flags);
};

struct miscdevice {
	int minor;
	const char *name;
	unsigned int mode;
	const struct file_operations *fops;
};

int misc_register(struct miscdevice *device);
void misc_deregister(struct miscdevice *device);

/*
 * kernel.c, for sim_boot() and the stand-ins of system calls (device.c).
 * Without the thread interrupts come when sim_interrupts() is called.
 */
int sim_kernel_start(unsigned int cpus, bool thread);
void sim_kernel_stop(void);
void sim_interrupts(void);
/* Is this one of the pages? They stay where they are. */
bool sim_is_page(const void *at);
extern const struct file_operations *sim_fops;
/* A registered device by its name; NULL: there is none. */
struct miscdevice *sim_device(const char *name);

#endif /* EVRING_SIM_KERNEL_H */
