/* SPDX-License-Identifier: MIT */
/* watch: the state of the whole module, for the log. */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>

struct evring;
struct watch;

struct watch *watch_new(struct evring *ev);
void watch_free(struct watch *watch);
/*
 * Log changes: losses, rings that fill, groups that hold and have no owner. True: a ring is
 * half full, so look again soon.
 */
bool watch_look(struct watch *watch);

#endif /* WATCH_H */
