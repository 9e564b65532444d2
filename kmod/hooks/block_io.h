/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The event of block_io.c. It comes in the device's interrupt: the process in the
 * record's header has nothing to do with the request, and there is no common part
 * of a task.
 */
#ifndef _KMOD_HOOKS_BLOCK_IO_H
#define _KMOD_HOOKS_BLOCK_IO_H

#include <linux/evring.h>

extern const struct evring_names_desc evring_block_operations;
extern const struct evring_names_desc evring_block_flags;

#define BLOCK_IO_FIELDS(F, S)							\
	F(S, U32, dev, DEV, "the disk; 0: the request is for no disk")		\
	F(S, U32, operation, ENUM, "what was done", .names = &evring_block_operations) \
	F(S, U32, flags, FLAGS, "how", .names = &evring_block_flags)		\
	F(S, S32, result, ERRNO, "0, or why it failed")			\
	F(S, U64, sector, NONE,							\
	  "where, from the start of the disk; 0 also of a FLUSH or a driver's command", \
	  .unit = "512 bytes")							\
	F(S, U32, bytes, NONE, "that were done", .unit = "bytes")		\
	F(S, BOOL, partial, NONE, "more of the request is still to be done")	\
	F(S, U64, latency, DURATION, "since the request was made; 0: not known")

EVRING_EVENT(block_io, "block.io", 1, "bulk", "a request to a disk was done, or failed",
	     BLOCK_IO_FIELDS);

#endif /* _KMOD_HOOKS_BLOCK_IO_H */
