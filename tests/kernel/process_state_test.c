// SPDX-License-Identifier: MIT
/*
 * Snapshots: process.state of each process that runs already, held against /proc, and
 * against process.fork and process.exit of those that come and go meanwhile.
 */
#include <dirent.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>

#include "life.h"

#define STATE		"process.state"
#define PIDS		32768
#define SLEEPERS	1000
#define CHURNS		3
#define GROUP		"snapshot-test"

/* The events of the processes that had an id, of the last one of them */
struct seen {
	unsigned int states;		/* of the snapshot that is looked at */
	uint64_t start, time;		/* of its state */
	uint64_t exit_start, exit_time;
	uint64_t fork_start;
};

FIXTURE(process_state) {
	struct evring *ev;
	struct seen *seen;
	struct kept *kept;		/* the state of the process @watch */
	uint32_t watch;
	uint32_t number;
	unsigned int states;		/* of all processes */
	unsigned int wrong;		/* two of one process, of one that is too young, too late */
	uint64_t lost;
};

static void hooks_switch(struct evring *ev, unsigned int op)
{
	hook_op(ev, "process.fork", op);
	hook_op(ev, "process.exit", op);
}

FIXTURE_SETUP(process_state)
{
	groups_drop();
	self->seen = calloc(PIDS, sizeof(*self->seen));
	self->kept = calloc(1, sizeof(*self->kept));
	ASSERT_TRUE(self->seen && self->kept);
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	ASSERT_LT(0, evring_types(self->ev));
	hooks_switch(self->ev, EVRING_HOOK_ATTACH);
	ASSERT_EQ(0, evring_tap(self->ev, CRITICAL, EVRING_LATEST));
}

FIXTURE_TEARDOWN(process_state)
{
	hooks_switch(self->ev, EVRING_HOOK_DETACH);
	hook_op(self->ev, STATE, EVRING_HOOK_DETACH);
	evring_close(self->ev);
	groups_drop();
}

static void see_state(struct _test_data_process_state *self, const struct evring_event *event)
{
	struct seen *seen = &self->seen[event->rec->pid % PIDS];
	uint64_t start = event_number(event, "start_time");

	if (event_number(event, "snapshot") != self->number)
		return;
	self->states++;
	self->wrong += start >= event_number(event, "snapshot_time");
	self->wrong += seen->states && seen->start == start;
	/* process.exit was read before, or comes later. */
	self->wrong += seen->exit_start == start &&
		       seen->exit_time <= evring_boottime(self->ev, event);
	seen->states++;
	seen->start = start;
	seen->time = evring_boottime(self->ev, event);
	if (event->rec->pid == self->watch)
		keep(self->kept, event, 0);
}

static void see(struct _test_data_process_state *self, const struct evring_event *event)
{
	struct seen *seen = &self->seen[event->rec->pid % PIDS];

	self->lost += event->missed;
	if (event->rec->type == EVRING_TYPE_LOST)
		self->lost += ((const struct evring_lost *)event->payload)->count;
	if (!event->type)
		return;
	if (!strcmp(event->type->name, STATE)) {
		see_state(self, event);
	} else if (!strcmp(event->type->name, "process.fork")) {
		seen = &self->seen[event_number(event, "child_pid") % PIDS];
		seen->fork_start = event_number(event, "child_start_time");
	} else if (!strcmp(event->type->name, "process.exit")) {
		seen->exit_start = event_number(event, "start_time");
		seen->exit_time = evring_boottime(self->ev, event);
		self->wrong += seen->states && seen->start == seen->exit_start &&
			       seen->time >= seen->exit_time;
	}
}

static void see_all(struct _test_data_process_state *self)
{
	struct evring_event event;

	while (evring_next(self->ev, &event) > 0)
		see(self, &event);
}

static void ask(struct _test_data_process_state *self, const char *expression)
{
	struct evring_attachment how = { .hook = STATE };
	struct evring_filter *filter = NULL;
	unsigned int i;

	if (expression && evring_filter_compile(&filter, evring_type_by_name(self->ev, STATE),
						expression, NULL))
		abort();
	how.filter = filter;
	self->states = 0;
	self->kept->n = 0;
	for (i = 0; i < PIDS; i++)
		self->seen[i].states = 0;
	if (evring_snapshot(self->ev, &how, &self->number) != EVRING_HOOK_ATTACHED)
		abort();
	evring_filter_free(filter);
}

