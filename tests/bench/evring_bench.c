// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of an emit: records into evring's ring and into its peers, by turns
 * in the same rounds. Everything happens at load; each result is a line of
 * the kernel's log, the median of all rounds:
 *
 *	evring_bench: {"part": "emit", "who": "evring", "case": "64 B record, cycles",
 *		       "metric": "ns/event", "value": 17.350}
 *
 * A case is how much is stored and whether a time stamp is taken. "64 B payload"
 * is what the caller stores, and evring adds its header of 32 bytes; in "64 B
 * record" every contender stores 64 bytes in all: with evring 32 of them are the
 * header (time, sequence number, type, pid, tid), with the others all are payload.
 * A contender that has no time stamp of its own stores it as the first eight bytes.
 *
 * With readers=LABEL only evring is measured, 64-byte records in bursts that the
 * ring can hold, with pauses in which the readers catch up. The caller starts the
 * readers; the label becomes part of the case. With publish= only the device's part of
 * a write() is measured.
 *
 * Interrupts are on, and preemption is as the contenders have it in a hook.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/evring.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/percpu.h>
#include <linux/relay.h>
#include <linux/ring_buffer.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include <linux/trace_clock.h>
#include <linux/vmalloc.h>

#include "evring_noclock.c"

#define BUFFER_BYTES	(2 << 20)	/* as evring's lane bulk has by default */
#define SUBBUF_BYTES	(64 << 10)	/* relay's; as evring's segments */
#define RECORD_MAX	512
#define FIELDS_BYTES	128
#define ROUNDS_MAX	512
#define SLICES		16		/* of a round */
#define PAUSE_MS	20		/* more than a tick */
#define PAUSE_MS_MAX	5000

static uint rounds = 7;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "how often each figure is taken, 1 to 512 (default: 7)");

static uint records = 1 << 17;
module_param(records, uint, 0444);
MODULE_PARM_DESC(records, "records in a round (default: 131072)");

static char *readers;
module_param(readers, charp, 0444);
MODULE_PARM_DESC(readers, "who reads meanwhile: a label; measures evring alone, in bursts");

enum bench_clock { NO_CLOCK, CYCLES, KTIME, BENCH_CLOCKS };

static const char *const clock_names[] = { "no clock", "cycles", "ktime" };

static const struct bench_size {
	const char *name;
	u32 bytes;	/* for a contender without a header */
	u32 payload;	/* for evring */
} sizes[] = {
	{ "16 B payload", 16, 16 },
	{ "64 B payload", 64, 64 },
	{ "128 B payload", 128, 128 },
	{ "512 B payload", 512, 512 },
	{ "64 B record", 64, 64 - sizeof(struct evring_rec) },
};

#define RECORD_64	(&sizes[ARRAY_SIZE(sizes) - 1])

#define BENCH_FIELDS(F, S) F(S, U64, first, NONE, "")
EVRING_EVENT(bench_event, "bench.event", 1, "bulk", "of a benchmark", BENCH_FIELDS);

struct floor {
	void *data;
	u32 at;
};

static DEFINE_PER_CPU(struct floor, floors);
static struct evring_event_type *type;
static enum bench_clock evring_own;	/* the clock of evring.ko */
static struct trace_buffer *ftrace;
static struct rchan *relay;
static u64 source[RECORD_MAX / sizeof(u64)] __aligned(64);

/*
 * The clocks. Like everything up to repeat_clock() this is inlined with constant
 * arguments, so that the choice of clock and size slows no contender down.
 */
static __always_inline u64 stamp(enum bench_clock clock)
{
	if (clock == CYCLES)
		return evring_tsc();
	return clock == KTIME ? ktime_get_boot_fast_ns() : 0;
}

