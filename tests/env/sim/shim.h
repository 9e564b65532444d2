/* SPDX-License-Identifier: MIT */
/*
 * As much of a kernel as the emit path (kmod/ring.c, segment.c, loss.c) needs, in
 * user space. A thread is a CPU; a signal handler on it is an NMI, the one context
 * that nothing can hold off.
 * The ring's accesses between CPUs are atomics here, so that TSan sees them.
 */
#ifndef EVRING_SIM_SHIM_H
#define EVRING_SIM_SHIM_H

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned long long u64;	/* as in the kernel */
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef long long s64;

#define __user
#define __percpu
#ifndef __always_inline
#define __always_inline		inline __attribute__((always_inline))
#endif
#ifndef noinline
#define noinline		__attribute__((noinline))
#endif
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define __aligned(n)		__attribute__((aligned(n)))
#define ____cacheline_aligned	__attribute__((aligned(64)))
#define ____cacheline_aligned_in_smp ____cacheline_aligned
#define EXPORT_SYMBOL_GPL(x)	extern typeof(x) x
#define BIT(n)			(1UL << (n))
#define BIT_ULL(n)		(1ULL << (n))
#define offsetofend(t, m)	(offsetof(t, m) + sizeof_field(t, m))
#define DECLARE_BITMAP(name, n)	unsigned long name[((n) + 63) / 64]
#define BITS_PER_LONG		64
#define ALIGN(x, a)		(((x) + (a) - 1) & ~((typeof(x))(a) - 1))
/* The configuration that kmod asks for: this kernel has io_uring. */
#define CONFIG_IO_URING		1
#define IS_ENABLED(option)	(option)
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define sizeof_field(t, m)	sizeof(((t *)0)->m)
#define U32_MAX			(~0U)
#define U64_MAX			(~0ULL)
#undef static_assert
#define static_assert(condition, ...)	SIM_ASSERT(condition, ##__VA_ARGS__, #condition)
#define SIM_ASSERT(condition, text, ...) _Static_assert(condition, text)

/* Where a test may interrupt: before each access that another context can see or disturb */
extern void (*sim_interrupt)(void);

static inline void sim_point(void)
{
	if (unlikely(sim_interrupt))
		sim_interrupt();
}

#define READ_ONCE(x)		({ sim_point(); __atomic_load_n(&(x), __ATOMIC_RELAXED); })
#define WRITE_ONCE(x, v)							\
	({ typeof(x) v_ = (v); sim_point(); __atomic_store_n(&(x), v_, __ATOMIC_RELAXED); })
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#ifdef __SANITIZE_THREAD__
/* TSan knows no fences; an exchange orders as much, and it knows that. */
extern u64 sim_fence;
#define smp_mb()		__atomic_fetch_add(&sim_fence, 1, __ATOMIC_SEQ_CST)
#else
#define smp_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST)
#endif
#define barrier()		({ sim_point(); __atomic_signal_fence(__ATOMIC_SEQ_CST); })

typedef struct { long v; } local_t;

#define local_read(l)								\
	({ sim_point(); (unsigned long)__atomic_load_n(&(l)->v, __ATOMIC_RELAXED); })
#define local_add(n, l)		((void)__atomic_add_fetch(&(l)->v, n, __ATOMIC_RELAXED))
#define xchg(p, v)		({ sim_point(); __atomic_exchange_n(p, v, __ATOMIC_RELAXED); })

static inline unsigned long local_cmpxchg(local_t *l, long old, long new)
{
	sim_point();
	__atomic_compare_exchange_n(&l->v, &old, new, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	return (unsigned long)old;
}

#define local_xchg(l, new)							\
	({ sim_point(); (unsigned long)__atomic_exchange_n(&(l)->v, new, __ATOMIC_RELAXED); })

typedef struct { s64 v; } atomic64_t;

#define atomic64_read(a)	__atomic_load_n(&(a)->v, __ATOMIC_RELAXED)
#define atomic64_add(n, a)	((void)__atomic_add_fetch(&(a)->v, n, __ATOMIC_SEQ_CST))
#define atomic64_try_cmpxchg(a, old, new)					\
	__atomic_compare_exchange_n(&(a)->v, old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)

/* This thread's CPU, and how many signal handlers it is in */
extern __thread unsigned int sim_cpu;
extern __thread unsigned int sim_nmi;

/* A per-CPU variable is an array by CPU. */
#define this_cpu_read(x)	((&(x))[sim_cpu])
#define this_cpu_add(x, n)	__atomic_add_fetch(&(&(x))[sim_cpu], n, __ATOMIC_RELAXED)
#define this_cpu_inc(x)		this_cpu_add(x, 1)

#define __rcu
#define rcu_access_pointer(p)	READ_ONCE(p)

#define preempt_disable_notrace()	do { } while (0)
#define preempt_enable_notrace()	do { } while (0)
/* Nothing here is an interrupt that can be held off. */
#define local_irq_save(flags)		((void)((flags) = 0))
#define local_irq_restore(flags)	((void)(flags))
#define in_task()			(!sim_nmi)
#define in_nmi()			(sim_nmi > 0)
#define in_hardirq()			0

struct task_struct {
	u32 tgid, pid;
	char comm[16];
	u64 start_boottime;
	u64 self_exec_id;
	struct task_struct *group_leader;
};

#define pid_alive(task)	((void)(task), true)

extern struct task_struct sim_current;
#define current (&sim_current)

struct irq_work {
	void (*fn)(struct irq_work *work);
	struct irq_work *next;
	bool pending;
};

#define IRQ_WORK_INIT_HARD(f)	((struct irq_work){ .fn = (f) })

/* Any context, a signal handler's too. */
void irq_work_queue(struct irq_work *work);

struct static_key_false {
	bool enabled;
};

#define DECLARE_STATIC_KEY_FALSE(name)	extern struct static_key_false name
#define DEFINE_STATIC_KEY_FALSE(name)	struct static_key_false name
#define static_branch_enable(key)	((key)->enabled = true)
#define static_key_enabled(key)		((key)->enabled)
#define static_branch_likely(key)	static_key_enabled(key)

u64 ktime_get_boot_fast_ns(void);

/* Members of structures that the ring never touches; kernel.h gives them life. */
struct list_head {
	struct list_head *next, *prev;
};

typedef struct {
	int fd;
} wait_queue_head_t;

struct timer_list {
	void (*fn)(struct timer_list *timer);
	struct timer_list *next;
	unsigned long at;	/* jiffies */
	bool pending;
};

struct work_struct {
	struct timer_list timer;
	void (*fn)(struct work_struct *work);
};

typedef unsigned int fmode_t;
typedef unsigned int __poll_t;
typedef struct { u32 val; } kuid_t;
#ifndef SIM_KERNEL
typedef int spinlock_t;
struct rcu_head {
	void *unused;
};
#endif

struct kprobe;
struct page;
struct module;
struct tracepoint;
struct delayed_work;
#define THIS_MODULE NULL

#ifdef SIM_KERNEL
#include "kernel.h"
#endif

#endif /* EVRING_SIM_SHIM_H */
