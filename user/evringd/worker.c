/* SPDX-License-Identifier: MIT */
/*
 * The worker: reads while there is room, produces, commits what Kafka has, and
 * waits when there is nothing else to do.
 *
 * What it waits for: the device, once armed, which happens only where nothing
 * was left to read; delivery reports; signals; a timer while it stops or while
 * a failed producer cools off.
 */
#include "evringd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/* A producer that fails again within the minute waits, longer each time. */
#define COOL_MS_MIN 100
#define COOL_MS_MAX 30000
#define COOL_FORGET_NS 60000000000ULL

struct worker {
	const struct config *cfg;
	struct loop *loop;
	struct source source;
	struct encoder encoder;
	struct packs *packs;		/* NULL: one event a message */
	struct deliveries *deliveries;
	struct kafka *kafka;
	struct committer committer;

	struct loop_watch on_device, on_kafka, on_signal;
	struct loop_timer stop_timer, cool_timer;
	int signal_fd;
	sigset_t signals;

	struct message msg;
	bool pending;			/* msg found no room in librdkafka */
	bool reading;
	bool stopping;			/* read up to until_ns, if at all */
	bool expired;			/* and wait no more either */
	bool failed;
	uint64_t until_ns;		/* CLOCK_BOOTTIME */
	bool cooling;			/* there is no producer now */
	uint64_t cool_ms;
	uint64_t started_ns;		/* the producer */

	uint64_t read, delivered, lost, missed, rejected;
	uint64_t given_up;		/* refused and not tolerated: never acknowledged */
	struct ratelimit refusals;
};

/* Of CLOCK_BOOTTIME, as the events' own. */
static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static void log_counters(const struct worker *w, const char *what)
{
	info("%s: read %llu, delivered %llu, committed %llu, lost %llu, missed %llu, "
	     "rejected %llu, in flight %llu", what,
	     (unsigned long long)w->read, (unsigned long long)w->delivered,
	     (unsigned long long)w->committer.committed, (unsigned long long)w->lost,
	     (unsigned long long)w->missed, (unsigned long long)w->rejected,
	     (unsigned long long)deliveries_unacked(w->deliveries));
}

static void expire(void *arg)
{
	struct worker *w = arg;

	w->expired = true;
}

/* With @drain what had come until now is still read; what comes later is the next start's. */
static void stop(struct worker *w, const char *why, bool drain)
{
	if (w->stopping) {
		w->expired = true;
		return;
	}
	info("%s: stopping, %llu events in flight", why,
	     (unsigned long long)deliveries_unacked(w->deliveries));
	w->stopping = true;
	w->reading = drain;
	w->until_ns = now_ns();
	w->stop_timer.expired = expire;
	w->stop_timer.arg = w;
	loop_timer(w->loop, &w->stop_timer, w->cfg->shutdown_ms);
}

/*
 * What comes back from Kafka
 */

static void acked(void *arg, struct delivery *delivery)
{
	struct worker *w = arg;

	w->delivered += delivery_ack(w->deliveries, delivery);
}

/* Not tolerated it keeps its place, so that nothing from it on is ever committed. */
static void refused(void *arg, struct delivery *delivery, const char *topic, const char *why)
{
	struct worker *w = arg;
	uint64_t events = delivery_events(delivery);
	unsigned int held;

	w->rejected += events;
	if (ratelimit_pass(&w->refusals, &held)) {
		if (held)
			warn("%u refusals left out", held);
		warn("%llu event%s for topic %s refused: %s", (unsigned long long)events,
		     events == 1 ? " is" : "s are", topic, why);
	}
	if (w->cfg->tolerance == TOLERATE_ALL) {
		delivery_ack(w->deliveries, delivery);
		return;
	}
	w->given_up += events;
	w->failed = true;
	if (!w->stopping)
		stop(w, "errors.tolerance is none", false);
	w->reading = false;
}

/*
 * What goes there
 */

/* False: no room in librdkafka. Whatever else happens to the message, it is seen to. */
static bool send(struct worker *w)
{
	w->pending = kafka_produce(w->kafka, &w->msg) == -EAGAIN;
	return !w->pending;
}

