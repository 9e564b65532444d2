// SPDX-License-Identifier: MIT
/*
 * net.*: operations on sockets, by each way to call them: both ends as getsockname() and
 * getpeername() have them, and refused operations.
 */
#include <linux/netlink.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "net_deed.h"

static const char *const all[] = {
	"net.connect", "net.accept", "net.bind", "net.listen", "net.socket",
};

#define NR_ALL	(sizeof(all) / sizeof(all[0]))

FIXTURE(net) {
	struct evring *ev;
};

FIXTURE_SETUP(net)
{
	unsigned int i;

	groups_drop();
	deed_folder();
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	for (i = 0; i < NR_ALL; i++)
		ASSERT_EQ(1, hook_op(self->ev, all[i], EVRING_HOOK_ATTACH)) TH_LOG("%s", all[i]);
	ASSERT_EQ(0, evring_tap(self->ev, BULK, EVRING_LATEST));
}

FIXTURE_TEARDOWN(net)
{
	unsigned int i;

	for (i = 0; i < NR_ALL; i++)
		hook_op(self->ev, all[i], EVRING_HOOK_DETACH);
	evring_close(self->ev);
}

static void check_tcp(struct __test_metadata *_metadata, struct evring *ev, const char *text)
{
	const struct evring_event *event;
	union address a = ip(text, 0);
	int fd, client, server;
	socklen_t len = sizeof(a);
	struct told *told;

	read_past(ev);
	fd = socket(a.any.sa_family, SOCK_STREAM, 0);
	ASSERT_EQ(0, bind(fd, &a.any, ip_len(&a)));
	told = told_read(ev, "net.bind", getpid());
	event = only(told);
	EXPECT_TRUE(is_socket(event, fd, false));
	EXPECT_NE(0, told_number(event, "local_port"));
	EXPECT_EQ(0, told_result(event));
	EXPECT_TRUE(told_called(event, "type", "SOCK_STREAM"));
	EXPECT_TRUE(told_called(event, "protocol", "TCP"));
	free(told);

	ASSERT_EQ(0, listen(fd, 7));
	told = told_read(ev, "net.listen", getpid());
	event = only(told);
	EXPECT_TRUE(is_socket(event, fd, false));
	EXPECT_EQ(7, told_number(event, "backlog"));
	EXPECT_EQ(0, told_result(event));
	free(told);

	ASSERT_EQ(0, getsockname(fd, &a.any, &len));
	client = socket(a.any.sa_family, SOCK_STREAM, 0);
	ASSERT_EQ(0, connect(client, &a.any, ip_len(&a)));
	told = told_read(ev, "net.connect", getpid());
	event = only(told);
	EXPECT_TRUE(is_socket(event, client, true));
	EXPECT_EQ(0, told_result(event));
	EXPECT_TRUE(has_address(event, "given_address", &a));
	EXPECT_EQ(port_of(&a), told_number(event, "given_port"));
	free(told);

	server = accept(fd, NULL, NULL);
	ASSERT_LE(0, server);
	told = told_read(ev, "net.accept", getpid());
	event = only(told);
	EXPECT_TRUE(is_socket(event, server, true));
	EXPECT_EQ(0, told_result(event));
	EXPECT_EQ(0, told_number(event, "peer_pid"));
	free(told);
	close(server);
	close(client);
	close(fd);
}

TEST_F(net, a_connection_of_ipv4_is_told_on_both_sides)
{
	check_tcp(_metadata, self->ev, "127.0.0.1");
}

TEST_F(net, a_connection_of_ipv6_is_told_on_both_sides)
{
	check_tcp(_metadata, self->ev, "::1");
}

TEST_F(net, an_ipv4_address_that_is_mapped_into_ipv6_is_one_address)
{
	union address a, mapped = { };
	const struct evring_event *event;
	struct told *told;
	int fd = listener("127.0.0.1", &a), client = socket(AF_INET6, SOCK_STREAM, 0);

	mapped = ip("::ffff:127.0.0.1", port_of(&a));
	read_past(self->ev);
	ASSERT_EQ(0, connect(client, &mapped.any, sizeof(mapped.v6)));
	told = told_read(self->ev, "net.connect", getpid());
	event = only(told);
	EXPECT_TRUE(told_called(event, "family", "AF_INET6"));
	EXPECT_TRUE(has_address(event, "remote_address", &a));
	free(told);
	close(client);
	close(fd);
}

