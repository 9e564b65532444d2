// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of each type, and how they change: the new ones replace the old ones as a
 * whole, so an event is judged by all of either. A change returns once no event is
 * judged by the old ones any more.
 */
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../type.h"
#include "rules.h"
#include "stage.h"

static DEFINE_MUTEX(redact_lock);	/* the rules of all types */

static void vars_find(struct evring_redact_rules *rules, const struct evring_block *block)
{
	const struct evring_block_field *field;
	u32 i;

	rules->nr_vars = 0;
	for (i = 0; i < block->fields.count && rules->nr_vars < ARRAY_SIZE(rules->vars); i++) {
		field = (const void *)((const char *)block + block->fields.offset +
				       i * block->fields.stride);
		if (field->kind & EVRING_KIND_VAR)
			rules->vars[rules->nr_vars++] = (struct evring_var){ i, field->offset };
	}
}

static struct evring_redact_rules *rules_alloc(u32 len, const struct evring_event_type *type)
{
	struct evring_redact_rules *rules;

	rules = kvmalloc(offsetof(struct evring_redact_rules, rules) + len, GFP_KERNEL);
	if (!rules)
		return ERR_PTR(-ENOMEM);
	vars_find(rules, type->block);
	return rules;
}

static int rules_verify(struct evring_redact_rules *rules, const struct evring_event_type *type)
{
	int ret = evring_redaction_verify(&rules->rules, rules->rules.len, type->block);

	if (!ret)
		evring_redact_index(&rules->rules, &rules->index);
	return ret;
}

static int rules_read(struct evring_redact_rules *rules, const void __user *user, u32 len,
		      const struct evring_event_type *type)
{
	if (copy_from_user(&rules->rules, user, len))
		return -EFAULT;
	/* It may have changed since its length was read. */
	if (rules->rules.len != len)
		return -EINVAL;
	return rules_verify(rules, type);
}

static struct evring_redact_rules *rules_load(u64 user, const struct evring_event_type *type)
{
	struct evring_redaction head = { 0 };
	struct evring_redact_rules *rules;
	int ret;

	if (copy_from_user(&head, u64_to_user_ptr(user), offsetofend(struct evring_redaction, len)))
		return ERR_PTR(-EFAULT);
	if (head.magic != EVRING_REDACTION_MAGIC || head.len < sizeof(head))
		return ERR_PTR(-EINVAL);
	if (head.len > EVRING_REDACTION_MAX)
		return ERR_PTR(-E2BIG);
	rules = rules_alloc(head.len, type);
	if (IS_ERR(rules))
		return rules;
	ret = rules_read(rules, u64_to_user_ptr(user), head.len, type);
	if (!ret)
		return rules;
	kvfree(rules);
	return ERR_PTR(ret);
}

/* The module's own, NULL: it has none for the type. */
static struct evring_redact_rules *rules_default(const struct evring_event_type *type)
{
	struct evring_redaction *own = evring_redact_default(type);
	struct evring_redact_rules *rules;

	if (IS_ERR_OR_NULL(own))
		return ERR_CAST(own);
	rules = rules_alloc(own->len, type);
	/* Not to &rules->rules, which is its head alone to the compiler */
	if (!IS_ERR(rules))
		memcpy((char *)rules + offsetof(struct evring_redact_rules, rules), own, own->len);
	kvfree(own);
	/* They are made by this module, but of two tables that must fit. */
	if (IS_ERR(rules) ||
	    !WARN_ON_ONCE(rules_verify(rules, type)))
		return rules;
	kvfree(rules);
	return ERR_PTR(-EINVAL);
}

/* Events may still be judged by the old ones, which are returned. */
static struct evring_redact_rules *rules_replace(struct evring_event_type *type,
						 struct evring_redact_rules *rules, bool own)
{
	struct evring_redact_rules *old = rcu_dereference_protected(type->rules,
							     lockdep_is_held(&redact_lock));

	rcu_assign_pointer(type->rules, rules);
	type->rules_generation++;
	type->rules_own = own;
	return old;
}

