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
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "block.h"
#include "group.h"
#include "lane.h"
#include "publish.h"
#include "redact/stage.h"
#include "type.h"

/* Ids that are not for applications */
#define KERNEL_TYPES	(EVRING_TYPES_MAX / 4)

static unsigned int types_max = 64;
module_param(types_max, uint, 0444);
MODULE_PARM_DESC(types_max, "types that one user may have registered (default: 64)");

/*
 * Applications look at it under rcu_read_lock() alone; all others under the lock,
 * which is also for each type's members but its losses.
 */
static struct evring_event_type *types[EVRING_TYPES_MAX];
static unsigned int nr_types;
static DEFINE_MUTEX(types_lock);

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

bool evring_type_desc_valid(const struct evring_type_desc *desc)
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
	free_percpu(type->redacted);
	evring_redact_clear(type);
	kvfree(type->heads);
	kfree(type->block);
	kfree(type->app);
	kfree(type);
}

static void type_free_rcu(struct rcu_head *rcu)
{
	type_free(container_of(rcu, struct evring_event_type, rcu));
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
					    const struct evring_block *block, u16 lane)
{
	struct evring_event_type *type = kzalloc(sizeof(*type), GFP_KERNEL);

	if (!type)
		return ERR_PTR(-ENOMEM);
	type->lost = alloc_percpu(u64);
	type->filtered = alloc_percpu(u64);
	type->undecided = alloc_percpu(u64);
	type->suppressed = alloc_percpu(struct evring_suppressed);
	type->redacted = alloc_percpu(struct evring_redacted);
	if (!type->lost || !type->filtered || !type->undecided || !type->suppressed ||
	    !type->redacted) {
		type_free(type);
		return ERR_PTR(-ENOMEM);
	}
	type->block = block;
	type->name = evring_block_name(block);
	type->size = desc->size;
	type->own_lane = lane;
	type_place(type, lane);
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
	if (!(type->flags & EVRING_TYPE_F_GONE) || type->app)
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

	if (!(type->flags & EVRING_TYPE_F_GONE) || (type->app && type->app->noting))
		return false;
	if (type->app && !READ_ONCE(type->app->used))
		return true;
	if (!type->heads)
		return false;
	evring_rings_each(EVRING_LANES_ALL, look_below, &remains);
	return !remains.found;
}

/* @type gets the id of one that is forgotten. */
static void type_replace(struct evring_event_type *type, struct evring_event_type *old)
{
	type->id = old->id;
	type->generation = old->generation + 1;
	/* release: pairs with smp_load_acquire() in evring_type_by_id() */
	smp_store_release(&types[type->id], type);
	call_rcu(&old->rcu, type_free_rcu);
}

