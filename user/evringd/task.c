/* SPDX-License-Identifier: MIT */
/*
 * See connector.h. A turn is taken when something has come: the device is
 * readable, which it is armed for only when nothing was left to read; delivery
 * reports; a commit is over; or a timer: while the connector stops, while the
 * sender pauses, and once a second while something is not acknowledged.
 */
#include "connector.h"

#include "commit.h"
#include "config.h"
#include "declare.h"
#include "delivery.h"
#include "encode.h"
#include "log.h"
#include "loop.h"
#include "memory.h"
#include "pack.h"
#include "problem.h"
#include "producer.h"
#include "property.h"
#include "sender.h"
#include "source.h"
#include "stall.h"
#include "template.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#define STALL_TICK_MS 1000
#define PAUSE_MS_MAX 200		/* a pause may become shorter meanwhile */

/* The group of a killed owner is free only once the kernel has taken its io_uring down. */
#define JOIN_TRIES 50
#define JOIN_PAUSE_MS 100

enum phase {
	PHASE_NEW,
	PHASE_JOIN,		/* waits for its group's owner to go */
	PHASE_RUN,
	PHASE_COMMIT,		/* reads and produces no more; the last commits */
	PHASE_CLOSE,		/* done, but librdkafka may still use its memory */
	PHASE_RELEASED,
};

struct connector {
	const struct config *cfg;
	const char *file;
	struct loop *loop;
	enum connector_state state;
	enum phase phase;
	int status;
	char *trace;			/* why it is FAILED */
	bool awake;			/* needs a turn */

	struct source source;
	struct encoder encoder;
	struct packs *packs;		/* NULL: one event a message */
	struct deliveries *deliveries;
	struct sender *sender;
	struct committer committer;
	struct stall stall;

	struct loop_watch on_device, on_kafka;
	struct loop_timer join_timer, stop_timer, pause_timer, stall_timer;
	bool pausing, ticking;		/* these timers run */
	bool ticked;			/* a second has passed */
	unsigned int joins;		/* tries */

	struct message msg;
	bool pending;			/* msg found no room in librdkafka */
	struct evring_event after;	/* the event behind a declaration of missed ones */
	bool has_after;
	struct declaration missed_before;
	bool reading;
	bool asked;			/* to stop */
	bool stopping;			/* read up to until_ns, if at all */
	bool expired;			/* and wait no more either */
	bool uncommittable;		/* the kernel has refused a commit */
	uint64_t until_ns;		/* CLOCK_BOOTTIME */

	uint64_t read, delivered, lost, missed, rejected;
	uint64_t skipped;		/* read, but only other owners of their hook want them */
	uint64_t given_up;		/* refused and not tolerated: never acknowledged */
	struct ratelimit refusals;
};

/* CLOCK_BOOTTIME, as events have it */
static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

/*
 * States
 */

const char *connector_state_name(enum connector_state state)
{
	static const char *const names[] = {
		[CONNECTOR_UNASSIGNED] = "UNASSIGNED",
		[CONNECTOR_RUNNING] = "RUNNING",
		[CONNECTOR_STOPPED] = "STOPPED",
		[CONNECTOR_FAILED] = "FAILED",
	};

	return names[state];
}

void connector_tell(const struct connector *c, const char *when, bool state)
{
	const char *name = connector_state_name(c->state);

	info("%s%s%s: read %llu, delivered %llu, committed %llu, lost %llu, missed %llu, "
	     "rejected %llu, not wanted %llu, in flight %llu%s%s", state ? name : "", state ? ", " : "", when,
	     (unsigned long long)c->read, (unsigned long long)c->delivered,
	     (unsigned long long)c->committer.committed, (unsigned long long)c->lost,
	     (unsigned long long)c->missed, (unsigned long long)c->rejected,
	     (unsigned long long)c->skipped,
	     (unsigned long long)(c->deliveries ? deliveries_unacked(c->deliveries) : 0),
	     state && c->trace ? ": " : "", state && c->trace ? c->trace : "");
}

/* The first reason counts. */
__attribute__((format(printf, 3, 4)))
static void set_trace(struct connector *c, int status, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (c->trace)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->trace = xstrdup(text);
	c->status = status;
}

