// SPDX-License-Identifier: GPL-2.0-only
/* From 6.5: the command's payload is in the entry that it points to. */
#if __has_include(<linux/io_uring/cmd.h>)
#include <linux/io_uring/cmd.h>
#else
#include <linux/io_uring.h>
#endif

const void *probe(struct io_uring_cmd *cmd);

const void *probe(struct io_uring_cmd *cmd)
{
	return cmd->sqe->cmd;
}
