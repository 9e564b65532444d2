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

	src->cfg = cfg;
	if (ret == -ENOENT)
		fatal("%s: there is none: is the module evring loaded?", cfg->device);
	if (ret)
		fatal("%s: %s", cfg->device, strerror(-ret));
	ret = evring_host(&src->host);
	if (ret)
		fatal("who this host is (machine id, boot id, name): %s", strerror(-ret));
}

static void attach(struct source *src, const struct evring_type *type)
{
	int ret = evring_attach(src->ev, type->name, src->cfg->group, -1);

	if (ret == -EPERM && evring_owners(src->ev, type->name) > 0)
		warn("hook %s: attached by others, and gone once they detach it: to attach it for "
		     "the group %s needs CAP_PERFMON", type->name, src->cfg->group);
	else if (ret < 0)
		fatal("hook %s: %s", type->name, strerror(-ret));
	if (!(src->lanes & 1ull << type->lane))
		warn("hook %s: its events go to the lane %s, which \"lanes\" leaves out",
		     type->name, evring_lane_name(src->ev, type->lane));
}

static bool is_hook(const struct evring_type *type)
{
	return type && (type->flags & EVRING_TYPE_F_HOOK) && !(type->flags & EVRING_TYPE_F_GONE);
}

static void no_such_hook(struct source *src, const char *glob, int nr, struct problems *problems)
{
	char list[1024] = "";
	size_t len = 0;
	int i;

	for (i = 0; i < nr && len < sizeof(list) - EVRING_NAME_MAX - 2; i++)
		if (is_hook(evring_type(src->ev, (unsigned int)i)))
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
						len ? ", " : "",
						evring_type(src->ev, (unsigned int)i)->name);
	problem(problems, "key \"hooks\": \"%.80s\" matches no hook; there are: %s", glob,
		len ? list : "none");
}

static void lanes_check(struct source *src, struct problems *problems)
{
	char list[1024] = "";
	unsigned int i;
	size_t len = 0;
	char **name;
	int lane;

	for (i = 0; i < evring_lanes(src->ev) && len < sizeof(list) - EVRING_NAME_MAX - 2; i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", len ? ", " : "",
					evring_lane_name(src->ev, i));
	for (name = src->cfg->lanes; *name; name++) {
		lane = evring_lane_by_name(src->ev, *name);
		if (lane < 0)
			problem(problems, "key \"lanes\": there is no lane \"%.80s\"; there are: %s",
				*name, list);
		else
			src->lanes |= 1ull << lane;
	}
}

/* Calls @fn, if there is one, for each hook that a glob matches. Returns how many do. */
static int match(struct source *src, const char *glob, int nr,
		 void (*fn)(struct source *src, const struct evring_type *type))
{
	const struct evring_type *type;
	int found = 0, i;

	for (i = 0; i < nr; i++) {
		type = evring_type(src->ev, (unsigned int)i);
		if (!is_hook(type) || fnmatch(glob, type->name, 0))
			continue;
		found++;
		if (fn)
			fn(src, type);
	}
	return found;
}

static int types(struct source *src)
{
	int nr = evring_types(src->ev);

	if (nr < 0)
		fatal("%s: types: %s", src->cfg->device, strerror(-nr));
	return nr;
}

void source_check(struct source *src, struct problems *problems)
{
	int nr = types(src);
	char **glob;

	lanes_check(src, problems);
	for (glob = src->cfg->hooks; *glob; glob++)
		if (!match(src, *glob, nr, NULL))
			no_such_hook(src, *glob, nr, problems);
}

void source_attach(struct source *src)
{
	int nr = types(src);
	char **glob;

	for (glob = src->cfg->hooks; *glob; glob++)
		match(src, *glob, nr, attach);
}

static int join(struct source *src)
{
	const struct config *cfg = src->cfg;
	struct evring_group group = {
		.name = cfg->group,
		.lanes = src->lanes,
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

void source_rewind(struct source *src)
{
	int ret = evring_leave(src->ev);

	if (ret >= 0)
		ret = join(src);
	if (ret < 0)
		fatal("group %s: %s", src->cfg->group, strerror(-ret));
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
