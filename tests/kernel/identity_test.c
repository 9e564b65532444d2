// SPDX-License-Identifier: MIT
/*
 * Each family's events name the process alike: one of another user, in pid, mount and
 * network namespaces and a cgroup of its own, does a deed of each family, and all its
 * events are compared with the values that the kernel shows elsewhere.
 */
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include <linux/io_uring.h>
#include <net/if.h>
#include <netinet/in.h>

#include "file_deed.h"

#define CGROUP		"/sys/fs/cgroup/evring-identity"
#define FOLDER		"/tmp/evring-identity"
#define TICKS		((uint64_t)sysconf(_SC_CLK_TCK))
#define UID		1234u
#define GID		5678u

/* The program's acts, in this order. Where the kernel has the hook, one is told. */
static const char *const deeds[] = {
	"process.fork", "process.signal", "process.ptrace", "process.memory", "process.exec",
	"process.exit", "file.open", "file.close_write", "file.mkdir", "file.rmdir", "file.mknod",
	"file.link", "file.symlink", "file.rename", "file.unlink", "file.chmod", "file.chown",
	"file.truncate", "file.setxattr", "file.redirect", "net.socket", "net.bind", "net.listen",
	"net.connect", "net.accept", "net.send", "uring.setup", "syscall.enter", "syscall.exit",
	"sched.switch",
};

#define DEEDS (sizeof(deeds) / sizeof(*deeds))

/* The program, as the kernel shows it */
struct person {
	pid_t pid;
	uint64_t loginuid, sessionid, pidns, mntns, cgroup, ticks;
};

FIXTURE(identity) {
	struct evring *ev;
	struct person is;
	int go, ready;
	unsigned int told[DEEDS], wrong;
	bool attached[DEEDS];	/* else this kernel has no such hook */
};

static void attach_all(struct _test_data_identity *self)
{
	unsigned int i;

	for (i = 0; i < DEEDS; i++) {
		int ret = hook_op(self->ev, deeds[i], EVRING_HOOK_ATTACH);

		self->attached[i] = ret == 1;
		if (ret != 1 && ret != -EOPNOTSUPP)
			abort();
	}
}

/* Where another user may make no io_uring, the call ends before the kernel does anything. */
static bool may_uring(void)
{
	FILE *file = fopen("/proc/sys/kernel/io_uring_disabled", "r");
	int disabled = 0;

	if (file && fscanf(file, "%d", &disabled) != 1)
		abort();
	if (file)
		fclose(file);
	return !disabled;
}

static void detach_all(struct evring *ev)
{
	unsigned int i;

	for (i = 0; i < DEEDS; i++)
		hook_op(ev, deeds[i], EVRING_HOOK_DETACH);
}

FIXTURE_SETUP(identity)
{
	groups_drop();
	ASSERT_EQ(0, system("rm -rf " FOLDER));
	ASSERT_EQ(0, mkdir(FOLDER, 0755));
	ASSERT_EQ(0, chmod(FOLDER, 0777));
	mkdir(CGROUP, 0755);
	if (access(CGROUP "/cgroup.procs", W_OK))
		SKIP(return, "this guest has no cgroups of version 2");
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	ASSERT_LT(0, evring_types(self->ev));
}

FIXTURE_TEARDOWN(identity)
{
	if (!self->ev)
		return;
	detach_all(self->ev);
	evring_close(self->ev);
	/* On newer kernels a task leaves its cgroup a moment after it was waited for. */
	EXPECT_TRUE(in_time(!rmdir(CGROUP) || errno == ENOENT));
	EXPECT_EQ(0, system("rm -rf " FOLDER));
}

