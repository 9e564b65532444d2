/* SPDX-License-Identifier: MIT */
/* A load of processes, for hooks that come and go meanwhile. */
#ifndef EVRING_TEST_LOAD_H
#define EVRING_TEST_LOAD_H

#include <ctype.h>
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

/* A tracepoint ("sched/sched_switch") of a tracer, if this kernel has it */
static inline void tracepoint_take(const char *tracer, const char *event)
{
	char path[128];

	snprintf(path, sizeof(path), "%sevents/%s/enable", tracer, event);
	if (!access(path, F_OK))
		tracing_write(path, "1");
}

/* A kprobe of tracefs at "function" or "function+0x10", if this kernel has it by that name */
static inline void function_take(const char *where)
{
	char name[64], text[256];
	int fd = open(TRACING "kprobe_events", O_WRONLY | O_APPEND);
	unsigned int i;

	for (i = 0; where[i] && i < sizeof(name) - 1; i++)
		name[i] = isalnum((unsigned char)where[i]) ? where[i] : '_';
	name[i] = '\0';
	snprintf(text, sizeof(text), "p:evring_test/%s %s", name, where);
	if (fd < 0)
		abort();
	if (write(fd, text, strlen(text)) > 0) {
		snprintf(text, sizeof(text), TRACING "events/evring_test/%s/enable", name);
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
	/* The points of process.exec (kmod/hooks/exec.c) */
	static const char *const functions[] = {
		"do_execveat_common", "do_execveat_common.isra.0",
		"do_execveat_common.constprop.0", "alloc_bprm", "security_bprm_creds_for_exec",
	};
	static const char *const events[] = {
		"task/task_newtask", "sched/sched_process_exec", "sched/sched_process_exit",
	};
	unsigned int i;

	if (!access(TRACING_OWN, F_OK))
		return;
	/* Names of tasks would take tracepoints of the scheduler. */
	tracing_write(TRACING "options/record-cmd", "0");
	if (mkdir(TRACING_OWN, 0755))
		abort();
	/* Two of them: with one or none a call is patched. */
	for (i = 0; i < sizeof(events) / sizeof(*events); i++) {
		tracepoint_take(TRACING, events[i]);
		tracepoint_take(TRACING_OWN, events[i]);
	}
	for (i = 0; i < sizeof(functions) / sizeof(*functions); i++)
		function_take(functions[i]);
}

/* The same for the points of all hooks, which are attached. */
static inline void tracers_start_all(void)
{
	static const char *const events[] = {
		"block/block_rq_complete", "io_uring/io_uring_create",
		"io_uring/io_uring_submit_sqe", "io_uring/io_uring_submit_req",
		"module/module_free", "module/module_load", "raw_syscalls/sys_enter",
		"raw_syscalls/sys_exit", "sched/sched_switch", "sched/sched_wakeup",
		"sched/sched_wakeup_new", "signal/signal_generate", "sock/inet_sock_set_state",
	};
	FILE *file = fopen("/sys/kernel/debug/kprobes/list", "r");
	char line[256], where[128], rest[64];
	unsigned int i;

	if (!file)
		abort();
	tracers_start();
	for (i = 0; i < sizeof(events) / sizeof(*events); i++) {
		tracepoint_take(TRACING, events[i]);
		tracepoint_take(TRACING_OWN, events[i]);
	}
	/* One of a module has the module's name behind it. */
	while (fgets(line, sizeof(line), file)) {
		rest[0] = '[';
		if (sscanf(line, "%*s %*s %127s %63s", where, rest) >= 1 && rest[0] == '[')
			function_take(where);
	}
	fclose(file);
}

#endif /* EVRING_TEST_LOAD_H */
