// SPDX-License-Identifier: MIT
/* process.memory: memory that becomes executable and that is or was written. */
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include "file_deed.h"

#define MEMORY	"process.memory"
#define RW	(PROT_READ | PROT_WRITE)
#define RX	(PROT_READ | PROT_EXEC)
#define RWX	(RW | PROT_EXEC)
#define LEN	8192

static const char *const hooks[] = { MEMORY, NULL };

/* The values that the process itself sees */
struct seen {
	uint64_t at;
	bool as_nobody;
};

FIXTURE(process_memory) {
	struct evring *ev;
	struct seen *seen;
};

FIXTURE_SETUP(process_memory)
{
	self->seen = deed_shared(sizeof(*self->seen));
	self->ev = deed_open(hooks, BULK);
}

FIXTURE_TEARDOWN(process_memory)
{
	deed_close(self->ev, hooks);
	munmap(self->seen, sizeof(*self->seen));
}

static int map_at_once(void *arg)
{
	struct seen *seen = arg;
	void *at;

	if (seen->as_nobody)
		deed_as_nobody();
	at = mmap(NULL, LEN, RWX, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return errno;
	seen->at = (uintptr_t)at;
	/* These are everybody's. */
	return mmap(NULL, LEN, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ||
	       mmap(NULL, LEN, RX, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

TEST_F(process_memory, memory_that_is_both_at_once_is_told)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	for (int i = 0; i < 2; i++) {
		self->seen->as_nobody = i;
		told = deed_in_child(self->ev, MEMORY, map_at_once, self->seen, &status);
		ASSERT_EQ(0, status);
		ASSERT_EQ(1, told->n);
		event = told_at(told, 0);
		EXPECT_TRUE(told_called(event, "operation", "mmap"));
		EXPECT_EQ(0, told_result(event));
		EXPECT_EQ(self->seen->at, told_number(event, "address"));
		EXPECT_EQ(LEN, told_number(event, "length"));
		EXPECT_EQ(RWX, told_number(event, "prot"));
		EXPECT_EQ(0, told_number(event, "old_prot"));
		EXPECT_EQ(0, told_number(event, "is_shared"));
		EXPECT_EQ(0, told_number(event, "inode"));
		EXPECT_STREQ("", told_text(event, "path"));
		EXPECT_EQ(i ? 65534 : 0, told_number(event, "uid"));
		free(told);
	}
}

static int old_program(void *arg)
{
	struct seen *seen = arg;
	void *at;

	if (personality(READ_IMPLIES_EXEC) < 0)
		return errno;
	at = mmap(NULL, LEN, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	seen->at = (uintptr_t)at;
	return at == MAP_FAILED;
}

TEST_F(process_memory, the_resolved_request_is_told)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	told = deed_in_child(self->ev, MEMORY, old_program, self->seen, &status);
	ASSERT_EQ(0, status);
	ASSERT_LE(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(self->seen->at, told_number(event, "address"));
	EXPECT_EQ(RWX, told_number(event, "prot"));
	free(told);
}

/* A kernel without keys for pages has the call that needs none. */
static int protect(void *at, size_t len, int prot)
{
	int ret = syscall(SYS_pkey_mprotect, at, len, prot, -1);

	return ret && errno == ENOSYS ? mprotect(at, len, prot) : ret;
}

/* As a compiler does it, then with a pause in between, then of memory nobody wrote to */
static int write_and_run(void *arg)
{
	struct seen *seen = arg;
	char *at = mmap(NULL, LEN, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *later = mmap(NULL, LEN, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *never = mmap(NULL, LEN, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	seen->at = (uintptr_t)at;
	*at = *later = 1;
	return mprotect(at, 4096, RX) || mprotect(later, LEN, PROT_READ) ||
	       mprotect(later, LEN, RX) || mprotect(never, LEN, RX) || mprotect(at, 4096, RX) ||
	       protect(never, LEN, RWX);
}

TEST_F(process_memory, memory_that_was_written_and_becomes_executable_is_told)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	told = deed_in_child(self->ev, MEMORY, write_and_run, self->seen, &status);
	ASSERT_EQ(0, status);
	/* The first mapping once more, as it was written */
	ASSERT_EQ(4, told->n);
	event = told_at(told, 3);
	EXPECT_TRUE(told_called(event, "operation", "mprotect"));
	EXPECT_EQ(0, told_result(event));
	EXPECT_EQ(self->seen->at, told_number(event, "address"));
	EXPECT_EQ(4096, told_number(event, "length"));
	EXPECT_EQ(RX, told_number(event, "prot"));
	EXPECT_EQ(RW, told_number(event, "old_prot"));
	EXPECT_EQ(1, told_number(event, "was_written"));
	event = told_at(told, 2);
	EXPECT_EQ(RX, told_number(event, "prot"));
	EXPECT_EQ(PROT_READ, told_number(event, "old_prot"));
	EXPECT_EQ(1, told_number(event, "was_written"));
	EXPECT_EQ(RX, told_number(told_at(told, 1), "old_prot"));
	event = told_at(told, 0);
	EXPECT_EQ(RWX, told_number(event, "prot"));
	EXPECT_EQ(RX, told_number(event, "old_prot"));
	EXPECT_EQ(0, told_number(event, "was_written"));
	free(told);
}

/* Shared memory has no pages of its own that would show that it was written. */
static int share_and_run(void *arg)
{
	int file = open("/proc/self/exe", O_RDONLY);
	void *exe = mmap(NULL, LEN, PROT_READ, MAP_SHARED, file, 0);
	char *at = mmap(NULL, LEN, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	*at = 1;
	/* The program's own file cannot be written by this mapping: no event. */
	return mprotect(exe, LEN, RX) || mprotect(at, LEN, PROT_READ) || mprotect(at, LEN, RX);
}

TEST_F(process_memory, shared_memory_that_could_be_written_and_becomes_executable_is_told)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	told = deed_in_child(self->ev, MEMORY, share_and_run, NULL, &status);
	ASSERT_EQ(0, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(RX, told_number(event, "prot"));
	EXPECT_EQ(PROT_READ, told_number(event, "old_prot"));
	EXPECT_EQ(1, told_number(event, "was_written"));
	EXPECT_EQ(1, told_number(event, "is_shared"));
	free(told);
}

static int map_file(void *arg)
{
	int fd = open("code", O_RDWR);
	struct seen *seen = arg;
	void *at = mmap(NULL, 4096, RWX, MAP_SHARED, fd, 0);

	seen->at = (uintptr_t)at;
	if (at == MAP_FAILED)
		return errno;
	return mprotect(at, 4096, RW) || mprotect(at, 4096, RX);
}

TEST_F(process_memory, the_file_that_is_mapped_is_told_and_a_refusal)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	deed_file("code", "nothing that runs");
	told = deed_in_child(self->ev, MEMORY, map_file, self->seen, &status);
	ASSERT_EQ(0, status);
	ASSERT_EQ(2, told->n);
	for (int i = 0; i < 2; i++) {
		event = told_at(told, i);
		EXPECT_EQ(self->seen->at, told_number(event, "address"));
		EXPECT_STREQ(DIR_PATH "/code", told_text(event, "path"));
		EXPECT_EQ(deed_inode("code"), told_number(event, "inode"));
		EXPECT_EQ(deed_dev("code"), told_number(event, "dev"));
		EXPECT_EQ(1, told_number(event, "is_shared"));
		EXPECT_EQ(0, told_number(event, "path_flags"));
	}
	EXPECT_EQ(RW, told_number(told_at(told, 0), "old_prot"));
	free(told);

	ASSERT_EQ(0, mkdir("bound", 0755));
	ASSERT_EQ(0, mount("none", DIR_PATH "/bound", "tmpfs", MS_NOEXEC, NULL));
	ASSERT_EQ(0, chdir("bound"));
	deed_file("code", "nothing that runs");
	told = deed_in_child(self->ev, MEMORY, map_file, self->seen, &status);
	EXPECT_EQ(EPERM, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(-EPERM, told_result(event));
	EXPECT_STREQ(DIR_PATH "/bound/code", told_text(event, "path"));
	EXPECT_EQ(0, told_number(event, "address"));
	EXPECT_EQ(RWX, told_number(event, "prot"));
	free(told);
	ASSERT_EQ(0, chdir(".."));
	umount("bound");
}

static int map_refused(void *arg)
{
	int fd = open("bound/code", O_RDWR);
	void *at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	if (at == MAP_FAILED)
		return errno;
	return mprotect(at, 4096, RX) ? errno : 0;
}

TEST_F(process_memory, a_refused_mprotect_is_told)
{
	struct told *told;
	int status;

	ASSERT_EQ(0, mkdir("bound", 0755));
	ASSERT_EQ(0, mount("none", DIR_PATH "/bound", "tmpfs", MS_NOEXEC, NULL));
	deed_file("bound/code", "nothing that runs");
	told = deed_in_child(self->ev, MEMORY, map_refused, NULL, &status);
	EXPECT_EQ(EACCES, status);
	ASSERT_EQ(1, told->n);
	EXPECT_EQ(-EACCES, told_result(told_at(told, 0)));
	EXPECT_EQ(RX, told_number(told_at(told, 0), "prot"));
	free(told);
	umount("bound");
}

static int protect_as_nobody(void *arg)
{
	int fd = open("bound/code", O_RDWR);
	void *at = mmap(NULL, 4096, RW, MAP_PRIVATE, fd, 0);
	struct seen *seen = arg;

	deed_as_nobody();
	seen->at = (uintptr_t)at;
	if (at == MAP_FAILED)
		return 100;
	if (mmap(NULL, 4096, RWX, MAP_PRIVATE, fd, 0) != MAP_FAILED || errno != EPERM)
		return 101;
	if (!mprotect(at, 4096, RX))
		return 102;
	return errno;
}

TEST_F(process_memory, refusals_of_another_user_are_told)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	ASSERT_EQ(0, mkdir("bound", 0755));
	ASSERT_EQ(0, mount("none", DIR_PATH "/bound", "tmpfs", MS_NOEXEC, NULL));
	deed_file("bound/code", "nothing that runs");
	told = deed_in_child(self->ev, MEMORY, protect_as_nobody, self->seen, &status);
	EXPECT_EQ(EACCES, status);
	ASSERT_EQ(2, told->n);
	for (int i = 0; i < 2; i++) {
		event = told_at(told, i);
		EXPECT_EQ(i ? -EPERM : -EACCES, told_result(event));
		EXPECT_TRUE(told_called(event, "operation", i ? "mmap" : "mprotect"));
		EXPECT_EQ(65534, told_number(event, "uid"));
	}
	EXPECT_STREQ(DIR_PATH "/bound/code", told_text(event, "path"));
	EXPECT_EQ(self->seen->at, told_number(told_at(told, 0), "address"));
	EXPECT_EQ(RX, told_number(told_at(told, 0), "prot"));
	free(told);
	umount("bound");
}

static int attach_shared(void *arg)
{
	int id = shmget(IPC_PRIVATE, LEN, 0700);
	struct seen *seen = arg;
	void *at = shmat(id, NULL, SHM_EXEC);

	shmctl(id, IPC_RMID, NULL);
	seen->at = (uintptr_t)at;
	return at == (void *)-1;
}

TEST_F(process_memory, shared_memory_of_system_v_is_told)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	told = deed_in_child(self->ev, MEMORY, attach_shared, self->seen, &status);
	ASSERT_EQ(0, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_TRUE(told_called(event, "operation", "shmat"));
	EXPECT_EQ(self->seen->at, told_number(event, "address"));
	EXPECT_EQ(LEN, told_number(event, "length"));
	EXPECT_EQ(RWX, told_number(event, "prot"));
	EXPECT_EQ(1, told_number(event, "is_shared"));
	free(told);
}

#ifdef __x86_64__
static int map32(void *arg)
{
	long at = deed_call32(192, 0, LEN, RWX, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	struct seen *seen = arg;

	if (at == -ENOSYS)
		return 77;
	seen->at = (uint32_t)at;
	return deed_call32(125, at, LEN, RW, 0, 0) || deed_call32(125, at, LEN, RX, 0, 0);
}

TEST_F(process_memory, a_32_bit_call_is_told_alike)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	told = deed_in_child(self->ev, MEMORY, map32, self->seen, &status);
	if (status == 77) {
		free(told);
		SKIP(return, "this kernel has no 32-bit calls");
	}
	ASSERT_EQ(0, status);
	ASSERT_EQ(2, told->n);
	for (int i = 0; i < 2; i++) {
		event = told_at(told, i);
		EXPECT_EQ(self->seen->at, told_number(event, "address"));
		EXPECT_EQ(LEN, told_number(event, "length"));
	}
	EXPECT_TRUE(told_called(event, "operation", "mmap"));
	free(told);
}
#endif

TEST_HARNESS_MAIN
