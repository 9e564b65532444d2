/* SPDX-License-Identifier: MIT */
/*
 * loop: the one io_uring that all connectors wait on. A failure of the io_uring
 * itself is fatal(); a failure of one descriptor is told to its user.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;

/* Each operation starts with this. It must stay where it is while it is busy. */
struct loop_op {
	void (*done)(struct loop_op *op, int res, unsigned int flags);
	bool busy;			/* the kernel has it */
};

/* A file descriptor; ready() is called each time that it has become readable. */
struct loop_watch {
	struct loop_op op;
	struct loop *loop;
	int fd;
	bool gone;			/* loop_unwatch() was called */
	void (*ready)(void *arg);
	/* The descriptor cannot be waited for, and is not any more. NULL: that is fatal(). */
	void (*failed)(void *arg, const char *why);
	void *arg;
};

struct loop_timer {
	struct loop_op op;
	struct { int64_t sec; long long nsec; } time;
	void (*expired)(void *arg);
	void *arg;
};

struct loop *loop_open(void);
void loop_close(struct loop *loop);
/* Set @fd, @ready, @failed and @arg before. */
void loop_watch(struct loop *loop, struct loop_watch *watch);
/* The descriptor may be closed then; the watch itself stays busy for a moment. */
void loop_unwatch(struct loop_watch *watch);
/* Set @expired and @arg before. One that is busy must not be set again. */
void loop_timer(struct loop *loop, struct loop_timer *timer, uint64_t ms);
/* A timer that is busy expires with one of the next turns. */
void loop_hurry(struct loop *loop, struct loop_timer *timer);
/* IORING_OP_URING_CMD with a @payload of 16 bytes. Set @op->done before. */
void loop_command(struct loop *loop, struct loop_op *op, int fd, uint32_t cmd, const void *payload);
/* Submit, wait for a completion if @wait, and call done() of each that there is. */
void loop_turn(struct loop *loop, bool wait);

#endif /* LOOP_H */
