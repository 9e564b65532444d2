/* SPDX-License-Identifier: MIT */
/* See loop.h. */
#include "loop.h"

#include "log.h"
#include "memory.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES 64

struct loop {
	struct io_uring ring;
};

_Static_assert(sizeof(((struct loop_timer *)0)->time) == sizeof(struct __kernel_timespec),
	       "loop_timer.time is a __kernel_timespec");

struct loop *loop_open(void)
{
	struct loop *loop = xalloc(sizeof(*loop));
	int ret = io_uring_queue_init(ENTRIES, &loop->ring, 0);

	if (ret)
		fatal("io_uring: %s%s", strerror(-ret),
		      ret == -EPERM ? " (see the sysctl kernel.io_uring_disabled)" : "");
	return loop;
}

void loop_close(struct loop *loop)
{
	io_uring_queue_exit(&loop->ring);
	free(loop);
}

static struct io_uring_sqe *get_sqe(struct loop *loop)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&loop->ring);

	if (!sqe) {
		io_uring_submit(&loop->ring);
		sqe = io_uring_get_sqe(&loop->ring);
	}
	if (!sqe)
		fatal("io_uring: no room to submit");
	return sqe;
}

static void submit_poll(struct loop_watch *watch)
{
	struct io_uring_sqe *sqe = get_sqe(watch->loop);

	io_uring_prep_poll_multishot(sqe, watch->fd, POLLIN);
	io_uring_sqe_set_data(sqe, &watch->op);
	watch->op.busy = true;
}

static void watch_failed(struct loop_watch *watch, const char *why)
{
	if (!watch->failed)
		fatal("poll: %s", why);
	if (watch->op.busy)
		loop_unwatch(watch);
	watch->gone = true;
	watch->failed(watch->arg, why);
}

/* The kernel may end a multishot poll at any time, as when completions overflow: ask again. */
static void watch_done(struct loop_op *op, int res, unsigned int flags)
{
	struct loop_watch *watch = (struct loop_watch *)op;

	op->busy = flags & IORING_CQE_F_MORE;
	if (watch->gone)
		return;
	if (res < 0 && res != -ECANCELED && res != -EINTR) {
		watch_failed(watch, strerror(-res));
		return;
	}
	if (res > 0 && (res & (POLLERR | POLLNVAL))) {
		watch_failed(watch, "the descriptor is in error");
		return;
	}
	if (!(flags & IORING_CQE_F_MORE))
		submit_poll(watch);
	watch->ready(watch->arg);
}

void loop_watch(struct loop *loop, struct loop_watch *watch)
{
	watch->op.done = watch_done;
	watch->loop = loop;
	watch->gone = false;
	submit_poll(watch);
}

/* The poll holds the file open until it is removed. */
void loop_unwatch(struct loop_watch *watch)
{
	struct io_uring_sqe *sqe;

	if (watch->gone || !watch->loop)
		return;
	watch->gone = true;
	sqe = get_sqe(watch->loop);
	io_uring_prep_poll_remove(sqe, (uintptr_t)&watch->op);
	io_uring_sqe_set_data(sqe, NULL);
}

static void timer_done(struct loop_op *op, int res, unsigned int flags)
{
	struct loop_timer *timer = (struct loop_timer *)op;

	(void)flags;
	op->busy = false;
	if (res != -ETIME && res != -ECANCELED)
		fatal("timer: %s", strerror(-res));
	timer->expired(timer->arg);
}

void loop_timer(struct loop *loop, struct loop_timer *timer, uint64_t ms)
{
	struct io_uring_sqe *sqe = get_sqe(loop);

	timer->op.done = timer_done;
	timer->time.sec = (int64_t)(ms / 1000);
	timer->time.nsec = (long long)(ms % 1000) * 1000000;
	io_uring_prep_timeout(sqe, (struct __kernel_timespec *)&timer->time, 0, 0);
	io_uring_sqe_set_data(sqe, &timer->op);
	timer->op.busy = true;
}

/* It may expire by itself before the kernel comes to this. */
void loop_hurry(struct loop *loop, struct loop_timer *timer)
{
	struct io_uring_sqe *sqe;

	if (!timer->op.busy)
		return;
	sqe = get_sqe(loop);
	io_uring_prep_timeout_remove(sqe, (uintptr_t)&timer->op, 0);
	io_uring_sqe_set_data(sqe, NULL);
}

/* liburing 2.3 has no helper for it. */
void loop_command(struct loop *loop, struct loop_op *op, int fd, uint32_t cmd, const void *payload)
{
	struct io_uring_sqe *sqe = get_sqe(loop);

	io_uring_prep_rw(IORING_OP_URING_CMD, sqe, fd, NULL, 0, 0);
	sqe->cmd_op = cmd;
	memcpy(sqe->cmd, payload, 16);
	io_uring_sqe_set_data(sqe, op);
}

void loop_turn(struct loop *loop, bool wait)
{
	struct io_uring_cqe *cqe;
	struct loop_op *op;
	unsigned int flags;
	int ret, res;

	ret = io_uring_submit_and_wait(&loop->ring, wait ? 1 : 0);
	/* EBUSY, EAGAIN: the kernel wants its completions taken first. */
	if (ret < 0 && ret != -EINTR && ret != -EBUSY && ret != -EAGAIN)
		fatal("io_uring: %s", strerror(-ret));
	while (!io_uring_peek_cqe(&loop->ring, &cqe)) {
		op = io_uring_cqe_get_data(cqe);
		res = cqe->res;
		flags = cqe->flags;
		io_uring_cqe_seen(&loop->ring, cqe);
		/* Of loop_unwatch() there is nothing to tell. */
		if (op)
			op->done(op, res, flags);
	}
}
