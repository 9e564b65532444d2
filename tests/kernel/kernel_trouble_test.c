// SPDX-License-Identifier: MIT
/* kernel.log, kernel.oom: the kernel's complaints. */
#include <sys/mount.h>
#include <sys/syscall.h>

#include "file_deed.h"

#define LOG	"kernel.log"
#define OOM	"kernel.oom"
#define PANIC	"kernel.panic"
#define HANG	"kernel.hang"
#define CGROUPS	DIR_PATH "/bound"

static const char *const hooks[] = { LOG, OOM, PANIC, HANG, NULL };

FIXTURE(kernel_trouble) {
	struct evring *ev;
};

FIXTURE_SETUP(kernel_trouble)
{
	self->ev = deed_open(hooks, CRITICAL);
}

FIXTURE_TEARDOWN(kernel_trouble)
{
	deed_close(self->ev, hooks);
}

/* Events of one type, by whomever */
static struct told *told_all(struct evring *ev, const char *name)
{
	struct told *told = malloc(sizeof(*told));
	struct evring_event event;

	told->n = 0;
	while (evring_next(ev, &event) > 0)
		if (event.type && !strcmp(event.type->name, name))
			told_keep(told, &event);
	return told;
}

static void say(const char *text)
{
	int fd = open("/dev/kmsg", O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

static const struct evring_event *said(struct told *told, const char *text)
{
	for (unsigned int i = 0; i < told->n && i < TOLD_MAX; i++)
		if (!strcmp(text, told_text(told_at(told, i), "text")))
			return told_at(told, i);
	return NULL;
}

TEST_F(kernel_trouble, a_message_is_told_with_its_level)
{
	const struct evring_event *event;
	struct told *told;

	say("<4>told of, a warning\n");
	say("<30>told of, by a daemon");
	say("told of, as it is");
	told = told_all(self->ev, LOG);
	event = said(told, "told of, a warning");
	ASSERT_NE(NULL, event);
	EXPECT_TRUE(told_called(event, "level", "warning"));
	EXPECT_TRUE(told_called(event, "facility", "user"));
	event = said(told, "told of, by a daemon");
	ASSERT_NE(NULL, event);
	EXPECT_TRUE(told_called(event, "level", "info"));
	EXPECT_TRUE(told_called(event, "facility", "daemon"));
	EXPECT_NE(NULL, said(told, "told of, as it is"));
	free(told);
}

/* The kernel's own, whose level is in the format: this one tells of a wrong option. */
TEST_F(kernel_trouble, a_message_of_the_kernel_has_its_level)
{
	const struct evring_event *event = NULL;
	struct told *told;

	ASSERT_EQ(0, mkdir(CGROUPS, 0755));
	EXPECT_NE(0, mount("none", CGROUPS, "tmpfs", 0, "size=none-such"));
	EXPECT_NE(0, mount("none", CGROUPS, "tmpfs", 0, "none_such=1"));
	told = told_all(self->ev, LOG);
	for (unsigned int i = 0; i < told->n && i < TOLD_MAX; i++)
		if (strstr(told_text(told_at(told, i), "text"), "tmpfs: "))
			event = told_at(told, i);
	ASSERT_NE(NULL, event);
	EXPECT_TRUE(told_called(event, "level", "err"));
	EXPECT_TRUE(told_called(event, "facility", "kern"));
	free(told);
}

/* Events of kernel.log that were lost; to ask for its state has missed calls counted. */
static uint64_t log_lost(struct evring *ev)
{
	if (hook_op(ev, LOG, EVRING_HOOK_QUERY) != 1 || evring_types(ev) < 0)
		abort();
	return evring_type_by_name(ev, LOG)->lost;
}

/* The call that has the level is not seen in a probe's handler: the message is, and not lost. */
TEST_F(kernel_trouble, a_level_in_an_argument_is_told_and_a_message_without_one_is_not_lost)
{
	const struct evring_event *event;
	uint64_t before = log_lost(self->ev);
	struct told *told;

	ASSERT_EQ(0, knob_write("say", "hello"));
	EXPECT_EQ(before, log_lost(self->ev));
	told = told_all(self->ev, LOG);
	event = said(told, "evring_torture: hello, plainly");
	ASSERT_NE(NULL, event);
	EXPECT_TRUE(told_called(event, "level", "notice"));
	EXPECT_NE(NULL, said(told, "evring_torture: hello, in a probe"));
	free(told);
}

static bool file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

/* In a cgroup that has 16 MiB: take 64. */
static void hog(void)
{
	const size_t size = 64 << 20;
	char *memory;

	if (!file_write(CGROUPS "/hog/cgroup.procs", "0") ||
	    !file_write("/proc/self/oom_score_adj", "500"))
		_exit(1);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; i < size; i += 4096)
		memory[i] = 1;
	_exit(2);
}

TEST_F(kernel_trouble, a_process_that_is_killed_for_its_memory_is_told)
{
	const struct evring_event *event;
	struct told *told;
	struct stat st;
	int status;
	pid_t pid;

	ASSERT_EQ(0, mkdir(CGROUPS, 0755));
	ASSERT_EQ(0, mount("none", CGROUPS, "cgroup2", 0, NULL));
	if (!file_write(CGROUPS "/cgroup.subtree_control", "+memory")) {
		umount(CGROUPS);
		SKIP(return, "this guest's cgroups have no memory controller");
	}
	ASSERT_EQ(0, mkdir(CGROUPS "/hog", 0755));
	ASSERT_TRUE(file_write(CGROUPS "/hog/memory.max", "16777216"));
	ASSERT_EQ(0, stat(CGROUPS "/hog", &st));
	fflush(NULL);
	/* The kernel shows where the task was. */
	say("evring-vm: expect a process that is killed");
	pid = fork();
	if (!pid)
		hog();
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	say("evring-vm: expected");
	ASSERT_TRUE(WIFSIGNALED(status));
	ASSERT_EQ(SIGKILL, WTERMSIG(status));
	told = told_all(self->ev, OOM);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(pid, told_number(event, "victim_pid"));
	EXPECT_EQ(0, told_number(event, "victim_uid"));
	EXPECT_EQ(500, told_number(event, "oom_score_adj"));
	EXPECT_EQ(st.st_ino, told_number(event, "victim_cgroup"));
	EXPECT_EQ(told_number(event, "start_time"), told_number(event, "victim_start_time"));
	EXPECT_STREQ("kernel_trouble_", told_text(event, "victim_comm"));
	EXPECT_LT(8u << 20, told_number(event, "anon_rss"));
	EXPECT_LE(told_number(event, "anon_rss"), told_number(event, "rss"));
	EXPECT_LE(64u << 20, told_number(event, "total_vm"));
	free(told);
	rmdir(CGROUPS "/hog");
	umount(CGROUPS);
}

#define HUNG	"/proc/sys/kernel/hung_task_"

/* Hang again and again, until it is killed. */
static void hang(void)
{
	for (;;)
		if (knob_write("hang", "3"))
			_exit(1);
}

TEST_F(kernel_trouble, a_task_that_hangs_is_told)
{
	const struct evring_event *event;
	struct told *told;
	pid_t pid;

	/* Look each second, say nothing in the log, and do not panic as guests do. */
	if (!file_write(HUNG "warnings", "0"))
		SKIP(return, "this kernel looks for no hung tasks");
	ASSERT_TRUE(file_write(HUNG "panic", "0"));
	ASSERT_TRUE(file_write(HUNG "timeout_secs", "1"));
	fflush(NULL);
	pid = fork();
	if (!pid)
		hang();
	for (told = told_all(self->ev, HANG); !told->n; told = told_all(self->ev, HANG)) {
		free(told);
		usleep(100000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	file_write(HUNG "timeout_secs", "120");
	file_write(HUNG "panic", "1");
	event = told_at(told, 0);
	EXPECT_EQ(pid, told_number(event, "hung_pid"));
	EXPECT_EQ(pid, told_number(event, "hung_tid"));
	EXPECT_STREQ("kernel_trouble_", told_text(event, "hung_comm"));
	EXPECT_LE(1000000000, told_number(event, "hung_for"));
	free(told);
}

TEST_HARNESS_MAIN
