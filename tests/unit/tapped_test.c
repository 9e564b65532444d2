/* SPDX-License-Identifier: MIT */
/*
 * The page's look at the latest events ends. The test includes tapped.c, with a device on
 * which events never end.
 */
#include "../harness/tap.h"

#include <errno.h>
#include <evring.h>
#include <stdlib.h>
#include <string.h>

#define ENOUGH 1000000u

static struct tapped *look;
static unsigned int read_events;
static ssize_t json_len;

static int fake_open(struct evring **ev, const char *device)
{
	(void)device;
	*ev = (struct evring *)&look;
	return 0;
}

static int fake_next(struct evring *ev, struct evring_event *event)
{
	(void)ev, (void)event;
	return ++read_events < ENOUGH;
}

static ssize_t fake_json(char *buf, size_t room)
{
	if (json_len < 0 || (size_t)json_len > room)
		return -ENOSPC;
	memset(buf, '1', (size_t)json_len);
	return json_len;
}

#define tapped_new		test_new
#define tapped_rest		test_rest
#define tapped_free		test_free
#define tapped_write		test_write
#define evring_open		fake_open
#define evring_close(ev)	((void)(ev))
#define evring_host(ev, host)	((void)(host))
#define evring_tap(ev, l, from)	((void)(ev), 0)
#define evring_leave(ev)	((void)(ev), 0)
#define evring_next		fake_next
#define evring_json(ev, host, event, buf, room) \
	((void)(host), (void)(event), fake_json(buf, room))

#include "../../user/evringd/tapped.c"

/* How many events one look reads */
static unsigned int events_of(ssize_t len)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	json_len = len;
	read_events = 0;
	tapped_write(look, out);
	fclose(out);
	free(text);
	return read_events;
}

int main(void)
{
	look = tapped_new(NULL);
	ok(events_of(100) == 50, "short events: 50 of them");
	ok(events_of(50000) == 2, "long ones: until there are 64 KiB");
	ok(events_of(1000000) == 50, "those that are too long to be shown count, too");
	ok(events_of(-1) == 50, "... and those that cannot be written");
	free(look);
	return tap_end();
}
