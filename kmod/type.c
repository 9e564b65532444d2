// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of types. Ids are given out in order. A ring can hold events of a module
 * that has gone, and they must stay readable: so a type is only marked as gone, and
 * comes back under its id when the module does, with the same fields: if it has more, or
 * fewer, it is a type of its own beside that one. Once all ids are given out, an id whose
 * events are in no ring any more goes to another type, under another generation.
 */
#include <linux/err.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "app.h"
#include "block.h"
#include "group.h"
#include "lane.h"
#include "redact/stage.h"
#include "type.h"
#include "type_table.h"

struct evring_event_type *evring_types[EVRING_TYPES_MAX];
unsigned int evring_nr_types;
DEFINE_MUTEX(evring_types_lock);	/* the table and its types: type_table.h */

/* Tell user space that types it knows may have changed. */
void evring_types_changed(void)
{
	lockdep_assert_held(&evring_types_lock);
	/* release: pairs with the readers' load_acquire of types_seq */
	smp_store_release(&evring_meta->types_seq, evring_meta->types_seq + 1);
}

void evring_type_free(struct evring_event_type *type)
{
	if (!type)
		return;
	free_percpu(type->lost);
	free_percpu(type->filtered);
	free_percpu(type->undecided);
	free_percpu(type->suppressed);
	free_percpu(type->redacted);
	evring_redact_clear(type);
	kvfree(type->heads);
	kfree(type->block);
	kfree(type->app);
	kfree(type);
}

static void type_free_rcu(struct rcu_head *rcu)
{
	evring_type_free(container_of(rcu, struct evring_event_type, rcu));
}

void evring_type_place(struct evring_event_type *type, u16 lane)
{
	type->lane = lane;
	WRITE_ONCE(type->rings, evring_lane_table[lane].rings);
}

/* The lane that a description names; the builtin types are in every lane. */
static u16 desc_lane(const struct evring_type_desc *desc)
{
	int lane = desc->lane ? evring_lane_find(desc->lane) : 0;

	if (lane >= 0)
		return lane;
	pr_info("evring: there is no lane %s: events of type %s go to lane %s\n", desc->lane,
		desc->name, evring_lane_table[0].info->name);
	return 0;
}

#define alloc_counts(type)	alloc_percpu_gfp(type, GFP_KERNEL_ACCOUNT)

/* Make a type of a block, which it takes over. An application's is its memory. */
struct evring_event_type *evring_type_alloc(const struct evring_type_desc *desc,
					    const struct evring_block *block, u16 lane)
{
	struct evring_event_type *type = kzalloc(sizeof(*type), GFP_KERNEL_ACCOUNT);

	if (!type)
		return ERR_PTR(-ENOMEM);
	type->lost = alloc_counts(u64);
	type->filtered = alloc_counts(u64);
	type->undecided = alloc_counts(u64);
	type->suppressed = alloc_counts(struct evring_suppressed);
	type->redacted = alloc_counts(struct evring_redacted);
	if (!type->lost || !type->filtered || !type->undecided || !type->suppressed ||
	    !type->redacted) {
		evring_type_free(type);
		return ERR_PTR(-ENOMEM);
	}
	type->block = block;
	type->name = evring_block_name(block);
	type->size = desc->size;
	type->own_lane = lane;
	evring_type_place(type, lane);
	return type;
}

static unsigned int head_index(const struct evring_ring *ring)
{
	return ring->lane * nr_cpu_ids + ring->cpu;
}

static void note_head(struct evring_ring *ring, void *heads)
{
	((u64 *)heads)[head_index(ring)] = READ_ONCE(ring->page->head);
}

struct remains {
	const u64 *heads;
	bool found;
};

/* A group may still read below tail, if a writer gave way to it: so look at hold too. */
static void look_below(struct evring_ring *ring, void *arg)
{
	struct remains *remains = arg;
	u64 kept = min_t(u64, READ_ONCE(ring->page->tail), READ_ONCE(ring->hold));
	u64 head = remains->heads[head_index(ring)];

	if (head && kept < head)
		remains->found = true;
}

/* Can no ring hold an event of this type any more? */
bool evring_type_forgotten(const struct evring_event_type *type)
{
	struct remains remains = { .heads = type->heads };

	if (!(type->flags & EVRING_TYPE_F_GONE) || (type->app && type->app->noting))
		return false;
	if (type->app && !READ_ONCE(type->app->used))
		return true;
	if (!type->heads)
		return false;
	evring_rings_each(EVRING_LANES_ALL, look_below, &remains);
	return !remains.found;
}

