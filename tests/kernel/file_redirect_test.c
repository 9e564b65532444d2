// SPDX-License-Identifier: MIT
/*
 * file.redirect: a standard stream becomes a socket or a pipe, whichever call does it.
 * file.close_write: a file that was written is closed, by the last process that has it.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "file_deed.h"

static const char *const hooks[] = { "file.redirect", "file.close_write", NULL };

FIXTURE(file_redirect) {
	struct evring *ev;
};

FIXTURE_SETUP(file_redirect)
{
	groups_drop();
	deed_folder();
	if (system("ip link set lo up 2>/dev/null || ifconfig lo up"))
		abort();
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	deed_hooks(self->ev, hooks, EVRING_HOOK_ATTACH);
	ASSERT_EQ(0, evring_tap(self->ev, BULK, EVRING_LATEST));
}

FIXTURE_TEARDOWN(file_redirect)
{
	deed_hooks(self->ev, hooks, EVRING_HOOK_DETACH);
	evring_close(self->ev);
}

enum how { DUP2, DUP3, FCNTL, DUP, CALL32 };

struct deed {
	enum how how;
	int from;	/* descriptor that becomes a standard stream */
	int to;
};

static int redirect(void *arg)
{
	const struct deed *deed = arg;

	switch (deed->how) {
	case DUP2:
		return dup2(deed->from, deed->to) != deed->to;
	case DUP3:
		return dup3(deed->from, deed->to, O_CLOEXEC) != deed->to;
	case FCNTL:
		close(deed->to);
		return fcntl(deed->from, F_DUPFD, deed->to) != deed->to;
	case DUP:
		close(deed->to);
		return dup(deed->from) != deed->to;
	case CALL32:
#ifdef __x86_64__
		return deed_call32(63, deed->from, deed->to, 0, 0, 0) != deed->to;
#endif
		break;
	}
	return 0;
}

/* A connection of 127.0.0.1 to itself: the connecting end */
static int connection(int family, struct sockaddr_storage *own, struct sockaddr_storage *peer)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in v4 = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int to = socket(family, SOCK_STREAM, 0), fd = socket(family, SOCK_STREAM, 0);
	bool is_v6 = family == AF_INET6;
	socklen_t len = sizeof(*own);

	if (bind(to, is_v6 ? (void *)&v6 : (void *)&v4, is_v6 ? sizeof(v6) : sizeof(v4)) ||
	    listen(to, 1) || getsockname(to, (void *)peer, &len) ||
	    connect(fd, (void *)peer, len) || getsockname(fd, (void *)own, &len))
		abort();
	return fd;
}

TEST_F(file_redirect, each_call_that_makes_a_stream_a_socket_is_told_with_its_addresses)
{
	static const enum how hows[] = {
		DUP2, DUP3, FCNTL, DUP,
#ifdef __x86_64__
		CALL32,
#endif
	};
	struct sockaddr_in own, peer;
	const struct evring_event *event;
	struct sockaddr_storage a, b;
	struct told *told;
	unsigned int i;
	int fd = connection(AF_INET, &a, &b), status;
	bool no_call32 = false;
	struct stat st;

	memcpy(&own, &a, sizeof(own));
	memcpy(&peer, &b, sizeof(peer));
	ASSERT_EQ(0, fstat(fd, &st));
	for (i = 0; i < sizeof(hows) / sizeof(*hows); i++) {
		struct deed deed = { .how = hows[i], .from = fd, .to = (int)i % 3 };

		/* The lowest that is free is the one that dup() takes. */
		if (hows[i] == DUP)
			deed.to = 0;
		told = deed_in_child(self->ev, "file.redirect", redirect, &deed, &status);
		if (hows[i] == CALL32 && status) {
			free(told);
			no_call32 = true;
			continue;
		}
		EXPECT_EQ(0, status);
		ASSERT_EQ(1, told->n);
		event = told_at(told, 0);
		EXPECT_EQ(deed.to, told_number(event, "fd"));
		EXPECT_TRUE(told_called(event, "file_type", "socket"));
		EXPECT_TRUE(told_called(event, "family", "AF_INET"));
		EXPECT_TRUE(told_called(event, "socket_type", "SOCK_STREAM"));
		EXPECT_TRUE(told_called(event, "protocol", "TCP"));
		EXPECT_EQ(st.st_ino, told_number(event, "inode"));
		EXPECT_EQ(ntohs(own.sin_port), told_number(event, "local_port"));
		EXPECT_EQ(ntohs(peer.sin_port), told_number(event, "remote_port"));
		free(told);
	}
	close(fd);
	if (no_call32)
		SKIP(return, "this kernel has no 32-bit calls");
}

