// SPDX-License-Identifier: MIT
/*
 * The process hooks: each process's fork, exec and exit, once, with the values that the
 * kernel shows elsewhere.
 */
#include <grp.h>
#include <pthread.h>
#include <sys/syscall.h>

#include "file_deed.h"
#include "life.h"

#define CGROUP		"/sys/fs/cgroup/evring-test"
#define TICK_NS		(1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK))

TEST_F(hooks, a_fork_tells_parent_and_child)
{
	struct life *life = live(self->ev, exit_with, &(int){ 0 });
	struct kept *fork = &life->kept[FORK];
	char comm[32], own[32] = "";

	ASSERT_EQ(1, fork->n);
	prctl(PR_GET_NAME, own);
	EXPECT_EQ(getpid(), fork->rec.pid);
	EXPECT_EQ(gettid(), fork->rec.tid);
	EXPECT_EQ(EVRING_REC_TASK, fork->rec.flags & EVRING_REC_CONTEXT);
	EXPECT_EQ(getppid(), number(fork, "ppid"));
	EXPECT_EQ(life->pid, number(fork, "child_pid"));
	EXPECT_EQ(life->pid, number(fork, "child_ns_pid"));
	EXPECT_EQ(inode("/proc/self/ns/pid"), number(fork, "child_pidns"));
	EXPECT_EQ(number(&life->kept[EXIT], "start_time"), number(fork, "child_start_time"));
	EXPECT_EQ(inode("/proc/self/ns/pid"), number(fork, "pidns"));
	EXPECT_EQ(0, number(fork, "uid"));
	string(fork, "comm", comm, sizeof(comm));
	EXPECT_STREQ(own, comm);
	EXPECT_EQ(0, life->kept[EXEC].n);
	EXPECT_EQ(1, life->kept[EXIT].n);
	free(life);
}

/* A child that clone() makes with these flags, and that leaves at once */
static uint64_t told_flags(struct evring *ev, unsigned long flags)
{
	struct life *life = calloc(1, sizeof(*life));
	uint64_t told;

	life->pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
	if (!life->pid)
		syscall(SYS_exit_group, 0);
	waitpid(life->pid, NULL, 0);
	life_read(ev, life);
	told = number(&life->kept[FORK], "clone_flags");
	free(life);
	return told;
}

