/* SPDX-License-Identifier: MIT */
/*
 * task: one run of a connector, from joining its group to leaving it. It reads
 * while there is room, produces, commits the events that Kafka has acknowledged,
 * and waits when there is nothing to do.
 *
 * Trouble is never the process's: the task ends, with a trace.
 */
#ifndef TASK_H
#define TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct loop;
struct stats;
struct task;

/* evringd's exit status */
enum {
	STATUS_OK	= 0,
	STATUS_FAILED	= 1,	/* at run time */
	STATUS_MISUSED	= 2,	/* command line or configuration */
	STATUS_REFUSED	= 3,	/* Kafka refuses an event, and that is not tolerated */
};

/* Events since the start */
struct counts {
	uint64_t read, delivered, committed, lost, missed, rejected;
	uint64_t unwanted;		/* read, but by a filter not delivered */
	uint64_t letters;		/* rejected ones that the dead-letter topic has */
	uint64_t in_flight, in_flight_bytes;
};

void counts_add(struct counts *sum, const struct counts *counts);
/* @before and @behind stand around them; "" for neither. */
void counts_tell(const struct counts *counts, const char *before, const char *behind);

/*
 * @cfg, @before, @file and @stats stay until task_free(); the task starts with its first
 * turn. @before: the configuration that read the group last, or NULL.
 */
struct task *task_new(const struct config *cfg, const struct config *before, const char *file,
		      struct loop *loop, struct stats *stats);
/* True: the loop has no operation of it, so free it. */
bool task_idle(const struct task *task);
void task_free(struct task *task);

/* True: it needs a turn, as something has happened to it or it has more to do. */
bool task_ready(const struct task *task);
void task_turn(struct task *task);
/*
 * Wait for acknowledgements at most shutdown.timeout.ms, commit, leave the group. With @drain
 * the events up to now are read before. The second call ends the wait.
 */
void task_stop(struct task *task, const char *why, bool drain);
/* Read nothing more until it is resumed; messages in flight go on. */
void task_pause(struct task *task, bool pause);

/* It has attached its hooks, and detached those that are configured no more. */
bool task_ran(const struct task *task);
/* Its group is its own, and it delivers. */
bool task_runs(const struct task *task);
/* It has no producer, as the last one failed, and makes a pause. */
bool task_cools(const struct task *task);
/* It sends nothing more, and has committed all acknowledged events. */
bool task_done(const struct task *task);
/* It is done, and has freed its memory and closed its device. */
bool task_released(const struct task *task);
/* Why it ended by itself; NULL: it did not. */
const char *task_trace(const struct task *task);
/* The exit status that this task alone would give the process */
int task_status(const struct task *task);
void task_counts(const struct task *task, struct counts *counts);
/* The id of the Kafka cluster that its producer has reached. False: it is not known. */
bool task_cluster(const struct task *task, char *buf, size_t len);

#endif /* TASK_H */
