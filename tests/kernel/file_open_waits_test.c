// SPDX-License-Identifier: MIT
/*
 * Anybody can have opens that wait for as long as he likes: more than a hook has data for.
 */
#include <dirent.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "file_open.h"

FIXTURE(file_open_waits) {
	struct evring *ev;
};

FIXTURE_SETUP(file_open_waits)
{
	self->ev = opens_start();
}

FIXTURE_TEARDOWN(file_open_waits)
{
	opens_end(self->ev);
}

/* Its entry was told to probes that are gone by its return. */
TEST_F(file_open_waits, an_open_that_waits_outlives_the_hook)
{
	struct told *told;
	pid_t pid;
	int fd;

	ASSERT_EQ(0, mkfifo("fifo", 0600));
	fflush(NULL);
	pid = fork();
	if (!pid)
		_exit(open("fifo", O_RDONLY) < 0);
	ASSERT_TRUE(in_time(state_of(pid) == 'S'));
	ASSERT_EQ(0, hook_op(self->ev, OPEN, EVRING_HOOK_DETACH));
	ASSERT_EQ(1, hook_op(self->ev, OPEN, EVRING_HOOK_ATTACH));
	deed_read_past(self->ev);
	fd = open("fifo", O_WRONLY);
	ASSERT_LE(0, fd);
	waitpid(pid, NULL, 0);
	told = told_read(self->ev, OPEN, getpid());
	ASSERT_EQ(1, told->n);
	EXPECT_STREQ(DIR_PATH "/fifo", told_text(told_at(told, 0), "path"));
	close(fd);
	free(told);
	EXPECT_OPEN(self->ev, open("a", O_RDONLY), DIR_PATH "/a", "a");
}

#define WAITING	1100	/* opens: more than there can be under way */

static void *wait_for_writer(void *fifo)
{
	close(open(fifo, O_RDONLY));
	return NULL;
}

/* How many of this process's threads sleep? */
static unsigned int sleepers(void)
{
	DIR *threads = opendir("/proc/self/task");
	struct dirent *thread;
	unsigned int n = 0;

	while (threads && (thread = readdir(threads)))
		if (thread->d_name[0] != '.' && state_of(atoi(thread->d_name)) == 'S')
			n++;
	closedir(threads);
	return n;
}

/* Root in a container has some rights of his, but not this one. */
static void become_contained(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2];

	if (syscall(SYS_capget, &head, caps))
		_exit(100);
	caps[0].effective &= ~(1u << CAP_SYS_ADMIN);
	caps[0].permitted &= ~(1u << CAP_SYS_ADMIN);
	if (syscall(SYS_capset, &head, caps))
		_exit(100);
}

static void stay_root(void)
{
}

struct waiting {
	void (*become)(void);
	int pipes[4];	/* from it, and to it */
};

/* Make @n opens wait. */
static bool opens_wait(unsigned int n)
{
	pthread_attr_t attr;
	pthread_t thread;
	unsigned int i;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 16384);
	for (i = 0; i < n; i++)
		if (pthread_create(&thread, &attr, wait_for_writer, DIR_PATH "/fifo"))
			return false;
	while (sleepers() < n)
		usleep(10000);
	return true;
}

/* As somebody: makes many opens wait, says so, opens a file, and says so, too. */
static int keep_waiting(const struct waiting *waiting)
{
	const struct rlimit files = { 2 * WAITING, 2 * WAITING };
	const int *pipes = waiting->pipes;
	char c;

	if (setrlimit(RLIMIT_NOFILE, &files))
		return 1;
	waiting->become();
	if (!opens_wait(WAITING))
		return 1;
	if (write(pipes[1], "w", 1) != 1 || read(pipes[2], &c, 1) != 1)
		return 2;
	if (open(DIR_PATH "/link", O_RDONLY) < 0)
		return 3;
	return write(pipes[1], "o", 1) != 1 || read(pipes[2], &c, 1) != 1 ? 4 : 0;
}

/*
 * The event of an open by a user whose other opens wait. NULL: that failed, or an open of
 * ours beside it was not told, or with another @pending.
 */
static struct told *told_beside(struct evring *ev, void (*become)(void), bool pending)
{
	struct waiting waiting = { .become = become };
	struct told *told, *other;
	int status;
	pid_t pid;
	char c;

	if (pipe(waiting.pipes) || pipe(waiting.pipes + 2))
		return NULL;
	fflush(NULL);
	pid = fork();
	if (!pid)
		_exit(keep_waiting(&waiting));
	if (read(waiting.pipes[0], &c, 1) != 1)
		return NULL;
	deed_read_past(ev);
	close(open("link", O_RDONLY));
	other = told_read(ev, OPEN, getpid());
	if (other->n != 1 || strcmp(told_text(told_at(other, 0), "path"), DIR_PATH "/a") ||
	    told_number(told_at(other, 0), "pending") != pending)
		return NULL;
	free(other);
	deed_read_past(ev);
	if (write(waiting.pipes[3], "g", 1) != 1 || read(waiting.pipes[0], &c, 1) != 1)
		return NULL;
	told = told_read(ev, OPEN, pid);
	/* Those that wait are told when they end. */
	if (write(waiting.pipes[3], "g", 1) != 1 || waitpid(pid, &status, 0) != pid || status)
		return NULL;
	for (unsigned int i = 0; i < 4; i++)
		close(waiting.pipes[i]);
	return told;
}

/* A user whose opens wait hides neither the opens of others nor his own. */
TEST_F(file_open_waits, opens_that_wait_hide_no_other)
{
	static const struct {
		void (*become)(void);
		bool pending;	/* that of another one is told when it is allowed, too */
	} users[] = {
		{ deed_as_nobody, false }, { become_contained, false }, { stay_root, true },
	};
	const struct evring_event *event;
	struct told *told;
	unsigned int i;

	ASSERT_EQ(0, mkfifo("fifo", 0666) + symlink("a", "link"));
	for (i = 0; i < ARRAY_SIZE(users); i++) {
		told = told_beside(self->ev, users[i].become, users[i].pending);
		ASSERT_NE(NULL, told) TH_LOG("user %u", i);
		ASSERT_EQ(1, told->n);
		event = told_at(told, 0);
		EXPECT_STREQ(DIR_PATH "/a", told_text(event, "path"));
		EXPECT_EQ(1, told_number(event, "pending"));
		free(told);
	}
}

#define USERS	8	/* two of them may have to share; four have all that users may have */

/* Nobody has a right on the host, but many users together have more than each may have. */
TEST_F(file_open_waits, opens_of_many_users_hide_none_of_an_administrator)
{
	pid_t pids[USERS];
	struct told *told;
	unsigned int i;
	int pipes[2];
	char c;

	ASSERT_EQ(0, mkfifo("fifo", 0666) + symlink("a", "link") + pipe(pipes));
	fflush(NULL);
	for (i = 0; i < USERS; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		if (setresuid(2000 + i, 2000 + i, 2000 + i) || !opens_wait(WAITING / 4) ||
		    write(pipes[1], "w", 1) != 1)
			_exit(1);
		pause();
	}
	for (i = 0; i < USERS; i++)
		ASSERT_EQ(1, read(pipes[0], &c, 1));
	deed_read_past(self->ev);
	close(open("link", O_RDONLY));
	told = told_read(self->ev, OPEN, getpid());
	for (i = 0; i < USERS; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	ASSERT_EQ(1, told->n);
	EXPECT_STREQ(DIR_PATH "/a", told_text(told_at(told, 0), "path"));
	EXPECT_EQ(0, told_number(told_at(told, 0), "pending"));
	free(told);
}

TEST_HARNESS_MAIN
