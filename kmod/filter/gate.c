// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate between a hook's capture and the ring: what the hook's owners want of its
 * events. A gate is never changed but replaced as a whole, and an event looks at it
 * once: so it is judged by all of the old wants or all of the new ones. Events are
 * judged with preemption off, which is what the old gate is kept for by RCU.
 */
#include <linux/err.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../ring.h"
#include "../type.h"
#include "filter.h"
#include "gate.h"

/**
 * struct evring_want - what one owner wants
 * @rcu: to free it
 * @program: verified for the type of the hook
 */
struct evring_want {
	struct rcu_head rcu;
	struct evring_program program __aligned(8);
};

/**
 * struct evring_gate - what all owners want; without any of them, nothing
 * @rcu: to free it
 * @nr: of @wants
 * @wants: an event that one of them wants is published
 */
struct evring_gate {
	struct rcu_head rcu;
	unsigned int nr;
	const struct evring_want *wants[];
};

static int want_read(struct evring_want *want, const void __user *user, u32 len)
{
	if (copy_from_user(&want->program, user, len))
		return -EFAULT;
	/* It may have changed since its length was read. */
	return want->program.len == len ? 0 : -EINVAL;
}

/* The program at @user, for events of @type. May sleep. */
struct evring_want *evring_want_load(u64 user, const struct evring_event_type *type)
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
	want = kvmalloc(offsetof(struct evring_want, program) + head.len, GFP_KERNEL);
	if (!want)
		return ERR_PTR(-ENOMEM);
	ret = want_read(want, u64_to_user_ptr(user), head.len);
	if (!ret)
		ret = evring_program_verify(&want->program, head.len, type->block->version,
					    type->block->data_size);
	if (!ret)
		return want;
	kvfree(want);
	return ERR_PTR(ret);
}

int evring_want_copy(const struct evring_want *want, struct evring_program **copy)
{
	*copy = kvmalloc(want->program.len, GFP_KERNEL);
	if (!*copy)
		return -ENOMEM;
	memcpy(*copy, &want->program, want->program.len);
	return 0;
}

/* No gate has it any more, but events may still be judged by one that had. */
void evring_want_free(struct evring_want *want)
{
	if (want)
		kvfree_rcu(want, rcu);
}

/*
 * A gate for what those of @nr owners want whose bits are set; NULL: one of them
 * wants all. It is small, and must not fail: an owner that goes cannot wait. May
 * sleep.
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
	for_each_set_bit(owner, owners, nr)
		gate->wants[gate->nr++] = wants[owner];
	return gate;
}

/* Events may still be judged by it. */
void evring_gate_free(struct evring_gate *gate)
{
	if (gate)
		kfree_rcu(gate, rcu);
}

static bool gate_wants(const struct evring_gate *gate, struct evring_event_type *type,
		       const struct evring_rec *rec)
{
	enum evring_verdict verdict;
	unsigned int i;

	for (i = 0; i < gate->nr; i++) {
		verdict = evring_program_run(&gate->wants[i]->program, rec, rec + 1,
					     rec->len - sizeof(*rec));
		if (verdict == EVRING_WANTED)
			return true;
		if (verdict == EVRING_UNDECIDED) {
			this_cpu_inc(*type->undecided);
			return true;
		}
	}
	return false;
}

/* End a reservation of a hook: publish it or take it back. Any context, preemption is off. */
void evring_gate_submit(const struct evring_gate *gate, struct evring_event_type *type,
			struct evring_slot *slot)
{
	if (gate_wants(gate, type, slot->rec)) {
		evring_submit(slot);
		return;
	}
	this_cpu_inc(*type->filtered);
	evring_withdraw(slot);
}
