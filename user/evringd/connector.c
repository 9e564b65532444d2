/* SPDX-License-Identifier: MIT */
/*
 * See connector.h. There is one task at a time: a group has one reader, so that
 * the next one starts when the last one has left the group and is freed.
 */
#include "connector.h"

#include "config.h"
#include "delay.h"
#include "log.h"
#include "loop.h"
#include "memory.h"
#include "stats.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RETRY_MS_MIN 1000
#define RECOVERED_MS 60000	/* the least */

struct connector {
	const char *name, *file;	/* stay */
	struct config *cfg;
	struct config *next;		/* for the next task */
	struct config *before;		/* the last one that a task ran with: its hooks may have to go */
	bool ran;			/* a task ran with cfg */
	struct loop *loop;
	struct task *task;
	enum connector_state target;
	bool lasting;
	bool over;			/* never starts again */
	bool replacing;			/* the task ends, or has ended, so that another one can start */
	bool stopping;			/* the task has been asked to end */
	bool given_up;			/* the last task ended by itself */
	bool awake;
	char *trace;			/* why that one ended */
	int status;			/* of it */
	struct counts counts;		/* of tasks that there were */
	struct stats stats;
	char cluster[64];		/* the Kafka cluster's id; "": not known yet */

	struct loop_timer retry_timer;
	uint64_t retry_at, retry_ms;	/* 0: no retry is under way */
	uint64_t failing_since;
	uint64_t running_since;		/* of the task; 0: it does not run yet */
};

static uint64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/*
 * States
 */

static const char *const state_names[] = {
	[CONNECTOR_UNASSIGNED] = "UNASSIGNED",
	[CONNECTOR_RUNNING] = "RUNNING",
	[CONNECTOR_PAUSED] = "PAUSED",
	[CONNECTOR_STOPPED] = "STOPPED",
	[CONNECTOR_FAILED] = "FAILED",
	[CONNECTOR_RESTARTING] = "RESTARTING",
};

const char *connector_state_name(enum connector_state state)
{
	return state_names[state];
}

bool connector_state_by_name(const char *name, enum connector_state *state)
{
	for (*state = CONNECTOR_RUNNING; *state <= CONNECTOR_STOPPED; (*state)++)
		if (!strcmp(name, state_names[*state]))
			return true;
	return false;
}

static enum connector_state state_of_task(const struct connector *c)
{
	/* It may still wait for answers to messages before the event that it failed for. */
	if (task_trace(c->task))
		return CONNECTOR_FAILED;
	if (task_done(c->task))
		return CONNECTOR_STOPPED;
	if (!task_runs(c->task))
		return c->retry_ms ? CONNECTOR_RESTARTING : CONNECTOR_UNASSIGNED;
	if (task_cools(c->task))
		return CONNECTOR_RESTARTING;
	return c->target == CONNECTOR_PAUSED ? CONNECTOR_PAUSED : CONNECTOR_RUNNING;
}

enum connector_state connector_state(const struct connector *c)
{
	if (c->replacing)
		return CONNECTOR_RESTARTING;
	if (c->task)
		return state_of_task(c);
	if (c->given_up)
		return CONNECTOR_FAILED;
	if (c->target == CONNECTOR_STOPPED || c->over)
		return CONNECTOR_STOPPED;
	/* Between two tries; restart?onlyFailed=true and alerts find it by this state. */
	return c->retry_ms ? CONNECTOR_FAILED : CONNECTOR_UNASSIGNED;
}

const char *connector_trace(const struct connector *c)
{
	return c->task && task_trace(c->task) ? task_trace(c->task) : c->trace;
}

/*
 * Tasks
 */

