/* SPDX-License-Identifier: MIT */
/* See monitor.h. */
#include "monitor.h"

#include "host_metrics.h"
#include "memory.h"
#include "unread.h"
#include "watch.h"

#include <stdlib.h>

struct monitor {
	const char *device;
	struct evring *ev;		/* NULL: it cannot be opened */
	struct watch *watch;
	struct unread *unread;
};

struct monitor *monitor_new(const char *device)
{
	struct monitor *monitor = xzalloc(sizeof(*monitor));

	monitor->device = device;
	monitor->unread = unread_new();
	return monitor;
}

void monitor_free(struct monitor *monitor)
{
	if (!monitor)
		return;
	if (monitor->watch)
		watch_free(monitor->watch);
	unread_free(monitor->unread);
	evring_close(monitor->ev);
	free(monitor);
}

const char *monitor_device(const struct monitor *monitor)
{
	return monitor->device;
}

/* Why it cannot be opened, the connectors tell. */
static bool is_open(struct monitor *monitor)
{
	if (!monitor->ev && !evring_open(&monitor->ev, monitor->device))
		monitor->watch = watch_new(monitor->ev);
	return monitor->watch;
}

bool monitor_look(struct monitor *monitor)
{
	return is_open(monitor) && watch_look(monitor->watch);
}

void monitor_view(struct monitor *monitor, struct host_view *view)
{
	view->ev = is_open(monitor) ? monitor->ev : NULL;
	view->unread = monitor->unread;
	if (view->ev)
		host_view_take(view);
}
