// SPDX-License-Identifier: MIT
/* process.ptrace, process.signal, process.cred: acts of processes on each other. */
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "file_deed.h"

static const char *const acts[] = { "process.ptrace", "process.signal", "process.cred" };

FIXTURE(process_acts) {
	struct evring *ev;
	pid_t idle;		/* root's, that sleeps */
};

FIXTURE_SETUP(process_acts)
{
	unsigned int i;

	groups_drop();
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	for (i = 0; i < sizeof(acts) / sizeof(*acts); i++)
		ASSERT_EQ(1, hook_op(self->ev, acts[i], EVRING_HOOK_ATTACH));
	self->idle = fork();
	if (!self->idle) {
		prctl(PR_SET_NAME, "sleeper");
		for (;;)
			pause();
	}
	/* It has its name when it sleeps. */
	for (;;) {
		char path[64], comm[32] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/comm", self->idle);
		file = fopen(path, "r");
		if (!file || !fgets(comm, sizeof(comm), file))
			abort();
		fclose(file);
		if (!strcmp(comm, "sleeper\n"))
			break;
		usleep(1000);
	}
	ASSERT_EQ(0, evring_tap(self->ev, CRITICAL, EVRING_LATEST));
}

FIXTURE_TEARDOWN(process_acts)
{
	unsigned int i;

	kill(self->idle, SIGKILL);
	waitpid(self->idle, NULL, 0);
	for (i = 0; i < sizeof(acts) / sizeof(*acts); i++)
		hook_op(self->ev, acts[i], EVRING_HOOK_DETACH);
	evring_close(self->ev);
}

static void nobody(void)
{
	if (setgroups(0, NULL) || setresgid(65534, 65534, 65534) ||
	    setresuid(65534, 65534, 65534))
		_exit(99);
}

/* Run @fn in a child, whose status is @fn's result; returns its events of @name. */
static struct told *told_of(struct evring *ev, const char *name, int (*fn)(pid_t idle),
			    pid_t idle, int *status, pid_t *pid)
{
	fflush(NULL);
	*pid = fork();
	if (!*pid)
		_exit(fn(idle));
	if (waitpid(*pid, status, 0) != *pid)
		abort();
	*status = WEXITSTATUS(*status);
	return told_read(ev, name, *pid);
}

static int seize(pid_t idle)
{
	return ptrace(PTRACE_SEIZE, idle, 0, 0) ? errno : 0;
}

static int seize_as_nobody(pid_t idle)
{
	nobody();
	return seize(idle);
}

static int traceme(pid_t idle)
{
	return ptrace(PTRACE_TRACEME, 0, 0, 0) ? errno : 0;
}

