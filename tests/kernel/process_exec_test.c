// SPDX-License-Identifier: MIT
/*
 * process.exec: the file, by each way that leads to it; the process; refused execs and
 * their errors.
 */
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "file_deed.h"

#define EXEC	"process.exec"
#define TRUE	DIR_PATH "/true"

FIXTURE(process_exec) {
	struct evring *ev;
	struct told *told;
	pid_t pid;
};

static void copy_true(void)
{
	if (system("cp -L /bin/true " TRUE " && chmod 755 " TRUE))
		abort();
}

FIXTURE_SETUP(process_exec)
{
	groups_drop();
	deed_folder();
	copy_true();
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	ASSERT_EQ(1, hook_op(self->ev, EXEC, EVRING_HOOK_ATTACH));
	ASSERT_EQ(0, evring_tap(self->ev, CRITICAL, EVRING_LATEST));
}

FIXTURE_TEARDOWN(process_exec)
{
	hook_op(self->ev, EXEC, EVRING_HOOK_DETACH);
	evring_close(self->ev);
	free(self->told);
}

/* Let a child do something that ends in exec; returns the last event of it. */
static const struct evring_event *told_of(struct _test_data_process_exec *self,
					  void (*fn)(void *arg), void *arg)
{
	fflush(NULL);
	free(self->told);
	self->pid = fork();
	if (!self->pid) {
		fn(arg);
		_exit(126);
	}
	waitpid(self->pid, NULL, 0);
	self->told = told_read(self->ev, EXEC, self->pid);
	if (self->told->n != 1) {
		printf("# %u events\n", self->told->n);
		abort();
	}
	return told_at(self->told, 0);
}

static void exec_true(void *path)
{
	execl(path, "true", "x", NULL);
}

/* The program's file is the one that stat() shows. */
#define EXPECT_FILE(_event, _path) do {						\
	struct stat _st;							\
										\
	ASSERT_EQ(0, stat(_path, &_st));					\
	EXPECT_EQ(_st.st_ino, told_number(_event, "inode"));			\
	EXPECT_EQ((uint64_t)major(_st.st_dev) << 20 | minor(_st.st_dev),	\
		  told_number(_event, "dev"));					\
	EXPECT_EQ(_st.st_mode & 07777, told_number(_event, "mode"));		\
	EXPECT_EQ(_st.st_uid, told_number(_event, "file_uid"));			\
	EXPECT_EQ(_st.st_nlink, told_number(_event, "nlink"));			\
	EXPECT_EQ((uint64_t)_st.st_mtim.tv_sec * 1000000000 + _st.st_mtim.tv_nsec, \
		  told_number(_event, "mtime"));				\
	EXPECT_EQ((uint64_t)_st.st_ctim.tv_sec * 1000000000 + _st.st_ctim.tv_nsec, \
		  told_number(_event, "ctime"));				\
} while (0)

TEST_F(process_exec, any_way_to_run_a_program_tells_its_own_path)
{
	static const char *const given[] = {
		TRUE, "true", "./true", "link", "sub/../link", "/proc/self/root" TRUE,
		"/proc/self/cwd/true",
	};
	const struct evring_event *event;
	unsigned int i;

	ASSERT_EQ(0, mkdir("sub", 0755) + symlink(TRUE, "link") + link("true", "hard"));
	ASSERT_EQ(0, chown(TRUE, 1234, 0) + chmod(TRUE, 0751));
	for (i = 0; i < sizeof(given) / sizeof(*given); i++) {
		event = told_of(self, exec_true, (void *)given[i]);
		EXPECT_STREQ(TRUE, told_text(event, "path"));
		EXPECT_STREQ(given[i], told_text(event, "path_given"));
		EXPECT_STREQ("", told_text(event, "interpreter"));
		EXPECT_EQ(0, told_number(event, "path_flags"));
		EXPECT_EQ(0, told_result(event));
		EXPECT_EQ(0, told_number(event, "is_deleted") + told_number(event, "is_memfd") +
			     told_number(event, "is_upper_layer"));
		EXPECT_FILE(event, TRUE);
	}
	EXPECT_EQ(2, told_number(event, "nlink"));
}

