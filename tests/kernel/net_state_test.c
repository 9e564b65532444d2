// SPDX-License-Identifier: MIT
/*
 * net.connected and net.close: how connections of TCP begin and end, compared with
 * what both sides know.
 */
#include <linux/filter.h>
#include <poll.h>

#include "net_deed.h"

FIXTURE(net_state) {
	struct evring *ev;
	union address a;
	int listener;
};

FIXTURE_SETUP(net_state)
{
	groups_drop();
	self->listener = listener("127.0.0.1", &self->a);
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	ASSERT_EQ(1, hook_op(self->ev, "net.connected", EVRING_HOOK_ATTACH));
	ASSERT_EQ(1, hook_op(self->ev, "net.close", EVRING_HOOK_ATTACH));
	ASSERT_EQ(0, evring_tap(self->ev, BULK, EVRING_LATEST));
}

FIXTURE_TEARDOWN(net_state)
{
	close(self->listener);
	hook_op(self->ev, "net.connected", EVRING_HOOK_DETACH);
	hook_op(self->ev, "net.close", EVRING_HOOK_DETACH);
	evring_close(self->ev);
}

/* Wait for the event of this type about the socket; those before it are passed over. */
static struct told *of_socket(struct evring *ev, const char *name, uint64_t inode)
{
	struct told *told = calloc(1, sizeof(*told));
	struct evring_event event;
	int waited;