TEST_F(process_acts, tracing_tells_both_processes_and_the_result)
{
	const struct evring_event *event;
	struct told *told;
	int status;
	pid_t pid;

	told = told_of(self->ev, "process.ptrace", seize, self->idle, &status, &pid);
	ASSERT_EQ(0, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(0, told_result(event));
	EXPECT_TRUE(told_called(event, "request", "PTRACE_SEIZE"));
	EXPECT_EQ(self->idle, told_number(event, "target_pid"));
	EXPECT_EQ(self->idle, told_number(event, "target_tid"));
	EXPECT_EQ(pid, told_number(event, "tracer_pid"));
	EXPECT_STREQ("sleeper", told_text(event, "target_comm"));
	free(told);

	told = told_of(self->ev, "process.ptrace", seize_as_nobody, self->idle, &status, &pid);
	ASSERT_EQ(EPERM, status);
	ASSERT_EQ(1, told->n);
	EXPECT_EQ(-EPERM, told_result(told_at(told, 0)));
	EXPECT_EQ(65534, told_number(told_at(told, 0), "uid"));
	EXPECT_EQ(self->idle, told_number(told_at(told, 0), "target_pid"));
	free(told);

	told = told_of(self->ev, "process.ptrace", traceme, 0, &status, &pid);
	ASSERT_EQ(0, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_TRUE(told_called(event, "request", "PTRACE_TRACEME"));
	EXPECT_EQ(pid, told_number(event, "target_pid"));
	EXPECT_EQ(getpid(), told_number(event, "tracer_pid"));
	EXPECT_EQ(0, told_result(event));
	EXPECT_EQ(told_number(event, "start_time"), told_number(event, "target_start_time"));
	free(told);
}

static int send_winch(pid_t idle)
{
	return kill(idle, SIGWINCH) ? errno : 0;
}

static int send_as_nobody(pid_t idle)
{
	nobody();
	return kill(idle, SIGTERM) ? errno : 0;
}

static int send_self(pid_t idle)
{
	signal(SIGUSR1, SIG_IGN);
	return raise(SIGUSR1) || kill(getpid(), SIGUSR1);
}

TEST_F(process_acts, a_signal_to_another_process_is_told_and_a_refused_one)
{
	const struct evring_event *event;
	struct told *told;
	int status;
	pid_t pid;

	told = told_of(self->ev, "process.signal", send_winch, self->idle, &status, &pid);
	ASSERT_EQ(0, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(SIGWINCH, told_number(event, "signal"));
	EXPECT_EQ(self->idle, told_number(event, "target_pid"));
	EXPECT_STREQ("sleeper", told_text(event, "target_comm"));
	EXPECT_TRUE(told_called(event, "outcome", "ignored"));
	EXPECT_EQ(0, told_result(event));
	free(told);

	told = told_of(self->ev, "process.signal", send_as_nobody, self->idle, &status, &pid);
	ASSERT_EQ(EPERM, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(SIGTERM, told_number(event, "signal"));
	EXPECT_EQ(-EPERM, told_result(event));
	EXPECT_EQ(65534, told_number(event, "uid"));
	EXPECT_EQ(self->idle, told_number(event, "target_pid"));
	free(told);

	/* To oneself, and SIGCHLD, which the kernel sends for us */
	told = told_of(self->ev, "process.signal", send_self, self->idle, &status, &pid);
	ASSERT_EQ(0, status);
	EXPECT_EQ(0, told->n);
	free(told);
}

static int change_ids(pid_t idle)
{
	return setresgid(2001, 2002, 2003) || setresuid(1001, 1002, 1003) ? errno : 0;
}

static int change_groups(pid_t idle)
{
	static const gid_t others[] = { 2005, 2006 };

	if (setgroups(2, others) || setresgid((gid_t)-1, (gid_t)-1, 2003))
		return errno;
	return setfsgid(2004);
}

/* Any process may have a timer on another one's CPU clock, which fires in that one's task. */
TEST_F(process_acts, a_timer_on_anothers_cpu_clock_is_not_sent_by_it)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	const struct itimerspec soon = { .it_value.tv_nsec = 1000000 };
	const struct timespec long_time = { .tv_sec = 100 };
	struct told *told;
	sigset_t set;
	clockid_t clock;
	timer_t timer;
	pid_t busy;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &set, NULL));
	busy = fork();
	if (!busy)
		for (;;)
			;
	ASSERT_EQ(0, clock_getcpuclockid(busy, &clock));
	ASSERT_EQ(0, timer_create(clock, &event, &timer));
	ASSERT_EQ(0, timer_settime(timer, 0, &soon, NULL));
	ASSERT_EQ(SIGUSR1, sigtimedwait(&set, NULL, &long_time));
	timer_delete(timer);
	kill(busy, SIGKILL);
	waitpid(busy, NULL, 0);
	told = told_read(self->ev, "process.signal", busy);
	EXPECT_EQ(0, told->n);
	free(told);
}

TEST_F(process_acts, saved_group_and_that_for_files_are_told)
{
	const struct evring_event *event;
	struct told *told;
	int status;
	pid_t pid;

	told = told_of(self->ev, "process.cred", change_groups, 0, &status, &pid);
	ASSERT_EQ(0, status);
	/* Supplementary groups are not. */
	ASSERT_EQ(2, told->n);
	event = told_at(told, 1);
	EXPECT_EQ(0, told_number(event, "old_sgid"));
	EXPECT_EQ(2003, told_number(event, "new_sgid"));
	EXPECT_EQ(0, told_number(event, "new_fsgid"));
	event = told_at(told, 0);
	EXPECT_EQ(2003, told_number(event, "old_sgid"));
	EXPECT_EQ(2003, told_number(event, "new_sgid"));
	EXPECT_EQ(0, told_number(event, "old_fsgid"));
	EXPECT_EQ(2004, told_number(event, "new_fsgid"));
	EXPECT_EQ(0, told_number(event, "new_gid") + told_number(event, "new_egid"));
	free(told);
}

static int change_bits(pid_t idle)
{
	if (prctl(PR_SET_SECUREBITS, SECBIT_NOROOT) || setresuid(0, 0, 0))
		return errno;
	return setresuid(1001, 1001, 1001) || !setresuid(0, 0, 0);
}

TEST_F(process_acts, new_credentials_are_told_with_the_old_ones)
{
	const struct evring_event *event;
	struct told *told;
	int status;
	pid_t pid;

	told = told_of(self->ev, "process.cred", change_ids, 0, &status, &pid);
	ASSERT_EQ(0, status);
	ASSERT_EQ(2, told->n);
	event = told_at(told, 1);
	EXPECT_EQ(0, told_number(event, "old_gid") + told_number(event, "old_egid"));
	EXPECT_EQ(2001, told_number(event, "new_gid"));
	EXPECT_EQ(2002, told_number(event, "new_egid"));
	EXPECT_EQ(0, told_number(event, "new_uid"));
	event = told_at(told, 0);
	EXPECT_EQ(0, told_number(event, "old_uid") + told_number(event, "old_euid") +
		     told_number(event, "old_suid") + told_number(event, "old_fsuid"));
	EXPECT_EQ(1001, told_number(event, "new_uid"));
	EXPECT_EQ(1002, told_number(event, "new_euid"));
	EXPECT_EQ(1003, told_number(event, "new_suid"));
	EXPECT_EQ(1002, told_number(event, "new_fsuid"));
	EXPECT_NE(0, told_number(event, "old_cap_effective"));
	EXPECT_EQ(0, told_number(event, "new_cap_effective"));
	EXPECT_EQ(0, told_number(event, "new_cap_permitted"));
	free(told);

	/* A change to the same value is no event, nor is a refused change. */
	told = told_of(self->ev, "process.cred", change_bits, 0, &status, &pid);
	ASSERT_EQ(0, status);
	ASSERT_EQ(2, told->n);
	EXPECT_EQ(0, told_number(told_at(told, 1), "old_securebits"));
	EXPECT_TRUE(told_flag(told_at(told, 1), "new_securebits", "NOROOT"));
	EXPECT_EQ(1001, told_number(told_at(told, 0), "new_uid"));
	free(told);
}

/* One capability that exec can no longer give; one that it passes on to any program */
static int change_sets(pid_t idle)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];

	if (prctl(PR_CAPBSET_DROP, CAP_SYS_BOOT) || syscall(SYS_capget, &head, sets))
		return errno;
	sets[0].inheritable |= 1 << CAP_NET_RAW;
	if (syscall(SYS_capset, &head, sets) ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0))
		return errno;
	/* It is there already. */
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0) ? errno : 0;
}