static const uint8_t *address(const struct evring_event *event, const char *name)
{
	return (const uint8_t *)event->payload + told_field(event, name)->offset;
}

TEST_F(file_redirect, addresses_of_both_kinds_are_told)
{
	static const uint8_t v4[16] = { [10] = 0xff, [11] = 0xff, 127, 0, 0, 1 };
	static const uint8_t v6[16] = { [15] = 1 };
	struct sockaddr_storage own, peer;
	struct deed deed = { .how = DUP2, .to = 1 };
	struct told *told;

	deed.from = connection(AF_INET, &own, &peer);
	told = deed_in_child(self->ev, "file.redirect", redirect, &deed, NULL);
	ASSERT_EQ(1, told->n);
	EXPECT_EQ(0, memcmp(v4, address(told_at(told, 0), "local_address"), 16));
	EXPECT_EQ(0, memcmp(v4, address(told_at(told, 0), "remote_address"), 16));
	free(told);
	close(deed.from);
	deed.from = socket(AF_INET6, SOCK_STREAM, 0);
	if (deed.from < 0)
		SKIP(return, "this kernel has no IPv6");
	close(deed.from);
	deed.from = connection(AF_INET6, &own, &peer);
	told = deed_in_child(self->ev, "file.redirect", redirect, &deed, NULL);
	ASSERT_EQ(1, told->n);
	EXPECT_TRUE(told_called(told_at(told, 0), "family", "AF_INET6"));
	EXPECT_EQ(0, memcmp(v6, address(told_at(told, 0), "local_address"), 16));
	EXPECT_EQ(0, memcmp(v6, address(told_at(told, 0), "remote_address"), 16));
	free(told);
	close(deed.from);
}

TEST_F(file_redirect, a_unix_socket_is_told_with_its_name)
{
	static const struct {
		struct sockaddr_un address;
		socklen_t len;
		const char *told;
	} names[] = {
		{ { AF_UNIX, "way/in" }, sizeof(sa_family_t) + sizeof("way/in"), "way/in" },
		{ { AF_UNIX, "\0of\0it" }, sizeof(sa_family_t) + 6, "@of@it" },
		{ { AF_UNIX, "" }, 0, "" },
	};
	struct deed deed = { .how = DUP2, .to = 1 };
	const struct evring_event *event;
	struct told *told;
	unsigned int i;

	ASSERT_EQ(0, mkdir("way", 0700));
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		deed.from = socket(AF_UNIX, SOCK_DGRAM, 0);
		if (names[i].len)
			ASSERT_EQ(0, bind(deed.from, (void *)&names[i].address, names[i].len));
		told = deed_in_child(self->ev, "file.redirect", redirect, &deed, NULL);
		ASSERT_EQ(1, told->n);
		event = told_at(told, 0);
		EXPECT_TRUE(told_called(event, "family", "AF_UNIX"));
		EXPECT_STREQ(names[i].told, told_text(event, "local_path"));
		EXPECT_EQ(0, told_number(event, "local_port"));
		free(told);
		close(deed.from);
	}
}

/* A socket that is made where the standard input was needs no dup. */
static int socket_at_once(void *arg)
{
	close(0);
	return socket(AF_UNIX, SOCK_DGRAM, 0) != 0;
}

static int to_a_file(void *arg)
{
	int fd = open("file", O_RDWR | O_CREAT, 0600);

	return dup2(fd, 0) || dup2(fd, 7) != 7;
}