TEST_F(net, a_refused_connection_is_told_with_its_address)
{
	const struct evring_event *event;
	union address a;
	struct told *told;
	int fd = listener("127.0.0.1", &a), client = socket(AF_INET, SOCK_STREAM, 0);

	close(fd);
	read_past(self->ev);
	ASSERT_EQ(-1, connect(client, &a.any, sizeof(a.v4)));
	ASSERT_EQ(ECONNREFUSED, errno);
	told = told_read(self->ev, "net.connect", getpid());
	event = only(told);
	EXPECT_EQ(-ECONNREFUSED, told_result(event));
	EXPECT_TRUE(has_address(event, "remote_address", &a));
	EXPECT_EQ(port_of(&a), told_number(event, "remote_port"));
	EXPECT_EQ(inode_of(client), told_number(event, "socket"));
	free(told);
	close(client);
}

TEST_F(net, the_address_that_the_kernel_connects_to_stands_beside_the_given_one)
{
	const struct evring_event *event;
	union address a, any, got;
	struct told *told;
	int fd = listener("127.0.0.1", &a), client = socket(AF_INET, SOCK_STREAM, 0);

	any = ip("0.0.0.0", port_of(&a));
	got = ip("127.0.0.1", 0);
	read_past(self->ev);
	ASSERT_EQ(0, connect(client, &any.any, sizeof(any.v4)));
	told = told_read(self->ev, "net.connect", getpid());
	event = only(told);
	EXPECT_TRUE(has_address(event, "remote_address", &got));
	EXPECT_TRUE(has_address(event, "given_address", &any));
	free(told);
	close(client);
	close(fd);
}

static void on_signal(int signal)
{
	(void)signal;
}

/* The kernel's own ERESTARTSYS is no error that a program has. */
TEST_F(net, a_connect_that_a_signal_ends_is_told_as_the_program_sees_it)
{
	const struct itimerval soon = { .it_value.tv_usec = 300000 };
	struct sigaction action = { .sa_handler = on_signal };
	int client, full[3], i;
	union address a;
	int server = listener("127.0.0.1", &a);
	struct told *told;

	/* The queue has room for one: the last one's packets are dropped. */
	ASSERT_EQ(0, listen(server, 0));
	for (i = 0; i < 3; i++) {
		full[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(full[i], &a.any, sizeof(a.v4));
	}
	client = socket(AF_INET, SOCK_STREAM, 0);
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	read_past(self->ev);
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &soon, NULL));
	ASSERT_EQ(-1, connect(client, &a.any, sizeof(a.v4)));
	ASSERT_EQ(EINTR, errno);
	told = told_read(self->ev, "net.connect", getpid());
	ASSERT_EQ(1, told->n);
	EXPECT_EQ(-EINTR, told_result(told_at(told, 0)));
	free(told);
	for (i = 0; i < 3; i++)
		close(full[i]);
	close(client);
	close(server);
}

TEST_F(net, a_connect_that_does_not_wait_says_so)
{
	union address a;
	struct told *told;
	int fd = listener("127.0.0.1", &a), client;

	client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	read_past(self->ev);
	ASSERT_EQ(-1, connect(client, &a.any, sizeof(a.v4)));
	ASSERT_EQ(EINPROGRESS, errno);
	told = told_read(self->ev, "net.connect", getpid());
	EXPECT_EQ(-EINPROGRESS, told_result(only(told)));
	EXPECT_TRUE(is_socket(only(told), client, false));
	EXPECT_TRUE(has_address(only(told), "remote_address", &a));
	free(told);
	close(client);
	close(fd);
}

