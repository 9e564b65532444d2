/* SPDX-License-Identifier: MIT */
/*
 * The worker: reads while there is room, produces, commits what Kafka has, and
 * waits when there is nothing else to do.
 *
 * It waits for the device, once armed, which happens only where nothing was
 * left to read; for delivery reports; for signals; and for timers: while it
 * stops, while the sender makes a pause, once a second while something is not
 * acknowledged, and every ten seconds to look at the host.
 */
#include "evringd.h"

#include "declare.h"
#include "producer.h"
#include "sender.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define STALL_TICK_MS 1000
#define STALL_NS 10000000000ULL		/* without an acknowledgement: say why */
#define WATCH_MS 10000
#define PAUSE_MS_MAX 200		/* a pause may become shorter meanwhile */

struct worker {
	const struct config *cfg;
	struct loop *loop;
	struct source source;
	struct encoder encoder;
	struct packs *packs;		/* NULL: one event a message */
	struct deliveries *deliveries;
	struct sender *sender;
	struct committer committer;
	struct watch *watch;

	struct loop_watch on_device, on_kafka, on_signal;
	struct loop_timer stop_timer, pause_timer, stall_timer, watch_timer;
	bool pausing, ticking;		/* these timers run */
	int signal_fd;
	sigset_t signals;

	struct message msg;
	bool pending;			/* msg found no room in librdkafka */
	struct evring_event after;	/* the event behind a declaration of missed ones */
	bool has_after;
	struct declaration missed_before;
	bool reading;
	bool stopping;			/* read up to until_ns, if at all */
	bool expired;			/* and wait no more either */
	bool refusing;			/* an event was refused, which is not tolerated */
	uint64_t until_ns;		/* CLOCK_BOOTTIME */

