// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of a ring: pages of the CPU's node, mapped in a row. The first ones
 * are the ring page, the others are the data area.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>

#include "memory.h"
#include "user.h"
#include "wake.h"

void evring_ring_free(struct evring_ring *ring)
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

/*
 * Is there room for so many pages of rings? To be asked before the first of them: an
 * allocation that takes the last pages fails without harm, but meanwhile others find
 * none, and the kernel kills for them. So an eighth of the memory is left to others.
 */
bool evring_memory_fits(u64 pages)
{
	long available = si_mem_available();

	return available > 0 && (u64)(available - available / 8) >= pages;
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
	struct evring_ring_pages *pages = (void *)ring->page;
	struct evring_ring_page *page = &pages->page;
	unsigned int i;

	page->size = sizeof(*page);
	page->version = EVRING_ABI_VERSION;
	page->lane = ring->lane;
	page->cpu = ring->cpu;
	page->data_offset = EVRING_DATA_OFFSET;
	page->data_size = ring->data_size;
	page->segment_size = ring->segment_size;
	page->lost = TABLE(pages, lost);
	page->cursors = TABLE(pages, cursors);
	ring->lost_shown = pages->lost;
	ring->cursors = pages->cursors;
	for (i = 0; i < EVRING_GROUPS_MAX; i++)
		ring->cursors[i].seq = EVRING_SEQ_NONE;
}

/* Make the ring of @cpu in @lane, whose number is @number. NULL: no memory. May sleep. */
struct evring_ring *evring_ring_alloc(const struct evring_lane *lane, u32 number, unsigned int cpu)
{
	int node = cpu_to_node(cpu);
	struct evring_ring *ring;

	ring = kzalloc_node(sizeof(*ring), GFP_KERNEL, node);
	if (!ring)
		return NULL;
	ring->lane = number;
	ring->cpu = cpu;
	ring->data_size = lane->info->data_size;
	ring->segment_size = evring_meta->segment_size;
	ring->segment_units = ring->segment_size / 8;
	ring->payload_max = evring_record_max();
	ring->armed = &lane->armed;
	ring->marked = &lane->marked;
	ring->hold = U64_MAX;
	ring->user_part = evring_user_part(ring->data_size);
	ring->slice_shift = evring_user_slice(ring->data_size, ring->segment_size);
	evring_room_init(&ring->room);
	init_irq_work(&ring->wake, evring_ring_wake);
	if (ring_map(ring, (EVRING_DATA_OFFSET + ring->data_size) >> PAGE_SHIFT, node)) {
		evring_ring_free(ring);
		return NULL;
	}
	ring->data = (void *)ring->page + EVRING_DATA_OFFSET;
	ring->segment = ring->data;
	ring_describe(ring);
	return ring;
}
