// SPDX-License-Identifier: MIT
/*
 * syscall.enter and syscall.exit: programs make known calls, and the events are these
 * and no others. Each program waits in read() until the hooks are attached, and is
 * told from there on.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>

#include "file_deed.h"

#define GETPPIDS	3000

static const char *const calls[] = { "syscall.enter", "syscall.exit" };

FIXTURE(syscall) {
	struct evring *ev;
	struct told *told;
	unsigned int at;	/* events of @told that were looked at */
	int go;			/* a byte lets the program go on */
	int went;		/* a byte of its: it has */
	pid_t pid;
};

static void attach(struct evring *ev, const char *expression)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct evring_attachment how = { .hook = calls[i] };
		struct evring_filter *filter = NULL;

		if (expression && evring_filter_compile(&filter, evring_type_by_name(ev, calls[i]),
							expression, NULL))
			abort();
		how.filter = filter;
		if (evring_attach_with(ev, &how) != EVRING_HOOK_ATTACHED)
			abort();
		evring_filter_free(filter);
	}
}

static void detach(struct evring *ev)
{
	hook_op(ev, calls[0], EVRING_HOOK_DETACH);
	hook_op(ev, calls[1], EVRING_HOOK_DETACH);
}

FIXTURE_SETUP(syscall)
{
	groups_drop();
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	ASSERT_LT(0, evring_types(self->ev));
	ASSERT_EQ(0, evring_tap(self->ev, BULK, EVRING_LATEST));
}

FIXTURE_TEARDOWN(syscall)
{
	detach(self->ev);
	evring_close(self->ev);
	free(self->told);
}

static int go_read, went_write;

/* One read(), which returns when the test says so */
static void await_go(void)
{
	char byte;

	if (read(go_read, &byte, 1) != 1)
		syscall(SYS_exit_group, 125);
}

/* Start the program up to its first await_go(); the calls for its pipes are not seen. */
static void start(struct _test_data_syscall *self, void (*program)(void))
{
	int go[2], went[2];

	if (pipe(go) || pipe(went))
		abort();
	fflush(NULL);
	self->pid = fork();
	if (!self->pid) {
		go_read = go[0];
		went_write = went[1];
		pin(0);
		await_go();
		program();
		syscall(SYS_exit_group, 0);
	}
	self->go = go[1];
	self->went = went[0];
	close(go[0]);
	close(went[1]);
}

static void let_go(struct _test_data_syscall *self)
{
	if (write(self->go, "", 1) != 1)
		abort();
}

/* Is the program in this call of the kernel's? */
static void await_call(struct _test_data_syscall *self, long nr)
{
	char path[64], line[256];
	FILE *file;
	long in = -1;

	snprintf(path, sizeof(path), "/proc/%d/syscall", self->pid);
	while (in != nr) {
		file = fopen(path, "r");
		if (!file)
			abort();
		if (!fgets(line, sizeof(line), file) || sscanf(line, "%ld", &in) != 1)
			in = -1;
		fclose(file);
	}
}

/* Run a program to its end with the hooks attached. Its status */
static int run(struct _test_data_syscall *self, void (*program)(void), const char *expression)
{
	int status;

	start(self, program);
	await_call(self, SYS_read);
	attach(self->ev, expression);
	let_go(self);
	if (waitpid(self->pid, &status, 0) != self->pid)
		abort();
	/* To read makes calls, too. */
	detach(self->ev);
	self->told = told_read(self->ev, "syscall.", self->pid);
	self->at = 0;
	close(self->go);
	close(self->went);
	return status;
}

static const struct evring_event *next(struct _test_data_syscall *self)
{
	if (self->at == self->told->n) {
		note("no event is left of %u", self->told->n);
		return NULL;
	}
	return told_at(self->told, self->told->n - 1 - self->at++);
}

static bool is(const struct evring_event *event, const char *type, const char *name)
{
	if (event && !strcmp(event->type->name, type) && told_called(event, "syscall", name))
		return true;
	if (event)
		note("%s of %llu (nr %d) where %s of %s should be", event->type->name,
		       (unsigned long long)told_number(event, "syscall"),
		       (int)told_number(event, "nr"), type, name);
	return false;
}