TEST_F(process_exec, a_script_is_told_with_its_interpreter)
{
	const struct evring_event *event;

	deed_file("script", "#!" DIR_PATH "/sub/true -x\n");
	ASSERT_EQ(0, mkdir("sub", 0755) + symlink(TRUE, "sub/true") + chmod("script", 0755));
	event = told_of(self, exec_true, "script");
	EXPECT_STREQ(DIR_PATH "/script", told_text(event, "path"));
	EXPECT_STREQ("script", told_text(event, "path_given"));
	EXPECT_STREQ(TRUE, told_text(event, "interpreter"));
	EXPECT_FILE(event, "script");
}

static void in_a_session(void *unused)
{
	setsid();
	execl(TRUE, "true", NULL);
}

static uint64_t own_number(const char *path, const char *key, int base)
{
	FILE *file = fopen(path, "r");
	uint64_t value = ~0ull;
	char line[1024];

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			value = strtoull(line + strlen(key), NULL, base);
	if (file)
		fclose(file);
	return value;
}

static uint64_t own_start(void)
{
	unsigned long long ticks = 0;
	char line[1024];
	FILE *file = fopen("/proc/self/stat", "r");

	if (!file || !fgets(line, sizeof(line), file) ||
	    sscanf(strrchr(line, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u "
		   "%*d %*d %*d %*d %*d %*d %llu", &ticks) != 1)
		abort();
	fclose(file);
	return ticks;
}

TEST_F(process_exec, the_process_is_told_with_its_parent_and_its_place)
{
	const struct evring_event *event = told_of(self, exec_true, "true");
	char comm[32] = "";

	prctl(PR_GET_NAME, comm);
	EXPECT_EQ(getpid(), told_number(event, "ppid"));
	EXPECT_STREQ(comm, told_text(event, "parent_comm"));
	EXPECT_EQ(own_start(), told_number(event, "parent_start_time") /
			       (1000000000 / sysconf(_SC_CLK_TCK)));
	EXPECT_EQ(getsid(0), told_number(event, "sid"));
	EXPECT_EQ(getpgid(0), told_number(event, "pgid"));
	EXPECT_STREQ(DIR_PATH, told_text(event, "cwd"));
	EXPECT_EQ(0, told_number(event, "cwd_flags"));
	EXPECT_EQ(own_number("/proc/self/status", "CapPrm:", 16),
		  told_number(event, "cap_permitted"));
	EXPECT_EQ(own_number("/proc/self/status", "CapEff:", 16),
		  told_number(event, "cap_effective"));
	EXPECT_EQ(own_number("/proc/self/status", "CapInh:", 16),
		  told_number(event, "cap_inheritable"));
	EXPECT_EQ(0, told_number(event, "secureexec"));
	event = told_of(self, in_a_session, NULL);
	EXPECT_EQ(self->pid, told_number(event, "sid"));
	EXPECT_EQ(self->pid, told_number(event, "pgid"));
	EXPECT_STREQ("", told_text(event, "tty"));
}

/* "ALL", up to the kernel's own last one, and then each bit's, in order */
TEST_F(process_exec, each_capability_of_the_kernel_has_its_name)
{
	const struct evring_event *event = told_of(self, exec_true, "true");
	const struct evring_field *field = told_field(event, "cap_effective");
	uint64_t last = own_number("/proc/sys/kernel/cap_last_cap", "", 10);
	uint32_t i;

	ASSERT_EQ(last + 2, field->nr_values);
	EXPECT_STREQ("ALL", field->values[0].name);
	EXPECT_EQ((2ULL << last) - 1, field->values[0].value);
	for (i = 1; i < field->nr_values; i++) {
		EXPECT_EQ(1ULL << (i - 1), field->values[i].value);
		EXPECT_EQ(0, strncmp("CAP_", field->values[i].name, 4));
	}
	EXPECT_STREQ("CAP_CHOWN", field->values[1].name);
	EXPECT_STREQ("CAP_SYS_ADMIN", field->values[1 + CAP_SYS_ADMIN].name);
	EXPECT_TRUE(field->beside && evring_field_has_bits(field));
	EXPECT_TRUE(told_flag(event, "cap_effective", "ALL"));
	EXPECT_FALSE(told_flag(event, "cap_inheritable", "CAP_CHOWN"));
}

static void with_a_terminal(void *name)
{
	setsid();
	if (open(name, O_RDWR) < 0)
		_exit(1);
	execl(TRUE, "true", NULL);
}

TEST_F(process_exec, the_terminal_has_its_name)
{
	const struct evring_event *event;
	char expected[32];
	int fd, nr;

	mkdir("/dev/pts", 0755);
	mount("devpts", "/dev/pts", "devpts", 0, NULL);
	fd = posix_openpt(O_RDWR | O_NOCTTY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, unlockpt(fd));
	ASSERT_EQ(1, sscanf(ptsname(fd), "/dev/pts/%d", &nr));
	snprintf(expected, sizeof(expected), "pts%d", nr);
	event = told_of(self, with_a_terminal, ptsname(fd));
	EXPECT_STREQ(expected, told_text(event, "tty"));
	close(fd);
}

static void as_another(void *path)
{
	if (setgroups(0, NULL) || setresgid(2001, 2001, 2001) || setresuid(1001, 1001, 1001))
		_exit(1);
	execl(path, "true", "secret", NULL);
}

TEST_F(process_exec, privileges_that_a_program_gives_are_told)
{
	const struct evring_event *event = told_of(self, as_another, "true");

	EXPECT_EQ(1001, told_number(event, "euid"));
	EXPECT_EQ(0, told_number(event, "cap_effective"));
	EXPECT_EQ(0, told_number(event, "secureexec"));
	ASSERT_EQ(0, chmod(TRUE, 04755));
	event = told_of(self, as_another, "true");
	EXPECT_EQ(1001, told_number(event, "uid"));
	EXPECT_EQ(0, told_number(event, "euid"));
	EXPECT_EQ(04755, told_number(event, "mode"));
	EXPECT_EQ(own_number("/proc/self/status", "CapBnd:", 16),
		  told_number(event, "cap_effective"));
	EXPECT_EQ(1, told_number(event, "secureexec"));
}

static void exec_fd(void *fd)
{
	syscall(SYS_execveat, *(int *)fd, "", (char *[]){ "true", NULL }, NULL, AT_EMPTY_PATH);
}

TEST_F(process_exec, a_file_that_has_no_name_says_so)
{
	const struct evring_event *event;
	int fd = open(TRUE, O_RDONLY), mem = memfd_create("secret", 0);
	struct stat st;
	char buf[65536];
	ssize_t n;

	ASSERT_LE(0, mem);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		ASSERT_EQ(n, write(mem, buf, (size_t)n));
	ASSERT_EQ(0, fstat(mem, &st));
	event = told_of(self, exec_fd, &mem);
	EXPECT_EQ(0, told_result(event));
	EXPECT_EQ(1, told_number(event, "is_memfd"));
	EXPECT_EQ(1, told_number(event, "is_deleted"));
	EXPECT_EQ(st.st_ino, told_number(event, "inode"));
	EXPECT_STREQ("/memfd:secret (deleted)", told_text(event, "path"));
	EXPECT_STREQ("", told_text(event, "path_given"));

	ASSERT_EQ(0, unlink(TRUE));
	event = told_of(self, exec_fd, &fd);
	EXPECT_STREQ(TRUE " (deleted)", told_text(event, "path"));
	EXPECT_TRUE(told_flag(event, "path_flags", "deleted"));
	EXPECT_EQ(1, told_number(event, "is_deleted"));
	EXPECT_EQ(0, told_number(event, "is_memfd"));
	EXPECT_EQ(0, told_number(event, "nlink"));
	close(fd);
	close(mem);
}

static void fd_as_another(void *fd)
{
	if (setgroups(0, NULL) || setresuid(1001, 1001, 1001))
		_exit(1);
	exec_fd(fd);
}

TEST_F(process_exec, a_refused_exec_of_a_descriptor_tells_its_path)
{
	int fd = open(TRUE, O_RDONLY);
	const struct evring_event *event;

	ASSERT_EQ(0, chmod(TRUE, 0600));
	event = told_of(self, fd_as_another, &fd);
	EXPECT_EQ(-EACCES, told_result(event));
	EXPECT_STREQ("", told_text(event, "path_given"));
	EXPECT_STREQ(TRUE, told_text(event, "path"));
	close(fd);
}

TEST_F(process_exec, a_refused_exec_tells_the_error_and_the_file)
{
	const struct evring_event *event = told_of(self, exec_true, "none-such");

	EXPECT_EQ(-ENOENT, told_result(event));
	EXPECT_STREQ("none-such", told_text(event, "path_given"));
	EXPECT_STREQ(DIR_PATH "/none-such", told_text(event, "path"));
	EXPECT_TRUE(told_flag(event, "path_flags", "given"));
	EXPECT_EQ(0, memcmp("true\0x", told_text(event, "argv"), 7));
	EXPECT_EQ(7, told_number(event, "argv_len"));
	EXPECT_EQ(0, told_number(event, "argv_truncated"));
	EXPECT_EQ(getpid(), told_number(event, "ppid"));
	EXPECT_EQ(self->pid, told_number(event, "old_tid"));
	EXPECT_STREQ(DIR_PATH, told_text(event, "cwd"));

	ASSERT_EQ(0, chmod(TRUE, 0700));
	event = told_of(self, as_another, "true");
	EXPECT_EQ(-EACCES, told_result(event));
	EXPECT_EQ(1001, told_number(event, "uid"));
	EXPECT_EQ(0, memcmp("true\0secret", told_text(event, "argv"), 12));

	deed_file("text", "no program");
	ASSERT_EQ(0, symlink("text", "link") + chmod("text", 0755));
	event = told_of(self, exec_true, "link");
	EXPECT_EQ(-ENOEXEC, told_result(event));
	EXPECT_STREQ(DIR_PATH "/text", told_text(event, "path"));
	EXPECT_STREQ("link", told_text(event, "path_given"));
	EXPECT_EQ(0, told_number(event, "path_flags"));
	EXPECT_FILE(event, "text");

	event = told_of(self, exec_true, (void *)8);
	EXPECT_EQ(-EFAULT, told_result(event));
	EXPECT_STREQ("", told_text(event, "path_given"));
}

static void exec_with(void *path, char *const *argv)
{
	/* The library's own functions are declared not to take NULL. */
	syscall(SYS_execve, path, argv, NULL);
}

static void exec_without_array(void *path)
{
	exec_with(path, NULL);
}

static void exec_without_arguments(void *path)
{
	exec_with(path, (char *[]){ NULL });
}

static void exec_with_empty_ones(void *path)
{
	exec_with(path, (char *[]){ "", "", NULL });
}

/* The kernel gives a program without arguments an empty one (since 5.18). */
TEST_F(process_exec, empty_arguments_are_told_as_the_program_gets_them)
{
	static void (*const ways[])(void *path) = { exec_without_array, exec_without_arguments };
	const struct evring_event *event;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		event = told_of(self, ways[i], TRUE);
		EXPECT_EQ(0, told_result(event));
		EXPECT_STREQ(TRUE, told_text(event, "path"));
		EXPECT_EQ(1, told_number(event, "argv_len"));
		ASSERT_EQ(1, told_text_len(event, "argv"));
		EXPECT_EQ('\0', *told_text(event, "argv"));
		EXPECT_EQ(0, told_number(event, "argv_truncated"));
		/* The kernel gave up before: there are none, and that is no cut. */
		event = told_of(self, ways[i], "none-such");
		EXPECT_EQ(-ENOENT, told_result(event));
		EXPECT_EQ(0, told_number(event, "argv_len"));
		EXPECT_EQ(0, told_text_len(event, "argv"));
		EXPECT_EQ(0, told_number(event, "argv_truncated"));
	}
	event = told_of(self, exec_with_empty_ones, TRUE);
	EXPECT_EQ(2, told_number(event, "argv_len"));
	ASSERT_EQ(2, told_text_len(event, "argv"));
	EXPECT_EQ(0, memcmp("\0", told_text(event, "argv"), 2));
}