TEST_F(file_redirect, pipes_and_new_sockets_are_told_and_files_are_not)
{
	struct deed deed = { .how = DUP2, .to = 2 };
	struct told *told;
	int fds[2], status;

	ASSERT_EQ(0, pipe(fds));
	deed.from = fds[1];
	told = deed_in_child(self->ev, "file.redirect", redirect, &deed, &status);
	ASSERT_EQ(1, told->n);
	EXPECT_TRUE(told_called(told_at(told, 0), "file_type", "fifo"));
	EXPECT_EQ(2, told_number(told_at(told, 0), "fd"));
	EXPECT_EQ(0, told_number(told_at(told, 0), "family"));
	free(told);
	deed.to = 9;
	told = deed_in_child(self->ev, "file.redirect", redirect, &deed, &status);
	EXPECT_EQ(0, told->n);
	free(told);
	told = deed_in_child(self->ev, "file.redirect", socket_at_once, NULL, &status);
	EXPECT_EQ(0, status);
	ASSERT_EQ(1, told->n);
	EXPECT_TRUE(told_called(told_at(told, 0), "family", "AF_UNIX"));
	EXPECT_TRUE(told_called(told_at(told, 0), "socket_type", "SOCK_DGRAM"));
	free(told);
	told = deed_in_child(self->ev, "file.redirect", to_a_file, NULL, &status);
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, told->n);
	free(told);
}

/* A thread whose open() waits, and has the lowest free descriptor meanwhile */
struct waiter {
	atomic_int tid;
	atomic_bool go;
};

static void *wait_for_writer(void *arg)
{
	struct waiter *waiter = arg;

	atomic_store(&waiter->tid, gettid());
	while (!atomic_load(&waiter->go))
		usleep(1000);
	close(open("fifo", O_RDONLY));
	return NULL;
}

/* The call in which the thread sleeps, if it does */
static int open_call(struct waiter *waiter)
{
	char path[64];

	while (!atomic_load(&waiter->tid))
		usleep(1000);
	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", atomic_load(&waiter->tid));
	return open(path, O_RDONLY);
}

static bool sleeps_in(int call, long nr)
{
	char line[128] = "";

	return pread(call, line, sizeof(line) - 1, 0) > 0 && line[0] != 'r' &&
	       strtol(line, NULL, 10) == nr;
}

/* dup2() onto a descriptor that an open() has, but no file yet; and then when it has none */
static int redirect_to_what_is_taken(void *from)
{
	struct waiter waiter = { };
	pthread_t thread;
	int call, ret = 0;

	if (pthread_create(&thread, NULL, wait_for_writer, &waiter))
		return 1;
	call = open_call(&waiter);
	close(2);
	atomic_store(&waiter.go, true);
	while (!sleeps_in(call, SYS_openat))
		usleep(1000);
	if (dup2(*(int *)from, 2) != -1 || errno != EBUSY)
		ret = 2;
	close(open("fifo", O_WRONLY));
	pthread_join(thread, NULL);
	return ret ?: dup2(*(int *)from, 2) != 2;
}

TEST_F(file_redirect, one_that_fails_is_not_told)
{
	struct told *told;
	int fds[2], status;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, mkfifo("fifo", 0600));
	told = deed_in_child(self->ev, "file.redirect", redirect_to_what_is_taken, &fds[1], &status);
	EXPECT_EQ(0, status);
	/* The FIFO, which is a pipe too, where the open() ends, and then the file of dup2() */
	ASSERT_EQ(2, told->n);
	EXPECT_EQ(deed_inode("fifo"), told_number(told_at(told, 1), "inode"));
	EXPECT_NE(deed_inode("fifo"), told_number(told_at(told, 0), "inode"));
	free(told);
}

