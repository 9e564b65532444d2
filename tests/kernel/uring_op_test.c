// SPDX-License-Identifier: MIT
/* uring.setup and uring.op: a program's rings, and the requests in them. */
#include <sys/syscall.h>

#include "file_deed.h"

FIXTURE(uring_op) {
	struct evring *ev;
};

FIXTURE_SETUP(uring_op)
{
	groups_drop();
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	ASSERT_EQ(1, hook_op(self->ev, "uring.setup", EVRING_HOOK_ATTACH));
	ASSERT_EQ(1, hook_op(self->ev, "uring.op", EVRING_HOOK_ATTACH));
	ASSERT_EQ(0, evring_tap(self->ev, BULK, EVRING_LATEST));
}

FIXTURE_TEARDOWN(uring_op)
{
	hook_op(self->ev, "uring.setup", EVRING_HOOK_DETACH);
	hook_op(self->ev, "uring.op", EVRING_HOOK_DETACH);
	evring_close(self->ev);
}

TEST_F(uring_op, a_ring_is_told_with_its_size_and_flags)
{
	struct io_uring_params params = { .flags = IORING_SETUP_CLAMP };
	const struct evring_event *event;
	struct io_uring ring;
	struct told *told;

	ASSERT_EQ(0, io_uring_queue_init_params(5, &ring, &params));
	told = told_read(self->ev, "uring.setup", getpid());
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(0, told_result(event));
	EXPECT_EQ(ring.ring_fd, told_number(event, "fd"));
	EXPECT_EQ(params.sq_entries, told_number(event, "sq_entries"));
	EXPECT_EQ(params.cq_entries, told_number(event, "cq_entries"));
	EXPECT_TRUE(told_flag(event, "flags", "CLAMP"));
	EXPECT_FALSE(told_flag(event, "flags", "SQPOLL"));
	free(told);
	io_uring_queue_exit(&ring);
}

TEST_F(uring_op, a_ring_that_is_refused_is_told)
{
	struct io_uring_params params = { .flags = 1u << 31 };
	struct told *told;

	ASSERT_EQ(-1, syscall(SYS_io_uring_setup, 7, &params));
	ASSERT_EQ(EINVAL, errno);
	told = told_read(self->ev, "uring.setup", getpid());
	ASSERT_EQ(1, told->n);
	EXPECT_EQ(-EINVAL, told_result(told_at(told, 0)));
	EXPECT_EQ(7, told_number(told_at(told, 0), "sq_entries"));
	EXPECT_EQ(-1, (int)told_number(told_at(told, 0), "fd"));
	free(told);
}

/* IORING_SETUP_*, of newer kernels */
#define NO_MMAP			(1u << 14)
#define REGISTERED_FD_ONLY	(1u << 15)

/* The call returns the ring's place among the task's registered ones. */
TEST_F(uring_op, a_ring_without_a_descriptor_is_told_so)
{
	struct io_uring_params params = { .flags = NO_MMAP | REGISTERED_FD_ONLY };
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t memory[2];
	struct told *told;

	memory[0] = (uintptr_t)mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE((uintptr_t)MAP_FAILED, memory[0]);
	memory[1] = memory[0] + page;
	/* Both structures end with an address, which had another name before. */
	memcpy((char *)(&params.cq_off + 1) - sizeof(uint64_t), memory, sizeof(uint64_t));
	memcpy((char *)(&params.sq_off + 1) - sizeof(uint64_t), memory + 1, sizeof(uint64_t));
	if (syscall(SYS_io_uring_setup, 2, &params) < 0) {
		ASSERT_EQ(EINVAL, errno);
		SKIP(return, "this kernel has no ring without a descriptor");
	}
	told = told_read(self->ev, "uring.setup", getpid());
	ASSERT_EQ(1, told->n);
	EXPECT_EQ(0, told_result(told_at(told, 0)));
	EXPECT_TRUE(told_flag(told_at(told, 0), "flags", "REGISTERED_FD_ONLY"));
	EXPECT_EQ(-1, (int)told_number(told_at(told, 0), "fd"));
	EXPECT_EQ(params.sq_entries, told_number(told_at(told, 0), "sq_entries"));
	free(told);
}

#ifdef __x86_64__
TEST_F(uring_op, a_ring_of_a_32_bit_program_is_told)
{
	struct io_uring_params *params = deed_low(4096);
	struct told *told;
	long fd = deed_call32(425, 5, (long)params, 0, 0, 0);

	if (fd == -ENOSYS)
		SKIP(return, "this kernel has no 32-bit calls");
	ASSERT_LE(0, fd);
	told = told_read(self->ev, "uring.setup", getpid());
	ASSERT_EQ(1, told->n);
	EXPECT_EQ(0, told_result(told_at(told, 0)));
	EXPECT_EQ(fd, told_number(told_at(told, 0), "fd"));
	EXPECT_EQ(params->sq_entries, told_number(told_at(told, 0), "sq_entries"));
	free(told);
	close((int)fd);
	munmap(params, 4096);
}
#endif

TEST_F(uring_op, each_request_is_told_once_with_its_name)
{
	const struct evring_event *event;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct told *told;
	char byte;
	int i;

	ASSERT_EQ(0, io_uring_queue_init(8, &ring, 0));
	free(told_read(self->ev, "uring.", getpid()));
	for (i = 0; i < 3; i++) {
		sqe = io_uring_get_sqe(&ring);
		io_uring_prep_nop(sqe);
		sqe->user_data = 100 + i;
	}
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_read(sqe, open("/dev/zero", O_RDONLY), &byte, 1, 0);
	sqe->user_data = 777;
	sqe->flags = IOSQE_ASYNC;
	ASSERT_EQ(4, io_uring_submit_and_wait(&ring, 4));
	told = told_read(self->ev, "uring.op", getpid());
	ASSERT_EQ(4, told->n);
	for (i = 0; i < 3; i++) {
		event = told_at(told, 3 - i);
		EXPECT_TRUE(told_called(event, "operation", "NOP"));
		EXPECT_EQ(100 + i, told_number(event, "user_data"));
		EXPECT_EQ(0, told_number(event, "flags"));
	}
	event = told_at(told, 0);
	EXPECT_TRUE(told_called(event, "operation", "READ"));
	EXPECT_EQ(777, told_number(event, "user_data"));
	EXPECT_TRUE(told_flag(event, "flags", "ASYNC"));
	free(told);
	io_uring_queue_exit(&ring);
}

TEST_F(uring_op, requests_that_a_thread_of_the_kernel_takes_are_told_of_the_process)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SQPOLL, .sq_thread_idle = 1000 };
	const struct evring_event *event;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	struct told *told;

	ASSERT_EQ(0, io_uring_queue_init_params(4, &ring, &params));
	told = told_read(self->ev, "uring.setup", getpid());
	ASSERT_EQ(1, told->n);
	EXPECT_TRUE(told_flag(told_at(told, 0), "flags", "SQPOLL"));
	free(told);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_nop(sqe);
	sqe->user_data = 4711;
	ASSERT_EQ(1, io_uring_submit(&ring));
	ASSERT_EQ(0, io_uring_wait_cqe(&ring, &cqe));
	told = told_read(self->ev, "uring.op", getpid());
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_TRUE(told_called(event, "operation", "NOP"));
	EXPECT_EQ(4711, told_number(event, "user_data"));
	EXPECT_NE((uint32_t)gettid(), event->rec->tid);
	free(told);
	io_uring_queue_exit(&ring);
}

TEST_HARNESS_MAIN
