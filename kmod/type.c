// SPDX-License-Identifier: GPL-2.0-only
/*
 * Types: the layout of events. Ids are given out in order. A ring can hold
 * events of a module that has gone, and they must stay readable: so a type is
 * only marked as gone, and comes back under its id when the module does. Once
 * all ids are given out, one that no event in any ring has any more goes to
 * another type, under another generation.
 */
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "block.h"
#include "group.h"
#include "lane.h"
#include "type.h"

static struct evring_event_type *types[EVRING_TYPES_MAX];
static unsigned int nr_types;
static DEFINE_MUTEX(types_lock);	/* also each type's members but its losses */

static const struct evring_field_desc lost_fields[] = {
	__EVRING_FIELD(evring_lost, U64, count, NONE, "events that got no room")
	__EVRING_FIELD(evring_lost, U64, first, RAWTIME, "when the first of them came")
	__EVRING_FIELD(evring_lost, U64, last, RAWTIME, "when the last of them came")
	__EVRING_FIELD(evring_lost, U32, causes, FLAGS, "why", .names = &evring_lost_causes)
	__EVRING_FIELD(evring_lost, U16, type, TYPE, "type of all of them, 0: of several")
};

static const struct evring_value_desc lost_values[] = {
	{ BIT(EVRING_LOST_FULL), "full", "a group held the segment that came next" },
	{ BIT(EVRING_LOST_NESTED), "nested", "an NMI came while a segment was entered" },
	{ BIT(EVRING_LOST_TOOBIG), "toobig", "longer than the longest record" },
	{ BIT(EVRING_LOST_PROBE), "probe", "the kernel did not call the hook's probe" },
	{ BIT(EVRING_LOST_SAMPLED), "sampled", "each owner that wants it takes a sample only" },
	{ BIT(EVRING_LOST_RATE), "rate", "more a second than an owner that wants it takes" },
};

const struct evring_names_desc evring_lost_causes = {
	.name = "lost_cause",
	.values = lost_values,
	.nr_values = ARRAY_SIZE(lost_values),
};

/* The ids below EVRING_TYPE_FIRST, so that user space finds no hole in the list */
static const struct evring_type_desc builtin[EVRING_TYPE_FIRST] = {
	[EVRING_TYPE_PAD] = {
		.name = "evring.pad",
		.doc = "the rest of a segment",
		.version = 1,
	},
	[EVRING_TYPE_DISCARD] = {
		.name = "evring.discard",
		.doc = "an event that was given up",
		.version = 1,
	},
	[EVRING_TYPE_LOST] = {
		.name = "evring.lost",
		.doc = "events that got no room on this ring",
		.version = 1,
		.fields = lost_fields,
		.nr_fields = ARRAY_SIZE(lost_fields),
		.size = sizeof(struct evring_lost),
	},
};

static bool field_name_valid(const char *name)
{
	size_t len = name ? strnlen(name, EVRING_NAME_MAX) : 0, i;

	if (!len || len == EVRING_NAME_MAX || !islower(name[0]))
		return false;
	for (i = 0; i < len; i++)
		if (!islower(name[i]) && !isdigit(name[i]) && name[i] != '_')
			return false;
	return true;
}

/* Its size must be one that its kind can have; several elements are an array. */
static bool field_size_valid(const struct evring_field_desc *field)
{
	u32 size = EVRING_KIND_SIZE(field->kind);

	if (field->kind & EVRING_KIND_VAR)
		return size && field->size == sizeof(struct evring_str);
	return size && field->size && field->size % size == 0;
}

static bool names_valid(const struct evring_field_desc *field)
{
	const struct evring_names_desc *names = field->names;
	bool wanted = field->format == EVRING_FORMAT_ENUM || field->format == EVRING_FORMAT_FLAGS;
	u32 i;

	if (!names || !wanted)
		return !names && !wanted;
	if (!names->nr_values || names->nr_values > EVRING_VALUES_MAX)
		return false;
	for (i = 0; i < names->nr_values; i++)
		if (!names->values[i].name || strlen(names->values[i].name) >= EVRING_NAME_MAX)
			return false;
	return true;
}

