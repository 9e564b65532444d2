// SPDX-License-Identifier: MIT
/* process.namespace: processes enter and make namespaces, or are refused. */
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "file_deed.h"

#define NAMESPACE "process.namespace"

static const char *const hooks[] = { NAMESPACE, NULL };

/* As files of /proc/self/ns are called, and the event's fields */
static const struct {
	const char *file;
	const char *field;
} kinds[] = {
	{ "cgroup", "cgroup_ns" }, { "ipc", "ipc_ns" }, { "mnt", "mnt_ns" }, { "net", "net_ns" },
	{ "pid_for_children", "pid_ns" }, { "time_for_children", "time_ns" },
	{ "user", "user_ns" }, { "uts", "uts_ns" },
};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

/* The values that the process itself sees */
struct seen {
	uint64_t old[KINDS];
	uint64_t new[KINDS];
	pid_t child;
};

FIXTURE(process_ns) {
	struct evring *ev;
	struct seen *seen;
	pid_t idle;		/* root's, in a network and an UTS namespace of its own */
};

static void seen_look(uint64_t *inodes)
{
	char path[64];
	struct stat st;

	for (size_t i = 0; i < KINDS; i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i].file);
		/* There is none where no child has been made in a new one yet. */
		inodes[i] = stat(path, &st) ? 0 : st.st_ino;
	}
}

