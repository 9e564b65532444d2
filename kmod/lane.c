// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lanes: their parameters, their rings as far as CPUs have them (cpu.c), and the meta
 * page that describes all of it.
 */
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/nospec.h>
#include <linux/slab.h>

#include "lane.h"
#include "name.h"
#include "pages.h"

/* A segment's length in 8-byte units must fit the reservation word. */
#define SEGMENT_KIB_MAX	256
#define SEGMENTS_MIN	4		/* fewer would hold too little behind a reader */
#define LANE_KIB_MAX	(1024 * 1024)
#define RECORD_MAX	32768

static unsigned int segment_kib = 64;
module_param(segment_kib, uint, 0444);
MODULE_PARM_DESC(segment_kib, "KiB of a segment, a power of two from a page to 256 (default: 64)");

#define LANES_DEFAULT	"critical:1024,bulk:2048,app:1024"
static char *lanes = LANES_DEFAULT;
module_param(lanes, charp, 0444);
MODULE_PARM_DESC(lanes, "name:KiB per CPU of each lane, a power of two; up to 16 (default: " LANES_DEFAULT ")");

struct evring_lane evring_lane_table[EVRING_LANES_MAX];
unsigned int evring_nr_lanes;
struct evring_meta_pages *evring_meta_pages;
struct evring_meta *evring_meta;

/* The ring, or NULL: @lane and @cpu may come from user space. */
struct evring_ring *evring_ring_get(u32 lane, u32 cpu)
{
	if (lane >= evring_nr_lanes || cpu >= nr_cpu_ids || !cpu_possible(cpu))
		return NULL;
	lane = array_index_nospec(lane, EVRING_LANES_MAX);
	cpu = array_index_nospec(cpu, nr_cpu_ids);
	/* acquire: pairs with smp_store_release() in evring_groups_add_ring() */
	return smp_load_acquire(per_cpu_ptr(evring_lane_table[lane].rings, cpu));
}

/* Number of the lane, or -ENOENT. */
int evring_lane_find(const char *name)
{
	unsigned int lane;

	for (lane = 0; lane < evring_nr_lanes; lane++)
		if (!strcmp(evring_lane_table[lane].info->name, name))
			return lane;
	return -ENOENT;
}

/* Check a set of lanes from user space: not empty, and each of them exists. */
bool evring_lanes_resolve(u64 *set)
{
	u64 all = BIT_ULL(evring_nr_lanes) - 1;

	if (*set == EVRING_LANES_ALL)
		*set = all;
	return *set && !(*set & ~all);
}