TEST_F(hooks, a_fork_tells_its_flags)
{
	static const unsigned long flags[] = {
		0, CLONE_FILES, CLONE_FS, CLONE_NEWUTS, CLONE_VFORK, CLONE_NEWPID,
		CLONE_FILES | CLONE_FS | CLONE_SYSVSEM,
	};
	struct life *life = calloc(1, sizeof(*life));
	unsigned int i;

	for (i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		EXPECT_EQ(flags[i], told_flags(self->ev, flags[i]));
	life->pid = vfork();
	if (!life->pid)
		_exit(0);
	waitpid(life->pid, NULL, 0);
	life_read(self->ev, life);
	EXPECT_EQ(CLONE_VFORK | CLONE_VM, number(&life->kept[FORK], "clone_flags"));
	EXPECT_TRUE(told_flag(&life->kept[FORK].event, "clone_flags", "CLONE_VFORK"));
	EXPECT_FALSE(told_flag(&life->kept[FORK].event, "clone_flags", "CLONE_NEWUSER"));
	free(life);
}

TEST_F(hooks, an_exec_tells_path_and_arguments)
{
	static const char expected[] = "true\0\0a b\0\0\xff\n";
	char *argv[] = { "/bin/true", "true", "", "a b", "", "\xff\n", NULL };
	struct life *life = live(self->ev, exec_argv, argv);
	struct kept *exec = &life->kept[EXEC];
	char text[64];

	ASSERT_EQ(1, exec->n);
	EXPECT_EQ(9, string(exec, "path_given", text, sizeof(text)));
	EXPECT_STREQ("/bin/true", text);
	EXPECT_EQ(sizeof(expected), string(exec, "argv", text, sizeof(text)));
	EXPECT_EQ(0, memcmp(expected, text, sizeof(expected)));
	EXPECT_EQ(sizeof(expected), number(exec, "argv_len"));
	EXPECT_EQ(0, number(exec, "argv_truncated"));
	EXPECT_EQ(getpid(), number(exec, "ppid"));
	EXPECT_EQ(life->pid, number(exec, "old_tid"));
	EXPECT_EQ(life->pid, exec->rec.tid);
	string(exec, "comm", text, sizeof(text));
	EXPECT_STREQ("true", text);
	EXPECT_EQ(0, life->status);
	free(life);
}

TEST_F(hooks, an_exec_of_a_script_tells_the_script)
{
	FILE *file = fopen("/tmp/script", "w");
	struct life *life;
	char text[64];

	ASSERT_NE(NULL, file);
	fputs("#!/bin/sh\nexit 3\n", file);
	fclose(file);
	ASSERT_EQ(0, chmod("/tmp/script", 0755));
	life = live(self->ev, exec_argv, (char *[]){ "/tmp/script", "zero", "one", NULL });
	string(&life->kept[EXEC], "path", text, sizeof(text));
	EXPECT_STREQ("/tmp/script", text);
	EXPECT_EQ(24, string(&life->kept[EXEC], "argv", text, sizeof(text)));
	EXPECT_EQ(0, memcmp("/bin/sh\0/tmp/script\0one\0", text, 24));
	EXPECT_EQ(3, number(&life->kept[EXIT], "exit_code"));
	unlink("/tmp/script");
	free(life);
}

/* "true" and 200 arguments of @len bytes each, NUL included */
static struct life *exec_many(struct evring *ev, size_t len, char *expected)
{
	char *argv[203] = { "/bin/true", "true" }, *args = calloc(200, len);
	struct life *life;
	size_t i;

	for (i = 0; i < 200; i++) {
		argv[i + 2] = args + i * len;
		memset(argv[i + 2], 'a' + (int)(i % 26), len - 1);
	}
	memcpy(expected, "true", 5);
	memcpy(expected + 5, args, 200 * len);
	life = live(ev, exec_argv, argv);
	free(args);
	return life;
}

TEST_F(hooks, arguments_that_are_too_long_are_a_prefix_that_says_so)
{
	char *expected = malloc(20005), *told = malloc(20006);
	struct life *life = exec_many(self->ev, 10, expected);
	size_t len;

	EXPECT_EQ(2005, string(&life->kept[EXEC], "argv", told, 20006));
	EXPECT_EQ(0, memcmp(expected, told, 2005));
	EXPECT_EQ(2005, number(&life->kept[EXEC], "argv_len"));
	EXPECT_EQ(0, number(&life->kept[EXEC], "argv_truncated"));
	free(life);

	life = exec_many(self->ev, 100, expected);
	len = string(&life->kept[EXEC], "argv", told, 20006);
	EXPECT_EQ(4096, len);
	EXPECT_EQ(0, memcmp(expected, told, len));
	EXPECT_EQ(20005, number(&life->kept[EXEC], "argv_len"));
	EXPECT_EQ(1, number(&life->kept[EXEC], "argv_truncated"));
	free(life);
	free(told);
	free(expected);
}

TEST_F(hooks, an_exit_tells_the_status_of_wait)
{
	int codes[] = { 0, 1, 7, 255 }, signals[] = { SIGKILL, SIGTERM, SIGSEGV, SIGRTMAX };
	const struct rlimit none = { 0, 0 }, core = { RLIM_INFINITY, RLIM_INFINITY };
	struct life *life;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		life = live(self->ev, exit_with, &codes[i]);
		ASSERT_EQ(1, life->kept[EXIT].n);
		EXPECT_EQ(codes[i], number(&life->kept[EXIT], "exit_code"));
		EXPECT_EQ(0, number(&life->kept[EXIT], "signal"));
		EXPECT_EQ(getpid(), number(&life->kept[EXIT], "ppid"));
		free(life);
	}
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, setrlimit(RLIMIT_CORE, i < 4 ? &none : &core));
		life = live(self->ev, die_of, &signals[i % 4]);
		ASSERT_EQ(1, life->kept[EXIT].n);
		ASSERT_TRUE(WIFSIGNALED(life->status));
		EXPECT_EQ(0, number(&life->kept[EXIT], "exit_code"));
		EXPECT_EQ(signals[i % 4], number(&life->kept[EXIT], "signal"));
		EXPECT_EQ(!!WCOREDUMP(life->status), number(&life->kept[EXIT], "core_dumped"));
		free(life);
	}
	unlink("core");
}

struct started {
	uint64_t ticks;		/* of /proc/PID/stat: start time */
	uint64_t used;		/* CPU time, ns */
	uint64_t burn;		/* how much to use, ns */
};

static void *thread_burn(void *ns)
{
	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < *(uint64_t *)ns)
		;
	return NULL;
}

static void burn(void *arg)
{
	struct started *started = arg;
	unsigned long long ticks = 0;
	char line[1024];
	FILE *file = fopen("/proc/self/stat", "r");

	if (fgets(line, sizeof(line), file) &&
	    sscanf(strrchr(line, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u "
		   "%*d %*d %*d %*d %*d %*d %llu", &ticks) == 1)
		started->ticks = ticks;
	thread_burn(&started->burn);
	started->used = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	_exit(0);
}

/* Two threads that are gone, two that are there still, and itself */
static void burn_in_threads(void *arg)
{
	struct started *started = arg;
	pthread_t threads[4];
	int i;

	for (i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, i < 2 ? thread_burn : thread_idle,
				   &started->burn))
			_exit(1);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	thread_burn(&started->burn);
	started->used = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	_exit(0);
}

