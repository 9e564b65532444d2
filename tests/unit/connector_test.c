/* SPDX-License-Identifier: MIT */
/*
 * A connector and its tasks: whatever is asked of it in whatever order, it comes to the state that
 * was asked for last. Tasks, the loop and the clock are the test's own.
 */
#include "../harness/tap.h"

#include "config.h"
#include "connector.h"
#include "log.h"
#include "loop.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SEEDS 30000
#define STEPS 10

/*
 * What it stands on
 */

struct task {
	bool awake, asked, ran, done;
	char *trace;
	int status;
};

static struct task *task;		/* the one that there is */
static struct loop_timer *timer;	/* that runs */
static uint64_t now_ms = 1000000;

int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	(void)clock;
	*now = (struct timespec){ .tv_sec = (time_t)(now_ms / 1000),
				  .tv_nsec = (long)(now_ms % 1000) * 1000000 };
	return 0;
}

void loop_timer(struct loop *loop, struct loop_timer *new, uint64_t ms)
{
	(void)loop;
	(void)ms;
	CHECK(!new->op.busy);
	new->op.busy = true;
	timer = new;
}

void loop_hurry(struct loop *loop, struct loop_timer *running)
{
	(void)loop;
	(void)running;
}

enum config_change config_compare(const struct config *old, const struct config *new)
{
	return old ? (enum config_change)new->formal : CONFIG_ANEW;
}

void config_adopt(struct config *cfg, struct config *from)
{
	(void)cfg;
	free(from);
}

void config_free(struct config *cfg)
{
	free(cfg);
}

struct task *task_new(const struct config *cfg, const struct config *before, const char *file,
		      struct loop *loop, struct stats *stats)
{
	(void)cfg;
	(void)before;
	(void)file;
	(void)loop;
	(void)stats;
	CHECK(!task);
	task = xzalloc(sizeof(*task));
	task->awake = true;
	return task;
}

void task_free(struct task *t)
{
	CHECK(t == task);
	free(t->trace);
	free(t);
	task = NULL;
}

void task_stop(struct task *t, const char *why, bool drain)
{
	(void)why;
	(void)drain;
	t->done = t->done || t->asked;
	t->asked = t->awake = true;
}

void task_pause(struct task *t, bool pause)
{
	(void)pause;
	t->awake = true;
}

void task_turn(struct task *t)
{
	t->awake = false;
}

bool task_ready(const struct task *t)
{
	return t->awake;
}

bool task_idle(const struct task *t)
{
	return t->done;
}

bool task_done(const struct task *t)
{
	return t->done;
}

bool task_released(const struct task *t)
{
	return t->done;
}

bool task_ran(const struct task *t)
{
	return t->ran;
}

bool task_runs(const struct task *t)
{
	return !t->done;
}

bool task_cools(const struct task *t)
{
	(void)t;
	return false;
}

const char *task_trace(const struct task *t)
{
	return t->trace;
}

int task_status(const struct task *t)
{
	return t->status;
}

void task_counts(const struct task *t, struct counts *counts)
{
	(void)t;
	*counts = (struct counts){ 0 };
}

bool task_cluster(const struct task *t, char *buf, size_t len)
{
	(void)t;
	(void)buf;
	(void)len;
	return false;
}

void counts_add(struct counts *sum, const struct counts *counts)
{
	(void)sum;
	(void)counts;
}

void counts_tell(const struct counts *counts, const char *before, const char *behind)
{
	(void)counts;
	(void)before;
	(void)behind;
}

/*
 * What happens to it
 */

static struct config *config(enum config_change change)
{
	struct config *cfg = xzalloc(sizeof(*cfg));

	cfg->name = (char *)"c";
	cfg->group = (char *)"g";
	cfg->formal = change;
	cfg->retry_timeout_ms = 600000;
	cfg->retry_delay_ms = 60000;
	return cfg;
}

static void turn(struct connector *c)
{
	while (connector_ready(c))
		connector_turn(c);
}

static void task_ends(void)
{
	if (task)
		task->done = task->awake = true;
}

static void task_fails(int status)
{
	if (!task || task->trace)
		return;
	task->trace = xstrdup("why");
	task->status = status;
	task_ends();
}

static void time_passes(uint64_t ms)
{
	struct loop_timer *over = timer;

	now_ms += ms;
	timer = NULL;
	if (!over)
		return;
	over->op.busy = false;
	over->expired(over->arg);
}

