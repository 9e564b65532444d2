/* SPDX-License-Identifier: MIT */
/* See tapped.h. A tap: it holds nothing back, and costs those that emit nothing. */
#include "tapped.h"

#include "memory.h"

#include <evring.h>
#include <stdlib.h>

#define EVENTS_MAX 50			/* of one look */
#define BYTES_MAX (64u << 10)
#define EVENT_MAX (64u << 10)		/* room for one: longer ones are not shown */

struct tapped {
	const char *device;
	struct evring *ev;
	struct evring_host host;
	char buf[EVENT_MAX];
};

struct tapped *tapped_new(const char *device)
{
	struct tapped *tapped = xzalloc(sizeof(*tapped));

	tapped->device = device;
	return tapped;
}

void tapped_rest(struct tapped *tapped)
{
	evring_close(tapped->ev);
	tapped->ev = NULL;
}

void tapped_free(struct tapped *tapped)
{
	tapped_rest(tapped);
	free(tapped);
}

static bool is_open(struct tapped *tapped)
{
	if (tapped->ev)
		return true;
	if (evring_open(&tapped->ev, tapped->device))
		return false;
	/* Without an identity events have empty ids. */
	evring_host(tapped->ev, &tapped->host);
	if (evring_tap(tapped->ev, EVRING_LANES_ALL, EVRING_LATEST) < 0)
		tapped_rest(tapped);
	return tapped->ev;
}

void tapped_write(struct tapped *tapped, FILE *out)
{
	unsigned int nr = 0;
	size_t bytes = 0;
	struct evring_event event;
	const char *comma = "";
	ssize_t len;
	int ret = 0;

	if (!is_open(tapped))
		return;
	while (nr < EVENTS_MAX && bytes < BYTES_MAX && (ret = evring_next(tapped->ev, &event)) > 0) {
		nr++;
		len = evring_json(tapped->ev, &tapped->host, &event, tapped->buf,
				  sizeof(tapped->buf));
		/* It counts all the same: somebody may write nothing but such events. */
		if (len <= 0)
			continue;
		fputs(comma, out);
		fwrite(tapped->buf, 1, (size_t)len, out);
		comma = ",";
		bytes += (size_t)len;
	}
	/* Go on with the latest: events of meanwhile are old when somebody looks. */
	if (ret && (evring_leave(tapped->ev) < 0 ||
		    evring_tap(tapped->ev, EVRING_LANES_ALL, EVRING_LATEST) < 0))
		tapped_rest(tapped);
}
