// SPDX-License-Identifier: MIT
/*
 * Evasions: acts that try to stay unseen. docs/reference/rules.md lists these and the ones
 * in the families' own tests.
 */
#include <pthread.h>

#include "rules_act.h"

#define EXEC		"process.exec"
#define HELPER		DIR_PATH "/helper"

/*
 * This program by another name. argv[1] is the act:
 * report FD TEXT	write the inode of its own file and TEXT
 * rewrite FD TEXT	overwrite its arguments and its name, say so, and wait
 */
static void helper_rewrite(int argc, char **argv, int fd)
{
	int i;

	for (i = 0; i < argc; i++)
		memset(argv[i], 'x', strlen(argv[i]));
	become_name("innocent");
	if (write(fd, "x", 1) != 1 || read(fd, &i, 1) != 1)
		_exit(1);
}

static void helper_report(const char *text, int fd)
{
	char report[4096];
	struct stat st;
	int len;

	if (stat("/proc/self/exe", &st))
		_exit(1);
	len = snprintf(report, sizeof(report), "%llu %s", (unsigned long long)st.st_ino, text);
	if (write(fd, report, (size_t)len) != len)
		_exit(1);
}

static void __attribute__((constructor)) helper(int argc, char **argv)
{
	if (argc != 4 || strcmp(argv[0], "helper"))
		return;
	if (!strcmp(argv[1], "report"))
		helper_report(argv[3], atoi(argv[2]));
	else
		helper_rewrite(argc, argv, atoi(argv[2]));
	_exit(0);
}

FIXTURE(evasion) {
	struct evring *ev;
	struct told *told;
};

static const char *const evasion_hooks[] = {
	EXEC, "process.fork", "process.exit", "process.ptrace", "process.signal", "file.open",
	"file.mount", NULL
};

FIXTURE_SETUP(evasion)
{
	groups_drop();
	deed_folder();
	copy_file("/proc/self/exe", HELPER);
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	deed_hooks(self->ev, evasion_hooks, EVRING_HOOK_ATTACH);
	ASSERT_EQ(0, evring_tap(self->ev, CRITICAL | BULK, EVRING_LATEST));
}

FIXTURE_TEARDOWN(evasion)
{
	deed_hooks(self->ev, evasion_hooks, EVRING_HOOK_DETACH);
	evring_close(self->ev);
	free(self->told);
}

/* A child that execs the helper. Returns its pid; *@fd is our end of its descriptor. */
static pid_t helper_start(const char *path, const char *what, char *text, int *fd)
{
	int pair[2];
	char number[16];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		abort();
	fflush(NULL);
	pid = fork();
	if (!pid) {
		snprintf(number, sizeof(number), "%d", pair[1]);
		execl(path, "helper", what, number, text, NULL);
		_exit(126);
	}
	if (pid < 0)
		abort();
	close(pair[1]);
	*fd = pair[0];
	return pid;
}

/* Read a helper's report, to its end. Returns its inode; its text is in @text. */
static uint64_t helper_reports(pid_t pid, int fd, char *text, size_t room)
{
	char report[4096], *end;
	size_t len = 0;
	uint64_t inode;
	ssize_t n;
	int status;

	while ((n = read(fd, report + len, sizeof(report) - 1 - len)) > 0)
		len += (size_t)n;
	report[len] = '\0';
	close(fd);
	if (waitpid(pid, &status, 0) != pid || status)
		abort();
	inode = strtoull(report, &end, 10);
	snprintf(text, room, "%s", end + 1);
	return inode;
}

/* Argument @i of an exec */
static const char *argument(const struct evring_event *event, unsigned int i)
{
	const char *at = told_text(event, "argv");

	while (i--)
		at += strlen(at) + 1;
	return at;
}

struct swapper {
	pthread_t thread;
	char *text;
	bool stop;
};

static void *swap(void *arg)
{
	struct swapper *swapper = arg;
	unsigned int i;

	for (i = 0; !__atomic_load_n(&swapper->stop, __ATOMIC_RELAXED); i++) {
		syscall(SYS_renameat2, AT_FDCWD, HELPER, AT_FDCWD, DIR_PATH "/other", 2);
		memset(swapper->text, i % 2 ? 'a' : 'b', 64);
	}
	return NULL;
}

