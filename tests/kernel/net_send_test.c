// SPDX-License-Identifier: MIT
/* net.send: a socket's first datagram to each address, and the question of DNS. */
#include "net_deed.h"

#define SEND	"net.send"

FIXTURE(net_send) {
	struct evring *ev;
};

FIXTURE_SETUP(net_send)
{
	groups_drop();
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	ASSERT_EQ(1, hook_op(self->ev, SEND, EVRING_HOOK_ATTACH));
	ASSERT_EQ(0, evring_tap(self->ev, BULK, EVRING_LATEST));
}

FIXTURE_TEARDOWN(net_send)
{
	hook_op(self->ev, SEND, EVRING_HOOK_DETACH);
	evring_close(self->ev);
}

static void check_first(struct __test_metadata *_metadata, struct evring *ev, const char *text)
{
	union address a = ip(text, 4000), b = ip(text, 4001);
	int fd = socket(a.any.sa_family, SOCK_DGRAM, 0), i;
	const struct evring_event *event;
	struct told *told;

	read_past(ev);
	for (i = 0; i < 5; i++) {
		/* A datagram that nobody receives may come back as an error. */
		sendto(fd, "12345", 5, 0, &a.any, ip_len(&a));
		sendto(fd, "123456", 6, 0, &b.any, ip_len(&b));
	}
	told = told_read(ev, SEND, getpid());
	ASSERT_EQ(2, told->n);
	event = told_at(told, 1);
	EXPECT_TRUE(is_socket(event, fd, false) || !told_number(event, "local_port"));
	EXPECT_TRUE(has_address(event, "remote_address", &a));
	EXPECT_EQ(4000, told_number(event, "remote_port"));
	EXPECT_EQ(5, told_number(event, "size"));
	EXPECT_EQ(0, told_result(event));
	EXPECT_STREQ("", told_text(event, "dns_name"));
	EXPECT_TRUE(told_called(event, "protocol", "UDP"));
	EXPECT_EQ(4001, told_number(told_at(told, 0), "remote_port"));
	EXPECT_EQ(6, told_number(told_at(told, 0), "size"));
	free(told);
	close(fd);
}

TEST_F(net_send, the_first_datagram_to_each_address_is_told_and_no_other)
{
	check_first(_metadata, self->ev, "127.0.0.1");
	check_first(_metadata, self->ev, "::1");
}

TEST_F(net_send, another_socket_and_another_attach_tell_it_again)
{
	union address a = ip("127.0.0.1", 4002);
	struct told *told;
	int fd, i;

	for (i = 0; i < 3; i++) {
		fd = socket(AF_INET, SOCK_DGRAM, 0);
		sendto(fd, "1", 1, 0, &a.any, sizeof(a.v4));
		told = told_read(self->ev, SEND, getpid());
		EXPECT_EQ(1, told->n);
		free(told);
		if (i < 2)
			close(fd);
	}
	ASSERT_EQ(0, hook_op(self->ev, SEND, EVRING_HOOK_DETACH));
	ASSERT_EQ(1, hook_op(self->ev, SEND, EVRING_HOOK_ATTACH));
	for (i = 0; i < 3; i++)
		sendto(fd, "1", 1, 0, &a.any, sizeof(a.v4));
	told = told_read(self->ev, SEND, getpid());
	EXPECT_EQ(1, told->n);
	free(told);
	close(fd);
}

TEST_F(net_send, a_connected_socket_is_told)
{
	union address a = ip("127.0.0.1", 4003);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct told *told;

	ASSERT_EQ(0, connect(fd, &a.any, sizeof(a.v4)));
	ASSERT_EQ(1, send(fd, "1", 1, 0));
	told = told_read(self->ev, SEND, getpid());
	EXPECT_TRUE(is_socket(only(told), fd, true));
	free(told);
	close(fd);
}

struct sending {
	int fd;
	struct msghdr *msg;
};

static void prep_send(struct io_uring_sqe *sqe, void *arg)
{
	io_uring_prep_send(sqe, ((struct sending *)arg)->fd, "1", 1, 0);
}

static void prep_sendmsg(struct io_uring_sqe *sqe, void *arg)
{
	io_uring_prep_sendmsg(sqe, ((struct sending *)arg)->fd, ((struct sending *)arg)->msg, 0);
}