/* The next two events are this call's beginning and end. */
static bool is_call(struct _test_data_syscall *self, const char *name, const char *abi, int nr,
		    long result, const char *error)
{
	const struct evring_event *enter = next(self), *leave = next(self);

	if (!is(enter, calls[0], name) || !is(leave, calls[1], name))
		return false;
	if ((int)told_number(enter, "nr") != nr || (int)told_number(leave, "nr") != nr ||
	    !told_called(enter, "abi", abi) || !told_called(leave, "abi", abi) ||
	    (long)told_number(leave, "result") != result || !told_called(leave, "error", error)) {
		note("%s: nr %d and %d, result %ld, error %d", name,
		       (int)told_number(enter, "nr"), (int)told_number(leave, "nr"),
		       (long)told_number(leave, "result"), (int)told_number(leave, "error"));
		return false;
	}
	return true;
}

/* The end of the read() that the program began without us, with nothing known of when */
static bool is_gone(struct _test_data_syscall *self)
{
	const struct evring_event *event = next(self);

	return is(event, calls[1], "read") && told_number(event, "result") == 1 &&
	       !told_number(event, "duration");
}

static bool is_exit(struct _test_data_syscall *self)
{
	const struct evring_event *event = next(self);

	return is(event, calls[0], "exit_group") && self->at == self->told->n;
}

static void plain_calls(void)
{
	syscall(SYS_getppid);
	syscall(SYS_openat, -100, "/nowhere", 0x11, 0x22);
	syscall(SYS_openat, -1, "nowhere", 0);
	syscall(SYS_dup, 12345);
	syscall(1999, 1, 2, 3, 4, 5, 6);
	syscall(65536 + 7);
	syscall(-1);
}

TEST_F(syscall, each_call_is_told_with_its_arguments_and_its_result)
{
	const struct evring_event *event;

	ASSERT_EQ(0, run(self, plain_calls, NULL));
	ASSERT_TRUE(is_gone(self));
	EXPECT_TRUE(is_call(self, "getppid", "native", SYS_getppid, getpid(), "none"));
	event = told_at(self->told, self->told->n - 1 - self->at);
	EXPECT_TRUE(is_call(self, "openat", "native", SYS_openat, -ENOENT, "ENOENT"));
	EXPECT_EQ(-100, (int)told_number(event, "a0"));
	EXPECT_EQ(0x11, told_number(event, "a2"));
	EXPECT_EQ(0x22, told_number(event, "a3"));
	EXPECT_EQ(0, told_number(event, "uid"));
	EXPECT_TRUE(is_call(self, "openat", "native", SYS_openat, -EBADF, "EBADF"));
	EXPECT_TRUE(is_call(self, "dup", "native", SYS_dup, -EBADF, "EBADF"));
	event = told_at(self->told, self->told->n - 1 - self->at);
	EXPECT_TRUE(is_call(self, "unknown", "native", 1999, -ENOSYS, "ENOSYS"));
	EXPECT_EQ(1, told_number(event, "a0"));
	EXPECT_EQ(6, told_number(event, "a5"));
	/* A call of 32-bit programs alone is told by such a value, and no number is. */
	EXPECT_TRUE(is_call(self, "unknown", "native", 65536 + 7, -ENOSYS, "ENOSYS"));
	EXPECT_TRUE(is_call(self, "unknown", "native", -1, -ENOSYS, "ENOSYS"));
	EXPECT_TRUE(is_exit(self));
}

#ifdef __x86_64__
static char *low;

static void compat_calls(void)
{
	deed_call32(64, 0, 0, 0, 0, 0);				/* getppid */
	deed_call32(5, (long)low, 0, 0, 0, 0);			/* open */
	deed_call32(7, -1, 0, 0, 0, 0);				/* waitpid */
	deed_call32(1999, 0, 0, 0, 0, 0);
}

static bool has_compat(void)
{
	return deed_call32(20, 0, 0, 0, 0, 0) == getpid();
}

TEST_F(syscall, a_32_bit_call_has_the_name_of_its_own_abi)
{
	if (!has_compat())
		SKIP(return, "no 32-bit calls");
	low = deed_low(4096);
	strcpy(low, "/nowhere");
	ASSERT_EQ(0, run(self, compat_calls, "abi == compat || syscall == exit_group"));
	EXPECT_TRUE(is_call(self, "getppid", "compat", 64, getpid(), "none"));
	EXPECT_TRUE(is_call(self, "open", "compat", 5, -ENOENT, "ENOENT"));
	EXPECT_EQ(SYS_open, told_number(told_at(self->told, self->told->n - self->at), "syscall"));
	EXPECT_EQ((uintptr_t)low, told_number(told_at(self->told, self->told->n - self->at + 1),
					      "a0"));
	EXPECT_TRUE(is_call(self, "waitpid", "compat", 7, -ECHILD, "ECHILD"));
	EXPECT_TRUE(is_call(self, "unknown", "compat", 1999, -ENOSYS, "ENOSYS"));
	EXPECT_TRUE(is_exit(self));
}

