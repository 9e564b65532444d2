/* SPDX-License-Identifier: GPL-2.0-only */
/* limit.c: how many of the events that an owner's filter wants it is to get. */
#ifndef _KMOD_FILTER_LIMIT_H
#define _KMOD_FILTER_LIMIT_H

#include <linux/evring.h>
#include <linux/types.h>

struct evring_limit;

#define EVRING_LIMIT_PASS	(-1)

struct evring_limit *evring_limit_load(u64 user, const struct evring_event_type *type);
void evring_limit_free(struct evring_limit *limit);
void evring_limit_tell(const struct evring_limit *limit, struct evring_limits *limits);
int evring_limit_judge(struct evring_limit *limit, const void *payload);

#endif /* _KMOD_FILTER_LIMIT_H */
