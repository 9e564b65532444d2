// SPDX-License-Identifier: MIT
/*
 * file.open: files opened by each way there is; refused opens; the given path beside the
 * one that it led to.
 */
#include <linux/openat2.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/xattr.h>

#include "file_open.h"

FIXTURE(file_open) {
	struct evring *ev;
};

FIXTURE_SETUP(file_open)
{
	self->ev = opens_start();
}

FIXTURE_TEARDOWN(file_open)
{
	opens_end(self->ev);
}

TEST_F(file_open, any_way_to_open_a_file_tells_its_own_path)
{
	int dir = open(DIR_PATH, O_PATH);

	ASSERT_EQ(0, mkdir("sub", 0777));
	ASSERT_EQ(0, symlink(DIR_PATH "/a", "link"));
	ASSERT_EQ(0, symlink("link", "sub/link2") + link("a", "hard"));
	EXPECT_OPEN(self->ev, open(DIR_PATH "/a", O_RDONLY), DIR_PATH "/a", DIR_PATH "/a");
	EXPECT_OPEN(self->ev, open("a", O_RDONLY), DIR_PATH "/a", "a");
	EXPECT_OPEN(self->ev, open("link", O_RDONLY), DIR_PATH "/a", "link");
	EXPECT_OPEN(self->ev, open("sub/../link", O_RDONLY), DIR_PATH "/a", "sub/../link");
	EXPECT_OPEN(self->ev, open(".//sub/./..//a", O_RDONLY), DIR_PATH "/a", ".//sub/./..//a");
	EXPECT_OPEN(self->ev, openat(dir, "a", O_RDONLY), DIR_PATH "/a", "a");
	EXPECT_OPEN(self->ev, open("/proc/self/root" DIR_PATH "/a", O_RDONLY), DIR_PATH "/a",
		    "/proc/self/root" DIR_PATH "/a");
	EXPECT_OPEN(self->ev, open("/proc/self/cwd/a", O_RDONLY), DIR_PATH "/a", "/proc/self/cwd/a");
	EXPECT_OPEN(self->ev, open("hard", O_RDONLY), DIR_PATH "/hard", "hard");
	EXPECT_OPEN(self->ev, open(".", O_RDONLY | O_DIRECTORY), DIR_PATH, ".");
	EXPECT_OPEN(self->ev, open("/", O_RDONLY), "/", "/");
	EXPECT_OPEN(self->ev, open("/dev/null", O_RDWR), "/dev/null", "/dev/null");
	close(dir);
}

TEST_F(file_open, flags_have_their_names_and_new_files_say_so)
{
	const struct evring_event *event;
	struct told *told;
	int fd;

	umask(022);
	deed_read_past(self->ev);
	fd = open("new", O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 06640);
	ASSERT_LE(0, fd);
	close(fd);
	told = told_read(self->ev, OPEN, getpid());
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_TRUE(told_flag(event, "flags", "O_WRONLY"));
	EXPECT_TRUE(told_flag(event, "flags", "O_CREAT"));
	EXPECT_TRUE(told_flag(event, "flags", "O_EXCL"));
	EXPECT_TRUE(told_flag(event, "flags", "O_APPEND"));
	EXPECT_FALSE(told_flag(event, "flags", "O_RDWR"));
	EXPECT_FALSE(told_flag(event, "flags", "O_TRUNC"));
	EXPECT_TRUE(told_called(event, "file_type", "regular"));
	EXPECT_EQ(06640, told_number(event, "mode"));
	EXPECT_EQ(1, told_number(event, "created"));
	EXPECT_EQ(0, told_number(event, "truncated"));
	EXPECT_TRUE(is_of(event, DIR_PATH "/new"));
	free(told);

	fd = open("a", O_RDWR | O_CREAT | O_TRUNC, 0600);
	ASSERT_LE(0, fd);
	close(fd);
	told = told_read(self->ev, OPEN, getpid());
	event = told_at(told, 0);
	EXPECT_TRUE(told_flag(event, "flags", "O_RDWR"));
	EXPECT_TRUE(told_flag(event, "flags", "O_TRUNC"));
	EXPECT_EQ(0, told_number(event, "created"));
	EXPECT_EQ(1, told_number(event, "truncated"));
	free(told);

	fd = open(DIR_PATH, O_TMPFILE | O_RDWR, 0600);
	ASSERT_LE(0, fd);
	close(fd);
	told = told_read(self->ev, OPEN, getpid());
	event = told_at(told, 0);
	EXPECT_TRUE(told_flag(event, "flags", "O_TMPFILE"));
	EXPECT_TRUE(told_flag(event, "path_flags", "deleted"));
	EXPECT_EQ(0600, told_number(event, "mode"));
	EXPECT_EQ(1, told_number(event, "created"));
	EXPECT_EQ(0, told_number(event, "truncated"));
	free(told);

	fd = open("a", O_PATH | O_NOFOLLOW);
	close(fd);
	told = told_read(self->ev, OPEN, getpid());
	event = told_at(told, 0);
	EXPECT_TRUE(told_flag(event, "flags", "O_PATH"));
	EXPECT_TRUE(told_flag(event, "flags", "O_NOFOLLOW"));
	EXPECT_EQ(0, told_number(event, "mode"));
	free(told);
}

