/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a URING_CMD's payload is: in the sqe from 6.5, declared in a header of its own from 6.8. */
#ifndef _KMOD_COMPAT_IO_URING_H
#define _KMOD_COMPAT_IO_URING_H

#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#include <linux/io_uring/cmd.h>
#else
#include <linux/io_uring.h>
#endif

static inline const void *evring_uring_payload(struct io_uring_cmd *cmd)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
	return cmd->sqe->cmd;
#else
	return cmd->cmd;
#endif
}

#endif /* _KMOD_COMPAT_IO_URING_H */
