// SPDX-License-Identifier: GPL-2.0-only
/*
 * Types: what events look like. Ids are given out in order and never again to
 * another type: a ring can hold events of a module that has gone, and they must
 * stay readable. So a type is only ever marked as gone, and comes back under
 * its id when the module does.
 */
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "evring.h"

static struct evring_event_type *types[EVRING_TYPES_MAX];
static unsigned int nr_types;
static DEFINE_MUTEX(types_lock);	/* also every type's flags and fields */

static const struct evring_field lost_fields[] = {
	__EVRING_FIELD(evring_lost, U64, count, NONE)
	__EVRING_FIELD(evring_lost, U64, first, NONE)
	__EVRING_FIELD(evring_lost, U64, last, NONE)
};

/* The ids below EVRING_TYPE_FIRST, so that user space finds no hole in the list */
static const struct evring_type_desc builtin[EVRING_TYPE_FIRST] = {
	[EVRING_TYPE_PAD] = { .name = "evring.pad", .version = 1 },
	[EVRING_TYPE_DISCARD] = { .name = "evring.discard", .version = 1 },
	[EVRING_TYPE_LOST] = {
		.name = "evring.lost",
		.version = 1,
		.fields = lost_fields,
		.nr_fields = ARRAY_SIZE(lost_fields),
		.size = sizeof(struct evring_lost),
	},
};

static const u8 kind_size[EVRING_KINDS] = {
	[EVRING_KIND_U8] = 1,
	[EVRING_KIND_U16] = 2,
	[EVRING_KIND_U32] = 4,
	[EVRING_KIND_U64] = 8,
	[EVRING_KIND_S32] = 4,
	[EVRING_KIND_S64] = 8,
	[EVRING_KIND_BOOL] = 1,
	[EVRING_KIND_STR] = sizeof(struct evring_str),
	[EVRING_KIND_STRV] = sizeof(struct evring_str),
};

static bool field_name_valid(const char *name)
{
	size_t len = strnlen(name, EVRING_NAME_MAX), i;

	if (!len || len == EVRING_NAME_MAX || !islower(name[0]))
		return false;
	for (i = 0; i < len; i++)
		if (!islower(name[i]) && !isdigit(name[i]) && name[i] != '_')
			return false;
	return true;
}

static bool field_valid(const struct evring_type_desc *desc, unsigned int i)
{
	const struct evring_field *field = &desc->fields[i];
	unsigned int j;

	if (!field_name_valid(field->name) || !field->kind || field->kind >= EVRING_KINDS ||
	    field->format >= EVRING_FORMATS || !field->size ||
	    field->offset + field->size > desc->size)
		return false;
	if (field->kind != EVRING_KIND_CHARS && field->size != kind_size[field->kind])
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
	    !evring_name_valid(desc->name) || !desc->version || desc->lane >= EVRING_LANES ||
	    desc->nr_fields > EVRING_FIELDS_MAX || desc->size > evring_record_max() ||
	    (desc->flags & ~EVRING_TYPE_F_COMMON))
		return false;
	for (i = 0; i < desc->nr_fields; i++)
		if (!field_valid(desc, i))
			return false;
	return true;
}

static void type_free(struct evring_event_type *type)
{
	if (!type)
		return;
	free_percpu(type->lost);
	kfree(type->fields);
	kfree(type);
}

static struct evring_event_type *type_alloc(const struct evring_type_desc *desc)
{
	struct evring_event_type *type = kzalloc(sizeof(*type), GFP_KERNEL);

	if (!type)
		return ERR_PTR(-ENOMEM);
	type->lost = alloc_percpu(u64);
	type->fields = kmemdup(desc->fields, desc->nr_fields * sizeof(*desc->fields), GFP_KERNEL);
	if (!type->lost || !type->fields) {
		type_free(type);
		return ERR_PTR(-ENOMEM);
	}
	type->lane = desc->lane;
	type->rings = evring_lanes[desc->lane].rings;
	type->size = desc->size;
	type->version = desc->version;
	type->flags = desc->flags;
	type->nr_fields = desc->nr_fields;
	strscpy(type->name, desc->name, sizeof(type->name));
	return type;
}