TEST_F(net_send, io_uring_is_told_as_calls_are)
{
	union address a = ip("127.0.0.1", 4003), b = ip("127.0.0.1", 53);
	uint8_t question[] = "\0\1\1\0\0\1\0\0\0\0\0\0\1x\0\0\1\0\1";
	struct iovec part = { question, sizeof(question) - 1 };
	struct msghdr msg = {
		.msg_name = &b, .msg_namelen = sizeof(b.v4), .msg_iov = &part, .msg_iovlen = 1,
	};
	struct sending sending = { .fd = socket(AF_INET, SOCK_DGRAM, 0), .msg = &msg };
	struct told *told;

	ASSERT_EQ((int)part.iov_len, deed_uring(prep_sendmsg, &sending));
	told = told_read(self->ev, SEND, getpid());
	EXPECT_TRUE(has_address(only(told), "remote_address", &b));
	EXPECT_EQ(53, told_number(only(told), "remote_port"));
	EXPECT_EQ(part.iov_len, told_number(only(told), "size"));
	EXPECT_STREQ("x", told_text(only(told), "dns_name"));
	EXPECT_EQ(inode_of(sending.fd), told_number(only(told), "socket"));
	free(told);
	ASSERT_EQ(0, connect(sending.fd, &a.any, sizeof(a.v4)));
	ASSERT_EQ(1, deed_uring(prep_send, &sending));
	told = told_read(self->ev, SEND, getpid());
	EXPECT_TRUE(is_socket(only(told), sending.fd, true));
	EXPECT_EQ(1, told_number(only(told), "size"));
	EXPECT_EQ(0, told_result(only(told)));
	free(told);
	close(sending.fd);
}

#ifdef __x86_64__
TEST_F(net_send, calls_of_32_bit_programs_are_told)
{
	union address a = ip("127.0.0.1", 4005), b = ip("127.0.0.1", 53);
	const uint8_t question[] = "\0\1\1\0\0\1\0\0\0\0\0\0\1y\0\0\1\0\1";
	char *low = deed_low(4096), *bytes = low + 256;
	uint32_t *args = (uint32_t *)(low + 512), *msg = args + 16, *part = args + 32;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct told *told;

	memcpy(low, &a, sizeof(a.v4));
	memcpy(bytes, question, sizeof(question));
	/* socketcall(SYS_SENDTO, { fd, buffer, length, flags, address, its length }) */
	memcpy(args, (uint32_t[]){ (uint32_t)fd, (uint32_t)(uintptr_t)bytes, 5, 0,
				   (uint32_t)(uintptr_t)low, sizeof(a.v4) }, 24);
	if (deed_call32(102, 11, (long)args, 0, 0, 0) == -ENOSYS) {
		SKIP(return, "this kernel has no 32-bit calls");
	}
	told = told_read(self->ev, SEND, getpid());
	EXPECT_TRUE(has_address(only(told), "remote_address", &a));
	EXPECT_EQ(4005, told_number(only(told), "remote_port"));
	EXPECT_EQ(5, told_number(only(told), "size"));
	free(told);
	memcpy(low, &b, sizeof(b.v4));
	/* sendmsg(fd, { address, its length, parts, 1, ... }) */
	memcpy(part, (uint32_t[]){ (uint32_t)(uintptr_t)bytes, sizeof(question) - 1 }, 8);
	memcpy(msg, (uint32_t[]){ (uint32_t)(uintptr_t)low, sizeof(b.v4),
				  (uint32_t)(uintptr_t)part, 1, 0, 0, 0 }, 28);
	ASSERT_EQ((long)sizeof(question) - 1, deed_call32(370, fd, (long)msg, 0, 0, 0));
	told = told_read(self->ev, SEND, getpid());
	EXPECT_TRUE(has_address(only(told), "remote_address", &b));
	EXPECT_STREQ("y", told_text(only(told), "dns_name"));
	EXPECT_EQ(0, told_result(only(told)));
	free(told);
	munmap(low, 4096);
	close(fd);
}
#endif

TEST_F(net_send, a_datagram_that_is_refused_is_told)
{
	union address a = ip("192.0.2.1", 4004);
	int fd = socket(AF_INET, SOCK_DGRAM, 0), error;
	struct told *told;

	/* No route */
	ASSERT_EQ(-1, sendto(fd, "1", 1, 0, &a.any, sizeof(a.v4)));
	error = errno;
	told = told_read(self->ev, SEND, getpid());
	EXPECT_EQ(-error, told_result(only(told)));
	EXPECT_TRUE(has_address(only(told), "remote_address", &a));
	free(told);
	close(fd);
}

/* A query for a name in labels: "\3www\7example" */
static size_t query(uint8_t *to, const char *labels, size_t len, uint16_t type)
{
	memset(to, 0, 12);
	to[5] = 1;
	memcpy(to + 12, labels, len);
	to[12 + len] = 0;
	to[13 + len] = (uint8_t)(type >> 8);
	to[14 + len] = (uint8_t)type;
	to[15 + len] = 0;
	to[16 + len] = 1;
	return 17 + len;
}

