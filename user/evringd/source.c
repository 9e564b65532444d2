/* SPDX-License-Identifier: MIT */
/* See source.h. */
#include "source.h"

#include "config.h"
#include "converter.h"
#include "filters.h"
#include "host.h"
#include "log.h"
#include "memory.h"
#include "names.h"
#include "problem.h"
#include "sets.h"
#include "snapshot.h"
#include "transform.h"
#include "words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATE "process.state"
#define UNIT "EVRING_HOOKS_UNIT"
#define NEEDS_RIGHT "hook %s: %s for the group %s, which needs CAP_PERFMON: %s"

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
	return host_identity(src->ev, cfg, &src->host, why, len);
}

static bool names_hook(char *const *globs, const char *name)
{
	for (; *globs; globs++)
		if (hook_matches(*globs, name))
			return true;
	return false;
}

static bool has(struct source *src, const char *hook, int what)
{
	int bits = evring_has(src->ev, hook, src->cfg->group);

	return bits > 0 && bits & what;
}

/* The command that attaches evringd's hooks, for a user with the right to. Free it. */
static char *remedy(const struct source *src)
{
	const char *unit = getenv(UNIT);

	if (unit)
		return xprintf("systemctl restart %s", unit);
	/* Its name is somebody's, and root gives this to a shell. */
	if (is_plain_word(src->file))
		return xprintf("as root, evringd --attach --user %u %s", geteuid(), src->file);
	return xprintf("as root, evringd --attach --user %u FILE (its file)", geteuid());
}

/* It is attached as the connector wants it; else evringd may have no right to. */
static int attach_for_group(struct source *src, const struct evring_attachment *how)
{
	bool had;
	int ret;

	if (evring_attached(src->ev, how) > 0)
		return evring_hook_state(src->ev, how->hook);
	had = has(src, how->hook, EVRING_HAS_HOOK);
	ret = evring_attach_with(src->ev, how);
	/* An old module answers no both times: the group may have had the hook. */
	if (ret < 0 || had || !has(src, how->hook, EVRING_HAS_HOOK))
		return ret;
	src->newly = xgrow(src->newly, src->nr_newly, src->nr_newly + 1, sizeof(*src->newly));
	src->newly[src->nr_newly++] = xstrdup(how->hook);
	return ret;
}

/*
 * @failed: detach them. The next configuration may not name them, and knows of those alone that
 * another one has run with.
 */
static void newly_done(struct source *src, bool failed)
{
	const char *hook;
	int ret;

	while (src->nr_newly) {
		hook = src->newly[--src->nr_newly];
		ret = failed ? evring_detach(src->ev, hook, src->cfg->group) : 0;
		if (ret < 0 && ret != -ENOENT)
			warn("hook %s: stays attached, though the connector does not start: %s", hook,
			     strerror(-ret));
		free(src->newly[src->nr_newly]);
	}
	free(src->newly);
	src->newly = NULL;
}

/* 0: goes on without being an owner. */
static int refused(struct source *src, const char *hook, char *trace, size_t len)
{
	bool own = has(src, hook, EVRING_HAS_HOOK);
	char *what = remedy(src);
	int ret = -EPERM;

	if (!own && evring_owners(src->ev, hook) > 0) {
		warn("hook %s: attached by others, and gone once they detach it: to attach it for "
		     "the group %s needs CAP_PERFMON: %s", hook, src->cfg->group, what);
		ret = evring_hook_state(src->ev, hook);
	} else {
		snprintf(trace, len, NEEDS_RIGHT, hook,
			 own ? "has another filter" : "is not attached", src->cfg->group, what);
	}
	free(what);
	return ret;
}

/* False: @trace says why. */
static bool attach(struct source *src, const struct evring_type *type, char *trace, size_t len)
{
	const struct evring_attachment how = {
		.hook = type->name, .group = src->cfg->group,
		.filter = filters_of(src->filters, type),
	};
	int ret = attach_for_group(src, &how);
	char why[EVRING_WHY_MAX] = "";

	/* That has been refused because of the right, before anybody looked for the hook. */
	if (ret == -EPERM && evring_hook_state(src->ev, type->name) == EVRING_HOOK_ABSENT)
		ret = -EOPNOTSUPP;
	if (ret == -EOPNOTSUPP) {
		evring_hook_why(src->ev, type->name, why, sizeof(why));
		warn("hook %s: not on this kernel: %s", type->name, why);
		return true;
	}
	if (ret == -EPERM)
		ret = refused(src, type->name, trace, len);
	else if (ret < 0)
		snprintf(trace, len, "hook %s: %s", type->name, strerror(-ret));
	if (ret < 0)
		return false;
	if (ret != EVRING_HOOK_ATTACHED && evring_hook_why(src->ev, type->name, why, sizeof(why)) >= 0)
		warn("hook %s: attached, but it emits nothing yet: %s", type->name, why);
	if (!(src->lanes & 1ull << type->lane))
		warn("hook %s: its events go to the lane %s, which \"lanes\" leaves out",
		     type->name, evring_lane_name(src->ev, type->lane));
	return true;
}