/* Nothing is read, produced or waited for from here on; acknowledged events are still committed. */
static void end(struct connector *c)
{
	c->expired = true;
	c->awake = true;
}

#define fail(c, status, ...) do {		\
		set_trace(c, status, __VA_ARGS__);	\
		end(c);					\
	} while (0)

static void expire(void *arg)
{
	end(arg);
}

/* With @drain the events up to now are still read; later ones are left to the next start. */
static void stop(struct connector *c, const char *why, bool drain)
{
	info("%s: stopping, %llu events in flight", why,
	     (unsigned long long)deliveries_unacked(c->deliveries));
	c->stopping = true;
	c->reading = drain;
	c->until_ns = now_ns();
	c->stop_timer.expired = expire;
	c->stop_timer.arg = c;
	loop_timer(c->loop, &c->stop_timer, c->cfg->shutdown_ms);
}

void connector_stop(struct connector *c, const char *why)
{
	/* One that stops by itself goes on with that. */
	if (c->phase < PHASE_RUN || c->asked)
		end(c);
	else if (c->phase == PHASE_RUN && !c->stopping)
		stop(c, why, true);
	c->asked = true;
	c->awake = true;
}

/*
 * Answers from Kafka
 */

static void acked(void *arg, struct delivery *delivery)
{
	struct connector *c = arg;

	c->delivered += delivery_ack(c->deliveries, delivery);
}

static void log_refusal(struct connector *c, const char *topic, const char *why, bool declared)
{
	unsigned int held;

	c->rejected++;
	if (!ratelimit_pass(&c->refusals, &held))
		return;
	if (held)
		warn("%u refusals left out", held);
	warn("an event for topic %s is refused: %s%s", topic, why,
	     declared ? "; it is declared as evring.rejected" : "");
}

/* Not tolerated, the event keeps its place, so that nothing from it on is ever committed. */
static void give_up(struct connector *c, const struct refusal *refusal)
{
	struct delivery *delivery = refusal->delivery;

	if (!delivery->refused)
		c->given_up += delivery_events(delivery);
	delivery->refused = true;
	set_trace(c, STATUS_REFUSED, "an event for topic %s is refused, and errors.tolerance is "
		  "none: %s", refusal->name, refusal->why);
	if (!c->stopping)
		stop(c, "errors.tolerance is none", false);
	c->reading = false;
}

static void refused(void *arg, const struct refusal *refusal)
{
	struct connector *c = arg;
	bool tolerated = c->cfg->tolerance == TOLERATE_ALL;

	/* Its messages are given up anyway. */
	if (c->phase >= PHASE_CLOSE)
		return;
	/* It came in place of an event; nothing comes in its own place. */
	if (refusal->out && refusal->out->declaration) {
		warn("topic %s refuses a declaration of type evring.rejected: %s", refusal->name,
		     refusal->why);
		delivery_ack(c->deliveries, refusal->delivery);
		return;
	}
	log_refusal(c, refusal->name, refusal->why, tolerated);
	if (!tolerated)
		give_up(c, refusal);
	else if (!declare_rejected(&c->encoder, c->deliveries, refusal))
		fail(c, STATUS_FAILED, "%s", c->encoder.broken);
}

/*
 * Events to Kafka
 */

/* False: no room in librdkafka. All other trouble of the message is the sender's. */
static bool hand_over(struct connector *c)
{
	c->pending = !sender_produce(c->sender, &c->msg);
	return !c->pending;
}

static void count(struct connector *c, const struct evring_event *event)
{
	struct evring_lost lost;

	c->read++;
	c->missed += event->missed;
	if (event->rec->type == EVRING_TYPE_LOST && event->payload_len >= sizeof(lost)) {
		memcpy(&lost, event->payload, sizeof(lost));
		c->lost += lost.count;
	}
}

/*
 * False: there is none, or none that came before the stop. Events that a group
 * which follows has missed come as one event before the next one.
 */