/* Give @type the id of a type that is forgotten. */
void evring_type_replace(struct evring_event_type *type, struct evring_event_type *old)
{
	type->id = old->id;
	type->generation = old->generation + 1;
	/* First, as a reader that sees an event of it must not take it for one of the old type. */
	evring_types_changed();
	/* release: pairs with smp_load_acquire() in evring_type_by_id() */
	smp_store_release(&evring_types[type->id], type);
	call_rcu(&old->rcu, type_free_rcu);
}

int evring_type_take_id(struct evring_event_type *type)
{
	unsigned int i;

	if (evring_nr_types < EVRING_TYPES_MAX) {
		type->id = evring_nr_types;
		/* release: as in evring_type_replace() */
		smp_store_release(&evring_types[evring_nr_types++], type);
		return 0;
	}
	for (i = EVRING_TYPE_FIRST; i < evring_nr_types; i++) {
		if (!evring_type_forgotten(evring_types[i]))
			continue;
		evring_type_replace(type, evring_types[i]);
		return 0;
	}
	return -ENOSPC;
}

/* May a module's type have the name beside @type, whose name it is too? */
static int type_tolerates(const struct evring_event_type *type, const struct evring_block *block)
{
	if (type->app) {
		if (evring_type_forgotten(type))
			return 0;
		pr_warn("evring: type %s of a module is refused: user %u's application has the name\n",
			type->name, from_kuid(&init_user_ns, type->app->uid));
		return -EBUSY;
	}
	if (!(type->flags & EVRING_TYPE_F_GONE))
		return -EBUSY;
	/* Fields are only appended, whichever of the two modules is the newer one. */
	if (!evring_block_extends(block, type->block) && !evring_block_extends(type->block, block))
		return -EINVAL;
	return 0;
}

/*
 * *@found: the same type, whose module has gone. *@victim: an application's type that is
 * forgotten: it gives up the name, and its id.
 */
static int type_look(const struct evring_block *block, struct evring_event_type **found,
		     struct evring_event_type **victim)
{
	unsigned int i;
	int ret;

	lockdep_assert_held(&evring_types_lock);
	for (i = 0; i < evring_nr_types; i++) {
		struct evring_event_type *type = evring_types[i];

		if (type->block->version != block->version ||
		    strcmp(type->name, evring_block_name(block)))
			continue;
		ret = type_tolerates(type, block);
		if (ret)
			return ret;
		if (type->app)
			*victim = type;
		else if (evring_block_same(type->block, block))
			*found = type;
	}
	return 0;
}

/*
 * A module is back. Events from before may still be in a ring, and are read by the block that
 * is there now: it describes the same bytes.
 */
static void type_revive(struct evring_event_type *type, const struct evring_type_desc *desc,
			const struct evring_block *block)
{
	kfree(type->block);
	kvfree(type->heads);
	type->heads = NULL;
	type->block = block;
	type->name = evring_block_name(block);
	type->size = desc->size;
	type->flags = 0;
	type->own_lane = desc_lane(desc);
	evring_type_place(type, type->own_lane);
}

/* Takes @block over, unless it fails. */
static struct evring_event_type *type_add(const struct evring_type_desc *desc,
					  const struct evring_block *block)
{
	struct evring_event_type *type = NULL, *victim = NULL;
	int ret = type_look(block, &type, &victim);

	if (ret)
		return ERR_PTR(ret);
	if (type) {
		type_revive(type, desc, block);
		return type;
	}
	type = evring_type_alloc(desc, block, desc_lane(desc));
	if (IS_ERR(type))
		return type;
	if (victim)
		evring_type_replace(type, victim);
	else
		ret = evring_type_take_id(type);
	if (ret) {
		type->block = NULL;
		evring_type_free(type);
		return ERR_PTR(ret);
	}
	return type;
}

struct evring_event_type *evring_type_register(const struct evring_type_desc *desc)
{
	struct evring_event_type *type;
	struct evring_block *block;

	if (!evring_type_desc_valid(desc))
		return ERR_PTR(-EINVAL);
	block = evring_block_make(desc);
	if (IS_ERR(block))
		return ERR_CAST(block);
	mutex_lock(&evring_types_lock);
	type = type_add(desc, block);
	if (!IS_ERR(type))
		evring_types_changed();
	mutex_unlock(&evring_types_lock);
	if (IS_ERR(type))
		kfree(block);
	return type;
}
EXPORT_SYMBOL_GPL(evring_type_register);