static void become_somebody(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	FILE *loginuid = fopen("/proc/self/loginuid", "w");

	if (loginuid && (fputs("4242", loginuid) < 0 || fclose(loginuid)))
		_exit(4);
	if (ioctl(fd, SIOCSIFFLAGS, &lo) || close(fd))
		_exit(2);
	if (setgroups(0, NULL) || setresgid(GID, GID, GID) || setresuid(UID, UID, UID))
		_exit(3);
	/* A process that changes its user is not dumpable, and so not to be traced by it. */
	prctl(PR_SET_DUMPABLE, 1);
	prctl(PR_SET_NAME, "somebody");
}

static void act_on_files(void)
{
	int fd = open(FOLDER "/a", O_CREAT | O_WRONLY, 0600);

	if (fd < 0 || write(fd, "x", 1) != 1 || fchmod(fd, 0640) || fchown(fd, UID, GID) ||
	    ftruncate(fd, 7) || close(fd))
		_exit(10);
	setxattr(FOLDER "/a", "user.x", "y", 1, 0);
	if (mkdir(FOLDER "/d", 0700) || rmdir(FOLDER "/d") || mkfifo(FOLDER "/f", 0600) ||
	    link(FOLDER "/a", FOLDER "/b") || symlink("/etc/passwd", FOLDER "/s") ||
	    rename(FOLDER "/b", FOLDER "/c") || unlink(FOLDER "/c"))
		_exit(11);
}

static void act_on_processes(void)
{
	pid_t pid = fork();
	void *at;

	if (!pid) {
		pause();
		_exit(0);
	}
	ptrace(PTRACE_ATTACH, pid, NULL, NULL);
	if (kill(pid, SIGKILL) || waitpid(pid, NULL, 0) != pid)
		_exit(20);
	at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED || munmap(at, 4096))
		_exit(21);
	usleep(1000);
}

static void act_on_sockets(void)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(4711),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	int datagrams = socket(AF_INET, SOCK_DGRAM, 0), got;
	struct io_uring_params params = { 0 };

	socket(AF_PACKET, SOCK_RAW, 0);
	if (bind(server, (struct sockaddr *)&to, sizeof(to)) || listen(server, 1) ||
	    connect(client, (struct sockaddr *)&to, sizeof(to)))
		_exit(30);
	got = accept(server, NULL, NULL);
	if (got < 0 || sendto(datagrams, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) != 1 ||
	    dup2(client, 0))
		_exit(31);
	syscall(SYS_io_uring_setup, 2, &params);
}

/* In its namespaces, as number 1 of the first: become somebody, wait, and do all of it. */
static void act(int go, int ready)
{
	char byte;

	become_somebody();
	if (write(ready, "", 1) != 1 || read(go, &byte, 1) != 1)
		_exit(1);
	act_on_files();
	act_on_processes();
	act_on_sockets();
	execl("/bin/true", "true", NULL);
	_exit(40);
}

static void write_in(const char *path, pid_t pid)
{
	FILE *file = fopen(path, "w");

	if (!file || fprintf(file, "%d", pid) < 0 || fclose(file))
		abort();
}

static uint64_t inode_of(pid_t pid, const char *what)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
	if (stat(path, &st))
		abort();
	return st.st_ino;
}

/* Of a login: without audit there is neither number. */
static uint64_t login_of(pid_t pid, const char *what)
{
	char path[64];
	unsigned int number = ~0u;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
	file = fopen(path, "r");
	if (file && fscanf(file, "%u", &number) != 1)
		abort();
	if (file)
		fclose(file);
	return number;
}

/* When it started, in ticks since boot */
static uint64_t ticks_of(pid_t pid)
{
	char path[64], text[1024];
	unsigned long long ticks;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file || !fgets(text, sizeof(text), file) ||
	    sscanf(strrchr(text, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u "
		   "%*d %*d %*d %*d %*d %*d %llu", &ticks) != 1)
		abort();
	fclose(file);
	return ticks;
}

