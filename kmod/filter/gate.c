// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate between a hook's capture and the ring: the filters and limits of the hook's
 * owners. A gate is never changed but replaced as a whole, and an event loads it once:
 * so the old wants judge it, or the new ones. RCU keeps the old gate until no CPU
 * judges an event by it, which happens with preemption off.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../ring.h"
#include "../type.h"
#include "filter.h"
#include "gate.h"
#include "limit.h"

/**
 * struct evring_want - filter and limits of one owner
 * @rcu: to free it
 * @limit: how many of them; NULL: all
 * @program: verified for the type of the hook; without a length: all events
 */
struct evring_want {
	struct rcu_head rcu;
	struct evring_limit *limit;
	struct evring_program program __aligned(8);
};

/**
 * struct evring_gate - the wants of all owners; without any, no event is published
 * @rcu: to free it
 * @nr: of @wants
 * @limits: some of them have limits
 * @wants: an event that one of them wants is published
 */
struct evring_gate {
	struct rcu_head rcu;
	unsigned int nr;
	bool limits;
	const struct evring_want *wants[];
};

static int want_read(struct evring_want *want, const void __user *user, u32 len,
		     const struct evring_event_type *type)
{
	if (copy_from_user(&want->program, user, len))
		return -EFAULT;
	/* It may have changed since its length was read. */
	if (want->program.len != len)
		return -EINVAL;
	return evring_program_verify(&want->program, len, type->block->version,
				     type->block->data_size);
}

/* Room for a program of @len bytes and no more than its head if @len is 0 */
static struct evring_want *want_alloc(u32 len)
{
	struct evring_want *want;

	want = kvmalloc(offsetof(struct evring_want, program) +
			max_t(u32, len, sizeof(want->program)), GFP_KERNEL);
	if (!want)
		return ERR_PTR(-ENOMEM);
	want->limit = NULL;
	want->program.len = 0;
	return want;
}

static struct evring_want *program_load(u64 user, const struct evring_event_type *type)
{
	struct evring_program head = { 0 };
	struct evring_want *want;
	int ret;

	if (copy_from_user(&head, u64_to_user_ptr(user), offsetofend(struct evring_program, len)))
		return ERR_PTR(-EFAULT);
	if (head.magic != EVRING_PROGRAM_MAGIC || head.len < sizeof(head))
		return ERR_PTR(-EINVAL);
	if (head.len > EVRING_PROGRAM_MAX)
		return ERR_PTR(-E2BIG);
	want = want_alloc(head.len);
	if (IS_ERR(want))
		return want;
	ret = want_read(want, u64_to_user_ptr(user), head.len, type);
	if (!ret)
		return want;
	kvfree(want);
	return ERR_PTR(ret);
}

/* A filter and limits, for events of @type; NULL: without both. May sleep. */
struct evring_want *evring_want_load(u64 filter, u64 limits, const struct evring_event_type *type)
{
	struct evring_want *want = NULL;
	struct evring_limit *limit;

	if (filter)
		want = program_load(filter, type);
	if (IS_ERR(want) || !limits)
		return want;
	limit = evring_limit_load(limits, type);
	if (IS_ERR(limit)) {
		kvfree(want);
		return ERR_CAST(limit);
	}
	if (!want)
		want = want_alloc(0);
	if (IS_ERR(want))
		evring_limit_free(limit);
	else
		want->limit = limit;
	return want;
}

/* Does it have a filter? It may be limits alone. */
bool evring_want_filters(const struct evring_want *want)
{
	return want->program.len;
}

/* Its limits; with a size of 0 if there are none */
void evring_want_limits(const struct evring_want *want, struct evring_limits *limits)
{
	if (want->limit)
		evring_limit_tell(want->limit, limits);
}

/* Its filter, for the caller to free; NULL: it has none. */
int evring_want_copy(const struct evring_want *want, struct evring_program **copy)
{
	*copy = NULL;
	if (!want->program.len)
		return 0;
	*copy = kvmalloc(want->program.len, GFP_KERNEL);
	if (!*copy)
		return -ENOMEM;
	memcpy(*copy, &want->program, want->program.len);
	return 0;
}

/* No gate has it any more, but events may still be judged by one that had. */
void evring_want_free(struct evring_want *want)
{
	if (!want)
		return;
	evring_limit_free(want->limit);
	kvfree_rcu(want, rcu);
}

/*
 * Make a gate of the wants of those of @nr owners whose bits are set; NULL: one of them
 * wants all events. The allocation is small, and must not fail: an owner that goes
 * cannot wait. May sleep.
 */
