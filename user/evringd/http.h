/* SPDX-License-Identifier: MIT */
/*
 * http: the network side of rest, by libmicrohttpd in the loop, without a thread.
 * Bodies, headers, connections and the time that a client may be silent have
 * bounds; a request beyond them gets an HTTP status.
 */
#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stddef.h>

struct connectors;
struct http;
struct loop;
struct monitor;

struct http_setup {
	const char *socket;		/* a Unix socket's path, or NULL */
	const char *listen;		/* HOST:PORT, or NULL */
	const char *certificate, *key;	/* PEM files; NULL: no TLS, so HOST is this host's own */
	const char *auth;		/* a file of "basic USER:PASSWORD" and "bearer TOKEN" lines */
};

/* NULL: @why tells. */
struct http *http_open(const struct http_setup *setup, struct connectors *connectors,
		       struct monitor *monitor, struct loop *loop, char *why, size_t len);
/* True: there is more to do at once. */
bool http_turn(struct http *http);
/* After loop_close() */
void http_close(struct http *http);

#endif /* HTTP_H */
