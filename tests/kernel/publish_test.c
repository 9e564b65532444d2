// SPDX-License-Identifier: MIT
/*
 * Applications publish: the kernel identifies them, and each event is there whole or not at
 * all. The module is loaded with a small lane for them, so that it fills soon.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "kmodule.h"
#include "publish.h"
#include "uring.h"

static bool writable(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLOUT };

	return poll(&pollfd, 1, 0) == 1 && pollfd.revents & POLLOUT;
}

static void publish_one(void *unused)
{
	struct evring_publisher *pub;

	become(UID(0));
	prctl(PR_SET_NAME, "teller");
	if (evring_publisher_open(&pub, NULL, 0) || publish(pub, type_make(pub, 0), 5))
		_exit(1);
	_exit(open(EVRING_DEVICE, O_WRONLY) >= 0 || open(EVRING_DEVICE, O_RDONLY) >= 0 ||
	      open(EVRING_PUBLISH_DEVICE, O_RDONLY) >= 0);
}

TEST_F(publish, the_kernel_identifies_the_publisher)
{
	const struct evring_common *common;
	struct evring_event event;
	struct stat stat;
	uint32_t uid;

	ASSERT_EQ(0, in_child(publish_one, NULL));
	ASSERT_EQ(1, evring_next(self->ev, &event));
	EXPECT_EQ(5, event_number(&event, &uid));
	EXPECT_EQ(UID(0), uid);
	common = event.payload;
	EXPECT_EQ(UID(0), common->euid);
	EXPECT_EQ(UID(0), common->gid);
	EXPECT_EQ(0, strcmp("teller", common->comm));
	EXPECT_NE(0, common->start_time);
	EXPECT_EQ(0, fstatat(AT_FDCWD, "/proc/self/ns/pid", &stat, 0));
	EXPECT_EQ(stat.st_ino, common->pidns);
	EXPECT_NE((uint32_t)getpid(), event.rec->pid);
	EXPECT_EQ(event.rec->pid, event.rec->tid);
	EXPECT_EQ(EVRING_REC_TASK, event.rec->flags & EVRING_REC_CONTEXT);
}

TEST_F(publish, a_session_that_can_only_write_sees_nothing)
{
	int fd = open(EVRING_PUBLISH_DEVICE, O_WRONLY);
	struct evring_describe info = { .id = EVRING_TYPE_LOST };
	struct evring_meta_read meta = { 0 };
	struct evring_arm arm = { .lanes = APP };
	char byte;

	ASSERT_GE(fd, 0);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE, fd, 0));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, read(fd, &byte, 1));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(-EACCES, call(fd, EVRING_IOC_META, &meta));
	EXPECT_EQ(-EACCES, call(fd, EVRING_IOC_ARM, &arm));
	EXPECT_EQ(-EACCES, call(fd, EVRING_IOC_LEAVE, NULL));
	EXPECT_EQ(-EPERM, call(fd, EVRING_IOC_DESCRIBE, &info));
	close(fd);
	EXPECT_EQ(-1, open(EVRING_PUBLISH_DEVICE, O_RDWR));
	EXPECT_EQ(EACCES, errno);
}

TEST_F(publish, a_full_ring_gives_EAGAIN_and_POLLOUT_after_a_commit)
{
	int fd = evring_publisher_fd(self->pub);
	uint64_t end = fill(self->pub, self->type, 0), seq = ring_get(LANE_APP, 0).seq;

	EXPECT_EQ(-EAGAIN, publish(self->pub, self->type, end));
	EXPECT_EQ(seq, ring_get(LANE_APP, 0).seq);
	EXPECT_FALSE(writable(fd));
	ASSERT_TRUE(reads(self->ev, 0, (unsigned int)end));
	ASSERT_EQ(0, evring_commit(self->ev));
	EXPECT_TRUE(writable(fd));
	EXPECT_EQ(0, publish(self->pub, self->type, end));
	EXPECT_TRUE(reads(self->ev, end, 1));
	EXPECT_TRUE(is_empty(self->ev));
}

TEST_F(publish, a_page_that_is_not_there_leaves_events_whole)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), len, size, cut;
	char *room = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = evring_publisher_fd(self->pub);
	struct event e;
	char buf[512];

	ASSERT_NE(MAP_FAILED, room);
	ASSERT_EQ(0, munmap(room + page, page));
	len = event_fill(&e, 3);
	size = evring_pub_put(buf, sizeof(buf), self->type, &e, len);
	for (cut = 1; cut < size; cut++) {
		memcpy(room + page - cut, buf, cut);
		memcpy(room + page - cut - size, buf, size);
		ASSERT_EQ((ssize_t)size, write(fd, room + page - cut - size, 2 * size));
		ASSERT_EQ(-1, write(fd, room + page - cut, size));
		ASSERT_EQ(EFAULT, errno);
		ASSERT_TRUE(reads(self->ev, 3, 1) && is_empty(self->ev));
		ASSERT_EQ(0, evring_commit(self->ev));
	}
	munmap(room, page);
}

TEST_F(publish, forged_events_are_refused)
{
	struct evring_pub head = {
		.len = sizeof(head) + sizeof(struct told), .type = (uint16_t)self->type->id,
		.generation = self->type->generation,
	};
	struct { struct evring_pub head; struct told told; } w = { head, { 0 } };
	int fd = evring_publisher_fd(self->pub), i;
	struct evring_event event;

	for (i = 0; i < EVRING_TYPE_FIRST + 8; i++) {
		w.head.type = (uint16_t)i;
		if (evring_type(self->ev, (unsigned int)i)->flags & EVRING_TYPE_F_APP)
			continue;
		EXPECT_EQ(-1, write(fd, &w, sizeof(w)));
		EXPECT_EQ(EPERM, errno);
	}
	w.head = head;
	for (i = 0; i < 8 * (int)sizeof(head); i++) {
		((uint8_t *)&w.head)[i / 8] ^= (uint8_t)(1 << i % 8);
		EXPECT_EQ(-1, write(fd, &w, sizeof(w)));
		((uint8_t *)&w.head)[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	w.told.text = (struct evring_str){ 16, 1 };
	EXPECT_EQ(-1, write(fd, &w, sizeof(w)));
	EXPECT_EQ(EINVAL, errno);
	w.told.text = (struct evring_str){ 65535, 65535 };
	EXPECT_EQ(-1, write(fd, &w, sizeof(w)));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pwrite(fd, &w, sizeof(w), 0));
	EXPECT_EQ(0, evring_next(self->ev, &event));
}

static void publish_anothers(void *arg)
{
	const struct evring_type *type = arg, like = {
		.name = type->name, .version = 1, .size = 16, .fields = fields, .nr_fields = 3,
	};
	const struct evring_type *mine;
	struct evring_unregister unreg = { .id = type->id, .generation = type->generation };
	struct evring_publisher *pub;

	become(UID(1));
	if (evring_publisher_open(&pub, NULL, 0))
		_exit(1);
	_exit((publish(pub, type, 1) != -EPERM) | (evring_type_register(pub, &like, 0, &mine) != -EPERM) << 1 |
	      (call(evring_publisher_fd(pub), EVRING_IOC_UNREGISTER, &unreg) != -EPERM) << 2 |
	      (evring_publisher_type(pub, type->name, &mine) != -ENOENT) << 3);
}

TEST_F(publish, another_users_type_is_his)
{
	ASSERT_EQ(0, in_child(publish_anothers, (void *)self->type));
	EXPECT_TRUE(is_empty(self->ev));
}

static void open_and_pass(void *arg)
{
	int *pair = arg, fd;
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct msghdr msg = {
		.msg_iov = &(struct iovec){ "x", 1 }, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	become(UID(2));
	fd = open(EVRING_PUBLISH_DEVICE, O_WRONLY);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	_exit(fd < 0 || sendmsg(pair[1], &msg, 0) != 1);
}

/* As a program that runs as root would, whose standard output somebody has chosen. */
TEST_F(publish, root_does_not_publish_through_another_users_descriptor)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct msghdr msg = {
		.msg_iov = &(struct iovec){ &byte, 1 }, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct { struct evring_pub head; struct told told; } w = { { 32, 0, 0, 0, 0 }, { 0 } };
	int pair[2], fd;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	ASSERT_EQ(0, in_child(open_and_pass, pair));
	ASSERT_EQ(1, recvmsg(pair[0], &msg, 0));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	w.head.type = (uint16_t)self->type->id;
	w.head.generation = self->type->generation;
	EXPECT_EQ(-1, write(fd, &w, sizeof(w)));
	EXPECT_EQ(EPERM, errno);
	close(fd);
	close(pair[0]);
	close(pair[1]);
}

