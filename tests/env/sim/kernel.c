// SPDX-License-Identifier: MIT
/* The kernel that runs: pages, the thread that is all interrupts, user memory. */
#include <semaphore.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "shim.h"
#include "kernel.h"
#include "sim.h"

#define ARENA_SIZE	(64ULL << 30)	/* address space, not memory */

unsigned int nr_cpu_ids;
bool sim_capable = true;
bool sim_contended;
u32 sim_uid, sim_euid = U32_MAX;
struct user_namespace init_user_ns;
struct user_namespace sim_user_ns = { .parent = &init_user_ns, .owner = { U32_MAX } };

void sim_in_namespace_of(uint32_t owner)
{
	sim_user_ns.owner.val = owner;
}
__thread bool sim_signal;
pthread_rwlock_t sim_rcu = PTHREAD_RWLOCK_INITIALIZER;
const struct file_operations *sim_fops;

/*
 * Pages: one sparse file, mapped as a whole, so that a page's address is also
 * its offset and what is mapped read-only for a session is the same memory. It
 * stays mapped from one sim_boot() to the next: a module's static data, which
 * insmod makes anew and sim_boot() cannot, may point to the meta page.
 */
static int arena_fd = -1;
static char *arena;
static size_t arena_used, arena_live;	/* bytes ever given out; and in use now */

__thread void *sim_inserted;

static int arena_open(void)
{
	if (arena)
		return 0;
	arena_fd = memfd_create("evring-sim", MFD_CLOEXEC);
	if (arena_fd < 0 || ftruncate(arena_fd, (off_t)ARENA_SIZE))
		return -errno;
	arena = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
		     arena_fd, 0);
	if (arena != MAP_FAILED)
		return 0;
	arena = NULL;
	return -errno;
}

static void arena_clear(void)
{
	assert(!arena_live);
	/* Without it pages would not be zero: nothing can go on. */
	if (arena_used && madvise(arena, arena_used, MADV_REMOVE))
		abort();
	arena_used = 0;
}

bool sim_is_page(const void *at)
{
	return arena && (const char *)at >= arena && (const char *)at < arena + ARENA_SIZE;
}

/* The end of the arena is told by alloc_pages_node(). */
long si_mem_available(void)
{
	return LONG_MAX / 2;
}

struct page *alloc_pages_node(int node, int gfp, unsigned int order)
{
	char *page = arena + arena_used;

	(void)node;
	(void)gfp;
	assert(!order);
	if (arena_used == ARENA_SIZE)
		return NULL;
	arena_used += PAGE_SIZE;
	arena_live += PAGE_SIZE;
	return (struct page *)page;
}

void __free_page(struct page *page)
{
	(void)page;
	arena_live -= PAGE_SIZE;
}

void *alloc_pages_exact(size_t size, int gfp)
{
	void *first = NULL, *page;
	size_t done;

	for (done = 0; done < size; done += PAGE_SIZE) {
		page = alloc_pages_node(0, gfp, 0);
		assert(page && (!first || page == (char *)first + done));
		first = first ? first : page;
	}
	return first;
}

void free_pages_exact(void *at, size_t size)
{
	size_t done;

	for (done = 0; done < size; done += PAGE_SIZE)
		__free_page((struct page *)((char *)at + done));
}

void *kzalloc_node(size_t size, int gfp, int node)
{
	void *mem = aligned_alloc(64, ALIGN(size, 64UL));

	(void)gfp;
	(void)node;
	return mem ? memset(mem, 0, size) : NULL;
}

void *vmap(struct page **pages, unsigned int nr, int flags, int prot)
{
	(void)flags;
	(void)prot;
	assert((char *)pages[nr - 1] - (char *)pages[0] == (ptrdiff_t)((nr - 1) * PAGE_SIZE));
	return pages[0];
}

int remap_pfn_range(struct vm_area_struct *vma, unsigned long at, unsigned long pfn,
		    unsigned long size, int prot)
{
	char *page = (char *)(pfn << PAGE_SHIFT);
	void *map;

	(void)prot;
	assert(sim_is_page(page));
	if (at == vma->vm_start)
		sim_inserted = page;
	map = mmap((void *)at, size, PROT_READ, MAP_SHARED | MAP_FIXED, arena_fd, page - arena);
	return map == MAP_FAILED ? -errno : 0;
}

