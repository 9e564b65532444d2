// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lanes: the rings that there are, and the meta page that tells of them. A CPU
 * gets its rings, from its own node's memory, before it first comes online, and
 * keeps them until the module goes: what an offlined CPU wrote stays readable.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>

#include "evring.h"

/* A segment's length in 8-byte units must fit the reservation word. */
#define SEGMENT_KIB_MAX	256
#define SEGMENTS_MIN	4		/* fewer would hold too little behind a reader */
#define LANE_KIB_MAX	(1024 * 1024)
#define RECORD_MAX	32768

static unsigned int segment_kib = 64;
module_param(segment_kib, uint, 0444);
MODULE_PARM_DESC(segment_kib, "KiB of a segment, a power of two from a page to 256 (default: 64)");

static unsigned int lane_kib[EVRING_LANES] = { 1024, 2048, 1024 };
module_param_named(critical_kib, lane_kib[EVRING_LANE_CRITICAL], uint, 0444);
MODULE_PARM_DESC(critical_kib, "KiB per CPU of lane critical, a power of two (default: 1024)");
module_param_named(bulk_kib, lane_kib[EVRING_LANE_BULK], uint, 0444);
MODULE_PARM_DESC(bulk_kib, "KiB per CPU of lane bulk, a power of two (default: 2048)");
module_param_named(app_kib, lane_kib[EVRING_LANE_APP], uint, 0444);
MODULE_PARM_DESC(app_kib, "KiB per CPU of lane app, a power of two (default: 1024)");

struct evring_lane_state evring_lanes[EVRING_LANES];
struct evring_meta *evring_meta;

static int hotplug_state = -1;

/* The ring, or NULL: @lane and @cpu may come from user space. */
struct evring_ring *evring_ring_get(u32 lane, u32 cpu)
{
	if (lane >= EVRING_LANES || cpu >= nr_cpu_ids || !cpu_possible(cpu))
		return NULL;
	/* acquire: pairs with smp_store_release() in evring_groups_add_ring() */
	return smp_load_acquire(per_cpu_ptr(evring_lanes[lane].rings, cpu));
}

/* Call @fn for each ring that there is of some lanes (bit mask). May sleep. */
void evring_rings_each(u32 lanes, evring_ring_fn *fn, void *arg)
{
	struct evring_ring *ring;
	u32 lane;
	int cpu;

	for (lane = 0; lane < EVRING_LANES; lane++) {
		if (!(lanes & BIT(lane)))
			continue;
		for_each_possible_cpu(cpu) {
			ring = evring_ring_get(lane, cpu);
			if (ring)
				fn(ring, arg);
			cond_resched();
		}
	}
}

/*
 * What the ring has published since the last count goes into its lane's sum. Any
 * context but NMI, any CPU: the count only rises, and each byte is added once.
 */
void evring_ring_count(struct evring_ring *ring)
{
	s64 head = READ_ONCE(ring->page->head), counted = atomic64_read(&ring->counted);

	do {
		if (head <= counted)
			return;
	} while (!atomic64_try_cmpxchg(&ring->counted, &counted, head));
	atomic64_add(head - counted, &evring_lanes[ring->lane].published);
}

static void count_one(struct evring_ring *ring, void *unused)
{
	evring_ring_count(ring);
}

/* Bytes on all rings of some lanes that were published and counted; any context. */
u64 evring_lanes_published(u32 lanes)
{
	u64 sum = 0;
	u32 lane;

	for (lane = 0; lane < EVRING_LANES; lane++)
		if (lanes & BIT(lane))
			sum += atomic64_read(&evring_lanes[lane].published);
	return sum;
}

/* The same as of now. May sleep. */
u64 evring_lanes_count(u32 lanes)
{
	evring_rings_each(lanes, count_one, NULL);
	return evring_lanes_published(lanes);
}

u32 evring_record_max(void)
{
	return evring_meta->record_max - sizeof(struct evring_rec);
}
EXPORT_SYMBOL_GPL(evring_record_max);

static void ring_free(struct evring_ring *ring)
{
	unsigned int i;

	if (!ring)
		return;
	irq_work_sync(&ring->wake);
	if (ring->page)
		vunmap(ring->page);
	for (i = 0; i < ring->nr_pages; i++)
		__free_page(ring->pages[i]);
	kvfree(ring->pages);
	kfree(ring);
}

/* Any pages of the CPU's node will do: they need be contiguous only virtually. */
static int ring_map(struct evring_ring *ring, unsigned int nr, int node)
{
	ring->pages = kvcalloc(nr, sizeof(*ring->pages), GFP_KERNEL);
	if (!ring->pages)
		return -ENOMEM;
	for (; ring->nr_pages < nr; ring->nr_pages++) {
		struct page *page = alloc_pages_node(node, GFP_KERNEL | __GFP_ZERO |
						     __GFP_RETRY_MAYFAIL | __GFP_NOWARN, 0);

		if (!page)
			return -ENOMEM;
		ring->pages[ring->nr_pages] = page;
	}
	ring->page = vmap(ring->pages, nr, VM_MAP, PAGE_KERNEL);
	return ring->page ? 0 : -ENOMEM;
}

static void ring_describe(struct evring_ring *ring)
{
	struct evring_ring_page *page = ring->page;
	unsigned int i;

	page->size = sizeof(*page);
	page->lane = ring->lane;
	page->cpu = ring->cpu;
	page->data_offset = PAGE_SIZE;
	page->data_size = ring->data_size;
	page->segment_size = ring->segment_size;
	for (i = 0; i < EVRING_GROUPS_MAX; i++)
		page->cursors[i].seq = EVRING_SEQ_NONE;
}

