/* SPDX-License-Identifier: MIT */
/*
 * connector: a name, a configuration and a target state; it keeps a task that does the
 * work. Its states have Kafka Connect's names:
 *
 *	UNASSIGNED	its task starts, or its group has another owner
 *	RUNNING
 *	PAUSED		owns its group, which holds events, and reads nothing
 *	STOPPED		has no task; the group keeps its position without an owner
 *	FAILED		given up, or between two tries, with a trace; events without a commit are
 *			in the ring
 *	RESTARTING	its task is replaced, or its producer
 *
 * Trouble of one connector is never the process's: the others go on.
 */
#ifndef CONNECTOR_H
#define CONNECTOR_H

#include "task.h"

struct config;
struct connector;
struct loop;
struct stats;

enum connector_state {
	CONNECTOR_UNASSIGNED, CONNECTOR_RUNNING, CONNECTOR_PAUSED, CONNECTOR_STOPPED,
	CONNECTOR_FAILED, CONNECTOR_RESTARTING,
};

const char *connector_state_name(enum connector_state state);
/* False: there is no state of this name, or none that can be asked for. */
bool connector_state_by_name(const char *name, enum connector_state *state);

/*
 * It takes over @cfg. Without @lasting it ends with a task that ends by itself, and the
 * process with the last of them; else a task that has failed is started anew, later each
 * time, up to errors.retry.delay.max.ms and for errors.retry.timeout.
 */
struct connector *connector_new(struct config *cfg, const char *file, struct loop *loop,
				bool lasting);
/* A connector with a configuration that cannot be used: FAILED until it gets another one. */
struct connector *connector_new_failed(const char *name, const char *file, const char *why,
				       struct loop *loop);
/* The loop has no operation of it, or is closed. */
bool connector_idle(const struct connector *connector);
void connector_free(struct connector *connector);

/* True: it needs a turn, as something has happened to it or it has more to do. */
bool connector_ready(const struct connector *connector);
void connector_turn(struct connector *connector);

/* Set the target state: RUNNING, PAUSED or STOPPED. */
void connector_ask(struct connector *connector, enum connector_state target);
enum connector_state connector_target(const struct connector *connector);
/* A task in place of the one that there is, also after a failure. */
void connector_restart(struct connector *connector, const char *why);
/* Its configuration, read again, cannot be used either. One that has another goes on with that. */
void connector_refuse(struct connector *connector, const char *why);
/* Its file has another name. */
void connector_move(struct connector *connector, const char *file);
/*
 * Takes over @cfg. Changes are made in place if they can be; else another task goes on at
 * the committed position. Returns "", or how it was done, for the log and for people.
 */
const char *connector_configure(struct connector *connector, struct config *cfg);
/*
 * Read the events up to now, wait for acknowledgements at most shutdown.timeout.ms, commit.
 * It never starts again. The second call ends the wait.
 */
void connector_stop(struct connector *connector, const char *why);
/* The same without reading on: it is removed. */
void connector_leave(struct connector *connector, const char *why);

/* It has been stopped, or has ended, and commits nothing more. */
bool connector_done(const struct connector *connector);
/* It is done, and has freed its memory and closed its device. */
bool connector_released(const struct connector *connector);
enum connector_state connector_state(const struct connector *connector);
/* Why it is FAILED or RESTARTING, or NULL */
const char *connector_trace(const struct connector *connector);
/* It has a task, which may have failed. */
bool connector_has_task(const struct connector *connector);
/* The exit status that this connector alone would give the process */
int connector_status(const struct connector *connector);
const char *connector_name(const struct connector *connector);
const char *connector_file(const struct connector *connector);
/* NULL: its configuration cannot be used. */
const struct config *connector_config(const struct connector *connector);
/* The topics that have events of it, since they were reset or it was made */
void connector_topics(const struct connector *connector,
		      void (*tell)(void *arg, const char *name), void *arg);
void connector_forget_topics(struct connector *connector);
void connector_counts(const struct connector *connector, struct counts *counts);
/* The id of its Kafka cluster as it was told last; NULL: no broker has told one. */
const char *connector_cluster(struct connector *connector);
/* They go on from task to task. */
struct stats *connector_stats(struct connector *connector);
/* Write its counters to the log, and its state with @state. */
void connector_tell(const struct connector *connector, const char *when, bool state);

#endif /* CONNECTOR_H */
