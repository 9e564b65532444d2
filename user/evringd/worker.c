/* SPDX-License-Identifier: MIT */
/* See worker.h. One thread turns all connectors, and waits for all of them in one io_uring. */
#include "worker.h"

#include "config.h"
#include "connector.h"
#include "log.h"
#include "loop.h"
#include "memory.h"
#include "producer.h"
#include "watch.h"

#include <errno.h>
#include <evring.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define WATCH_MS 10000

struct worker {
	struct loop *loop;
	struct connector **connectors;
	size_t nr;
	const char *device;
	struct evring *ev;		/* of the watch; NULL: it cannot be opened */
	struct watch *watch;
	struct loop_timer watch_timer;
	struct loop_watch on_signal;
	int signal_fd;
};

static void look_at_host(void *arg)
{
	struct worker *w = arg;

	/* Why it cannot be opened, the connectors tell. */
	if (!w->ev && !evring_open(&w->ev, w->device))
		w->watch = watch_new(w->ev);
	if (w->watch)
		watch_look(w->watch);
	loop_timer(w->loop, &w->watch_timer, WATCH_MS);
}

/*
 * Signals
 */

static void stop_all(struct worker *w, const char *why)
{
	size_t i;

	for (i = 0; i < w->nr; i++) {
		log_context(connector_name(w->connectors[i]));
		connector_stop(w->connectors[i], why);
	}
	log_context(NULL);
}

static void tell_all(struct worker *w)
{
	size_t i;

	for (i = 0; i < w->nr; i++) {
		log_context(connector_name(w->connectors[i]));
		connector_tell(w->connectors[i], "so far", w->nr > 1);
	}
	log_context(NULL);
}

static void signal_ready(void *arg)
{
	struct signalfd_siginfo si;
	struct worker *w = arg;
	ssize_t n;

	while ((n = read(w->signal_fd, &si, sizeof(si))) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGUSR1)
			tell_all(w);
		else if (si.ssi_signo == SIGHUP)
			warn("SIGHUP: ignored, a running connector cannot be configured anew; "
			     "restart it, nothing is lost");
		else
			stop_all(w, si.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM");
	}
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		warn("signalfd: %s", strerror(errno));
}

/* Blocked in every thread, as librdkafka's threads start later and inherit it. */
static void open_signals(struct worker *w)
{
	sigset_t all;

	sigemptyset(&all);
	sigaddset(&all, SIGTERM);
	sigaddset(&all, SIGINT);
	sigaddset(&all, SIGUSR1);
	sigaddset(&all, SIGHUP);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || sigprocmask(SIG_BLOCK, &all, NULL))
		fatal("signals: %s", strerror(errno));
	w->signal_fd = signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC);
	if (w->signal_fd < 0)
		fatal("signalfd: %s", strerror(errno));
	w->on_signal = (struct loop_watch){
		.fd = w->signal_fd, .ready = signal_ready, .arg = w,
	};
	loop_watch(w->loop, &w->on_signal);
}

/*
 * Connectors
 */

/* True: one of them has more to do at once. */
static bool turn_all(struct worker *w)
{
	bool more = false;
	size_t i;

	for (i = 0; i < w->nr; i++) {
		if (!connector_ready(w->connectors[i]))
			continue;
		log_context(connector_name(w->connectors[i]));
		connector_turn(w->connectors[i]);
		more = more || connector_ready(w->connectors[i]);
	}
	log_context(NULL);
	return more;
}

static bool all(const struct worker *w, bool (*is)(const struct connector *connector))
{
	size_t i;

	for (i = 0; i < w->nr; i++)
		if (!is(w->connectors[i]))
			return false;
	return true;
}

/* That of the connectors that have failed, if it is the same for all of them. */
static int status_of(const struct worker *w)
{
	int status = STATUS_OK, one;
	size_t i;

	for (i = 0; i < w->nr; i++) {
		one = connector_status(w->connectors[i]);
		if (one && status && one != status)
			return STATUS_FAILED;
		status = one ? one : status;
	}
	return status;
}

static void close_all(struct worker *w)
{
	size_t i;

	if (w->watch)
		watch_free(w->watch);
	evring_close(w->ev);
	loop_close(w->loop);
	close(w->signal_fd);
	for (i = 0; i < w->nr; i++)
		connector_free(w->connectors[i]);
	free(w->connectors);
}

int worker_run(struct config *const *cfgs, char *const *files, size_t nr)
{
	struct worker w = { .loop = loop_open(), .nr = nr, .device = cfgs[0]->device };
	bool more = true;
	int status;
	size_t i;

	if (nr > 1)
		log_contexts();
	open_signals(&w);
	w.watch_timer = (struct loop_timer){ .expired = look_at_host, .arg = &w };
	w.connectors = xgrow(NULL, 0, nr, sizeof(*w.connectors));
	for (i = 0; i < nr; i++)
		w.connectors[i] = connector_new(cfgs[i], files[i], w.loop);
	turn_all(&w);
	look_at_host(&w);
	while (!all(&w, connector_done)) {
		loop_turn(w.loop, !more);
		more = turn_all(&w);
	}
	status = status_of(&w);
	/*
	 * librdkafka's threads may still use values in our memory and in the ring: then nothing
	 * is unmapped, and the process ends as it is. The kernel leaves its groups.
	 */
	if (!all(&w, connector_released))
		_exit(status);
	close_all(&w);
	if (!kafka_producers_gone())
		_exit(status);
	return status;
}