static bool field_valid(const struct evring_type_desc *desc, unsigned int i)
{
	const struct evring_field_desc *field = &desc->fields[i];
	unsigned int j;

	if (!field_name_valid(field->name) || !field_size_valid(field) || !names_valid(field) ||
	    field->offset + field->size > desc->size)
		return false;
	for (j = 0; j < i; j++)
		if (!strcmp(desc->fields[j].name, field->name))
			return false;
	return true;
}

static bool desc_valid(const struct evring_type_desc *desc)
{
	unsigned int i;

	if (!desc->name || strlen(desc->name) >= EVRING_NAME_MAX ||
	    !evring_name_valid(desc->name) || !desc->version ||
	    desc->nr_fields > EVRING_FIELDS_MAX || desc->size > evring_record_max() ||
	    desc->common_size > desc->size)
		return false;
	for (i = 0; i < desc->nr_fields; i++)
		if (!field_valid(desc, i))
			return false;
	return true;
}

/* User space that knows types looks again. */
static void types_changed(void)
{
	lockdep_assert_held(&types_lock);
	/* release: pairs with the readers' load_acquire of types_seq */
	smp_store_release(&evring_meta->types_seq, evring_meta->types_seq + 1);
}

static void type_free(struct evring_event_type *type)
{
	if (!type)
		return;
	free_percpu(type->lost);
	free_percpu(type->filtered);
	free_percpu(type->undecided);
	free_percpu(type->suppressed);
	kvfree(type->heads);
	kfree(type->block);
	kfree(type);
}

static void type_place(struct evring_event_type *type, u16 lane)
{
	type->lane = lane;
	WRITE_ONCE(type->rings, evring_lane_table[lane].rings);
}

/* Where a type's own lane is; the builtin ones are in all of them. */
static u16 desc_lane(const struct evring_type_desc *desc)
{
	int lane = desc->lane ? evring_lane_find(desc->lane) : 0;

	if (lane >= 0)
		return lane;
	pr_info("evring: there is no lane %s: events of type %s go to lane %s\n", desc->lane,
		desc->name, evring_lane_table[0].info->name);
	return 0;
}

/* The type of a block, which it takes over. */
static struct evring_event_type *type_alloc(const struct evring_type_desc *desc,
					    const struct evring_block *block)
{
	struct evring_event_type *type = kzalloc(sizeof(*type), GFP_KERNEL);

	if (!type)
		return ERR_PTR(-ENOMEM);
	type->lost = alloc_percpu(u64);
	type->filtered = alloc_percpu(u64);
	type->undecided = alloc_percpu(u64);
	type->suppressed = alloc_percpu(struct evring_suppressed);
	if (!type->lost || !type->filtered || !type->undecided || !type->suppressed) {
		type_free(type);
		return ERR_PTR(-ENOMEM);
	}
	type->block = block;
	type->name = evring_block_name(block);
	type->size = desc->size;
	type->own_lane = desc_lane(desc);
	type_place(type, type->own_lane);
	return type;
}

static struct evring_event_type *type_find(const char *name, u32 version)
{
	unsigned int i;

	lockdep_assert_held(&types_lock);
	for (i = 0; i < nr_types; i++)
		if (types[i]->block->version == version && !strcmp(types[i]->name, name))
			return types[i];
	return NULL;
}