static void start(struct __test_metadata *_metadata, struct _test_data_identity *self)
{
	int go[2], ready[2];
	struct stat st;
	pid_t pid;
	char byte;

	ASSERT_EQ(0, pipe(go) + pipe(ready));
	fflush(NULL);
	pid = (pid_t)syscall(SYS_clone, SIGCHLD | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET,
			     0, 0, 0, 0);
	ASSERT_LE(0, pid);
	if (!pid)
		act(go[0], ready[1]);
	close(go[0]);
	close(ready[1]);
	write_in(CGROUP "/cgroup.procs", pid);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	close(ready[0]);
	ASSERT_EQ(0, stat(CGROUP, &st));
	self->go = go[1];
	self->is = (struct person){
		.pid = pid, .loginuid = login_of(pid, "loginuid"),
		.sessionid = login_of(pid, "sessionid"), .pidns = inode_of(pid, "ns/pid"),
		.mntns = inode_of(pid, "ns/mnt"), .cgroup = st.st_ino, .ticks = ticks_of(pid),
	};
}

static bool is_person(const struct evring_event *event, const struct person *is)
{
	return told_number(event, "uid") == UID && told_number(event, "euid") == UID &&
	       told_number(event, "gid") == GID && told_number(event, "loginuid") == is->loginuid &&
	       told_number(event, "sessionid") == is->sessionid &&
	       told_number(event, "pidns") == is->pidns &&
	       told_number(event, "mntns") == is->mntns &&
	       told_number(event, "cgroup") == is->cgroup &&
	       told_number(event, "start_time") * TICKS / 1000000000 == is->ticks;
}

static void look_at(struct _test_data_identity *self, const struct evring_event *event)
{
	unsigned int i;

	for (i = 0; i < DEEDS && strcmp(deeds[i], event->type->name); i++)
		;
	if (i < DEEDS)
		self->told[i]++;
	/* The scheduler's have the task alone, which is in the header. */
	if (!evring_field(event->type, "uid"))
		return;
	if (is_person(event, &self->is) &&
	    (!strcmp(told_text(event, "comm"), "somebody") ||
	     !strcmp(told_text(event, "comm"), "true")))
		return;
	self->wrong++;
	note("%s: uid %llu %llu, gid %llu, loginuid %llu, sessionid %llu, pidns %llu, mntns %llu, cgroup %llu, "
	     "start_time %llu, comm %s", event->type->name,
	     (unsigned long long)told_number(event, "uid"),
	     (unsigned long long)told_number(event, "euid"),
	     (unsigned long long)told_number(event, "gid"),
	     (unsigned long long)told_number(event, "loginuid"),
	     (unsigned long long)told_number(event, "sessionid"),
	     (unsigned long long)told_number(event, "pidns"),
	     (unsigned long long)told_number(event, "mntns"),
	     (unsigned long long)told_number(event, "cgroup"),
	     (unsigned long long)told_number(event, "start_time"), told_text(event, "comm"));
}

TEST_F(identity, each_family_tells_the_same_of_somebody_elsewhere)
{
	struct evring_event event;
	unsigned int i;
	int status;

	start(_metadata, self);
	attach_all(self);
	ASSERT_EQ(0, evring_tap(self->ev, EVRING_LANES_ALL, EVRING_LATEST));
	ASSERT_EQ(1, write(self->go, "", 1));
	ASSERT_EQ(self->is.pid, waitpid(self->is.pid, &status, 0));
	ASSERT_EQ(0, status);
	/* To read and to print makes calls, too. */
	detach_all(self->ev);
	while (evring_next(self->ev, &event) > 0) {
		ASSERT_EQ(0, event.missed);
		if (event.type && event.rec->pid == (uint32_t)self->is.pid)
			look_at(self, &event);
	}
	EXPECT_EQ(0, self->wrong);
	for (i = 0; i < DEEDS; i++) {
		if (!strcmp(deeds[i], "uring.setup") && !may_uring())
			continue;
		if (!self->told[i] && self->attached[i])
			note("%s is not told", deeds[i]);
		EXPECT_EQ(self->attached[i], self->told[i] > 0);
	}
	close(self->go);
}

TEST_HARNESS_MAIN