	uint32_t oldest;		/* order of the message that has waited longest ... */
	uint64_t oldest_since;		/* ... and since when it has; 0: there is none */
	bool stalled;

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

static void log_refusal(struct worker *w, const char *topic, const char *why, bool declared)
{
	unsigned int held;

	w->rejected++;
	if (!ratelimit_pass(&w->refusals, &held))
		return;
	if (held)
		warn("%u refusals left out", held);
	warn("an event for topic %s is refused: %s%s", topic, why,
	     declared ? "; it is declared as evring.rejected" : "");
}

/* Not tolerated, it keeps its place, so that nothing from it on is ever committed. */
static void give_up(struct worker *w, struct delivery *delivery)
{
	if (!delivery->refused)
		w->given_up += delivery_events(delivery);
	delivery->refused = true;
	w->refusing = true;
	if (!w->stopping)
		stop(w, "errors.tolerance is none", false);
	w->reading = false;
}

static void refused(void *arg, const struct refusal *refusal)
{
	struct worker *w = arg;
	bool tolerated = w->cfg->tolerance == TOLERATE_ALL;

	/* It came in the event's place; there is nothing to come in its own. */
	if (refusal->out && refusal->out->declaration) {
		warn("topic %s refuses a declaration of type evring.rejected: %s", refusal->name,
		     refusal->why);
		delivery_ack(w->deliveries, refusal->delivery);
		return;
	}
	log_refusal(w, refusal->name, refusal->why, tolerated);
	if (tolerated)
		declare_rejected(&w->encoder, w->deliveries, refusal);
	else
		give_up(w, refusal->delivery);
}

/*
 * What goes there
 */

/* False: no room in librdkafka. Everything else that befalls the message is the sender's. */
static bool hand_over(struct worker *w)
{
	w->pending = !sender_produce(w->sender, &w->msg);
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

/*
 * False: there is none, or none that came before the stop. What a group that
 * follows has missed comes as an event of its own, before the one behind it.
 */
static bool next_event(struct worker *w, struct evring_event *event)
{
	if (w->has_after) {
		*event = w->after;
		w->has_after = false;
		return true;
	}
	if (!source_next(&w->source, event))
		return false;
	if (w->stopping && evring_boottime(w->source.ev, event) > w->until_ns)
		return false;
	if (event->missed) {
		declare_missed(&w->missed_before, event);
		w->after = *event;
		w->after.missed = 0;
		w->has_after = true;
		*event = w->missed_before.event;
	}
	return true;
}

/* An event that cannot be written as configured; Kafka has not seen it. */
static void unwritable(struct worker *w, int error)
{
	const struct outgoing out = {
		.delivery = w->msg.delivery, .order = w->msg.delivery->order,
		.key = w->cfg->key->nr ? w->msg.key : NULL, .key_len = w->msg.key_len,
	};
	const struct refusal refusal = {
		.delivery = w->msg.delivery, .topic = w->msg.route->topic, .name = "(none)",
		.out = &out, .why = strerror(-error),
	};

	refused(w, &refusal);
}

/* False: it is to be tried again. */
static bool ship(struct worker *w, const struct evring_event *event)
{
	bool closed = false;
	int error;

	if (w->packs)
		closed = pack_add(w->packs, w->deliveries, event, &w->msg, &error);
	else
		error = encode(&w->encoder, w->deliveries, event, &w->msg);
	if (!error)
		return (w->packs && !closed) || hand_over(w);
	unwritable(w, error);
	return true;
}

/* Nothing is kept back any more. False: something is, as there is no room for it. */
static bool flush(struct worker *w)
{
	while (w->packs && pack_close(w->packs, w->deliveries, &w->msg))
		if (!hand_over(w))
			return false;
	return sender_flush(w->sender);
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
		return w->packs || sender_flush(w->sender);
	flush(w);
	return false;
}

/*
 * Nothing arrives
 */

static void stall_over(struct worker *w, uint64_t now)
{
	if (w->stalled)
		info("acknowledged again, after %llu s",
		     (unsigned long long)((now - w->oldest_since) / 1000000000));
	w->stalled = false;
	w->oldest_since = 0;
}

/* Once a second: has the message that waits longest waited too long? */
static void look_for_stall(struct worker *w)
{
	uint64_t now = now_ns();
	char why[512];
	uint32_t oldest;

	if (w->given_up || !deliveries_oldest(w->deliveries, &oldest)) {
		stall_over(w, now);
		return;
	}
	if (!w->oldest_since || oldest != w->oldest) {
		stall_over(w, now);
		w->oldest = oldest;
		w->oldest_since = now;
	}
	if (w->stalled || now - w->oldest_since < STALL_NS)
		return;
	w->stalled = true;
	sender_reason(w->sender, why, sizeof(why));
	warn("nothing is committed for %llu s, %llu events are not acknowledged: %s",
	     (unsigned long long)((now - w->oldest_since) / 1000000000),
	     (unsigned long long)deliveries_unacked(w->deliveries), why);
}

static void tick(void *arg)
{
	struct worker *w = arg;

	w->ticking = false;
	look_for_stall(w);
}

static void pause_over(void *arg)
{
	struct worker *w = arg;

	w->pausing = false;
}

static void look_at_host(void *arg)
{
	struct worker *w = arg;

	watch_look(w->watch);
	loop_timer(w->loop, &w->watch_timer, WATCH_MS);
}

/* Timers that run only while there is a reason. */
static void start_timers(struct worker *w)
{
	uint64_t pause = sender_pause_ms(w->sender);

	if (!w->ticking && (deliveries_unacked(w->deliveries) || w->oldest_since)) {
		w->ticking = true;
		loop_timer(w->loop, &w->stall_timer, STALL_TICK_MS);
	}
	if (!w->pausing && pause) {
		w->pausing = true;
		loop_timer(w->loop, &w->pause_timer, pause < PAUSE_MS_MAX ? pause : PAUSE_MS_MAX);
	}
}

/*
 * Waking up
 */

static void kafka_ready(void *arg)
{
	struct worker *w = arg;
	eventfd_t value;

	if (eventfd_read(sender_fd(w->sender), &value) && errno != EAGAIN)
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
		else if (si.ssi_signo == SIGHUP)
			warn("SIGHUP: ignored, a running connector cannot be configured anew; "
			     "restart it, nothing is lost");
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
	sigaddset(&all, SIGHUP);
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
		.what = "delivery reports", .fd = sender_fd(w->sender),
		.ready = kafka_ready, .arg = w,
	};
	w->on_signal = (struct loop_watch){
		.what = "signals", .fd = w->signal_fd, .ready = signal_ready, .arg = w,
	};
	w->pause_timer = (struct loop_timer){ .expired = pause_over, .arg = w };
	w->stall_timer = (struct loop_timer){ .expired = tick, .arg = w };
	w->watch_timer = (struct loop_timer){ .expired = look_at_host, .arg = w };
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
	const struct sender_calls calls = { .acked = acked, .refused = refused, .arg = w };

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
	w->sender = sender_open(w->cfg, &calls);
	w->watch = watch_new(w->source.ev);
	encoder_open(&w->encoder, w->cfg, &w->source, w->sender);
	w->packs = w->cfg->pack_bytes ? packs_new(&w->encoder) : NULL;
	open_loop(w);
	log_start(w->cfg);
	look_at_host(w);
	w->reading = true;
	return true;
}

/* Reports first: they make room. What they and the pump allow to commit goes out at the end. */
static void turn(struct worker *w)
{
	bool more = false;

	sender_turn(w->sender, w->stopping);
	if (sender_up(w->sender) && !w->expired && (!w->pending || hand_over(w)))
		more = pump(w);
	commit_start(&w->committer, w->deliveries);
	if (w->stalled)
		look_for_stall(w);
	if (w->stopping && !w->reading && deliveries_unacked(w->deliveries) <= w->given_up)
		w->expired = true;
	if (w->expired)
		return;
	start_timers(w);
	loop_turn(w->loop, !more);
}

/*
 * librdkafka's threads still use the values of what is in flight, in our memory
 * and in the ring: nothing is unmapped, the process ends as it is. The kernel
 * takes the group back as it does so.
 */
static void leave_in_flight(struct worker *w)
{
	log_line(LOG_ERR,
		 "%llu events stay unacknowledged: they are in the ring for the next start",
		 (unsigned long long)deliveries_held(w->deliveries));
	log_counters(w, "stopped");
	_exit(w->refusing ? STATUS_REFUSED : STATUS_FAILED);
}

static int finish(struct worker *w)
{
	commit_now(&w->committer, w->deliveries);
	if (deliveries_held(w->deliveries))
		leave_in_flight(w);
	sender_close(w->sender);
	if (w->packs)
		packs_free(w->packs);
	encoder_close(&w->encoder);
	watch_free(w->watch);
	loop_close(w->loop);
	close(w->signal_fd);
	source_close(&w->source);
	if (w->reading)
		log_line(LOG_ERR, "events that came before the stop stay unread: "
			 "they are in the ring for the next start");
	log_counters(w, "stopped");
	deliveries_free(w->deliveries);
	commit_close(&w->committer);
	return w->reading ? STATUS_FAILED : STATUS_OK;
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