/* execve("/bin/true", { "/bin/true" }, { }), of a 64-bit program by a 32-bit call */
static void compat_exec(void)
{
	uint32_t *argv = (uint32_t *)(low + 64);

	argv[0] = (uint32_t)(uintptr_t)low;
	argv[1] = 0;
	deed_call32(11, (long)low, (long)argv, (long)(argv + 1), 0, 0);
}

TEST_F(syscall, an_exec_ends_as_the_call_that_it_began_as)
{
	const struct evring_event *enter, *leave;

	if (!has_compat())
		SKIP(return, "no 32-bit calls");
	low = deed_low(4096);
	strcpy(low, "/bin/true");
	ASSERT_EQ(0, run(self, compat_exec, "syscall == execve"));
	ASSERT_EQ(2, self->told->n);
	enter = told_at(self->told, 1);
	leave = told_at(self->told, 0);
	EXPECT_TRUE(is_call(self, "execve", "compat", 11, 0, "none"));
	EXPECT_STREQ("syscall_test", told_text(enter, "comm"));
	EXPECT_STREQ("true", told_text(leave, "comm"));
	EXPECT_LT(0, told_number(leave, "duration"));
}
#endif

static void *exec_true(void *arg)
{
	execl("/bin/true", "/bin/true", NULL);
	return NULL;
}

/* The leader is in a call of its own then, which ends, too: its thread is killed. */
static void exec_in_thread(void)
{
	pthread_t thread;

	if (!pthread_create(&thread, NULL, exec_true, NULL))
		pthread_join(thread, NULL);
}

TEST_F(syscall, an_exec_of_a_thread_returns_as_the_leader)
{
	const struct evring_event *enter, *leave;

	ASSERT_EQ(0, run(self, exec_in_thread, "syscall == execve"));
	ASSERT_EQ(2, self->told->n);
	enter = told_at(self->told, 1);
	leave = told_at(self->told, 0);
	EXPECT_NE(self->pid, enter->rec->tid);
	EXPECT_EQ(self->pid, leave->rec->tid);
	EXPECT_TRUE(is_call(self, "execve", "native", SYS_execve, 0, "none"));
	EXPECT_LT(0, told_number(leave, "duration"));
}

static void clone_once(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (!pid) {
		syscall(SYS_getpgid, 0);
		syscall(SYS_exit, 0);
	}
	syscall(SYS_wait4, pid, NULL, 0, NULL);
}

TEST_F(syscall, a_new_process_returns_from_a_call_that_it_did_not_begin)
{
	const struct evring_event *enter, *leave;
	struct told *child = NULL;
	struct evring *along;
	uint32_t pid;

	ASSERT_EQ(0, evring_open(&along, NULL));
	ASSERT_LT(0, evring_types(along));
	ASSERT_EQ(0, evring_tap(along, BULK, EVRING_LATEST));
	ASSERT_EQ(0, run(self, clone_once, NULL));
	ASSERT_TRUE(is_gone(self));
	enter = next(self);
	leave = next(self);
	ASSERT_TRUE(is(enter, calls[0], "clone") && is(leave, calls[1], "clone"));
	pid = (uint32_t)told_number(leave, "result");
	EXPECT_TRUE(is_call(self, "wait4", "native", SYS_wait4, pid, "none"));
	EXPECT_TRUE(is_exit(self));
	child = told_read(along, "syscall.", (pid_t)pid);
	/* arm64's ret_from_fork() does not pass where a return is traced. */
#ifdef __x86_64__
	ASSERT_EQ(4, child->n);
#else
	ASSERT_LE(3, child->n);
	ASSERT_GE(4, child->n);
#endif
	if (child->n == 4) {
		EXPECT_TRUE(is(told_at(child, 3), calls[1], "clone"));
		EXPECT_EQ(0, told_number(told_at(child, 3), "result"));
		EXPECT_EQ(0, told_number(told_at(child, 3), "duration"));
	}
	EXPECT_TRUE(is(told_at(child, 2), calls[0], "getpgid"));
	EXPECT_TRUE(is(told_at(child, 1), calls[1], "getpgid"));
	EXPECT_TRUE(is(told_at(child, 0), calls[0], "exit"));
	free(child);
	evring_close(along);
}

static void handle(int signal)
{
}