/* The next try; false: it has been tried for long enough. */
static bool retry(struct connector *c)
{
	uint64_t now = monotonic_ms(), wait;

	if (!c->failing_since)
		c->failing_since = now;
	if (c->cfg->retry_timeout_ms != UINT64_MAX &&
	    now - c->failing_since >= c->cfg->retry_timeout_ms)
		return false;
	c->retry_ms = delay_next(c->retry_ms, RETRY_MS_MIN, c->cfg->retry_delay_ms);
	wait = delay_jittered(c->retry_ms);
	c->retry_at = now + wait;
	/* The timer of a try that a restart overtook may still run: retry_over() sets it again. */
	if (c->retry_timer.op.busy)
		loop_hurry(c->loop, &c->retry_timer);
	else
		loop_timer(c->loop, &c->retry_timer, wait);
	info("starts again within %llu ms", (unsigned long long)c->retry_ms);
	return true;
}

static void forget_failure(struct connector *c)
{
	free(c->trace);
	c->trace = NULL;
	c->status = STATUS_OK;
	c->given_up = false;
	c->retry_at = 0;
	c->retry_ms = 0;
	c->failing_since = 0;
}

/* A timer that another one came before: it is not time yet. */
static void retry_over(void *arg)
{
	struct connector *c = arg;
	uint64_t now = monotonic_ms();

	if (c->retry_at > now && !c->over)
		loop_timer(c->loop, &c->retry_timer, c->retry_at - now);
	else
		c->retry_at = 0;
	c->awake = true;
}

/* What it failed for before is over: it has got on, or would have failed again by now. */
static bool has_recovered(const struct connector *c, const struct counts *counts)
{
	uint64_t least = c->cfg->retry_delay_ms;

	least = least > RECOVERED_MS ? least : RECOVERED_MS;
	return counts->committed || (c->running_since &&
				     monotonic_ms() - c->running_since > least);
}

/* A wrong configuration (2) and a refused event (3) do not pass by themselves. */
static void look_at_end(struct connector *c, const struct counts *counts)
{
	const char *trace = task_trace(c->task);

	c->status = task_status(c->task);
	if (!trace || c->replacing || c->over)
		return;
	if (has_recovered(c, counts))
		forget_failure(c);
	free(c->trace);
	c->trace = xstrdup(trace);
	c->status = task_status(c->task);
	c->given_up = c->target != CONNECTOR_STOPPED && (c->status != STATUS_FAILED || !retry(c));
}

/* A configuration that no task ran with has left no hooks attached: source_attach(). */
static void adopt_next(struct connector *c)
{
	if (!c->next)
		return;
	if (c->ran) {
		config_free(c->before);
		c->before = c->cfg;
	} else {
		config_free(c->cfg);
	}
	c->ran = false;
	c->cfg = c->next;
	c->next = NULL;
}

static void end_task(struct connector *c)
{
	struct counts counts;

	task_counts(c->task, &counts);
	look_at_end(c, &counts);
	c->ran = c->ran || task_ran(c->task);
	counts.in_flight = 0;
	counts.in_flight_bytes = 0;
	counts_add(&c->counts, &counts);
	/* That task ran: no later one has to undo the configuration before it. */
	if (task_ran(c->task)) {
		config_free(c->before);
		c->before = NULL;
	}
	task_free(c->task);
	c->task = NULL;
	adopt_next(c);
	if (c->replacing)
		forget_failure(c);
	c->replacing = false;
}

static void start_task(struct connector *c)
{
	c->stopping = false;
	c->replacing = false;
	c->running_since = 0;
	c->task = task_new(c->cfg, c->before, c->file, c->loop, &c->stats);
	task_pause(c->task, c->target == CONNECTOR_PAUSED);
}

/* A request ends its task, and another one comes at once or with the next request. */
static bool is_between_tasks(const struct connector *c)
{
	return !c->over && (c->replacing || c->target == CONNECTOR_STOPPED);
}

static bool is_to_end(const struct connector *c)
{
	return c->task && (c->lasting || is_between_tasks(c)) && task_released(c->task) &&
	       task_idle(c->task);
}

bool connector_ready(const struct connector *c)
{
	return c->awake || (c->task && task_ready(c->task)) || is_to_end(c);
}

static void turn_task(struct connector *c)
{
	task_turn(c->task);
	if (!c->running_since && task_ran(c->task))
		c->running_since = monotonic_ms();
}

