/* SPDX-License-Identifier: GPL-2.0-only */
/* ring.c: reserve, fill, submit. <linux/evring.h> declares most of its functions. */
#ifndef _KMOD_RING_H
#define _KMOD_RING_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/evring.h>
#include <linux/irq_work.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <asm/local.h>
#include "limits.h"
#include "room.h"

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
 * @lost_last: and when the last one did, likewise
 * @seq_base: number of the first attempt in the current segment, all 64 bits
 * @lost_causes: causes and types (loss.h) of the attempts that failed since then
 * @lost: attempts that failed, by enum evring_lost_cause
 * @discarded: reservations that were given up too late to be taken back
 * @wake: raised where a session is armed, or waits for a watermark
 * @raises: the CPU is so far up that @wake runs if it is raised (cpu.c)
 * @hold: lowest position that a group holds, U64_MAX if none does. Written by
 *	COMMIT and JOIN, read only where a segment is entered
 * @lane: of this lane
 * @cpu: of this CPU
 * @user_part: bytes of it that one user may have (user.c)
 * @slice_shift: log2 of the slices by which they are counted
 * @room: writers that wait for room
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
	local_t lost_causes;
	u64 seq_base;
	local_t lost[EVRING_LOST_CAUSES];
	local_t discarded;
	struct irq_work wake;
	bool raises;

	u64 hold ____cacheline_aligned_in_smp;

	u32 lane ____cacheline_aligned_in_smp;
	u32 cpu;
	u64 user_part;
	unsigned int slice_shift;
	struct evring_room room;
	u64 *lost_shown;
	struct evring_cursor *cursors;
	atomic64_t counted;
	unsigned int nr_pages;
	struct page **pages;
};

/* evring_reserve() as if the type had no rules that leave secrets out */
void *evring_reserve_now(struct evring_slot *slot, struct evring_event_type *type, u32 len);
void *evring_try_reserve_now(struct evring_slot *slot, struct evring_ring *ring,
			     struct evring_event_type *type, u32 len);
/* For applications (publish.c): NULL is no loss. Task context alone, preemption off. */
void *evring_try_reserve(struct evring_slot *slot, struct evring_ring *ring,
			 struct evring_event_type *type, u32 len);
bool evring_withdraw(struct evring_slot *slot);
bool evring_suppress(struct evring_slot *slot, struct evring_event_type *type,
		     enum evring_lost_cause cause);
void evring_lose(struct evring_event_type *type, u32 nr, enum evring_lost_cause cause);

/*
 * Have those woken that wait for events. On this CPU, preemption is off. Where the CPU comes or
 * goes, cpu.c does it instead.
 */
static __always_inline void evring_ring_raise(struct evring_ring *ring)
{
	if (READ_ONCE(ring->raises))
		irq_work_queue(&ring->wake);
}

/* EVRING_REC_* of the context that we are in */
static __always_inline u16 evring_context(void)
{
	if (likely(in_task()))
		return EVRING_REC_TASK;
	if (in_nmi())
		return EVRING_REC_NMI;
	return in_hardirq() ? EVRING_REC_HARDIRQ : EVRING_REC_SOFTIRQ;
}

static __always_inline u32 evring_current_pid(void)
{
	return current->tgid;
}

static __always_inline u32 evring_current_tid(void)
{
	return current->pid;
}

#endif /* _KMOD_RING_H */