static void count(struct worker *w, const struct evring_event *event)
{
	struct evring_lost lost;

	w->read++;
	w->missed += event->missed;
	if (event->rec->type == EVRING_TYPE_LOST && event->payload_len >= sizeof(lost)) {
		memcpy(&lost, event->payload, sizeof(lost));
		w->lost += lost.count;
	}
}

/* False: there is none, or none that came before the stop. */
static bool next_event(struct worker *w, struct evring_event *event)
{
	if (!source_next(&w->source, event))
		return false;
	return !w->stopping || evring_boottime(w->source.ev, event) <= w->until_ns;
}

/* False: it is to be tried again. */
static bool ship(struct worker *w, const struct evring_event *event)
{
	int error;

	if (w->packs) {
		bool full = pack_add(w->packs, w->deliveries, event, &w->msg, &error);

		if (!error)
			return !full || send(w);
	} else {
		error = encode(&w->encoder, w->deliveries, event, &w->msg);
		if (!error)
			return send(w);
	}
	refused(w, w->msg.delivery, "(none)", strerror(-error));
	return true;
}

/* Nothing is kept back any more. False: something is, as there is no room for it. */
static bool flush(struct worker *w)
{
	while (w->packs && pack_close(w->packs, w->deliveries, &w->msg))
		if (!send(w))
			return false;
	return kafka_flush(w->kafka);
}

/* True: there may be more at once. False: wait, for the device or for reports. */
static bool pump(struct worker *w)
{
	struct evring_event event;
	uint64_t n;

	for (n = 0; n < w->cfg->batch && w->reading; n++) {
		if (deliveries_full(w->deliveries))
			break;
		if (!next_event(w, &event)) {
			w->reading = !w->stopping;
			return flush(w) && w->reading && !source_arm(&w->source);
		}
		count(w, &event);
		if (!ship(w, &event))
			return false;
	}
	if (n == w->cfg->batch)
		return w->packs || kafka_flush(w->kafka);
	flush(w);
	return false;
}

/*
 * A producer that has failed for good
 */

static void cooled(void *arg)
{
	struct worker *w = arg;

	w->cooling = false;
	w->started_ns = now_ns();
	kafka_start(w->kafka);
}

/* What it had and did not acknowledge is read again from the committed positions. */
static void restart_producer(struct worker *w)
{
	kafka_stop(w->kafka);
	encoder_reset(&w->encoder);
	if (w->packs)
		packs_reset(w->packs);
	commit_now(&w->committer, w->deliveries);
	if (w->stopping) {
		w->expired = true;
		return;
	}
	deliveries_reset(w->deliveries);
	w->pending = false;
	source_rewind(&w->source);

	if (now_ns() - w->started_ns > COOL_FORGET_NS)
		w->cool_ms = 0;
	w->cool_ms = w->cool_ms ? w->cool_ms * 2 : COOL_MS_MIN;
	if (w->cool_ms > COOL_MS_MAX)
		w->cool_ms = COOL_MS_MAX;
	warn("a new producer goes on from the committed positions in %llu ms",
	     (unsigned long long)w->cool_ms);
	w->cooling = true;
	w->cool_timer.expired = cooled;
	w->cool_timer.arg = w;
	loop_timer(w->loop, &w->cool_timer, w->cool_ms);
}

/*
 * Waking up
 */

static void kafka_ready(void *arg)
{
	struct worker *w = arg;
	eventfd_t value;

	if (eventfd_read(kafka_fd(w->kafka), &value) && errno != EAGAIN)
		fatal("eventfd: %s", strerror(errno));
}

static void signal_ready(void *arg)
{
	struct signalfd_siginfo si;
	struct worker *w = arg;
	ssize_t n;

	while ((n = read(w->signal_fd, &si, sizeof(si))) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGUSR1)
			log_counters(w, "so far");
		else
			stop(w, si.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM", true);
	}
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		fatal("signalfd: %s", strerror(errno));
}