/* Note where each ring ends: nobody publishes the type any more. */
void evring_type_note_heads(struct evring_event_type *type)
{
	/* Without memory for this its id is never given out again: no harm. */
	type->heads = kvcalloc(evring_nr_lanes * nr_cpu_ids, sizeof(*type->heads),
			       GFP_KERNEL_ACCOUNT);
	if (type->heads)
		evring_rings_each(EVRING_LANES_ALL, note_head, type->heads);
}

void evring_type_unregister(struct evring_event_type *type)
{
	if (IS_ERR_OR_NULL(type))
		return;
	/*
	 * The heads that are noted must be behind its last event, whose head moves only
	 * when the task that its publisher interrupted has published, too.
	 */
	synchronize_rcu();
	mutex_lock(&evring_types_lock);
	type->flags |= EVRING_TYPE_F_GONE;
	evring_type_note_heads(type);
	evring_types_changed();
	mutex_unlock(&evring_types_lock);
}
EXPORT_SYMBOL_GPL(evring_type_unregister);

/* Send the type's events to @lane, which exists; -1: to the type's own lane. */
void evring_type_move(struct evring_event_type *type, int lane)
{
	mutex_lock(&evring_types_lock);
	evring_type_place(type, lane < 0 ? type->own_lane : lane);
	evring_types_changed();
	mutex_unlock(&evring_types_lock);
}

/* The type that has the id now, or NULL. Valid within the caller's rcu_read_lock_sched(). */
struct evring_event_type *evring_type_by_id(u32 id)
{
	if (id >= EVRING_TYPES_MAX)
		return NULL;
	/* acquire: pairs with smp_store_release() in evring_type_take_id() and _replace() */
	return smp_load_acquire(&evring_types[array_index_nospec(id, EVRING_TYPES_MAX)]);
}

static u64 count_all(const u64 __percpu *count)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*per_cpu_ptr(count, cpu));
	return sum;
}

/* Fill in the answer; *@copy: the block, for the caller to free. */
static int type_fill(struct evring_describe *info, const kuid_t *only, struct evring_block **copy)
{
	const struct evring_event_type *type;

	lockdep_assert_held(&evring_types_lock);
	if (info->id >= evring_nr_types)
		return -ENOENT;
	type = evring_type_by_id(info->id);
	if (only && (!type->app || !uid_eq(type->app->uid, *only)))
		return -EPERM;
	info->flags = type->flags;
	if (type->app) {
		info->flags |= EVRING_TYPE_F_APP;
		info->uid = from_kuid(&init_user_ns, type->app->uid);
	}
	info->len = type->block->len;
	info->generation = type->generation;
	info->lane = type->lane;
	info->lost = count_all(type->lost);
	info->filtered = count_all(type->filtered);
	info->undecided = count_all(type->undecided);
	if (info->room < info->len)
		return 0;
	*copy = kmemdup(type->block, info->len, GFP_KERNEL);
	return *copy ? 0 : -ENOMEM;
}

/* EVRING_IOC_DESCRIBE; @info was checked. @only: types of this user alone */
int evring_type_describe(struct evring_describe *info, const kuid_t *only)
{
	struct evring_block *copy = NULL;
	int ret;

	mutex_lock(&evring_types_lock);
	ret = type_fill(info, only, &copy);
	mutex_unlock(&evring_types_lock);
	/* Not under the lock: user memory can be as slow as its owner wants. */
	if (!ret && copy && copy_to_user(u64_to_user_ptr(info->block), copy, info->len))
		ret = -EFAULT;
	kfree(copy);
	return ret;
}

/* Is there a type of this name, of any version? May sleep. */
bool evring_type_known(const char *name)
{
	bool known = false;
	unsigned int i;

	mutex_lock(&evring_types_lock);
	for (i = 0; i < evring_nr_types && !known; i++)
		known = !strcmp(evring_types[i]->name, name);
	mutex_unlock(&evring_types_lock);
	return known;
}

int evring_types_init(void)
{
	unsigned int i;

	for (i = 0; i < EVRING_TYPE_FIRST; i++) {
		struct evring_event_type *type = evring_type_register(&evring_builtin_types[i]);

		if (IS_ERR(type)) {
			evring_types_exit();
			return PTR_ERR(type);
		}
	}
	return 0;
}

void evring_types_exit(void)
{
	rcu_barrier();	/* type_free_rcu() is this module's */
	while (evring_nr_types)
		evring_type_free(evring_types[--evring_nr_types]);
}