static bool next_event(struct connector *c, struct evring_event *event)
{
	int ret;

	if (c->has_after) {
		*event = c->after;
		c->has_after = false;
		return true;
	}
	ret = source_next(&c->source, event);
	if (ret < 0)
		fail(c, STATUS_FAILED, "%s: next event: %s", c->cfg->device, strerror(-ret));
	if (ret <= 0)
		return false;
	if (c->stopping && evring_boottime(c->source.ev, event) > c->until_ns)
		return false;
	if (event->missed) {
		declare_missed(&c->missed_before, event);
		c->after = *event;
		c->after.missed = 0;
		c->has_after = true;
		*event = c->missed_before.event;
	}
	return true;
}

/* An event that cannot be written as configured; Kafka has not seen it. */
static void unwritable(struct connector *c, int error)
{
	const struct outgoing out = {
		.delivery = c->msg.delivery, .order = c->msg.delivery->order,
		.key = c->cfg->key->nr ? c->msg.key : NULL, .key_len = c->msg.key_len,
	};
	const struct refusal refusal = {
		.delivery = c->msg.delivery, .topic = c->msg.route->topic, .name = "(none)",
		.out = &out, .why = strerror(-error),
	};

	refused(c, &refusal);
}

/* False: go on later. */
static bool ship(struct connector *c, const struct evring_event *event)
{
	bool closed = false;
	int error;

	if (c->packs)
		closed = pack_add(c->packs, c->deliveries, event, &c->msg, &error);
	else
		error = encode(&c->encoder, c->deliveries, event, &c->msg);
	if (!error)
		return (c->packs && !closed) || hand_over(c);
	if (c->encoder.broken) {
		fail(c, STATUS_FAILED, "%s", c->encoder.broken);
		return false;
	}
	unwritable(c, error);
	return true;
}

/* Send all that is kept back. False: there is no room for some of it. */
static bool flush(struct connector *c)
{
	while (c->packs && pack_close(c->packs, c->deliveries, &c->msg))
		if (!hand_over(c))
			return false;
	return sender_flush(c->sender);
}

/* Nothing is left to read. True: something has come before the device was armed. */
static bool arm(struct connector *c)
{
	int ret = source_arm(&c->source);

	if (ret < 0)
		fail(c, STATUS_FAILED, "%s: arm: %s", c->cfg->device, strerror(-ret));
	return ret > 0;
}

/* Only other owners of its hook want the event: it is done, and needs no message. */
static void skip(struct connector *c, const struct evring_event *event)
{
	struct delivery *delivery = delivery_begin(c->deliveries, 0);

	delivery_push(c->deliveries, delivery, event, 0, 0);
	delivery_ack(c->deliveries, delivery);
	c->skipped++;
}

/* True: there may be more at once. False: wait, for the device or for reports. */
static bool pump(struct connector *c)
{
	struct evring_event event;
	uint64_t n;

	for (n = 0; n < c->cfg->batch && c->reading; n++) {
		if (deliveries_full(c->deliveries))
			break;
		if (!next_event(c, &event)) {
			c->reading = !c->stopping;
			return flush(c) && c->reading && !c->expired && arm(c);
		}
		count(c, &event);
		if (!source_wants(&c->source, &event)) {
			skip(c, &event);
			continue;
		}
		if (!ship(c, &event))
			return false;
	}
	if (n == c->cfg->batch)
		return c->packs || sender_flush(c->sender);
	flush(c);
	return false;
}

/*
 * Waking up
 */

static void device_ready(void *arg)
{
	struct connector *c = arg;

	c->awake = true;
}

static void device_failed(void *arg, const char *why)
{
	struct connector *c = arg;

	fail(c, STATUS_FAILED, "poll of %s: %s", c->cfg->device, why);
}

static void kafka_failed(void *arg, const char *why)
{
	struct connector *c = arg;

	fail(c, STATUS_FAILED, "delivery reports: %s", why);
}

static void kafka_ready(void *arg)
{
	struct connector *c = arg;
	eventfd_t value;

	c->awake = true;
	if (eventfd_read(sender_fd(c->sender), &value) && errno != EAGAIN)
		kafka_failed(c, strerror(errno));
}

static void commit_done(void *arg, int ret)
{
	struct connector *c = arg;

	/* Within commit_start() the turn goes on. */
	if (!c->committer.by_ioctl || c->phase == PHASE_COMMIT)
		c->awake = true;
	if (!ret)
		return;
	/* The kernel's positions differ from ours: that cannot be healed. */
	c->uncommittable = true;
	fail(c, STATUS_FAILED, "commit of %u rings: %s", c->committer.nr, strerror(-ret));
}