	for (waited = 0; waited < SOON_MS; waited += 10) {
		while (evring_next(ev, &event) > 0) {
			if (event.type && !strcmp(event.type->name, name) &&
			    told_number(&event, "socket") == inode)
				told_keep(told, &event);
		}
		if (told->n)
			return told;
		usleep(10000);
	}
	printf("# no %s of socket %llu\n", name, (unsigned long long)inode);
	fflush(stdout);
	abort();
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

TEST_F(net_state, a_connection_that_stands_is_told_with_its_process_and_latency)
{
	int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct pollfd poll_out = { .fd = client, .events = POLLOUT };
	const struct evring_event *event;
	uint64_t start = now();
	struct told *told;

	ASSERT_EQ(-1, connect(client, &self->a.any, sizeof(self->a.v4)));
	ASSERT_EQ(EINPROGRESS, errno);
	ASSERT_EQ(1, poll(&poll_out, 1, SOON_MS));
	told = of_socket(self->ev, "net.connected", inode_of(client));
	event = told_at(told, 0);
	EXPECT_EQ(1, told->n);
	EXPECT_TRUE(is_socket(event, client, true));
	EXPECT_EQ(0, told_result(event));
	EXPECT_EQ(getpid(), told_number(event, "owner_pid"));
	EXPECT_EQ(0, told_number(event, "owner_uid"));
	EXPECT_NE(0, told_number(event, "owner_start_time"));
	EXPECT_NE(0, told_number(event, "latency"));
	EXPECT_GT(now() - start, told_number(event, "latency"));
	free(told);
	close(client);
}

TEST_F(net_state, a_connection_that_is_refused_later_is_told)
{
	int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct told *told;
	uint64_t inode = inode_of(client);

	close(self->listener);
	ASSERT_EQ(-1, connect(client, &self->a.any, sizeof(self->a.v4)));
	told = of_socket(self->ev, "net.connected", inode);
	EXPECT_EQ(-ECONNREFUSED, told_result(told_at(told, 0)));
	EXPECT_TRUE(has_address(told_at(told, 0), "remote_address", &self->a));
	EXPECT_EQ(port_of(&self->a), told_number(told_at(told, 0), "remote_port"));
	EXPECT_EQ(getpid(), told_number(told_at(told, 0), "owner_pid"));
	free(told);
	close(client);
}

TEST_F(net_state, a_connection_that_is_given_up_is_told)
{
	int full[3], i;
	struct told *told;
	uint64_t inode;

	/* The queue has room for one: the last one's packets are dropped. */
	ASSERT_EQ(0, listen(self->listener, 0));
	for (i = 0; i < 3; i++) {
		full[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(full[i], &self->a.any, sizeof(self->a.v4));
	}
	inode = inode_of(full[2]);
	close(full[2]);
	told = of_socket(self->ev, "net.connected", inode);
	EXPECT_EQ(-ECANCELED, told_result(told_at(told, 0)));
	free(told);
	close(full[1]);
	close(full[0]);
}

static void push(int fd, size_t len)
{
	static char bytes[4096];

	while (len) {
		ssize_t n = write(fd, bytes, len < sizeof(bytes) ? len : sizeof(bytes));

		if (n <= 0)
			abort();
		len -= (size_t)n;
	}
}

static void pull(int fd, size_t len)
{
	static char bytes[4096];

	while (len) {
		ssize_t n = read(fd, bytes, len < sizeof(bytes) ? len : sizeof(bytes));

		if (n <= 0)
			abort();
		len -= (size_t)n;
	}
}

TEST_F(net_state, a_close_tells_the_bytes_each_way_on_both_sides)
{
	int client = socket(AF_INET, SOCK_STREAM, 0), server;
	uint64_t client_inode, start = now();
	union address peer = { };
	socklen_t len = sizeof(peer);
	const struct evring_event *event;
	struct told *told;
	char end;

	ASSERT_EQ(0, connect(client, &self->a.any, sizeof(self->a.v4)));
	server = accept(self->listener, NULL, NULL);
	ASSERT_LE(0, server);
	push(client, 12345);
	pull(server, 12345);
	push(server, 678);
	pull(client, 678);
	ASSERT_EQ(0, getsockname(client, &peer.any, &len));
	client_inode = inode_of(client);
	/* The client says that it is done, and waits for the server's end. */
	ASSERT_EQ(0, shutdown(client, SHUT_WR));
	ASSERT_EQ(0, read(server, &end, 1));
	close(server);
	ASSERT_EQ(0, read(client, &end, 1));
	told = of_socket(self->ev, "net.close", client_inode);
	close(client);
	event = told_at(told, 0);
	EXPECT_EQ(1, told->n);
	EXPECT_EQ(12345, told_number(event, "bytes_sent"));
	EXPECT_EQ(678, told_number(event, "bytes_received"));
	EXPECT_TRUE(has_address(event, "local_address", &peer));
	EXPECT_EQ(port_of(&peer), told_number(event, "local_port"));
	EXPECT_TRUE(has_address(event, "remote_address", &self->a));
	EXPECT_EQ(port_of(&self->a), told_number(event, "remote_port"));
	EXPECT_EQ(getpid(), told_number(event, "owner_pid"));
	EXPECT_TRUE(told_called(event, "direction", "outbound"));
	EXPECT_LE(4, told_number(event, "packets_sent"));
	EXPECT_LE(3, told_number(event, "packets_received"));
	EXPECT_NE(0, told_number(event, "duration"));
	EXPECT_GT(now() - start, told_number(event, "duration"));
	EXPECT_EQ(0, told_result(event));
	free(told);
}

TEST_F(net_state, the_side_that_was_connected_to_tells_its_close)
{
	int client = socket(AF_INET, SOCK_STREAM, 0), server;
	const struct evring_event *event;
	uint64_t inode;
	struct told *told;
	char end;

	ASSERT_EQ(0, connect(client, &self->a.any, sizeof(self->a.v4)));
	server = accept(self->listener, NULL, NULL);
	push(client, 999);
	pull(server, 999);
	push(server, 1);
	inode = inode_of(server);
	/* The server is done first. */
	ASSERT_EQ(0, shutdown(server, SHUT_WR));
	pull(client, 1);
	ASSERT_EQ(0, read(client, &end, 1));
	close(client);
	told = of_socket(self->ev, "net.close", inode);
	close(server);
	event = told_at(told, 0);
	EXPECT_EQ(1, told_number(event, "bytes_sent"));
	EXPECT_EQ(999, told_number(event, "bytes_received"));
	EXPECT_EQ(port_of(&self->a), told_number(event, "local_port"));
	EXPECT_EQ(0, told_number(event, "owner_pid"));
	EXPECT_TRUE(told_called(event, "direction", "inbound"));
	EXPECT_NE(0, told_number(event, "duration"));
	free(told);
}

/* The server's socket throws segments away for a while: the client sends them again. */
TEST_F(net_state, what_was_sent_again_and_the_time_there_and_back_are_the_kernels)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { .len = 1, .filter = &drop };
	int client = socket(AF_INET, SOCK_STREAM, 0), server, waited;
	struct linger reset = { .l_onoff = 1 };
	struct tcp_info info = { };
	socklen_t len = sizeof(info);
	struct told *told;
	uint64_t inode;

	ASSERT_EQ(0, connect(client, &self->a.any, sizeof(self->a.v4)));
	server = accept(self->listener, NULL, NULL);
	inode = inode_of(client);
	ASSERT_EQ(0, setsockopt(server, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
	push(client, 100);
	for (waited = 0; waited < SOON_MS && !info.tcpi_total_retrans; waited += 10) {
		usleep(10000);
		ASSERT_EQ(0, getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &len));
	}
	ASSERT_EQ(0, setsockopt(server, SOL_SOCKET, SO_DETACH_FILTER, &(int){ 0 }, sizeof(int)));
	pull(server, 100);
	/* Nothing is under way when the other side ends it, which tells no time. */
	for (waited = 0; waited < SOON_MS && (!waited || info.tcpi_unacked); waited += 10) {
		usleep(10000);
		ASSERT_EQ(0, getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &len));
	}
	ASSERT_EQ(0, setsockopt(server, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)));
	close(server);
	told = of_socket(self->ev, "net.close", inode);
	EXPECT_LE(1, told_number(told_at(told, 0), "retransmits"));
	EXPECT_EQ(info.tcpi_total_retrans, told_number(told_at(told, 0), "retransmits"));
	EXPECT_EQ(info.tcpi_rtt * 1000ULL, told_number(told_at(told, 0), "rtt"));
	EXPECT_EQ(100, told_number(told_at(told, 0), "bytes_sent"));
	free(told);
	close(client);
}

