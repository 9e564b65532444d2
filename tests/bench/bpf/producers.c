/* SPDX-License-Identifier: MIT */
/* Threads, one pinned to each CPU, that begin each round at the same moment. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

struct crew {
	unsigned int nr;
	unsigned int rounds;
	producer_fn produce;
	void (*between)(void *arg);
	void *arg;
	atomic_uint arrived;	/* all-time, at the barrier */
	double *took;		/* of each round: ns, the mean of the producers */
	struct {
		__u64 ns;	/* of this round */
	} __attribute__((aligned(128))) cpus[BENCH_CPUS];
};

struct member {
	struct crew *crew;
	pthread_t thread;
	unsigned int cpu;
};

__u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

void pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity", -errno);
}

/* One futex wake-up later than the other is late: they spin, but give way. */
static void barrier_wait(struct crew *crew)
{
	unsigned int arrived = atomic_fetch_add(&crew->arrived, 1);
	unsigned int all = (arrived / crew->nr + 1) * crew->nr;

	while (atomic_load(&crew->arrived) < all)
		sched_yield();
}

/* By one of them, while the others wait. */
static void end_round(struct crew *crew, unsigned int round)
{
	unsigned int cpu;

	for (cpu = 0; cpu < crew->nr; cpu++)
		crew->took[round] += (double)crew->cpus[cpu].ns / crew->nr;
	if (crew->between)
		crew->between(crew->arg);
}

static void *work(void *arg)
{
	struct member *me = arg;
	struct crew *crew = me->crew;
	unsigned int round;

	pin(me->cpu);
	for (round = 0; round < crew->rounds; round++) {
		barrier_wait(crew);
		crew->cpus[me->cpu].ns = crew->produce(me->cpu, crew->arg);
		barrier_wait(crew);
		if (!me->cpu)
			end_round(crew, round);
	}
	return NULL;
}

/* Returns how long a producer took for a round, nanoseconds: the median of the rounds. */
double producers_run(unsigned int nr, unsigned int rounds, producer_fn produce,
		     void (*between)(void *arg), void *arg)
{
	struct crew crew = {
		.nr = nr,
		.rounds = rounds,
		.produce = produce,
		.between = between,
		.arg = arg,
		.took = allocate(rounds * sizeof(double)),
	};
	struct member members[BENCH_CPUS];
	unsigned int i;
	double ns;
	int ret;

	for (i = 0; i < nr; i++) {
		members[i].crew = &crew;
		members[i].cpu = i;
		ret = pthread_create(&members[i].thread, NULL, work, &members[i]);
		if (ret)
			die("pthread_create", -ret);
	}
	for (i = 0; i < nr; i++)
		pthread_join(members[i].thread, NULL);
	ns = median(crew.took, rounds);
	free(crew.took);
	return ns;
}

unsigned int producers_first(const struct options *opt)
{
	return opt->producers ? opt->producers : 1;
}

unsigned int producers_last(const struct options *opt)
{
	unsigned int cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (opt->producers > cpus || opt->producers > BENCH_CPUS)
		die("--producers", -ERANGE);
	if (opt->producers)
		return opt->producers;
	return cpus < BENCH_CPUS ? cpus : BENCH_CPUS;
}

/* The case's name */
void producers_name(const struct options *opt, unsigned int nr, char name[static 32])
{
	int len = snprintf(name, 32, "%u producer%s", nr, nr > 1 ? "s" : "");

	if (opt->cores && opt->cores < nr)
		snprintf(name + len, 32 - len, ", %u cores", opt->cores);
}