TEST_F(file_open, a_missing_file_is_told_by_the_given_path)
{
	static const struct {
		const char *given, *path;
		int flags, error;
	} cases[] = {
		{ "none", DIR_PATH "/none", O_RDONLY, ENOENT },
		{ "/tmp/none-such/x", "/tmp/none-such/x", O_RDONLY, ENOENT },
		{ "a/b", DIR_PATH "/a/b", O_RDONLY, ENOTDIR },
		{ "loop", DIR_PATH "/loop", O_RDONLY, ELOOP },
		{ "a", DIR_PATH "/a", O_RDONLY | O_CREAT | O_EXCL, EEXIST },
		{ "a", DIR_PATH "/a", O_RDONLY | O_DIRECTORY, ENOTDIR },
	};
	const struct evring_event *event;
	struct told *told;
	unsigned int i;

	ASSERT_EQ(0, symlink("loop", "loop"));
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		deed_read_past(self->ev);
		EXPECT_EQ(-1, open(cases[i].given, cases[i].flags, 0600));
		EXPECT_EQ(cases[i].error, errno);
		told = told_read(self->ev, OPEN, getpid());
		ASSERT_EQ(1, told->n);
		event = told_at(told, 0);
		EXPECT_EQ(-cases[i].error, told_result(event));
		EXPECT_STREQ(cases[i].given, told_text(event, "path_given"));
		EXPECT_STREQ(cases[i].path, told_text(event, "path"));
		EXPECT_TRUE(told_flag(event, "path_flags", "given"));
		EXPECT_EQ(0, told_number(event, "inode"));
		EXPECT_EQ(0, told_number(event, "file_type"));
		free(told);
	}
	/* From the root, whose path ends in a slash */
	ASSERT_EQ(0, chdir("/"));
	EXPECT_EQ(-1, open("none-such", O_RDONLY));
	told = told_read(self->ev, OPEN, getpid());
	EXPECT_STREQ("/none-such", told_text(told_at(told, 0), "path"));
	free(told);
	ASSERT_EQ(0, chdir(DIR_PATH));
}

static int open_as_nobody(void *path)
{
	deed_as_nobody();
	return open(path, O_RDONLY) < 0 ? errno : 0;
}

TEST_F(file_open, a_path_below_a_root_that_is_given_is_told_below_it)
{
	struct open_how how = { .flags = O_RDONLY, .resolve = RESOLVE_IN_ROOT };
	int dir = open(DIR_PATH, O_PATH | O_DIRECTORY);
	struct told *told;

	deed_read_past(self->ev);
	ASSERT_EQ(-1, syscall(SYS_openat2, dir, "//none", &how, sizeof(how)));
	ASSERT_EQ(ENOENT, errno);
	told = told_read(self->ev, OPEN, getpid());
	ASSERT_EQ(1, told->n);
	EXPECT_STREQ(DIR_PATH "/none", told_text(told_at(told, 0), "path"));
	EXPECT_STREQ("//none", told_text(told_at(told, 0), "path_given"));
	free(told);
	close(dir);
}