TEST_F(file_redirect, a_written_file_is_told_when_its_last_descriptor_goes)
{
	int fd = open("file", O_WRONLY | O_CREAT | O_APPEND, 0600), other = dup(fd);
	const struct evring_event *event;
	struct told *told;
	void *shared;

	ASSERT_EQ(5, write(fd, "bytes", 5));
	close(fd);
	told = told_read(self->ev, "file.", getpid());
	EXPECT_EQ(0, told->n);
	free(told);
	close(other);
	told = told_read(self->ev, "file.", getpid());
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_STREQ("file.close_write", event->type->name);
	EXPECT_STREQ(DIR_PATH "/file", told_text(event, "path"));
	EXPECT_EQ(5, told_number(event, "size"));
	EXPECT_EQ(deed_inode("file"), told_number(event, "inode"));
	EXPECT_EQ(deed_dev("file"), told_number(event, "dev"));
	EXPECT_TRUE(told_flag(event, "flags", "O_APPEND"));
	free(told);
	close(open("file", O_RDONLY));
	close(open("/dev/null", O_WRONLY));
	/* Memory that processes share is a file of the kernel's. */
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	munmap(shared, 4096);
	told = told_read(self->ev, "file.", getpid());
	EXPECT_EQ(0, told->n);
	free(told);
	fd = open("file", O_RDWR);
	ASSERT_EQ(0, unlink("file"));
	close(fd);
	told = told_read(self->ev, "file.", getpid());
	ASSERT_EQ(1, told->n);
	EXPECT_STREQ(DIR_PATH "/file (deleted)", told_text(told_at(told, 0), "path"));
	EXPECT_TRUE(told_flag(told_at(told, 0), "path_flags", "deleted"));
	free(told);
}

static int redirect_and_write(void *arg)
{
	int fd;

	deed_as_nobody();
	fd = open("file", O_WRONLY);
	/* Root's file is not this user's to write to, so nothing of it is closed. */
	if (fd >= 0 || errno != EACCES)
		return 1;
	fd = open("own", O_WRONLY | O_CREAT, 0600);
	return fd < 0 || write(fd, "12", 2) != 2 || close(fd) || redirect(arg);
}

TEST_F(file_redirect, another_user_is_told)
{
	struct deed deed = { .how = DUP2, .to = 0 };
	struct told *told;
	int fds[2], status;

	deed_file("file", "root's");
	ASSERT_EQ(0, pipe(fds));
	deed.from = fds[0];
	told = deed_in_child(self->ev, "file.", redirect_and_write, &deed, &status);
	ASSERT_EQ(0, status);
	ASSERT_EQ(2, told->n);
	EXPECT_STREQ("file.close_write", told_at(told, 1)->type->name);
	EXPECT_STREQ(DIR_PATH "/own", told_text(told_at(told, 1), "path"));
	EXPECT_EQ(2, told_number(told_at(told, 1), "size"));
	EXPECT_STREQ("file.redirect", told_at(told, 0)->type->name);
	EXPECT_TRUE(told_called(told_at(told, 0), "file_type", "fifo"));
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(65534, told_number(told_at(told, i), "uid"));
		EXPECT_EQ(65534, told_number(told_at(told, i), "gid"));
		close(fds[i]);
	}
	free(told);
}

static void prep_close(struct io_uring_sqe *sqe, void *fd)
{
	io_uring_prep_close(sqe, *(int *)fd);
}

TEST_F(file_redirect, a_written_file_that_io_uring_closes_is_told)
{
	int fd = open("file", O_WRONLY | O_CREAT, 0600);
	struct told *told;

	ASSERT_EQ(3, write(fd, "123", 3));
	deed_read_past(self->ev);
	ASSERT_EQ(0, deed_uring(prep_close, &fd));
	ASSERT_EQ(-1, fcntl(fd, F_GETFD));
	/* It is told as a call's: before the program goes on. */
	told = told_read(self->ev, "file.", getpid());
	ASSERT_EQ(1, told->n);
	EXPECT_STREQ("file.close_write", told_at(told, 0)->type->name);
	EXPECT_STREQ(DIR_PATH "/file", told_text(told_at(told, 0), "path"));
	EXPECT_EQ(3, told_number(told_at(told, 0), "size"));
	EXPECT_EQ(deed_inode("file"), told_number(told_at(told, 0), "inode"));
	EXPECT_TRUE(told_flag(told_at(told, 0), "flags", "O_WRONLY"));
	free(told);
}

TEST_HARNESS_MAIN
