/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module's map: what each file offers the others, in the order in which an
 * event flows. What other modules may use is in <linux/evring.h>, what user
 * space sees in <uapi/linux/evring.h>.
 */
#ifndef _KMOD_EVRING_H
#define _KMOD_EVRING_H

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/cache.h>
#include <linux/evring.h>
#include <linux/irq_work.h>
#include <linux/jump_label.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/timer.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <asm/local.h>
#include "compat/tsc.h"

/* Limits of this module; the meta page says what there is. */
#define EVRING_LANES_MAX	16
#define EVRING_GROUPS_MAX	64
#define EVRING_TYPES_MAX	1024
#define EVRING_FIELDS_MAX	256	/* of one type */
#define EVRING_VALUES_MAX	4096	/* of one table of names */
#define EVRING_CLOCK_PAST	64	/* lines of the clock that are kept */
#define EVRING_LOST_CAUSES	4
#define EVRING_SEQ_BITS		48
#define EVRING_SEQ_MASK		((1ULL << EVRING_SEQ_BITS) - 1)

/* block.c: a type as bytes */

struct evring_block *evring_block_make(const struct evring_type_desc *desc);
size_t evring_block_room(const struct evring_type_desc *desc);
const char *evring_block_name(const struct evring_block *block);
const char *evring_block_differs(const struct evring_block *a, const struct evring_block *b,
				 const char **field);
bool evring_block_extends(const struct evring_block *block, const struct evring_block *old);
bool evring_block_same(const struct evring_block *a, const struct evring_block *b);

/* type.c: what events look like */

/**
 * struct evring_event_type - a registered type
 * @id: index in the table, and struct evring_rec.type
 * @lane: where its events go now
 * @own_lane: where they go unless a hook's owner says otherwise
 * @size: shortest payload
 * @rings: @lane's, by CPU; NULL where there was no memory for one
 * @flags: EVRING_TYPE_F_*
 * @generation: how many types had the id before
 * @lost: events that got no room, by CPU that lost them
 * @block: as user space sees it
 * @name: in @block
 * @heads: gone: where each ring ended then; NULL: not known
 * @app: of what applications publish, else NULL
 * @rcu: of what is freed while an application may be looking at it
 */
struct evring_event_type {
	u16 id;
	u16 lane;
	u16 own_lane;
	u32 size;
	struct evring_ring * __percpu *rings;
	u32 flags;
	u32 generation;
	u64 __percpu *lost;
	const struct evring_block *block;
	const char *name;
	u64 *heads;
	struct evring_app *app;
	struct rcu_head rcu;
};

extern const struct evring_names_desc evring_lost_causes;

int evring_types_init(void);
void evring_types_exit(void);
bool evring_type_desc_valid(const struct evring_type_desc *desc);
int evring_type_describe(struct evring_describe *info, const kuid_t *only);
void evring_type_move(struct evring_event_type *type, int lane);

/* clock.c: what time it is, cheaply and in any context */

struct evring_meta_pages;

int evring_clock_init(struct evring_meta_pages *published);
void evring_clock_exit(void);
void evring_clock_snapshot(struct evring_meta_pages *to);

DECLARE_STATIC_KEY_FALSE(evring_clock_tsc);

/* The raw time stamp. Any context. */
static __always_inline u64 evring_clock(void)
{
	if (static_branch_likely(&evring_clock_tsc))
		return evring_tsc();
	return ktime_get_boot_fast_ns();
}

/* The same where it takes no call. False: it does. */
static __always_inline bool evring_clock_inline(u64 *now)
{
	if (!static_branch_likely(&evring_clock_tsc))
		return false;
	*now = evring_tsc();
	return true;
}

/* ring.c: reserve, fill, publish; its functions are those of <linux/evring.h> */

