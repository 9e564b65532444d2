// SPDX-License-Identifier: GPL-2.0-only
/*
 * Applications' types in the table of types. A type that no session has registered any
 * more is gone, as a module's is. The kernel waits for those that are about to publish
 * it, and then notes where each ring ends.
 */
#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "app.h"
#include "block.h"
#include "lane.h"
#include "type.h"
#include "type_table.h"

/* Ids that are not for applications */
#define KERNEL_TYPES	(EVRING_TYPES_MAX / 4)

static unsigned int types_max = 64;
module_param(types_max, uint, 0444);
MODULE_PARM_DESC(types_max, "types that one user may have registered (default: 64)");

/* The families of this module's own types, also where a kernel lacks the hooks of one */
static const char *const own_families[] = {
	"evring", "process", "file", "net", "module", "kernel", "bpf", "block", "sched",
	"syscall", "uring",
};

static size_t family_len(const char *name)
{
	return strchrnul(name, '.') - name;
}

static bool family_same(const char *a, const char *b)
{
	size_t len = family_len(a);

	return len == family_len(b) && !strncmp(a, b, len);
}

static bool is_kernels(const char *name)
{
	unsigned int i;

	lockdep_assert_held(&evring_types_lock);
	for (i = 0; i < ARRAY_SIZE(own_families); i++)
		if (family_same(own_families[i], name))
			return true;
	for (i = 0; i < evring_nr_types; i++)
		if (!evring_types[i]->app && family_same(evring_types[i]->name, name))
			return true;
	return false;
}

/*
 * May @add have its name? *@found: the type is in the table already. *@victim: a
 * forgotten type of another user, which gives up the name.
 */
static int app_look(const struct evring_app_add *add, struct evring_event_type **found,
		    struct evring_event_type **victim)
{
	const char *name = evring_block_name(add->block), *what, *field;
	unsigned int i;

	if (is_kernels(name)) {
		scnprintf(add->reason->text, sizeof(add->reason->text),
			  "%.*s.* are the kernel's types", (int)family_len(name), name);
		return -EPERM;
	}
	for (i = 0; i < evring_nr_types; i++) {
		struct evring_event_type *type = evring_types[i];

		if (!type->app || strcmp(type->name, name))
			continue;
		if (!uid_eq(type->app->uid, add->app->uid)) {
			if (evring_type_forgotten(type)) {
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

/* May the user, and applications together, have one more type? *@victim: one to replace */
static int app_quota(const struct evring_app_add *add, struct evring_event_type **victim)
{
	unsigned int i, all = 0, own = 0;
	bool full;

	for (i = 0; i < evring_nr_types; i++) {
		all += !!evring_types[i]->app;
		own += evring_types[i]->app && uid_eq(evring_types[i]->app->payer, add->app->payer);
	}
	if (own < types_max && (*victim || all < EVRING_TYPES_MAX - KERNEL_TYPES))
		return 0;
	full = own >= types_max;
	for (i = 0; i < evring_nr_types; i++) {
		struct evring_event_type *type = evring_types[i];

		if (!type->app || (full && !uid_eq(type->app->payer, add->app->payer)) ||
		    !evring_type_forgotten(type))
			continue;
		*victim = type;
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
	type = evring_type_alloc(add->desc, add->block, add->lane);
	if (IS_ERR(type))
		return type;
	type->app = add->app;
	ret = 0;
	if (victim)
		evring_type_replace(type, victim);
	else
		ret = evring_type_take_id(type);
	if (ret) {
		type->block = NULL;
		type->app = NULL;
		evring_type_free(type);
		return ERR_PTR(ret);
	}
	add->block = NULL;
	add->app = NULL;
	return type;
}

/* The type is in the table already; the newest description replaces the old one. */
static void app_revive(struct evring_event_type *type, struct evring_app_add *add)
{
	swap(add->block, type->block);
	type->name = evring_block_name(type->block);
	WRITE_ONCE(type->flags, type->flags & ~EVRING_TYPE_F_GONE);
	kvfree(type->heads);
	type->heads = NULL;
	type->own_lane = add->lane;
	evring_type_place(type, add->lane);
}

static struct evring_event_type *app_add(struct evring_app_add *add)
{
	struct evring_event_type *type = NULL, *victim = NULL;
	int ret;

	lockdep_assert_held(&evring_types_lock);
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
	evring_types_changed();
	return type;
}

/*
 * Enter a type of a user into the table. Once the lock is released another thread of the
 * user may unregister it, and it may be freed: the caller gets numbers alone.
 */
int evring_types_add_app(struct evring_app_add *add, struct evring_register *arg)
{
	struct evring_event_type *type;

	mutex_lock(&evring_types_lock);
	type = app_add(add);
	if (!IS_ERR(type)) {
		arg->id = type->id;
		arg->generation = type->generation;
	}
	mutex_unlock(&evring_types_lock);
	return PTR_ERR_OR_ZERO(type);
}

/* A session unregisters a type. True: it was the last one, and app_note() must follow. */
static bool app_leave(struct evring_event_type *type, unsigned long *registered)
{
	lockdep_assert_held(&evring_types_lock);
	if (__test_and_clear_bit(type->id, registered))
		type->app->sessions--;
	if (type->app->sessions || type->app->kept || type->flags & EVRING_TYPE_F_GONE)
		return false;
	WRITE_ONCE(type->flags, type->flags | EVRING_TYPE_F_GONE);
	type->app->noting++;	/* it stays where it is */
	evring_types_changed();
	return true;
}

/* The type's publishers have ended: synchronize_rcu() was called since app_leave(). */
static void app_note(struct evring_event_type *type)
{
	lockdep_assert_held(&evring_types_lock);
	if (!--type->app->noting && type->flags & EVRING_TYPE_F_GONE)
		evring_type_note_heads(type);
}

/* EVRING_IOC_UNREGISTER; @uid: of that user, NULL: of anybody. May sleep. */
int evring_types_drop_app(u32 id, u32 generation, const kuid_t *uid, unsigned long *registered)
{
	struct evring_event_type *type;
	bool gone = false;
	int ret = 0;

	mutex_lock(&evring_types_lock);
	type = id < evring_nr_types ? evring_type_by_id(id) : NULL;
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
	mutex_unlock(&evring_types_lock);
	if (!gone)
		return ret;
	synchronize_rcu();
	mutex_lock(&evring_types_lock);
	app_note(type);
	mutex_unlock(&evring_types_lock);
	return 0;
}

/* Unregister the types of a session that is closed. May sleep. */
void evring_types_leave_app(unsigned long *registered)
{
	bool gone = false;
	unsigned int id;

	if (bitmap_empty(registered, EVRING_TYPES_MAX))
		return;
	mutex_lock(&evring_types_lock);
	for_each_set_bit(id, registered, EVRING_TYPES_MAX) {
		/* The bit stays where app_note() must follow. */
		if (app_leave(evring_types[id], registered)) {
			__set_bit(id, registered);
			gone = true;
		}
	}
	mutex_unlock(&evring_types_lock);
	if (!gone)
		return;
	synchronize_rcu();
	mutex_lock(&evring_types_lock);
	for_each_set_bit(id, registered, EVRING_TYPES_MAX)
		app_note(evring_types[id]);
	mutex_unlock(&evring_types_lock);
}
