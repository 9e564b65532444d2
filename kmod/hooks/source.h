/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sources: where hooks get their calls from. A source knows how to find, attach and
 * detach points (point.h) of one kind.
 */
#ifndef _KMOD_HOOKS_SOURCE_H
#define _KMOD_HOOKS_SOURCE_H

#include <linux/types.h>

struct evring_point;
struct module;

/**
 * struct evring_source - operations on the points of one kind
 * @name: of the kind
 * @find: look for the point, in the kernel itself where @mod is NULL, else in that
 *	module. 0; -ENOENT: there is none; -EAGAIN: it may come with a module;
 *	or the error that it cannot be probed for
 * @found: optional: @find was called for all points (once, after loading)
 * @inside: optional: is the point in @mod?
 * @attach: have the probe called; 0 or an errno, and then nothing is attached
 * @detach: stop that. A probe may still run until evring_sources_settle()
 * @armed: is an attached point's probe called, as far as can be seen?
 * @disarmed: why not
 * @missed: optional: calls since @attach that did not reach the probe. Any context
 * @absent: a line that says why @find found nothing
 * @watch: optional: call @changed for each module that is there, comes or goes
 * @unwatch: stop that
 *
 * All but @missed may sleep. They are called under one lock (hook.c); @changed
 * takes it.
 */
struct evring_source {
	const char *name;
	int (*find)(struct evring_point *point, struct module *mod);
	void (*found)(void);
	bool (*inside)(const struct evring_point *point, const struct module *mod);
	int (*attach)(struct evring_point *point);
	void (*detach)(struct evring_point *point);
	bool (*armed)(const struct evring_point *point);
	const char *disarmed;
	unsigned long (*missed)(const struct evring_point *point);
	void (*absent)(const struct evring_point *point, char *why, size_t room);
	int (*watch)(void (*changed)(struct module *mod, bool comes));
	void (*unwatch)(void);
};

extern const struct evring_source evring_source_tracepoint;
extern const struct evring_source evring_source_kprobe;
extern const struct evring_source evring_source_kretprobe;
extern const struct evring_source evring_source_notifier;

/* source.c */

void evring_sources_settle(void);
void evring_point_tell_missed(struct evring_point *point);
int evring_point_attach(struct evring_point *point);
void evring_point_detach(struct evring_point *point);

/* source_kprobe.c */

bool evring_kretprobe_refuses(struct evring_point *point);
void evring_kretprobe_forget(struct evring_point *point);

#endif /* _KMOD_HOOKS_SOURCE_H */