/* A batch that is longer than there is room for, by a writer that waits */
#define BATCH	2000

static void write_batch(void *unused)
{
	static char buf[BATCH * 400];
	struct evring_publisher *pub;
	const struct evring_type *type;
	struct iovec iov[3];
	struct event e;
	size_t len = 0;
	unsigned int i;

	become(UID(3));
	if (evring_publisher_open(&pub, NULL, 0) || !(type = type_make(pub, 0)))
		_exit(1);
	for (i = 0; i < BATCH; i++)
		len += evring_pub_put(buf + len, sizeof(buf) - len, type, &e, event_fill(&e, i));
	iov[0] = (struct iovec){ buf, len / 3 };
	iov[1] = (struct iovec){ buf + len / 3, len / 2 };
	iov[2] = (struct iovec){ buf + len / 3 + len / 2, len - len / 3 - len / 2 };
	_exit(writev(evring_publisher_fd(pub), iov, 3) != (ssize_t)len);
}

TEST_F(publish, a_writer_is_killed_in_the_middle_of_a_writev)
{
	struct evring_event event;
	pid_t pid = child_start(write_batch, NULL);
	unsigned int n = 0;
	uint32_t uid;
	int status;

	until_it_waits(pid);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	for (; evring_next(self->ev, &event) == 1; n++)
		ASSERT_EQ(n, event_number(&event, &uid));
	EXPECT_GT(n, 10);
	EXPECT_LT(n, BATCH);
}