/* As a hook does it: field by field, and a copy where it is long. */
static __always_inline void fill(void *room, u32 size, enum bench_clock clock)
{
	u64 *field = room;
	u32 i;

	if (size > FIELDS_BYTES) {
		memcpy(room, source, size);
	} else {
#pragma GCC unroll 16
		for (i = 0; i < size / sizeof(*field); i++)
			WRITE_ONCE(field[i], source[i]);	/* no call of memcpy() */
	}
	if (clock != NO_CLOCK)
		field[0] = stamp(clock);
}

/* The least that storing a record can cost: into this CPU's buffer, nothing else. */
static __always_inline bool emit_floor(u32 size, enum bench_clock clock)
{
	struct floor *floor;
	u32 at;

	preempt_disable_notrace();
	floor = this_cpu_ptr(&floors);
	at = floor->at;
	floor->at = (at + size) & (BUFFER_BYTES - 1);
	fill(floor->data + at, size, clock);
	preempt_enable_notrace();
	return true;
}

static __always_inline bool emit_evring(u32 size, enum bench_clock clock)
{
	struct evring_slot slot;
	void *room;

	if (clock == NO_CLOCK)
		room = noclock_reserve(&slot, type, size);
	else
		room = evring_reserve(&slot, type, size);
	if (unlikely(!room))
		return false;
	fill(room, size, NO_CLOCK);
	if (clock == NO_CLOCK)
		noclock_submit(&slot);
	else
		evring_submit(&slot);
	return true;
}

/* Its time stamp is always trace_clock_local(), not @clock: see FTRACE_CLOCK. */
static __always_inline bool emit_ftrace(u32 size, enum bench_clock clock)
{
	struct ring_buffer_event *event = ring_buffer_lock_reserve(ftrace, size);

	if (unlikely(!event))
		return false;
	fill(ring_buffer_event_data(event), size, NO_CLOCK);
	ring_buffer_unlock_commit(ftrace, event);
	return true;
}

/* For one context only: nobody may interrupt between reservation and fill. */
static __always_inline bool emit_relay_alone(u32 size, enum bench_clock clock)
{
	void *room;

	preempt_disable_notrace();
	room = relay_reserve(relay, size);
	if (likely(room))
		fill(room, size, clock);
	preempt_enable_notrace();
	return room;
}

/* Any context but NMI, as blktrace does it */
static __always_inline bool emit_relay(u32 size, enum bench_clock clock)
{
	unsigned long flags;
	bool done;

	local_irq_save(flags);
	done = emit_relay_alone(size, clock);
	local_irq_restore(flags);
	return done;
}

static __always_inline bool read_clock(u32 size, enum bench_clock clock)
{
	stamp(clock);
	barrier();
	return true;
}

static __always_inline bool read_trace_clock(u32 size, enum bench_clock clock)
{
	trace_clock_local();
	return true;
}

typedef bool emit_fn(u32 size, enum bench_clock clock);

/* Returns how many of @n records found no room. */
static __always_inline u32 repeat(emit_fn *emit, u32 size, enum bench_clock clock, u32 n)
{
	u32 failed = 0;

	while (n--)
		failed += !emit(size, clock);
	return failed;
}

static __always_inline u32 repeat_size(emit_fn *emit, u32 size, enum bench_clock clock, u32 n)
{
	switch (size) {
	case 16:
		return repeat(emit, 16, clock, n);
	case 32:
		return repeat(emit, 32, clock, n);
	case 64:
		return repeat(emit, 64, clock, n);
	case 128:
		return repeat(emit, 128, clock, n);
	case 512:
		return repeat(emit, 512, clock, n);
	default:
		return n;
	}
}

static __always_inline u32 repeat_clock(emit_fn *emit, u32 size, enum bench_clock clock, u32 n)
{
	switch (clock) {
	case NO_CLOCK:
		return repeat_size(emit, size, NO_CLOCK, n);
	case CYCLES:
		return repeat_size(emit, size, CYCLES, n);
	case KTIME:
		return repeat_size(emit, size, KTIME, n);
	default:
		return n;
	}
}

