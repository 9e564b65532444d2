/* SPDX-License-Identifier: MIT */
/*
 * live: the worker's state and the host's last events, once a second, as server-sent events
 * (GET /events), for the page of page.h. Each of a few clients gets a message once it
 * has taken the one before, so a slow one has gaps and costs no memory.
 */
#ifndef LIVE_H
#define LIVE_H

#include <microhttpd.h>
#include <stdbool.h>

struct connectors;
struct live;
struct loop;
struct monitor;

/* @wake: a stream goes on: the HTTP server must have a turn */
struct live *live_new(struct loop *loop, struct connectors *connectors, struct monitor *monitor,
		      void (*wake)(void *arg), void *arg);
/* Answer by a stream that has no end. False: there are as many clients as there may be. */
bool live_serve(struct live *live, struct MHD_Connection *connection, enum MHD_Result *ret);
/* Before the server stops: all streams end. */
void live_end(struct live *live);
/* After that */
void live_free(struct live *live);

#endif /* LIVE_H */
