// SPDX-License-Identifier: MIT
/*
 * The process hooks: each process's fork, exec and exit, once, in this order,
 * with what the kernel says of it elsewhere.
 */
#include <grp.h>
#include <pthread.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "device.h"
#include "load.h"

#define PAYLOAD_MAX	16384
#define CGROUP		"/sys/fs/cgroup/evring-test"
#define TICK_NS		(1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK))
#define MS		1000000ull

enum { FORK, EXEC, EXIT, HOOKS };

static const char *const names[HOOKS] = {
	[FORK] = "process.fork", [EXEC] = "process.exec", [EXIT] = "process.exit",
};

FIXTURE(hooks) {
	struct evring *ev;
};

static void hooks_all(struct evring *ev, unsigned int op)
{
	int i;

	for (i = 0; i < HOOKS; i++)
		if (hook_op(ev, names[i], op) != (op == EVRING_HOOK_ATTACH))
			abort();
}

FIXTURE_SETUP(hooks)
{
	groups_drop();
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	hooks_all(self->ev, EVRING_HOOK_ATTACH);
	ASSERT_EQ(0, evring_tap(self->ev, CRITICAL, EVRING_LATEST));
}

FIXTURE_TEARDOWN(hooks)
{
	hooks_all(self->ev, EVRING_HOOK_DETACH);
	evring_close(self->ev);
}

/* An event, kept */
struct kept {
	unsigned int n;		/* how many there were; this is the last one */
	unsigned int order;	/* among all events, from 1 */
	struct evring_event event;
	struct evring_rec rec;
	char payload[PAYLOAD_MAX];
};

/* What the rings say of one process */
struct life {
	pid_t pid;
	int status;		/* as wait4() told it */
	struct rusage usage;
	unsigned int forks;	/* of its own */
	struct kept kept[HOOKS];
};

static void keep(struct kept *kept, const struct evring_event *event, unsigned int order)
{
	kept->n++;
	kept->order = order;
	kept->event = *event;
	kept->rec = *event->rec;
	if (event->payload_len > sizeof(kept->payload))
		abort();
	memcpy(kept->payload, event->payload, event->payload_len);
	kept->event.rec = &kept->rec;
	kept->event.payload = kept->payload;
}

static uint64_t event_number(const struct evring_event *event, const char *name)
{
	const struct evring_field *field = evring_field(event->type, name);
	uint64_t value;

	if (!field || evring_get_number(event, field, &value))
		abort();
	return value;
}

static uint64_t number(const struct kept *kept, const char *name)
{
	return event_number(&kept->event, name);
}

/* A string field, as far as there is room for it */
static size_t string(const struct kept *kept, const char *name, char *to, size_t room)
{
	const struct evring_field *field = evring_field(kept->event.type, name);
	const char *str;
	size_t len;

	if (!field || evring_get_string(&kept->event, field, &str, &len))
		abort();
	memset(to, 0, room);
	memcpy(to, str, len < room ? len : room - 1);
	return len;
}

static int kind_of(const struct evring_event *event)
{
	int i;

	for (i = 0; i < HOOKS && event->type; i++)
		if (!strcmp(event->type->name, names[i]))
			return i;
	return -1;
}

/* Read all there is, and keep what is about life->pid. */
static void life_read(struct evring *ev, struct life *life)
{
	struct evring_event event;
	unsigned int order = 0;
	int kind;

	while (evring_next(ev, &event) > 0) {
		kind = kind_of(&event);
		if (kind < 0)
			continue;
		order++;
		if (kind == FORK && event_number(&event, "child_pid") == (uint64_t)life->pid)
			keep(&life->kept[FORK], &event, order);
		else if (kind == FORK && event.rec->pid == (uint32_t)life->pid)
			life->forks++;
		else if (kind != FORK && event.rec->pid == (uint32_t)life->pid)
			keep(&life->kept[kind], &event, order);
	}
}

/* Fork, let the child run @fn, wait, and see what was told of it. */
static struct life *live(struct evring *ev, void (*fn)(void *arg), void *arg)
{
	struct life *life = calloc(1, sizeof(*life));

	fflush(NULL);
	life->pid = fork();
	if (!life->pid) {
		fn(arg);
		_exit(0);
	}
	if (wait4(life->pid, &life->status, 0, &life->usage) != life->pid)
		abort();
	life_read(ev, life);
	return life;
}

static ino_t inode(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		abort();
	return st.st_ino;
}

static void exec_argv(void *argv)
{
	char **args = argv;

	execv(args[0], args + 1);
	_exit(127);
}