static void end(struct connector *c)
{
	connector_stop(c, "end");
	task_ends();
	turn(c);
	CHECK(connector_done(c));
	while (timer)
		time_passes(100000);
	connector_free(c);
	CHECK(!task);
}

/* One of the things that can happen. True: it has ended by itself. */
static bool step(struct connector *c, bool lasting)
{
	int what = rand() % 10;

	switch (what) {
	case 0:
		connector_ask(c, CONNECTOR_STOPPED);
		break;
	case 1:
		connector_ask(c, CONNECTOR_PAUSED);
		break;
	case 2:
		connector_ask(c, CONNECTOR_RUNNING);
		break;
	case 3:
		connector_restart(c, "restart");
		break;
	case 4:
		if (lasting)
			connector_configure(c, config((enum config_change)(rand() % 3)));
		break;
	case 5:
		if (!task || task->done)
			break;
		task_fails(rand() % 2 ? STATUS_FAILED : STATUS_REFUSED);
		return !lasting;
	case 6:
		if (task && task->asked)
			task_ends();
		break;
	case 7:
		time_passes(100000);
		break;
	default:
		turn(c);
	}
	return false;
}

/* Everything that it waits for comes. */
static void settle(struct connector *c, bool lasting, unsigned int seed)
{
	enum connector_state state;
	int i;

	for (i = 0; i < 20; i++) {
		if (task && task->asked)
			task_ends();
		check(lasting || !connector_done(c), "seed %u: done, and nobody asked", seed);
		turn(c);
		time_passes(100000);
	}
	state = connector_state(c);
	check(state == connector_target(c) || (lasting && state == CONNECTOR_FAILED),
	      "seed %u: %s, not %s", seed, connector_state_name(state),
	      connector_state_name(connector_target(c)));
}

static void at_random(bool lasting)
{
	unsigned int seed, i;
	struct connector *c;
	bool ended;

	for (seed = 1; seed <= SEEDS; seed++) {
		srand(seed);
		c = connector_new(config(CONFIG_SAME), "f", NULL, lasting);
		for (i = 0, ended = false; i < STEPS && !ended; i++)
			ended = step(c, lasting);
		if (!ended)
			settle(c, lasting, seed);
		end(c);
	}
}

static void of_folder(void)
{
	at_random(true);
}

static void of_command_line(void)
{
	at_random(false);
}

static struct connector *failed_once(void)
{
	struct connector *c = connector_new(config(CONFIG_SAME), "f", NULL, true);

	turn(c);
	task_fails(STATUS_FAILED);
	turn(c);
	CHECK(!task && connector_state(c) == CONNECTOR_FAILED);
	time_passes(2000);
	turn(c);
	CHECK(task);
	return c;
}

/* errors.retry.timeout is 10 minutes. */
static void tried_for_long(void)
{
	struct connector *c = failed_once();
	int i;

	for (i = 0; i < 7; i++) {
		task_fails(STATUS_FAILED);
		turn(c);
		CHECK(!!timer == (i < 6));
		time_passes(100000);
		turn(c);
	}
	CHECK(connector_state(c) == CONNECTOR_FAILED && !task);
	end(c);
}

/* It starts each time, and fails before errors.retry.delay.max.ms: that is the same failure. */
static void ran_for_short(void)
{
	struct connector *c = failed_once();
	int i;

	for (i = 0; i < 30 && task; i++) {
		task->ran = task->awake = true;
		turn(c);
		now_ms += 50000;
		task_fails(STATUS_FAILED);
		turn(c);
		time_passes(60000);
		turn(c);
	}
	CHECK(i == 6 && !task);
	end(c);
}

static void ran_for_long(void)
{
	struct connector *c = failed_once();

	task->ran = task->awake = true;
	turn(c);
	now_ms += 86400000;
	task_fails(STATUS_FAILED);
	turn(c);
	CHECK(timer);
	time_passes(2000);
	turn(c);
	CHECK(task && connector_state(c) == CONNECTOR_RUNNING);
	end(c);
}

int main(void)
{
	log_level(LOG_EMERG);
	test_case(of_folder, "a connector of a folder comes to the state that was asked for last");
	test_case(of_command_line, "so does one of the command line, and ends when it is to end");
	test_case(tried_for_long, "a failure is tried again for errors.retry.timeout");
	test_case(ran_for_short, "also if the task runs for a moment each time");
	test_case(ran_for_long, "one that comes after it has run for long is another failure");
	return tap_end();
}
