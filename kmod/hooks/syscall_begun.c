// SPDX-License-Identifier: GPL-2.0-only
/*
 * When the system calls under way began: a table of fixed size, which is there from
 * the first time that a hook asks for it until the module goes.
 *
 * A task has one place: one of the WAYS that its hash leads to. It alone puts a call
 * there and takes it out. A task that finds no free place takes the one with the oldest
 * call: most such calls are of tasks that were killed in them, and a task that is alive
 * loses no more than the call's duration. So a place belongs to the task that it names,
 * or to nobody while it is BUSY.
 */
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "point.h"
#include "syscall_begun.h"

#define WAYS		4
#define SETS_BITS	13

/**
 * struct place - of one call
 * @task: its owner; only compared, as the task may be gone. NULL: free
 * @call: the call
 */
struct place {
	const void *task;
	struct evring_syscall call;
};

static const char busy;
#define BUSY		((const void *)&busy)

static struct place *places;

static struct place *set_of(const void *task)
{
	return places + WAYS * hash_ptr(task, SETS_BITS);
}

/* Current's place, else the best one of the others; *@owner: the task that has it. */
static struct place *place_choose(struct place *set, const void **owner)
{
	struct place *best = NULL;
	u64 since, oldest = U64_MAX;
	const void *task;
	unsigned int i;

	for (i = 0; i < WAYS; i++) {
		task = READ_ONCE(set[i].task);
		if (task == BUSY)
			continue;
		if (task == current) {
			*owner = task;
			return &set[i];
		}
		since = task ? READ_ONCE(set[i].call.since) : 0;
		if (since >= oldest)
			continue;
		oldest = since;
		best = &set[i];
		*owner = task;
	}
	return best;
}

/* The call that current has just begun. Context: task, also with preemption on. */
void evring_syscall_note(const struct evring_syscall *call)
{
	const void *owner = NULL;
	struct place *place = place_choose(set_of(current), &owner);

	/* Another task was faster: this call's duration will not be known. */
	if (!place || cmpxchg(&place->task, owner, BUSY) != owner)
		return;
	place->call = *call;
	/* release: pairs with smp_load_acquire() in evring_syscall_take() */
	smp_store_release(&place->task, current);
}

/* The call of current that has just ended; false: it was not noted, or is not kept. */
bool evring_syscall_take(struct evring_syscall *call)
{
	struct place *set = set_of(current);
	unsigned int i;

	for (i = 0; i < WAYS; i++) {
		/* acquire: pairs with smp_store_release() in evring_syscall_note() */
		if (smp_load_acquire(&set[i].task) != current)
			continue;
		*call = set[i].call;
		/*
		 * A task that takes the place from us makes it BUSY first: then this
		 * fails. Full barrier, so that the copy comes before; pairs with the
		 * other task's cmpxchg.
		 */
		return cmpxchg(&set[i].task, (const void *)current, NULL) == current &&
		       /* It is not of a task that is gone and was at the same address. */
		       call->since >= current->start_boottime;
	}
	return false;
}

/* The caller has hooks_lock, and attaches those that use it later. */
static int begun_attach(struct evring_point *point)
{
	if (places)
		return 0;
	places = kvcalloc(WAYS << SETS_BITS, sizeof(*places), GFP_KERNEL);
	return places ? 0 : -ENOMEM;
}

static int begun_find(struct evring_point *point, struct module *mod)
{
	return 0;
}

static void begun_detach(struct evring_point *point)
{
}

static bool begun_armed(const struct evring_point *point)
{
	return true;
}

const struct evring_source evring_source_begun = {
	.name = "table of calls",
	.find = begun_find,
	.attach = begun_attach,
	.detach = begun_detach,
	.armed = begun_armed,
};

/* After the last hook */
void evring_syscalls_exit(void)
{
	kvfree(places);
}