static noinline u32 run_floor(u32 size, enum bench_clock clock, u32 n)
{
	return repeat_clock(emit_floor, size, clock, n);
}

static noinline u32 run_evring(u32 size, enum bench_clock clock, u32 n)
{
	return repeat_clock(emit_evring, size, clock, n);
}

static noinline u32 run_ftrace(u32 size, enum bench_clock clock, u32 n)
{
	return repeat_size(emit_ftrace, size, NO_CLOCK, n);
}

static noinline u32 run_relay(u32 size, enum bench_clock clock, u32 n)
{
	return repeat_clock(emit_relay, size, clock, n);
}

static noinline u32 run_relay_alone(u32 size, enum bench_clock clock, u32 n)
{
	return repeat_clock(emit_relay_alone, size, clock, n);
}

static noinline u32 run_tsc(u32 size, enum bench_clock clock, u32 n)
{
	return repeat(read_clock, 0, CYCLES, n);
}

static noinline u32 run_ktime(u32 size, enum bench_clock clock, u32 n)
{
	return repeat(read_clock, 0, KTIME, n);
}

static noinline u32 run_trace_clock(u32 size, enum bench_clock clock, u32 n)
{
	return repeat(read_trace_clock, 0, NO_CLOCK, n);
}

/**
 * struct contender - a mechanism that is measured
 * @name: "who" of the sample
 * @run: emit n records of one size with one clock; returns how many failed
 * @clocks: bit mask of enum bench_clock
 */
struct contender {
	const char *name;
	u32 (*run)(u32 size, enum bench_clock clock, u32 n);
	u32 clocks;
};

#define ALL_CLOCKS	(BIT(NO_CLOCK) | BIT(CYCLES) | BIT(KTIME))

/*
 * ftrace's clock cannot be chosen from here. It is sched_clock(), which reads
 * the TSC on a real machine, but counts jiffies in User-mode Linux.
 */
#define FTRACE_CLOCK	(IS_ENABLED(CONFIG_UML) ? BIT(NO_CLOCK) : BIT(CYCLES))

static const struct contender contenders[] = {
	{ "floor", run_floor, ALL_CLOCKS },
	{ "evring", run_evring, ALL_CLOCKS },
	{ "ftrace", run_ftrace, FTRACE_CLOCK },
	{ "relay", run_relay, ALL_CLOCKS },
	{ "relay, interrupts on", run_relay_alone, ALL_CLOCKS },
};

static const struct contender clocks[] = {
	{ "rdtsc", run_tsc, BIT(NO_CLOCK) },
	{ "ktime_get_boot_fast_ns", run_ktime, BIT(NO_CLOCK) },
	{ "trace_clock_local", run_trace_clock, BIT(NO_CLOCK) },
};

static bool has_clock(const struct contender *who, enum bench_clock clock)
{
	if (who->run == run_evring && clock != NO_CLOCK)
		return clock == evring_own;
	return who->clocks & BIT(clock);
}

/* Picoseconds an event; 0 if a record found no room, which must not be. */
static u64 measure(const struct contender *who, const struct bench_size *size,
		   enum bench_clock clock, u32 n)
{
	u32 bytes = who->run == run_evring ? size->payload : size->bytes;
	u32 failed;
	u64 start, ns;

	start = ktime_get_ns();
	failed = who->run(bytes, clock, n);
	ns = ktime_get_ns() - start;
	cond_resched();
	if (!failed)
		return max_t(u64, div_u64(ns * 1000, n), 1);
	pr_err("%s lost %u records of %u\n", who->name, failed, n);
	return 0;
}

