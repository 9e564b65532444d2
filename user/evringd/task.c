/* SPDX-License-Identifier: MIT */
/*
 * See task.h. A turn is taken when something has come: the device is readable,
 * which it is armed for only when nothing was left to read; delivery reports; a
 * commit is over; or a timer: while the task stops, while the sender pauses, and
 * once a second while something is not acknowledged.
 */
#include "running.h"

#include "config.h"
#include "delivery.h"
#include "memory.h"
#include "pack.h"
#include "sender.h"

#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

/* CLOCK_BOOTTIME, as events have it */
static uint64_t boottime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

void counts_add(struct counts *sum, const struct counts *counts)
{
	sum->read += counts->read;
	sum->delivered += counts->delivered;
	sum->committed += counts->committed;
	sum->lost += counts->lost;
	sum->missed += counts->missed;
	sum->rejected += counts->rejected;
	sum->unwanted += counts->unwanted;
	sum->letters += counts->letters;
	sum->in_flight += counts->in_flight;
	sum->in_flight_bytes += counts->in_flight_bytes;
}

void counts_tell(const struct counts *counts, const char *before, const char *behind)
{
	info("%s: read %llu, delivered %llu, committed %llu, lost %llu, missed %llu, "
	     "rejected %llu, dead letters %llu, not wanted %llu, in flight %llu%s", before,
	     (unsigned long long)counts->read, (unsigned long long)counts->delivered,
	     (unsigned long long)counts->committed, (unsigned long long)counts->lost,
	     (unsigned long long)counts->missed, (unsigned long long)counts->rejected,
	     (unsigned long long)counts->letters, (unsigned long long)counts->unwanted,
	     (unsigned long long)counts->in_flight, behind);
}

void task_set_trace(struct task *t, int status, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (t->trace)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	t->trace = xstrdup(text);
	t->status = status;
}

void task_end(struct task *t)
{
	t->expired = true;
	t->awake = true;
}

static void expire(void *arg)
{
	task_end(arg);
}

void task_begin_stop(struct task *t, const char *why, bool drain)
{
	info("%s: stopping, %llu events in flight", why,
	     (unsigned long long)deliveries_unacked(t->deliveries));
	t->stopping = true;
	t->reading = drain;
	t->until_ns = boottime_ns();
	t->stop_timer.expired = expire;
	t->stop_timer.arg = t;
	loop_timer(t->loop, &t->stop_timer, t->cfg->shutdown_ms);
}

void task_drain(struct task *t, const char *why)
{
	if (!t->stopping)
		task_begin_stop(t, why, false);
	t->reading = false;
	t->awake = true;
}

void task_stop(struct task *t, const char *why, bool drain)
{
	/* One that stops by itself goes on with that. */
	if (t->phase < PHASE_RUN || t->asked)
		task_end(t);
	else if (t->phase == PHASE_RUN && !t->stopping)
		task_begin_stop(t, why, drain && !t->paused);
	t->asked = true;
	t->awake = true;
}

void task_pause(struct task *t, bool pause)
{
	t->paused = pause;
	t->awake = true;
}

/*
 * The end
 */

/* librdkafka's threads do not use the values in our memory and in the ring any more. */
static void release(struct task *t)
{
	loop_unwatch(&t->on_device);
	loop_unwatch(&t->on_kafka);
	loop_hurry(t->loop, &t->stop_timer);
	loop_hurry(t->loop, &t->pause_timer);
	loop_hurry(t->loop, &t->stall_timer);
	loop_hurry(t->loop, &t->join_timer);
	packs_free(t->packs);
	encoder_close(&t->encoder);
	if (t->sender)
		sender_close(t->sender);
	stats_parted(t->stats);
	schemas_stop(t->source.schemas);
	source_close(&t->source);
	if (t->deliveries)
		deliveries_free(t->deliveries);
	commit_close(&t->committer);
	t->counts.committed = t->committer.committed;
	t->sender = NULL;
	t->packs = NULL;
	t->deliveries = NULL;
	t->phase = PHASE_RELEASED;
}