TEST_F(net_state, a_connection_that_is_reset_tells_the_error)
{
	int client = socket(AF_INET, SOCK_STREAM, 0), server;
	struct linger reset = { .l_onoff = 1 };
	struct told *told;
	uint64_t inode;

	ASSERT_EQ(0, connect(client, &self->a.any, sizeof(self->a.v4)));
	server = accept(self->listener, NULL, NULL);
	inode = inode_of(server);
	ASSERT_EQ(0, setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)));
	close(client);
	told = of_socket(self->ev, "net.close", inode);
	EXPECT_EQ(-ECONNRESET, told_result(told_at(told, 0)));
	EXPECT_TRUE(told_called(told_at(told, 0), "state", "ESTABLISHED"));
	free(told);
	close(server);
}

TEST_F(net_state, a_listener_tells_its_close)
{
	uint64_t inode = inode_of(self->listener);
	struct told *told;

	close(self->listener);
	told = of_socket(self->ev, "net.close", inode);
	EXPECT_TRUE(told_called(told_at(told, 0), "state", "LISTEN"));
	EXPECT_EQ(port_of(&self->a), told_number(told_at(told, 0), "local_port"));
	EXPECT_EQ(0, told_number(told_at(told, 0), "duration"));
	EXPECT_TRUE(told_called(told_at(told, 0), "direction", "inbound"));
	free(told);
}

