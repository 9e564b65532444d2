/* SPDX-License-Identifier: MIT */
/*
 * What it costs to publish one event of 64 bytes, by turns with what it is compared
 * with: a write() of as many bytes to /dev/null, the kernel's user_events, and a datagram
 * of as many to a process that reads it. No group holds the lane and nobody reads ftrace's
 * ring, so nobody waits. Prints samples, each the median of so many rounds.
 *
 *	evring-bench-publish RUNS ROUNDS EVENTS METRIC ENV	EVENTS: a round's, a multiple of 64
 *
 * METRIC is what a nanosecond of the guest is: "ns/event", or "instructions/event" where
 * its clock counts them (EVRING_ACCEL=icount). ENV is the report's name for the guest.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <evring.h>

#include "../measure.h"
#include "user_events.h"

#define PAYLOAD		64u
#define BATCH		64u
#define ROUNDS_MAX	1000u

struct bench {
	struct evring_publisher *pub;
	int fd, null, socket;
	struct io_uring ring;
	char one[PAYLOAD + sizeof(struct evring_pub)];
	size_t one_len;
	char batch[BATCH * (PAYLOAD + sizeof(struct evring_pub))];
	size_t batch_len;
	struct user_event user_event;
	bool has_user_events;
	unsigned long user_events;	/* written */
	struct {
		uint32_t index;
		char payload[PAYLOAD];
	} user_one;
};

__attribute__((noreturn)) static void die(const char *what, int err)
{
	fprintf(stderr, "evring-bench-publish: %s: %s\n", what, strerror(err));
	exit(1);
}

static void must_write(int fd, const void *buf, size_t len)
{
	if (write(fd, buf, len) != (ssize_t)len)
		die("write", errno);
}

static void null_writes(struct bench *b, unsigned int events)
{
	while (events--)
		must_write(b->null, b->one, b->one_len);
}

static void event_writes(struct bench *b, unsigned int events)
{
	while (events--)
		must_write(b->fd, b->one, b->one_len);
}

static void batch_writes(struct bench *b, unsigned int events)
{
	for (; events; events -= BATCH)
		must_write(b->fd, b->batch, b->batch_len);
}

static void uring_batches(struct bench *b, unsigned int events)
{
	struct evring_publish arg = { .events = (uintptr_t)b->batch, .len = (uint32_t)b->batch_len };
	const struct evring_uring_cmd cmd = { .arg = (uintptr_t)&arg, .size = sizeof(arg) };
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;

	for (; events; events -= BATCH) {
		arg.done = 0;
		sqe = io_uring_get_sqe(&b->ring);
		if (!sqe)
			die("io_uring", EBUSY);
		memset(sqe, 0, sizeof(*sqe));
		sqe->opcode = IORING_OP_URING_CMD;
		sqe->fd = b->fd;
		sqe->cmd_op = EVRING_CMD_PUBLISH;
		memcpy(sqe->cmd, &cmd, sizeof(cmd));
		if (io_uring_submit_and_wait(&b->ring, 1) < 0 || io_uring_peek_cqe(&b->ring, &cqe))
			die("io_uring", EIO);
		if (cqe->res)
			die("EVRING_CMD_PUBLISH", -cqe->res);
		io_uring_cqe_seen(&b->ring, cqe);
	}
}

/* A program looks at its bit first: without it the write() would fail. */
static void user_event_expect(struct bench *b, unsigned int events)
{
	b->user_events += events;
	if (!b->user_event.enabled)
		die("user_events: nobody traces", ENODATA);
}

static void user_event_writes(struct bench *b, unsigned int events)
{
	user_event_expect(b, events);
	while (events--)
		must_write(b->user_event.fd, &b->user_one, sizeof(b->user_one));
}

static void user_event_writevs(struct bench *b, unsigned int events)
{
	const struct iovec parts[] = {
		{ &b->user_one.index, sizeof(b->user_one.index) }, { b->user_one.payload, PAYLOAD },
	};

	user_event_expect(b, events);
	while (events--)
		if (writev(b->user_event.fd, parts, 2) != sizeof(b->user_one))
			die("writev", errno);
}

static void datagrams(struct bench *b, unsigned int events)
{
	while (events--)
		must_write(b->socket, b->one, PAYLOAD);
}

static const struct bench_case {
	const char *who;
	const char *name;
	void (*run)(struct bench *b, unsigned int events);
	bool needs_user_events;
} cases[] = {
	{ "/dev/null", "write() each", null_writes, false },
	{ "evring", "write() each", event_writes, false },
	{ "evring", "write() of 64", batch_writes, false },
	{ "evring", "io_uring of 64", uring_batches, false },
	{ "user_events", "write() each", user_event_writes, true },
	{ "user_events", "writev() each", user_event_writevs, true },
	{ "Unix datagram", "write() each, to a reader", datagrams, false },
};

