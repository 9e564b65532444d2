/* SPDX-License-Identifier: MIT */
/*
 * What it costs on this machine, outside of any guest, to ask the kernel for next to nothing:
 *
 *	calls CALLS	CALLS a stretch; prints the nanoseconds of a write() to /dev/null, and
 *			of a submission to io_uring that does nothing, with its completion
 *
 * Each is the median of STRETCHES, by turns.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../measure.h"

#define STRETCHES	101
#define BYTES		80	/* struct evring_pub, and 64 of payload */

static void die(const char *what, int err)
{
	fprintf(stderr, "calls: %s: %s\n", what, strerror(err));
	exit(1);
}

static void null_writes(int fd, unsigned long calls)
{
	static const char bytes[BYTES];

	while (calls--)
		if (write(fd, bytes, sizeof(bytes)) != sizeof(bytes))
			die("/dev/null", errno);
}

static void nops(struct io_uring *ring, unsigned long calls)
{
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;

	while (calls--) {
		sqe = io_uring_get_sqe(ring);
		if (!sqe)
			die("io_uring", EBUSY);
		io_uring_prep_nop(sqe);
		if (io_uring_submit_and_wait(ring, 1) < 0 || io_uring_peek_cqe(ring, &cqe))
			die("io_uring", EIO);
		io_uring_cqe_seen(ring, cqe);
	}
}

int main(int argc, char **argv)
{
	unsigned long calls = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	double start, nulls[STRETCHES], rings[STRETCHES];
	struct io_uring ring;
	int i, ret, null;

	if (!calls) {
		fprintf(stderr, "Usage: calls CALLS\n");
		return 2;
	}
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null < 0)
		die("/dev/null", errno);
	ret = io_uring_queue_init(8, &ring, 0);
	if (ret)
		die("io_uring", -ret);
	for (i = 0; i < STRETCHES; i++) {
		start = now_ns();
		null_writes(null, calls);
		nulls[i] = (now_ns() - start) / (double)calls;
		start = now_ns();
		nops(&ring, calls);
		rings[i] = (now_ns() - start) / (double)calls;
	}
	printf("%.1f %.1f\n", median(nulls, STRETCHES), median(rings, STRETCHES));
	return 0;
}