static struct evring_ring *ring_alloc(u32 lane, unsigned int cpu)
{
	struct evring_lane_state *state = &evring_lanes[lane];
	int node = cpu_to_node(cpu);
	struct evring_ring *ring;

	ring = kzalloc_node(sizeof(*ring), GFP_KERNEL, node);
	if (!ring)
		return NULL;
	ring->lane = lane;
	ring->cpu = cpu;
	ring->data_size = state->size;
	ring->segment_size = evring_meta->segment_size;
	ring->segment_units = ring->segment_size / 8;
	ring->payload_max = evring_record_max();
	ring->armed = &state->armed;
	ring->marked = &state->marked;
	ring->hold = U64_MAX;
	init_irq_work(&ring->wake, evring_ring_wake);
	if (ring_map(ring, 1 + (ring->data_size >> PAGE_SHIFT), node)) {
		ring_free(ring);
		return NULL;
	}
	ring->data = (void *)ring->page + PAGE_SIZE;
	ring->segment = ring->data;
	ring_describe(ring);
	return ring;
}

/*
 * Hotplug, before @cpu comes online. Without memory the CPU comes all the same:
 * what it emits is lost and counted by type, as there is no ring to count it.
 */
static int lane_add_cpu(unsigned int cpu)
{
	struct evring_ring *ring;
	u32 lane;

	for (lane = 0; lane < EVRING_LANES; lane++) {
		if (evring_ring_get(lane, cpu))
			continue;
		ring = ring_alloc(lane, cpu);
		if (!ring) {
			pr_warn("evring: no memory for CPU %u's ring of lane %u\n", cpu, lane);
			continue;
		}
		evring_groups_add_ring(ring, per_cpu_ptr(evring_lanes[lane].rings, cpu));
		evring_meta->memory += (u64)ring->nr_pages << PAGE_SHIFT;
		/* release: who sees the new number finds the ring */
		smp_store_release(&evring_meta->nr_rings, evring_meta->nr_rings + 1);
	}
	return 0;
}

static bool param_valid(const char *name, unsigned int kib, unsigned int min, unsigned int max)
{
	if (is_power_of_2(kib) && kib >= min && kib <= max)
		return true;
	pr_err("evring: %s=%u: must be a power of two from %u to %u\n", name, kib, min, max);
	return false;
}

static int params_check(void)
{
	unsigned int min;

	if (!param_valid("segment_kib", segment_kib, PAGE_SIZE / 1024, SEGMENT_KIB_MAX))
		return -EINVAL;
	min = segment_kib * SEGMENTS_MIN;
	if (!param_valid("critical_kib", lane_kib[EVRING_LANE_CRITICAL], min, LANE_KIB_MAX) ||
	    !param_valid("bulk_kib", lane_kib[EVRING_LANE_BULK], min, LANE_KIB_MAX) ||
	    !param_valid("app_kib", lane_kib[EVRING_LANE_APP], min, LANE_KIB_MAX))
		return -EINVAL;
	return 0;
}

static int meta_alloc(void)
{
	u32 lane;

	BUILD_BUG_ON(sizeof(struct evring_meta) > PAGE_SIZE);
	BUILD_BUG_ON(sizeof(struct evring_ring_page) > PAGE_SIZE);
	evring_meta = (void *)get_zeroed_page(GFP_KERNEL);
	if (!evring_meta)
		return -ENOMEM;
	evring_meta->size = sizeof(*evring_meta);
	evring_meta->version = EVRING_ABI_VERSION;
	evring_meta->page_size = PAGE_SIZE;
	evring_meta->nr_lanes = EVRING_LANES;
	evring_meta->nr_cpus = nr_cpu_ids;
	evring_meta->segment_size = segment_kib * 1024;
	evring_meta->record_max = min_t(u32, RECORD_MAX, evring_meta->segment_size / 2);
	for (lane = 0; lane < EVRING_LANES; lane++)
		evring_meta->lane_size[lane] = lane_kib[lane] * 1024ULL;
	return 0;
}

static void lanes_free(void)
{
	u32 lane;
	int cpu;

	for (lane = 0; lane < EVRING_LANES; lane++) {
		if (!evring_lanes[lane].rings)
			continue;
		for_each_possible_cpu(cpu)
			ring_free(evring_ring_get(lane, cpu));
		free_percpu(evring_lanes[lane].rings);
		evring_lanes[lane].rings = NULL;
	}
	free_page((unsigned long)evring_meta);
	evring_meta = NULL;
}

static int lanes_alloc(void)
{
	unsigned int missing = 0;
	u32 lane;
	int cpu;

	for (lane = 0; lane < EVRING_LANES; lane++) {
		evring_lanes[lane].size = evring_meta->lane_size[lane];
		evring_lanes[lane].rings = alloc_percpu(struct evring_ring *);
		if (!evring_lanes[lane].rings)
			return -ENOMEM;
	}
	hotplug_state = cpuhp_setup_state(CPUHP_BP_PREPARE_DYN, "evring:prepare",
					  lane_add_cpu, NULL);
	if (hotplug_state < 0)
		return hotplug_state;
	/* At load, unlike at hotplug, too little memory is somebody's mistake. */
	for_each_online_cpu(cpu)
		for (lane = 0; lane < EVRING_LANES; lane++)
			missing += !evring_ring_get(lane, cpu);
	return missing ? -ENOMEM : 0;
}

int evring_lanes_init(void)
{
	int ret = params_check();

	if (ret)
		return ret;
	ret = meta_alloc();
	if (ret)
		return ret;
	ret = lanes_alloc();
	if (ret)
		evring_lanes_exit();
	return ret;
}

void evring_lanes_exit(void)
{
	if (hotplug_state >= 0)
		cpuhp_remove_state_nocalls(hotplug_state);
	lanes_free();
}