FIXTURE_SETUP(process_ns)
{
	int pipes[2];
	char byte;

	ASSERT_EQ(0, pipe(pipes));
	self->seen = deed_shared(sizeof(*self->seen));
	self->idle = fork();
	if (!self->idle) {
		if (unshare(CLONE_NEWNET | CLONE_NEWUTS) || write(pipes[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	ASSERT_EQ(1, read(pipes[0], &byte, 1));
	close(pipes[0]);
	close(pipes[1]);
	self->ev = deed_open(hooks, CRITICAL);
}

FIXTURE_TEARDOWN(process_ns)
{
	kill(self->idle, SIGKILL);
	waitpid(self->idle, NULL, 0);
	deed_close(self->ev, hooks);
	munmap(self->seen, sizeof(*self->seen));
}

/* All sets, as the process saw them; a kind with an old or new inode of 0 it could not see. */
#define EXPECT_SEEN(_event, _seen) do {						\
	char _name[32];								\
										\
	for (size_t _i = 0; _i < KINDS; _i++) {					\
		snprintf(_name, sizeof(_name), "old_%s", kinds[_i].field);	\
		if ((_seen)->old[_i])						\
			EXPECT_EQ((_seen)->old[_i], told_number(_event, _name)); \
		snprintf(_name, sizeof(_name), "new_%s", kinds[_i].field);	\
		if ((_seen)->new[_i])						\
			EXPECT_EQ((_seen)->new[_i], told_number(_event, _name)); \
	}									\
} while (0)

static int unshare_net(void *arg)
{
	struct seen *seen = arg;
	int ret;

	seen_look(seen->old);
	ret = unshare(CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWNS) ? errno : 0;
	/* proc's mount is the old namespace's. */
	seen_look(seen->new);
	return ret;
}

static int unshare_net_as_nobody(void *arg)
{
	deed_as_nobody();
	return unshare_net(arg);
}

static int unshare_user_as_nobody(void *arg)
{
	struct seen *seen = arg;
	int ret;

	deed_as_nobody();
	seen_look(seen->old);
	ret = unshare(CLONE_NEWUSER | CLONE_NEWIPC) ? errno : 0;
	seen_look(seen->new);
	return ret;
}

static int unshare_files(void *arg)
{
	return unshare(CLONE_FILES | CLONE_FS) ? errno : 0;
}

static int unshare_empty(void *arg)
{
	return unshare(0x00100000 /* UNSHARE_EMPTY_MNTNS */) ? errno : 0;
}

/* From 7.1 on; the flag stands for CLONE_NEWNS, too. */
TEST_F(process_ns, a_mount_namespace_without_mounts_is_told)
{
	struct told *told;
	int status;

	told = deed_in_child(self->ev, NAMESPACE, unshare_empty, NULL, &status);
	if (status == EINVAL)
		SKIP(free(told); return, "this kernel has no empty mount namespace");
	ASSERT_EQ(0, status);
	ASSERT_EQ(1, told->n);
	EXPECT_EQ(CLONE_NEWNS, told_number(told_at(told, 0), "kinds"));
	EXPECT_NE(told_number(told_at(told, 0), "old_mnt_ns"),
		  told_number(told_at(told, 0), "new_mnt_ns"));
	free(told);
}

TEST_F(process_ns, unshare_tells_each_namespace_before_and_after)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	told = deed_in_child(self->ev, NAMESPACE, unshare_net, self->seen, &status);
	ASSERT_EQ(0, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(0, told_result(event));
	EXPECT_TRUE(told_called(event, "operation", "unshare"));
	EXPECT_EQ(CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWNS, told_number(event, "kinds"));
	EXPECT_EQ(event->rec->pid, told_number(event, "target_pid"));
	EXPECT_EQ(event->rec->tid, told_number(event, "target_tid"));
	EXPECT_EQ(told_number(event, "mntns"), told_number(event, "new_mnt_ns"));
	EXPECT_NE(told_number(event, "old_net_ns"), told_number(event, "new_net_ns"));
	EXPECT_SEEN(event, self->seen);
	free(told);

	told = deed_in_child(self->ev, NAMESPACE, unshare_net_as_nobody, self->seen, &status);
	ASSERT_EQ(EPERM, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(-EPERM, told_result(event));
	EXPECT_EQ(65534, told_number(event, "uid"));
	EXPECT_EQ(CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWNS, told_number(event, "kinds"));
	EXPECT_EQ(told_number(event, "old_net_ns"), told_number(event, "new_net_ns"));
	EXPECT_SEEN(event, self->seen);
	free(told);

	told = deed_in_child(self->ev, NAMESPACE, unshare_user_as_nobody, self->seen, &status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(-status, told_result(event));
	EXPECT_EQ(CLONE_NEWUSER | CLONE_NEWIPC, told_number(event, "kinds"));
	EXPECT_EQ(!status, told_number(event, "old_user_ns") != told_number(event, "new_user_ns"));
	EXPECT_SEEN(event, self->seen);
	free(told);

	told = deed_in_child(self->ev, NAMESPACE, unshare_files, NULL, &status);
	ASSERT_EQ(0, status);
	EXPECT_EQ(0, told->n);
	free(told);
}

/* Another process's namespace, by its descriptor */
struct enter {
	struct seen *seen;
	int fd;
	int kind;
	bool as_nobody;
};

static int enter(void *arg)
{
	const struct enter *how = arg;
	int ret;

	if (how->as_nobody)
		deed_as_nobody();
	seen_look(how->seen->old);
	ret = setns(how->fd, how->kind) ? errno : 0;
	seen_look(how->seen->new);
	return ret;
}

TEST_F(process_ns, setns_tells_the_entered_namespaces)
{
	struct enter how = { .seen = self->seen };
	const struct evring_event *event;
	struct told *told;
	char path[64];
	struct stat st;
	int status;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", self->idle);
	how.fd = open(path, O_RDONLY);
	ASSERT_LE(0, how.fd);
	ASSERT_EQ(0, fstat(how.fd, &st));
	told = deed_in_child(self->ev, NAMESPACE, enter, &how, &status);
	ASSERT_EQ(0, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_TRUE(told_called(event, "operation", "setns"));
	EXPECT_EQ(0, told_result(event));
	EXPECT_EQ(CLONE_NEWNET, told_number(event, "kinds"));
	EXPECT_EQ(st.st_ino, told_number(event, "given_ns"));
	EXPECT_EQ(st.st_ino, told_number(event, "new_net_ns"));
	EXPECT_SEEN(event, self->seen);
	free(told);

	how.as_nobody = true;
	told = deed_in_child(self->ev, NAMESPACE, enter, &how, &status);
	ASSERT_EQ(EPERM, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(-EPERM, told_result(event));
	EXPECT_EQ(CLONE_NEWNET, told_number(event, "kinds"));
	EXPECT_EQ(st.st_ino, told_number(event, "given_ns"));
	EXPECT_SEEN(event, self->seen);
	free(told);
	close(how.fd);

	how = (struct enter){ .seen = self->seen, .kind = CLONE_NEWNET | CLONE_NEWUTS };
	how.fd = (int)syscall(SYS_pidfd_open, self->idle, 0);
	ASSERT_LE(0, how.fd);
	told = deed_in_child(self->ev, NAMESPACE, enter, &how, &status);
	ASSERT_EQ(0, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(CLONE_NEWNET | CLONE_NEWUTS, told_number(event, "kinds"));
	EXPECT_EQ(0, told_number(event, "given_ns"));
	EXPECT_EQ(st.st_ino, told_number(event, "new_net_ns"));
	EXPECT_SEEN(event, self->seen);
	free(told);
	close(how.fd);

	how.fd = 999;
	told = deed_in_child(self->ev, NAMESPACE, enter, &how, &status);
	ASSERT_EQ(EBADF, status);
	ASSERT_EQ(1, told->n);
	EXPECT_EQ(-EBADF, told_result(told_at(told, 0)));
	free(told);
}

/* clone3() of a child in namespaces of its own, which looks at them */
static int make_child(void *arg)
{
	struct clone_args args = {
		.flags = CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWTIME,
		.exit_signal = SIGCHLD,
	};
	struct seen *seen = arg;
	int status;
	pid_t pid;

	seen_look(seen->old);
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (!pid) {
		seen_look(seen->new);
		_exit(0);
	}
	if (pid < 0)
		return errno;
	seen->child = pid;
	return waitpid(pid, &status, 0) != pid || status;
}

static int make_child_as_nobody(void *arg)
{
	deed_as_nobody();
	return make_child(arg);
}

TEST_F(process_ns, a_child_that_begins_in_namespaces_of_its_own_is_told)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	told = deed_in_child(self->ev, NAMESPACE, make_child, self->seen, &status);
	ASSERT_EQ(0, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_TRUE(told_called(event, "operation", "clone"));
	EXPECT_EQ(0, told_result(event));
	EXPECT_EQ(CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWTIME, told_number(event, "kinds"));
	EXPECT_EQ(self->seen->child, told_number(event, "target_pid"));
	EXPECT_EQ(self->seen->child, told_number(event, "target_tid"));
	EXPECT_SEEN(event, self->seen);
	free(told);

	told = deed_in_child(self->ev, NAMESPACE, make_child_as_nobody, self->seen, &status);
	ASSERT_EQ(EPERM, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_TRUE(told_called(event, "operation", "clone"));
	EXPECT_EQ(-EPERM, told_result(event));
	EXPECT_EQ(0, told_number(event, "target_pid"));
	EXPECT_EQ(CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWTIME, told_number(event, "kinds"));
	free(told);
}

#ifdef __x86_64__
static int by_32_bits(void *arg)
{
	const struct enter *how = arg;

	seen_look(how->seen->old);
	if (deed_call32(346, how->fd, 0, 0, 0, 0))
		return 77;
	seen_look(how->seen->new);
	return deed_call32(310, CLONE_NEWUTS, 0, 0, 0, 0) ? 1 : 0;
}

TEST_F(process_ns, a_32_bit_call_is_told_alike)
{
	struct enter how = { .seen = self->seen };
	const struct evring_event *event;
	struct told *told;
	char path[64];
	int status;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", self->idle);
	how.fd = open(path, O_RDONLY);
	told = deed_in_child(self->ev, NAMESPACE, by_32_bits, &how, &status);
	close(how.fd);
	if (status == 77) {
		free(told);
		SKIP(return, "this kernel has no 32-bit calls");
	}
	ASSERT_EQ(0, status);
	ASSERT_EQ(2, told->n);
	event = told_at(told, 1);
	EXPECT_TRUE(told_called(event, "operation", "setns"));
	EXPECT_EQ(CLONE_NEWNET, told_number(event, "kinds"));
	EXPECT_SEEN(event, self->seen);
	EXPECT_TRUE(told_called(told_at(told, 0), "operation", "unshare"));
	EXPECT_EQ(CLONE_NEWUTS, told_number(told_at(told, 0), "kinds"));
	free(told);
}
#endif

static void alarm_taken(int signal)
{
}

#define CLONES	5000

/*
 * Refused clones while signals come. The kernel looks for a signal before it refuses: then
 * the call begins anew once the signal is handled.
 */
static int clone_under_alarms(void *arg)
{
	const struct itimerval often = { .it_interval = { .tv_usec = 1000 },
					 .it_value = { .tv_usec = 1000 } };
	struct sigaction action = { .sa_handler = alarm_taken };
	struct clone_args args = { .flags = CLONE_NEWUTS, .exit_signal = SIGCHLD };

	deed_as_nobody();
	if (setrlimit(RLIMIT_NPROC, &(struct rlimit){ }) || sigaction(SIGALRM, &action, NULL) ||
	    setitimer(ITIMER_REAL, &often, NULL))
		return 1;
	for (int i = 0; i < CLONES; i++)
		if (syscall(SYS_clone3, &args, sizeof(args)) >= 0 || errno != EAGAIN)
			return 2;
	return 0;
}

TEST_F(process_ns, a_clone_that_begins_anew_is_told_by_its_end)
{
	unsigned int n = 0, anew = 0;
	struct evring_event event;
	int status;
	pid_t pid;

	pid = fork();
	if (!pid)
		_exit(clone_under_alarms(NULL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	while (evring_next(self->ev, &event) > 0) {
		if (!event.type || strcmp(event.type->name, NAMESPACE))
			continue;
		n++;
		anew += told_result(&event) != -EAGAIN;
	}
	note("%u clones are told, %u of them as begun anew", n, anew);
	EXPECT_LT(0, n);
	EXPECT_EQ(0, anew);
}

TEST_HARNESS_MAIN