TEST_F(process_acts, bounding_and_ambient_capabilities_are_told)
{
	const struct evring_event *event;
	struct told *told;
	int status;
	pid_t pid;

	told = told_of(self->ev, "process.cred", change_sets, 0, &status, &pid);
	ASSERT_EQ(0, status);
	ASSERT_EQ(3, told->n);
	event = told_at(told, 2);
	EXPECT_EQ(1ULL << CAP_SYS_BOOT, told_number(event, "old_cap_bounding") ^
					told_number(event, "new_cap_bounding"));
	EXPECT_EQ(0, told_number(event, "new_cap_bounding") & 1ULL << CAP_SYS_BOOT);
	event = told_at(told, 1);
	EXPECT_EQ(1ULL << CAP_NET_RAW, told_number(event, "new_cap_inheritable"));
	EXPECT_TRUE(told_called(event, "new_cap_inheritable", "CAP_NET_RAW"));
	EXPECT_FALSE(told_flag(event, "new_cap_bounding", "ALL"));
	EXPECT_EQ(told_number(event, "old_cap_bounding"), told_number(event, "new_cap_bounding"));
	event = told_at(told, 0);
	EXPECT_EQ(0, told_number(event, "old_cap_ambient"));
	EXPECT_EQ(1ULL << CAP_NET_RAW, told_number(event, "new_cap_ambient"));
	free(told);
}