/* Ask for a snapshot, and read until it has ended. How many processes it says it told */
static uint32_t snapshot(struct _test_data_process_state *self, const char *expression)
{
	uint32_t told;
	int ended;

	ask(self, expression);
	do {
		ended = evring_snapshot_ended(self->ev, STATE, self->number, &told);
		see_all(self);
	} while (!ended);
	if (ended < 0)
		abort();
	see_all(self);
	return told;
}

/* The child has done all of its acts before this returns. */
static pid_t spawn(void (*fn)(void *arg), void *arg)
{
	int ready[2];
	pid_t pid;
	char byte;

	if (pipe2(ready, O_CLOEXEC))
		abort();
	fflush(NULL);
	pid = fork();
	if (!pid) {
		fn(arg);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	/* It writes, or it execs. */
	close(ready[1]);
	if (read(ready[0], &byte, 1) < 0)
		abort();
	close(ready[0]);
	return pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void nothing(void *unused)
{
}

static int held_open[2];

/* A shell that waits for input, as somebody else */
static void be_other(void *argv)
{
	if (dup2(held_open[0], 0) || chdir("/tmp") || setsid() < 0 || setgroups(0, NULL) ||
	    setresgid(2001, 2002, 2003) || setresuid(1001, 1002, 1003))
		_exit(1);
	execv("/bin/sh", argv);
	_exit(127);
}

static size_t proc_read(pid_t pid, const char *name, char *to, size_t room)
{
	char path[64];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	memset(to, 0, room);
	if (!strcmp(name, "exe") || !strcmp(name, "cwd"))
		return (size_t)readlink(path, to, room - 1);
	fd = open(path, O_RDONLY);
	len = read(fd, to, room - 1);
	close(fd);
	return len < 0 ? 0 : (size_t)len;
}

static uint64_t proc_inode(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return inode(path);
}

TEST_F(process_state, a_process_is_told_as_proc_has_it)
{
	char *argv[] = { "sh", "-c", "read x", "a b", "", NULL };
	char text[PAYLOAD_MAX], proc[PAYLOAD_MAX];
	pid_t pid;
	size_t len;

	ASSERT_EQ(0, pipe2(held_open, O_CLOEXEC));
	pid = spawn(be_other, argv);
	self->watch = (uint32_t)pid;
	snapshot(self, NULL);
	ASSERT_EQ(1, self->kept->n);
	EXPECT_EQ(0, self->lost);
	EXPECT_EQ(pid, self->kept->rec.tid);
	EXPECT_EQ(self->seen[pid].fork_start, number(self->kept, "start_time"));
	proc_read(pid, "exe", proc, sizeof(proc));
	string(self->kept, "path", text, sizeof(text));
	EXPECT_STREQ(proc, text);
	proc_read(pid, "cwd", proc, sizeof(proc));
	string(self->kept, "cwd", text, sizeof(text));
	EXPECT_STREQ(proc, text);
	len = proc_read(pid, "cmdline", proc, sizeof(proc));
	EXPECT_EQ(len, string(self->kept, "argv", text, sizeof(text)));
	EXPECT_EQ(0, memcmp(proc, text, len));
	EXPECT_EQ(len, number(self->kept, "argv_len"));
	EXPECT_EQ(0, number(self->kept, "argv_truncated"));
	string(self->kept, "comm", text, sizeof(text));
	EXPECT_STREQ("sh", text);
	EXPECT_EQ(1001, number(self->kept, "uid"));
	EXPECT_EQ(2001, number(self->kept, "gid"));
	EXPECT_EQ(0, number(self->kept, "cap_effective"));
	EXPECT_EQ(getpid(), number(self->kept, "ppid"));
	EXPECT_EQ(pid, number(self->kept, "sid"));
	EXPECT_EQ(pid, number(self->kept, "pgid"));
	EXPECT_EQ(pid, number(self->kept, "ns_pid"));
	EXPECT_EQ(1, number(self->kept, "threads"));
	EXPECT_EQ(0, number(self->kept, "kernel"));
	EXPECT_EQ(proc_inode(pid, "ns/pid"), number(self->kept, "pidns"));
	EXPECT_EQ(proc_inode(pid, "ns/mnt"), number(self->kept, "mntns"));
	EXPECT_EQ(proc_inode(pid, "exe"), number(self->kept, "inode"));
	stop(pid);
}

TEST_F(process_state, arguments_that_are_too_long_are_a_prefix_that_says_so)
{
	char *argv[105] = { "sh", "-c", "read x" }, args[100][200], text[PAYLOAD_MAX];
	const size_t whole = 3 + 3 + 7 + sizeof(args);
	pid_t pid;
	int i;

	for (i = 0; i < 100; i++) {
		memset(args[i], 'a' + i % 26, sizeof(args[i]));
		args[i][sizeof(args[i]) - 1] = '\0';
		argv[i + 3] = args[i];
	}
	ASSERT_EQ(0, pipe2(held_open, O_CLOEXEC));
	pid = spawn(be_other, argv);
	self->watch = (uint32_t)pid;
	snapshot(self, NULL);
	ASSERT_EQ(1, self->kept->n);
	EXPECT_EQ(4096, string(self->kept, "argv", text, sizeof(text)));
	EXPECT_EQ(0, memcmp("sh\0-c\0read x\0aaaa", text, 17));
	EXPECT_EQ(whole, number(self->kept, "argv_len"));
	EXPECT_EQ(1, number(self->kept, "argv_truncated"));
	EXPECT_EQ(1024, string(self->kept, "argv_end", text, sizeof(text)));
	EXPECT_EQ(0, memcmp(args[99], text + 1024 - 200, 200));
	stop(pid);
}

static void be_two(void *unused)
{
	if (setgroups(0, NULL) || setresgid(2001, 2002, 2003) || setresuid(1001, 1002, 1003))
		_exit(1);
}

/* (The shell gives up the user that it has no need of.) */
TEST_F(process_state, a_process_that_acts_for_another_user_is_told_with_both)
{
	pid_t pid = spawn(be_two, NULL);

	self->watch = (uint32_t)pid;
	snapshot(self, NULL);
	ASSERT_EQ(1, self->kept->n);
	EXPECT_EQ(1001, number(self->kept, "uid"));
	EXPECT_EQ(1002, number(self->kept, "euid"));
	EXPECT_EQ(2001, number(self->kept, "gid"));
	EXPECT_EQ(2002, number(self->kept, "egid"));
	stop(pid);
}

static void exit_at_once(void *unused)
{
	_exit(0);
}

TEST_F(process_state, a_zombie_is_not_told)
{
	pid_t pid = spawn(exit_at_once, NULL);
	siginfo_t info;

	/* It has ended, and is there still. */
	ASSERT_EQ(0, waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
	snapshot(self, NULL);
	EXPECT_EQ(0, self->seen[pid].states);
	EXPECT_EQ(1, self->seen[getpid()].states);
	waitpid(pid, NULL, 0);
}

static void *stay(void *write_to)
{
	char path[64], line[64] = "";
	FILE *file;

	/* Until the leader is a zombie */
	snprintf(path, sizeof(path), "/proc/%d/stat", getpid());
	do {
		file = fopen(path, "r");
		if (!file || !fgets(line, sizeof(line), file))
			_exit(1);
		fclose(file);
	} while (!strstr(line, ") Z"));
	if (write(*(int *)write_to, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
	return NULL;
}

static int stay_fd;

static void leave_a_thread(void *unused)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, stay, &stay_fd))
		_exit(1);
	syscall(SYS_exit, 0);
}

TEST_F(process_state, a_process_whose_first_thread_has_ended_is_told)
{
	char text[PAYLOAD_MAX], own[PAYLOAD_MAX], byte;
	int ready[2];
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	stay_fd = ready[1];
	fflush(NULL);
	pid = fork();
	if (!pid)
		leave_a_thread(NULL);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	self->watch = (uint32_t)pid;
	snapshot(self, NULL);
	ASSERT_EQ(1, self->kept->n);
	proc_read(getpid(), "exe", own, sizeof(own));
	string(self->kept, "path", text, sizeof(text));
	EXPECT_STREQ(own, text);
	EXPECT_EQ(0, number(self->kept, "uid"));
	EXPECT_EQ(self->seen[pid].fork_start, number(self->kept, "start_time"));
	stop(pid);
}

TEST_F(process_state, a_thread_of_the_kernel_is_told_without_a_program)
{
	char text[PAYLOAD_MAX];

	self->watch = 2;
	snapshot(self, NULL);
	ASSERT_EQ(1, self->kept->n);
	string(self->kept, "comm", text, sizeof(text));
	EXPECT_STREQ("kthreadd", text);
	EXPECT_EQ(1, number(self->kept, "kernel"));
	EXPECT_EQ(0, number(self->kept, "ppid"));
	EXPECT_EQ(0, string(self->kept, "path", text, sizeof(text)));
	EXPECT_EQ(0, string(self->kept, "argv", text, sizeof(text)));
	EXPECT_EQ(0, number(self->kept, "inode"));
}

TEST_F(process_state, a_process_of_another_pid_namespace_is_told_with_both_ids)
{
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);

	if (!pid)
		for (;;)
			pause();
	ASSERT_LT(0, pid);
	self->watch = (uint32_t)pid;
	snapshot(self, NULL);
	ASSERT_EQ(1, self->kept->n);
	EXPECT_EQ(1, number(self->kept, "ns_pid"));
	EXPECT_EQ(proc_inode(pid, "ns/pid"), number(self->kept, "pidns"));
	EXPECT_NE(inode("/proc/self/ns/pid"), number(self->kept, "pidns"));
	stop(pid);
}

/* The ids that /proc has, a bit each */
static unsigned int proc_list(bool *there)
{
	struct dirent *entry;
	unsigned int n = 0;
	DIR *dir = opendir("/proc");

	memset(there, 0, PIDS * sizeof(*there));
	while ((entry = readdir(dir))) {
		int pid = atoi(entry->d_name);

		if (pid <= 0 || pid >= PIDS)
			continue;
		there[pid] = true;
		n++;
	}
	closedir(dir);
	return n;
}

static void spawn_sleepers(pid_t *pids)
{
	unsigned int i;

	for (i = 0; i < SLEEPERS; i++)
		pids[i] = spawn(nothing, NULL);
}

static void stop_sleepers(const pid_t *pids)
{
	unsigned int i;

	for (i = 0; i < SLEEPERS; i++)
		stop(pids[i]);
}

TEST_F_TIMEOUT(process_state, each_of_many_processes_is_told_once, 120)
{
	static bool before[PIDS], after[PIDS];
	static pid_t pids[SLEEPERS];
	unsigned int i, none = 0, twice = 0, known = 0;
	uint32_t told;

	spawn_sleepers(pids);
	see_all(self);
	self->lost = 0;
	proc_list(before);
	told = snapshot(self, NULL);
	proc_list(after);
	for (i = 1; i < PIDS; i++) {
		if (!before[i] || !after[i])
			continue;
		known++;
		none += !self->seen[i].states;
		twice += self->seen[i].states > 1;
	}
	note("%u of /proc, %u told, %u events, %u lost", known, told, self->states,
	     (unsigned int)self->lost);
	EXPECT_LE(SLEEPERS, known);
	EXPECT_EQ(0, self->lost);
	EXPECT_EQ(0, none);
	EXPECT_EQ(0, twice);
	EXPECT_EQ(0, self->wrong);
	EXPECT_EQ(told, self->states);
	stop_sleepers(pids);
}

static void churn(void *unused)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static pid_t churner(void)
{
	pid_t pid, child;

	fflush(NULL);
	pid = fork();
	if (pid)
		return pid;
	churn(NULL);
	for (;;) {
		child = fork();
		if (!child)
			_exit(0);
		waitpid(child, NULL, 0);
		usleep(300);
	}
}

/*
 * Of processes that ended after the snapshot did: the beginning was told, or they are in
 * the snapshot. Younger processes have a process.fork.
 */
static unsigned int unknown(struct _test_data_process_state *self, uint64_t from)
{
	unsigned int i, n = 0;

	for (i = 1; i < PIDS; i++) {
		const struct seen *seen = &self->seen[i];

		if (!seen->exit_time || seen->exit_time < from)
			continue;
		n += seen->exit_start != seen->fork_start && seen->exit_start != seen->start;
	}
	return n;
}

TEST_F_TIMEOUT(process_state, processes_that_come_and_go_are_told_by_one_or_the_other, 120)
{
	pid_t churners[CHURNS];
	unsigned int round, i, more = 0;
	uint64_t ended;

	for (i = 0; i < CHURNS; i++)
		churners[i] = churner();
	for (round = 0; round < 10; round++) {
		snapshot(self, NULL);
		ended = clock_ns(CLOCK_BOOTTIME);
		usleep(20000);
		see_all(self);
		EXPECT_EQ(0, unknown(self, ended));
		for (i = 0; i < CHURNS; i++)
			EXPECT_EQ(1, self->seen[churners[i]].states);
		for (i = 1; i < PIDS; i++)
			more += self->seen[i].states > 1;
	}
	for (i = 0; i < CHURNS; i++)
		stop(churners[i]);
	note("%u ids were told twice in one snapshot", more);
	EXPECT_EQ(0, self->wrong);
	EXPECT_EQ(0, self->lost);
}

TEST_F(process_state, an_owners_filter_holds)
{
	char *argv[] = { "sh", "-c", "read x", NULL };
	pid_t pid;

	ASSERT_EQ(0, pipe2(held_open, O_CLOEXEC));
	pid = spawn(be_other, argv);
	self->watch = (uint32_t)pid;
	snapshot(self, "uid == 1001 && pid != 1");
	EXPECT_EQ(1, self->states);
	EXPECT_EQ(1, self->kept->n);
	stop(pid);
}

/* A group that holds, and does not read: half of the ring is left to other events. */
TEST_F_TIMEOUT(process_state, a_ring_that_is_held_makes_the_snapshot_wait, 120)
{
	struct evring_group group = {
		.name = GROUP, .lanes = CRITICAL, .policy = EVRING_HOLD, .start = EVRING_LATEST,
	};
	static pid_t pids[SLEEPERS];
	struct evring_event event;
	uint32_t told;
	unsigned int i;

	spawn_sleepers(pids);
	evring_close(self->ev);
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	ASSERT_LT(0, evring_types(self->ev));
	ASSERT_EQ(0, evring_join(self->ev, &group));
	ask(self, NULL);
	/* As much as there is room for */
	for (i = 0; i < 50; i++) {
		usleep(20000);
		ASSERT_EQ(0, evring_snapshot_ended(self->ev, STATE, self->number, &told));
	}
	while (!evring_snapshot_ended(self->ev, STATE, self->number, &told) ||
	       self->states < told) {
		while (evring_next(self->ev, &event) > 0)
			see(self, &event);
		ASSERT_EQ(0, evring_commit(self->ev));
	}
	note("%u processes told, %u lost", told, (unsigned int)self->lost);
	EXPECT_LE(SLEEPERS, told);
	EXPECT_EQ(0, self->lost);
	stop_sleepers(pids);
}

#define EXECERS	40

static int go[2];

static void *exec_when_told(void *unused)
{
	char *argv[] = { "sh", "-c", "read x", NULL };
	char byte;

	if (read(go[0], &byte, 1) == 1 && dup2(held_open[0], 0) >= 0)
		execv("/bin/sh", argv);
	_exit(127);
}

static void start_execer(void *unused)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, exec_when_told, NULL))
		_exit(1);
}