TEST_F(net, a_refused_bind_is_told_with_its_address)
{
	union address a, b;
	const struct evring_event *event;
	struct told *told;
	int fd = listener("127.0.0.1", &a), other = socket(AF_INET, SOCK_STREAM, 0);

	read_past(self->ev);
	ASSERT_EQ(-1, bind(other, &a.any, sizeof(a.v4)));
	ASSERT_EQ(EADDRINUSE, errno);
	told = told_read(self->ev, "net.bind", getpid());
	event = only(told);
	EXPECT_EQ(-EADDRINUSE, told_result(event));
	EXPECT_TRUE(has_address(event, "local_address", &a));
	EXPECT_EQ(port_of(&a), told_number(event, "local_port"));
	free(told);
	b = ip("192.0.2.1", 0);
	ASSERT_EQ(-1, bind(other, &b.any, sizeof(b.v4)));
	told = told_read(self->ev, "net.bind", getpid());
	EXPECT_EQ(-EADDRNOTAVAIL, told_result(only(told)));
	EXPECT_TRUE(has_address(only(told), "local_address", &b));
	free(told);
	close(other);
	close(fd);
}

TEST_F(net, listening_on_a_socket_that_cannot_is_told)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct told *told;

	read_past(self->ev);
	ASSERT_EQ(-1, listen(fd, 1));
	told = told_read(self->ev, "net.listen", getpid());
	EXPECT_EQ(-EOPNOTSUPP, told_result(only(told)));
	EXPECT_TRUE(told_called(only(told), "type", "SOCK_DGRAM"));
	free(told);
	close(fd);
}

static socklen_t unix_address(union address *a, const char *path)
{
	memset(a, 0, sizeof(*a));
	a->un.sun_family = AF_UNIX;
	strcpy(a->un.sun_path, path[0] == '@' ? "" : path);
	if (path[0] == '@')
		memcpy(a->un.sun_path + 1, path + 1, strlen(path) - 1);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
}

static void check_unix(struct __test_metadata *_metadata, struct evring *ev, const char *path,
		       const char *told_path)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0), server;
	const struct evring_event *event;
	union address a;
	socklen_t len = unix_address(&a, path);
	struct told *told;

	read_past(ev);
	ASSERT_EQ(0, bind(fd, &a.any, len));
	told = told_read(ev, "net.bind", getpid());
	EXPECT_STREQ(told_path, told_text(only(told), "path"));
	EXPECT_TRUE(told_called(only(told), "family", "AF_UNIX"));
	EXPECT_EQ(inode_of(fd), told_number(only(told), "socket"));
	EXPECT_EQ(0, told_number(only(told), "path_flags"));
	free(told);
	ASSERT_EQ(0, listen(fd, 3));
	told = told_read(ev, "net.listen", getpid());
	EXPECT_STREQ(told_path, told_text(only(told), "path"));
	EXPECT_EQ(3, told_number(only(told), "backlog"));
	free(told);
	ASSERT_EQ(0, connect(client, &a.any, len));
	told = told_read(ev, "net.connect", getpid());
	event = only(told);
	EXPECT_STREQ(told_path, told_text(event, "path"));
	EXPECT_EQ(0, told_number(event, "path_flags"));
	EXPECT_STREQ(path[0] == '@' ? "" : path, told_text(event, "path_given"));
	EXPECT_EQ(0, told_result(event));
	EXPECT_EQ(inode_of(client), told_number(event, "socket"));
	free(told);
	server = accept(fd, NULL, NULL);
	ASSERT_LE(0, server);
	told = told_read(ev, "net.accept", getpid());
	event = only(told);
	EXPECT_STREQ(told_path, told_text(event, "path"));
	EXPECT_EQ(getpid(), told_number(event, "peer_pid"));
	EXPECT_EQ(0, told_number(event, "peer_uid"));
	EXPECT_EQ(inode_of(server), told_number(event, "socket"));
	free(told);
	close(server);
	close(client);
	close(fd);
}

TEST_F(net, a_unix_socket_is_told_by_its_path)
{
	check_unix(_metadata, self->ev, DIR_PATH "/sock", DIR_PATH "/sock");
	check_unix(_metadata, self->ev, "sock2", DIR_PATH "/sock2");
}

