/* SPDX-License-Identifier: MIT */
/* Rings in this process's memory: the module's emit path writes them, libevring reads them. */
#ifndef EVRING_SIM_H
#define EVRING_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "../../harness/defaults.h"

#define SIM_CPUS	16	/* of sim_new() */

struct evring_ring_page;
struct sim;

/* @cpus rings of @data_size bytes; both sizes powers of two. NULL: no memory. */
struct sim *sim_new(unsigned int cpus, uint64_t data_size, uint32_t segment_size);
void sim_free(struct sim *sim);
/* Is the clock an instruction, as a TSC is, or a call? An emit's two paths. */
void sim_clock_inline(bool yes);
/* A raw time stamp of now */
uint64_t sim_raw(void);
/* From here on this thread is that CPU. */
void sim_be(unsigned int cpu);
struct evring_ring_page *sim_page(struct sim *sim, unsigned int cpu);
void *sim_data(struct sim *sim, unsigned int cpu);
uint32_t sim_record_max(const struct sim *sim);
/* Set a ring's hold, as a group's commit does; UINT64_MAX holds nothing. */
void sim_hold(struct sim *sim, unsigned int cpu, uint64_t pos);

/* One event with @len bytes that @fill writes; false: it was lost. */
typedef void sim_fill(void *payload, uint32_t len, void *arg);
bool sim_emit(struct sim *sim, uint32_t len, bool discard, sim_fill *fill, void *arg);
/* The same from a signal handler. */
bool sim_emit_nmi(struct sim *sim, uint32_t len, bool discard, sim_fill *fill, void *arg);
uint64_t sim_lost(const struct sim *sim);

/*
 * The other way: the whole module but its hooks, in this process. libevring's
 * calls for EVRING_DEVICE reach it where the program is linked with SIM_WRAP
 * (sim.mk).
 */

/* Module parameters; 0 is the module's own default. */
struct sim_boot {
	unsigned int cpus;
	unsigned int segment_kib;
	unsigned int lane_kib[3];	/* critical, bulk, app; 0 is the default */
	const char *lanes;		/* or these: the parameter as it is */
	bool tsc;			/* time stamps are cycles */
	unsigned int tsc_rate;		/* kHz; 0: as measured */
	bool stepped;			/* time stands still but for sim_advance() */
};

/* insmod. -errno: as the module's init says. */
int sim_boot(const struct sim_boot *boot);
/* rmmod. No session may be open, and nobody may emit. */
void sim_shutdown(void);
/* With sim_boot.stepped: time goes on, and wake-ups, timers and work that are due run. */
void sim_advance(uint64_t ns);
/* That time; 0 without it. */
uint64_t sim_now(void);
/* Set the wall clock: nanoseconds that it is ahead of CLOCK_BOOTTIME. And as it is. */
void sim_clock_set(int64_t ns);
int64_t sim_clock(void);
/* io_uring's command, as the kernel would call it. */
int sim_uring_cmd(int fd, uint32_t op, const void *payload);
/* The same in the submitter, where it must not sleep. */
int sim_uring_cmd_inline(int fd, uint32_t op, const void *payload);
/* CPU time of the thread that stands for interrupts. */
clockid_t sim_irq_clock(void);
/* Wait until a session stops where it arms, to sleep; it stays there while this is closed. */
void sim_gate_close(void);
void sim_gate_open(void);
/* Between these nobody is woken and no timer runs: events wait. */
void sim_irq_off(void);
void sim_irq_on(void);
/* Does the caller have capabilities? It does unless a test says no. */
extern bool sim_capable;
/* Others have the locks that the kernel only tries. */
extern bool sim_contended;
/* poll()'s result for a session, as EPOLL* */
int sim_poll(int fd);
/* The effective user id; UINT32_MAX: the same as the real one */
extern uint32_t sim_euid;
/* A signal is pending for this thread. */
extern __thread bool sim_signal;
unsigned int *sim_param_types_max(void);
unsigned int *sim_param_user_percent(void);
/* The caller's user id, and the module's limit of its sessions */
extern uint32_t sim_uid;
/* The caller is in a user namespace that this user has made; UINT32_MAX: in none */
void sim_in_namespace_of(uint32_t owner);
unsigned int *sim_param_sessions_max(void);

/* One producer's task, and its result. */
struct sim_load {
	unsigned int cpu;
	uint64_t events;
	uint64_t rate;			/* a second; 0: as fast as it can */
	uint32_t size;			/* bytes of a record (type sim.filled); 0: process.exec */
	uint32_t argv;			/* bytes of a process.exec's arguments; 0: as a shell's child */
	bool wait;			/* for room, while a group holds; else events are lost */
	const bool *stop;
};

struct sim_made {
	uint64_t emitted;		/* attempts */
	uint64_t lost;
	uint64_t cpu_ns;		/* of this thread, in all */
};

/* Register the types; after sim_boot(). */
int sim_producers_start(void);
/* Rules for process.exec: none, or the module's own, as there are from the start */
int sim_rules_off(void);
int sim_rules_on(void);
/* An exec with these arguments, on this thread's CPU; false: it was lost. */
bool sim_exec_emit(const char *path, const char *argv, uint32_t argv_len);
/* Runs to its end in the calling thread, which is that CPU from here on. */
void sim_produce(const struct sim_load *load, struct sim_made *made);

/* Register "sim.critical", "sim.bulk" and "sim.app": u64 count, str text. After sim_boot(). */
int sim_events_start(void);
/* Register @n types more, as modules would. */
bool sim_more_types(unsigned int n);
/* One of them on this thread's CPU; false: it was lost. */
bool sim_event_emit(unsigned int lane, uint32_t len, bool discard, sim_fill *fill, void *arg);
/*
 * A module that comes: a type of lane bulk with one number called @field. NULL:
 * refused. And that goes, or has an event. After sim_boot().
 */
struct evring_event_type;
struct evring_event_type *sim_type_come(const char *name, const char *field);
void sim_type_go(struct evring_event_type *type);
bool sim_type_emit(struct evring_event_type *type, uint64_t number);
/* "sim.grown" with one field, or two; and its event: @number, and 1000 more in the second one */
struct evring_event_type *sim_grown_come(unsigned int nr_fields);
bool sim_grown_emit(struct evring_event_type *type, unsigned int nr_fields, uint64_t number);
/* The lowest position that a group holds on a ring; UINT64_MAX: none does. */
uint64_t sim_held(unsigned int lane, unsigned int cpu);

/* Events on all rings so far, the lost ones too; and those below the first group's cursors. */
uint64_t sim_attempts(void);
uint64_t sim_committed(void);

/* How many mappings of the device still succeed; then there is no memory for one. */
extern unsigned int sim_mappings_left;

/* How many commits fail from now on, with EIO. */
extern unsigned int sim_commits_refused;

/* Called, if set, before user memory is read, as another thread may run then */
extern void (*sim_copying)(void);

/* Called, if set, before each step of an emit that another context can see. */
extern void (*sim_interrupt)(void);

#endif /* EVRING_SIM_H */
