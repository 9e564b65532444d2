// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an emit costs: N records of one size into the ring and into its peers,
 * one after another in the same run, several rounds. Results go to the kernel's
 * log, a line each: evring_bench: NAME SIZE ROUND PICOSECONDS.
 *
 * Meant for a uniprocessor User-mode Linux, where a loop in the kernel runs at
 * the machine's own speed; interrupts stay on, preemption is as in a hook.
 */
#include <linux/err.h>
#include <linux/evring.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/ring_buffer.h>
#include <linux/vmalloc.h>

#define RECORDS		(1 << 20)
#define FLOOR_BYTES	(1 << 20)

static uint rounds = 7;
module_param(rounds, uint, 0444);

#define BENCH_FIELDS(F, S) F(S, U64, first, NONE)
EVRING_EVENT(bench_event, "bench.event", 1, EVRING_LANE_BULK, BENCH_FIELDS);

static struct evring_type *type;
static struct trace_buffer *ftrace;
static void *floor;
static u8 source[1024];

/* The least that storing records can cost: into a buffer, nothing else. */
static noinline void emit_floor(u32 size, u32 n)
{
	u32 at = 0;

	while (n--) {
		memcpy(floor + at, source, size);
		barrier();
		at = (at + size) & (FLOOR_BYTES - 1);
		if (at + size > FLOOR_BYTES)
			at = 0;
	}
}

/* The record with its header is @size bytes long. */
static noinline void emit_evring(u32 size, u32 n)
{
	u32 len = size - sizeof(struct evring_rec);
	struct evring_slot slot;
	void *room;

	while (n--) {
		room = evring_reserve(&slot, type, len);
		if (room) {
			memcpy(room, source, len);
			evring_commit(&slot);
		}
	}
}

static noinline void emit_ftrace(u32 size, u32 n)
{
	struct ring_buffer_event *event;

	while (n--) {
		event = ring_buffer_lock_reserve(ftrace, size);
		if (event) {
			memcpy(ring_buffer_event_data(event), source, size);
			ring_buffer_unlock_commit(ftrace, event);
		}
	}
}

static noinline void read_clock(u32 size, u32 n)
{
	while (n--) {
		ktime_get_boot_fast_ns();
		barrier();
	}
}

static const struct contender {
	const char *name;
	void (*run)(u32 size, u32 n);
} contenders[] = {
	{ "floor", emit_floor },
	{ "evring", emit_evring },
	{ "ftrace", emit_ftrace },
	{ "ktime_get_boot_fast_ns", read_clock },
};

static void bench(u32 size, u32 round)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(contenders); i++) {
		u64 start, ns;

		contenders[i].run(size, RECORDS / 16);	/* warm */
		start = ktime_get_ns();
		contenders[i].run(size, RECORDS);
		ns = ktime_get_ns() - start;
		pr_info("evring_bench: %s %u %u %llu\n", contenders[i].name, size, round,
			div_u64(ns * 1000, RECORDS));
	}
}

static int __init bench_init(void)
{
	static const u32 sizes[] = { 40, 64, 128, 512 };
	unsigned int i, round;
	int ret = -ENOMEM;

	type = evring_type_register(&bench_event_desc);
	if (IS_ERR(type))
		return PTR_ERR(type);
	ftrace = ring_buffer_alloc(1 << 20, RB_FL_OVERWRITE);
	floor = vzalloc(FLOOR_BYTES + sizeof(source));
	if (!ftrace || !floor)
		goto out;
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (round = 0; round < rounds; round++)
			bench(sizes[i], round);
	ret = 0;
out:
	if (ftrace)
		ring_buffer_free(ftrace);
	vfree(floor);
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
