/* SPDX-License-Identifier: GPL-2.0-only */
/* The events of uring.c. */
#ifndef _KMOD_HOOKS_URING_H
#define _KMOD_HOOKS_URING_H

#include <linux/evring.h>

extern const struct evring_names_desc evring_uring_operations;
extern const struct evring_names_desc evring_uring_setup_flags;
extern const struct evring_names_desc evring_uring_entry_flags;

#define SETUP_FIELDS(F, S)							\
	F(S, S32, result, ERRNO, "0, or why it failed")			\
	F(S, S32, fd, NONE, "the ring's descriptor; -1: it has none")		\
	F(S, U32, sq_entries, NONE, "places for requests; of a failure, as asked for") \
	F(S, U32, cq_entries, NONE, "places for results; 0: it failed")	\
	F(S, U32, flags, FLAGS, "how; of a failure, not known", .names = &evring_uring_setup_flags)

EVRING_TASK_EVENT(uring_setup, "uring.setup", 1, "bulk", "an io_uring was made, or could not be",
		  SETUP_FIELDS);

#define OP_FIELDS(F, S)								\
	F(S, U32, operation, ENUM, "what is asked for", .names = &evring_uring_operations) \
	F(S, U32, flags, FLAGS, "how", .names = &evring_uring_entry_flags)	\
	F(S, U64, user_data, HEX, "the caller's own mark of the request")

EVRING_TASK_EVENT(uring_op, "uring.op", 1, "bulk", "io_uring took a request", OP_FIELDS);

#endif /* _KMOD_HOOKS_URING_H */
