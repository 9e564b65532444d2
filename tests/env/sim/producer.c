// SPDX-License-Identifier: MIT
/* A thread that emits, on its CPU, in place of hooks and other modules. */
#include <time.h>

#include "../../../kmod/clock.h"
#include "../../../kmod/hooks/exec.h"
#include "../../../kmod/hooks/names.h"
#include "../../../kmod/hooks/process.h"
#include "../../../kmod/lane.h"
#include "../../../kmod/redact/stage.h"
#include "../../../kmod/type.h"
#include "hooks.h"
#include "kernel.h"
#include "sim.h"

/* Some of each table: path.c and process_names.c are no part of the simulation. */
static const struct evring_value_desc path_flags[] = {
	{ EVRING_PATH_CUT, "cut", "the front of the path is missing" },
};

EVRING_NAMES(evring_path_flags, "path_flags", path_flags);

static const struct evring_value_desc capabilities[] = {
	{ 0x1ffffffffff, "ALL", "" }, { 1, "CAP_CHOWN", "" }, { 1 << 21, "CAP_SYS_ADMIN", "" },
};

EVRING_NAMES(evring_capabilities, "capabilities", capabilities);

static const struct evring_value_desc clone_flags[] = {
	{ 0x100, "CLONE_VM", "" }, { 0x4000, "CLONE_VFORK", "" },
};

EVRING_NAMES(evring_clone_flags, "clone_flags", clone_flags);

#define FILLED_FIELDS(F, S) F(S, U64, count, NONE, "number of the event")
EVRING_EVENT(sim_filled, "sim.filled", 1, "bulk", "bytes of one value", FILLED_FIELDS);

#define STATE_FIELDS(F, S) F(S, U32, snapshot, NONE, "number of the snapshot")
EVRING_EVENT(sim_state, "process.state", 1, "critical", "a process runs already", STATE_FIELDS);

/* One of each, as these are all that is emitted. */
static struct evring_event_type *exec_type, *filled_type, *state_type;

/* Events that tests make as they like, one type a lane */
#define EVENT_FIELDS(F, S)				\
	F(S, U64, count, NONE, "number of the event")	\
	F(S, TEXT, text, NONE, "what a test likes")
EVRING_EVENT(sim_event, "sim.event", 1, "app", "an event of a test", EVENT_FIELDS);

static struct evring_event_type *event_types[LANES];

int sim_events_start(void)
{
	static const char *const names[LANES] = { "sim.critical", "sim.bulk", "sim.app" };
	struct evring_type_desc desc = sim_event_desc;
	unsigned int lane;

	for (lane = 0; lane < LANES; lane++) {
		desc.name = names[lane];
		desc.lane = names[lane] + strlen("sim.");
		event_types[lane] = evring_type_register(&desc);
		if (IS_ERR(event_types[lane]))
			return (int)PTR_ERR(event_types[lane]);
		sim_hook_register(lane, event_types[lane]);
	}
	return 0;
}

struct evring_event_type *sim_type_come(const char *name, const char *field)
{
	const struct evring_field_desc fields[] = {
		{ .name = field, .kind = EVRING_KIND_U64, .size = sizeof(u64) },
	};
	const struct evring_type_desc desc = {
		.name = name, .doc = "a type that comes and goes", .lane = "bulk", .version = 1,
		.size = sizeof(u64), .fields = fields, .nr_fields = 1,
	};
	struct evring_event_type *type = evring_type_register(&desc);

	return IS_ERR(type) ? NULL : type;
}

void sim_type_go(struct evring_event_type *type)
{
	evring_type_unregister(type);
}

bool sim_type_emit(struct evring_event_type *type, uint64_t number)
{
	struct evring_slot slot;
	u64 *room = evring_reserve(&slot, type, sizeof(*room));

	if (!room)
		return false;
	*room = number;
	evring_submit(&slot);
	return true;
}

