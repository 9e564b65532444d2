/* SPDX-License-Identifier: MIT */
/* The module's half of the simulation: the only file that knows both worlds. */
#include <stdlib.h>
#include <time.h>

#include "../../../kmod/clock.h"
#include "../../../kmod/lane.h"
#include "../../../kmod/type.h"
#include "../../../kmod/pages.h"
#include "sim.h"

struct sim {
	unsigned int cpus;
	struct evring_ring *rings[SIM_CPUS];
	u64 lost[SIM_CPUS];
	struct evring_event_type type;
};

__thread unsigned int sim_cpu;
__thread unsigned int sim_nmi;
struct task_struct sim_current = { .tgid = 1, .pid = 1, .comm = "sim", .group_leader = &sim_current };
struct static_key_false evring_clock_tsc;
u64 sim_fence;
void (*sim_interrupt)(void);
static const int nobody;

/* Nobody is ever armed. */
void irq_work_queue(struct irq_work *work)
{
	(void)work;
}

u64 ktime_get_boot_fast_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (u64)ts.tv_sec * 1000000000 + (u64)ts.tv_nsec;
}

static struct evring_ring *ring_new(u64 data_size, u32 segment_size)
{
	struct evring_ring *ring = aligned_alloc(64, ALIGN(sizeof(*ring), 64UL));

	if (!ring)
		return NULL;
	memset(ring, 0, sizeof(*ring));
	ring->page = calloc(1, 4096);
	ring->lost_shown = (u64 *)(ring->page + 1);
	ring->data = calloc(1, data_size);
	ring->segment = ring->data;
	ring->data_size = data_size;
	ring->segment_size = segment_size;
	ring->segment_units = segment_size / 8;
	ring->payload_max = segment_size / 2 - (u32)sizeof(struct evring_rec);
	ring->hold = U64_MAX;
	ring->armed = &nobody;
	ring->marked = &nobody;
	if (!ring->page || !ring->data)
		abort();
	ring->page->lost = (struct evring_table){
		.offset = sizeof(*ring->page), .stride = sizeof(u64), .count = EVRING_LOST_CAUSES,
	};
	return ring;
}

struct sim *sim_new(unsigned int cpus, uint64_t data_size, uint32_t segment_size)
{
	struct sim *sim = calloc(1, sizeof(*sim));

	if (!sim)
		return NULL;
	sim->cpus = cpus;
	sim->type.id = EVRING_TYPE_FIRST;
	sim->type.lost = sim->lost;
	sim->type.rings = sim->rings;
	while (cpus--) {
		sim->rings[cpus] = ring_new(data_size, segment_size);
		if (!sim->rings[cpus])
			abort();
	}
	return sim;
}

void sim_free(struct sim *sim)
{
	while (sim->cpus--) {
		free(sim->rings[sim->cpus]->page);
		free(sim->rings[sim->cpus]->data);
		free(sim->rings[sim->cpus]);
	}
	free(sim);
}

void sim_clock_inline(bool yes)
{
	evring_clock_tsc.enabled = yes;
}

uint64_t sim_raw(void)
{
	return evring_clock_raw();
}

void sim_be(unsigned int cpu)
{
	sim_cpu = cpu;
}

struct evring_ring_page *sim_page(struct sim *sim, unsigned int cpu)
{
	return sim->rings[cpu]->page;
}

void *sim_data(struct sim *sim, unsigned int cpu)
{
	return sim->rings[cpu]->data;
}

uint32_t sim_record_max(const struct sim *sim)
{
	return sim->rings[0]->payload_max + (u32)sizeof(struct evring_rec);
}

void sim_hold(struct sim *sim, unsigned int cpu, uint64_t pos)
{
	smp_store_release(&sim->rings[cpu]->hold, pos);
}

/* No type here has rules. */
void *evring_stage(struct evring_slot *slot, struct evring_event_type *type, u32 len, bool try)
{
	(void)try;
	(void)slot;
	(void)type;
	(void)len;
	abort();
}

bool evring_land(struct evring_slot *slot)
{
	(void)slot;
	abort();
}

void evring_unstage(struct evring_slot *slot)
{
	(void)slot;
	abort();
}

bool sim_emit(struct sim *sim, uint32_t len, bool discard, sim_fill *fill, void *arg)
{
	struct evring_slot slot;
	void *room = evring_reserve(&slot, &sim->type, len);

	if (!room)
		return false;
	fill(room, len, arg);
	if (discard)
		evring_discard(&slot);
	else
		evring_submit(&slot);
	return true;
}

bool sim_emit_nmi(struct sim *sim, uint32_t len, bool discard, sim_fill *fill, void *arg)
{
	bool done;

	sim_nmi++;
	done = sim_emit(sim, len, discard, fill, arg);
	sim_nmi--;
	return done;
}

uint64_t sim_lost(const struct sim *sim)
{
	u64 sum = 0;
	unsigned int cpu;

	for (cpu = 0; cpu < sim->cpus; cpu++)
		sum += READ_ONCE(sim->lost[cpu]);
	return sum;
}
