// SPDX-License-Identifier: MIT
/*
 * Events counted beside the kernel's own tracer: an instance of tracefs that traces one
 * program and its children counts exactly as many. The program waits in read() while
 * both are switched on and off.
 */
#include <sys/syscall.h>

#include "file_deed.h"
#include "load.h"

#define COUNTED		TRACING "instances/evring-counted/"
#define CALLS		3000
#define CHILDREN	60

FIXTURE(tracefs) {
	struct evring *ev;
	int go, went;
	pid_t pid;
};

FIXTURE_SETUP(tracefs)
{
	if (access(TRACING "events/sched", F_OK))
		SKIP(return, "this kernel has no tracefs");
	groups_drop();
	rmdir(COUNTED);
	ASSERT_EQ(0, mkdir(COUNTED, 0755));
	tracing_write(COUNTED "options/event-fork", "1");
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	/* No loss of an earlier test is still to be told. */
	ASSERT_EQ(0, emit_lane(1, 0, LANE_CRITICAL) + emit_lane(1, 0, LANE_BULK));
}

FIXTURE_TEARDOWN(tracefs)
{
	static const char *const hooks[] = {
		"process.fork", "process.exec", "process.exit", "sched.switch", "syscall.enter",
	};
	unsigned int i;

	if (!self->ev)
		return;
	for (i = 0; i < sizeof(hooks) / sizeof(*hooks); i++)
		hook_op(self->ev, hooks[i], EVRING_HOOK_DETACH);
	evring_close(self->ev);
	tracing_write(COUNTED "events/enable", "0");
	EXPECT_EQ(0, rmdir(COUNTED));
}

static int go_read, went_write;

/* One read(), which returns when the test says so */
static void await_go(void)
{
	char byte;

	if (read(go_read, &byte, 1) != 1)
		_exit(125);
}

static void say_went(void)
{
	if (write(went_write, "", 1) != 1)
		_exit(124);
}

/* It is about to wait in its first read() when this returns. */
static void start(struct __test_metadata *_metadata, struct _test_data_tracefs *self,
		  void (*program)(void))
{
	int go[2], went[2];
	char pid[16], byte;

	ASSERT_EQ(0, pipe(go) + pipe(went));
	fflush(NULL);
	self->pid = fork();
	if (!self->pid) {
		go_read = go[0];
		went_write = went[1];
		say_went();
		await_go();
		program();
		say_went();
		await_go();
		_exit(0);
	}
	self->go = go[1];
	self->went = went[0];
	close(go[0]);
	close(went[1]);
	snprintf(pid, sizeof(pid), "%d", self->pid);
	tracing_write(COUNTED "set_event_pid", pid);
	ASSERT_EQ(1, read(self->went, &byte, 1));
}

/* Is the program asleep in read()? Then it is not about to be counted. */
static bool is_waiting(pid_t pid)
{
	char path[64], line[256] = "";
	FILE *file;
	long nr = -1;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	file = fopen(path, "r");
	if (!file || !fgets(line, sizeof(line), file) || sscanf(line, "%ld", &nr) != 1)
		nr = -1;
	if (file)
		fclose(file);
	return nr == SYS_read;
}

/* tracefs' counts: events in its buffers, and events that were there */
static uint64_t traced(void)
{
	unsigned long long count, n = 0;
	char path[128], line[128];
	int cpu, cpus = (int)sysconf(_SC_NPROCESSORS_CONF);
	FILE *file;

	for (cpu = 0; cpu < cpus; cpu++) {
		snprintf(path, sizeof(path), COUNTED "per_cpu/cpu%d/stats", cpu);
		file = fopen(path, "r");
		while (file && fgets(line, sizeof(line), file))
			if (sscanf(line, "entries: %llu", &count) == 1 ||
			    sscanf(line, "overrun: %llu", &count) == 1)
				n += count;
		if (file)
			fclose(file);
	}
	return n;
}

/* The program's and its children's events of the type; none may be missing. */
static uint64_t told(struct _test_data_tracefs *self, const char *type, bool children)
{
	static uint32_t known[CHILDREN];
	unsigned int nr = 0, i;
	struct evring_event event;
	uint64_t n = 0;

	while (evring_next(self->ev, &event) > 0) {
		if (event.missed || event.rec->type == EVRING_TYPE_LOST)
			note("events were lost or missed");
		if (!event.type)
			continue;
		if (event.rec->pid == (uint32_t)self->pid && nr < CHILDREN &&
		    !strcmp(event.type->name, "process.fork"))
			known[nr++] = (uint32_t)told_number(&event, "child_pid");
		for (i = 0; i < nr && known[i] != event.rec->pid; i++)
			;
		n += !strcmp(event.type->name, type) &&
		     (children ? i < nr : event.rec->pid == (uint32_t)self->pid);
	}
	return n;
}

