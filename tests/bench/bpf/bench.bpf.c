// SPDX-License-Identifier: GPL-2.0-only
/*
 * BPF's two ways out of the kernel, as evring's peers: each program below makes
 * memory.count records in a loop. They are run by BPF_PROG_TEST_RUN, but for
 * the last one, which is attached to a tracepoint. Nobody is woken.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "shared.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, BENCH_RING_BYTES);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} perf SEC(".maps");

struct bench_memory memory;

/* Set before the program is loaded: a number of the host's, not of BPF's ABI */
const volatile long getppid_nr;

struct pass {
	void *ctx;
	__u64 failed;
};

static __always_inline long ring_emit(struct pass *pass, __u32 size, int clock)
{
	__u64 *room = bpf_ringbuf_reserve(&ring, size, 0);

	if (!room) {
		pass->failed++;
		return 0;
	}
	__builtin_memcpy(room, memory.source, size);
	if (clock)
		room[0] = bpf_ktime_get_boot_ns();
	bpf_ringbuf_submit(room, BPF_RB_NO_WAKEUP);
	return 0;
}

/* The record lies where an event would have been put together; this copies it. */
static __always_inline long perf_emit(struct pass *pass, __u32 size, int clock)
{
	if (clock)
		memory.source[0] = bpf_ktime_get_boot_ns();
	if (bpf_perf_event_output(pass->ctx, &perf, BPF_F_CURRENT_CPU, memory.source, size))
		pass->failed++;
	return 0;
}

/* A pass is timed in here: it has no system call in it. */
#define PROGRAM(_name, _statement)						\
static long _name##_step(__u32 i, struct pass *pass)				\
{										\
	_statement;								\
	return 0;								\
}										\
										\
SEC("raw_tp") int _name(void *ctx)						\
{										\
	__u32 cpu = bpf_get_smp_processor_id() % BENCH_CPUS;			\
	struct pass pass = { .ctx = ctx };					\
	__u64 start = bpf_ktime_get_ns();					\
										\
	bpf_loop(memory.count, _name##_step, &pass, 0);				\
	memory.results[cpu].ns = bpf_ktime_get_ns() - start;			\
	memory.results[cpu].failed += pass.failed;				\
	return 0;								\
}

#define PROGRAMS(_size)								\
PROGRAM(ring_##_size, ring_emit(pass, _size, 0))				\
PROGRAM(ring_##_size##_clock, ring_emit(pass, _size, 1))			\
PROGRAM(perf_##_size, perf_emit(pass, _size, 0))				\
PROGRAM(perf_##_size##_clock, perf_emit(pass, _size, 1))

PROGRAMS(16)
PROGRAMS(64)
PROGRAMS(128)
PROGRAMS(512)
PROGRAM(loop, (void)0)
PROGRAM(clock, bpf_ktime_get_boot_ns())

/* As much as a record of evring's probe has: time, task, call; 64 bytes. */
SEC("raw_tp/sys_enter") int getppid_record(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 cpu;
	__u64 *room;

	if ((long)ctx->args[1] != getppid_nr)
		return 0;
	room = bpf_ringbuf_reserve(&ring, 64, 0);
	if (!room) {
		cpu = bpf_get_smp_processor_id() % BENCH_CPUS;
		memory.results[cpu].failed++;
		return 0;
	}
	room[0] = bpf_ktime_get_boot_ns();
	room[1] = bpf_get_current_pid_tgid();
	room[2] = ctx->args[1];
	room[3] = 0;
	room[4] = 0;
	room[5] = 0;
	room[6] = 0;
	room[7] = 0;
	bpf_ringbuf_submit(room, BPF_RB_NO_WAKEUP);
	return 0;
}

char gpl[] SEC("license") = "GPL";