static void exec_all(const pid_t *pids)
{
	char comm[64];

	for (unsigned int i = 0; i < EXECERS; i++)
		if (write(go[1], "", 1) != 1)
			abort();
	for (unsigned int i = 0; i < EXECERS; i++)
		while (proc_read(pids[i], "comm", comm, sizeof(comm)) && strcmp(comm, "sh\n"))
			usleep(1000);
}

/* As much as leaves room for a few processes until the worker has to wait */
static void fill_half(void)
{
	const uint64_t size = torture_size(1000), half = ring_size(LANE_CRITICAL) / 2;

	if (emit((half - 8192) / size, 1000))
		abort();
}

static void await_half(uint64_t start)
{
	while (ring_get(LANE_CRITICAL, 0).head - start <= ring_size(LANE_CRITICAL) / 2)
		usleep(1000);
}

/* Is this the state of one program, and of a process that has its parent? */
static bool is_of_one(const struct kept *kept)
{
	char path[PAYLOAD_MAX], comm[PAYLOAD_MAX], own[PAYLOAD_MAX];

	proc_read(getpid(), "exe", own, sizeof(own));
	string(kept, "path", path, sizeof(path));
	string(kept, "comm", comm, sizeof(comm));
	return number(kept, "ppid") == (uint64_t)getpid() &&
	       !strcmp(path, own) == !!strcmp(comm, "sh");
}