/* By set_event_pid those to the program are traced, too, not only those away from it. */
static void filter_switches(pid_t pid)
{
	char filter[64];

	snprintf(filter, sizeof(filter), "prev_pid == %d", pid);
	tracing_write(COUNTED "events/sched/sched_switch/filter", filter);
}

/* Let the program do its deeds, with @type and the @point of tracefs switched on. */
static void count(struct __test_metadata *_metadata, struct _test_data_tracefs *self,
		  void (*program)(void), const char *type, const char *point)
{
	char enable[128], byte;

	snprintf(enable, sizeof(enable), COUNTED "events/%s/enable", point);
	start(_metadata, self, program);
	filter_switches(self->pid);
	EXPECT_TRUE(in_time(is_waiting(self->pid)));
	tracing_write(enable, "1");
	ASSERT_LE(0, hook_op(self->ev, type, EVRING_HOOK_ATTACH));
	ASSERT_EQ(0, evring_tap(self->ev, EVRING_LANES_ALL, EVRING_LATEST));
	ASSERT_EQ(1, write(self->go, "", 1));
	ASSERT_EQ(1, read(self->went, &byte, 1));
	EXPECT_TRUE(in_time(is_waiting(self->pid)));
	tracing_write(enable, "0");
	hook_op(self->ev, type, EVRING_HOOK_DETACH);
	ASSERT_EQ(1, write(self->go, "", 1));
	ASSERT_EQ(self->pid, waitpid(self->pid, NULL, 0));
	close(self->go);
	close(self->went);
}

static void make_calls(void)
{
	int i;

	for (i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
}

static void sleep_often(void)
{
	const struct timespec moment = { .tv_nsec = 100000 };
	int i;

	for (i = 0; i < CALLS / 10; i++)
		nanosleep(&moment, NULL);
}

static void beget(void)
{
	pid_t pid;
	int i;

	for (i = 0; i < CHILDREN; i++) {
		pid = fork();
		if (!pid) {
			execl("/bin/true", "true", NULL);
			_exit(1);
		}
		waitpid(pid, NULL, 0);
	}
}

/* And write() and read(), by which the program says that it has come so far */
TEST_F(tracefs, as_many_system_calls)
{
	uint64_t n;

	if (access(COUNTED "events/raw_syscalls", F_OK))
		SKIP(return, "this kernel's tracefs has no system calls");
	count(_metadata, self, make_calls, "syscall.enter", "raw_syscalls/sys_enter");
	n = told(self, "syscall.enter", false);
	EXPECT_EQ(CALLS + 2, n);
	EXPECT_EQ(traced(), n);
}

TEST_F(tracefs, as_many_switches)
{
	uint64_t n;

	count(_metadata, self, sleep_often, "sched.switch", "sched/sched_switch");
	n = told(self, "sched.switch", false);
	/* On a slow machine a sleep can be over before the program has gone to sleep. */
	EXPECT_LE(CALLS / 20, n);
	EXPECT_EQ(traced(), n);
}

TEST_F(tracefs, as_many_forks)
{
	count(_metadata, self, beget, "process.fork", "sched/sched_process_fork");
	EXPECT_EQ(CHILDREN, traced());
	EXPECT_EQ(CHILDREN, told(self, "process.fork", false));
}

TEST_F(tracefs, as_many_programs)
{
	ASSERT_LE(0, hook_op(self->ev, "process.fork", EVRING_HOOK_ATTACH));
	count(_metadata, self, beget, "process.exec", "sched/sched_process_exec");
	EXPECT_EQ(CHILDREN, traced());
	EXPECT_EQ(CHILDREN, told(self, "process.exec", true));
}

TEST_F(tracefs, as_many_ends)
{
	ASSERT_LE(0, hook_op(self->ev, "process.fork", EVRING_HOOK_ATTACH));
	count(_metadata, self, beget, "process.exit", "sched/sched_process_exit");
	EXPECT_EQ(CHILDREN, traced());
	EXPECT_EQ(CHILDREN, told(self, "process.exit", true));
}

TEST_HARNESS_MAIN
