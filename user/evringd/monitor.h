/* SPDX-License-Identifier: MIT */
/*
 * monitor: the module as a whole, beside the connectors: a session of its own, and the
 * log's watch.
 */
#ifndef MONITOR_H
#define MONITOR_H

#include <stdbool.h>

struct evring;
struct host_view;
struct monitor;

/* @device: NULL, or in place of the usual one. The device is opened once it can be. */
struct monitor *monitor_new(const char *device);
void monitor_free(struct monitor *monitor);
const char *monitor_device(const struct monitor *monitor);
/* Log changes: from time to time. True: again soon */
bool monitor_look(struct monitor *monitor);
/*
 * The module now; @wants and @arg are the caller's. Without a module view->ev is NULL.
 * The caller gives it to host_view_free().
 */
void monitor_view(struct monitor *monitor, struct host_view *view);

#endif /* MONITOR_H */