static int by_value(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* 0 if one of them is. */
static u64 median_of(u64 *values, u32 n)
{
	sort(values, n, sizeof(*values), by_value, NULL);
	return values[0] ? values[n / 2] : 0;
}

/*
 * A round is the median of its slices: the first ones find cold caches, and a
 * virtual machine's CPU is not always there.
 */
static u64 measure_round(const struct contender *who, const struct bench_size *size,
			 enum bench_clock clock)
{
	u64 slices[SLICES];
	u32 i;

	for (i = 0; i < SLICES; i++)
		slices[i] = measure(who, size, clock, max(records / SLICES, 1U));
	return median_of(slices, SLICES);
}

/* Print a figure, which is in picoseconds. */
static void tell_value(const char *part, const char *who, const char *what, u64 value)
{
	u32 rest;

	value = div_u64_rem(value, 1000, &rest);
	pr_info("{\"part\": \"%s\", \"who\": \"%s\", \"case\": \"%s\", \"metric\": \"ns/event\", \"value\": %llu.%03u}\n",
		part, who, what, value, rest);
}

/* Print the median of all rounds. */
static int tell(const char *part, const char *who, const char *what, u64 *values)
{
	u64 median = median_of(values, rounds);

	if (!median)
		return -ENOBUFS;
	tell_value(part, who, what, median);
	return 0;
}

/* All contenders with one size, by turns. */
static int bench_size(const struct bench_size *size)
{
	static u64 values[ARRAY_SIZE(contenders)][BENCH_CLOCKS][ROUNDS_MAX];
	const struct contender *who;
	enum bench_clock clock;
	char what[64];
	int i, ret;
	u32 round;

	for (round = 0; round < rounds; round++)
		for (i = 0; i < ARRAY_SIZE(contenders); i++)
			for (clock = 0; clock < BENCH_CLOCKS; clock++) {
				who = &contenders[i];
				if (!has_clock(who, clock))
					continue;
				values[i][clock][round] = measure_round(who, size, clock);
			}
	for (i = 0; i < ARRAY_SIZE(contenders); i++)
		for (clock = 0; clock < BENCH_CLOCKS; clock++) {
			if (!has_clock(&contenders[i], clock))
				continue;
			snprintf(what, sizeof(what), "%s, %s", size->name, clock_names[clock]);
			ret = tell("emit", contenders[i].name, what, values[i][clock]);
			if (ret)
				return ret;
		}
	return 0;
}

static int bench_clocks(void)
{
	static u64 values[ARRAY_SIZE(clocks)][ROUNDS_MAX];
	int i, ret;
	u32 round;

	for (round = 0; round < rounds; round++)
		for (i = 0; i < ARRAY_SIZE(clocks); i++)
			values[i][round] = measure_round(&clocks[i], RECORD_64, NO_CLOCK);
	for (i = 0; i < ARRAY_SIZE(clocks); i++) {
		ret = tell("emit", clocks[i].name, "clock alone", values[i]);
		if (ret)
			return ret;
	}
	return 0;
}

#include "evring_filtered.c"
#include "evring_published.c"

static int bench_all(void)
{
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ret = bench_size(&sizes[i]);
		if (ret)
			return ret;
	}
	ret = bench_filter();
	return ret ? ret : bench_clocks();
}

/* Has every group that holds committed all there is? True if there is none. */
static bool all_committed(void)
{
	struct evring_ring *ring;
	bool done;

	preempt_disable();
	ring = this_cpu_read(*type->rings);
	done = READ_ONCE(ring->hold) >= READ_ONCE(ring->page->head);
	preempt_enable();
	return done;
}

/*
 * Let the readers catch up. The CPU does not sleep, or its caches would be cold
 * afterwards, and it waits for groups, as the host may have been away.
 */
static void pause(void)
{
	unsigned long least = jiffies + msecs_to_jiffies(PAUSE_MS);
	unsigned long most = jiffies + msecs_to_jiffies(PAUSE_MS_MAX);

	while (time_before(jiffies, least) || (!all_committed() && time_before(jiffies, most))) {
		cond_resched();
		cpu_relax();
	}
}