struct evring_gate *evring_gate_make(struct evring_want *const *wants,
				     const unsigned long *owners, unsigned int nr)
{
	struct evring_gate *gate;
	unsigned int owner;

	for_each_set_bit(owner, owners, nr)
		if (!wants[owner])
			return NULL;
	gate = kmalloc(struct_size(gate, wants, bitmap_weight(owners, nr)),
		       GFP_KERNEL | __GFP_NOFAIL);
	gate->nr = 0;
	gate->limits = false;
	for_each_set_bit(owner, owners, nr) {
		gate->limits |= !!wants[owner]->limit;
		gate->wants[gate->nr++] = wants[owner];
	}
	return gate;
}

/* Events may still be judged by it. */
void evring_gate_free(struct evring_gate *gate)
{
	if (gate)
		kfree_rcu(gate, rcu);
}

/* The fate of an event; any other value is the cause for which it is lost */
#define FATE_PUBLISHED	(-1)
#define FATE_UNWANTED	(-2)

static bool want_wants(const struct evring_want *want, struct evring_event_type *type,
		       const struct evring_rec *rec, int *steps)
{
	enum evring_verdict verdict;

	if (!want->program.len)
		return true;
	verdict = evring_program_spend(&want->program, rec, rec + 1, rec->len - sizeof(*rec),
				       steps);
	if (verdict == EVRING_UNDECIDED)
		this_cpu_inc(*type->undecided);
	return verdict != EVRING_UNWANTED;
}

static int gate_judge(const struct evring_gate *gate, struct evring_event_type *type,
		      const struct evring_rec *rec)
{
	const struct evring_want *want;
	int fate = FATE_UNWANTED, cause;
	int steps = EVRING_PROGRAM_STEPS;	/* of all owners: preemption is off */
	unsigned int i;

	for (i = 0; i < gate->nr; i++) {
		want = gate->wants[i];
		if (!want_wants(want, type, rec, &steps))
			continue;
		cause = want->limit ? evring_limit_judge(want->limit, rec + 1) :
				      EVRING_LIMIT_PASS;
		if (cause == EVRING_LIMIT_PASS)
			return FATE_PUBLISHED;
		fate = cause;
	}
	return fate;
}

/*
 * Events that limits suppress are told together in one lost record: after a while, with
 * a later event, or when somebody queries the hook.
 */
#define TELL_AFTER	(HZ / 8)
#define TELL_MANY	4096

static void tell(struct evring_event_type *type, atomic64_t *count, enum evring_lost_cause cause)
{
	u64 nr = atomic64_read(count) ? atomic64_xchg(count, 0) : 0;

	if (nr)
		evring_lose(type, min_t(u64, nr, U32_MAX), cause);
}

static void tell_cpu(struct evring_event_type *type, struct evring_suppressed *suppressed)
{
	WRITE_ONCE(suppressed->told, jiffies);
	tell(type, &suppressed->sampled, EVRING_LOST_SAMPLED);
	tell(type, &suppressed->rate, EVRING_LOST_RATE);
}

/* All of it, now, on this CPU's ring. Any context. */
void evring_suppressed_tell(struct evring_event_type *type)
{
	int cpu;

	for_each_possible_cpu(cpu)
		tell_cpu(type, per_cpu_ptr(type->suppressed, cpu));
}

/* Is it time to tell? On whichever CPU we are by now */
static void tell_in_time(struct evring_event_type *type)
{
	struct evring_suppressed *suppressed = per_cpu_ptr(type->suppressed,
							   raw_smp_processor_id());
	u64 nr = atomic64_read(&suppressed->sampled) + atomic64_read(&suppressed->rate);

	if (nr >= TELL_MANY ||
	    (nr && time_after_eq(jiffies, READ_ONCE(suppressed->told) + TELL_AFTER)))
		tell_cpu(type, suppressed);
}

static void suppress(struct evring_event_type *type, struct evring_slot *slot, int cause)
{
	struct evring_suppressed *suppressed = per_cpu_ptr(type->suppressed,
							   raw_smp_processor_id());

	/*
	 * Where its number cannot be given back, a lost record has told of it, or, as the
	 * record was too short, a discard has its place.
	 */
	if (evring_suppress(slot, type, cause))
		atomic64_inc(cause == EVRING_LOST_RATE ? &suppressed->rate :
							 &suppressed->sampled);
}

/*
 * End a reservation of a hook: publish it, or take it back. Any context; preemption is
 * off until it has ended.
 */
void evring_gate_submit(const struct evring_gate *gate, struct evring_event_type *type,
			struct evring_slot *slot)
{
	int fate = gate_judge(gate, type, slot->rec);
	bool limits = gate->limits;	/* the gate may be freed once the reservation has ended */

	if (fate == FATE_UNWANTED) {
		this_cpu_inc(*type->filtered);
		evring_withdraw(slot);
		return;
	}
	if (fate == FATE_PUBLISHED)
		evring_submit(slot);
	else
		suppress(type, slot, fate);
	if (limits)
		tell_in_time(type);
}