/*
 * A type of a hook begins with the module's own rules. Without memory for them its hook
 * must not emit. May sleep.
 */
int evring_redact_reset(struct evring_event_type *type)
{
	struct evring_redact_rules *rules = rules_default(type);

	if (IS_ERR(rules))
		return PTR_ERR(rules);
	mutex_lock(&redact_lock);
	kvfree(rules_replace(type, rules, true));
	mutex_unlock(&redact_lock);
	return 0;
}

/* The type goes, and has no events any more. */
void evring_redact_clear(struct evring_event_type *type)
{
	kvfree(rcu_dereference_protected(type->rules, true));
}

static int rules_change(struct evring_event_type *type, const struct evring_redact *arg,
			struct evring_redact_rules **rules)
{
	if (arg->generation && arg->generation != type->rules_generation)
		return -ESTALE;
	*rules = rules_replace(type, *rules, arg->op == EVRING_REDACT_RESET);
	return 0;
}

static u64 redacted_sum(const struct evring_event_type *type, u64 *hidden)
{
	const struct evring_redacted *own;
	u64 sum = 0;
	int cpu;

	*hidden = 0;
	for_each_possible_cpu(cpu) {
		own = per_cpu_ptr(type->redacted, cpu);
		sum += READ_ONCE(own->events);
		*hidden += READ_ONCE(own->hidden);
	}
	return sum;
}

static void redact_tell(const struct evring_event_type *type, struct evring_redact *arg)
{
	arg->flags = type->rules_own ? EVRING_REDACT_F_DEFAULT : 0;
	arg->generation = type->rules_generation;
	arg->redacted = redacted_sum(type, &arg->hidden);
}

/* A copy of the rules of now; NULL: there are none. */
static struct evring_redaction *rules_copy(const struct evring_event_type *type)
{
	const struct evring_redact_rules *rules = rcu_dereference_protected(type->rules,
								     lockdep_is_held(&redact_lock));
	struct evring_redaction *copy;

	if (!rules)
		return NULL;
	copy = kvmalloc(rules->rules.len, GFP_KERNEL);
	if (!copy)
		return ERR_PTR(-ENOMEM);
	memcpy(copy, &rules->rules, rules->rules.len);
	return copy;
}

static int redact_query(struct evring_event_type *type, struct evring_redact *arg)
{
	struct evring_redaction *copy;
	int ret = 0;

	mutex_lock(&redact_lock);
	copy = arg->flags & EVRING_REDACT_F_DEFAULT ? evring_redact_default(type) :
						      rules_copy(type);
	redact_tell(type, arg);
	mutex_unlock(&redact_lock);
	if (IS_ERR_OR_NULL(copy))
		return PTR_ERR_OR_ZERO(copy);
	arg->len = copy->len;
	/* Not under the lock: user memory can be as slow as its owner wants. */
	if (copy_to_user(u64_to_user_ptr(arg->to), copy, min(arg->room, arg->len)))
		ret = -EFAULT;
	kvfree(copy);
	return ret;
}

static int redact_change(struct evring_event_type *type, struct evring_redact *arg)
{
	struct evring_redact_rules *rules = NULL;
	int ret;

	if (arg->op == EVRING_REDACT_RESET)
		rules = rules_default(type);
	else if (arg->rules)
		rules = rules_load(arg->rules, type);
	if (IS_ERR(rules))
		return PTR_ERR(rules);
	arg->len = rules ? rules->rules.len : 0;
	mutex_lock(&redact_lock);
	ret = rules_change(type, arg, &rules);
	redact_tell(type, arg);
	mutex_unlock(&redact_lock);
	if (!ret)
		synchronize_rcu();
	kvfree(rules);
	return ret;
}

/* EVRING_IOC_REDACT for a hook's type; @arg was checked. May sleep. */
int evring_redact_ctl(struct evring_event_type *type, struct evring_redact *arg)
{
	return arg->op == EVRING_REDACT_QUERY ? redact_query(type, arg) :
						redact_change(type, arg);
}