static int type_take_id(struct evring_event_type *type)
{
	unsigned int i;

	if (nr_types < EVRING_TYPES_MAX) {
		type->id = nr_types;
		/* release: as in type_replace() */
		smp_store_release(&types[nr_types++], type);
		return 0;
	}
	for (i = EVRING_TYPE_FIRST; i < nr_types; i++) {
		if (!type_forgotten(types[i]))
			continue;
		type_replace(type, types[i]);
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
	type = type_alloc(desc, block, desc_lane(desc));
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

	if (!evring_type_desc_valid(desc))
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

/* Nobody publishes it any more: from here on its last events can be overwritten. */
static void type_note_heads(struct evring_event_type *type)
{
	/* Without memory for this its id is never given out again: no harm. */
	type->heads = kvcalloc(evring_nr_lanes * nr_cpu_ids, sizeof(*type->heads), GFP_KERNEL);
	if (type->heads)
		evring_rings_each(EVRING_LANES_ALL, note_head, type->heads);
}

void evring_type_unregister(struct evring_event_type *type)
{
	if (IS_ERR_OR_NULL(type))
		return;
	mutex_lock(&types_lock);
	type->flags |= EVRING_TYPE_F_GONE;
	type_note_heads(type);
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

/*
 * Types of applications. One that no session has registered any more is gone as a
 * module's is; those who were about to publish it are waited for, and then it is
 * noted where each ring ends.
 */

/* Type @id as it is now; NULL: there is none. Under rcu_read_lock(), which keeps it. */
struct evring_event_type *evring_type_by_id(u32 id)
{
	/* acquire: pairs with smp_store_release() in type_take_id() and type_replace() */
	return id < EVRING_TYPES_MAX ? smp_load_acquire(&types[id]) : NULL;
}

static size_t family_len(const char *name)
{
	return strchrnul(name, '.') - name;
}

static bool family_same(const char *a, const char *b)
{
	size_t len = family_len(a);

	return len == family_len(b) && !strncmp(a, b, len);
}

/* May @add have its name? *@found: the type itself, *@victim: one whose name it takes over */
static int app_look(const struct evring_app_add *add, struct evring_event_type **found,
		    struct evring_event_type **victim)
{
	const char *name = evring_block_name(add->block), *what, *field;
	unsigned int i;

	for (i = 0; i < nr_types; i++) {
		struct evring_event_type *type = types[i];

		if (!type->app && family_same(type->name, name)) {
			scnprintf(add->reason->text, sizeof(add->reason->text),
				  "%.*s.* are the kernel's types", (int)family_len(name), name);
			return -EPERM;
		}
		if (!type->app || strcmp(type->name, name))
			continue;
		if (!uid_eq(type->app->uid, add->app->uid)) {
			if (type_forgotten(type)) {
				*victim = type;
				continue;
			}
			scnprintf(add->reason->text, sizeof(add->reason->text),
				  "%s is another user's type", name);
			return -EPERM;
		}
		if (type->block->version != add->block->version)
			continue;
		if (evring_block_same(type->block, add->block)) {
			*found = type;
			continue;
		}
		what = evring_block_differs(add->block, type->block, &field);
		if (!what && (evring_block_extends(add->block, type->block) ||
			      evring_block_extends(type->block, add->block)))
			continue;
		scnprintf(add->reason->text, sizeof(add->reason->text),
			  "field %s: its %s is another one in version %u of %s that there is: fields are only appended within a version",
			  field, what ?: "end", add->block->version, name);
		return -EEXIST;
	}
	return 0;
}

/* The user's and all applications' types: may there be one more? Else one that can go. */
static int app_quota(const struct evring_app_add *add, struct evring_event_type **victim)
{
	unsigned int i, all = 0, own = 0;
	bool full;

	for (i = 0; i < nr_types; i++) {
		all += !!types[i]->app;
		own += types[i]->app && uid_eq(types[i]->app->uid, add->app->uid);
	}
	if (own < types_max && (*victim || all < EVRING_TYPES_MAX - KERNEL_TYPES))
		return 0;
	full = own >= types_max;
	for (i = 0; i < nr_types; i++) {
		if (!types[i]->app || (full && !uid_eq(types[i]->app->uid, add->app->uid)) ||
		    !type_forgotten(types[i]))
			continue;
		*victim = types[i];
		return 0;
	}
	if (full)
		scnprintf(add->reason->text, sizeof(add->reason->text),
			  "the user has %u types, as many as the module's types_max allows", own);
	else
		scnprintf(add->reason->text, sizeof(add->reason->text),
			  "applications have all %u types that there are for them", all);
	return full ? -EDQUOT : -ENOSPC;
}

static struct evring_event_type *app_new(struct evring_app_add *add,
					 struct evring_event_type *victim)
{
	struct evring_event_type *type;
	int ret = app_quota(add, &victim);

	if (ret)
		return ERR_PTR(ret);
	type = type_alloc(add->desc, add->block, add->lane);
	if (IS_ERR(type))
		return type;
	type->app = add->app;
	ret = 0;
	if (victim)
		type_replace(type, victim);
	else
		ret = type_take_id(type);
	if (ret) {
		type->block = NULL;
		type->app = NULL;
		type_free(type);
		return ERR_PTR(ret);
	}
	add->block = NULL;
	add->app = NULL;
	return type;
}

/* It is there: with what the newest one says of it, it lives on. */
static void app_revive(struct evring_event_type *type, struct evring_app_add *add)
{
	swap(add->block, type->block);
	type->name = evring_block_name(type->block);
	WRITE_ONCE(type->flags, type->flags & ~EVRING_TYPE_F_GONE);
	kvfree(type->heads);
	type->heads = NULL;
	type->own_lane = add->lane;
	type_place(type, add->lane);
}

static struct evring_event_type *app_add(struct evring_app_add *add)
{
	struct evring_event_type *type = NULL, *victim = NULL;
	int ret;

	lockdep_assert_held(&types_lock);
	ret = app_look(add, &type, &victim);
	if (ret)
		return ERR_PTR(ret);
	if (type)
		app_revive(type, add);
	else
		type = app_new(add, victim);
	if (IS_ERR(type))
		return type;
	if (!__test_and_set_bit(type->id, add->registered))
		type->app->sessions++;
	type->app->kept |= add->keep;
	types_changed();
	return type;
}

/* A type of a user is in the list from here on. It stays as long as it is registered. */
struct evring_event_type *evring_types_add_app(struct evring_app_add *add, u32 *generation)
{
	struct evring_event_type *type;

	mutex_lock(&types_lock);
	type = app_add(add);
	if (!IS_ERR(type))
		*generation = type->generation;
	mutex_unlock(&types_lock);
	return type;
}

/* A session has done with a type. True: nobody has it now, and app_note() must follow. */
static bool app_leave(struct evring_event_type *type, unsigned long *registered)
{
	lockdep_assert_held(&types_lock);
	if (__test_and_clear_bit(type->id, registered))
		type->app->sessions--;
	if (type->app->sessions || type->app->kept || type->flags & EVRING_TYPE_F_GONE)
		return false;
	WRITE_ONCE(type->flags, type->flags | EVRING_TYPE_F_GONE);
	type->app->noting++;	/* it stays where it is */
	types_changed();
	return true;
}

/* Its publishers have ended: synchronize_rcu() was called since app_leave(). */
static void app_note(struct evring_event_type *type)
{
	lockdep_assert_held(&types_lock);
	if (!--type->app->noting && type->flags & EVRING_TYPE_F_GONE)
		type_note_heads(type);
}

/* EVRING_IOC_UNREGISTER; @uid: of that user, NULL: of anybody. May sleep. */
int evring_types_drop_app(u32 id, u32 generation, const kuid_t *uid, unsigned long *registered)
{
	struct evring_event_type *type;
	bool gone = false;
	int ret = 0;

	mutex_lock(&types_lock);
	type = id < nr_types ? types[id] : NULL;
	if (!type) {
		ret = -ENOENT;
	} else if (!type->app || (uid && !uid_eq(type->app->uid, *uid))) {
		ret = -EPERM;
	} else if (type->generation != generation) {
		ret = -ESTALE;
	} else {
		type->app->kept = false;
		gone = app_leave(type, registered);
	}
	mutex_unlock(&types_lock);
	if (!gone)
		return ret;
	synchronize_rcu();
	mutex_lock(&types_lock);
	app_note(type);
	mutex_unlock(&types_lock);
	return 0;
}

/* A session is closed: what it had registered is not any more. May sleep. */
void evring_types_leave_app(unsigned long *registered)
{
	bool gone = false;
	unsigned int id;

	if (bitmap_empty(registered, EVRING_TYPES_MAX))
		return;
	mutex_lock(&types_lock);
	for_each_set_bit(id, registered, EVRING_TYPES_MAX) {
		/* The bit stays where app_note() must follow. */
		if (app_leave(types[id], registered)) {
			__set_bit(id, registered);
			gone = true;
		}
	}
	mutex_unlock(&types_lock);
	if (!gone)
		return;
	synchronize_rcu();
	mutex_lock(&types_lock);
	for_each_set_bit(id, registered, EVRING_TYPES_MAX)
		app_note(types[id]);
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
static int type_fill(struct evring_describe *info, const kuid_t *only, struct evring_block **copy)
{
	const struct evring_event_type *type;

	lockdep_assert_held(&types_lock);
	if (info->id >= nr_types)
		return -ENOENT;
	type = types[info->id];
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

	mutex_lock(&types_lock);
	ret = type_fill(info, only, &copy);
	mutex_unlock(&types_lock);
	/* Not under the lock: user memory can be as slow as its owner wants. */
	if (!ret && copy && copy_to_user(u64_to_user_ptr(info->block), copy, info->len))
		ret = -EFAULT;
	kfree(copy);
	return ret;
}

/* Is there a type of this name, of whatever version? May sleep. */
bool evring_type_known(const char *name)
{
	bool known = false;
	unsigned int i;

	mutex_lock(&types_lock);
	for (i = 0; i < nr_types && !known; i++)
		known = !strcmp(types[i]->name, name);
	mutex_unlock(&types_lock);
	return known;
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
	rcu_barrier();	/* type_free_rcu() is this module's */
	while (nr_types)
		type_free(types[--nr_types]);
}
