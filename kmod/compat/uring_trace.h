/* SPDX-License-Identifier: GPL-2.0-only */
/* The tracepoint of a request that io_uring takes, which differs between kernels. */
#ifndef _KMOD_COMPAT_URING_TRACE_H
#define _KMOD_COMPAT_URING_TRACE_H

#include <trace/events/io_uring.h>

#ifdef EVRING_HAVE_URING_SUBMIT_REQ
#define EVRING_URING_SUBMIT		"io_uring_submit_req"
#define EVRING_URING_SUBMIT_ARGS	struct io_kiocb *req
#define EVRING_URING_SUBMIT_CHECK	check_trace_callback_type_io_uring_submit_req
#else
#define EVRING_URING_SUBMIT		"io_uring_submit_sqe"
#define EVRING_URING_SUBMIT_ARGS	struct io_kiocb *req, bool force_nonblock
#define EVRING_URING_SUBMIT_CHECK	check_trace_callback_type_io_uring_submit_sqe
#endif

#endif /* _KMOD_COMPAT_URING_TRACE_H */