static void exec_long(void *args)
{
	execv(TRUE, args);
}

TEST_F(process_exec, of_long_arguments_both_ends_are_told)
{
	static char text[100000], *args[] = { "true", text, "the end", NULL };
	const size_t most = 32 * (size_t)getpagesize();	/* MAX_ARG_STRLEN */
	const struct evring_event *event;

	/* Of words, as one that is too long to be seen may be a secret */
	for (size_t i = 0; i + 1 < sizeof(text); i++)
		text[i] = i % 8 == 7 ? ' ' : 'x';
	event = told_of(self, exec_long, args);
	EXPECT_EQ(5 + sizeof(text) + 8, told_number(event, "argv_len"));
	EXPECT_EQ(1, told_number(event, "argv_truncated"));
	EXPECT_EQ(0, memcmp("true\0xxxx", told_text(event, "argv"), 9));
	EXPECT_EQ(0, memcmp(" xxxxxxx\0the end", told_text(event, "argv_end") + 1024 - 17, 17));
	EXPECT_EQ('x', *told_text(event, "argv_end"));
	event = told_of(self, exec_true, TRUE);
	EXPECT_STREQ("", told_text(event, "argv_end"));

	/* Longer than the kernel takes */
	args[2] = calloc(1, most + 2);
	memset(args[2], 'y', most + 1);
	event = told_of(self, exec_long, args);
	EXPECT_EQ(-E2BIG, told_result(event));
	EXPECT_EQ(1, told_number(event, "argv_truncated"));
	EXPECT_EQ(0, memcmp("true\0xxxx", told_text(event, "argv"), 9));
	free(args[2]);
}