TEST_F(publish, a_writer_that_waits_goes_on_as_the_group_commits)
{
	struct evring_event event;
	pid_t pid = child_start(write_batch, NULL);
	unsigned int n = 0;
	uint32_t uid;
	int status;

	until_it_waits(pid);
	while (n < BATCH) {
		if (evring_next(self->ev, &event) != 1) {
			ASSERT_EQ(0, evring_commit(self->ev));
			continue;
		}
		ASSERT_EQ(n, event_number(&event, &uid));
		n++;
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(is_empty(self->ev));
}

/* Its workers too are where the test is: on another CPU there would be room. */
static int ring_init(struct io_uring *ring)
{
	cpu_set_t set;
	int ret = io_uring_queue_init(8, ring, 0);

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	return ret ? ret : io_uring_register_iowq_aff(ring, sizeof(set), &set);
}

static struct io_uring_sqe *command(struct io_uring *ring, int fd, const struct evring_publish *arg)
{
	return uring_command(ring, fd, EVRING_CMD_PUBLISH, arg, sizeof(*arg));
}

TEST_F(publish, io_uring_publishes_a_batch_with_one_submission)
{
	int fd = evring_publisher_fd(self->pub);
	static char buf[64 * 400];
	struct evring_publish arg = { .events = (uintptr_t)buf };
	struct io_uring ring;
	struct event e;
	unsigned int i;
	uint64_t end;

	ASSERT_EQ(0, ring_init(&ring));
	for (i = 0; i < 40; i++)
		arg.len += (uint32_t)evring_pub_put(buf + arg.len, sizeof(buf) - arg.len, self->type,
						    &e, event_fill(&e, i));
	command(&ring, fd, &arg);
	EXPECT_EQ(0, uring_complete(&ring));
	EXPECT_EQ(arg.len, arg.done);
	EXPECT_TRUE(reads(self->ev, 0, 40));
	EXPECT_EQ(0, evring_commit(self->ev));
	io_uring_prep_write(io_uring_get_sqe(&ring), fd, buf, arg.len, 0);
	EXPECT_EQ((int)arg.len, uring_complete(&ring));
	EXPECT_TRUE(reads(self->ev, 0, 40));
	EXPECT_EQ(0, evring_commit(self->ev));
	arg.done = 0;
	arg.flags = 1;
	command(&ring, fd, &arg);
	EXPECT_EQ(-EINVAL, uring_complete(&ring));
	arg.flags = 0;
	arg.events = 0xffff888000000000;
	command(&ring, fd, &arg);
	EXPECT_EQ(-EFAULT, uring_complete(&ring));
	command(&ring, evring_fd(self->ev), &arg);
	EXPECT_EQ(-EACCES, uring_complete(&ring));
	/* No room: as far as it goes, and from there when a group has committed. */
	arg.events = (uintptr_t)buf;
	end = fill(self->pub, self->type, 0);
	command(&ring, fd, &arg);
	EXPECT_EQ(-EAGAIN, uring_complete(&ring));
	EXPECT_LT(arg.done, arg.len);
	EXPECT_TRUE(reads(self->ev, 0, (unsigned int)end));
	EXPECT_EQ(0, evring_commit(self->ev));
	command(&ring, fd, &arg);
	EXPECT_EQ(0, uring_complete(&ring));
	EXPECT_EQ(arg.len, arg.done);
	EXPECT_TRUE(reads(self->ev, 0, 40));
	io_uring_queue_exit(&ring);
}

/* A command that waits for room holds up neither the commit nor the end of the process. */
static void leave_it_waiting(void *unused)
{
	static char buf[400];
	struct evring_publish arg = { .events = (uintptr_t)buf };
	struct evring_publisher *pub, *nonblock;
	const struct evring_type *type;
	struct io_uring ring;
	struct event e;
	uint64_t end;

	if (evring_publisher_open(&pub, NULL, 0) || !(type = type_make(pub, 0)) ||
	    evring_publisher_open(&nonblock, NULL, O_NONBLOCK) ||
	    ring_init(&ring))
		_exit(1);
	/* The one that found no room finds none now. */
	end = fill(nonblock, type, 0);
	arg.len = (uint32_t)evring_pub_put(buf, sizeof(buf), type, &e, event_fill(&e, end));
	command(&ring, evring_publisher_fd(pub), &arg);
	if (io_uring_submit(&ring) != 1)
		_exit(2);
	usleep(100000);
	_exit(io_uring_cq_ready(&ring) ? 3 : 0);
}

TEST_F(publish, a_process_ends_while_its_command_waits_for_room)
{
	EXPECT_EQ(0, in_child(leave_it_waiting, NULL));
}

#ifdef __x86_64__
/* A system call as a 32-bit program makes it */
static int call32(long number, int fd, unsigned long a, unsigned long b)
{
	long ret;

	asm volatile("int $0x80" : "=a" (ret)
		     : "a" (number), "b" ((long)fd), "c" (a), "d" (b)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}

TEST_F(publish, a_32_bit_program_registers_and_publishes)
{
	char *low = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	int fd = open(EVRING_PUBLISH_DEVICE, O_WRONLY);
	struct evring_register *reg = (void *)low;
	struct event e;
	size_t len;

	ASSERT_NE(MAP_FAILED, low);
	ASSERT_GE(fd, 0);
	*reg = (struct evring_register){
		.block = (uintptr_t)low + 1024, .len = self->type->block_len,
	};
	memcpy(low + 1024, self->type->block, self->type->block_len);
	EXPECT_EQ(0, call32(54, fd, EVRING_IOC_REGISTER, (uintptr_t)reg));
	EXPECT_EQ(self->type->id, reg->id);
	len = evring_pub_put(low, 1024, self->type, &e, event_fill(&e, 4));
	EXPECT_EQ((int)len, call32(4, fd, (uintptr_t)low, len));
	EXPECT_TRUE(reads(self->ev, 4, 1));
	EXPECT_EQ(-EACCES, call32(54, fd, EVRING_IOC_LEAVE, 0));
	close(fd);
	munmap(low, 8192);
}
#endif

/* Names that are used once and then forgotten do not use the ids up. */
TEST_F(publish, types_that_come_and_go_use_nothing_up)
{
	struct evring_publisher *pub;
	const struct evring_type *type;
	char name[32];
	const struct evring_type like = {
		.name = name, .version = 1, .size = sizeof(struct told), .fields = fields,
		.nr_fields = ARRAY_SIZE(fields),
	};
	int before = evring_types(self->ev);
	unsigned int i;

	for (i = 0; i < 150; i++) {
		snprintf(name, sizeof(name), "passing.number%u", i);
		ASSERT_EQ(0, evring_publisher_open(&pub, NULL, 0));
		ASSERT_EQ(0, evring_type_register(pub, &like, 0, &type));
		evring_publisher_close(pub);
	}
	EXPECT_LE(evring_types(self->ev), before + 64);
}

/* Nobody takes a name for ever: a module gets it once nobody has it registered. */
TEST(a_module_gets_the_name_that_an_application_has_given_up)
{
	const struct evring_type *type, like = {
		.name = "heart.beat", .version = 1, .size = sizeof(struct told), .fields = fields,
		.nr_fields = ARRAY_SIZE(fields),
	};
	struct evring_publisher *pub;

	ASSERT_EQ(0, evring_publisher_open(&pub, NULL, 0));
	ASSERT_EQ(0, evring_type_register(pub, &like, 0, &type));
	EXPECT_EQ(EBUSY, module_load("evring_heartbeat", ""));
	evring_publisher_close(pub);
	ASSERT_EQ(0, module_load("evring_heartbeat", ""));
	ASSERT_EQ(0, evring_publisher_open(&pub, NULL, 0));
	EXPECT_EQ(-EPERM, evring_type_register(pub, &like, 0, &type));
	evring_publisher_close(pub);
	EXPECT_EQ(0, module_unload("evring_heartbeat"));
}

TEST_HARNESS_MAIN