#define CASES	(sizeof(cases) / sizeof(*cases))

/* A reader that takes one datagram after the other, and ends with this process */
static void reader_start(struct bench *b)
{
	char buf[256];
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair))
		die("socketpair", errno);
	b->socket = pair[0];
	switch (fork()) {
	case -1:
		die("fork", errno);
	case 0:
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pair[0]);
		while (read(pair[1], buf, sizeof(buf)) > 0)
			;
		_exit(0);
	}
	close(pair[1]);
}

static void user_events_open(struct bench *b)
{
	int ret = user_event_open(&b->user_event, "evring_bench", "char[64] bytes");

	if (ret && ret != -ENOSYS)
		die("user_events", -ret);
	b->has_user_events = !ret;
	b->user_one.index = b->user_event.index;
	b->user_one.payload[0] = 1;
}

/* Writes that are not in ftrace's ring were not measured. */
static void user_events_check(const struct bench *b)
{
	long found = b->has_user_events ? user_event_count() : 0;

	if (found != (long)b->user_events) {
		fprintf(stderr, "evring-bench-publish: user_events: %lu written, ftrace has %ld\n",
			b->user_events, found);
		exit(1);
	}
}

static void bench_open(struct bench *b)
{
	static const struct evring_field fields[] = {
		{ .name = "bytes", .kind = EVRING_KIND_U8, .offset = 0, .size = PAYLOAD },
	};
	const struct evring_type *type, like = {
		.name = "bench.bytes", .version = 1, .size = PAYLOAD, .fields = fields, .nr_fields = 1,
	};
	char payload[PAYLOAD] = { 1 };
	unsigned int i;
	int ret = evring_publisher_open(&b->pub, NULL, 0);

	if (!ret)
		ret = evring_type_register(b->pub, &like, 0, &type);
	if (!ret)
		ret = io_uring_queue_init(8, &b->ring, 0);
	if (ret)
		die("cannot publish", -ret);
	b->fd = evring_publisher_fd(b->pub);
	b->null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (b->null < 0)
		die("/dev/null", errno);
	b->one_len = evring_pub_put(b->one, sizeof(b->one), type, payload, sizeof(payload));
	for (i = 0; i < BATCH; i++)
		b->batch_len += evring_pub_put(b->batch + b->batch_len,
					       sizeof(b->batch) - b->batch_len, type, payload,
					       sizeof(payload));
	user_events_open(b);
	reader_start(b);
}

static bool absent(const struct bench *b, unsigned int i)
{
	return cases[i].needs_user_events && !b->has_user_events;
}

static void print_case(const struct bench *b, unsigned int i, char *const *names, double value)
{
	printf("{\"part\": \"publish\", \"env\": \"%s\", \"who\": \"%s\", \"case\": \"%s\", "
	       "\"metric\": \"%s\", ", names[1], cases[i].who, cases[i].name, names[0]);
	if (absent(b, i))
		printf("\"skipped\": \"not in this kernel\"}\n");
	else
		printf("\"value\": %.1f}\n", value);
}

/* Each round runs each case once: a disturbance slows all of them down. */
static void run(struct bench *b, unsigned int rounds, unsigned int events, char *const *names)
{
	static double times[CASES][ROUNDS_MAX];
	unsigned int round, i;
	double start;

	for (round = 0; round < rounds; round++) {
		for (i = 0; i < CASES; i++) {
			if (absent(b, i))
				continue;
			start = now_ns();
			cases[i].run(b, events);
			times[i][round] = (now_ns() - start) / events;
		}
	}
	for (i = 0; i < CASES; i++)
		print_case(b, i, names, absent(b, i) ? 0 : median(times[i], rounds));
}

int main(int argc, char **argv)
{
	unsigned int runs, rounds, events;
	static struct bench b;

	if (argc != 6) {
		fprintf(stderr, "usage: %s RUNS ROUNDS EVENTS METRIC ENV\n", argv[0]);
		return 2;
	}
	runs = (unsigned int)strtoul(argv[1], NULL, 10);
	rounds = (unsigned int)strtoul(argv[2], NULL, 10);
	events = (unsigned int)strtoul(argv[3], NULL, 10);
	if (!runs || !rounds || rounds > ROUNDS_MAX || !events || events % BATCH)
		die("RUNS ROUNDS EVENTS", EINVAL);
	bench_open(&b);
	while (runs--)
		run(&b, rounds, events, argv + 4);
	user_events_check(&b);
	return 0;
}