static void exit_with(void *code)
{
	_exit(*(int *)code);
}

static void die_of(void *signal)
{
	raise(*(int *)signal);
}

TEST_F(hooks, attach_and_detach_are_idempotent)
{
	const struct evring_type *type;
	struct evring *other;
	int i, round;

	for (i = 0; i < HOOKS; i++) {
		for (round = 0; round < 2; round++)
			EXPECT_EQ(0, hook_op(self->ev, names[i], EVRING_HOOK_DETACH));
		EXPECT_EQ(0, hook_op(self->ev, names[i], EVRING_HOOK_QUERY));
		ASSERT_LT(0, evring_types(self->ev));
		type = evring_type_by_name(self->ev, names[i]);
		EXPECT_EQ(0, type->flags & EVRING_TYPE_F_ATTACHED);
		for (round = 0; round < 2; round++)
			EXPECT_EQ(1, hook_op(self->ev, names[i], EVRING_HOOK_ATTACH));
		EXPECT_EQ(1, hook_op(self->ev, names[i], EVRING_HOOK_QUERY));
		ASSERT_LT(0, evring_types(self->ev));
		EXPECT_EQ(EVRING_TYPE_F_ATTACHED, type->flags & EVRING_TYPE_F_ATTACHED);
		/* It is the host's, not the session's. */
		ASSERT_EQ(0, evring_open(&other, NULL));
		EXPECT_EQ(1, hook_op(other, names[i], EVRING_HOOK_ATTACH));
		evring_close(other);
		EXPECT_EQ(1, hook_op(self->ev, names[i], EVRING_HOOK_QUERY));
	}
}

/* 0 or the errno: not every kernel has each knob, or lets it be turned. */
static int knob_set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return errno;
	if (write(fd, value, strlen(value)) < 0)
		ret = errno;
	close(fd);
	return ret;
}

/* Five processes come and go: how often does the hook say so? */
static unsigned int exits_of_five(struct evring *ev)
{
	unsigned int i, n = 0;

	for (i = 0; i < 5; i++) {
		struct life *life = live(ev, exec_argv, (char *[]){ "/bin/true", "true", NULL });

		n += life->kept[EXIT].n;
		free(life);
	}
	return n;
}

/* What silences probes of other kinds, before the hooks were attached and after */
TEST_F(hooks, what_is_called_attached_emits_whatever_is_switched_off)
{
	static const char *const knobs[] = {
		"/proc/sys/kernel/ftrace_enabled", "/sys/kernel/debug/kprobes/enabled",
	};
	unsigned int i;
	int ret;

	if (mount("none", "/sys/kernel/debug", "debugfs", 0, NULL) && errno != EBUSY)
		abort();
	for (i = 0; i < 2; i++) {
		ret = knob_set(knobs[i], "0");
		if (ret) {
			note("%s stays on: %s", knobs[i], strerror(ret));
			continue;
		}
		EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_hook_state(self->ev,
								  names[EXIT]));
		EXPECT_EQ(5, exits_of_five(self->ev));
		hooks_all(self->ev, EVRING_HOOK_DETACH);
		EXPECT_EQ(EVRING_HOOK_DETACHED, evring_hook_state(self->ev,
								  names[EXIT]));
		EXPECT_EQ(0, exits_of_five(self->ev));
		hooks_all(self->ev, EVRING_HOOK_ATTACH);
		EXPECT_EQ(5, exits_of_five(self->ev));
		EXPECT_EQ(0, knob_set(knobs[i], "1"));
		EXPECT_EQ(5, exits_of_five(self->ev));
	}
}

TEST_F(hooks, a_detached_hook_emits_nothing)
{
	uint64_t seq[2];
	unsigned int cpu;
	int i;

	hooks_all(self->ev, EVRING_HOOK_DETACH);
	for (cpu = 0; cpu < 2; cpu++)
		seq[cpu] = ring_get(LANE_CRITICAL, cpu).seq;
	for (i = 0; i < 20; i++)
		free(live(self->ev, exec_argv, (char *[]){ "/bin/true", "true", NULL }));
	for (cpu = 0; cpu < 2; cpu++)
		EXPECT_EQ(seq[cpu], ring_get(LANE_CRITICAL, cpu).seq);
}