void connector_turn(struct connector *c)
{
	c->awake = false;
	if (c->task && task_ready(c->task))
		turn_task(c);
	if (is_to_end(c))
		end_task(c);
	if (c->task || c->over || !c->cfg || c->given_up || c->retry_at ||
	    c->target == CONNECTOR_STOPPED)
		return;
	start_task(c);
	turn_task(c);
}

/*
 * Requests
 */

/* Once: the second time would end the wait for acknowledgements. */
static void stop_task(struct connector *c, const char *why, bool drain)
{
	if (!c->stopping)
		task_stop(c->task, why, drain);
	c->stopping = true;
}

static void replace_task(struct connector *c, const char *why)
{
	if (c->task) {
		c->replacing = true;
		stop_task(c, why, false);
	} else {
		adopt_next(c);
		forget_failure(c);
		c->replacing = c->target != CONNECTOR_STOPPED;
	}
	c->awake = true;
}

/* Only another configuration helps. */
static bool is_unusable(const struct connector *c)
{
	return !c->cfg && !c->next;
}

void connector_ask(struct connector *c, enum connector_state target)
{
	if (target == c->target)
		return;
	c->target = target;
	c->awake = true;
	/* The group stays without an owner, and goes on holding its events. */
	if (target == CONNECTOR_STOPPED) {
		info("STOPPED is asked for: group %s keeps its position", c->cfg ? c->cfg->group : "");
		if (c->task)
			stop_task(c, "STOPPED", false);
		else
			c->replacing = false;
		if (!is_unusable(c))
			forget_failure(c);
	} else if (c->task && (c->stopping || task_done(c->task))) {
		/* Another one comes once that one has ended. */
		c->replacing = true;
	} else if (c->task) {
		task_pause(c->task, target == CONNECTOR_PAUSED);
	}
	if (target == CONNECTOR_PAUSED)
		info("PAUSED is asked for: nothing is read, and group %s holds events back",
		     c->cfg ? c->cfg->group : "");
	else if (target == CONNECTOR_RUNNING)
		info("RUNNING is asked for");
}

enum connector_state connector_target(const struct connector *c)
{
	return c->target;
}

void connector_restart(struct connector *c, const char *why)
{
	if (is_unusable(c))
		warn("%s: it stays FAILED, as its configuration cannot be used: %s", why, c->trace);
	else if (c->target != CONNECTOR_STOPPED)
		replace_task(c, why);
}

void connector_refuse(struct connector *c, const char *why)
{
	if (!is_unusable(c))
		return;
	free(c->trace);
	c->trace = xstrdup(why);
}

void connector_move(struct connector *c, const char *file)
{
	c->file = log_name(file);
}

static const char *begins(const struct config *before, const struct config *cfg)
{
	if (!before || !strcmp(before->group, cfg->group))
		return "configured anew: goes on at the committed position";
	return "configured anew: it is another group's now, and the group before keeps its "
	       "position, its events and its hooks until evring groups drop";
}

const char *connector_configure(struct connector *c, struct config *cfg)
{
	const struct config *before = c->next ? c->next : c->cfg;
	enum config_change change = config_compare(before, cfg);
	const char *how = begins(before, cfg);

	c->stats.reloads[change == CONFIG_SAME ? RELOAD_UNCHANGED :
			 change == CONFIG_LIVE ? RELOAD_LIVE : RELOAD_ANEW]++;
	if (change == CONFIG_SAME || (change == CONFIG_LIVE && c->task)) {
		config_adopt(c->next ? c->next : c->cfg, cfg);
		if (c->given_up || (c->task && task_trace(c->task)))
			replace_task(c, "configured anew");
		return change == CONFIG_SAME ? "unchanged" : "changed in place";
	}
	config_free(c->next);
	c->next = cfg;
	replace_task(c, "configured anew");
	return how;
}