/*
 * The worker waits with a process in its hand, a thread of which runs another program: the
 * thread is the leader then, and the one that the worker has found is gone.
 */
TEST_F_TIMEOUT(process_state, a_thread_that_becomes_the_leader_meanwhile_is_told_as_it_is, 120)
{
	struct evring_group group = {
		.name = GROUP, .lanes = CRITICAL, .policy = EVRING_HOLD, .start = EVRING_LATEST,
	};
	unsigned int i, n[2] = { }, mixed = 0;
	pid_t pids[EXECERS];
	struct evring_event event;
	char comm[PAYLOAD_MAX], mine[40];
	uint64_t start;
	uint32_t told;
	int ended;

	ASSERT_EQ(0, pin(0));
	ASSERT_EQ(0, pipe2(go, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(held_open, O_CLOEXEC));
	for (i = 0; i < EXECERS; i++)
		pids[i] = spawn(start_execer, NULL);
	evring_close(self->ev);
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	ASSERT_LT(0, evring_types(self->ev));
	ASSERT_EQ(0, evring_join(self->ev, &group));
	start = ring_get(LANE_CRITICAL, 0).head;
	fill_half();
	/* Other processes must not take the room. */
	snprintf(mine, sizeof(mine), "ppid == %d", getpid());
	ask(self, mine);
	await_half(start);
	exec_all(pids);
	do {
		ended = evring_snapshot_ended(self->ev, STATE, self->number, &told);
		while (evring_next(self->ev, &event) > 0) {
			self->watch = event.rec->pid;
			self->kept->n = 0;
			see(self, &event);
			for (i = 0; i < EXECERS && event.rec->pid != (uint32_t)pids[i]; i++)
				;
			if (!self->kept->n || i == EXECERS)
				continue;
			mixed += !is_of_one(self->kept);
			string(self->kept, "comm", comm, sizeof(comm));
			n[!strcmp(comm, "sh")]++;
		}
		ASSERT_EQ(0, evring_commit(self->ev));
	} while (!ended);
	for (i = 0; i < EXECERS; i++)
		stop(pids[i]);
	note("%u told before exec, %u after, %u mixed, %u lost", n[0], n[1], mixed,
	     (unsigned int)self->lost);
	EXPECT_EQ(0, mixed);
	if (self->lost)
		SKIP(return, "the machine is so slow that the worker lost its patience");
	EXPECT_LT(0, n[0]);
	EXPECT_LT(0, n[1]);
}

/* It waits, for a ring that is held, when its owner goes. */
TEST_F_TIMEOUT(process_state, a_snapshot_tells_nothing_after_its_last_owner, 120)
{
	struct evring_group group = {
		.name = GROUP, .lanes = CRITICAL, .policy = EVRING_HOLD, .start = EVRING_LATEST,
	};
	static pid_t pids[SLEEPERS];
	struct evring_event event;
	unsigned int before;
	uint64_t start;
	uint32_t told;

	spawn_sleepers(pids);
	ASSERT_EQ(0, pin(0));
	evring_close(self->ev);
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	ASSERT_LT(0, evring_types(self->ev));
	ASSERT_EQ(0, evring_join(self->ev, &group));
	start = ring_get(LANE_CRITICAL, 0).head;
	fill_half();
	ask(self, NULL);
	await_half(start);
	ASSERT_EQ(0, hook_op(self->ev, STATE, EVRING_HOOK_DETACH));
	while (evring_next(self->ev, &event) > 0)
		see(self, &event);
	before = self->states;
	do {
		ASSERT_EQ(0, evring_commit(self->ev));
		while (evring_next(self->ev, &event) > 0)
			see(self, &event);
	} while (!evring_snapshot_ended(self->ev, STATE, self->number, &told));
	while (evring_next(self->ev, &event) > 0)
		see(self, &event);
	note("%u told before, %u after", before, self->states - before);
	EXPECT_GE(before + 1, self->states);	/* one was under way */
	stop_sleepers(pids);
}

TEST_F(process_state, a_snapshot_is_of_this_hook_alone)
{
	struct evring_attachment how = { .hook = "process.fork" };
	uint32_t number;

	EXPECT_EQ(-EINVAL, evring_snapshot(self->ev, &how, &number));
	how.hook = STATE;
	how.group = "no-such-group";
	EXPECT_EQ(-ENOENT, evring_snapshot(self->ev, &how, &number));
	ASSERT_EQ(EVRING_HOOK_ATTACHED, evring_snapshot(self->ev, &(struct evring_attachment){
		.hook = STATE }, &number));
	EXPECT_LT(0, number);
}

TEST_HARNESS_MAIN
