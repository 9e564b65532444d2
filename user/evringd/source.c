/* SPDX-License-Identifier: MIT */
/* See source.h. */
#include "source.h"

#include "config.h"
#include "filters.h"
#include "host.h"
#include "log.h"
#include "names.h"
#include "problem.h"
#include "sets.h"
#include "transform.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool source_open(struct source *src, const struct config *cfg, char *why, size_t len)
{
	int ret = evring_open(&src->ev, cfg->device);

	src->cfg = cfg;
	src->filters = filters_new(cfg);
	if (ret)
		src->ev = NULL;
	if (ret == -ENOENT)
		snprintf(why, len, "%s: there is none: is the module evring loaded?", cfg->device);
	else if (ret)
		snprintf(why, len, "%s: %s", cfg->device, strerror(-ret));
	if (ret)
		return false;
	return host_identity(cfg, &src->host, why, len);
}

/* Without one of these from its beginning, a stream does not tell of every process. */
static bool tells_of_processes(const char *hook)
{
	static const char *const hooks[] = {
		"process.fork", "process.exec", "process.exit", "process.state",
	};
	size_t i;

	for (i = 0; i < sizeof(hooks) / sizeof(*hooks); i++)
		if (!strcmp(hook, hooks[i]))
			return true;
	return false;
}

static int attach(struct source *src, const struct evring_type *type)
{
	const struct evring_attachment how = {
		.hook = type->name, .group = src->cfg->group,
		.filter = filters_of(src->filters, type),
	};
	int owners = evring_owners(src->ev, type->name);
	int ret = evring_attach_with(src->ev, &how);
	char why[EVRING_WHY_MAX] = "";

	/* The group is an owner more: it has not had the hook until now. */
	if (tells_of_processes(type->name) && evring_owners(src->ev, type->name) > owners)
		src->incomplete = true;
	if (ret == -EOPNOTSUPP) {
		evring_hook_why(src->ev, type->name, why, sizeof(why));
		warn("hook %s: not on this kernel: %s", type->name, why);
		return 0;
	}
	if (ret == -EPERM && evring_owners(src->ev, type->name) > 0) {
		warn("hook %s: attached by others, and gone once they detach it: to attach it for "
		     "the group %s needs CAP_PERFMON", type->name, src->cfg->group);
		ret = evring_hook_state(src->ev, type->name);
	}
	if (ret < 0)
		return ret;
	if (ret != EVRING_HOOK_ATTACHED && evring_hook_why(src->ev, type->name, why, sizeof(why)) >= 0)
		warn("hook %s: attached, but it emits nothing yet: %s", type->name, why);
	if (!(src->lanes & 1ull << type->lane))
		warn("hook %s: its events go to the lane %s, which \"lanes\" leaves out",
		     type->name, evring_lane_name(src->ev, type->lane));
	return 0;
}

static void lanes_check(struct source *src, struct problems *problems)
{
	char **name, *list;
	int lane;

	for (name = src->cfg->lanes; *name; name++) {
		lane = evring_lane_by_name(src->ev, *name);
		if (lane >= 0) {
			src->lanes |= 1ull << lane;
			continue;
		}
		list = lane_list(src->ev, EVRING_LANES_ALL);
		problem(problems, "key \"lanes\": entry %u is no lane; there are: %s",
			(unsigned int)(name - src->cfg->lanes) + 1, list);
		free(list);
	}
}

void source_check(struct source *src, struct problems *problems)
{
	lanes_check(src, problems);
	hooks_check(src->ev, src->cfg, problems);
	filters_check(src->ev, src->cfg, problems);
	transforms_filters(src->ev, src->cfg, problems);
}

/* Log the hooks of a set that this module, an older one, does not have. */
static void tell_missing(struct source *src, int nr, const char *set)
{
	const char *const *globs = hook_set(set);
	const struct evring_type *type;
	bool found;
	int i;

	for (; globs && *globs; globs++) {
		for (i = 0, found = false; i < nr && !found; i++) {
			type = evring_type(src->ev, (unsigned int)i);
			found = is_hook(type) && hook_matches(*globs, type->name);
		}
		if (!found)
			warn("hooks: %s: the module has no hook %s", set, *globs);
	}
}

/*
 * Once all other hooks are attached: process.fork tells of processes that begin later. Group and
 * hooks outlive the task, so that one that goes on where another has stopped misses none.
 */