int cpuhp_setup_state(int state, const char *name, int (*online)(unsigned int cpu),
		      int (*offline)(unsigned int cpu))
{
	unsigned int cpu;
	int ret = 0;

	(void)name;
	(void)offline;
	/* As kernels before 6.10: it calls nothing for CPUs that are there already. */
	if (state == CPUHP_BP_PREPARE_DYN)
		return state;
	for (cpu = 0; cpu < nr_cpu_ids && !ret; cpu++)
		ret = online(cpu);
	return ret ? ret : state;
}

/*
 * User memory. The kernel itself looks whether it can be read or written, as
 * only it can without a fault.
 */
static unsigned long copy_user(const void *local, const void *user, unsigned long len, bool write)
{
	struct iovec here = { (void *)local, len }, there = { (void *)user, len };
	ssize_t n;

	if (!len)
		return 0;
	n = write ? process_vm_writev(getpid(), &here, 1, &there, 1, 0) :
		    process_vm_readv(getpid(), &here, 1, &there, 1, 0);
	return n < 0 ? len : len - (unsigned long)n;
}

void (*sim_copying)(void);

unsigned long copy_from_user(void *to, const void *from, unsigned long len)
{
	if (sim_copying)
		sim_copying();
	return copy_user(to, from, len, false);
}

int copy_struct_from_user(void *to, size_t size, const void *from, size_t usize)
{
	const uintptr_t end = (uintptr_t)from + size;
	u8 tail[PAGE_SIZE] = { 0 };

	if (usize > size) {
		assert(usize - size <= sizeof(tail));
		if (copy_user(tail, (const void *)end, usize - size, false))
			return -EFAULT;
		if (memchr_inv(tail, 0, usize - size))
			return -E2BIG;
	}
	if (copy_from_user(to, from, size < usize ? size : usize))
		return -EFAULT;
	if (usize < size)
		memset((char *)to + usize, 0, size - usize);
	return 0;
}

size_t copy_from_iter(void *to, size_t len, struct iov_iter *iter)
{
	size_t done = 0, n;

	for (len = min(len, iter->count); done < len; done += n) {
		if (iter->done == iter->iov->iov_len) {
			iter->iov++;
			iter->done = 0;
			n = 0;
			continue;
		}
		n = min(len - done, iter->iov->iov_len - iter->done);
		if (copy_from_user((char *)to + done, (char *)iter->iov->iov_base + iter->done, n))
			break;
		iter->done += n;
		iter->count -= n;
	}
	return done;
}

unsigned long copy_to_user(void *to, const void *from, unsigned long len)
{
	return copy_user(from, to, len, true);
}

/*
 * Interrupts: one thread. The raiser posts the semaphore, which is all that a
 * signal handler may do.
 */
static pthread_t irq_thread;
static sem_t irq_raised;
static bool irq_stop, irq_threaded;
static struct irq_work *irq_works;		/* raised, not run yet */
static struct timer_list *timers;		/* pending, in no order: there are few */
static DEFINE_SPINLOCK(timers_lock);
static DEFINE_SPINLOCK(irq_lock);		/* held while anything of it runs */