/* Blocked in every thread, librdkafka's too, as they are made after this. */
static void open_signals(struct worker *w)
{
	sigset_t all;

	sigemptyset(&w->signals);
	sigaddset(&w->signals, SIGTERM);
	sigaddset(&w->signals, SIGINT);
	all = w->signals;
	sigaddset(&all, SIGUSR1);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || sigprocmask(SIG_BLOCK, &all, NULL))
		fatal("signals: %s", strerror(errno));
	w->signal_fd = signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC);
	if (w->signal_fd < 0)
		fatal("signalfd: %s", strerror(errno));
}

static void open_loop(struct worker *w)
{
	w->loop = loop_open();
	w->on_device = (struct loop_watch){
		.what = w->cfg->device, .fd = evring_fd(w->source.ev),
	};
	w->on_kafka = (struct loop_watch){
		.what = "delivery reports", .fd = kafka_fd(w->kafka),
		.ready = kafka_ready, .arg = w,
	};
	w->on_signal = (struct loop_watch){
		.what = "signals", .fd = w->signal_fd, .ready = signal_ready, .arg = w,
	};
	loop_watch(w->loop, &w->on_device);
	loop_watch(w->loop, &w->on_kafka);
	loop_watch(w->loop, &w->on_signal);
	commit_open(&w->committer, w->loop, w->source.ev);
}

/*
 * From start to end
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

/* False: there was a problem, or a signal while the group had another owner. */
static bool start(struct worker *w, struct problems *problems)
{
	const struct kafka_calls calls = { .acked = acked, .refused = refused, .arg = w };

	open_signals(w);
	source_open(&w->source, w->cfg);
	source_check(&w->source, problems);
	if (problems->nr || !source_join(&w->source, &w->signals)) {
		evring_close(w->source.ev);
		close(w->signal_fd);
		return false;
	}
	source_attach(&w->source);
	w->deliveries = deliveries_new(w->cfg->inflight_bytes, w->cfg->inflight_events);
	w->kafka = kafka_open(w->cfg, &calls);
	w->started_ns = now_ns();
	encoder_open(&w->encoder, w->cfg, &w->source, w->kafka);
	w->packs = w->cfg->pack_bytes ? packs_new(&w->encoder) : NULL;
	open_loop(w);
	log_start(w->cfg);
	w->reading = true;
	return true;
}

/* Reports first: they make room. What they and the pump allow to commit goes out at the end. */
static void turn(struct worker *w)
{
	bool more = false;

	kafka_poll(w->kafka);
	if (kafka_failed(w->kafka) && !w->cooling)
		restart_producer(w);
	if (!w->cooling && !w->expired && (!w->pending || send(w)))
		more = pump(w);
	commit_start(&w->committer, w->deliveries);
	if (w->stopping && !w->reading && deliveries_unacked(w->deliveries) <= w->given_up)
		w->expired = true;
	if (!w->expired)
		loop_turn(w->loop, !more && !kafka_failed(w->kafka));
}

/* Where something is in flight, librdkafka's threads still use it: the process ends as it is. */
static void leave_in_flight(struct worker *w)
{
	log_line(LOG_ERR,
		 "%llu events stay unacknowledged: they are in the ring for the next start",
		 (unsigned long long)deliveries_held(w->deliveries));
	log_counters(w, "stopped");
	evring_leave(w->source.ev);
	_exit(STATUS_FAILED);
}

static int finish(struct worker *w)
{
	commit_now(&w->committer, w->deliveries);
	if (deliveries_held(w->deliveries))
		leave_in_flight(w);
	kafka_close(w->kafka);
	if (w->packs)
		packs_free(w->packs);
	encoder_close(&w->encoder);
	loop_close(w->loop);
	close(w->signal_fd);
	source_close(&w->source);
	log_counters(w, "stopped");
	deliveries_free(w->deliveries);
	commit_close(&w->committer);
	return w->failed ? STATUS_FAILED : STATUS_OK;
}

int worker_run(const struct config *cfg, struct problems *problems)
{
	struct worker *w = xgrow(NULL, 0, 1, sizeof(*w));
	int status = STATUS_OK;

	w->cfg = cfg;
	if (start(w, problems)) {
		while (!w->expired)
			turn(w);
		status = finish(w);
	} else if (problems->nr) {
		status = STATUS_MISUSED;
	}
	free(w);
	return status;
}
