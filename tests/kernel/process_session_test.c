// SPDX-License-Identifier: MIT
/* process.session: logins, as audit knows them, and sessions of terminals. */
#include "file_deed.h"

#define SESSION "process.session"
#define UNSET	UINT32_MAX

static const char *const hooks[] = { SESSION, NULL };

/* The values that the process itself sees */
struct seen {
	uint32_t sessionid;
	pid_t sid;
};

FIXTURE(process_session) {
	struct evring *ev;
	struct seen *seen;
};

FIXTURE_SETUP(process_session)
{
	self->seen = deed_shared(sizeof(*self->seen));
	self->ev = deed_open(hooks, CRITICAL);
}

FIXTURE_TEARDOWN(process_session)
{
	deed_close(self->ev, hooks);
	munmap(self->seen, sizeof(*self->seen));
}

static uint32_t sessionid(void)
{
	unsigned int id;
	FILE *file = fopen("/proc/self/sessionid", "r");

	if (!file || fscanf(file, "%u", &id) != 1)
		abort();
	fclose(file);
	return id;
}

static int log_in(int fd, const char *uid)
{
	return write(fd, uid, strlen(uid)) < 0 ? errno : 0;
}

/* Once as root, and once more as another user, without permission */
static int log_in_twice(void *arg)
{
	int fd = open("/proc/self/loginuid", O_WRONLY), error;
	struct seen *seen = arg;

	if (fd < 0)
		return 100;
	error = log_in(fd, "1001");
	if (error)
		return error;
	seen->sessionid = sessionid();
	deed_as_nobody();
	return log_in(fd, "1002") == EPERM ? 0 : 101;
}

TEST_F(process_session, a_login_is_told_and_one_that_is_refused)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	told = deed_in_child(self->ev, SESSION, log_in_twice, self->seen, &status);
	ASSERT_EQ(0, status);
	ASSERT_EQ(2, told->n);
	event = told_at(told, 1);
	EXPECT_TRUE(told_called(event, "operation", "login"));
	EXPECT_EQ(0, told_result(event));
	EXPECT_EQ(UNSET, told_number(event, "old_loginuid"));
	EXPECT_EQ(1001, told_number(event, "new_loginuid"));
	EXPECT_EQ(UNSET, told_number(event, "old_sessionid"));
	EXPECT_EQ(self->seen->sessionid, told_number(event, "new_sessionid"));
	EXPECT_EQ(told_number(event, "old_sid"), told_number(event, "new_sid"));

	event = told_at(told, 0);
	EXPECT_TRUE(told_called(event, "operation", "login"));
	EXPECT_EQ(-EPERM, told_result(event));
	EXPECT_EQ(1001, told_number(event, "loginuid"));
	EXPECT_EQ(1001, told_number(event, "old_loginuid"));
	EXPECT_EQ(1002, told_number(event, "new_loginuid"));
	EXPECT_EQ(self->seen->sessionid, told_number(event, "old_sessionid"));
	EXPECT_EQ(self->seen->sessionid, told_number(event, "new_sessionid"));
	EXPECT_EQ(65534, told_number(event, "uid"));
	free(told);
}

static int begin(void *arg)
{
	struct seen *seen = arg;

	seen->sid = getsid(0);
	return setsid() != getpid() || setsid() != -1 || errno != EPERM;
}

TEST_F(process_session, a_session_that_begins_is_told_and_one_that_cannot)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	told = deed_in_child(self->ev, SESSION, begin, self->seen, &status);
	ASSERT_EQ(0, status);
	ASSERT_EQ(2, told->n);
	event = told_at(told, 1);
	EXPECT_TRUE(told_called(event, "operation", "setsid"));
	EXPECT_EQ(0, told_result(event));
	EXPECT_EQ(self->seen->sid, told_number(event, "old_sid"));
	EXPECT_EQ(event->rec->pid, told_number(event, "new_sid"));
	EXPECT_EQ(told_number(event, "old_loginuid"), told_number(event, "new_loginuid"));
	event = told_at(told, 0);
	EXPECT_EQ(-EPERM, told_result(event));
	EXPECT_EQ(event->rec->pid, told_number(event, "old_sid"));
	EXPECT_EQ(event->rec->pid, told_number(event, "new_sid"));
	free(told);
}

/* In another pid namespace, where the session has another number */
static int begin_inside(void *arg)
{
	struct seen *seen = arg;
	int status;
	pid_t pid;

	if (unshare(CLONE_NEWPID))
		return errno;
	pid = fork();
	if (!pid)
		_exit(setsid() != 1);
	seen->sid = pid;
	return waitpid(pid, &status, 0) != pid || status;
}

TEST_F(process_session, a_session_of_another_pid_namespace_has_its_number_here)
{
	struct told *told;
	pid_t pid;
	int status;

	fflush(NULL);
	pid = fork();
	if (!pid)
		_exit(begin_inside(self->seen));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	told = told_read(self->ev, SESSION, self->seen->sid);
	ASSERT_EQ(1, told->n);
	EXPECT_EQ(self->seen->sid, told_number(told_at(told, 0), "new_sid"));
	EXPECT_EQ(0, told_result(told_at(told, 0)));
	free(told);
}

#ifdef __x86_64__
static int begin32(void *arg)
{
	return deed_call32(66, 0, 0, 0, 0, 0) == getpid() ? 0 : 77;
}

TEST_F(process_session, a_32_bit_call_is_told_alike)
{
	struct told *told;
	int status;

	told = deed_in_child(self->ev, SESSION, begin32, NULL, &status);
	if (status == 77) {
		free(told);
		SKIP(return, "this kernel has no 32-bit calls");
	}
	ASSERT_EQ(1, told->n);
	EXPECT_EQ(told_at(told, 0)->rec->pid, told_number(told_at(told, 0), "new_sid"));
	free(told);
}
#endif

TEST_HARNESS_MAIN