static void lanes_check(struct source *src, struct problems *problems)
{
	char **name, *list;
	int lane;

	if (!src->cfg->lanes)
		src->lanes = EVRING_LANES_ALL;
	for (name = src->cfg->lanes; name && *name; name++) {
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

/* A newer module's events may be longer than any that this program makes room for. */
static void length_check(struct source *src, struct problems *problems)
{
	uint32_t longest = evring_meta(src->ev)->record_max;

	if (longest > RECORD_LONGEST)
		problem(problems, "the module has events of up to %u bytes, this evringd takes %u: "
			"install one that is as new as the module", longest, RECORD_LONGEST);
}

void source_check(struct source *src, struct problems *problems)
{
	length_check(src, problems);
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

/* Without one of these from its beginning, a stream does not tell of every process. */
static const char *const tells_of_processes[] = { "process.fork", "process.exec", "process.exit" };

/*
 * Forget that a snapshot was taken, if the stream is about to get a hook that it has lacked; or
 * if nobody wants process.state any more.
 */
static void forget_snapshot(struct source *src)
{
	bool incomplete = !src->cfg->snapshot && !names_hook(src->cfg->hooks, STATE);
	size_t i;

	for (i = 0; i < sizeof(tells_of_processes) / sizeof(*tells_of_processes); i++)
		incomplete |= names_hook(src->cfg->hooks, tells_of_processes[i]) &&
			      !has(src, tells_of_processes[i], EVRING_HAS_HOOK);
	if (incomplete && has(src, STATE, EVRING_HAS_SNAPSHOT))
		evring_detach(src->ev, STATE, src->cfg->group);
}

static void no_snapshot(struct source *src)
{
	char *what = remedy(src);

	warn("hooks.snapshot: processes that run already are not told: that needs CAP_PERFMON: %s",
	     what);
	free(what);
}

/*
 * Once all other hooks are attached: process.fork tells of processes that begin later. Group and
 * hooks outlive the task, so that one that goes on where another has stopped misses none.
 */
static bool take_snapshot(struct source *src, const struct config *before, char *why, size_t len)
{
	struct evring_attachment how = { .hook = STATE, .group = src->cfg->group };
	const struct evring_type *type = evring_type_by_name(src->ev, how.hook);
	bool newly = before && !strcmp(before->group, src->cfg->group) && !before->snapshot;
	bool told = has(src, STATE, EVRING_HAS_SNAPSHOT);
	uint32_t number;
	int ret;

	if (type)
		how.filter = filters_of(src->filters, type);
	ret = attach_for_group(src, &how);
	if (ret >= 0 && told && !newly)
		return true;
	if (ret >= 0)
		ret = evring_snapshot(src->ev, &how, &number);
	if (ret >= 0)
		info("hooks.snapshot: the kernel tells of the processes that run already");
	if (ret == -EPERM && !told)
		no_snapshot(src);
	if (ret == -EPERM)
		return true;
	if (ret < 0)
		snprintf(why, len, "hooks.snapshot: %s",
			 ret == -ENOSYS || ret == -ENOENT ? "the module knows no snapshots" :
			 strerror(-ret));
	return ret >= 0;
}

static bool attach_all(struct source *src, char *why, size_t len)
{
	const struct evring_type *type;
	int nr = evring_types(src->ev), i;
	char **glob;

	for (glob = src->cfg->hooks; *glob; glob++) {
		if (is_set(*glob))
			tell_missing(src, nr, *glob);
		for (i = 0; i < nr; i++) {
			type = evring_type(src->ev, (unsigned int)i);
			if (is_hook(type) && hook_matches(*glob, type->name) &&
			    !attach(src, type, why, len))
				return false;
		}
	}
	return true;
}

bool source_attach(struct source *src, const struct config *before, char *why, size_t len)
{
	struct problems warnings = { .file = "" };
	bool good;

	forget_snapshot(src);
	good = attach_all(src, why, len) &&
	       (!src->cfg->snapshot || take_snapshot(src, before, why, len));
	newly_done(src, !good);
	if (!good)
		return false;
	key_check(src->ev, src->cfg, &warnings);
	transforms_fields(src->ev, src->cfg, &warnings);
	problems_warn(&warnings);
	return true;
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

int source_right(const struct source *src)
{
	/* No user has this number: that is looked at behind the right. */
	int ret = evring_give(src->ev, src->cfg->group, UINT32_MAX);

	return ret == -EINVAL ? 0 : ret;
}

int source_given(const struct source *src, uid_t uid)
{
	const struct evring_group_info *group;
	struct snapshot snap;
	int ret = snapshot_take(src->ev, &snap), place;

	if (ret < 0)
		return ret;
	place = snapshot_group(&snap, src->cfg->group);
	if (place >= 0) {
		group = &snap.groups[place];
		ret = group->flags & EVRING_GROUP_GIVEN && group->uid == uid ? 1 : -EEXIST;
	}
	snapshot_free(&snap);
	return place < 0 ? 0 : ret;
}

/* A hook that the connector wants, and nobody has attached; or NULL */
static const char *unattached(const struct source *src)
{
	const struct evring_type *type;
	int nr = evring_types(src->ev), i;

	for (i = 0; i < nr; i++) {
		type = evring_type(src->ev, (unsigned int)i);
		if (is_hook(type) && names_hook(src->cfg->hooks, type->name) &&
		    evring_hook_state(src->ev, type->name) != EVRING_HOOK_ABSENT &&
		    evring_owners(src->ev, type->name) <= 0)
			return type->name;
	}
	return NULL;
}

bool source_may_join(struct source *src, char *why, size_t len)
{
	const char *hook;
	char *what;

	if (source_right(src) != -EPERM || source_given(src, geteuid()))
		return true;
	hook = unattached(src);
	if (!hook && !getenv(UNIT))
		return true;
	what = remedy(src);
	if (hook)
		snprintf(why, len, NEEDS_RIGHT, hook, "is not attached", src->cfg->group, what);
	else
		snprintf(why, len, "group %s: is not there, and to make it this user's needs "
			 "CAP_PERFMON: %s", src->cfg->group, what);
	free(what);
	return false;
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
