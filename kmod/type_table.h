/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * type.c: the table of types, for the files that enter types into it.
 *
 * An emit of an application loads an entry under rcu_read_lock_sched() alone. All others hold
 * the lock, which also protects the members of each type but its losses.
 */
#ifndef _KMOD_TYPE_TABLE_H
#define _KMOD_TYPE_TABLE_H

#include <linux/mutex.h>
#include "limits.h"
#include "type.h"

struct evring_block;

extern struct evring_event_type *evring_types[EVRING_TYPES_MAX];
extern unsigned int evring_nr_types;
extern struct mutex evring_types_lock;

struct evring_event_type *evring_type_alloc(const struct evring_type_desc *desc,
					    const struct evring_block *block, u16 lane);
void evring_type_free(struct evring_event_type *type);
void evring_type_place(struct evring_event_type *type, u16 lane);
int evring_type_take_id(struct evring_event_type *type);
bool evring_type_forgotten(const struct evring_event_type *type);
void evring_type_replace(struct evring_event_type *type, struct evring_event_type *old);
void evring_type_note_heads(struct evring_event_type *type);
void evring_types_changed(void);

#endif /* _KMOD_TYPE_TABLE_H */
