// SPDX-License-Identifier: MIT
/*
 * Each hook comes and goes while each CPU causes its events. The kernel's log
 * judges, on a kernel that looks for errors most of all. CHURN=N in the environment
 * is how often each hook is attached and detached. Those of processes, which have a
 * point of each kind, do it a thousand times, and what the kernel has then is counted.
 */
#include <limits.h>

#include "churn.h"
#include "life.h"

#define LOADS	2
#define TIMES	2

FIXTURE(churn) {
	struct evring *ev;
	int nr;			/* of types */
	uint64_t *rounds;	/* of each load */
	pid_t loads[LOADS];
};

FIXTURE_SETUP(churn)
{
	unsigned int i;

	groups_drop();
	if (system("rm -rf " CHURN_PATH "*"))
		abort();
	self->rounds = mmap(NULL, LOADS * sizeof(*self->rounds), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->rounds);
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	self->nr = evring_types(self->ev);
	ASSERT_LT(0, self->nr);
	for (i = 0; i < LOADS; i++)
		self->loads[i] = churn_start(i, &self->rounds[i]);
}

FIXTURE_TEARDOWN(churn)
{
	unsigned int i;

	for (i = 0; i < LOADS; i++)
		load_stop(self->loads[i]);
	/* One of them may have left it there. */
	churn_ignore(module_unload(CHURN_MODULE));
	evring_close(self->ev);
}

/* Kilobytes that the kernel has taken and cannot take back */
static long kernel_kib(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128];
	long value, sum = 0;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "SUnreclaim: %ld", &value) == 1 ||
		    sscanf(line, "Percpu: %ld", &value) == 1 ||
		    sscanf(line, "VmallocUsed: %ld", &value) == 1)
			sum += value;
	if (!file)
		abort();
	fclose(file);
	return sum;
}

/* The hooks of processes have a point of each kind. */
static void cycle(struct evring *ev, unsigned int times)
{
	static const char *const hooks[] = { "process.fork", "process.exec", "process.exit" };
	const unsigned int nr = sizeof(hooks) / sizeof(hooks[0]);
	unsigned int i;

	for (i = 0; i < times; i++) {
		if (evring_attach(ev, hooks[i % nr], NULL, -1) != EVRING_HOOK_ATTACHED ||
		    evring_detach(ev, hooks[i % nr], NULL) != EVRING_HOOK_DETACHED)
			abort();
	}
}

/*
 * Other parts of the kernel take memory for a load, too, but not 1 KiB a cycle in each
 * round. kmemleak, on the debug kernel, finds less.
 */
TEST_F_TIMEOUT(churn, a_thousand_attaches_and_detaches_under_load_leak_no_kilobyte_each, 1800)
{
	long before, used = LONG_MAX;
	int i, round;

	tracers_start();
	cycle(self->ev, 100);
	for (round = 0; round < 5 && used >= 1024; round++) {
		before = kernel_kib();
		cycle(self->ev, 1000);
		/* Freed memory comes back once no CPU can see it any more. */
		for (i = 0; i < 100 && kernel_kib() - before >= 1024; i++)
			usleep(100000);
		used = kernel_kib() - before;
		note("round %d: %ld KiB more than before", round, used);
	}
	EXPECT_LT(used, 1024);
}

/* The hooks that this kernel has, one after another from *@id on; NULL past the last one */
static const struct evring_type *next_here(struct evring *ev, int *id, int nr)
{
	const struct evring_type *type;

	do {
		type = next_hook(ev, id, nr);
	} while (type && evring_hook_state(ev, type->name) == EVRING_HOOK_ABSENT);
	return type;
}

/* How many of them could not be attached, or detached? */
static unsigned int all(struct evring *ev, int nr, bool attach)
{
	const struct evring_type *type;
	unsigned int failed = 0;
	int id = 0, state;

	while ((type = next_here(ev, &id, nr))) {
		state = attach ? evring_attach(ev, type->name, NULL, -1) :
				 evring_detach(ev, type->name, NULL);
		failed += state != (attach ? EVRING_HOOK_ATTACHED : EVRING_HOOK_DETACHED);
	}
	return failed;
}

/* The round that ends first had begun before. */
static bool all_have_run(const uint64_t *rounds, const uint64_t *before)
{
	unsigned int i;

	for (i = 0; i < LOADS; i++)
		if (__atomic_load_n(&rounds[i], __ATOMIC_RELAXED) < before[i] + 2)
			return false;
	return true;
}