static void tick(void *arg)
{
	struct connector *c = arg;

	c->ticking = false;
	c->ticked = true;
	c->awake = true;
}

static void pause_over(void *arg)
{
	struct connector *c = arg;

	c->pausing = false;
	c->awake = true;
}

/* Timers that run only while there is a reason for them */
static void start_timers(struct connector *c)
{
	uint64_t pause = sender_pause_ms(c->sender);

	if (!c->ticking && (deliveries_unacked(c->deliveries) || c->stall.since)) {
		c->ticking = true;
		loop_timer(c->loop, &c->stall_timer, STALL_TICK_MS);
	}
	if (!c->pausing && pause) {
		c->pausing = true;
		loop_timer(c->loop, &c->pause_timer, pause < PAUSE_MS_MAX ? pause : PAUSE_MS_MAX);
	}
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
}

/* The group is its own. */
static void run(struct connector *c)
{
	const struct sender_calls calls = { .acked = acked, .refused = refused, .arg = c };
	char why[300];

	if (!source_attach(&c->source, why, sizeof(why))) {
		fail(c, STATUS_FAILED, "%s", why);
		return;
	}
	c->sender = sender_open(c->cfg, &kafka_producer, &calls);
	if (!c->sender) {
		fail(c, STATUS_FAILED, "eventfd: %s", strerror(errno));
		return;
	}
	c->deliveries = deliveries_new(c->cfg->inflight_bytes, c->cfg->inflight_events);
	encoder_open(&c->encoder, c->cfg, &c->source, c->sender);
	c->packs = c->cfg->pack_bytes ? packs_new(&c->encoder) : NULL;
	c->on_device = (struct loop_watch){
		.fd = evring_fd(c->source.ev), .ready = device_ready, .failed = device_failed,
		.arg = c,
	};
	c->on_kafka = (struct loop_watch){
		.fd = sender_fd(c->sender), .ready = kafka_ready, .failed = kafka_failed, .arg = c,
	};
	c->committer.done = commit_done;
	c->committer.arg = c;
	commit_open(&c->committer, c->loop, c->source.ev);
	loop_watch(c->loop, &c->on_device);
	loop_watch(c->loop, &c->on_kafka);
	log_start(c->cfg);
	c->phase = PHASE_RUN;
	c->state = CONNECTOR_RUNNING;
	c->reading = true;
	c->awake = true;
}

static void wake(void *arg)
{
	struct connector *c = arg;

	c->awake = true;
}

static void join(struct connector *c)
{
	int ret = source_join(&c->source);

	if (ret == -EBUSY && ++c->joins < JOIN_TRIES) {
		if (c->joins == 1)
			info("group %s has an owner: waiting for it to go", c->cfg->group);
		loop_timer(c->loop, &c->join_timer, JOIN_PAUSE_MS);
	} else if (ret < 0) {
		fail(c, STATUS_FAILED, "group %s: %s", c->cfg->group,
		     ret == -EBUSY ? "another process owns it" : strerror(-ret));
	} else {
		run(c);
	}
}

/* All problems are told, not only the first. */
static void check(struct connector *c)
{
	struct problems problems = { .file = c->file };
	size_t i;

	source_check(&c->source, &problems);
	for (i = 0; i < problems.nr; i++)
		log_line(LOG_ERR, "%s: %s", c->file, problems.lines[i]);
	if (problems.nr)
		fail(c, STATUS_MISUSED, "the configuration does not fit this host: %s",
		     problems.lines[0]);
	problems_free(&problems);
}

static void start(struct connector *c)
{
	char why[400];

	c->phase = PHASE_JOIN;
	if (!source_open(&c->source, c->cfg, why, sizeof(why))) {
		fail(c, STATUS_FAILED, "%s", why);
		return;
	}
	check(c);
	if (!c->expired)
		join(c);
}

/*
 * The end
 */

