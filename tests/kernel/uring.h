/* SPDX-License-Identifier: MIT */
/* evring's commands through io_uring. */
#ifndef KERNEL_URING_H
#define KERNEL_URING_H

#include <liburing.h>
#include <linux/evring.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* An entry with command @op, whose argument must stay until it is complete. */
static inline struct io_uring_sqe *uring_command(struct io_uring *ring, int fd, uint32_t op,
						 const void *arg, uint32_t size)
{
	const struct evring_uring_cmd cmd = { .arg = (uintptr_t)arg, .size = size };
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		abort();
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = op;
	memcpy(sqe->cmd, &cmd, sizeof(cmd));
	return sqe;
}

/* Submit the entries, and return the result of the one completion. */
static inline int uring_complete(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	int ret = io_uring_submit(ring);

	if (ret < 0)
		return ret;
	ret = io_uring_wait_cqe(ring, &cqe);
	if (ret)
		return ret;
	ret = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return ret;
}

#endif /* KERNEL_URING_H */
