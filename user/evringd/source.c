/* SPDX-License-Identifier: MIT */
/* Where events come from: one group of this host's /dev/evring. */
#include "evringd.h"
#include "names.h"

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
	int ret = evring_attach(src->ev, type->name, src->cfg->group, -1);
	char why[EVRING_WHY_MAX] = "";

	if (ret == -EOPNOTSUPP) {
		evring_hook_why(src->ev, type->name, why, sizeof(why));
		warn("hook %s: not on this kernel: %s", type->name, why);
		return;
	}
	if (ret == -EPERM && evring_owners(src->ev, type->name) > 0) {
		warn("hook %s: attached by others, and gone once they detach it: to attach it for "
		     "the group %s needs CAP_PERFMON", type->name, src->cfg->group);
		ret = evring_hook_state(src->ev, type->name);
	}
	if (ret < 0)
		fatal("hook %s: %s", type->name, strerror(-ret));
	if (ret != EVRING_HOOK_ATTACHED && evring_hook_why(src->ev, type->name, why, sizeof(why)) >= 0)
		warn("hook %s: attached, but it emits nothing yet: %s", type->name, why);
	if (!(src->lanes & 1ull << type->lane))
		warn("hook %s: its events go to the lane %s, which \"lanes\" leaves out",
		     type->name, evring_lane_name(src->ev, type->lane));
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
			problem(problems, "key \"lanes\": entry %u is no lane; there are: %s",
				(unsigned int)(name - src->cfg->lanes) + 1, list);
		else
			src->lanes |= 1ull << lane;
	}
}

void source_check(struct source *src, struct problems *problems)
{
	lanes_check(src, problems);
	hooks_check(src->ev, src->cfg, problems);
}

void source_attach(struct source *src)
{
	struct problems warnings = { .file = "" };
	const struct evring_type *type;
	int nr = evring_types(src->ev), i;
	char **glob;

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
