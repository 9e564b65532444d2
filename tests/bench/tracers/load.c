/* SPDX-License-Identifier: MIT */
/*
 * evring-load getppid N		call getppid() N times
 * evring-load exec N PROGRAM		run PROGRAM N times, one after another
 * evring-load open N FILE		open FILE and close it N times
 *
 * On CPU 0, or $LOAD_CPU. Prints the nanoseconds that one took: the median of STRETCHES, so
 * that it is what one costs while it goes steadily.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../measure.h"

#define STRETCHES	50

static void call_getppid(unsigned long n, char *unused)
{
	(void)unused;
	while (n--)
		syscall(SYS_getppid);
}

static void open_file(unsigned long n, char *path)
{
	int fd;

	while (n--) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || close(fd)) {
			perror(path);
			exit(1);
		}
	}
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

static const struct load {
	const char *name;
	int args;
	void (*run)(unsigned long n, char *arg);
} loads[] = {
	{ "getppid", 3, call_getppid },
	{ "exec", 4, run },
	{ "open", 4, open_file },
};

static const struct load *find(int argc, char **argv)
{
	unsigned int i;

	for (i = 0; argc > 1 && i < sizeof(loads) / sizeof(*loads); i++)
		if (!strcmp(argv[1], loads[i].name) && argc == loads[i].args)
			return &loads[i];
	return NULL;
}

static double measure(const struct load *load, unsigned long n, char *arg)
{
	double took[STRETCHES], start;
	int i;

	for (i = 0; i < STRETCHES; i++) {
		start = now_ns();
		load->run(n / STRETCHES, arg);
		took[i] = (now_ns() - start) / (n / STRETCHES);
	}
	return median(took, STRETCHES);
}

int main(int argc, char **argv)
{
	const struct load *load = find(argc, argv);
	unsigned long n = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	const char *cpu = getenv("LOAD_CPU");
	cpu_set_t set;

	if (!load || !n || n % STRETCHES) {
		fprintf(stderr, "usage: evring-load getppid N | exec N PROGRAM | open N FILE; "
			"N in steps of %d\n", STRETCHES);
		return 2;
	}
	CPU_ZERO(&set);
	CPU_SET(cpu ? atoi(cpu) : 0, &set);
	if (sched_setaffinity(0, sizeof(set), &set)) {
		perror("evring-load: sched_setaffinity");
		return 1;
	}
	printf("%.1f\n", measure(load, n, argc > 3 ? argv[3] : NULL));
	return 0;
}