static void be_interrupted(void)
{
	struct timespec time = { .tv_nsec = 20000000 };

	signal(SIGUSR1, handle);
	syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1);
	syscall(SYS_nanosleep, &time, NULL);
	syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
}

TEST_F(syscall, a_call_that_a_signal_kills_and_a_handlers_return)
{
	const struct evring_event *event;
	int status;

	start(self, be_interrupted);
	await_call(self, SYS_read);
	attach(self->ev, "syscall in (tgkill, rt_sigreturn, nanosleep, ppoll, exit_group)");
	let_go(self);
	await_call(self, SYS_ppoll);
	kill(self->pid, SIGKILL);
	ASSERT_EQ(self->pid, waitpid(self->pid, &status, 0));
	detach(self->ev);
	self->told = told_read(self->ev, "syscall.", self->pid);
	EXPECT_TRUE(is_call(self, "tgkill", "native", SYS_tgkill, 0, "none"));
	/* It returns the result of the call that the signal interrupted. */
	EXPECT_TRUE(is_call(self, "rt_sigreturn", "native", SYS_rt_sigreturn, 0, "none"));
	EXPECT_TRUE(is_call(self, "nanosleep", "native", SYS_nanosleep, 0, "none"));
	EXPECT_LE(20000000, told_number(told_at(self->told, self->told->n - self->at), "duration"));
	ASSERT_TRUE(is(next(self), calls[0], "ppoll"));
	event = next(self);
	ASSERT_TRUE(is(event, calls[1], "ppoll"));
	EXPECT_TRUE(told_called(event, "error", "ERESTARTNOHAND"));
	EXPECT_EQ(self->told->n, self->at);
}

static void getppid_often(void)
{
	int i;

	for (i = 0; i < GETPPIDS; i++) {
		syscall(SYS_getppid);
		syscall(SYS_getpgid, 0);
#ifdef __x86_64__
		if (i % 2 && low)
			deed_call32(64, 0, 0, 0, 0, 0);
#endif
	}
}

TEST_F(syscall, a_filter_by_name_counts_what_the_program_counts)
{
	unsigned int expected = 2 * GETPPIDS;

#ifdef __x86_64__
	low = has_compat() ? "" : NULL;
	if (low)
		expected += GETPPIDS;
#endif
	ASSERT_EQ(0, run(self, getppid_often, "syscall in (getppid, execveat)"));
	EXPECT_EQ(expected, self->told->n);
}

static void wait_thrice(void)
{
	await_go();
	if (write(went_write, "", 1) != 1)
		syscall(SYS_exit_group, 1);
	await_go();
}

TEST_F(syscall, a_call_that_began_before_the_hook_has_no_duration)
{
	char byte;
	int status;

	start(self, wait_thrice);
	attach(self->ev, "syscall == read");
	let_go(self);
	/* In its second read(), which is noted; its end is not seen. */
	do {
		free(self->told);
		self->told = told_read(self->ev, calls[0], self->pid);
	} while (!self->told->n);
	/* The end of the first one, too: it can be in another CPU's ring. */
	free(told_read(self->ev, calls[1], self->pid));
	await_call(self, SYS_read);
	detach(self->ev);
	let_go(self);
	ASSERT_EQ(1, read(self->went, &byte, 1));
	/* In its third one, which is not noted. */
	await_call(self, SYS_read);
	attach(self->ev, "syscall == read");
	let_go(self);
	ASSERT_EQ(self->pid, waitpid(self->pid, &status, 0));
	free(self->told);
	self->told = told_read(self->ev, calls[1], self->pid);
	EXPECT_EQ(1, self->told->n);
	EXPECT_EQ(0, told_number(told_at(self->told, 0), "duration"));
}

/* As a daemon: own a group, and make calls. */
static void own_and_call(void)
{
	struct evring_group group = {
		.name = "owner", .lanes = BULK, .policy = EVRING_FOLLOW, .start = EVRING_LATEST,
	};
	struct evring *ev;

	syscall(SYS_getsid, 0);
	if (evring_open(&ev, NULL) || evring_join(ev, &group))
		syscall(SYS_exit_group, 1);
	syscall(SYS_getpgid, 0);
}

TEST_F(syscall, acts_of_a_groups_owner_are_left_out)
{
	ASSERT_EQ(0, run(self, own_and_call, "syscall in (getsid, getpgid)"));
	EXPECT_TRUE(is_call(self, "getsid", "native", SYS_getsid, getsid(0), "none"));
	EXPECT_EQ(2, self->told->n);
	groups_drop();
}

TEST_HARNESS_MAIN