struct evring_event_type *sim_grown_come(unsigned int nr_fields)
{
	const struct evring_field_desc fields[] = {
		{ .name = "first", .kind = EVRING_KIND_U64, .size = sizeof(u64) },
		{ .name = "second", .kind = EVRING_KIND_U64, .size = sizeof(u64),
		  .offset = sizeof(u64) },
	};
	const struct evring_type_desc desc = {
		.name = "sim.grown", .doc = "a type that gets a field more", .lane = "bulk",
		.version = 1, .size = (u16)(nr_fields * sizeof(u64)), .fields = fields,
		.nr_fields = (u16)nr_fields,
	};
	struct evring_event_type *type = evring_type_register(&desc);

	return IS_ERR(type) ? NULL : type;
}

bool sim_grown_emit(struct evring_event_type *type, unsigned int nr_fields, uint64_t number)
{
	struct evring_slot slot;
	u64 *room = evring_reserve(&slot, type, nr_fields * sizeof(*room));
	unsigned int i;

	if (!room)
		return false;
	for (i = 0; i < nr_fields; i++)
		room[i] = number + 1000 * i;
	evring_submit(&slot);
	return true;
}

bool sim_more_types(unsigned int n)
{
	struct evring_type_desc desc = sim_event_desc;
	char name[32];

	while (n--) {
		snprintf(name, sizeof(name), "sim.more%u", n);
		desc.name = name;
		if (IS_ERR(evring_type_register(&desc)))
			return false;
	}
	return true;
}

bool sim_event_emit(unsigned int lane, uint32_t len, bool discard, sim_fill *fill, void *arg)
{
	struct evring_slot slot;
	void *room = evring_reserve(&slot, event_types[lane], len);

	if (!room)
		return false;
	fill(room, len, arg);
	if (discard)
		evring_discard(&slot);
	else
		sim_hook_submit(lane, &slot);
	return true;
}

int sim_producers_start(void)
{
	exec_type = evring_type_register(&process_exec_desc);
	filled_type = evring_type_register(&sim_filled_desc);
	state_type = evring_type_register(&sim_state_desc);
	(void)process_fork_desc;
	(void)process_exit_desc;
	if (IS_ERR(exec_type))
		return (int)PTR_ERR(exec_type);
	if (IS_ERR(state_type))
		return (int)PTR_ERR(state_type);
	sim_hook_register(SIM_HOOK_STATE, state_type);
	sim_hook_register(SIM_HOOK_EXEC, exec_type);
	return IS_ERR(filled_type) ? (int)PTR_ERR(filled_type) : 0;
}

/* With redaction's rules nothing would be left of arguments that are too long for it. */
int sim_rules_off(void)
{
	struct evring_redact arg = { .op = EVRING_REDACT_SET };

	return evring_redact_ctl(exec_type, &arg);
}

int sim_rules_on(void)
{
	struct evring_redact arg = { .op = EVRING_REDACT_RESET };

	return evring_redact_ctl(exec_type, &arg);
}

/* All but its arguments, for which there is room */
static struct process_exec *exec_begin(struct evring_slot *slot, const char *path, u32 argv_len)
{
	u32 path_len = (u32)strlen(path);
	struct process_exec *e;

	e = evring_reserve(slot, exec_type, sizeof(*e) + path_len + argv_len);
	if (!e)
		return NULL;
	memset(e, 0, sizeof(*e));
	e->common.uid = 1000;
	e->common.euid = 1000;
	e->common.gid = 1000;
	e->common.sessionid = 7;
	e->common.mntns = 4026531840U;
	e->common.start_time = 12345678901ULL;
	e->common.loginuid = 1000;
	e->common.cgroup = 4242;
	e->common.pidns = 4026531836U;
	memcpy(e->common.comm, "bash", 5);
	e->ppid = 1234;
	e->egid = 1000;
	e->argv_len = argv_len;
	e->path = evring_str(sizeof(*e), path_len);
	e->argv = evring_str(sizeof(*e) + path_len, argv_len);
	memcpy((char *)e + e->path.offset, path, path_len);
	return e;
}