void irq_work_queue(struct irq_work *work)
{
	struct irq_work *first = __atomic_load_n(&irq_works, __ATOMIC_RELAXED);

	if (__atomic_exchange_n(&work->pending, true, __ATOMIC_ACQ_REL))
		return;
	do {
		work->next = first;
	} while (!__atomic_compare_exchange_n(&irq_works, &first, work, false, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
	sem_post(&irq_raised);
}

static void irq_works_run(void)
{
	struct irq_work *work = __atomic_exchange_n(&irq_works, NULL, __ATOMIC_ACQUIRE), *next;

	for (; work; work = next) {
		next = work->next;
		__atomic_store_n(&work->pending, false, __ATOMIC_RELEASE);
		work->fn(work);
	}
}

void irq_work_sync(struct irq_work *work)
{
	while (__atomic_load_n(&work->pending, __ATOMIC_ACQUIRE)) {
		if (irq_threaded)
			sched_yield();
		else
			sim_interrupts();
	}
	pthread_mutex_lock(&irq_lock);
	pthread_mutex_unlock(&irq_lock);
}

void timer_setup(struct timer_list *timer, void (*fn)(struct timer_list *), unsigned int flags)
{
	(void)flags;
	timer->fn = fn;
	timer->pending = false;
}

void mod_timer(struct timer_list *timer, unsigned long at)
{
	pthread_mutex_lock(&timers_lock);
	timer->at = at;
	if (!timer->pending) {
		timer->pending = true;
		timer->next = timers;
		timers = timer;
	}
	pthread_mutex_unlock(&timers_lock);
	sem_post(&irq_raised);
}

static bool timer_unlink(struct timer_list *timer)
{
	struct timer_list **at = &timers;

	if (!timer->pending)
		return false;
	while (*at != timer)
		at = &(*at)->next;
	*at = timer->next;
	timer->pending = false;
	return true;
}

void timer_delete_sync(struct timer_list *timer)
{
	pthread_mutex_lock(&irq_lock);
	pthread_mutex_lock(&timers_lock);
	timer_unlink(timer);
	pthread_mutex_unlock(&timers_lock);
	pthread_mutex_unlock(&irq_lock);
}

/* The next one whose time has come; else NULL, and when the first one's does. */
static struct timer_list *timer_due(unsigned long *first)
{
	struct timer_list *timer;
	unsigned long now = jiffies;

	*first = ULONG_MAX;
	pthread_mutex_lock(&timers_lock);
	for (timer = timers; timer && timer->at > now; timer = timer->next)
		*first = timer->at < *first ? timer->at : *first;
	if (timer)
		timer_unlink(timer);
	pthread_mutex_unlock(&timers_lock);
	return timer;
}

static void work_timer(struct timer_list *timer)
{
	struct delayed_work *work = container_of(timer, struct delayed_work, timer);

	work->fn(&work->work);
}

void schedule_delayed_work(struct delayed_work *work, unsigned long delay)
{
	WRITE_ONCE(work->timer.fn, work_timer);
	mod_timer(&work->timer, jiffies + delay);
}

static void work_run(struct timer_list *timer)
{
	struct work_struct *work = container_of(timer, struct work_struct, timer);

	work->fn(work);
}

void schedule_work(struct work_struct *work)
{
	WRITE_ONCE(work->timer.fn, work_run);
	mod_timer(&work->timer, jiffies);
}

static void irq_wait(unsigned long until)
{
	struct timespec at;
	u64 left, now = ktime_get_boot_fast_ns();

	if (until == ULONG_MAX) {
		sem_wait(&irq_raised);
		return;
	}
	left = (u64)until * TICK_NS > now ? (u64)until * TICK_NS - now : 0;
	clock_gettime(CLOCK_REALTIME, &at);
	left += (u64)at.tv_nsec;
	at.tv_sec += (time_t)(left / NSEC_PER_SEC);
	at.tv_nsec = (long)(left % NSEC_PER_SEC);
	sem_timedwait(&irq_raised, &at);
}

/*
 * The timekeeper: how far the wall clock is ahead of CLOCK_BOOTTIME, and its notifier. It
 * advances with each interrupt.
 */
static struct notifier_block *wall_notifier;
static struct timekeeper timekeeper;
static DEFINE_SPINLOCK(timekeeper_lock);

static void timekeeper_advance(void)
{
	pthread_mutex_lock(&timekeeper_lock);
	if (wall_notifier)
		wall_notifier->notifier_call(wall_notifier, 0, &timekeeper);
	pthread_mutex_unlock(&timekeeper_lock);
}

void sim_clock_set(int64_t ns)
{
	pthread_mutex_lock(&timekeeper_lock);
	timekeeper.offs_real = ns;
	pthread_mutex_unlock(&timekeeper_lock);
	timekeeper_advance();
}

static void wall_notifier_set(struct notifier_block *nb)
{
	pthread_mutex_lock(&timekeeper_lock);
	wall_notifier = nb;
	pthread_mutex_unlock(&timekeeper_lock);
}

int pvclock_gtod_register_notifier(struct notifier_block *nb)
{
	struct timespec real;

	clock_gettime(CLOCK_REALTIME, &real);
	wall_notifier_set(nb);
	sim_clock_set(real.tv_sec * NSEC_PER_SEC + real.tv_nsec - (s64)ktime_get_boot_fast_ns());
	return 0;
}

void pvclock_gtod_unregister_notifier(struct notifier_block *nb)
{
	(void)nb;
	wall_notifier_set(NULL);
}

/* Run the timers that are due. Returns when the next one is, in jiffies. */
static unsigned long irq_serve(void)
{
	struct timer_list *timer;
	unsigned long first;

	pthread_mutex_lock(&irq_lock);
	timekeeper_advance();
	irq_works_run();
	while ((timer = timer_due(&first)))
		READ_ONCE(timer->fn)(timer);
	pthread_mutex_unlock(&irq_lock);
	return first;
}

void sim_interrupts(void)
{
	irq_serve();
}

static void *irq_run(void *unused)
{
	while (!__atomic_load_n(&irq_stop, __ATOMIC_ACQUIRE))
		irq_wait(irq_serve());
	return unused;
}

void sim_irq_off(void)
{
	pthread_mutex_lock(&irq_lock);
}

void sim_irq_on(void)
{
	pthread_mutex_unlock(&irq_lock);
}

clockid_t sim_irq_clock(void)
{
	clockid_t clock = CLOCK_THREAD_CPUTIME_ID;

	pthread_getcpuclockid(irq_thread, &clock);
	return clock;
}

static int irq_start(void)
{
	sigset_t all, before;
	int ret;

	irq_stop = false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = -pthread_create(&irq_thread, NULL, irq_run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return ret;
}

int sim_kernel_start(unsigned int cpus, bool thread)
{
	int ret = arena_open();

	if (ret)
		return ret;
	nr_cpu_ids = cpus;
	sim_current.tgid = (u32)getpid();
	sim_current.pid = sim_current.tgid;
	sem_init(&irq_raised, 0, 0);
	irq_threaded = thread;
	return thread ? irq_start() : 0;
}

void sim_kernel_stop(void)
{
	if (irq_threaded) {
		__atomic_store_n(&irq_stop, true, __ATOMIC_RELEASE);
		sem_post(&irq_raised);
		pthread_join(irq_thread, NULL);
	}
	sem_destroy(&irq_raised);
	arena_clear();
}

int64_t sim_clock(void)
{
	return timekeeper.offs_real;
}

/* The largest factor with which @seconds still fit into 64 bits. */
void clocks_calc_mult_shift(u32 *mult, u32 *shift, u32 from, u32 to, u32 seconds)
{
	u64 factor;
	u32 s;

	(void)seconds;
	for (s = 32; s; s--) {
		factor = (((u64)to << s) + from / 2) / from;
		if (factor <= UINT32_MAX)
			break;
	}
	*mult = (u32)factor;
	*shift = s;
}

void wake_up_interruptible_poll(wait_queue_head_t *queue, int events)
{
	int fd = READ_ONCE(queue->fd);

	(void)events;
	if (fd >= 0)
		eventfd_write(fd, 1);
}

static struct miscdevice *devices[4];

int misc_register(struct miscdevice *device)
{
	unsigned int i;

	for (i = 0; devices[i]; i++)
		assert(i + 1 < ARRAY_SIZE(devices));
	devices[i] = device;
	sim_fops = device->fops;
	return 0;
}

void misc_deregister(struct miscdevice *device)
{
	unsigned int i;

	for (i = 0; devices[i] != device; i++)
		assert(i + 1 < ARRAY_SIZE(devices));
	devices[i] = NULL;
	sim_fops = NULL;
}

struct miscdevice *sim_device(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(devices); i++)
		if (devices[i] && !strcmp(devices[i]->name, name))
			return devices[i];
	return NULL;
}
