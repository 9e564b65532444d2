/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a URING_CMD's payload is, and which of its flags are the caller's. */
#ifndef _KMOD_COMPAT_IO_URING_H
#define _KMOD_COMPAT_IO_URING_H

#ifdef EVRING_HAVE_IO_URING_CMD_H
#include <linux/io_uring/cmd.h>
#else
#include <linux/io_uring.h>
#endif
#include <uapi/linux/io_uring.h>

/* The bits of sqe->uring_cmd_flags; io_uring keeps bits of its own in cmd->flags too. */
#ifndef IORING_URING_CMD_MASK
#define IORING_URING_CMD_MASK	IORING_URING_CMD_FIXED
#endif

static inline const void *evring_uring_payload(struct io_uring_cmd *cmd)
{
#ifdef EVRING_HAVE_URING_CMD_SQE
	return cmd->sqe->cmd;
#else
	return cmd->cmd;
#endif
}

#endif /* _KMOD_COMPAT_IO_URING_H */