#define ASKED "/sys/module/evring/parameters/exec_env"

/* 0, or why the kernel does not want it */
static int env_ask(const char *names)
{
	int fd = open(ASKED, O_WRONLY), error = 0;

	if (fd < 0)
		abort();
	if (write(fd, names, strlen(names)) < 0)
		error = errno;
	close(fd);
	return error;
}

static void exec_env(void *env)
{
	execle(TRUE, "true", NULL, env);
}

/* The field has these bytes, the last text's NUL but for one not included. */
#define EXPECT_ENV(_event, _bytes)	EXPECT_ENV_BYTES(_event, _bytes, sizeof(_bytes))

#define EXPECT_ENV_BYTES(_event, _bytes, _count) do {				\
	const char *_str;							\
	size_t _len;								\
										\
	ASSERT_EQ(0, evring_get_string(_event, told_field(_event, "env"), &_str, &_len)); \
	EXPECT_EQ(_count, _len);						\
	EXPECT_EQ(0, memcmp(_bytes, _str, _count));				\
} while (0)

TEST_F(process_exec, of_the_environment_only_named_variables_are_told)
{
	static char *const env[] = { "SECRET=1", "LD_PRELOAD=/evil.so", "PATH=/bin:/sbin", "PATHS=no",
				     "LD_AUDIT=", "LD", "NOT_LD_X=2", "HOME=/", NULL };
	const struct evring_event *event = told_of(self, exec_env, (void *)env);

	EXPECT_STREQ("", told_text(event, "env"));
	EXPECT_EQ(0, told_number(event, "env_truncated"));

	ASSERT_EQ(0, env_ask("LD_*,PATH"));
	event = told_of(self, exec_env, (void *)env);
	EXPECT_ENV(event, "LD_PRELOAD=/evil.so\0PATH=/bin:/sbin\0LD_AUDIT=");
	EXPECT_EQ(0, told_number(event, "env_truncated"));
	EXPECT_EQ(0, memcmp("true", told_text(event, "argv"), 5));

	/* Invalid names, and too many: the earlier value stays. */
	EXPECT_EQ(EINVAL, env_ask("A,,B"));
	EXPECT_EQ(EINVAL, env_ask("A=1"));
	EXPECT_EQ(EINVAL, env_ask("A*B"));
	EXPECT_EQ(EINVAL, env_ask("A,B,C,D,E,F,G,H,I,J,K,L,M,N,O,P,Q"));
	event = told_of(self, exec_env, (void *)env);
	EXPECT_ENV(event, "LD_PRELOAD=/evil.so\0PATH=/bin:/sbin\0LD_AUDIT=");
	ASSERT_EQ(0, env_ask("\n"));
	event = told_of(self, exec_env, (void *)env);
	EXPECT_STREQ("", told_text(event, "env"));
}

