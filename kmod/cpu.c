// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUs get their rings: of each lane, from the CPU's own node's memory, before it first
 * comes online. It keeps them until the module is unloaded, so the events of an offlined
 * CPU stay readable.
 *
 * A CPU emits before it can run what an emit raises, and after that: on PREEMPT_RT a thread
 * runs it, which is parked while the CPU goes, and otherwise an interrupt that a CPU has no
 * more when it leaves its last task. What is raised then stays where it is until the CPU is
 * back: readers sleep on, and nobody can unload the module. So such an emit raises nothing,
 * and whoever waits is woken once the CPU is up, or dead.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/mm.h>

#include "cpu.h"
#include "group.h"
#include "lane.h"
#include "memory.h"
#include "pages.h"
#include "redact/stage.h"
#include "wake.h"

static int prepare_state = -1, online_state = -1;

/* Those of the rings that @cpu does not have yet */
static u64 pages_missing(unsigned int cpu)
{
	u64 pages = 0;
	u32 lane;

	for (lane = 0; lane < evring_nr_lanes; lane++)
		if (!evring_ring_get(lane, cpu))
			pages += evring_lane_table[lane].info->map_size >> PAGE_SHIFT;
	return pages;
}

/*
 * Hotplug, before @cpu comes online. Without memory the CPU comes all the same: its
 * events are lost and counted by type, as there is no ring to count them.
 */
static int cpu_prepare(unsigned int cpu)
{
	bool fits = evring_memory_fits(pages_missing(cpu));
	struct evring_ring *ring;
	u32 lane;

	if (!evring_stage_add_cpu(cpu))
		pr_warn("evring: no memory for CPU %u's redaction\n", cpu);
	for (lane = 0; lane < evring_nr_lanes; lane++) {
		if (evring_ring_get(lane, cpu))
			continue;
		ring = fits ? evring_ring_alloc(&evring_lane_table[lane], lane, cpu) : NULL;
		if (!ring) {
			pr_warn("evring: no memory for CPU %u's ring of lane %s\n", cpu,
				evring_lane_table[lane].info->name);
			continue;
		}
		evring_groups_add_ring(ring, per_cpu_ptr(evring_lane_table[lane].rings, cpu));
		evring_meta->memory += (u64)ring->nr_pages << PAGE_SHIFT;
		/* release: a reader that sees the new number finds the ring */
		smp_store_release(&evring_meta->nr_rings, evring_meta->nr_rings + 1);
	}
	return 0;
}

static bool ring_awaited(const struct evring_ring *ring)
{
	return READ_ONCE(*ring->armed) || READ_ONCE(*ring->marked);
}

static void ring_raises(struct evring_ring *ring)
{
	WRITE_ONCE(ring->raises, true);
	barrier();	/* an emit that comes now raises; earlier ones are seen to here */
	if (ring_awaited(ring))
		irq_work_queue(&ring->wake);
}

/*
 * An emit runs with preemption off, so none that has seen @raises is under way, and what was
 * raised ends here.
 */
static void ring_raises_no_more(struct evring_ring *ring)
{
	WRITE_ONCE(ring->raises, false);
	barrier();	/* a raise from here on finds it false */
	irq_work_sync(&ring->wake);
}

static void ring_wake_waiting(struct evring_ring *ring)
{
	if (ring_awaited(ring))
		evring_ring_wake(&ring->wake);
}

static int each_ring(unsigned int cpu, void (*fn)(struct evring_ring *ring))
{
	struct evring_ring *ring;
	u32 lane;

	for (lane = 0; lane < evring_nr_lanes; lane++) {
		ring = evring_ring_get(lane, cpu);
		if (ring)
			fn(ring);
	}
	return 0;
}

/* Hotplug, on @cpu, in a thread of its own: interrupts and irq_work's thread are there. */
static int cpu_online_begin(unsigned int cpu)
{
	return each_ring(cpu, ring_raises);
}

/* Likewise, they are still there. */
static int cpu_online_end(unsigned int cpu)
{
	return each_ring(cpu, ring_raises_no_more);
}

/* Hotplug, on another CPU: @cpu has emitted its last event. */
static int cpu_dead(unsigned int cpu)
{
	return each_ring(cpu, ring_wake_waiting);
}

static int states_init(void)
{
	unsigned int cpu;

	prepare_state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "evring:prepare",
						  cpu_prepare, cpu_dead);
	if (prepare_state < 0)
		return prepare_state;
	/*
	 * Not by cpuhp_setup_state(): before 6.1.97, 6.6.37 and 6.10 it calls nothing for a state
	 * of this range ("cpu/hotplug: Fix dynstate assignment").
	 */
	cpus_read_lock();
	for_each_online_cpu(cpu)
		cpu_prepare(cpu);
	cpus_read_unlock();
	online_state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "evring:online", cpu_online_begin,
					 cpu_online_end);
	return min(online_state, 0);
}

int evring_cpus_init(void)
{
	unsigned int missing = 0;
	u64 pages = 0;
	u32 lane;
	int cpu, ret;

	for_each_online_cpu(cpu)
		pages += pages_missing(cpu);
	if (!evring_memory_fits(pages)) {
		pr_err("evring: no memory for rings of %llu MiB: 'lanes' says how large they are\n",
		       pages >> (20 - PAGE_SHIFT));
		return -ENOMEM;
	}
	ret = states_init();
	if (ret) {
		evring_cpus_exit();
		return ret;
	}
	/* At hotplug a lack of memory is only reported; at load it is an error. */
	for_each_online_cpu(cpu) {
		missing += !evring_stage_add_cpu(cpu);
		for (lane = 0; lane < evring_nr_lanes; lane++)
			missing += !evring_ring_get(lane, cpu);
	}
	if (!missing)
		return 0;
	evring_cpus_exit();
	return -ENOMEM;
}

void evring_cpus_exit(void)
{
	u32 lane;
	int cpu;

	if (online_state >= 0)
		cpuhp_remove_state_nocalls(online_state);
	if (prepare_state >= 0)
		cpuhp_remove_state_nocalls(prepare_state);
	for (lane = 0; lane < evring_nr_lanes; lane++)
		for_each_possible_cpu(cpu)
			evring_ring_free(evring_ring_get(lane, cpu));
}