/* Until each load has done everything once more */
static bool loads_run(const uint64_t *rounds)
{
	uint64_t before[LOADS];
	int64_t start = now_ms();

	memcpy(before, rounds, sizeof(before));
	while (!all_have_run(rounds, before)) {
		if (now_ms() - start > 10 * SOON_MS)
			return false;
		usleep(1000);
	}
	return true;
}

static unsigned int times(void)
{
	const char *value = getenv("CHURN");

	return value ? (unsigned int)atoi(value) : TIMES;
}

TEST_F_TIMEOUT(churn, each_hook_comes_and_goes_under_load, 20000)
{
	unsigned int i, n = times(), hooks = 0;
	const struct evring_type *type;
	int64_t start = now_ms();
	int id;

	/* First all at once: the load runs in each. */
	ASSERT_EQ(0, all(self->ev, self->nr, true));
	tracers_start_all();
	EXPECT_TRUE(loads_run(self->rounds));
	ASSERT_EQ(0, all(self->ev, self->nr, false));
	for (i = 0; i < n; i++) {
		hooks = 0;
		for (id = 0; (type = next_here(self->ev, &id, self->nr)); hooks++) {
			ASSERT_EQ(EVRING_HOOK_ATTACHED,
				  evring_attach(self->ev, type->name, NULL, -1))
				TH_LOG("%s, round %u", type->name, i);
			ASSERT_EQ(EVRING_HOOK_DETACHED,
				  evring_detach(self->ev, type->name, NULL))
				TH_LOG("%s, round %u", type->name, i);
		}
		if (i % 100 == 99)
			note("%u times", i + 1);
	}
	EXPECT_TRUE(loads_run(self->rounds));
	note("%u hooks, %u times each, %lld ms; the load went round %llu and %llu times", hooks, n,
	     (long long)(now_ms() - start), (unsigned long long)self->rounds[0],
	     (unsigned long long)self->rounds[1]);
}

/* Why the load has no event of a hook; NULL: it must have one */
static const char *why_silent(const char *name)
{
	static const struct {
		const char *name, *why;
	} silent[] = {
		{ "kernel.cpu", "a processor that goes takes a load along" },
		{ "kernel.hang", "a task that hangs is a failure of the test" },
		{ "kernel.log", "lines push out of the log those that judge this test" },
		{ "kernel.oom", "memory that is used up ends other processes" },
		{ "kernel.panic", "it ends the guest" },
		{ "process.state", "it tells by order, and not of what is done" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(silent) / sizeof(silent[0]); i++)
		if (!strcmp(name, silent[i].name))
			return silent[i].why;
	return NULL;
}

/* Attached alone, while each load does everything once more: has it an event? */
static bool is_told(struct evring *ev, const uint64_t *rounds, const struct evring_type *type)
{
	struct evring_event event;
	bool told = false;

	if (evring_attach(ev, type->name, NULL, -1) != EVRING_HOOK_ATTACHED || !loads_run(rounds) ||
	    evring_detach(ev, type->name, NULL) != EVRING_HOOK_DETACHED)
		return false;
	while (evring_next(ev, &event) > 0)
		told |= event.type && event.type->id == type->id;
	return told;
}

/* The load is worth its name: each hook runs in it, but for those that have a reason. */
TEST_F_TIMEOUT(churn, the_load_runs_in_each_hook_or_it_is_known_why_not, 1800)
{
	const struct evring_type *type;
	unsigned int hooks = 0;
	const char *why;
	int id = 0;

	ASSERT_EQ(0, all(self->ev, self->nr, true));
	tracers_start_all();
	ASSERT_EQ(0, all(self->ev, self->nr, false));
	ASSERT_EQ(0, evring_tap(self->ev, CRITICAL | BULK, EVRING_LATEST));
	while ((type = next_here(self->ev, &id, self->nr))) {
		why = why_silent(type->name);
		if (why) {
			note("%s: not by this load: %s", type->name, why);
			continue;
		}
		hooks++;
		EXPECT_TRUE(is_told(self->ev, self->rounds, type))
			TH_LOG("%s: the load does not run in it", type->name);
	}
	note("%u hooks, each of which the load runs in", hooks);
}

TEST_HARNESS_MAIN
