/* SPDX-License-Identifier: MIT */
/*
 * evring-load getppid N		call getppid() N times
 * evring-load exec N PROGRAM		run PROGRAM N times, one after another
 *
 * On CPU 0. Prints the nanoseconds that one took: the median of STRETCHES, so
 * that it is what one costs while it goes steadily.
 */
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STRETCHES	50

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static void call_getppid(unsigned long n)
{
	while (n--)
		syscall(SYS_getppid);
}

static int run_once(char *program)
{
	char *argv[] = { program, NULL }, *envp[] = { NULL };
	int status;
	pid_t pid = vfork();

	if (!pid) {
		execve(program, argv, envp);
		_exit(127);
	}
	return pid < 0 || waitpid(pid, &status, 0) < 0 ? -1 : status;
}

static void run(unsigned long n, char *program)
{
	while (n--) {
		if (run_once(program)) {
			fprintf(stderr, "evring-load: %s: cannot run it\n", program);
			exit(1);
		}
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* @program is NULL for getppid(). */
static double measure(unsigned long n, char *program)
{
	double took[STRETCHES], start;
	int i;

	for (i = 0; i < STRETCHES; i++) {
		start = now();
		if (program)
			run(n / STRETCHES, program);
		else
			call_getppid(n / STRETCHES);
		took[i] = (now() - start) / (n / STRETCHES);
	}
	qsort(took, STRETCHES, sizeof(*took), by_value);
	return (took[STRETCHES / 2 - 1] + took[STRETCHES / 2]) / 2;
}

int main(int argc, char **argv)
{
	bool getppids = argc == 3 && !strcmp(argv[1], "getppid");
	bool programs = argc == 4 && !strcmp(argv[1], "exec");
	unsigned long n = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	cpu_set_t set;

	if (!(getppids || programs) || !n || n % STRETCHES) {
		fprintf(stderr, "usage: evring-load getppid N | exec N PROGRAM; N in steps of %d\n",
			STRETCHES);
		return 2;
	}
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(0, sizeof(set), &set)) {
		perror("evring-load: sched_setaffinity");
		return 1;
	}
	printf("%.1f\n", measure(n, programs ? argv[3] : NULL));
	return 0;
}