#define URL_CUT	"FIRST=1\0BIG=db://u:" EVRING_REDACTED_MARK

TEST_F(process_exec, an_environment_that_is_too_long_says_so)
{
	static char big[60001], *env[] = { "FIRST=1", big, "LAST=2", NULL };
	const struct evring_event *event;

	ASSERT_EQ(0, env_ask("FIRST,LAST,BIG"));
	memset(big, 'x', sizeof(big) - 1);
	memcpy(big, "OUT=", 4);
	event = told_of(self, exec_env, env);
	EXPECT_ENV(event, "FIRST=1");
	EXPECT_EQ(1, told_number(event, "env_truncated"));

	/* A variable that is not named, however long, changes nothing. */
	big[20000] = '\0';
	event = told_of(self, exec_env, env);
	EXPECT_ENV(event, "FIRST=1\0LAST=2");
	EXPECT_EQ(0, told_number(event, "env_truncated"));

	memcpy(big, "BIG=", 4);
	event = told_of(self, exec_env, env);
	EXPECT_EQ(0, memcmp("FIRST=1\0BIG=xxxx", told_text(event, "env"), 16));
	EXPECT_EQ(1, told_number(event, "env_truncated"));

	/* The '@' behind a password may be in what is missing. */
	memcpy(big, "BIG=db://u:", 11);
	event = told_of(self, exec_env, env);
	EXPECT_ENV_BYTES(event, URL_CUT, sizeof(URL_CUT) - 1);
	EXPECT_EQ(1, told_number(event, "env_truncated"));
	ASSERT_EQ(0, env_ask("\n"));
}

