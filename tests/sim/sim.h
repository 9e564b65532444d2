/* SPDX-License-Identifier: MIT */
/* Rings in this process's memory: kmod/ring.c writes them, libevring reads them. */
#ifndef EVRING_SIM_H
#define EVRING_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_CPUS	16

struct evring_ring_page;
struct sim;

/* @cpus rings of @data_size bytes; both sizes powers of two. NULL: no memory. */
struct sim *sim_new(unsigned int cpus, uint64_t data_size, uint32_t segment_size);
void sim_free(struct sim *sim);
/* From here on this thread is that CPU. */
void sim_be(unsigned int cpu);
struct evring_ring_page *sim_page(struct sim *sim, unsigned int cpu);
void *sim_data(struct sim *sim, unsigned int cpu);
uint32_t sim_record_max(const struct sim *sim);
/* What a group's commit does to a ring; UINT64_MAX holds nothing. */
void sim_hold(struct sim *sim, unsigned int cpu, uint64_t pos);

/* One event with @len bytes that @fill writes; false: it was lost. */
typedef void sim_fill(void *payload, uint32_t len, void *arg);
bool sim_emit(struct sim *sim, uint32_t len, bool discard, sim_fill *fill, void *arg);
/* The same from a signal handler. */
bool sim_emit_nmi(struct sim *sim, uint32_t len, bool discard, sim_fill *fill, void *arg);
uint64_t sim_lost(const struct sim *sim);

/* Called, if set, before each step of an emit that another context can see. */
extern void (*sim_interrupt)(void);

#endif /* EVRING_SIM_H */