TEST_F(hooks, an_exit_tells_when_it_started)
{
	struct started *started = mmap(NULL, sizeof(*started), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct life *life;
	uint64_t start;

	ASSERT_NE(MAP_FAILED, started);
	life = live(self->ev, burn, started);
	ASSERT_EQ(1, life->kept[EXIT].n);
	start = number(&life->kept[EXIT], "start_time");
	EXPECT_EQ(started->ticks, start / TICK_NS);
	EXPECT_LE(start, evring_boottime(self->ev, &life->kept[FORK].event));
	EXPECT_LE(evring_boottime(self->ev, &life->kept[FORK].event),
		  evring_boottime(self->ev, &life->kept[EXIT].event));
	free(life);
}

/* Touch memory of its own, besides the memory that it shares with its parent. */
static void use_memory(void *bytes)
{
	size_t len = *(size_t *)bytes;
	void *room = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED)
		_exit(1);
	memset(room, 1, len);
	munmap(room, len);
}

TEST_F(hooks, an_exit_tells_the_most_memory_that_wait4_tells)
{
	struct life *life = live(self->ev, use_memory, &(size_t){ 40 << 20 });

	EXPECT_EQ((uint64_t)life->usage.ru_maxrss << 10, number(&life->kept[EXIT], "max_rss"));
	EXPECT_LE(40 << 20, number(&life->kept[EXIT], "max_rss"));
	free(life);
}

static uint64_t timeval_ns(const struct timeval *tv)
{
	return (uint64_t)tv->tv_sec * 1000 * MS + (uint64_t)tv->tv_usec * 1000;
}

/*
 * The event's times lie between the process's own clock just before it left and the
 * times of wait4(); the exit itself is between the two. (wait4() cuts two numbers to
 * microseconds.) No tick is waited for: most processes here live for less than one. A
 * kernel that accounts for interrupts, or for a hypervisor's stolen time, leaves these
 * out of a process's own time: the event knows them only to a tick.
 */