static void on_signal(int signal)
{
	(void)signal;
}

/* The kernel's own ERESTARTSYS is no error that a program has. */
TEST_F(file_open, an_open_that_a_signal_ends_is_told_as_the_program_sees_it)
{
	const struct itimerval soon = { .it_value.tv_usec = 100000 };
	struct sigaction action = { .sa_handler = on_signal };
	struct told *told;

	ASSERT_EQ(0, mkfifo("fifo", 0600));
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	deed_read_past(self->ev);
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &soon, NULL));
	ASSERT_EQ(-1, open("fifo", O_RDONLY));
	ASSERT_EQ(EINTR, errno);
	told = told_read(self->ev, OPEN, getpid());
	ASSERT_EQ(1, told->n);
	EXPECT_EQ(-EINTR, told_result(told_at(told, 0)));
	EXPECT_STREQ(DIR_PATH "/fifo", told_text(told_at(told, 0), "path"));
	free(told);
}

TEST_F(file_open, a_refusal_tells_the_file_that_the_path_led_to)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	ASSERT_EQ(0, chmod("a", 0600) + symlink("a", "link"));
	told = deed_in_child(self->ev, OPEN, open_as_nobody, "link", &status);
	EXPECT_EQ(EACCES, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(-EACCES, told_result(event));
	EXPECT_STREQ(DIR_PATH "/a", told_text(event, "path"));
	EXPECT_STREQ("link", told_text(event, "path_given"));
	EXPECT_EQ(0, told_number(event, "path_flags"));
	EXPECT_TRUE(is_of(event, DIR_PATH "/a"));
	EXPECT_EQ(65534, told_number(event, "uid"));
	EXPECT_EQ(65534, told_number(event, "euid"));
	free(told);

	/* A folder on the way is closed: the kernel did not get to the file. */
	ASSERT_EQ(0, mkdir("closed", 0700));
	deed_file("closed/x", "x");
	told = deed_in_child(self->ev, OPEN, open_as_nobody, "closed/x", &status);
	EXPECT_EQ(EACCES, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(-EACCES, told_result(event));
	EXPECT_STREQ(DIR_PATH "/closed/x", told_text(event, "path"));
	EXPECT_TRUE(told_flag(event, "path_flags", "given"));
	free(told);
}

/* Errors of open() itself, behind the check of permissions */
TEST_F(file_open, a_device_that_does_not_open_is_told_once)
{
	const struct evring_event *event;
	struct told *told;

	ASSERT_EQ(0, mknod("device", S_IFCHR | 0600, makedev(123, 45)) + mkfifo("fifo", 0600));
	ASSERT_EQ(0, symlink("device", "link"));
	EXPECT_EQ(-1, open("link", O_RDONLY));
	EXPECT_EQ(ENXIO, errno);
	told = told_read(self->ev, OPEN, getpid());
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(-ENXIO, told_result(event));
	EXPECT_STREQ(DIR_PATH "/device", told_text(event, "path"));
	EXPECT_TRUE(told_called(event, "file_type", "chardev"));
	free(told);
	EXPECT_EQ(-1, open("fifo", O_WRONLY | O_NONBLOCK));
	EXPECT_EQ(ENXIO, errno);
	told = told_read(self->ev, OPEN, getpid());
	ASSERT_EQ(1, told->n);
	EXPECT_STREQ(DIR_PATH "/fifo", told_text(told_at(told, 0), "path"));
	EXPECT_TRUE(told_called(told_at(told, 0), "file_type", "fifo"));
	free(told);
}

static void prep_openat(struct io_uring_sqe *sqe, void *path)
{
	io_uring_prep_openat(sqe, AT_FDCWD, path, O_RDONLY, 0);
}

static void prep_openat2(struct io_uring_sqe *sqe, void *path)
{
	static struct open_how how = { .flags = O_RDONLY | O_CLOEXEC };

	io_uring_prep_openat2(sqe, AT_FDCWD, path, &how);
	/* By a worker thread: not in the task's own call */
	io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
}

TEST_F(file_open, io_uring_tells_the_same_as_a_call)
{
	struct told *told;

	ASSERT_EQ(0, symlink("a", "link"));
	EXPECT_OPEN(self->ev, deed_uring(prep_openat, "link"), DIR_PATH "/a", "link");
	EXPECT_OPEN(self->ev, deed_uring(prep_openat2, "link"), DIR_PATH "/a", "link");
	deed_read_past(self->ev);
	EXPECT_EQ(-ENOENT, deed_uring(prep_openat2, "none"));
	told = told_read(self->ev, OPEN, getpid());
	ASSERT_EQ(1, told->n);
	EXPECT_FALSE(told_flag(told_at(told, 0), "flags", "O_NONBLOCK"));
	EXPECT_EQ(-ENOENT, told_result(told_at(told, 0)));
	EXPECT_STREQ(DIR_PATH "/none", told_text(told_at(told, 0), "path"));
	/* The worker's own name is "iou-wrk-...". */
	EXPECT_STREQ("file_open_test", told_text(told_at(told, 0), "comm"));
	free(told);
}

#ifdef __x86_64__
TEST_F(file_open, a_32_bit_call_tells_the_same)
{
	char *low = deed_low(4096);
	long fd;

	ASSERT_EQ(0, symlink("a", "link"));
	strcpy(low, "link");
	fd = deed_call32(5, (long)low, O_RDONLY, 0, 0, 0);	/* open */
	if (fd == -ENOSYS) {
		note("this kernel has no 32-bit calls");
	} else {
		close((int)fd);
		EXPECT_OPEN(self->ev, (int)deed_call32(5, (long)low, O_RDONLY, 0, 0, 0),
			    DIR_PATH "/a", "link");
		EXPECT_OPEN(self->ev, (int)deed_call32(295, AT_FDCWD, (long)low, O_RDONLY, 0, 0),
			    DIR_PATH "/a", "link");	/* openat */
	}
	munmap(low, 4096);
}
#endif

TEST_F(file_open, a_file_opened_by_its_handle_is_told)
{
	struct {
		struct file_handle handle;
		unsigned char bytes[128];
	} of = { .handle = { .handle_bytes = 128 } };
	const struct evring_event *event;
	struct told *told;
	int id, fd, dir;

	ASSERT_EQ(0, name_to_handle_at(AT_FDCWD, "a", &of.handle, &id, 0));
	dir = open(DIR_PATH, O_RDONLY);
	deed_read_past(self->ev);
	fd = open_by_handle_at(dir, &of.handle, O_RDONLY);
	ASSERT_LE(0, fd);
	told = told_read(self->ev, OPEN, getpid());
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_STREQ(DIR_PATH "/a", told_text(event, "path"));
	EXPECT_STREQ("", told_text(event, "path_given"));
	EXPECT_TRUE(is_of(event, DIR_PATH "/a"));
	close(fd);
	close(dir);
	free(told);
}

static void *swap_for_ever(void *stop)
{
	while (!__atomic_load_n((bool *)stop, __ATOMIC_RELAXED))
		syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 2);	/* exchange */
	return NULL;
}

