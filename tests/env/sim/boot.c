// SPDX-License-Identifier: MIT
/* The module, loaded into this process, in place of insmod and the hooks. */
#include <time.h>
#include <unistd.h>

#include "../../../kmod/clock.h"
#include "../../../kmod/group.h"
#include "../../../kmod/hooks/hook.h"
#include "../../../kmod/hooks/path.h"
#include "../../../kmod/hooks/scratch.h"
#include "../../../kmod/lane.h"
#include "kernel.h"
#include "sim.h"

int sim_module_init(void);
void sim_module_exit(void);
unsigned int *sim_param_segment_kib(void);
char **sim_param_lanes(void);
bool *sim_param_tsc(void);
unsigned int *sim_param_tsc_rate(void);

__thread unsigned int sim_cpu;
__thread unsigned int sim_nmi;
struct task_struct sim_current = { .group_leader = &sim_current };
u64 sim_fence;
void (*sim_interrupt)(void);

/* The time where it stands still (sim_boot.stepped), else 0 */
static u64 stepped;

u64 ktime_get_boot_fast_ns(void)
{
	struct timespec ts;

	/* One more at each look: no two events are of one time. */
	if (__atomic_load_n(&stepped, __ATOMIC_RELAXED))
		return __atomic_add_fetch(&stepped, 1, __ATOMIC_RELAXED);
	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (u64)ts.tv_sec * NSEC_PER_SEC + (u64)ts.tv_nsec;
}

void usleep_range(unsigned long min, unsigned long max)
{
	(void)max;
	if (__atomic_load_n(&stepped, __ATOMIC_RELAXED))
		__atomic_add_fetch(&stepped, min * NSEC_PER_USEC, __ATOMIC_RELAXED);
	else
		usleep((useconds_t)min);
}

uint64_t sim_now(void)
{
	return __atomic_load_n(&stepped, __ATOMIC_RELAXED) ? ktime_get_boot_fast_ns() : 0;
}

void sim_advance(uint64_t ns)
{
	assert(stepped);
	__atomic_add_fetch(&stepped, ns, __ATOMIC_RELAXED);
	sim_interrupts();
}

int evring_scratch_init(void)
{
	return 0;
}

void evring_scratch_exit(void)
{
}

void evring_paths_init(void)
{
}

void evring_fill_common(struct evring_common *common)
{
	memset(common, 0, sizeof(*common));
	common->uid = sim_uid;
	common->euid = current_euid().val;
	strcpy(common->comm, "sim");
}

/* One instant in both clocks: on a busy machine most looks at them are interrupted. */
static void tsc_sample(u64 *cycles, u64 *ns)
{
	u64 before, after, now, best = U64_MAX;
	int i;

	*cycles = 0;
	*ns = 0;
	for (i = 0; i < 1000; i++) {
		before = evring_tsc();
		now = ktime_get_boot_fast_ns();
		after = evring_tsc();
		if (after - before >= best)
			continue;
		best = after - before;
		*cycles = before + best / 2;
		*ns = now;
	}
}

/* kHz, to the accuracy that a fiftieth of a second gives: the clock corrects it. */
static unsigned int tsc_measure(void)
{
	u64 cycles[2], ns[2];

	tsc_sample(&cycles[0], &ns[0]);
	usleep(20000);
	tsc_sample(&cycles[1], &ns[1]);
	return (unsigned int)((cycles[1] - cycles[0]) * NSEC_PER_MSEC / (ns[1] - ns[0]));
}

/*
 * A module that is loaded again has its data anew; this one's is what the last
 * one left: put back what is not put back by its own init and exit.
 */
static void params_set(const struct sim_boot *boot)
{
	static const unsigned int kib[LANES] = { 1024, 2048, 1024 };
	static unsigned int segment_kib;
	static char lanes[96];
	unsigned int is[LANES], i;

	if (!segment_kib)
		segment_kib = *sim_param_segment_kib();
	*sim_param_segment_kib() = boot->segment_kib ? boot->segment_kib : segment_kib;
	for (i = 0; i < LANES; i++)
		is[i] = boot->lane_kib[i] ? boot->lane_kib[i] : kib[i];
	snprintf(lanes, sizeof(lanes), "critical:%u,bulk:%u,app:%u", is[LANE_CRITICAL],
		 is[LANE_BULK], is[LANE_APP]);
	*sim_param_lanes() = boot->lanes ? (char *)boot->lanes : lanes;
	memset(evring_lane_table, 0, sizeof(evring_lane_table));
	/* One kind of clock a process, as clock.c keeps its last sample. */
	assert(boot->tsc || !static_key_enabled(&evring_clock_tsc));
}

int sim_boot(const struct sim_boot *boot)
{
	int ret;

	stepped = boot->stepped ? NSEC_PER_SEC : 0;
	ret = sim_kernel_start(boot->cpus, !boot->stepped);
	if (ret)
		return ret;
	params_set(boot);
	*sim_param_tsc() = boot->tsc;
	*sim_param_tsc_rate() = boot->tsc_rate ? boot->tsc_rate : boot->tsc ? tsc_measure() : 0;
	ret = sim_module_init();
	if (ret)
		sim_kernel_stop();
	return ret;
}

void sim_shutdown(void)
{
	sim_module_exit();
	sim_kernel_stop();
}

void sim_be(unsigned int cpu)
{
	assert(cpu < nr_cpu_ids);
	sim_cpu = cpu;
}