static struct evring_event_type *type_find(const char *name, u32 version)
{
	unsigned int i;

	lockdep_assert_held(&types_lock);
	for (i = 0; i < nr_types; i++)
		if (types[i]->version == version && !strcmp(types[i]->name, name))
			return types[i];
	return NULL;
}

/* A module is back: what its type was must be the beginning of what it is. */
static struct evring_event_type *type_revive(struct evring_event_type *type,
				       const struct evring_type_desc *desc)
{
	struct evring_field *fields;

	if (!(type->flags & EVRING_TYPE_F_GONE))
		return ERR_PTR(-EEXIST);
	if (desc->nr_fields < type->nr_fields || desc->size < type->size ||
	    desc->lane != type->lane ||
	    memcmp(desc->fields, type->fields, type->nr_fields * sizeof(*fields)))
		return ERR_PTR(-EINVAL);
	fields = kmemdup(desc->fields, desc->nr_fields * sizeof(*fields), GFP_KERNEL);
	if (!fields)
		return ERR_PTR(-ENOMEM);
	kfree(type->fields);
	type->fields = fields;
	type->nr_fields = desc->nr_fields;
	type->size = desc->size;
	type->flags = desc->flags;
	return type;
}

static struct evring_event_type *type_add(const struct evring_type_desc *desc)
{
	struct evring_event_type *type = type_find(desc->name, desc->version);

	if (type)
		return type_revive(type, desc);
	if (nr_types == EVRING_TYPES_MAX)
		return ERR_PTR(-ENOSPC);
	type = type_alloc(desc);
	if (IS_ERR(type))
		return type;
	type->id = nr_types;
	types[nr_types++] = type;
	return type;
}

struct evring_event_type *evring_type_register(const struct evring_type_desc *desc)
{
	struct evring_event_type *type;

	if (!desc_valid(desc))
		return ERR_PTR(-EINVAL);
	mutex_lock(&types_lock);
	type = type_add(desc);
	mutex_unlock(&types_lock);
	return type;
}
EXPORT_SYMBOL_GPL(evring_type_register);

void evring_type_unregister(struct evring_event_type *type)
{
	if (IS_ERR_OR_NULL(type))
		return;
	mutex_lock(&types_lock);
	type->flags |= EVRING_TYPE_F_GONE;
	mutex_unlock(&types_lock);
}
EXPORT_SYMBOL_GPL(evring_type_unregister);

static u64 type_lost(const struct evring_event_type *type)
{
	u64 lost = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		lost += READ_ONCE(*per_cpu_ptr(type->lost, cpu));
	return lost;
}

/* The answer, and into @fields a copy of the fields, for the caller to free. */
static int type_fill(struct evring_type_info *info, struct evring_field **fields)
{
	const struct evring_event_type *type;

	lockdep_assert_held(&types_lock);
	if (info->id >= nr_types)
		return -ENOENT;
	type = types[info->id];
	info->flags = type->flags | evring_hook_flags(type);
	memcpy(info->name, type->name, sizeof(info->name));
	info->version = type->version;
	info->lane = type->lane;
	info->size = type->size;
	info->nr_fields = type->nr_fields;
	info->lost = type_lost(type);
	*fields = kmemdup(type->fields, type->nr_fields * sizeof(**fields), GFP_KERNEL);
	return *fields ? 0 : -ENOMEM;
}

/* EVRING_IOC_TYPE: id and nr_fields of @info are read, all else is filled. */
int evring_type_describe(struct evring_type_info *info, struct evring_field __user *to)
{
	struct evring_field *fields = NULL;
	u32 room = info->nr_fields;
	int ret;

	mutex_lock(&types_lock);
	ret = type_fill(info, &fields);
	mutex_unlock(&types_lock);
	/* Not under the lock: user memory can be as slow as its owner wants. */
	room = min(room, info->nr_fields);
	if (!ret && room && copy_to_user(to, fields, room * sizeof(*fields)))
		ret = -EFAULT;
	kfree(fields);
	return ret;
}

int evring_types_init(void)
{
	unsigned int i;

	BUILD_BUG_ON(sizeof(struct evring_field) != EVRING_NAME_MAX + 8);
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
