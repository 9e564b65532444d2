/* SPDX-License-Identifier: MIT */
/*
 * What the module's own rules for secrets cost a process.exec: events of one CPU that
 * are reserved, filled and published by the module's own code, with these rules and
 * without. The arguments are those of a compiler, of a shell's line and of a client.
 * Beside it stands what it costs this machine to run a program at all.
 *
 *	redact [--runs N]
 */
#include <evring.h>
#include <getopt.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "bench.h"
#include "sim.h"

#define ROUNDS	200u		/* the shortest of them counts: the others were interrupted */
#define EVENTS	500u
#define SPAWNS	200u

#define TEXTS(_text)	_text, sizeof(_text)

static const struct {
	const char *name;
	const char *path;
	const char *argv;
	uint32_t len;
} cases[] = {
	{ "cc -c, 20 words", "/usr/bin/cc",
	  TEXTS("cc\0-c\0-O2\0-g\0-Wall\0-Wextra\0-std=gnu11\0-pthread\0-fPIC\0-D_GNU_SOURCE\0"
		"-DNDEBUG\0-Iinclude\0-Iinclude/uapi\0-Isrc/common\0-MMD\0-MP\0"
		"-fno-strict-aliasing\0-o\0build/obj/src/server/connection.o\0"
		"src/server/connection.c") },
	{ "ls -l, 3 words", "/usr/bin/ls", TEXTS("ls\0-l\0/usr/share/doc") },
	{ "sh -c, a line of 20 words", "/usr/bin/dash",
	  TEXTS("sh\0-c\0cd /srv/app && git pull --ff-only && make -j4 all install "
		"DESTDIR=/tmp/stage && systemctl restart app.service || exit 1") },
	{ "mysql with a password, 6 words", "/usr/bin/mysql",
	  TEXTS("mysql\0-h\0db.example.org\0-uapp\0-phunter2\0app") },
};

static double ns_per_event(unsigned int i)
{
	uint64_t start, ns, best = UINT64_MAX;
	unsigned int round, n;

	for (round = 0; round < ROUNDS; round++) {
		start = cpu_ns();
		for (n = 0; n < EVENTS; n++)
			if (!sim_exec_emit(cases[i].path, cases[i].argv, cases[i].len))
				die("an event is lost", 0);
		ns = cpu_ns() - start;
		best = ns < best ? ns : best;
	}
	return (double)best / EVENTS;
}

/* CPU time of children that were waited for */
static uint64_t children_ns(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * 1000000000u +
	       ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * 1000u;
}

/* A program that does nothing, from its start to its end */
static double ns_per_program(void)
{
	char *const argv[] = { "true", NULL }, *const env[] = { NULL };
	uint64_t start = cpu_ns() + children_ns();
	unsigned int i;
	pid_t pid;
	int ret;

	for (i = 0; i < SPAWNS; i++) {
		ret = posix_spawn(&pid, "/bin/true", NULL, NULL, argv, env);
		if (ret || waitpid(pid, NULL, 0) != pid)
			die("/bin/true", -ret);
	}
	return (double)(cpu_ns() + children_ns() - start) / SPAWNS;
}

static void rules(int ret)
{
	if (ret)
		die("rules", ret);
}

static void measure(void)
{
	double bare, ns;
	unsigned int i;
	char name[80];

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		rules(sim_rules_off());
		bare = ns_per_event(i);
		rules(sim_rules_on());
		ns = ns_per_event(i);
		snprintf(name, sizeof(name), "%s, no rules", cases[i].name);
		sample("redact", "native", "evring", name, "ns/event", bare);
		snprintf(name, sizeof(name), "%s, the module's rules", cases[i].name);
		sample("redact", "native", "evring", name, "ns/event", ns);
	}
	sample("redact", "native", "the kernel", "an exec of /bin/true, with fork and exit", "ns/event",
	       ns_per_program());
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "runs",	required_argument,	NULL,	'r' },
		{ NULL,		0,			NULL,	0 },
	};
	const struct sim_boot boot = { .cpus = 1, .tsc = true };
	unsigned int runs = 3;
	int ret;

	while ((ret = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (ret != 'r')
			return 2;
		runs = (unsigned int)atoi(optarg);
	}
	ret = sim_boot(&boot);
	if (!ret)
		ret = sim_producers_start();
	if (ret)
		die("module", ret);
	sim_be(0);
	while (runs--)
		measure();
	sim_shutdown();
	return 0;
}
