/* SPDX-License-Identifier: MIT */
/* See worker.h. */
#include "worker.h"

#include "config.h"
#include "connectors.h"
#include "log.h"
#include "loop.h"
#include "memory.h"
#include "monitor.h"
#include "notify.h"
#include "producer.h"

#include <errno.h>
#include <evring.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define WATCH_MS 10000
#define WATCH_SOON_MS 1000
#define STATUS_MS 5000
#define DROP_MS 5000			/* the last wait for a group that is to be dropped */

struct worker {
	struct loop *loop;
	struct connectors *connectors;
	struct http *http;		/* NULL: there is no REST */
	const char *folder;
	struct monitor *monitor;
	struct loop_timer watch_timer, status_timer;
	uint64_t alive_ms;		/* between two signs of life */
	struct loop_watch on_signal;
	int signal_fd;
	struct loop_timer drop_timer;
	bool ending;
	bool dropped_enough;		/* drop_timer has expired */
};

static void look_at_host(void *arg)
{
	struct worker *w = arg;

	loop_timer(w->loop, &w->watch_timer, monitor_look(w->monitor) ? WATCH_SOON_MS : WATCH_MS);
}

/* "3 connectors: 2 RUNNING, 1 FAILED". Sent from the loop, so that it says that this turns. */
static void tell_status(void *arg)
{
	unsigned int nr[CONNECTOR_RESTARTING + 1] = { 0 };
	struct worker *w = arg;
	size_t len, i, all = 0;
	char text[256];

	for (i = 0; i < connectors_nr(w->connectors); i++) {
		const struct entry *entry = connectors_at(w->connectors, i);

		if (entry->removing)
			continue;
		nr[connector_state(entry->connector)]++;
		all++;
	}
	len = (size_t)snprintf(text, sizeof(text), "WATCHDOG=1\nSTATUS=%zu connector%s", all,
			       all == 1 ? "" : "s");
	for (i = 0; i < sizeof(nr) / sizeof(*nr); i++)
		if (nr[i])
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %u %s",
						strchr(text, ':') ? "," : ":", nr[i],
						connector_state_name((enum connector_state)i));
	notify(text);
	loop_timer(w->loop, &w->status_timer, w->alive_ms);
}

/*
 * Signals
 */

static void hang_up(struct worker *w)
{
	if (w->ending) {
		info("SIGHUP: ignored, evringd is stopping");
		return;
	}
	if (!w->folder) {
		warn("SIGHUP: ignored, files on the command line are read once; restart evringd, "
		     "nothing is lost");
		return;
	}
	info("SIGHUP: reading %s", w->folder);
	connectors_reload(w->connectors);
}

static void signal_ready(void *arg)
{
	struct signalfd_siginfo si;
	struct worker *w = arg;
	ssize_t n;

	while ((n = read(w->signal_fd, &si, sizeof(si))) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGUSR1) {
			connectors_tell(w->connectors);
		} else if (si.ssi_signo == SIGHUP) {
			hang_up(w);
		} else {
			w->ending = true;
			notify("STOPPING=1");
			connectors_stop(w->connectors,
					si.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM");
		}
	}
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		warn("signalfd: %s", strerror(errno));
}

static sigset_t our_signals(void)
{
	sigset_t all;

	sigemptyset(&all);
	sigaddset(&all, SIGTERM);
	sigaddset(&all, SIGINT);
	sigaddset(&all, SIGUSR1);
	sigaddset(&all, SIGHUP);
	return all;
}

void worker_block_signals(void)
{
	const sigset_t all = our_signals();

	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || sigprocmask(SIG_BLOCK, &all, NULL))
		fatal("signals: %s", strerror(errno));
}

static void open_signals(struct worker *w)
{
	const sigset_t all = our_signals();

	w->signal_fd = signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC);
	if (w->signal_fd < 0)
		fatal("signalfd: %s", strerror(errno));
	w->on_signal = (struct loop_watch){
		.fd = w->signal_fd, .ready = signal_ready, .arg = w,
	};
	loop_watch(w->loop, &w->on_signal);
}

/*
 * The start and the end
 */

static void open_connectors(struct worker *w, const struct worker_setup *setup)
{
	size_t i;

	w->connectors = connectors_new(w->loop, setup->folder);
	for (i = 0; i < setup->nr; i++)
		connectors_add(w->connectors, setup->cfgs[i], setup->files[i]);
	if (!setup->folder)
		return;
	connectors_reload(w->connectors);
	info("version %s: %zu connectors of %s", evring_version(), connectors_nr(w->connectors),
	     setup->folder);
}

/* False: it was said why not. */
static bool open_rest(struct worker *w, const struct worker_setup *setup)
{
	char why[300];

	if (!setup->http.socket && !setup->http.listen)
		return true;
	w->http = http_open(&setup->http, w->connectors, w->monitor, w->loop, why, sizeof(why));
	if (!w->http)
		log_line(LOG_ERR, "REST: %s", why);
	return w->http;
}

static void close_all(struct worker *w)
{
	loop_close(w->loop);
	if (w->http)
		http_close(w->http);
	monitor_free(w->monitor);
	close(w->signal_fd);
	connectors_free(w->connectors);
}

static void drop_over(void *arg)
{
	struct worker *w = arg;

	w->dropped_enough = true;
}

/*
 * Without a folder the last connector's end is the process's. A DELETE is answered before its
 * group is dropped, which nobody would do later.
 */
static bool is_over(struct worker *w)
{
	if ((!w->ending && w->folder) || !connectors_done(w->connectors))
		return false;
	if (!connectors_dropping(w->connectors) || w->dropped_enough)
		return true;
	if (!w->drop_timer.op.busy)
		loop_timer(w->loop, &w->drop_timer, DROP_MS);
	return false;
}

int worker_run(const struct worker_setup *setup)
{
	struct worker w = {
		.loop = loop_open(), .folder = setup->folder,
		.monitor = monitor_new(setup->nr ? setup->cfgs[0]->device : NULL),
	};
	bool more;
	int status;

	open_signals(&w);
	w.watch_timer = (struct loop_timer){ .expired = look_at_host, .arg = &w };
	w.drop_timer = (struct loop_timer){ .expired = drop_over, .arg = &w };
	open_connectors(&w, setup);
	if (!open_rest(&w, setup)) {
		close_all(&w);
		return STATUS_MISUSED;
	}
	more = connectors_turn(w.connectors);
	look_at_host(&w);
	notify("READY=1");
	w.alive_ms = notify_watchdog_ms();
	w.alive_ms = w.alive_ms && w.alive_ms < STATUS_MS ? w.alive_ms : STATUS_MS;
	w.status_timer = (struct loop_timer){ .expired = tell_status, .arg = &w };
	if (getenv("NOTIFY_SOCKET"))
		tell_status(&w);
	while (!is_over(&w)) {
		loop_turn(w.loop, !more);
		more = w.http && http_turn(w.http);
		more = connectors_turn(w.connectors) || more;
	}
	connectors_keep_groups(w.connectors);
	status = connectors_status(w.connectors);
	/*
	 * librdkafka's threads may still use values in our memory and in the ring: then nothing
	 * is unmapped, and the process ends as it is. The kernel leaves its groups.
	 */
	if (!connectors_released(w.connectors))
		_exit(status);
	close_all(&w);
	if (!kafka_producers_gone())
		_exit(status);
	return status;
}