/* A socket that connects to itself: SYN_RECV is between SYN_SENT and ESTABLISHED. */
TEST_F(net_state, a_connection_that_both_sides_begin_is_outbound)
{
	int both = socket(AF_INET, SOCK_STREAM, 0);
	union address itself = { .v4 = { .sin_family = AF_INET } };
	socklen_t len = sizeof(itself.v4);
	struct linger reset = { .l_onoff = 1 };
	uint64_t inode = inode_of(both);
	struct told *told;

	itself.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ASSERT_EQ(0, bind(both, &itself.any, len));
	ASSERT_EQ(0, getsockname(both, &itself.any, &len));
	ASSERT_EQ(0, connect(both, &itself.any, len));
	told = of_socket(self->ev, "net.connected", inode);
	EXPECT_EQ(1, told->n);
	EXPECT_EQ(0, told_result(told_at(told, 0)));
	EXPECT_EQ(getpid(), told_number(told_at(told, 0), "owner_pid"));
	EXPECT_NE(0, told_number(told_at(told, 0), "latency"));
	free(told);
	ASSERT_EQ(0, setsockopt(both, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)));
	close(both);
	told = of_socket(self->ev, "net.close", inode);
	EXPECT_EQ(getpid(), told_number(told_at(told, 0), "owner_pid"));
	EXPECT_TRUE(told_called(told_at(told, 0), "direction", "outbound"));
	EXPECT_NE(0, told_number(told_at(told, 0), "duration"));
	free(told);
}

/*
 * The listener throws the first packets away, so the connection has begun before the hook is
 * attached and stands after it: its process is not known, but the side that began is.
 */
TEST_F(net_state, a_connection_that_has_begun_before_the_hook_is_outbound)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { .len = 1, .filter = &drop };
	int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), server;
	struct linger reset = { .l_onoff = 1 };
	uint64_t inode = inode_of(client);
	struct told *told;

	ASSERT_EQ(0, hook_op(self->ev, "net.close", EVRING_HOOK_DETACH));
	ASSERT_EQ(0, setsockopt(self->listener, SOL_SOCKET, SO_ATTACH_FILTER, &program,
				sizeof(program)));
	ASSERT_EQ(-1, connect(client, &self->a.any, sizeof(self->a.v4)));
	ASSERT_EQ(EINPROGRESS, errno);
	ASSERT_EQ(1, hook_op(self->ev, "net.close", EVRING_HOOK_ATTACH));
	ASSERT_EQ(0, setsockopt(self->listener, SOL_SOCKET, SO_DETACH_FILTER, &(int){ 0 },
				sizeof(int)));
	server = accept(self->listener, NULL, NULL);
	ASSERT_LE(0, server);
	ASSERT_EQ(0, setsockopt(server, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)));
	close(server);
	told = of_socket(self->ev, "net.close", inode);
	EXPECT_EQ(0, told_number(told_at(told, 0), "owner_pid"));
	EXPECT_TRUE(told_called(told_at(told, 0), "direction", "outbound"));
	free(told);
	close(client);
}

/* Those that stood before are told too; their duration is not known, nor made up. */
TEST_F(net_state, a_connection_from_before_the_hook_has_no_duration)
{
	int client, server, round;
	struct linger reset = { .l_onoff = 1 };
	struct told *told;
	uint64_t inode;

	for (round = 0; round < 2; round++) {
		if (!round)
			ASSERT_EQ(0, hook_op(self->ev, "net.close", EVRING_HOOK_DETACH));
		client = socket(AF_INET, SOCK_STREAM, 0);
		ASSERT_EQ(0, connect(client, &self->a.any, sizeof(self->a.v4)));
		server = accept(self->listener, NULL, NULL);
		inode = inode_of(server);
		if (round)
			ASSERT_EQ(0, hook_op(self->ev, "net.close", EVRING_HOOK_DETACH));
		ASSERT_EQ(1, hook_op(self->ev, "net.close", EVRING_HOOK_ATTACH));
		ASSERT_EQ(0, setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)));
		close(client);
		told = of_socket(self->ev, "net.close", inode);
		EXPECT_EQ(0, told_number(told_at(told, 0), "duration"));
		EXPECT_TRUE(told_called(told_at(told, 0), "direction", "unknown"));
		free(told);
		close(server);
	}
}

TEST_HARNESS_MAIN
