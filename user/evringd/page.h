/* SPDX-License-Identifier: MIT */
/* page: the worker's own page for people, which shows the stream of live.h. */
#ifndef PAGE_H
#define PAGE_H

#include <stdbool.h>

struct answer;
struct request;

/* Does the client, for GET /, like HTML better than JSON? */
bool page_is_wanted(const struct request *request);
void page_show(struct answer *answer);
/* Is it for the stream that the page reads? */
bool page_is_stream(const struct request *request);

/*
 * Would the request, which its browser sends with the password that it keeps, change something
 * for a page of another site? @site, @origin, @host: the headers Sec-Fetch-Site, Origin and
 * Host, or NULL; no client but a browser has the first two.
 */
bool page_is_foreign(const char *method, const char *site, const char *origin, const char *host);
/*
 * Can this be the Host of a client of the Unix socket? A name of the network is none: DNS can say
 * that somebody else's site is this host, and a browser then takes evringd for a part of it.
 */
bool page_host_is_local(const char *host);

#endif /* PAGE_H */
