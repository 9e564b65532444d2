/* SPDX-License-Identifier: MIT */
/*
 * Print each event of this host as it happens: a first program with libevring.
 *
 *	cc tail.c $(pkg-config --cflags --libs libevring) -o tail
 */
#include <evring.h>
#include <stdio.h>
#include <string.h>

static void print_event(const struct evring *ev, const struct evring_event *event)
{
	const struct evring_field *path;
	const char *s;
	size_t len;

	if (event->missed)
		printf("(missed %llu events)\n", (unsigned long long)event->missed);
	printf("%.6f %s cpu=%u pid=%u", evring_realtime(ev, event) / 1e9,
	       event->type ? event->type->name : "unknown", event->cpu, event->rec->pid);

	/* any field by its name; not every type has this one */
	path = event->type ? evring_field(event->type, "path") : NULL;
	if (path && evring_get_string(event, path, &s, &len) == 0)
		printf(" path=%.*s", (int)len, s);
	putchar('\n');
}

int main(void)
{
	struct evring_event event;
	struct evring *ev;
	int ret = evring_open(&ev, NULL);

	if (ret < 0) {
		fprintf(stderr, "cannot open %s: %s\n", EVRING_DEVICE, strerror(-ret));
		return 1;
	}
	ret = evring_tap(ev, EVRING_LANES_ALL, EVRING_LATEST);
	while (ret >= 0) {
		/* no system call while there is something to read */
		while ((ret = evring_next(ev, &event)) > 0)
			print_event(ev, &event);
		fflush(stdout);
		if (ret == 0)
			ret = evring_wait(ev, -1);
	}
	fprintf(stderr, "cannot read: %s\n", strerror(-ret));
	evring_close(ev);
	return 1;
}