/* Nothing is left to commit now; turn_close() commits later acknowledgements. */
static void finish(struct task *t)
{
	uint64_t held = t->deliveries ? deliveries_held(t->deliveries) : 0;
	struct counts counts;

	if (t->trace)
		log_line(LOG_ERR, "FAILED: %s", t->trace);
	if (held)
		log_line(LOG_ERR, "%llu events stay unacknowledged: they are in the ring for the "
			 "next start", (unsigned long long)held);
	else if (t->reading && !t->trace)
		log_line(LOG_ERR, "events that came before the stop stay unread: "
			 "they are in the ring for the next start");
	if (!t->trace && (held || t->reading))
		t->status = STATUS_FAILED;
	if (t->sender) {
		task_counts(t, &counts);
		counts_tell(&counts, "stopped", "");
	}
	t->phase = PHASE_CLOSE;
	t->awake = true;
	if (!held)
		release(t);
}

/* True: a commit is under way, or another one may follow. */
static bool commits(struct task *t)
{
	if (!t->committer.busy &&
	    (!t->sender || !t->deliveries || t->uncommittable ||
	     !commit_start(&t->committer, t->deliveries)))
		return false;
	/* An ioctl is over already. */
	t->awake = !t->committer.busy;
	return true;
}

static void turn_commit(struct task *t)
{
	if (!commits(t))
		finish(t);
}

static void look_for_stall(struct task *t)
{
	t->ticked = false;
	if (t->given_up)
		stall_over(&t->stall, boottime_ns());
	else
		stall_look(&t->stall, t->deliveries, t->sender, boottime_ns());
}

/* Reports first, as they make room. The commit at the end covers them, too. */
static void turn_run(struct task *t)
{
	bool more = false;

	sender_turn(t->sender, t->stopping);
	if (sender_up(t->sender) && !t->expired && (!t->pending || task_hand_over(t)))
		more = task_pump(t);
	if (!t->uncommittable)
		commit_start(&t->committer, t->deliveries);
	if (t->ticked || t->stall.told)
		look_for_stall(t);
	if (t->stopping && !t->reading && deliveries_unacked(t->deliveries) <= t->given_up)
		t->expired = true;
	if (t->expired)
		return;
	task_timers(t);
	t->awake = t->awake || more;
}

/*
 * Answers that still come are committed, or those events would come twice. Nobody waits for it but
 * the release: a process that ends does without.
 */
static void turn_close(struct task *t)
{
	bool given_up = sender_abandon(t->sender);

	if (commits(t) || !given_up)
		task_timers(t);
	else
		release(t);
}

void task_turn(struct task *t)
{
	t->awake = false;
	if (t->phase == PHASE_NEW)
		task_start(t);
	else if (t->phase == PHASE_JOIN && !t->expired)
		task_join(t);
	else if (t->phase == PHASE_RUN)
		turn_run(t);
	else if (t->phase == PHASE_CLOSE)
		turn_close(t);
	if (t->expired && t->phase < PHASE_COMMIT)
		t->phase = PHASE_COMMIT;
	if (t->phase == PHASE_COMMIT)
		turn_commit(t);
}

bool task_ready(const struct task *t)
{
	return t->awake;
}

bool task_done(const struct task *t)
{
	return t->phase >= PHASE_CLOSE;
}

bool task_released(const struct task *t)
{
	return t->phase == PHASE_RELEASED;
}

bool task_ran(const struct task *t)
{
	return t->ran;
}

bool task_runs(const struct task *t)
{
	return t->phase == PHASE_RUN;
}

bool task_cools(const struct task *t)
{
	return t->phase == PHASE_RUN && !sender_up(t->sender);
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
	*counts = t->counts;
	if (!t->deliveries)
		return;
	counts->committed = t->committer.committed;
	counts->in_flight = deliveries_unacked(t->deliveries);
	counts->in_flight_bytes = counts->in_flight ? deliveries_bytes(t->deliveries) : 0;
}

bool task_cluster(const struct task *t, char *buf, size_t len)
{
	return t->sender && sender_cluster(t->sender, buf, len);
}

struct task *task_new(const struct config *cfg, const struct config *before, const char *file,
		      struct loop *loop, struct stats *stats)
{
	struct task *t = xzalloc(sizeof(*t));

	t->cfg = cfg;
	t->before = before;
	t->file = file;
	t->loop = loop;
	t->stats = stats;
	t->awake = true;
	return t;
}

bool task_idle(const struct task *t)
{
	return !t->on_device.op.busy && !t->on_kafka.op.busy && !t->join_timer.op.busy &&
	       !t->stop_timer.op.busy && !t->pause_timer.op.busy && !t->stall_timer.op.busy &&
	       !t->committer.busy && schemas_idle(t->source.schemas);
}

void task_free(struct task *t)
{
	schemas_free(t->source.schemas);
	free(t->trace);
	free(t);
}
