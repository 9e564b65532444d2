/* SPDX-License-Identifier: MIT */
/*
 * One event of the kernel's user_events: a program registers it, is told by a bit of its
 * own memory while somebody traces it, and writes it into ftrace's ring buffer.
 */
#ifndef EVRING_BENCH_USER_EVENTS_H
#define EVRING_BENCH_USER_EVENTS_H

#include <stdint.h>

struct user_event {
	int fd;
	uint32_t index;			/* before the payload in each write */
	volatile uint32_t enabled;	/* the kernel's: somebody traces it */
};

/*
 * Registers the event "NAME FIELDS" and enables it. The kernel has its address: it may not
 * move. Returns 0, -ENOSYS if the kernel has no user_events, or another -errno.
 */
int user_event_open(struct user_event *event, const char *name, const char *fields);

/* How many events ftrace's ring has taken in all, those that were overwritten since too */
long user_event_count(void);

#endif