static void *exec_thread(void *tid)
{
	*(pid_t *)tid = gettid();
	execl(TRUE, "true", NULL);
	execl("none-such", "true", NULL);
	return NULL;
}

static void by_a_thread(void *tid)
{
	pthread_t thread;

	if (!pthread_create(&thread, NULL, exec_thread, tid))
		pthread_join(thread, NULL);
}

TEST_F(process_exec, a_thread_that_is_not_the_leader_is_told_of)
{
	pid_t *tid = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct evring_event *event = told_of(self, by_a_thread, tid);

	EXPECT_EQ(*tid, told_number(event, "old_tid"));
	EXPECT_STREQ(TRUE, told_text(event, "path"));
	EXPECT_STREQ(TRUE, told_text(event, "path_given"));
	ASSERT_EQ(0, unlink(TRUE));
	free(self->told);
	self->told = NULL;
	self->pid = fork();
	if (!self->pid) {
		by_a_thread(tid);
		_exit(0);
	}
	waitpid(self->pid, NULL, 0);
	self->told = told_read(self->ev, EXEC, self->pid);
	ASSERT_EQ(2, self->told->n);
	EXPECT_EQ(*tid, told_number(told_at(self->told, 1), "old_tid"));
	EXPECT_EQ(-ENOENT, told_result(told_at(self->told, 1)));
	EXPECT_STREQ(TRUE, told_text(told_at(self->told, 1), "path_given"));
	EXPECT_STREQ("none-such", told_text(told_at(self->told, 0), "path_given"));
}

static void chroot_and_exec(void *unused)
{
	if (chroot(".") || chdir("/"))
		_exit(1);
	execl("/true", "true", NULL);
}

TEST_F(process_exec, a_path_begins_at_the_root_of_the_task)
{
	const struct evring_event *event = told_of(self, chroot_and_exec, NULL);

	EXPECT_STREQ("/true", told_text(event, "path"));
	EXPECT_STREQ("/", told_text(event, "cwd"));
	EXPECT_EQ(0, told_number(event, "path_flags"));
	EXPECT_FILE(event, TRUE);
}