TEST_F(net, an_abstract_unix_socket_is_told_by_its_name)
{
	check_unix(_metadata, self->ev, "@evring/test", "@evring/test");
}

TEST_F(net, a_unix_socket_that_is_not_there_is_told)
{
	int client = socket(AF_UNIX, SOCK_STREAM, 0);
	union address a;
	socklen_t len = unix_address(&a, DIR_PATH "/none");
	struct told *told;

	read_past(self->ev);
	ASSERT_EQ(-1, connect(client, &a.any, len));
	told = told_read(self->ev, "net.connect", getpid());
	EXPECT_EQ(-ENOENT, told_result(only(told)));
	EXPECT_STREQ(DIR_PATH "/none", told_text(only(told), "path"));
	free(told);
	close(client);
}

TEST_F(net, an_accept_that_finds_nobody_is_no_event)
{
	union address a;
	struct told *told;
	int fd = listener("127.0.0.1", &a);

	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_NONBLOCK));
	read_past(self->ev);
	ASSERT_EQ(-1, accept(fd, NULL, NULL));
	ASSERT_EQ(EAGAIN, errno);
	told = told_read(self->ev, "net.accept", getpid());
	EXPECT_EQ(0, told->n);
	free(told);
	close(fd);
}

TEST_F(net, accepting_from_a_socket_that_does_not_listen_is_told)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct told *told;

	read_past(self->ev);
	ASSERT_EQ(-1, accept(fd, NULL, NULL));
	told = told_read(self->ev, "net.accept", getpid());
	EXPECT_EQ(-EINVAL, told_result(only(told)));
	EXPECT_EQ(inode_of(fd), told_number(only(told), "socket"));
	free(told);
	close(fd);
}

struct uring_net {
	int fd;
	union address *a;
};

static void prep_connect(struct io_uring_sqe *sqe, void *arg)
{
	struct uring_net *net = arg;

	io_uring_prep_connect(sqe, net->fd, &net->a->any, ip_len(net->a));
}

static void prep_accept(struct io_uring_sqe *sqe, void *arg)
{
	io_uring_prep_accept(sqe, ((struct uring_net *)arg)->fd, NULL, NULL, 0);
}

TEST_F(net, io_uring_is_told_as_calls_are)
{
	struct uring_net net;
	union address a;
	struct told *told;
	int fd = listener("127.0.0.1", &a), client = socket(AF_INET, SOCK_STREAM, 0), server;

	net = (struct uring_net){ .fd = client, .a = &a };
	read_past(self->ev);
	ASSERT_EQ(0, deed_uring(prep_connect, &net));
	told = told_read(self->ev, "net.connect", getpid());
	/* The attempt that would have to wait may be told before. */
	ASSERT_LE(1, told->n);
	EXPECT_TRUE(is_socket(told_at(told, 0), client, true));
	free(told);
	net.fd = fd;
	server = deed_uring(prep_accept, &net);
	ASSERT_LE(0, server);
	told = told_read(self->ev, "net.accept", getpid());
	EXPECT_TRUE(is_socket(only(told), server, true));
	free(told);
	close(server);
	close(client);
	close(fd);
}

static void prep_socket(struct io_uring_sqe *sqe, void *arg)
{
	io_uring_prep_socket(sqe, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC, 0);
}

/* Operations of headers that are newer */
#define OP_BIND		56
#define OP_LISTEN	57

static void prep_bind(struct io_uring_sqe *sqe, void *arg)
{
	struct uring_net *net = arg;

	io_uring_prep_nop(sqe);
	sqe->opcode = OP_BIND;
	sqe->fd = net->fd;
	sqe->addr = (uintptr_t)net->a;
	sqe->addr2 = ip_len(net->a);
}

static void prep_listen(struct io_uring_sqe *sqe, void *arg)
{
	io_uring_prep_nop(sqe);
	sqe->opcode = OP_LISTEN;
	sqe->fd = ((struct uring_net *)arg)->fd;
	sqe->len = 9;
}

