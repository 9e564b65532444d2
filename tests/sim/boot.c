// SPDX-License-Identifier: MIT
/* The module, loaded into this process: what insmod and the hooks are elsewhere. */
#include <time.h>
#include <unistd.h>

#include "../../kmod/evring.h"
#include "kernel.h"
#include "sim.h"

int sim_module_init(void);
void sim_module_exit(void);
unsigned int *sim_param_segment_kib(void);
unsigned int *sim_param_critical_kib(void);
unsigned int *sim_param_bulk_kib(void);
unsigned int *sim_param_app_kib(void);
bool *sim_param_tsc(void);
unsigned int *sim_param_tsc_rate(void);

__thread unsigned int sim_cpu;
__thread unsigned int sim_nmi;
struct task_struct sim_current;
void (*sim_interrupt)(void);

u64 ktime_get_boot_fast_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (u64)ts.tv_sec * NSEC_PER_SEC + (u64)ts.tv_nsec;
}

/* There are no hooks: what emits are the producers (producer.c). */
int evring_hooks_init(void)
{
	return 0;
}

void evring_hooks_exit(void)
{
}

int evring_hook_ctl(const char *name, u32 op, u32 *attached)
{
	(void)name;
	(void)op;
	(void)attached;
	return -ENOENT;
}

u32 evring_hook_flags(const struct evring_type *type)
{
	(void)type;
	return 0;
}

/* kHz, to the accuracy that a fiftieth of a second gives: the clock corrects it. */
static unsigned int tsc_measure(void)
{
	u64 cycles = evring_tsc(), ns = ktime_get_boot_fast_ns();

	usleep(20000);
	cycles = evring_tsc() - cycles;
	ns = ktime_get_boot_fast_ns() - ns;
	return (unsigned int)(cycles * NSEC_PER_MSEC / ns);
}

static void set(unsigned int *param, unsigned int value)
{
	if (value)
		*param = value;
}

int sim_boot(const struct sim_boot *boot)
{
	int ret = sim_kernel_start(boot->cpus);

	if (ret)
		return ret;
	set(sim_param_segment_kib(), boot->segment_kib);
	set(sim_param_critical_kib(), boot->lane_kib[EVRING_LANE_CRITICAL]);
	set(sim_param_bulk_kib(), boot->lane_kib[EVRING_LANE_BULK]);
	set(sim_param_app_kib(), boot->lane_kib[EVRING_LANE_APP]);
	*sim_param_tsc() = boot->tsc;
	*sim_param_tsc_rate() = boot->tsc ? tsc_measure() : 0;
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
