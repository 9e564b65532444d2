/* SPDX-License-Identifier: MIT */
/*
 * evring-burst N [PROGRAM]: run PROGRAM N times, one after another on each CPU,
 * as fast as the kernel can: N forks, N execs, N exits.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int run(char *program)
{
	char *argv[] = { program, NULL }, *envp[] = { NULL };
	int status;
	pid_t pid = vfork();

	if (!pid) {
		execve(program, argv, envp);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -errno;
	return status;
}

/* One worker's share, on its own CPU. */
static int work(unsigned long n, int cpu, char *program)
{
	cpu_set_t set;
	int ret = 0;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return -errno;
	while (n-- && !ret)
		ret = run(program);
	return ret;
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 0) : 0;
	char *program = argc > 2 ? argv[2] : "/evring/bin/evring-nop";
	int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN), cpu, status, failed = 0;

	if (!n || argc > 3) {
		fprintf(stderr, "usage: evring-burst N [PROGRAM]\n");
		return 2;
	}
	for (cpu = 1; cpu < cpus; cpu++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (!pid)
			_exit(!!work(n / (unsigned long)cpus, cpu, program));
	}
	/* This one takes the rest of the division. */
	failed = work(n - n / (unsigned long)cpus * (unsigned long)(cpus - 1), 0, program);
	while (wait(&status) > 0)
		failed |= status;
	if (failed)
		fprintf(stderr, "evring-burst: %s: cannot run it\n", program);
	return !!failed;
}
