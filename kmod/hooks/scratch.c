// SPDX-License-Identifier: GPL-2.0-only
/*
 * Room for what must be made before its length is known, and with it how much to
 * reserve: paths. Each CPU has some, for a hook and one that comes on top of it.
 */
#include <linux/errno.h>
#include <linux/percpu.h>
#include <linux/preempt.h>

#include "scratch.h"

#define LEVELS	2

struct scratch {
	unsigned int level;
	char room[LEVELS][EVRING_SCRATCH_BYTES];
};

static struct scratch __percpu *scratches;

int evring_scratch_init(void)
{
	scratches = __alloc_percpu(sizeof(struct scratch), sizeof(long));
	return scratches ? 0 : -ENOMEM;
}

/* After the last hook */
void evring_scratch_exit(void)
{
	free_percpu(scratches);
}

/*
 * EVRING_SCRATCH_BYTES, until evring_scratch_put(), on this CPU: preemption is off
 * until then. NULL: a third context came on top of two; then it is not off, and
 * there is nothing to put. Context: any.
 */
void *evring_scratch_get(void)
{
	struct scratch *scratch;
	unsigned int level;

	preempt_disable_notrace();
	scratch = this_cpu_ptr(scratches);
	level = scratch->level;
	if (level < LEVELS) {
		/* A context that comes in between puts the level back before we go on. */
		WRITE_ONCE(scratch->level, level + 1);
		barrier();	/* the room is ours before it is written */
		return scratch->room[level];
	}
	preempt_enable_notrace();
	return NULL;
}

void evring_scratch_put(void)
{
	struct scratch *scratch = this_cpu_ptr(scratches);

	barrier();	/* the room is read before it is another context's */
	WRITE_ONCE(scratch->level, scratch->level - 1);
	preempt_enable_notrace();
}