TEST_F(hooks, each_hook_emits_its_own_event_alone)
{
	struct life *life;
	int i, j;

	for (i = 0; i < HOOKS; i++) {
		hooks_all(self->ev, EVRING_HOOK_DETACH);
		ASSERT_EQ(1, hook_op(self->ev, names[i], EVRING_HOOK_ATTACH));
		life = live(self->ev, exec_argv, (char *[]){ "/bin/true", "true", NULL });
		for (j = 0; j < HOOKS; j++)
			EXPECT_EQ(i == j, life->kept[j].n);
		free(life);
	}
}

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
	EXPECT_EQ(9, string(exec, "path", text, sizeof(text)));
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

TEST_F(hooks, an_exec_that_failed_is_none)
{
	struct life *life = live(self->ev, exec_argv,
				 (char *[]){ "/bin/none-such", "none", NULL });

	EXPECT_EQ(0, life->kept[EXEC].n);
	EXPECT_EQ(127, number(&life->kept[EXIT], "exit_code"));
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

TEST_F(hooks, an_exit_tells_what_wait_tells)
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

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void *thread_idle(void *unused)
{
	pause();
	return NULL;
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

static uint64_t timeval_ns(const struct timeval *tv)
{
	return (uint64_t)tv->tv_sec * 1000 * MS + (uint64_t)tv->tv_usec * 1000;
}

/*
 * The event lies between the process's own clock just before it left and what
 * wait4() tells of it: what is between these two is the exit itself. (wait4()
 * cuts two numbers to microseconds.) No tick is waited for: most processes here
 * live for less than one. A kernel that accounts for interrupts, or for what a
 * hypervisor steals, leaves their time out of a process's own: the event knows
 * these only to a tick.
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
 * This program as one that only exits: busybox gives up the privileges that it
 * has no need of, and so changes what it is.
 */
#define EXIT_ENV	"HOOKS_TEST_EXIT"

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

TEST_F(hooks, the_common_part_tells_who_did_it)
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
		EXPECT_STREQ("hooks_test", comm);
	}
	EXPECT_EQ(2001, number(&life->kept[EXEC], "gid"));
	EXPECT_EQ(2002, number(&life->kept[EXEC], "egid"));
	EXPECT_EQ(inode("/sys/fs/cgroup"), number(&life->kept[FORK], "cgroup"));
	rmdir(CGROUP);
	free(life);
}

static void *thread_exit_group(void *unused)
{
	_exit(9);
}

static void exit_from_thread(void *unused)
{
	pthread_t thread;
	int i;

	for (i = 0; i < 6; i++)
		if (pthread_create(&thread, NULL, thread_idle, NULL))
			_exit(1);
	pthread_create(&thread, NULL, thread_exit_group, NULL);
	pause();
}

TEST_F(hooks, a_threads_start_is_no_fork_and_its_end_no_exit)
{
	struct life *life = live(self->ev, exit_from_thread, NULL);

	EXPECT_EQ(9 << 8, life->status);
	EXPECT_EQ(0, life->forks);
	EXPECT_EQ(1, life->kept[EXIT].n);
	EXPECT_EQ(9, number(&life->kept[EXIT], "exit_code"));
	free(life);
}

TEST_F_TIMEOUT(hooks, a_process_whose_threads_end_at_once_exits_once, 600)
{
	unsigned int wrong = 0;
	int i;

	for (i = 0; i < 300; i++) {
		struct life *life = live(self->ev, exit_from_thread, NULL);

		wrong += life->kept[EXIT].n != 1;
		free(life);
	}
	EXPECT_EQ(0, wrong);
}

static pthread_barrier_t all_here;

static void *thread_leave(void *unused)
{
	pthread_barrier_wait(&all_here);
	syscall(SYS_exit, 6);
	return NULL;
}

/* Each by itself, all at once; the leader among them. */
static void leave_together(void *unused)
{
	pthread_t thread;
	int i;

	pthread_barrier_init(&all_here, NULL, 8);
	for (i = 0; i < 7; i++)
		if (pthread_create(&thread, NULL, thread_leave, NULL))
			_exit(1);
	thread_leave(NULL);
}

TEST_F_TIMEOUT(hooks, a_process_whose_threads_leave_one_by_one_exits_once, 60)
{
	unsigned int wrong = 0, status = 0;
	int i;

	for (i = 0; i < 300; i++) {
		struct life *life = live(self->ev, leave_together, NULL);

		wrong += life->kept[EXIT].n != 1;
		status += life->status != 6 << 8 ||
			  number(&life->kept[EXIT], "exit_code") != 6;
		free(life);
	}
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(0, status);
}

static void *thread_outlive(void *unused)
{
	usleep(50000);
	syscall(SYS_exit, 4);
	return NULL;
}

