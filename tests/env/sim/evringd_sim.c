/* SPDX-License-Identifier: MIT */
/*
 * evringd-sim: evringd itself, whose /dev/evring is the module's own code in
 * this process (tests/env/sim), and threads that emit. What it tells at the end is
 * one JSON object: how many events, how fast, at what cost.
 */
#include <getopt.h>
#include <jemalloc/jemalloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <evring.h>

#include "sim.h"

#define PRODUCERS_MAX 256
#define EXEC_SIZE 512		/* a process.exec of the simulation takes no more in a ring */
#define RING_KIB_MAX (1 << 20)	/* the module's own limit of a lane */

/* evringd's, renamed by the linker */
int evringd_main(int argc, char **argv);

static const char usage[] =
	"usage: evringd-sim [OPTION]... CONNECTOR.json...\n"
	"What counts is what the first connector has committed.\n"
	"  --producers N   CPUs that emit at the same time (1)\n"
	"  --events N      that all of them emit together (1000000)\n"
	"  --rate N        events a second, 0: as fast as the group that holds lets them (0)\n"
	"  --size BYTES    of a record, its 32 bytes of header included (64)\n"
	"  --type exec     process.exec events in place of such records\n"
	"  --seconds S     stop after so long (0: when all events are emitted)\n"
	"  --clock         stamp with CLOCK_BOOTTIME, not with cycles\n"
	"  --ring KIB      size of each ring (2048)\n"
	"  --prefill       emit all before evringd wakes up: its own speed, no producer's\n"
	"  --odd BYTES     one process.exec more, halfway, with so many bytes of arguments\n"
	"  --grow N        then N events of a type with one field, and N once it has two\n"
	"  --no-wait       for room in the ring: events are lost, or overwritten\n"
	"  --after N       then N events more, which wait: their ring declares what was lost\n"
	"  --refuse N      the first N commits of what counts fail, as a kernel's might\n"
	"  --own GROUP     the group has an owner, as if by another process, to the end\n"
	"  --until FILE    stop no sooner than there is one\n";

static struct {
	unsigned int producers;
	uint64_t events, rate, seconds;
	uint32_t size;
	uint32_t odd, grow, refuse, after;
	int boottime, prefill, no_wait;	/* 0 or 1 */
	unsigned int ring_kib;
	const char *until, *own;
} opt = { .producers = 1, .events = 1000000, .size = 64, .ring_kib = 2048 };

struct producer {
	pthread_t thread;
	struct sim_load load;
	struct sim_made made;
};

static struct producer producers[PRODUCERS_MAX];
static bool stop_producing;
static bool conducted;			/* all is emitted and has arrived */

/*
 * Allocations: evringd's own calls and libevring's come here (--wrap), all of
 * the process's are counted by the allocator.
 */
static uint64_t allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t nr, size_t size);
void *__real_reallocarray(void *mem, size_t nr, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t nr, size_t size);
void *__wrap_reallocarray(void *mem, size_t nr, size_t size);

void *__wrap_malloc(size_t size)
{
	__atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
	return __real_malloc(size);
}

void *__wrap_calloc(size_t nr, size_t size)
{
	__atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
	return __real_calloc(nr, size);
}

void *__wrap_reallocarray(void *mem, size_t nr, size_t size)
{
	__atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
	return __real_reallocarray(mem, nr, size);
}

/* Under the sanitizers there is no jemalloc. */
#pragma weak mallctl