/* A module is back: its fields must begin with those that the type had. */
static struct evring_event_type *type_revive(struct evring_event_type *type,
					     const struct evring_type_desc *desc,
					     const struct evring_block *block)
{
	if (!(type->flags & EVRING_TYPE_F_GONE))
		return ERR_PTR(-EEXIST);
	if (!evring_block_extends(block, type->block))
		return ERR_PTR(-EINVAL);
	kfree(type->block);
	kvfree(type->heads);
	type->heads = NULL;
	type->block = block;
	type->name = evring_block_name(block);
	type->size = desc->size;
	type->flags = 0;
	type->own_lane = desc_lane(desc);
	type_place(type, type->own_lane);
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

/* A group may still read below tail, where a writer gave way to it: see hold. */
static void look_below(struct evring_ring *ring, void *arg)
{
	struct remains *remains = arg;
	u64 kept = min_t(u64, READ_ONCE(ring->page->tail), READ_ONCE(ring->hold));
	u64 head = remains->heads[head_index(ring)];

	if (head && kept < head)
		remains->found = true;
}

/* Can no ring hold an event of this type any more? */
static bool type_forgotten(const struct evring_event_type *type)
{
	struct remains remains = { .heads = type->heads };

	if (!(type->flags & EVRING_TYPE_F_GONE) || !type->heads)
		return false;
	evring_rings_each(EVRING_LANES_ALL, look_below, &remains);
	return !remains.found;
}

static int type_take_id(struct evring_event_type *type)
{
	unsigned int i;

	if (nr_types < EVRING_TYPES_MAX) {
		type->id = nr_types;
		types[nr_types++] = type;
		return 0;
	}
	for (i = EVRING_TYPE_FIRST; i < nr_types; i++) {
		if (!type_forgotten(types[i]))
			continue;
		type->id = i;
		type->generation = types[i]->generation + 1;
		type_free(types[i]);
		types[i] = type;
		return 0;
	}
	return -ENOSPC;
}

/* Takes @block over, unless it fails. */
static struct evring_event_type *type_add(const struct evring_type_desc *desc,
					  const struct evring_block *block)
{
	struct evring_event_type *type = type_find(desc->name, desc->version);
	int ret;

	if (type)
		return type_revive(type, desc, block);
	type = type_alloc(desc, block);
	if (IS_ERR(type))
		return type;
	ret = type_take_id(type);
	if (ret) {
		type->block = NULL;
		type_free(type);
		return ERR_PTR(ret);
	}
	return type;
}

struct evring_event_type *evring_type_register(const struct evring_type_desc *desc)
{
	struct evring_event_type *type;
	struct evring_block *block;

	if (!desc_valid(desc))
		return ERR_PTR(-EINVAL);
	block = evring_block_make(desc);
	if (IS_ERR(block))
		return ERR_CAST(block);
	mutex_lock(&types_lock);
	type = type_add(desc, block);
	if (!IS_ERR(type))
		types_changed();
	mutex_unlock(&types_lock);
	if (IS_ERR(type))
		kfree(block);
	return type;
}
EXPORT_SYMBOL_GPL(evring_type_register);

void evring_type_unregister(struct evring_event_type *type)
{
	if (IS_ERR_OR_NULL(type))
		return;
	mutex_lock(&types_lock);
	type->flags |= EVRING_TYPE_F_GONE;
	/* Without memory for this its id is never given out again: no harm. */
	type->heads = kvcalloc(evring_nr_lanes * nr_cpu_ids, sizeof(*type->heads), GFP_KERNEL);
	if (type->heads)
		evring_rings_each(EVRING_LANES_ALL, note_head, type->heads);
	types_changed();
	mutex_unlock(&types_lock);
}
EXPORT_SYMBOL_GPL(evring_type_unregister);

/* From now on the type's events go to @lane, which there is; -1: to its own one. */
void evring_type_move(struct evring_event_type *type, int lane)
{
	mutex_lock(&types_lock);
	type_place(type, lane < 0 ? type->own_lane : lane);
	types_changed();
	mutex_unlock(&types_lock);
}

static u64 count_all(const u64 __percpu *count)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*per_cpu_ptr(count, cpu));
	return sum;
}

/* The answer, and in @copy the block, for the caller to free. */
static int type_fill(struct evring_describe *info, struct evring_block **copy)
{
	const struct evring_event_type *type;

	lockdep_assert_held(&types_lock);
	if (info->id >= nr_types)
		return -ENOENT;
	type = types[info->id];
	info->flags = type->flags;
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

/* EVRING_IOC_DESCRIBE; @info was checked. */
int evring_type_describe(struct evring_describe *info)
{
	struct evring_block *copy = NULL;
	int ret;

	mutex_lock(&types_lock);
	ret = type_fill(info, &copy);
	mutex_unlock(&types_lock);
	/* Not under the lock: user memory can be as slow as its owner wants. */
	if (!ret && copy && copy_to_user(u64_to_user_ptr(info->block), copy, info->len))
		ret = -EFAULT;
	kfree(copy);
	return ret;
}

int evring_types_init(void)
{
	unsigned int i;

	for (i = 0; i < EVRING_TYPE_FIRST; i++) {
		struct evring_event_type *type = evring_type_register(&builtin[i]);

		if (IS_ERR(type)) {
			evring_types_exit();
			return PTR_ERR(type);
		}
	}
	return 0;
}

void evring_types_exit(void)
{
	while (nr_types)
		type_free(types[--nr_types]);
}