/**
 * struct evring_ring - one CPU's ring of one lane
 * @word: the reservation: attempts so far (upper 48 bits) and how far the
 *	current segment is taken, in 8-byte units (lower 16). Changed by
 *	compare-and-exchange, on this CPU alone
 * @base: position of the current segment; changes while @word says closed
 * @segment: where it lies in @data; likewise
 * @nest: contexts inside reserve .. submit, one on top of another
 * @entering: a context is about to enter the next segment
 * @segment_units: segment size in 8-byte units
 * @segment_size: bytes
 * @payload_max: longest payload, bytes
 * @data_size: bytes, a power of two
 * @data: the data area
 * @page: the ring page
 * @armed: the lane's: somebody waits for an event
 * @marked: the lane's: somebody waits for a watermark
 * @closed_seq: attempts so far when the current segment was closed
 * @lost_first: when the first attempt after that failed, 0 if none has
 * @lost_last: and when the last one did
 * @seq_base: number of the first attempt in the current segment, all 64 bits
 * @lost_what: causes and types of the attempts that failed since then
 * @lost: attempts that failed, by enum evring_lost_cause
 * @discarded: reservations that were given up too late to be taken back
 * @wake: raised where a session is armed, or waits for a watermark
 * @hold: lowest position that a group holds, U64_MAX if none does. Written by
 *	whoever commits, read only where a segment is entered
 * @lane: which
 * @cpu: whose
 * @lost_shown: @lost as user space sees it
 * @cursors: by place of the group
 * @counted: how much of head is in the lane's sum (wake.c)
 * @nr_pages: of @pages
 * @pages: all of the mapping, the ring page first
 */
struct evring_ring {
	local_t word;
	u64 base;
	void *segment;
	u32 nest;
	bool entering;
	u32 segment_units;
	u32 segment_size;
	u32 payload_max;
	u64 data_size;
	void *data;
	struct evring_ring_page *page;
	const int *armed;
	const int *marked;

	u64 closed_seq;
	u64 lost_first;
	u64 lost_last;
	local_t lost_what;
	u64 seq_base;
	local_t lost[EVRING_LOST_CAUSES];
	local_t discarded;
	struct irq_work wake;

	u64 hold ____cacheline_aligned_in_smp;

	u32 lane ____cacheline_aligned_in_smp;
	u32 cpu;
	u64 *lost_shown;
	struct evring_cursor *cursors;
	atomic64_t counted;
	unsigned int nr_pages;
	struct page **pages;
};

void evring_lose(struct evring_event_type *type, u32 nr, enum evring_lost_cause cause);

/* EVRING_REC_* of the context that we are in */
static __always_inline u16 evring_context(void)
{
	if (likely(in_task()))
		return EVRING_REC_TASK;
	if (in_nmi())
		return EVRING_REC_NMI;
	return in_hardirq() ? EVRING_REC_HARDIRQ : EVRING_REC_SOFTIRQ;
}

/* For applications (publish.c): NULL is no loss. Task context alone. */
void *evring_try_reserve(struct evring_slot *slot, struct evring_event_type *type, u32 len);

static __always_inline u32 evring_current_pid(void)
{
	return current->tgid;
}

static __always_inline u32 evring_current_tid(void)
{
	return current->pid;
}

/* lane.c: the rings there are, and the meta page */

/**
 * struct evring_lane - one lane
 * @info: its entry in the meta page
 * @rings: this CPU's ring, NULL until the CPU first comes online
 * @armed: a session waits for the next event (wake.c)
 * @marked: sessions that wait for their watermark (wake.c)
 * @published: bytes on its rings, as far as they were counted
 */
struct evring_lane {
	struct evring_lane_info *info;
	struct evring_ring * __percpu *rings;
	int armed;
	int marked;
	atomic64_t published;
};

extern struct evring_lane evring_lanes[EVRING_LANES_MAX];
extern unsigned int evring_nr_lanes;

/* The meta page as this module has it; user space goes by the tables alone. */
struct evring_meta_pages {
	struct evring_meta meta;
	struct evring_clock clock;
	struct evring_clock_line past[EVRING_CLOCK_PAST];
	struct evring_lane_info lanes[EVRING_LANES_MAX];
	struct evring_group_info groups[EVRING_GROUPS_MAX];
};

extern struct evring_meta_pages *evring_meta_pages;
extern struct evring_meta *evring_meta;	/* the start of them */