TEST_F(file_open, a_path_that_is_swapped_meanwhile_tells_the_file_that_was_opened)
{
	bool stop = false;
	struct told *told;
	pthread_t thread;
	struct stat st;
	int i, fd;

	deed_file("b", "b");
	ASSERT_EQ(0, pthread_create(&thread, NULL, swap_for_ever, &stop));
	for (i = 0; i < 2000; i++) {
		deed_read_past(self->ev);
		fd = open("a", O_RDONLY);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, fstat(fd, &st));
		told = told_read(self->ev, OPEN, getpid());
		ASSERT_EQ(1, told->n);
		ASSERT_EQ(st.st_ino, told_number(told_at(told, 0), "inode"));
		close(fd);
		free(told);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

static int open_many(void *n)
{
	int i, fd;

	for (i = 0; i < *(int *)n; i++) {
		fd = open(i % 2 ? "a" : "none", O_RDONLY);
		if ((fd < 0) == (i % 2))
			return 1;
		close(fd);
	}
	return 0;
}

TEST_F(file_open, each_call_is_told_once)
{
	int n = 1000, status;
	struct told *told = deed_in_child(self->ev, OPEN, open_many, &n, &status);

	EXPECT_EQ(0, status);
	EXPECT_EQ(1000, told->n);
	free(told);
}

static int exec_a_program(void *arg)
{
	execl("/bin/true", "true", NULL);
	return 1;
}

TEST_F(file_open, a_file_that_exec_opens_is_no_open)
{
	struct told *told = deed_in_child(self->ev, OPEN, exec_a_program, NULL, NULL);
	unsigned int i;

	for (i = 0; i < told->n && i < TOLD_MAX; i++)
		EXPECT_STRNE("/bin/true", told_text(told_at(told, i), "path_given"));
	free(told);
}

/* As a daemon: own a group, open 100 files, give the group up, open 100 more. */
static int own_and_open(void *unprivileged)
{
	struct evring_group group = {
		.name = "owner", .lanes = BULK, .policy = EVRING_FOLLOW, .start = EVRING_LATEST,
	};
	int n = 100, status;
	struct evring *ev;
	pid_t pid;

	if (evring_open(&ev, NULL))
		return 1;
	if (unprivileged && (setgroups(0, NULL) || setgid(65534) || setuid(65534)))
		return 2;
	if (evring_join(ev, &group) || open_many(&n))
		return 3;
	/* Nor is another process told of less because of it. */
	pid = fork();
	if (!pid)
		_exit(open_many(&n));
	if (waitpid(pid, &status, 0) != pid || status || evring_leave(ev) || open_many(&n))
		return 4;
	evring_close(ev);
	return 0;
}

/* Events of file.open by all processes, those of this one aside */
static unsigned int opens_of_others(struct evring *ev, pid_t parent, unsigned int *of_child)
{
	struct evring_event event;
	unsigned int n = 0;

	*of_child = 0;
	while (evring_next(ev, &event) > 0) {
		if (!event.type || strcmp(event.type->name, OPEN) ||
		    event.rec->pid == (uint32_t)getpid())
			continue;
		if (event.rec->pid == (uint32_t)parent)
			n++;
		else
			++*of_child;
	}
	return n;
}

static unsigned int opens_of_owner(struct evring *ev, bool unprivileged, unsigned int *of_child)
{
	int status;
	pid_t pid;

	fflush(NULL);
	deed_read_past(ev);
	pid = fork();
	if (!pid)
		_exit(own_and_open(unprivileged ? ev : NULL));
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status)) {
		printf("# the owner failed: %d\n", WEXITSTATUS(status));
		return 0;
	}
	return opens_of_others(ev, pid, of_child);
}

