/* SPDX-License-Identifier: MIT */
/*
 * host_metrics: the module's counters as metrics: of the meta page and the ring pages
 * themselves, so that evring(1) and evringd show the same.
 */
#ifndef EVRING_HOST_METRICS_H
#define EVRING_HOST_METRICS_H

#include "exposition.h"
#include "snapshot.h"

struct unread;

/* The module, as it is now */
struct host_view {
	struct evring *ev;		/* NULL: the module does not answer, so nothing of it is told */
	struct snapshot snap;
	unsigned int nr_types;
	struct unread *unread;
	/* Does a configuration want the hook? NULL: there is none to ask. */
	bool (*wants)(void *arg, const char *hook);
	void *arg;
};

extern const struct metric host_metrics[];
extern const size_t nr_host_metrics;

/* Set @ev and the other members before. 0, or -errno: then @ev is NULL from here on. */
int host_view_take(struct host_view *view);
void host_view_free(struct host_view *view);

#endif /* EVRING_HOST_METRICS_H */