static void check_dns(struct __test_metadata *_metadata, struct evring *ev, const uint8_t *bytes,
		      size_t len, const char *name, uint16_t type)
{
	union address a = ip("127.0.0.1", 53);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct iovec parts[2] = {
		{ (void *)(uintptr_t)bytes, len / 2 },
		{ (void *)(uintptr_t)(bytes + len / 2), len - len / 2 },
	};
	struct msghdr msg = {
		.msg_name = &a, .msg_namelen = sizeof(a.v4), .msg_iov = parts, .msg_iovlen = 2,
	};
	struct told *told;

	read_past(ev);
	ASSERT_EQ((ssize_t)len, sendmsg(fd, &msg, 0));
	told = told_read(ev, SEND, getpid());
	EXPECT_STREQ(name, told_text(only(told), "dns_name"));
	EXPECT_EQ(type, told_number(only(told), "dns_type"));
	free(told);
	close(fd);
}

TEST_F(net_send, the_name_that_dns_is_asked_for_is_told)
{
	char longest[255], want[256];
	uint8_t bytes[512];
	size_t len, i;

	len = query(bytes, "\3www\7example\3com", 16, 28);
	check_dns(_metadata, self->ev, bytes, len, "www.example.com", 28);
	/* Bytes that would read as something else are escaped, as dig does. */
	len = query(bytes, "\4a.b\n\2\\\xff", 8, 1);
	check_dns(_metadata, self->ev, bytes, len, "a\\046b\\010.\\092\\255", 1);
	check_dns(_metadata, self->ev, bytes, query(bytes, "", 0, 2), ".", 2);
	/* 253 bytes: the longest name */
	for (i = 0; i < 254; i += 2) {
		longest[i] = 1;
		longest[i + 1] = 'x';
		want[i] = 'x';
		want[i + 1] = '.';
	}
	want[253] = '\0';
	check_dns(_metadata, self->ev, bytes, query(bytes, longest, 254, 1), want, 1);
}

TEST_F(net_send, a_datagram_that_is_no_query_has_no_name)
{
	uint8_t bytes[512];
	size_t len = query(bytes, "\3www\7example\3com", 16, 28);

	bytes[2] = 0x80;
	check_dns(_metadata, self->ev, bytes, len, "", 0);	/* an answer */
	bytes[2] = 0;
	bytes[5] = 0;
	check_dns(_metadata, self->ev, bytes, len, "", 0);	/* no question */
	bytes[5] = 1;
	for (size_t cut = 1; cut < len; cut += 3)
		check_dns(_metadata, self->ev, bytes, cut, "", 0);
	bytes[12] = 0xc0;
	check_dns(_metadata, self->ev, bytes, len, "", 0);	/* a pointer */
	bytes[12] = 200;
	check_dns(_metadata, self->ev, bytes, len, "", 0);
}

/* A datagram that cannot be sent does not hide the one that is. */
TEST_F(net_send, a_failed_send_is_told_once_and_then_a_sent_one)
{
	static char much[70000];
	union address a = ip("127.0.0.1", 4003);
	int fd = socket(AF_INET, SOCK_DGRAM, 0), i;
	struct told *told;

	read_past(self->ev);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(-1, sendto(fd, much, sizeof(much), 0, &a.any, sizeof(a.v4)));
		ASSERT_EQ(EMSGSIZE, errno);
	}
	for (i = 0; i < 3; i++)
		ASSERT_EQ(5, sendto(fd, "12345", 5, 0, &a.any, sizeof(a.v4)));
	told = told_read(self->ev, SEND, getpid());
	ASSERT_EQ(2, told->n);
	EXPECT_EQ(-EMSGSIZE, told_result(told_at(told, 1)));
	EXPECT_EQ(sizeof(much), told_number(told_at(told, 1), "size"));
	EXPECT_EQ(0, told_result(told_at(told, 0)));
	EXPECT_EQ(5, told_number(told_at(told, 0), "size"));
	free(told);
	close(fd);
}

/* UDP takes AF_UNSPEC for IPv4. */
TEST_F(net_send, an_address_without_a_family_is_told_all_the_same)
{
	union address a[] = { ip("127.0.0.1", 4004), ip("127.0.0.1", 53) };
	const uint8_t question[] = "\0\1\1\0\0\1\0\0\0\0\0\0\1x\0\0\1\0\1";
	int fd = socket(AF_INET, SOCK_DGRAM, 0), i;
	const struct evring_event *event;
	struct told *told;

	read_past(self->ev);
	for (i = 0; i < 2; i++) {
		a[i].v4.sin_family = AF_UNSPEC;
		ASSERT_LE(0, sendto(fd, question, sizeof(question) - 1, 0, &a[i].any,
				    sizeof(a[i].v4)));
		a[i].v4.sin_family = AF_INET;
	}
	told = told_read(self->ev, SEND, getpid());
	ASSERT_EQ(2, told->n);
	for (i = 0; i < 2; i++) {
		event = told_at(told, 1 - i);
		EXPECT_TRUE(has_address(event, "remote_address", &a[i]));
		EXPECT_EQ(port_of(&a[i]), told_number(event, "remote_port"));
	}
	EXPECT_STREQ("x", told_text(event, "dns_name"));
	free(told);
	close(fd);
}

TEST_HARNESS_MAIN