TEST_F(evasion, a_program_and_arguments_that_are_swapped_while_exec_runs_are_told_as_they_ran)
{
	struct swapper swapper = {
		.text = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			     -1, 0),
	};
	char text[4096];
	uint64_t inode;
	int i, fd;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, swapper.text);
	memset(swapper.text, 'a', 64);
	copy_file(HELPER, DIR_PATH "/other");
	ASSERT_EQ(0, pthread_create(&swapper.thread, NULL, swap, &swapper));
	for (i = 0; i < 60; i++) {
		pid = helper_start(HELPER, "report", swapper.text, &fd);
		inode = helper_reports(pid, fd, text, sizeof(text));
		self->told = told_read(self->ev, EXEC, pid);
		ASSERT_EQ(1, self->told->n);
		EXPECT_EQ(inode, told_number(told_at(self->told, 0), "inode"));
		EXPECT_STREQ(text, argument(told_at(self->told, 0), 3));
		free(self->told);
		self->told = NULL;
	}
	__atomic_store_n(&swapper.stop, true, __ATOMIC_RELAXED);
	pthread_join(swapper.thread, NULL);
}

TEST_F(evasion, arguments_and_a_name_that_are_rewritten_later_change_nothing)
{
	const struct evring_event *event;
	char path[64], cmdline[256] = "";
	struct told *end;
	uint64_t began;
	int fd, file;
	pid_t pid;

	pid = helper_start(HELPER, "rewrite", "secret", &fd);
	ASSERT_EQ(1, read(fd, cmdline, 1));
	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	file = open(path, O_RDONLY);
	ASSERT_LT(0, read(file, cmdline, sizeof(cmdline)));
	EXPECT_EQ(0, memcmp(cmdline, "xxxxxx\0xxxxxxx\0", 15));
	close(file);
	ASSERT_EQ(1, write(fd, "x", 1));
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	close(fd);
	self->told = told_read(self->ev, "process.", pid);
	ASSERT_EQ(2, self->told->n);
	event = told_at(self->told, 1);
	EXPECT_STREQ("helper", argument(event, 0));
	EXPECT_STREQ("secret", argument(event, 3));
	EXPECT_STREQ("helper", told_text(event, "comm"));
	began = told_number(event, "start_time");
	/* The same process, by fields that it cannot rewrite */
	event = told_at(self->told, 0);
	EXPECT_STREQ("process.exit", event->type->name);
	EXPECT_STREQ("innocent", told_text(event, "comm"));
	EXPECT_EQ(began, told_number(event, "start_time"));
	end = told_read(self->ev, "process.", pid);
	EXPECT_EQ(0, end->n);
	free(end);
}

static int exec_over_there(void *arg)
{
	if (unshare(CLONE_NEWNS | CLONE_NEWNET) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("real", "innocent", NULL, MS_BIND, NULL))
		return 1;
	execl("innocent/true", "true", NULL);
	return 2;
}

TEST_F(evasion, a_program_in_another_mount_namespace_is_told_with_its_inode)
{
	const struct evring_event *event;
	uint64_t mntns;
	struct stat st;
	int status;

	ASSERT_EQ(0, mkdir("real", 0755) + mkdir("innocent", 0755));
	copy_file("/bin/true", "real/true");
	ASSERT_EQ(0, stat("/proc/self/ns/mnt", &st));
	mntns = st.st_ino;
	self->told = deed_in_child(self->ev, EXEC, exec_over_there, NULL, &status);
	ASSERT_EQ(0, status);
	ASSERT_EQ(1, self->told->n);
	event = told_at(self->told, 0);
	EXPECT_STREQ(DIR_PATH "/innocent/true", told_text(event, "path"));
	EXPECT_EQ(deed_inode("real/true"), told_number(event, "inode"));
	EXPECT_EQ(deed_dev("real/true"), told_number(event, "dev"));
	EXPECT_NE(mntns, told_number(event, "mntns"));
}

/* The first process of a pid namespace traces and kills the second. */
static void harm_second(void)
{
	pid_t second = fork();

	if (!second)
		for (;;)
			pause();
	if (second != 2 || ptrace(PTRACE_SEIZE, second, 0, 0) || kill(second, SIGKILL) ||
	    waitpid(second, NULL, 0) != second)
		_exit(1);
	_exit(0);
}

static void harm_in_a_namespace(void *unused)
{
	int status;
	pid_t first;

	if (unshare(CLONE_NEWPID))
		_exit(2);
	first = fork();
	if (!first)
		harm_second();
	if (waitpid(first, &status, 0) != first || status)
		_exit(3);
}

