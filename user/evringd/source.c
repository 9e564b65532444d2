/* SPDX-License-Identifier: MIT */
/* Where events come from: one group of this host's /dev/evring. */
#include "evringd.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <time.h>

/* A killed owner's group is free only once the kernel has taken its io_uring down. */
#define JOIN_TRIES 50
#define JOIN_PAUSE_MS 100

void source_open(struct source *src, const struct config *cfg)
{
	int ret = evring_open(&src->ev, cfg->device);
	char why[300];

	src->cfg = cfg;
	if (ret == -ENOENT)
		fatal("%s: there is none: is the module evring loaded?", cfg->device);
	if (ret)
		fatal("%s: %s", cfg->device, strerror(-ret));
	if (!host_identity(cfg, &src->host, why, sizeof(why)))
		fatal("%s", why);
}

static void attach(struct source *src, const struct evring_type *type)
{
	int ret = evring_hook(src->ev, type->name, EVRING_HOOK_QUERY);

	/* Attached by someone else is as good, and needs no privilege. */
	if (ret == EVRING_HOOK_DETACHED)
		ret = evring_hook(src->ev, type->name, EVRING_HOOK_ATTACH);
	if (ret == EVRING_HOOK_ABSENT || ret == -EOPNOTSUPP) {
		warn("hook %s: not on this kernel: it has not what the hook is attached to",
		     type->name);
		return;
	}
	if (ret < 0)
		fatal("hook %s: %s", type->name, strerror(-ret));
	if (ret == EVRING_HOOK_DISARMED)
		warn("hook %s: attached but disarmed: what it is attached to is switched off, "
		     "and nothing comes", type->name);
	if (!(src->cfg->lanes & 1u << type->lane))
		warn("hook %s: its events go to the lane %s, which \"lanes\" leaves out",
		     type->name, evring_lane_name(type->lane));
}

/* All globs are looked at before the first hook is attached. */
void source_attach(struct source *src, struct problems *problems)
{
	struct problems warnings = { .file = "" };
	const struct evring_type *type;
	int nr = evring_types(src->ev), i;
	char **glob;

	hooks_check(src->ev, src->cfg, problems);
	if (problems->nr)
		return;
	for (glob = src->cfg->hooks; *glob; glob++) {
		for (i = 0; i < nr; i++) {
			type = evring_type(src->ev, (unsigned int)i);
			if (is_hook(type) && !fnmatch(*glob, type->name, 0))
				attach(src, type);
		}
	}
	key_check(src->ev, src->cfg, &warnings);
	problems_warn(&warnings);
}

static int join(struct source *src)
{
	const struct config *cfg = src->cfg;
	struct evring_group group = {
		.name = cfg->group,
		.lanes = (uint32_t)cfg->lanes,
		.policy = (uint32_t)cfg->policy,
		.start = (uint32_t)cfg->start,
		.abandon_ms = (uint32_t)cfg->abandon_ms,
	};

	return evring_join(src->ev, &group);
}

bool source_join(struct source *src, const sigset_t *signals)
{
	const struct timespec pause = { .tv_nsec = JOIN_PAUSE_MS * 1000000L };
	int ret = join(src), tries;

	for (tries = 1; ret == -EBUSY && tries < JOIN_TRIES; tries++) {
		if (tries == 1)
			info("group %s has an owner: waiting for it to go", src->cfg->group);
		if (sigtimedwait(signals, NULL, &pause) > 0)
			return false;
		ret = join(src);
	}
	if (ret < 0)
		fatal("group %s: %s", src->cfg->group,
		      ret == -EBUSY ? "another process owns it" : strerror(-ret));
	return true;
}

bool source_next(struct source *src, struct evring_event *event)
{
	int ret = evring_next(src->ev, event);

	if (ret < 0)
		fatal("%s: next event: %s", src->cfg->device, strerror(-ret));
	return ret > 0;
}

bool source_arm(struct source *src)
{
	const struct config *cfg = src->cfg;
	bool batch = cfg->watermark && cfg->flush_ms;
	int ret = evring_arm(src->ev, batch ? (uint32_t)cfg->watermark : 0,
			     batch ? (uint32_t)cfg->flush_ms : 0);

	if (ret < 0)
		fatal("%s: arm: %s", src->cfg->device, strerror(-ret));
	return !ret;
}

void source_close(struct source *src)
{
	int ret = evring_leave(src->ev);

	if (ret < 0)
		warn("group %s: leave: %s", src->cfg->group, strerror(-ret));
	evring_close(src->ev);
}