#ifdef __x86_64__
/* ptrace(), kill(), setuid(), capset() of a 32-bit program; 77: this kernel has none */
static int act32(pid_t idle)
{
	struct __user_cap_header_struct *head = deed_low(4096);
	struct __user_cap_data_struct *sets = (void *)(head + 1);
	long ret = deed_call32(26, PTRACE_SEIZE, idle, 0, 0, 0);

	if (ret == -ENOSYS)
		return 77;
	head->version = _LINUX_CAPABILITY_VERSION_3;
	if (ret || deed_call32(37, idle, SIGWINCH, 0, 0, 0) ||
	    deed_call32(184, (long)head, (long)sets, 0, 0, 0))
		return 1;
	sets[0].effective &= ~(1u << CAP_SYS_BOOT);
	if (deed_call32(185, (long)head, (long)sets, 0, 0, 0) ||
	    deed_call32(213, 1001, 0, 0, 0, 0))
		return 2;
	/* And refused, by now */
	return deed_call32(26, PTRACE_ATTACH, getppid(), 0, 0, 0) != -EPERM ||
	       deed_call32(37, getppid(), SIGTERM, 0, 0, 0) != -EPERM ? 3 : 0;
}

TEST_F(process_acts, calls_of_32_bit_programs_are_told)
{
	const struct evring_event *event;
	struct told *told;
	int status;
	pid_t pid;

	told = told_of(self->ev, "process.", act32, self->idle, &status, &pid);
	if (status == 77) {
		free(told);
		SKIP(return, "this kernel has no 32-bit calls");
	}
	ASSERT_EQ(0, status);
	ASSERT_EQ(6, told->n);
	event = told_at(told, 5);
	EXPECT_STREQ("process.ptrace", event->type->name);
	EXPECT_TRUE(told_called(event, "request", "PTRACE_SEIZE"));
	EXPECT_EQ(self->idle, told_number(event, "target_pid"));
	EXPECT_EQ(0, told_result(event));
	event = told_at(told, 4);
	EXPECT_STREQ("process.signal", event->type->name);
	EXPECT_EQ(SIGWINCH, told_number(event, "signal"));
	EXPECT_EQ(self->idle, told_number(event, "target_pid"));
	event = told_at(told, 3);
	EXPECT_STREQ("process.cred", event->type->name);
	EXPECT_EQ(1ULL << CAP_SYS_BOOT, told_number(event, "old_cap_effective") ^
					told_number(event, "new_cap_effective"));
	event = told_at(told, 2);
	EXPECT_STREQ("process.cred", event->type->name);
	EXPECT_EQ(1001, told_number(event, "new_uid"));
	EXPECT_EQ(0, told_number(event, "new_cap_effective"));
	event = told_at(told, 1);
	EXPECT_STREQ("process.ptrace", event->type->name);
	EXPECT_TRUE(told_called(event, "request", "PTRACE_ATTACH"));
	EXPECT_EQ(-EPERM, told_result(event));
	EXPECT_EQ(1001, told_number(event, "uid"));
	event = told_at(told, 0);
	EXPECT_STREQ("process.signal", event->type->name);
	EXPECT_EQ(-EPERM, told_result(event));
	EXPECT_EQ(getpid(), told_number(event, "target_pid"));
	free(told);
}
#endif

TEST_HARNESS_MAIN