/* A process in namespaces of its own, as it sees itself */
struct inside {
	pid_t parent;
	pid_t pid;
	uint64_t mntns;
	uint64_t pidns;
};

/* Process 1 of a pid namespace runs a program that is mounted nowhere else. */
static int exec_inside(struct inside *inside)
{
	int status;
	pid_t pid;

	/* The first child in a pid namespace is its process 1, so the copy comes before. */
	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", DIR_PATH "/bound", "tmpfs", 0, NULL) ||
	    system("cp " TRUE " " DIR_PATH "/bound/inside") ||
	    unshare(CLONE_NEWPID))
		return 1;
	inside->parent = getpid();
	inside->mntns = ns_inode("/proc/self/ns/mnt");
	pid = fork();
	if (!pid) {
		inside->pidns = ns_inode("/proc/self/ns/pid");
		execl("bound/inside", "true", NULL);
		_exit(2);
	}
	inside->pid = pid;
	return waitpid(pid, &status, 0) != pid || status;
}

TEST_F(process_exec, a_program_of_another_mount_and_pid_namespace_is_told)
{
	struct inside *inside = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct evring_event *event;
	int status;

	ASSERT_EQ(0, mkdir("bound", 0755));
	fflush(NULL);
	self->pid = fork();
	if (!self->pid)
		_exit(exec_inside(inside));
	ASSERT_EQ(self->pid, waitpid(self->pid, &status, 0));
	ASSERT_EQ(0, status);
	self->told = told_read(self->ev, EXEC, inside->pid);
	ASSERT_EQ(1, self->told->n);
	event = told_at(self->told, 0);
	EXPECT_EQ(0, told_result(event));
	EXPECT_STREQ(DIR_PATH "/bound/inside", told_text(event, "path"));
	EXPECT_EQ(0, told_number(event, "path_flags"));
	EXPECT_EQ(inside->mntns, told_number(event, "mntns"));
	EXPECT_EQ(inside->pidns, told_number(event, "pidns"));
	EXPECT_EQ(inside->parent, told_number(event, "ppid"));
	/* There is no such file here. */
	EXPECT_EQ(-1, access(DIR_PATH "/bound/inside", F_OK));
	munmap(inside, 4096);
}

#ifdef __x86_64__
static void exec32(void *low)
{
	uint32_t *argv = low;
	char *texts = (char *)(argv + 4);

	strcpy(texts, "none-such");
	strcpy(texts + 64, "true");
	argv[0] = (uint32_t)(uintptr_t)(texts + 64);
	argv[1] = 0;
	deed_call32(11, (long)(uintptr_t)texts, (long)(uintptr_t)argv, 0, 0, 0);
	strcpy(texts, TRUE);
	if (deed_call32(11, (long)(uintptr_t)texts, (long)(uintptr_t)argv, 0, 0, 0) == -ENOSYS)
		_exit(77);
	_exit(1);
}

TEST_F(process_exec, a_32_bit_call_is_told_alike)
{
	int status;

	self->pid = fork();
	if (!self->pid)
		exec32(deed_low(4096));
	waitpid(self->pid, &status, 0);
	if (WEXITSTATUS(status) == 77)
		SKIP(return, "this kernel has no 32-bit calls");
	ASSERT_EQ(0, status);
	self->told = told_read(self->ev, EXEC, self->pid);
	ASSERT_EQ(2, self->told->n);
	EXPECT_EQ(-ENOENT, told_result(told_at(self->told, 1)));
	EXPECT_STREQ("none-such", told_text(told_at(self->told, 1), "path_given"));
	EXPECT_STREQ("true", told_text(told_at(self->told, 1), "argv"));
	EXPECT_EQ(5, told_number(told_at(self->told, 1), "argv_len"));
	EXPECT_EQ(0, told_result(told_at(self->told, 0)));
	EXPECT_STREQ(TRUE, told_text(told_at(self->told, 0), "path"));
	EXPECT_STREQ("true", told_text(told_at(self->told, 0), "argv"));
}
#endif

TEST_HARNESS_MAIN
