/* SPDX-License-Identifier: MIT */
/* A load of processes, for hooks that come and go meanwhile. */
#ifndef EVRING_TEST_LOAD_H
#define EVRING_TEST_LOAD_H

#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "testing.h"

#define TRACING		"/sys/kernel/tracing/"
#define TRACING_OWN	TRACING "instances/evring-test/"

static const char *const process_hooks[] = { "process.fork", "process.exec", "process.exit" };

/* Fork and exec for ever, with no descriptor of ours: it would keep our session. */
static inline pid_t load_start(void)
{
	pid_t pid = fork(), child;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close_range(3, ~0u, 0);
	for (;;) {
		child = fork();
		if (!child) {
			execl("/bin/true", "true", NULL);
			_exit(1);
		}
		waitpid(child, NULL, 0);
	}
}

static inline void load_stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static inline void tracing_write(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		abort();
	close(fd);
}

static inline void tracer_start(const char *tracer)
{
	static const char *const events[] = {
		"task/task_newtask", "sched/sched_process_exec", "sched/sched_process_exit",
	};
	char path[128];
	unsigned int i;

	for (i = 0; i < sizeof(events) / sizeof(*events); i++) {
		snprintf(path, sizeof(path), "%sevents/%s/enable", tracer, events[i]);
		tracing_write(path, "1");
	}
}

/* A kprobe of tracefs, if this kernel has the function by that name */
static inline void function_take(unsigned int number, const char *function)
{
	char text[128];
	int fd = open(TRACING "kprobe_events", O_WRONLY | O_APPEND);

	snprintf(text, sizeof(text), "p:evring_test/p%u %s", number, function);
	if (fd < 0)
		abort();
	if (write(fd, text, strlen(text)) > 0) {
		snprintf(text, sizeof(text), TRACING "events/evring_test/p%u/enable", number);
		tracing_write(text, "1");
	}
	close(fd);
}

/*
 * Have others at the hooks' tracepoints and kprobes, from now on. Then to attach
 * one more changes a list of probes, but none of the kernel's code. QEMU 7.2's
 * emulation of several processors cannot stand that: one that runs code while
 * another one patches it may go round in the breakpoint for ever, as it does
 * when nothing but tracefs switches these tracepoints under load.
 */
static inline void tracers_start(void)
{
	/* What process.exec has its points at (kmod/hooks/exec.c) */
	static const char *const functions[] = {
		"do_execveat_common", "do_execveat_common.isra.0",
		"do_execveat_common.constprop.0", "alloc_bprm", "security_bprm_creds_for_exec",
	};
	unsigned int i;

	if (!access(TRACING_OWN, F_OK))
		return;
	/* Names of tasks would take tracepoints of the scheduler. */
	tracing_write(TRACING "options/record-cmd", "0");
	if (mkdir(TRACING_OWN, 0755))
		abort();
	tracer_start(TRACING);
	tracer_start(TRACING_OWN);	/* two: with one or none a call is patched */
	for (i = 0; i < sizeof(functions) / sizeof(*functions); i++)
		function_take(i, functions[i]);
}

#endif /* EVRING_TEST_LOAD_H */