static void leader_first(void *unused)
{
	pthread_t thread;

	pthread_create(&thread, NULL, thread_outlive, NULL);
	syscall(SYS_exit, 3);
}

TEST_F(hooks, the_exit_of_a_process_is_that_of_its_last_thread)
{
	uint64_t start = clock_ns(CLOCK_BOOTTIME);
	struct life *life = live(self->ev, leader_first, NULL);
	struct kept *exit = &life->kept[EXIT];

	ASSERT_EQ(1, exit->n);
	EXPECT_EQ(WEXITSTATUS(life->status), number(exit, "exit_code"));
	EXPECT_LE(start + 50 * MS, evring_boottime(self->ev, &exit->event));
	EXPECT_EQ(life->pid, exit->rec.pid);
	EXPECT_NE(life->pid, exit->rec.tid);
	free(life);
}

static void *thread_exec(void *tid)
{
	*(pid_t *)tid = gettid();
	execl("/bin/true", "true", NULL);
	return NULL;
}

static void exec_from_thread(void *tid)
{
	pthread_t thread;

	pthread_create(&thread, NULL, thread_exec, tid);
	pause();
}

TEST_F(hooks, an_exec_of_a_thread_is_the_processs_and_tells_the_thread)
{
	pid_t *tid = mmap(NULL, sizeof(*tid), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			  -1, 0);
	struct life *life = live(self->ev, exec_from_thread, tid);

	ASSERT_EQ(1, life->kept[EXEC].n);
	EXPECT_EQ(life->pid, life->kept[EXEC].rec.tid);
	EXPECT_NE(life->pid, *tid);
	EXPECT_EQ(*tid, number(&life->kept[EXEC], "old_tid"));
	EXPECT_EQ(1, life->kept[EXIT].n);
	free(life);
}

static void pin_and_exec(void *cpu)
{
	pin(*(int *)cpu);
	execl("/bin/true", "true", NULL);
}

TEST_F(hooks, fork_exec_and_exit_come_in_this_order_across_cpus)
{
	int i, cpu;

	for (i = 0; i < 200; i++) {
		struct life *life;

		cpu = i % 2;
		ASSERT_EQ(0, pin(i / 2 % 2));
		life = live(self->ev, pin_and_exec, &cpu);
		ASSERT_EQ(1, life->kept[FORK].n);
		ASSERT_EQ(1, life->kept[EXEC].n);
		ASSERT_EQ(1, life->kept[EXIT].n);
		EXPECT_EQ(i / 2 % 2, life->kept[FORK].event.cpu);
		EXPECT_EQ(cpu, life->kept[EXEC].event.cpu);
		EXPECT_LT(life->kept[FORK].rec.time, life->kept[EXEC].rec.time);
		EXPECT_LT(life->kept[EXEC].rec.time, life->kept[EXIT].rec.time);
		EXPECT_LT(life->kept[FORK].order, life->kept[EXEC].order);
		EXPECT_LT(life->kept[EXEC].order, life->kept[EXIT].order);
		free(life);
	}
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

/* Kilobytes that the kernel has taken and cannot take back */
static long kernel_kib(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128];
	long value, sum = 0;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "SUnreclaim: %ld", &value) == 1 ||
		    sscanf(line, "Percpu: %ld", &value) == 1 ||
		    sscanf(line, "VmallocUsed: %ld", &value) == 1)
			sum += value;
	if (!file)
		abort();
	fclose(file);
	return sum;
}

static void cycle(struct evring *ev, unsigned int times)
{
	unsigned int i;

	for (i = 0; i < times; i++) {
		if (hook_op(ev, names[i % HOOKS], EVRING_HOOK_DETACH) != 0 ||
		    hook_op(ev, names[i % HOOKS], EVRING_HOOK_ATTACH) != 1)
			abort();
	}
}

TEST_F_TIMEOUT(hooks, a_thousand_detaches_and_attaches_under_load_leak_nothing, 900)
{
	int64_t start = now_ms();
	long before, after;
	pid_t load;
	int i;

	tracers_start();
	load = load_start();
	cycle(self->ev, 100);
	before = kernel_kib();
	cycle(self->ev, 1000);
	load_stop(load);
	/* What it freed comes back once no CPU can see it any more. */
	for (i = 0; i < SOON_MS / 100 && kernel_kib() - before >= 1024; i++)
		usleep(100000);
	after = kernel_kib();
	note("%lld ms, %ld KiB before, %ld after", (long long)(now_ms() - start), before,
	       after);
	EXPECT_LT(after - before, 1024);
}

TEST_HARNESS_MAIN