TEST_F(evasion, a_process_of_a_pid_namespace_is_told_by_the_hosts_id)
{
	uint64_t second = 0, began = 0;
	unsigned int traced = 0, killed = 0;
	struct evring_event event;

	ASSERT_EQ(0, in_child(harm_in_a_namespace, NULL));
	while (evring_next(self->ev, &event) > 0) {
		const char *name = event.type ? event.type->name : "";
		bool trace = !strcmp(name, "process.ptrace");

		if (!strcmp(name, "process.fork") && told_number(&event, "child_ns_pid") == 2) {
			second = told_number(&event, "child_pid");
			began = told_number(&event, "child_start_time");
		} else if ((trace || !strcmp(name, "process.signal")) && second &&
			   told_number(&event, "target_pid") == second &&
			   told_number(&event, "target_start_time") == began) {
			*(trace ? &traced : &killed) += 1;
		}
	}
	EXPECT_LT(2, second);
	EXPECT_EQ(1, traced);
	EXPECT_EQ(1, killed);
}

static int open_bound(void *arg)
{
	if (mount("secret", "innocent", NULL, MS_BIND, NULL))
		return 1;
	return open("innocent", O_RDONLY) < 0 || umount2("innocent", MNT_DETACH);
}

TEST_F(evasion, a_file_that_is_bound_elsewhere_is_told_with_its_inode_and_the_mount_before)
{
	const struct evring_event *event;
	int status;

	deed_file("secret", "x");
	deed_file("innocent", "");
	self->told = deed_in_child(self->ev, "file.", open_bound, NULL, &status);
	ASSERT_EQ(0, status);
	ASSERT_EQ(2, self->told->n);
	event = told_at(self->told, 1);
	EXPECT_STREQ("file.mount", event->type->name);
	EXPECT_STREQ("secret", told_text(event, "source"));
	EXPECT_STREQ(DIR_PATH "/innocent", told_text(event, "path"));
	event = told_at(self->told, 0);
	EXPECT_STREQ(DIR_PATH "/innocent", told_text(event, "path"));
	EXPECT_EQ(deed_inode("secret"), told_number(event, "inode"));
}

#define FLOOD	100000

static int open_none(void *arg)
{
	int i;

	for (i = 0; i < FLOOD; i++)
		if (open("none", O_RDONLY) >= 0)
			return 1;
	return 0;
}

TEST_F(evasion, a_hundred_thousand_cheap_events_push_no_critical_one_out)
{
	uint64_t opens = 0, missed = 0;
	unsigned int execs = 0;
	struct evring_event event;
	pid_t pid, flood;
	int status;

	pid = fork();
	if (!pid)
		execl("/bin/true", "true", "secret", NULL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	flood = fork();
	if (!flood) {
		pin(0);
		_exit(open_none(NULL));
	}
	ASSERT_EQ(flood, waitpid(flood, &status, 0));
	ASSERT_EQ(0, status);
	while (evring_next(self->ev, &event) > 0) {
		missed += event.missed;
		if (event.lane == LANE_CRITICAL)
			EXPECT_EQ(0, event.missed);
		if (!event.type)
			continue;
		execs += event.rec->pid == (uint32_t)pid && !strcmp(event.type->name, EXEC);
		opens += event.rec->pid == (uint32_t)flood &&
			 !strcmp(event.type->name, "file.open");
	}
	EXPECT_EQ(1, execs);
	EXPECT_LT(0, missed);		/* else it was no flood */
	EXPECT_LE(FLOOD, opens + missed);
}

#define LIVES	200

/* The events of one short life */
struct life {
	pid_t pid;
	uint64_t began;
	unsigned int forks, exits;
};

static void lives_read(struct evring *ev, struct life lives[LIVES])
{
	struct evring_event event;
	unsigned int i;

	while (evring_next(ev, &event) > 0) {
		bool fork = event.type && !strcmp(event.type->name, "process.fork");

		if (!fork && (!event.type || strcmp(event.type->name, "process.exit")))
			continue;
		for (i = 0; i < LIVES; i++) {
			if (fork && told_number(&event, "child_pid") == lives[i].pid) {
				lives[i].forks++;
				lives[i].began = told_number(&event, "child_start_time");
			}
			if (!fork && event.rec->pid == (uint32_t)lives[i].pid &&
			    told_number(&event, "start_time") == lives[i].began)
				lives[i].exits++;
		}
	}
}

static pid_t live_shortly(void)
{
	pid_t pid = vfork();

	if (!pid)
		_exit(7);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		abort();
	return pid;
}

TEST_F(evasion, a_process_that_ends_at_once_is_told_from_fork_to_exit)
{
	static struct life lives[LIVES];
	unsigned int i;

	for (i = 0; i < LIVES; i++)
		lives[i].pid = live_shortly();
	lives_read(self->ev, lives);
	for (i = 0; i < LIVES; i++) {
		EXPECT_EQ(1, lives[i].forks);
		EXPECT_EQ(1, lives[i].exits);
	}
}

TEST_HARNESS_MAIN