TEST_F(net, a_socket_that_io_uring_makes_is_told_as_a_calls)
{
	struct told *told;
	int fd;

	if (!deed_uring_has(IORING_OP_SOCKET, "socket"))
		return;
	read_past(self->ev);
	fd = deed_uring(prep_socket, NULL);
	ASSERT_LE(0, fd);
	told = told_read(self->ev, "net.socket", getpid());
	EXPECT_TRUE(told_called(only(told), "family", "AF_NETLINK"));
	EXPECT_EQ(SOCK_RAW, told_number(only(told), "type"));
	EXPECT_EQ(NETLINK_GENERIC, told_number(only(told), "protocol"));
	EXPECT_EQ(inode_of(fd), told_number(only(told), "socket"));
	EXPECT_EQ(0, told_result(only(told)));
	free(told);
	close(fd);
}

TEST_F(net, bind_and_listen_of_io_uring_are_told_as_calls_are)
{
	union address a = ip("127.0.0.1", 0), busy;
	struct uring_net net = { .fd = socket(AF_INET, SOCK_STREAM, 0), .a = &a };
	int other = listener("127.0.0.1", &busy);
	struct told *told;

	if (!deed_uring_has(OP_BIND, "bind") || !deed_uring_has(OP_LISTEN, "listen"))
		return;
	net.a = &busy;
	read_past(self->ev);
	ASSERT_EQ(-EADDRINUSE, deed_uring(prep_bind, &net));
	told = told_read(self->ev, "net.bind", getpid());
	EXPECT_EQ(-EADDRINUSE, told_result(only(told)));
	EXPECT_TRUE(has_address(only(told), "local_address", &busy));
	EXPECT_EQ(port_of(&busy), told_number(only(told), "local_port"));
	free(told);
	net.a = &a;
	ASSERT_EQ(0, deed_uring(prep_bind, &net));
	told = told_read(self->ev, "net.bind", getpid());
	EXPECT_TRUE(is_socket(only(told), net.fd, false));
	EXPECT_NE(0, told_number(only(told), "local_port"));
	EXPECT_EQ(0, told_result(only(told)));
	free(told);
	ASSERT_EQ(0, deed_uring(prep_listen, &net));
	told = told_read(self->ev, "net.listen", getpid());
	EXPECT_TRUE(is_socket(only(told), net.fd, false));
	EXPECT_EQ(9, told_number(only(told), "backlog"));
	EXPECT_EQ(0, told_result(only(told)));
	free(told);
	close(net.fd);
	close(other);
}

#ifdef __x86_64__
TEST_F(net, calls_of_32_bit_programs_are_told)
{
	union address a, *low = deed_low(4096);
	int *args = (int *)((char *)low + 1024);
	struct told *told;
	int fd = listener("127.0.0.1", &a), client = socket(AF_INET, SOCK_STREAM, 0), made;
	long ret;

	*low = a;
	read_past(self->ev);
	ret = deed_call32(362, client, (long)low, sizeof(a.v4), 0, 0);
	if (ret == -ENOSYS)
		SKIP(return, "this kernel has no 32-bit calls");
	ASSERT_EQ(0, ret);
	told = told_read(self->ev, "net.connect", getpid());
	EXPECT_TRUE(is_socket(only(told), client, true));
	free(told);
	/* socketcall(SYS_LISTEN, { fd, 2 }) */
	args[0] = fd;
	args[1] = 2;
	ASSERT_EQ(0, deed_call32(102, 4, (long)args, 0, 0, 0));
	told = told_read(self->ev, "net.listen", getpid());
	EXPECT_EQ(2, told_number(only(told), "backlog"));
	free(told);
	made = (int)deed_call32(364, fd, 0, 0, 0, 0);				/* accept4 */
	told = told_read(self->ev, "net.accept", getpid());
	EXPECT_TRUE(is_socket(only(told), made, true));
	free(told);
	close(made);
	made = (int)deed_call32(359, AF_INET, SOCK_RAW, IPPROTO_ICMP, 0, 0);	/* socket */
	told = told_read(self->ev, "net.socket", getpid());
	EXPECT_EQ(inode_of(made), told_number(only(told), "socket"));
	EXPECT_TRUE(told_called(only(told), "type", "SOCK_RAW"));
	free(told);
	close(made);
	made = socket(AF_INET, SOCK_STREAM, 0);
	*low = ip("127.0.0.1", 0);
	ASSERT_EQ(0, deed_call32(361, made, (long)low, sizeof(a.v4), 0, 0));	/* bind */
	told = told_read(self->ev, "net.bind", getpid());
	EXPECT_TRUE(is_socket(only(told), made, false));
	EXPECT_NE(0, told_number(only(told), "local_port"));
	free(told);
	close(made);
	munmap(low, 4096);
	close(client);
	close(fd);
}
#endif

