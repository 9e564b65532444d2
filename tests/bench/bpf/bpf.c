/* SPDX-License-Identifier: MIT */
/* The BPF programs: load them, run one pass, read its records. */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

/* A record of the perf buffer */
struct perf_raw {
	struct perf_event_header header;
	__u32 size;
	char data[];
};

static int read_ring(void *ctx, void *data, size_t size)
{
	struct bpf *bpf = ctx;

	bpf->read++;
	bpf->sum += ((__u64 *)data)[1];
	return 0;
}

static enum bpf_perf_event_ret read_perf(void *ctx, int cpu, struct perf_event_header *event)
{
	struct perf_raw *raw = (struct perf_raw *)event;
	struct bpf *bpf = ctx;
	__u64 word;

	/* anything else is a report of losses, which the programs count themselves */
	if (event->type != PERF_RECORD_SAMPLE)
		return LIBBPF_PERF_EVENT_CONT;
	memcpy(&word, raw->data + sizeof(word), sizeof(word));
	bpf->read++;
	bpf->sum += word;
	return LIBBPF_PERF_EVENT_CONT;
}

/* As libbpf's own, but that nobody is woken for each event. */
static struct perf_buffer *perf_open(struct bpf *bpf, int map)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_RAW,
		.sample_period = 1,
		.watermark = 1,
		.wakeup_watermark = BENCH_RING_BYTES,
	};

	return perf_buffer__new_raw(map, BENCH_RING_BYTES / sysconf(_SC_PAGESIZE), &attr,
				    read_perf, bpf, NULL);
}

static int set_getppid(struct bpf *bpf)
{
	struct bpf_map *map = bpf_object__find_map_by_name(bpf->object, ".rodata");
	long nr = SYS_getppid;

	return map ? bpf_map__set_initial_value(map, &nr, sizeof(nr)) : -ENOENT;
}

static int map_memory(struct bpf *bpf)
{
	struct bpf_map *map = bpf_object__find_map_by_name(bpf->object, ".bss");
	void *memory;

	if (!map || bpf_map__value_size(map) != sizeof(*bpf->memory))
		return -EPROTO;
	memory = mmap(NULL, sizeof(*bpf->memory), PROT_READ | PROT_WRITE, MAP_SHARED,
		      bpf_map__fd(map), 0);
	if (memory == MAP_FAILED)
		return -errno;
	bpf->memory = memory;
	memset(bpf->memory->source, 1, sizeof(bpf->memory->source));
	return 0;
}

/* Returns 0 or -errno; then nothing is left behind. */
int bpf_start(struct bpf *bpf, const struct options *opt)
{
	int ret;

	memset(bpf, 0, sizeof(*bpf));
	bpf->object = bpf_object__open_file(opt->object, NULL);
	if (!bpf->object)
		return -errno;
	ret = set_getppid(bpf);
	if (!ret)
		ret = bpf_object__load(bpf->object);
	if (!ret)
		ret = map_memory(bpf);
	if (!ret) {
		bpf->ring = ring_buffer__new(bpf_object__find_map_fd_by_name(bpf->object, "ring"),
					     read_ring, bpf, NULL);
		if (!bpf->ring)
			ret = -errno;
	}
	if (!ret) {
		bpf->perf = perf_open(bpf, bpf_object__find_map_fd_by_name(bpf->object, "perf"));
		if (!bpf->perf)
			ret = -errno;
	}
	if (ret)
		bpf_stop(bpf);
	return ret;
}

void bpf_stop(struct bpf *bpf)
{
	perf_buffer__free(bpf->perf);
	ring_buffer__free(bpf->ring);
	if (bpf->memory)
		munmap(bpf->memory, sizeof(*bpf->memory));
	bpf_object__close(bpf->object);
}

/* The descriptor of a program; it stays the object's. */
int bpf_program(const struct bpf *bpf, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(bpf->object, name);

	if (!program)
		die(name, -ENOENT);
	return bpf_program__fd(program);
}

/* memory->count records, on this CPU. */
void bpf_pass(int program)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int ret = bpf_prog_test_run_opts(program, &opts);

	if (ret)
		die("BPF_PROG_TEST_RUN", ret);
}

void bpf_drain(struct bpf *bpf)
{
	int ret = ring_buffer__consume(bpf->ring);

	if (ret >= 0)
		ret = perf_buffer__consume(bpf->perf);
	if (ret < 0)
		die("cannot read what BPF wrote", ret);
}

__u64 bpf_failed(const struct bpf *bpf)
{
	__u64 failed = 0;
	int cpu;

	for (cpu = 0; cpu < BENCH_CPUS; cpu++)
		failed += bpf->memory->results[cpu].failed;
	return failed;
}
