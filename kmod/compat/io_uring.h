/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a URING_CMD's payload is. */
#ifndef _KMOD_COMPAT_IO_URING_H
#define _KMOD_COMPAT_IO_URING_H

#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#include <linux/io_uring/cmd.h>

static inline const void *evring_uring_payload(struct io_uring_cmd *cmd)
{
	return cmd->sqe->cmd;
}

#else
#include <linux/io_uring.h>

static inline const void *evring_uring_payload(struct io_uring_cmd *cmd)
{
	return cmd->cmd;
}

#endif
#endif /* _KMOD_COMPAT_IO_URING_H */