static int connect_elsewhere(void *arg)
{
	union address a = ip("127.0.0.1", 9);
	int fd;

	if (unshare(CLONE_NEWNET))
		return 1;
	*(uint64_t *)arg = netns_now();
	fd = socket(AF_INET, SOCK_STREAM, 0);
	deed_as_nobody();
	/* Its loopback is down. */
	return connect(fd, &a.any, sizeof(a.v4)) && errno == ENETUNREACH ? 0 : 2;
}

TEST_F(net, another_network_namespace_and_user_are_told)
{
	uint64_t *netns = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			       -1, 0);
	const struct evring_event *event;
	struct told *told;
	int status;

	told = deed_in_child(self->ev, "net.connect", connect_elsewhere, netns, &status);
	ASSERT_EQ(0, status);
	event = only(told);
	EXPECT_EQ(*netns, told_number(event, "netns"));
	EXPECT_NE(netns_now(), told_number(event, "netns"));
	EXPECT_EQ(65534, told_number(event, "uid"));
	EXPECT_EQ(-ENETUNREACH, told_result(event));
	free(told);
	munmap(netns, 4096);
}

TEST_F(net, sockets_that_see_or_reach_more_are_told_and_others_are_not)
{
	static const struct {
		int family, type, protocol;
		bool told;
	} sockets[] = {
		{ AF_PACKET, SOCK_RAW, 0x0300, true },
		{ AF_INET, SOCK_PACKET, 0x0300, true },	/* one of AF_PACKET */
		{ AF_INET, SOCK_RAW, IPPROTO_ICMP, true },
		{ AF_INET6, SOCK_RAW, IPPROTO_UDP, true },
		{ AF_NETLINK, SOCK_RAW, NETLINK_GENERIC, true },
		{ AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, false },
		{ AF_VSOCK, SOCK_STREAM, 0, true },
		{ AF_ALG, SOCK_SEQPACKET, 0, true },
		{ AF_XDP, SOCK_RAW, 0, true },
		{ AF_KEY, SOCK_RAW, 2, true },
		{ AF_INET, SOCK_STREAM, 0, false },
		{ AF_INET, SOCK_DGRAM, 0, false },
		{ AF_UNIX, SOCK_STREAM, 0, false },
	};
	const struct evring_event *event;
	struct told *told;
	unsigned int i;
	int fd, result;
	bool packet;

	for (i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++) {
		read_past(self->ev);
		fd = socket(sockets[i].family, sockets[i].type | SOCK_CLOEXEC,
			    sockets[i].protocol);
		result = fd < 0 ? -errno : 0;
		told = told_read(self->ev, "net.socket", getpid());
		ASSERT_EQ(sockets[i].told, told->n) TH_LOG("socket %u", i);
		if (told->n) {
			event = only(told);
			packet = sockets[i].family == AF_PACKET || sockets[i].type == SOCK_PACKET;
			EXPECT_EQ(packet ? AF_PACKET : sockets[i].family,
				  told_number(event, "family"));
			EXPECT_EQ(sockets[i].type, told_number(event, "type"));
			EXPECT_EQ(packet ? ntohs((uint16_t)sockets[i].protocol) :
					   sockets[i].protocol, told_number(event, "protocol"));
			EXPECT_EQ(result, told_result(event));
			EXPECT_EQ(fd < 0 ? 0 : inode_of(fd), told_number(event, "socket"));
			EXPECT_EQ(netns_now(), told_number(event, "netns"));
		}
		free(told);
		if (fd >= 0)
			close(fd);
	}
}

