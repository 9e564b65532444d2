// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers for texts whose length must be known before room is reserved in the ring:
 * paths. Each CPU has two, one for a hook that interrupts another one.
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
 * A buffer of EVRING_SCRATCH_BYTES. Preemption is off until evring_scratch_put(). NULL
 * if both of this CPU's are in use: preemption is as before, and there is nothing to
 * put. Context: any.
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