/* Call @fn for each ring of some lanes. May sleep. */
void evring_rings_each(u64 set, evring_ring_fn *fn, void *arg)
{
	struct evring_ring *ring;
	u32 lane;
	int cpu;

	for (lane = 0; lane < evring_nr_lanes; lane++) {
		if (!(set & BIT_ULL(lane)))
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
 * Add the bytes that the ring has published since the last count to its lane's sum.
 * Any context but NMI, any CPU: the count only rises, and each byte is added once, though
 * another caller may be about to. Returns the ring's head.
 */
u64 evring_ring_count(struct evring_ring *ring)
{
	s64 head = READ_ONCE(ring->page->head), counted = atomic64_read(&ring->counted);

	do {
		if (head <= counted)
			return head;
	} while (!atomic64_try_cmpxchg(&ring->counted, &counted, head));
	atomic64_add(head - counted, &evring_lane_table[ring->lane].published);
	return head;
}

static void count_one(struct evring_ring *ring, void *heads)
{
	*(u64 *)heads += evring_ring_count(ring);
}

/* Bytes on all rings of some lanes that were published and counted; any context. */
u64 evring_lanes_published(u64 set)
{
	u64 sum = 0;
	u32 lane;

	for (lane = 0; lane < evring_nr_lanes; lane++)
		if (set & BIT_ULL(lane))
			sum += atomic64_read(&evring_lane_table[lane].published);
	return sum;
}

/* Count all rings of some lanes. Returns the sum of their heads. May sleep. */
u64 evring_lanes_count(u64 set)
{
	u64 heads = 0;

	evring_rings_each(set, count_one, &heads);
	return heads;
}

u32 evring_record_max(void)
{
	return evring_meta->record_max - sizeof(struct evring_rec);
}
EXPORT_SYMBOL_GPL(evring_record_max);

static bool param_valid(const char *name, unsigned int kib, unsigned int min, unsigned int max)
{
	if (is_power_of_2(kib) && kib >= min && kib <= max)
		return true;
	pr_err("evring: %s=%u: must be a power of two from %u to %u\n", name, kib, min, max);
	return false;
}

static int lane_malformed(const char *at, const char *end)
{
	int len = min_t(size_t, end - at, 64);

	pr_err("evring: lanes: \"%.*s\" is not name:KiB\n", len, at);
	return -EINVAL;
}

/* One "name:KiB" of the parameter, up to @end, becomes the next lane. */
static int lane_parse(const char *at, const char *end)
{
	struct evring_lane_info *info = &evring_meta_pages->lanes[evring_nr_lanes];
	const char *colon = memchr(at, ':', end - at);
	unsigned int kib;
	char number[12];

	if (!colon || colon - at >= EVRING_NAME_MAX || end - colon > (int)sizeof(number))
		return lane_malformed(at, end);
	memcpy(info->name, at, colon - at);
	strscpy(number, colon + 1, end - colon);
	if (!evring_name_valid(info->name) || kstrtouint(number, 10, &kib))
		return lane_malformed(at, end);
	if (evring_lane_find(info->name) >= 0) {
		pr_err("evring: lanes: %s is there twice\n", info->name);
		return -EINVAL;
	}
	if (!param_valid(info->name, kib, segment_kib * SEGMENTS_MIN, LANE_KIB_MAX))
		return -EINVAL;
	info->data_size = kib * 1024ULL;
	info->map_size = EVRING_DATA_OFFSET + info->data_size;
	evring_lane_table[evring_nr_lanes++].info = info;
	return 0;
}

static int lanes_parse(void)
{
	const char *at = lanes, *end;
	int ret = 0;

	for (; !ret; at = end + 1) {
		if (evring_nr_lanes == EVRING_LANES_MAX) {
			pr_err("evring: lanes: more than %u\n", EVRING_LANES_MAX);
			return -EINVAL;
		}
		end = strchrnul(at, ',');
		ret = lane_parse(at, end);
		if (!*end)
			break;
	}
	return ret;
}

static int meta_alloc(void)
{
	struct evring_meta *meta;

	evring_meta_pages = alloc_pages_exact(sizeof(*evring_meta_pages), GFP_KERNEL | __GFP_ZERO);
	if (!evring_meta_pages)
		return -ENOMEM;
	meta = &evring_meta_pages->meta;
	evring_meta = meta;
	meta->size = sizeof(*meta);
	meta->version = EVRING_ABI_VERSION;
	meta->features = EVRING_FEATURE_READ | EVRING_FEATURE_HOOKS |
			 EVRING_FEATURE_FILTERS | EVRING_FEATURE_LIMITS |
			 EVRING_FEATURE_PUBLISH | EVRING_FEATURE_SNAPSHOT | EVRING_FEATURE_REDACT |
			 EVRING_FEATURE_GIVE |
			 (IS_ENABLED(CONFIG_IO_URING) ? EVRING_FEATURE_URING : 0);
	meta->map_size = PAGE_ALIGN(sizeof(*evring_meta_pages));
	meta->segment_size = segment_kib * 1024;
	meta->record_max = min_t(u32, RECORD_MAX, meta->segment_size / 2);
	meta->seq_bits = EVRING_SEQ_BITS;
	meta->loaded = (u32)div_u64(ktime_get_boottime_ns(), NSEC_PER_MSEC);
	meta->nr_cpus = nr_cpu_ids;
	meta->groups = TABLE(evring_meta_pages, groups);
	meta->past = TABLE(evring_meta_pages, past);
	meta->lanes = TABLE(evring_meta_pages, lanes);
	meta->clocks = (struct evring_table){
		.offset = offsetof(struct evring_meta_pages, clock),
		.stride = sizeof(struct evring_clock),
		.count = 1,
	};
	strscpy(meta->module, EVRING_VERSION, sizeof(meta->module));
	return 0;
}

static int lanes_alloc(void)
{
	u32 lane;

	for (lane = 0; lane < evring_nr_lanes; lane++) {
		evring_lane_table[lane].rings = alloc_percpu(struct evring_ring *);
		if (!evring_lane_table[lane].rings)
			return -ENOMEM;
	}
	return 0;
}

int evring_lanes_init(void)
{
	int ret;

	if (!param_valid("segment_kib", segment_kib, PAGE_SIZE / 1024, SEGMENT_KIB_MAX))
		return -EINVAL;
	ret = meta_alloc();
	if (ret)
		return ret;
	ret = lanes_parse();
	if (!ret) {
		evring_meta->lanes.count = evring_nr_lanes;
		ret = lanes_alloc();
	}
	if (ret)
		evring_lanes_exit();
	return ret;
}

/* All rings are freed. */
void evring_lanes_exit(void)
{
	u32 lane;

	for (lane = 0; lane < evring_nr_lanes; lane++) {
		free_percpu(evring_lane_table[lane].rings);
		evring_lane_table[lane].rings = NULL;
	}
	evring_nr_lanes = 0;
	free_pages_exact(evring_meta_pages, sizeof(*evring_meta_pages));
	evring_meta_pages = NULL;
	evring_meta = NULL;
}
