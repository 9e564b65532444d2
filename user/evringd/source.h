/* SPDX-License-Identifier: MIT */
/* source: where a connector's events come from, one group of this host's /dev/evring. */
#ifndef SOURCE_H
#define SOURCE_H

#include <evring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct config;
struct filters;
struct problems;
struct schemas;

struct source {
	const struct config *cfg;
	const char *file;		/* of the connector */
	struct evring *ev;
	struct evring_host host;
	uint64_t lanes;			/* a bit each */
	struct filters *filters;
	struct schemas *schemas;	/* NULL: the converter needs none */
	char **newly;			/* the hooks that source_attach() has attached so far */
	size_t nr_newly;
};

/* False: it cannot be opened, and @why tells. */
bool source_open(struct source *src, const struct config *cfg, char *why, size_t len);
/* Look for the configured lanes and hooks; one that is not there is a problem. */
void source_check(struct source *src, struct problems *problems);
/* May this process attach hooks and give groups? 0, -EPERM; -ENOSYS: the module knows no giving. */
int source_right(const struct source *src);
/* 1: the group was given to @uid. -EEXIST: it is there, and was not. 0: it is not there. -errno. */
int source_given(const struct source *src, uid_t uid);
/*
 * False: the group has to be made by evringd --attach, and @why tells how: it takes over none
 * that it has not made.
 */
bool source_may_join(struct source *src, char *why, size_t len);
/* 0: joined. -EBUSY: the group has another owner. */
int source_join(struct source *src);
/*
 * Attach the hooks, on behalf of the group that was joined, which @before read last, or NULL.
 * False: @why tells, and hooks that the group did not have before are detached again.
 */
bool source_attach(struct source *src, const struct config *before, char *why, size_t len);
/* Detach the hooks of @before that are no longer configured. */
void source_detach(struct source *src, const struct config *before);
/* False: only other owners of its hook want the event. */
bool source_wants(struct source *src, const struct evring_event *event);
/* 1: here is the next event. 0: there is none now. -errno. */
int source_next(struct source *src, struct evring_event *event);
/* 0: armed, so wait. 1: an event has come meanwhile, read on. -errno. */
int source_arm(struct source *src);
/* Leave the group and close the device. */
void source_close(struct source *src);

#endif /* SOURCE_H */