static bool take_snapshot(struct source *src, const struct config *before, char *why, size_t len)
{
	struct evring_attachment how = { .hook = "process.state", .group = src->cfg->group };
	const struct evring_type *type = evring_type_by_name(src->ev, how.hook);
	bool newly = before && !strcmp(before->group, src->cfg->group) && !before->snapshot;
	int owners = evring_owners(src->ev, how.hook), ret;
	uint32_t number;

	if (type)
		how.filter = filters_of(src->filters, type);
	ret = evring_attach_with(src->ev, &how);
	if (ret >= 0 && evring_owners(src->ev, how.hook) <= owners && !newly && !src->incomplete)
		return true;
	if (ret >= 0)
		ret = evring_snapshot(src->ev, &how, &number);
	if (ret >= 0)
		info("hooks.snapshot: the kernel tells of the processes that run already");
	if (ret == -EPERM) {
		warn("hooks.snapshot: processes that run already are not told: that needs CAP_PERFMON");
		return true;
	}
	if (ret < 0)
		snprintf(why, len, "hooks.snapshot: %s",
			 ret == -ENOSYS || ret == -ENOENT ? "the module knows no snapshots" :
			 strerror(-ret));
	return ret >= 0;
}

static bool attach_all(struct source *src, char *why, size_t len)
{
	const struct evring_type *type;
	int nr = evring_types(src->ev), i, ret;
	char **glob;

	for (glob = src->cfg->hooks; *glob; glob++) {
		if (is_set(*glob))
			tell_missing(src, nr, *glob);
		for (i = 0; i < nr; i++) {
			type = evring_type(src->ev, (unsigned int)i);
			if (!is_hook(type) || !hook_matches(*glob, type->name))
				continue;
			ret = attach(src, type);
			if (!ret)
				continue;
			snprintf(why, len, "hook %s: %s", type->name, strerror(-ret));
			return false;
		}
	}
	return true;
}

bool source_attach(struct source *src, const struct config *before, char *why, size_t len)
{
	struct problems warnings = { .file = "" };

	if (!attach_all(src, why, len) ||
	    (src->cfg->snapshot && !take_snapshot(src, before, why, len))) {
		/* The next try is to find it as this one did. It emits nothing by itself. */
		if (src->incomplete)
			evring_detach(src->ev, "process.state", src->cfg->group);
		return false;
	}
	key_check(src->ev, src->cfg, &warnings);
	transforms_fields(src->ev, src->cfg, &warnings);
	problems_warn(&warnings);
	return true;
}

static bool names_hook(char *const *globs, const char *name)
{
	for (; *globs; globs++)
		if (hook_matches(*globs, name))
			return true;
	return false;
}

/* -ENOENT: somebody else has done it. */
void source_detach(struct source *src, const struct config *before)
{
	const struct evring_type *type;
	int nr = evring_types(src->ev), i, ret;

	for (i = 0; i < nr; i++) {
		type = evring_type(src->ev, (unsigned int)i);
		if (!is_hook(type) || !names_hook(before->hooks, type->name) ||
		    names_hook(src->cfg->hooks, type->name))
			continue;
		ret = evring_detach(src->ev, type->name, src->cfg->group);
		if (ret >= 0)
			info("hook %s: detached, \"hooks\" names it no more", type->name);
		else if (ret != -ENOENT)
			warn("hook %s: stays attached, though \"hooks\" names it no more: %s",
			     type->name, strerror(-ret));
	}
}

int source_join(struct source *src)
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

bool source_wants(struct source *src, const struct evring_event *event)
{
	return filters_want(src->filters, event);
}

int source_next(struct source *src, struct evring_event *event)
{
	return evring_next(src->ev, event);
}

int source_arm(struct source *src)
{
	const struct config *cfg = src->cfg;
	bool batch = cfg->watermark && cfg->flush_ms;

	return evring_arm(src->ev, batch ? (uint32_t)cfg->watermark : 0,
			  batch ? (uint32_t)cfg->flush_ms : 0);
}

void source_close(struct source *src)
{
	int ret = src->ev ? evring_leave(src->ev) : 0;

	/* -EPERM: no group was joined. */
	if (ret < 0 && ret != -EPERM)
		warn("group %s: leave: %s", src->cfg->group, strerror(-ret));
	filters_free(src->filters);
	src->filters = NULL;
	evring_close(src->ev);
	src->ev = NULL;
}
