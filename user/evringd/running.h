/* SPDX-License-Identifier: MIT */
/*
 * running: a task's inside, for its files alone:
 *
 *	task		its turns and its end
 *	launch		its start, and the events that wake it
 *	intake		events of the ring -> messages
 *	answer		Kafka's answers to them
 */
#ifndef RUNNING_H
#define RUNNING_H

#include "commit.h"
#include "declare.h"
#include "encode.h"
#include "log.h"
#include "loop.h"
#include "message.h"
#include "outgoing.h"
#include "source.h"
#include "stall.h"
#include "stats.h"
#include "task.h"

struct delivery;
struct refusal;

enum phase {
	PHASE_NEW,
	PHASE_JOIN,		/* waits for its group's owner to go */
	PHASE_RUN,
	PHASE_COMMIT,		/* reads and produces no more; the last commits */
	PHASE_CLOSE,		/* done, but librdkafka may still use its memory */
	PHASE_RELEASED,
};

struct task {
	const struct config *cfg, *before;
	const char *file;
	struct loop *loop;
	struct stats *stats;		/* the connector's */
	enum phase phase;
	int status;
	char *trace;			/* why it ended by itself */
	bool awake;			/* needs a turn */
	bool ran;			/* its hooks are those that are configured */

	struct source source;
	struct encoder encoder;
	struct packs *packs;		/* NULL: one event a message */
	struct deliveries *deliveries;
	struct sender *sender;
	struct committer committer;
	struct stall stall;

	struct loop_watch on_device, on_kafka;
	struct loop_timer join_timer, stop_timer, pause_timer, stall_timer;
	bool ticked;			/* a second has passed */
	unsigned int joins;		/* tries */

	struct message msg;
	bool pending;			/* msg found no room in librdkafka */
	struct evring_event after;	/* the event behind a declaration of missed ones */
	bool has_after;
	struct evring_event held;	/* waits for the schema registry */
	bool has_held;
	struct declaration missed_before;
	bool reading;
	bool paused;
	bool asked;			/* to stop */
	bool stopping;			/* read up to until_ns, if at all */
	bool expired;			/* and wait no more either */
	bool uncommittable;		/* the kernel has refused a commit */
	uint64_t until_ns;		/* CLOCK_BOOTTIME */

	struct counts counts;		/* without those that others count */
	uint64_t given_up;		/* refused and not tolerated: never acknowledged */
	struct ratelimit refusals;
};

/* The first reason counts. */
__attribute__((format(printf, 3, 4)))
void task_set_trace(struct task *t, int status, const char *fmt, ...);
/* Nothing is read, produced or waited for from here on; acknowledged events are still committed. */
void task_end(struct task *t);
/* Both */
#define task_fail(t, status, ...) do {			\
		task_set_trace(t, status, __VA_ARGS__);	\
		task_end(t);				\
	} while (0)
/*
 * An event cannot be sent: those before it are delivered first, as long as a stop waits for them.
 * Else the next task would read them again and abandon them again, for ever.
 */
#define task_give_up(t, status, ...) do {				\
		task_set_trace(t, status, __VA_ARGS__);			\
		task_drain(t, "an event cannot be delivered");		\
	} while (0)
void task_drain(struct task *t, const char *why);
/* With @drain the events up to now are still read; later ones are left to the next start. */
void task_begin_stop(struct task *t, const char *why, bool drain);

/* launch.c */
void task_start(struct task *t);
void task_join(struct task *t);
/* Timers that run only while there is a reason for them */
void task_timers(struct task *t);

/* intake.c */
/* True: there may be more at once. False: wait, for the device or for reports. */
bool task_pump(struct task *t);
/* False: no room in librdkafka. All other trouble of the message is the sender's. */
bool task_hand_over(struct task *t);

/* answer.c */
void task_acked(void *arg, struct delivery *delivery, const struct outgoing *out);
void task_refused(void *arg, const struct refusal *refusal);

#endif /* RUNNING_H */