TEST_F(file_open, acts_of_a_groups_owner_are_left_out_if_it_could_detach_the_hook)
{
	unsigned int n, of_child;

	n = opens_of_owner(self->ev, true, &of_child);
	ASSERT_LT(200, n);	/* and the device and the library's own */
	EXPECT_EQ(n - 100, opens_of_owner(self->ev, false, &of_child));
	EXPECT_EQ(100, of_child);
	/* A process that has the id of an owner that is gone is told of: it is none. */
	EXPECT_EQ(n, opens_of_owner(self->ev, true, &of_child));
	groups_drop();
}

TEST_F(file_open, a_detached_hook_tells_nothing)
{
	struct told *told;

	ASSERT_EQ(0, hook_op(self->ev, OPEN, EVRING_HOOK_DETACH));
	deed_read_past(self->ev);
	close(open("a", O_RDONLY));
	told = told_read(self->ev, OPEN, getpid());
	EXPECT_EQ(0, told->n);
	free(told);
	ASSERT_EQ(1, hook_op(self->ev, OPEN, EVRING_HOOK_ATTACH));
	close(open("a", O_RDONLY));
	told = told_read(self->ev, OPEN, getpid());
	EXPECT_EQ(1, told->n);
	free(told);
}

TEST_HARNESS_MAIN