static uint64_t allocations_all(void)
{
	size_t small = 0, large = 0, size = sizeof(small);
	uint64_t epoch = 1;

	if (!mallctl)
		return 0;
	mallctl("epoch", NULL, NULL, &epoch, sizeof(epoch));
	/* 4096 is MALLCTL_ARENAS_ALL, which is no string */
	mallctl("stats.arenas.4096.small.nmalloc", &small, &size, NULL, 0);
	mallctl("stats.arenas.4096.large.nmalloc", &large, &size, NULL, 0);
	return small + large;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void die(const char *what, const char *why)
{
	fprintf(stderr, "evringd-sim: %s: %s\n", what, why);
	exit(2);
}

static double rss_mib(void)
{
	unsigned long pages = 0;
	FILE *statm = fopen("/proc/self/statm", "r");

	if (statm) {
		if (fscanf(statm, "%*u %lu", &pages) != 1)
			pages = 0;
		fclose(statm);
	}
	return (double)pages * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

/* The costs from one moment to another */
struct reading {
	uint64_t ns, cpu, allocations, allocations_all;
	double rss;
};

static struct reading first, last;

static struct reading take_reading(void)
{
	unsigned int i;
	struct reading now = {
		.ns = clock_ns(CLOCK_BOOTTIME),
		.cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - clock_ns(sim_irq_clock()),
		.allocations = __atomic_load_n(&allocations, __ATOMIC_RELAXED),
		.allocations_all = allocations_all(),
		.rss = rss_mib(),
	};

	for (i = 0; i < opt.producers; i++)
		now.cpu -= producers[i].made.cpu_ns;
	return now;
}

static void *produce(void *arg)
{
	struct producer *producer = arg;

	sim_produce(&producer->load, &producer->made);
	return NULL;
}

/* All producers once. */
static void emit(uint64_t events, uint64_t rate, uint64_t seconds)
{
	unsigned int i;

	for (i = 0; i < opt.producers; i++) {
		struct producer *p = &producers[i];

		p->load = (struct sim_load) {
			.cpu = i, .events = events / opt.producers, .size = opt.size,
			.rate = rate / opt.producers, .wait = !opt.no_wait, .stop = &stop_producing,
		};
		if (pthread_create(&p->thread, NULL, produce, p))
			die("producer", "no thread");
	}
	if (seconds) {
		sleep((unsigned int)seconds);
		__atomic_store_n(&stop_producing, true, __ATOMIC_RELAXED);
	}
	for (i = 0; i < opt.producers; i++)
		pthread_join(producers[i].thread, NULL);
}

/* One event that is not as the others are, between two halves of them. */
static void emit_odd(void)
{
	struct sim_load load = {
		.events = 1, .argv = opt.odd, .wait = true, .stop = &stop_producing,
	};

	if (sim_rules_off())
		abort();
	emit(opt.events / 2, opt.rate, 0);
	sim_produce(&load, &producers[0].made);
	emit(opt.events / 2, opt.rate, 0);
}

static void settle(void);

/* A module's type goes, and comes back with a field more, while evringd has it open. */
static void emit_grown(void)
{
	struct evring_event_type *type;
	unsigned int fields, i;

	sim_be(0);
	for (fields = 1; fields <= 2; fields++) {
		type = sim_grown_come(fields);
		if (!type)
			die("sim.grown", "not registered");
		for (i = 0; i < opt.grow; i++)
			if (!sim_grown_emit(type, fields, i))
				die("sim.grown", "lost");
		settle();
		sim_type_go(type);
	}
}

/* Until Kafka has all events and the rings forget them. */
static void settle(void)
{
	const struct timespec pause = { .tv_nsec = 200000 };

	while (sim_committed() < sim_attempts())
		nanosleep(&pause, NULL);
}

/*
 * evringd, which has nothing to do, does not learn of it until all is there: if it is
 * woken, as by librdkafka a few times a second, it stops where it would sleep again.
 */
static void prefill(void)
{
	uint64_t committed;

	sim_gate_close();
	committed = sim_committed();
	sim_irq_off();
	emit(opt.events, 0, 0);
	first = take_reading();
	if (sim_committed() != committed)
		die("--prefill", "some events were sent before the start");
	sim_irq_on();
	sim_gate_open();
}

/*
 * Warms up, connections and all; then what counts; then ends evringd as an
 * administrator would. A signal to the process finds evringd's signalfd: all
 * threads block it.
 */
static void *conduct(void *arg)
{
	(void)arg;
	if (opt.events)
		emit(1000 * opt.producers, 0, 0);
	settle();
	memset(producers, 0, sizeof(producers));
	__atomic_store_n(&sim_commits_refused, opt.refuse, __ATOMIC_RELAXED);
	if (opt.prefill) {
		prefill();
	} else {
		first = take_reading();
		if (opt.odd)
			emit_odd();
		else
			emit(opt.events, opt.rate, opt.seconds);
		opt.no_wait = opt.no_wait && !opt.after;
		emit(opt.after, 0, 0);
	}
	settle();
	if (opt.grow)
		emit_grown();
	last = take_reading();
	while (opt.until && access(opt.until, F_OK))
		usleep(20000);
	__atomic_store_n(&conducted, true, __ATOMIC_RELEASE);
	kill(getpid(), SIGTERM);
	return NULL;
}

static uint64_t number(const char *text, uint64_t max)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n > max)
		die(text, "not a number that can be");
	return n;
}

static const struct option options[] = {
	{ "producers",	required_argument,	NULL,	'p' },
	{ "events",	required_argument,	NULL,	'n' },
	{ "rate",	required_argument,	NULL,	'r' },
	{ "size",	required_argument,	NULL,	's' },
	{ "type",	required_argument,	NULL,	't' },
	{ "seconds",	required_argument,	NULL,	'S' },
	{ "clock",	no_argument,		&opt.boottime,	1 },
	{ "ring",	required_argument,	NULL,	'R' },
	{ "prefill",	no_argument,		&opt.prefill,	1 },
	{ "odd",	required_argument,	NULL,	'o' },
	{ "grow",	required_argument,	NULL,	'g' },
	{ "no-wait",	no_argument,		&opt.no_wait,	1 },
	{ "after",	required_argument,	NULL,	'a' },
	{ "refuse",	required_argument,	NULL,	'f' },
	{ "own",	required_argument,	NULL,	'O' },
	{ "until",	required_argument,	NULL,	'u' },
	{ "help",	no_argument,		NULL,	'h' },
	{ NULL,		0,			NULL,	0 },
};

