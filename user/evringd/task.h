/* SPDX-License-Identifier: MIT */
/*
 * connector: ships the events of one group to Kafka. It reads while there is
 * room, produces, commits the events that Kafka has acknowledged, and waits when
 * there is nothing to do.
 *
 * Its state has Kafka Connect's names. Trouble of one connector is never the
 * process's: it is FAILED then, with a trace, and the others go on.
 *
 *	UNASSIGNED	its group has another owner, for which it waits
 *	RUNNING
 *	STOPPED		by a signal; events without a commit are in the ring
 *	FAILED		it cannot go on; events without a commit are in the ring
 */
#ifndef CONNECTOR_H
#define CONNECTOR_H

#include <stdbool.h>

struct config;
struct connector;
struct loop;

/* evringd's exit status */
enum {
	STATUS_OK	= 0,
	STATUS_FAILED	= 1,	/* at run time */
	STATUS_MISUSED	= 2,	/* command line or configuration */
	STATUS_REFUSED	= 3,	/* Kafka refuses an event, and that is not tolerated */
};

enum connector_state {
	CONNECTOR_UNASSIGNED, CONNECTOR_RUNNING, CONNECTOR_STOPPED, CONNECTOR_FAILED,
};

/* @cfg and @file stay; the connector starts with its first turn. */
struct connector *connector_new(const struct config *cfg, const char *file, struct loop *loop);
/* After loop_close(): the loop has operations of it until then. */
void connector_free(struct connector *connector);

/* True: it needs a turn, as something has happened to it or it has more to do. */
bool connector_ready(const struct connector *connector);
void connector_turn(struct connector *connector);
/*
 * Read the events up to now, wait for acknowledgements at most shutdown.timeout.ms, commit.
 * The second call ends the wait.
 */
void connector_stop(struct connector *connector, const char *why);

/* It is STOPPED or FAILED, and commits nothing more. */
bool connector_done(const struct connector *connector);
/* It is done, and has freed its memory and closed its device. */
bool connector_released(const struct connector *connector);
enum connector_state connector_state(const struct connector *connector);
const char *connector_state_name(enum connector_state state);
/* The exit status that this connector alone would give the process */
int connector_status(const struct connector *connector);
const char *connector_name(const struct connector *connector);
/* Write its counters to the log, and its state with @state. */
void connector_tell(const struct connector *connector, const char *when, bool state);

#endif /* CONNECTOR_H */
