// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUs get their rings: of each lane, from the CPU's own node's memory, before it first
 * comes online. It keeps them until the module is unloaded, so the events of an offlined
 * CPU stay readable.
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

static int hotplug_state = -1;

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

int evring_cpus_init(void)
{
	unsigned int missing = 0;
	u64 pages = 0;
	u32 lane;
	int cpu;

	for_each_online_cpu(cpu)
		pages += pages_missing(cpu);
	if (!evring_memory_fits(pages)) {
		pr_err("evring: no memory for rings of %llu MiB: 'lanes' says how large they are\n",
		       pages >> (20 - PAGE_SHIFT));
		return -ENOMEM;
	}
	hotplug_state = cpuhp_setup_state(CPUHP_BP_PREPARE_DYN, "evring:prepare", cpu_prepare,
					  NULL);
	if (hotplug_state < 0)
		return hotplug_state;
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

	cpuhp_remove_state_nocalls(hotplug_state);
	for (lane = 0; lane < evring_nr_lanes; lane++)
		for_each_possible_cpu(cpu)
			evring_ring_free(evring_ring_get(lane, cpu));
}