static void leave(struct connector *c, const char *why, bool drain)
{
	if (c->task && c->over)
		task_stop(c->task, why, drain);
	else if (c->task)
		stop_task(c, why, drain);
	c->over = true;
	c->replacing = false;
	c->awake = true;
	loop_hurry(c->loop, &c->retry_timer);
}

void connector_stop(struct connector *c, const char *why)
{
	leave(c, why, true);
}

void connector_leave(struct connector *c, const char *why)
{
	leave(c, why, false);
}

/*
 * Queries
 */

bool connector_done(const struct connector *c)
{
	if (is_between_tasks(c))
		return false;
	return c->task ? task_done(c->task) : c->over;
}

bool connector_released(const struct connector *c)
{
	return c->task ? task_released(c->task) : c->over;
}

bool connector_has_task(const struct connector *c)
{
	return c->target != CONNECTOR_STOPPED && c->cfg;
}

int connector_status(const struct connector *c)
{
	return c->task ? task_status(c->task) : c->status;
}

const char *connector_name(const struct connector *c)
{
	return c->name;
}

const char *connector_file(const struct connector *c)
{
	return c->file;
}

const struct config *connector_config(const struct connector *c)
{
	return c->next ? c->next : c->cfg;
}

void connector_topics(const struct connector *c, void (*tell)(void *arg, const char *name),
		      void *arg)
{
	const struct topic_stats *topic;

	for (topic = c->stats.topics; topic; topic = topic->next)
		if (topic->events > topic->forgotten)
			tell(arg, topic->name);
}

void connector_forget_topics(struct connector *c)
{
	struct topic_stats *topic;

	for (topic = c->stats.topics; topic; topic = topic->next)
		topic->forgotten = topic->events;
}

void connector_counts(const struct connector *c, struct counts *counts)
{
	memset(counts, 0, sizeof(*counts));
	if (c->task)
		task_counts(c->task, counts);
	counts_add(counts, &c->counts);
}

const char *connector_cluster(struct connector *c)
{
	if (c->task)
		task_cluster(c->task, c->cluster, sizeof(c->cluster));
	return *c->cluster ? c->cluster : NULL;
}

struct stats *connector_stats(struct connector *c)
{
	return &c->stats;
}

void connector_tell(const struct connector *c, const char *when, bool state)
{
	const char *trace = connector_trace(c);
	char before[64], behind[600];
	struct counts counts;

	connector_counts(c, &counts);
	snprintf(before, sizeof(before), "%s%s%s",
		 state ? connector_state_name(connector_state(c)) : "", state ? ", " : "", when);
	snprintf(behind, sizeof(behind), "%s%s", state && trace ? ": " : "",
		 state && trace ? trace : "");
	counts_tell(&counts, before, behind);
}

static struct connector *new(const char *name, const char *file, struct loop *loop)
{
	struct connector *c = xzalloc(sizeof(*c));

	c->name = log_name(name);
	c->file = log_name(file);
	c->loop = loop;
	c->target = CONNECTOR_RUNNING;
	c->retry_timer = (struct loop_timer){ .expired = retry_over, .arg = c };
	c->awake = true;
	stats_begin(&c->stats);
	return c;
}

struct connector *connector_new(struct config *cfg, const char *file, struct loop *loop,
				bool lasting)
{
	struct connector *c = new(cfg->name, file, loop);

	c->cfg = cfg;
	c->lasting = lasting;
	return c;
}

struct connector *connector_new_failed(const char *name, const char *file, const char *why,
				       struct loop *loop)
{
	struct connector *c = new(name, file, loop);

	c->lasting = true;
	c->given_up = true;
	c->status = STATUS_MISUSED;
	c->trace = xstrdup(why);
	return c;
}

bool connector_idle(const struct connector *c)
{
	return !c->retry_timer.op.busy && (!c->task || task_idle(c->task));
}

void connector_free(struct connector *c)
{
	if (c->task)
		task_free(c->task);
	stats_free(&c->stats);
	config_free(c->cfg);
	config_free(c->next);
	config_free(c->before);
	free(c->trace);
	free(c);
}