static int packet_as_nobody(void *arg)
{
	deed_as_nobody();
	return socket(AF_PACKET, SOCK_RAW, 0) < 0 && errno == EPERM ? 0 : 1;
}

TEST_F(net, a_refused_packet_socket_is_told)
{
	struct told *told;
	int status;

	told = deed_in_child(self->ev, "net.socket", packet_as_nobody, NULL, &status);
	ASSERT_EQ(0, status);
	EXPECT_EQ(-EPERM, told_result(only(told)));
	EXPECT_TRUE(told_called(only(told), "family", "AF_PACKET"));
	free(told);
}

TEST_F(net, a_descriptor_that_is_no_socket_is_no_event)
{
	union address a = ip("127.0.0.1", 9);
	struct told *told;

	read_past(self->ev);
	ASSERT_EQ(-1, connect(1, &a.any, sizeof(a.v4)));
	ASSERT_EQ(-1, bind(-1, &a.any, sizeof(a.v4)));
	ASSERT_EQ(-1, listen(99, 1));
	told = told_read(self->ev, "net.", getpid());
	EXPECT_EQ(0, told->n);
	free(told);
}

/* The name of a well-known socket cannot be hidden behind a link. */
TEST_F(net, a_unix_socket_behind_a_link_is_told_where_it_is_bound)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
	const struct evring_event *event;
	struct told *told;
	union address a;

	ASSERT_EQ(0, bind(fd, &a.any, unix_address(&a, DIR_PATH "/known")));
	ASSERT_EQ(0, listen(fd, 1) + symlink("known", "link") + mkdir("sub", 0755));
	read_past(self->ev);
	ASSERT_EQ(0, connect(client, &a.any, unix_address(&a, "sub/../link")));
	told = told_read(self->ev, "net.connect", getpid());
	event = only(told);
	EXPECT_STREQ(DIR_PATH "/known", told_text(event, "path"));
	EXPECT_FALSE(told_flag(event, "path_flags", "given"));
	EXPECT_STREQ("sub/../link", told_text(event, "path_given"));
	free(told);
	close(client);
	close(fd);
}

#define CHANGING	100	/* a descriptor */

static int is_changing;

/* Puts something else at the descriptor, again and again. */
static void *change(void *arg)
{
	int other = open("/dev/null", O_RDONLY);

	(void)arg;
	while (__atomic_load_n(&is_changing, __ATOMIC_ACQUIRE))
		dup2(other, CHANGING);
	close(other);
	return NULL;
}

TEST_F(net, a_bind_is_told_though_its_descriptor_is_another_one_meanwhile)
{
	union address a = ip("127.0.0.1", 0);
	unsigned int i, bound = 0, binds = 0;
	struct evring_event event;
	pthread_t thread;
	int fd;

	is_changing = 1;
	read_past(self->ev);
	ASSERT_EQ(0, pthread_create(&thread, NULL, change, NULL));
	for (i = 0; i < 3000; i++) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		dup2(fd, CHANGING);
		bound += !bind(CHANGING, &a.any, sizeof(a.v4));
		close(fd);
	}
	__atomic_store_n(&is_changing, 0, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	while (evring_next(self->ev, &event) > 0) {
		if (!event.type || strcmp(event.type->name, "net.bind") ||
		    event.rec->pid != (uint32_t)getpid())
			continue;
		binds++;
		EXPECT_TRUE(told_called(&event, "family", "AF_INET"));
		EXPECT_TRUE(has_address(&event, "local_address", &a));
		EXPECT_NE(0, told_number(&event, "socket"));
	}
	EXPECT_LT(0, bound);
	EXPECT_EQ(bound, binds);
}

TEST_HARNESS_MAIN