/* And so a ring page */
struct evring_ring_pages {
	struct evring_ring_page page;
	u64 lost[EVRING_LOST_CAUSES] ____cacheline_aligned;
	struct evring_cursor cursors[EVRING_GROUPS_MAX] ____cacheline_aligned;
};

int evring_lanes_init(void);
void evring_lanes_exit(void);
int evring_lane_find(const char *name);
bool evring_lanes_resolve(u64 *lanes);
struct evring_ring *evring_ring_get(u32 lane, u32 cpu);

typedef void evring_ring_fn(struct evring_ring *ring, void *arg);

void evring_rings_each(u64 lanes, evring_ring_fn *fn, void *arg);
void evring_ring_count(struct evring_ring *ring);
u64 evring_lanes_published(u64 lanes);
u64 evring_lanes_count(u64 lanes);

/* group.c: named cursors */

struct evring_session;

void evring_groups_exit(void);
void evring_groups_snapshot(struct evring_meta_pages *to);
int evring_group_find(const char *name);
int evring_group_claim(struct evring_session *session, struct evring_join *join);
void evring_group_unclaim(struct evring_session *session);
void evring_group_take(struct evring_session *session, const struct evring_join *join);
int evring_group_leave(struct evring_session *session);
int evring_group_commit(struct evring_session *session, const struct evring_commit *commit);
int evring_group_drop(const char *name, unsigned int *group);
void evring_groups_add_ring(struct evring_ring *ring, struct evring_ring **slot);
bool evring_name_valid(const char *name);

/* wake.c: arm, poll, wake */

enum evring_wait_state {
	EVRING_AWAKE,		/* poll says readable */
	EVRING_ARMED,		/* the next event wakes or starts the flush time */
	EVRING_MARKED,		/* an event came; waits for watermark or flush time */
};

/**
 * struct evring_waiter - a session's half of the wake-up
 * @list: of the waiters that are not awake
 * @queue: who polls
 * @timer: ARMED: one look back after a tick; MARKED: the flush time
 * @look: that look back, as it is at all rings
 * @state: enum evring_wait_state
 * @lanes: what it waits for
 * @watermark: bytes, 0 for the first event
 * @flush: jiffies
 * @from: evring_lanes_count() when it was armed
 */
struct evring_waiter {
	struct list_head list;
	wait_queue_head_t queue;
	struct timer_list timer;
	struct work_struct look;
	enum evring_wait_state state;
	u64 lanes;
	u32 watermark;
	unsigned long flush;
	u64 from;
};

void evring_waiter_init(struct evring_waiter *waiter);
void evring_waiter_exit(struct evring_waiter *waiter);
int evring_waiter_arm(struct evring_waiter *waiter, const struct evring_arm *arm);
void evring_ring_wake(struct irq_work *work);
void evring_wake_exit(void);

/* publish.c: what applications write (publish.h) */

struct file;
struct poll_table_struct;

void evring_room_made(void);
__poll_t evring_publish_poll(struct evring_session *session, struct file *file,
			     struct poll_table_struct *table);

/* device.c: /dev/evring */

struct group_state;
struct evring_user;
struct evring_publisher;

/**
 * struct evring_session - one open file
 * @mode: FMODE_READ, FMODE_WRITE
 * @publisher: its other half, if it can write; else NULL
 * @user: whose it is
 * @group: the group that it owns, or NULL; under groups_lock
 * @claim: the group that a JOIN under way is about to give it; likewise
 * @joins: counts the JOINs that succeeded; likewise
 * @waiter: how it is woken
 */
struct evring_session {
	fmode_t mode;
	struct evring_publisher *publisher;
	struct evring_user *user;
	struct group_state *group;
	struct group_state *claim;
	u64 joins;
	struct evring_waiter waiter;
};

int evring_device_init(void);
void evring_device_exit(void);

/* ioctl.c: its calls, each with the size that the caller knows */

long evring_ioctl(struct evring_session *session, unsigned int cmd, unsigned long arg);
bool evring_command_known(u32 op);
int evring_command(struct evring_session *session, u32 op, const struct evring_uring_cmd *cmd,
		   bool nonblock);

#endif /* _KMOD_EVRING_H */