/* librdkafka's threads do not use the values in our memory and in the ring any more. */
static void release(struct connector *c)
{
	loop_unwatch(&c->on_device);
	loop_unwatch(&c->on_kafka);
	if (c->sender)
		sender_close(c->sender);
	packs_free(c->packs);
	encoder_close(&c->encoder);
	source_close(&c->source);
	if (c->deliveries)
		deliveries_free(c->deliveries);
	commit_close(&c->committer);
	c->sender = NULL;
	c->packs = NULL;
	c->deliveries = NULL;
	c->phase = PHASE_RELEASED;
}

/* Nothing more will be committed. */
static void finish(struct connector *c)
{
	uint64_t held = c->deliveries ? deliveries_held(c->deliveries) : 0;

	if (c->trace)
		log_line(LOG_ERR, "FAILED: %s", c->trace);
	if (held)
		log_line(LOG_ERR, "%llu events stay unacknowledged: they are in the ring for the "
			 "next start", (unsigned long long)held);
	else if (c->reading && !c->trace)
		log_line(LOG_ERR, "events that came before the stop stay unread: "
			 "they are in the ring for the next start");
	if (!c->trace && (held || c->reading))
		c->status = STATUS_FAILED;
	c->state = c->trace ? CONNECTOR_FAILED : CONNECTOR_STOPPED;
	if (c->sender)
		connector_tell(c, "stopped", false);
	c->phase = PHASE_CLOSE;
	c->awake = true;
	if (!held)
		release(c);
}

static void turn_commit(struct connector *c)
{
	if (c->committer.busy ||
	    (c->sender && !c->uncommittable && commit_start(&c->committer, c->deliveries))) {
		/* An ioctl is over already. */
		c->awake = !c->committer.busy;
		return;
	}
	finish(c);
}

static void look_for_stall(struct connector *c)
{
	c->ticked = false;
	if (c->given_up)
		stall_over(&c->stall, now_ns());
	else
		stall_look(&c->stall, c->deliveries, c->sender, now_ns());
}

/* Reports first, as they make room. The commit at the end covers them, too. */
static void turn_run(struct connector *c)
{
	bool more = false;

	sender_turn(c->sender, c->stopping);
	if (sender_up(c->sender) && !c->expired && (!c->pending || hand_over(c)))
		more = pump(c);
	if (!c->uncommittable)
		commit_start(&c->committer, c->deliveries);
	if (c->ticked || c->stall.told)
		look_for_stall(c);
	if (c->stopping && !c->reading && deliveries_unacked(c->deliveries) <= c->given_up)
		c->expired = true;
	if (c->expired)
		return;
	start_timers(c);
	c->awake = c->awake || more;
}

static void turn_close(struct connector *c)
{
	if (sender_abandon(c->sender))
		release(c);
	else
		start_timers(c);
}

void connector_turn(struct connector *c)
{
	c->awake = false;
	if (c->phase == PHASE_NEW)
		start(c);
	else if (c->phase == PHASE_JOIN && !c->expired)
		join(c);
	else if (c->phase == PHASE_RUN)
		turn_run(c);
	else if (c->phase == PHASE_CLOSE)
		turn_close(c);
	if (c->expired && c->phase < PHASE_COMMIT)
		c->phase = PHASE_COMMIT;
	if (c->phase == PHASE_COMMIT)
		turn_commit(c);
}

bool connector_ready(const struct connector *c)
{
	return c->awake;
}

bool connector_done(const struct connector *c)
{
	return c->phase >= PHASE_CLOSE;
}

bool connector_released(const struct connector *c)
{
	return c->phase == PHASE_RELEASED;
}

enum connector_state connector_state(const struct connector *c)
{
	return c->state;
}

int connector_status(const struct connector *c)
{
	return c->status;
}

const char *connector_name(const struct connector *c)
{
	return c->cfg->name;
}

struct connector *connector_new(const struct config *cfg, const char *file, struct loop *loop)
{
	struct connector *c = xzalloc(sizeof(*c));

	c->cfg = cfg;
	c->file = file;
	c->loop = loop;
	c->awake = true;
	c->join_timer = (struct loop_timer){ .expired = wake, .arg = c };
	c->pause_timer = (struct loop_timer){ .expired = pause_over, .arg = c };
	c->stall_timer = (struct loop_timer){ .expired = tick, .arg = c };
	return c;
}

void connector_free(struct connector *c)
{
	free(c->trace);
	free(c);
}
