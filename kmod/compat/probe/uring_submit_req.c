// SPDX-License-Identifier: GPL-2.0-only
/* From 6.4: io_uring tells of a request by another name, and without its second argument. */
#include <trace/events/io_uring.h>

static void submit_probe(void *data, struct io_kiocb *req)
{
}

void probe(void);

void probe(void)
{
	check_trace_callback_type_io_uring_submit_req(submit_probe);
}