static void parse(int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 0:
			break;
		case 'p':
			opt.producers = (unsigned int)number(optarg, PRODUCERS_MAX);
			break;
		case 'n':
			opt.events = number(optarg, UINT64_MAX);
			break;
		case 'r':
			opt.rate = number(optarg, 1000000000);
			break;
		case 's':
			opt.size = (uint32_t)number(optarg, 4096);
			break;
		case 't':
			opt.size = 0;
			break;
		case 'S':
			opt.seconds = number(optarg, 86400);
			break;
		case 'R':
			opt.ring_kib = (unsigned int)number(optarg, RING_KIB_MAX);
			break;
		case 'o':
			opt.odd = (uint32_t)number(optarg, 60000);
			break;
		case 'g':
			opt.grow = (uint32_t)number(optarg, 1000);
			break;
		case 'a':
			opt.after = (uint32_t)number(optarg, 1000);
			break;
		case 'f':
			opt.refuse = (uint32_t)number(optarg, 1000);
			break;
		case 'O':
			opt.own = optarg;
			break;
		case 'u':
			opt.until = optarg;
			break;
		default:
			fputs(usage, c == 'h' ? stdout : stderr);
			exit(c == 'h' ? 0 : 2);
		}
	}
	if (argc == optind || !opt.producers || (opt.size && opt.size < 40)) {
		fputs(usage, stderr);
		exit(2);
	}
}

static void print_result(void)
{
	uint64_t emitted = 0, lost = 0, delivered;
	double ns = (double)(last.ns - first.ns), n;
	unsigned int i;

	for (i = 0; i < opt.producers; i++) {
		emitted += producers[i].made.emitted;
		lost += producers[i].made.lost;
	}
	delivered = sim_committed() - lost - (opt.events ? 1000 * opt.producers : 0);
	n = emitted ? (double)emitted : 1;
	printf("{\"events\": %llu, \"delivered\": %llu, \"lost\": %llu, \"seconds\": %.4f, "
	       "\"events_per_s\": %.0f, \"cpu_ns_per_event\": %.1f, \"allocs_per_event\": %.6f, "
	       "\"allocs_per_event_all\": %.4f, \"rss_mib_start\": %.1f, \"rss_mib_end\": %.1f}\n",
	       (unsigned long long)emitted, (unsigned long long)delivered, (unsigned long long)lost,
	       ns / 1e9, (double)emitted * 1e9 / ns, (double)(last.cpu - first.cpu) / n,
	       (double)(last.allocations - first.allocations) / n,
	       (double)(last.allocations_all - first.allocations_all) / n, first.rss, last.rss);
}

/*
 * A ring that holds a producer's events, and the warm-up's before them; on a
 * machine so fast that the largest does not, as many events as it holds.
 */
static void fit(void)
{
	const uint64_t event = opt.size ? opt.size + 8 : EXEC_SIZE, spare = 2000 * event + (1 << 20);
	const uint64_t most = (((uint64_t)RING_KIB_MAX << 10) - spare) / event * opt.producers;

	if (opt.events > most) {
		fprintf(stderr, "evringd-sim: %llu events, which is all that a ring of %u KiB holds\n",
			(unsigned long long)most, RING_KIB_MAX);
		opt.events = most;
	}
	while (opt.ring_kib * 1024ull < opt.events / opt.producers * event + spare)
		opt.ring_kib *= 2;
}

static struct evring *own(const char *name)
{
	const struct evring_group group = {
		.name = name, .lanes = EVRING_LANES_ALL, .policy = EVRING_FOLLOW,
	};
	struct evring *ev;
	int ret = evring_open(&ev, NULL);

	if (!ret)
		ret = evring_join(ev, &group);
	if (ret)
		die(name, strerror(-ret));
	return ev;
}

int main(int argc, char **argv)
{
	struct sim_boot boot = { 0 };
	struct evring *owner = NULL;
	char **args;
	int nr;
	pthread_t conductor;
	sigset_t term;
	int ret;

	parse(argc, argv);
	if (opt.prefill)
		fit();
	boot.cpus = opt.producers;
	boot.tsc = !opt.boottime;
	boot.lane_kib[LANE_CRITICAL] = opt.ring_kib;
	boot.lane_kib[LANE_BULK] = opt.ring_kib;
	ret = sim_boot(&boot);
	if (!ret)
		ret = sim_producers_start();
	if (ret)
		die("module", strerror(-ret));
	if (opt.own)
		owner = own(opt.own);
	/* Ours to block first: every thread inherits it. */
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigaddset(&term, SIGINT);
	sigaddset(&term, SIGHUP);
	sigaddset(&term, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &term, NULL);
	if (pthread_create(&conductor, NULL, conduct, NULL))
		die("conductor", "no thread");
	/* The connectors' files behind a name in place of the last option. */
	args = &argv[optind - 1];
	args[0] = "evringd";
	nr = argc - optind + 1;
	optind = 0;
	ret = evringd_main(nr, args);
	/* Somebody else may have stopped it: then there is nothing to tell. */
	if (ret || !__atomic_load_n(&conducted, __ATOMIC_ACQUIRE))
		_exit(ret);
	pthread_join(conductor, NULL);
	print_result();
	evring_close(owner);
	sim_shutdown();
	return 0;
}