/* Bursts, of which only the emits are timed. The readers read in the pauses. */
static int bench_readers(void)
{
	static const struct contender who = { "evring", run_evring, ALL_CLOCKS };
	static u64 values[BENCH_CLOCKS][ROUNDS_MAX];
	enum bench_clock clock;
	char what[96];
	u32 round;
	int ret;

	for (round = 0; round < rounds; round++)
		for (clock = 0; clock < BENCH_CLOCKS; clock++)
			if (has_clock(&who, clock)) {
				pause();
				values[clock][round] = measure(&who, RECORD_64, clock, records);
			}
	for (clock = 0; clock < BENCH_CLOCKS; clock++) {
		if (!has_clock(&who, clock))
			continue;
		snprintf(what, sizeof(what), "%s, %s, %s", RECORD_64->name, clock_names[clock],
			 readers);
		ret = tell("emit", who.name, what, values[clock]);
		if (ret)
			return ret;
	}
	return 0;
}

/* Which clock evring.ko stamps with is seen from a record. */
static int find_own_clock(void)
{
	const struct evring_rec *rec;
	struct evring_slot slot;
	u64 before, passed;
	void *room;

	before = evring_tsc();
	room = evring_reserve(&slot, type, sizeof(struct bench_event));
	if (!room)
		return -ENOBUFS;
	passed = evring_tsc() - before;
	rec = room - sizeof(*rec);
	evring_own = rec->time - before <= passed ? CYCLES : KTIME;
	evring_discard(&slot);
	return 0;
}

/* relay asks only whether there is a file, and we want none. */
static struct dentry *relay_no_file(const char *name, struct dentry *parent, umode_t mode,
				    struct rchan_buf *buf, int *is_global)
{
	return (struct dentry *)buf;
}

static int relay_remove_no_file(struct dentry *dentry)
{
	return 0;
}

/* Overwrite the oldest records, as evring and ftrace do here. */
static int relay_next(struct rchan_buf *buf, void *subbuf, void *prev, size_t padding)
{
	return 1;
}

static const struct rchan_callbacks relay_callbacks = {
	.create_buf_file = relay_no_file,
	.remove_buf_file = relay_remove_no_file,
	.subbuf_start = relay_next,
};

static void peers_free(void)
{
	int cpu;

	if (relay)
		relay_close(relay);
	if (ftrace)
		ring_buffer_free(ftrace);
	for_each_possible_cpu(cpu)
		vfree(per_cpu_ptr(&floors, cpu)->data);
}

static int peers_alloc(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		void *data = vzalloc(BUFFER_BYTES + RECORD_MAX);

		if (!data)
			goto nomem;
		per_cpu_ptr(&floors, cpu)->data = data;
	}
	ftrace = ring_buffer_alloc(BUFFER_BYTES, RB_FL_OVERWRITE);
	if (!ftrace)
		goto nomem;
	relay = relay_open(NULL, NULL, SUBBUF_BYTES, BUFFER_BYTES / SUBBUF_BYTES,
			   &relay_callbacks, NULL);
	if (relay)
		return 0;
nomem:
	peers_free();
	return -ENOMEM;
}

static int __init bench_init(void)
{
	int ret;

	if (rounds < 1 || rounds > ROUNDS_MAX || records < 1)
		return -EINVAL;
	type = evring_type_register(&bench_event_desc);
	if (IS_ERR(type))
		return PTR_ERR(type);
	ret = find_own_clock();
	if (ret)
		goto unregister;
	ret = peers_alloc();
	if (ret)
		goto unregister;
	if (publish_params)
		ret = bench_publish();
	else
		ret = readers ? bench_readers() : bench_all();
	peers_free();
unregister:
	evring_type_unregister(type);
	return ret;
}

static void __exit bench_exit(void)
{
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_DESCRIPTION("evring benchmark: what an emit costs, side by side");
MODULE_LICENSE("GPL");
