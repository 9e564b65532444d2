// SPDX-License-Identifier: GPL-2.0-only
/*
 * The processes that own a group, as far as quiet hooks leave them out. Hooks look here
 * in any context; groups (group.c) change it under their lock.
 */
#include "owner.h"

struct evring_owner evring_owners[EVRING_GROUPS_MAX];
unsigned int evring_nr_owners;

/* Of a group that has none here. The groups' lock is held. */
void evring_owner_add(const struct evring_owner *process)
{
	struct evring_owner *owner = &evring_owners[evring_nr_owners];

	owner->group = process->group;
	WRITE_ONCE(owner->start_time, process->start_time);
	WRITE_ONCE(owner->exec_id, process->exec_id);
	WRITE_ONCE(owner->tgid, process->tgid);
	/* release: pairs with smp_load_acquire() in evring_is_owner() */
	smp_store_release(&evring_nr_owners, evring_nr_owners + 1);
}

/*
 * If the group has one here. The groups' lock is held. The last owner moves to the free place:
 * meanwhile a quiet hook may tell an event of it.
 */
void evring_owner_del(u32 group)
{
	struct evring_owner *last;
	unsigned int i;

	for (i = 0; i < evring_nr_owners; i++) {
		if (evring_owners[i].group != group)
			continue;
		last = &evring_owners[evring_nr_owners - 1];
		evring_owners[i].group = last->group;
		WRITE_ONCE(evring_owners[i].tgid, 0);
		WRITE_ONCE(evring_owners[i].start_time, last->start_time);
		WRITE_ONCE(evring_owners[i].exec_id, last->exec_id);
		/* release: a reader that sees the process sees its start, and its program */
		smp_store_release(&evring_owners[i].tgid, last->tgid);
		WRITE_ONCE(evring_nr_owners, evring_nr_owners - 1);
		return;
	}
}