/* As of a shell's child: 40 bytes of strings; or with @len bytes of arguments. */
static bool emit_exec(u64 count, u32 len)
{
	static const char argv[] = "grep\0-rn\0needle\0src/";
	u32 argv_len = len ? len : sizeof(argv);
	struct evring_slot slot;
	struct process_exec *e = exec_begin(&slot, "/usr/bin/grep", argv_len);

	if (!e)
		return false;
	e->old_tid = (u32)count;
	memset((char *)e + e->argv.offset, 'x', argv_len);
	memcpy((char *)e + e->argv.offset, argv, argv_len < sizeof(argv) ? argv_len : sizeof(argv));
	sim_hook_submit(SIM_HOOK_EXEC, &slot);
	return true;
}

bool sim_exec_emit(const char *path, const char *argv, uint32_t argv_len)
{
	struct evring_slot slot;
	struct process_exec *e = exec_begin(&slot, path, argv_len);

	if (!e)
		return false;
	memcpy((char *)e + e->argv.offset, argv, argv_len);
	sim_hook_submit(SIM_HOOK_EXEC, &slot);
	return true;
}

static bool emit_filled(u64 count, u32 len)
{
	struct sim_filled *e;
	struct evring_slot slot;

	e = evring_reserve(&slot, filled_type, len);
	if (!e)
		return false;
	memset(e, (int)count, len);
	e->count = count;
	evring_submit(&slot);
	return true;
}

/* A well-behaved producer: a hook would rather lose than wait. */
static void wait_for_room(const struct evring_ring *ring)
{
	const struct timespec pause = { .tv_nsec = 20000 };

	while (READ_ONCE(ring->page->head) + 2 * ring->segment_size >
	       ring->data_size + smp_load_acquire(&ring->hold))
		nanosleep(&pause, NULL);
}

static void wait_until(u64 ns)
{
	struct timespec at = { .tv_sec = (time_t)(ns / NSEC_PER_SEC),
			       .tv_nsec = (long)(ns % NSEC_PER_SEC) };

	while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

void sim_produce(const struct sim_load *load, struct sim_made *made)
{
	u32 len = load->size ? load->size - (u32)sizeof(struct evring_rec) : 0;
	const struct evring_event_type *type = len ? filled_type : exec_type;
	const struct evring_ring *ring = evring_ring_get(type->lane, load->cpu);
	u64 start = ktime_get_boot_fast_ns(), lost = 0, i;
	/* A look at the reader costs: one in half a segment's worth of events. */
	u64 between = ring->segment_size / 2 / (len ? load->size : 256);
	struct timespec cpu;

	sim_be(load->cpu);
	for (i = 0; i < load->events && !__atomic_load_n(load->stop, __ATOMIC_RELAXED); i++) {
		if (load->rate)
			wait_until(start + i * NSEC_PER_SEC / load->rate);
		if (load->wait && (!between || i % between == 0))
			wait_for_room(ring);
		lost += len ? !emit_filled(i, len) : !emit_exec(i, load->argv);
	}
	/* At the end, as another producer's may be in the same cache line. */
	made->lost += lost;
	made->emitted += i;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
	made->cpu_ns = (u64)cpu.tv_sec * NSEC_PER_SEC + (u64)cpu.tv_nsec;
}

/* Sum over all rings of one number of their pages. */
static u64 sum_rings(u64 (*number)(const struct evring_ring *ring))
{
	const struct evring_ring *ring;
	u64 sum = 0;
	u32 lane, cpu;

	for (lane = 0; lane < evring_nr_lanes; lane++) {
		for_each_possible_cpu(cpu) {
			ring = evring_ring_get(lane, cpu);
			sum += ring ? number(ring) : 0;
		}
	}
	return sum;
}

static u64 page_attempts(const struct evring_ring *ring)
{
	return READ_ONCE(ring->page->seq);
}

static u64 page_committed(const struct evring_ring *ring)
{
	u64 seq = READ_ONCE(ring->cursors[0].seq);

	return seq == EVRING_SEQ_NONE ? 0 : seq;
}

uint64_t sim_held(unsigned int lane, unsigned int cpu)
{
	return smp_load_acquire(&evring_ring_get(lane, cpu)->hold);
}

uint64_t sim_attempts(void)
{
	return sum_rings(page_attempts);
}

uint64_t sim_committed(void)
{
	return sum_rings(page_committed);
}