TEST_F_TIMEOUT(hooks, an_exit_tells_the_times_that_wait4_tells, 120)
{
	struct started *started = mmap(NULL, sizeof(*started), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t told, waited, sum[3] = { 0 };
	const uint64_t tick = 10 * MS;
	unsigned int i, less = 0, more = 0;
	struct life *life;

	ASSERT_NE(MAP_FAILED, started);
	for (i = 0; i < 300; i++) {
		started->burn = i % 20 * MS / 2;
		life = live(self->ev, i % 3 ? burn : burn_in_threads, started);
		ASSERT_EQ(1, life->kept[EXIT].n);
		told = number(&life->kept[EXIT], "user_time") +
		       number(&life->kept[EXIT], "system_time");
		waited = timeval_ns(&life->usage.ru_utime) + timeval_ns(&life->usage.ru_stime);
		less += told < started->used;
		more += told > waited + 2000 + tick;
		sum[0] += started->used;
		sum[1] += told;
		sum[2] += waited;
		free(life);
	}
	EXPECT_EQ(0, less);
	EXPECT_EQ(0, more);
	EXPECT_LE(sum[0], sum[1]);
	EXPECT_LE(sum[1], sum[2] + sum[2] / 50);
	note("us used, told, waited for, on average: %llu %llu %llu",
	     (unsigned long long)sum[0] / 300000, (unsigned long long)sum[1] / 300000,
	     (unsigned long long)sum[2] / 300000);
}

TEST_F(hooks, the_time_stamps_are_the_systems_time)
{
	uint64_t boot = clock_ns(CLOCK_BOOTTIME), real = clock_ns(CLOCK_REALTIME);
	struct life *life = live(self->ev, exit_with, &(int){ 0 });
	uint64_t boot_end = clock_ns(CLOCK_BOOTTIME), real_end = clock_ns(CLOCK_REALTIME);
	int i;

	for (i = 0; i < HOOKS; i += EXIT) {
		uint64_t at = evring_boottime(self->ev, &life->kept[i].event);

		/* Up to the kernel's own slack of its fast clocks */
		EXPECT_LE(boot, at + MS);
		EXPECT_GE(boot_end + MS, at);
		at = evring_realtime(self->ev, &life->kept[i].event);
		EXPECT_LE(real, at + MS);
		EXPECT_GE(real_end + MS, at);
	}
	free(life);
}

/*
 * This program as one that only exits: busybox gives up privileges, and so is a process
 * with other ids.
 */
#define EXIT_ENV	"PROCESS_TEST_EXIT"

static char own_path[4096];

static void __attribute__((constructor)) exit_at_once(void)
{
	if (getenv(EXIT_ENV))
		_exit(atoi(getenv(EXIT_ENV)));
	if (readlink("/proc/self/exe", own_path, sizeof(own_path) - 1) < 0)
		abort();
}

/* Become somebody in a cgroup of its own, say so in one's loginuid, exec. */
static void change_and_exec(void *loginuid)
{
	FILE *file = fopen(CGROUP "/cgroup.procs", "w");

	if (!file || fprintf(file, "%d", getpid()) < 0 || fclose(file))
		_exit(1);
	file = fopen("/proc/self/loginuid", "w");
	if (file) {
		fputs("4242", file);
		fclose(file);
	}
	file = fopen("/proc/self/loginuid", "r");
	if (!file || fscanf(file, "%u", (unsigned int *)loginuid) != 1)
		_exit(2);
	if (setgroups(0, NULL) || setresgid(2001, 2002, 2003) || setresuid(1001, 1002, 1003))
		_exit(3);
	execle(own_path, "self", NULL, (char *[]){ EXIT_ENV "=5", NULL });
	_exit(127);
}

TEST_F(hooks, the_common_part_identifies_the_process)
{
	unsigned int *loginuid = mmap(NULL, sizeof(*loginuid), PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct life *life;
	char comm[32];
	int i;

	mkdir(CGROUP, 0755);
	life = live(self->ev, change_and_exec, loginuid);
	ASSERT_EQ(5 << 8, life->status);
	for (i = EXEC; i <= EXIT; i++) {
		const struct kept *kept = &life->kept[i];

		ASSERT_EQ(1, kept->n);
		EXPECT_EQ(1001, number(kept, "uid"));
		EXPECT_EQ(1002, number(kept, "euid"));
		EXPECT_EQ(*loginuid, number(kept, "loginuid"));
		EXPECT_EQ(inode(CGROUP), number(kept, "cgroup"));
		EXPECT_EQ(inode("/proc/self/ns/pid"), number(kept, "pidns"));
		string(kept, "comm", comm, sizeof(comm));
		EXPECT_STREQ("process_test", comm);
	}
	EXPECT_EQ(2001, number(&life->kept[EXEC], "gid"));
	EXPECT_EQ(2002, number(&life->kept[EXEC], "egid"));
	EXPECT_EQ(inode("/sys/fs/cgroup"), number(&life->kept[FORK], "cgroup"));
	rmdir(CGROUP);
	free(life);
}

TEST_F(hooks, a_new_pid_namespace_shows_on_both_sides)
{
	struct life *life;
	ino_t ns;

	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	life = live(self->ev, exec_argv, (char *[]){ "/bin/true", "true", NULL });
	ns = inode("/proc/self/ns/pid_for_children");
	ASSERT_EQ(1, life->kept[FORK].n);
	EXPECT_EQ(getpid(), life->kept[FORK].rec.pid);
	EXPECT_EQ(inode("/proc/self/ns/pid"), number(&life->kept[FORK], "pidns"));
	EXPECT_EQ(ns, number(&life->kept[FORK], "child_pidns"));
	EXPECT_EQ(1, number(&life->kept[FORK], "child_ns_pid"));
	EXPECT_EQ(ns, number(&life->kept[EXEC], "pidns"));
	EXPECT_EQ(ns, number(&life->kept[EXIT], "pidns"));
	EXPECT_EQ(life->pid, life->kept[EXIT].rec.pid);
	EXPECT_NE(inode("/proc/self/ns/pid"), ns);
	free(life);
}

#ifdef __x86_64__
/* fork() and exit() of a 32-bit program; 77: this kernel has none */
static void fork32(void *unused)
{
	long pid = deed_call32(2, 0, 0, 0, 0, 0);

	if (pid == -ENOSYS)
		_exit(77);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
	deed_call32(1, pid ? 7 : 0, 0, 0, 0, 0);
}

TEST_F(hooks, fork_and_exit_of_a_32_bit_program_are_told)
{
	struct life *life = live(self->ev, fork32, NULL);

	if (WEXITSTATUS(life->status) == 77)
		SKIP(return, "this kernel has no 32-bit calls");
	EXPECT_EQ(7, WEXITSTATUS(life->status));
	EXPECT_EQ(1, life->forks);
	EXPECT_EQ(1, life->kept[EXIT].n);
	EXPECT_EQ(7, number(&life->kept[EXIT], "exit_code"));
	free(life);
}
#endif

TEST_HARNESS_MAIN
