/* SPDX-License-Identifier: MIT */
/* unread: since when the oldest event that a group has not committed has waited. */
#ifndef EVRING_UNREAD_H
#define EVRING_UNREAD_H

#include <stdint.h>

struct snapshot;
struct unread;

/* It maps the rings that have such events; the mappings stay. */
struct unread *unread_new(void);
void unread_free(struct unread *unread);
/* Nanoseconds since the group's oldest event came that is still in a ring; 0: there is none. */
uint64_t unread_ns(struct unread *unread, const struct snapshot *snap, unsigned int group);

#endif /* EVRING_UNREAD_H */
