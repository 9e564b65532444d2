/* SPDX-License-Identifier: MIT */
/* A task's start, and the events that wake it from then on: see running.h. */
#include "running.h"

#include "config.h"
#include "delivery.h"
#include "pack.h"
#include "permit.h"
#include "problem.h"
#include "producer.h"
#include "property.h"
#include "sender.h"
#include "template.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>

#define STALL_TICK_MS 1000
#define PAUSE_MS_MAX 200		/* a pause may become shorter meanwhile */

/* The group of a killed owner is free only once the kernel has taken its io_uring down. */
#define JOIN_TRIES 50
#define JOIN_PAUSE_MS 100

/*
 * Waking up
 */

static void wake(void *arg)
{
	struct task *t = arg;

	t->awake = true;
}

static void device_failed(void *arg, const char *why)
{
	struct task *t = arg;

	task_fail(t, STATUS_FAILED, "poll of %s: %s", t->cfg->device, why);
}

static void kafka_failed(void *arg, const char *why)
{
	struct task *t = arg;

	task_fail(t, STATUS_FAILED, "delivery reports: %s", why);
}

static void kafka_ready(void *arg)
{
	struct task *t = arg;
	eventfd_t value;

	t->awake = true;
	if (eventfd_read(sender_fd(t->sender), &value) && errno != EAGAIN)
		kafka_failed(t, strerror(errno));
}

static void commit_done(void *arg, int ret)
{
	struct task *t = arg;

	/* Within commit_start() the turn goes on. */
	if (!t->committer.by_ioctl || t->phase == PHASE_COMMIT)
		t->awake = true;
	if (!ret)
		return;
	t->stats->commit_errors++;
	/* The kernel's positions differ from ours: that cannot be healed. */
	t->uncommittable = true;
	task_fail(t, STATUS_FAILED, "commit of %u rings: %s", t->committer.nr, strerror(-ret));
}

static void tick(void *arg)
{
	struct task *t = arg;

	t->ticked = true;
	t->awake = true;
}

void task_timers(struct task *t)
{
	uint64_t pause = sender_pause_ms(t->sender);

	if (!t->stall_timer.op.busy && (deliveries_unacked(t->deliveries) || t->stall.since))
		loop_timer(t->loop, &t->stall_timer, STALL_TICK_MS);
	if (!t->pause_timer.op.busy && pause)
		loop_timer(t->loop, &t->pause_timer, pause < PAUSE_MS_MAX ? pause : PAUSE_MS_MAX);
}

/*
 * The start
 */

static void log_start(const struct config *cfg)
{
	char hooks[512] = "none";
	size_t len = 0, i;

	for (i = 0; cfg->hooks[i] && len < sizeof(hooks); i++)
		len += (size_t)snprintf(hooks + len, sizeof(hooks) - len, "%s%s", i ? "," : "",
					cfg->hooks[i]);
	info("version %s: connector %s, group %s, hooks %s, topic %s, brokers %s", evring_version(),
	     cfg->name, cfg->group, hooks, cfg->topic->text, kafka_brokers(cfg));
	for (i = 0; i < cfg->nr_settings; i++)
		if (!strcmp(cfg->settings[i].name, "exactly.once.support"))
			info("exactly.once.support is requested: delivery is at least once, and an event "
			     "that comes twice has the same evring.id");
}

/* The group is its own. */
static void run(struct task *t)
{
	const struct sender_calls calls = { .acked = task_acked, .refused = task_refused, .arg = t,
					    .stats = t->stats };
	char why[300];

	if (!source_attach(&t->source, t->before, why, sizeof(why))) {
		task_fail(t, STATUS_FAILED, "%s", why);
		return;
	}
	if (t->before && !strcmp(t->before->group, t->cfg->group))
		source_detach(&t->source, t->before);
	t->ran = true;
	t->sender = sender_open(t->cfg, &kafka_producer, &calls);
	if (!t->sender) {
		task_fail(t, STATUS_FAILED, "eventfd: %s", strerror(errno));
		return;
	}
	if (!schemas_open(&t->source, t->loop, wake, t)) {
		task_fail(t, STATUS_FAILED, "epoll of the schema registry: %s", strerror(errno));
		return;
	}
	t->deliveries = deliveries_new(t->cfg->inflight_bytes, t->cfg->inflight_events);
	encoder_open(&t->encoder, t->cfg, &t->source, t->sender);
	t->packs = t->cfg->pack_bytes ? packs_new(&t->encoder) : NULL;
	t->on_device = (struct loop_watch){
		.fd = evring_fd(t->source.ev), .ready = wake, .failed = device_failed,
		.arg = t,
	};
	t->on_kafka = (struct loop_watch){
		.fd = sender_fd(t->sender), .ready = kafka_ready, .failed = kafka_failed, .arg = t,
	};
	t->committer.done = commit_done;
	t->committer.arg = t;
	commit_open(&t->committer, t->loop, t->source.ev);
	loop_watch(t->loop, &t->on_device);
	loop_watch(t->loop, &t->on_kafka);
	log_start(t->cfg);
	t->phase = PHASE_RUN;
	t->reading = true;
	t->awake = true;
}

void task_join(struct task *t)
{
	int ret;

	if (t->join_timer.op.busy)
		return;
	ret = source_join(&t->source);
	if (ret == -EBUSY && ++t->joins < JOIN_TRIES) {
		if (t->joins == 1)
			info("group %s has an owner: waiting for it to go", t->cfg->group);
		loop_timer(t->loop, &t->join_timer, JOIN_PAUSE_MS);
	} else if (ret < 0) {
		task_fail(t, STATUS_FAILED, "group %s: %s", t->cfg->group,
		     ret == -EBUSY ? "another process owns it" : strerror(-ret));
	} else {
		run(t);
	}
}

/* All problems are told, not only the first. */
static void check(struct task *t)
{
	struct problems problems = { .file = t->file };
	size_t i;

	source_check(&t->source, &problems);
	permit_root(t->cfg, t->file, &problems);
	for (i = 0; i < problems.nr; i++)
		log_line(LOG_ERR, "%s: %s", t->file, problems.lines[i]);
	if (problems.nr)
		task_fail(t, STATUS_MISUSED, "the configuration does not fit this host: %s",
		     problems.lines[0]);
	problems_free(&problems);
}

void task_start(struct task *t)
{
	char why[400];

	t->phase = PHASE_JOIN;
	t->join_timer = (struct loop_timer){ .expired = wake, .arg = t };
	t->pause_timer = (struct loop_timer){ .expired = wake, .arg = t };
	t->stall_timer = (struct loop_timer){ .expired = tick, .arg = t };
	t->source.file = t->file;
	if (!source_open(&t->source, t->cfg, why, sizeof(why))) {
		task_fail(t, STATUS_FAILED, "%s", why);
		return;
	}
	check(t);
	if (!t->expired && !source_may_join(&t->source, why, sizeof(why)))
		task_fail(t, STATUS_FAILED, "%s", why);
	if (!t->expired)
		task_join(t);
}
