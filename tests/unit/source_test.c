/* SPDX-License-Identifier: MIT */
/* The hooks of a group on a module that is made up: what a start that fails leaves behind. */
#include "../harness/tap.h"

#include "config.h"
#include "filters.h"
#include "internal.h"
#include "problem.h"
#include "source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The module's, in this order. It has no process.state, so it knows no snapshots. */
enum { EXEC, EXIT, FORK, NET, NR_HOOKS };

static const char *const names[NR_HOOKS] = {
	"process.exec", "process.exit", "process.fork", "net.connect",
};

/* A bit each: what the group has, and what cannot be attached */
static unsigned int attached, broken;
static bool tells;			/* the module tells what an owner has */
static unsigned int others;		/* are attached by another process when one is broken */
static bool stuck;			/* nothing can be detached */

static int place(const char *name)
{
	int i;

	for (i = 0; i < NR_HOOKS && strcmp(names[i], name); i++)
		;
	return i < NR_HOOKS ? i : -ENOENT;
}

int __wrap_evring_types(struct evring *ev);
const struct evring_type *__wrap_evring_type(struct evring *ev, unsigned int id);
const struct evring_type *__wrap_evring_type_by_name(struct evring *ev, const char *name);
const char *__wrap_evring_lane_name(struct evring *ev, unsigned int lane);
int __wrap_evring_has(struct evring *ev, const char *hook, const char *group);
int __wrap_evring_attached(struct evring *ev, const struct evring_attachment *how);
int __wrap_evring_attach_with(struct evring *ev, const struct evring_attachment *how);
int __wrap_evring_detach(struct evring *ev, const char *hook, const char *group);
int __wrap_evring_hook_state(struct evring *ev, const char *hook);
int __wrap_evring_owners(struct evring *ev, const char *hook);

int __wrap_evring_types(struct evring *ev)
{
	(void)ev;
	return NR_HOOKS;
}

const struct evring_type *__wrap_evring_type(struct evring *ev, unsigned int id)
{
	static struct evring_type *types[NR_HOOKS];
	const struct evring_type like = {
		.id = id, .version = 1, .name = id < NR_HOOKS ? names[id] : "",
	};

	(void)ev;
	if (id >= NR_HOOKS)
		return NULL;
	if (!types[id] && evring_type_build(&types[id], &like))
		exit(1);
	types[id]->flags = EVRING_TYPE_F_HOOK;
	return types[id];
}

const struct evring_type *__wrap_evring_type_by_name(struct evring *ev, const char *name)
{
	int i = place(name);

	return i < 0 ? NULL : __wrap_evring_type(ev, (unsigned int)i);
}

const char *__wrap_evring_lane_name(struct evring *ev, unsigned int lane)
{
	(void)ev, (void)lane;
	return "critical";
}

int __wrap_evring_has(struct evring *ev, const char *hook, const char *group)
{
	int i = place(hook);

	(void)ev, (void)group;
	if (i < 0 || !tells)
		return i < 0 ? i : 0;
	return attached & 1u << i ? EVRING_HAS_HOOK : 0;
}

int __wrap_evring_attached(struct evring *ev, const struct evring_attachment *how)
{
	int i = place(how->hook);

	(void)ev;
	if (i < 0 || !tells)
		return i < 0 ? i : -ENOSYS;
	return !!(attached & 1u << i);
}

int __wrap_evring_attach_with(struct evring *ev, const struct evring_attachment *how)
{
	int i = place(how->hook);

	(void)ev;
	if (i < 0)
		return i;
	if (broken & 1u << i) {
		attached |= others;
		return -ENOSPC;
	}
	attached |= 1u << i;
	return EVRING_HOOK_ATTACHED;
}

int __wrap_evring_detach(struct evring *ev, const char *hook, const char *group)
{
	int i = place(hook);

	(void)ev, (void)group;
	if (i < 0 || stuck)
		return i < 0 ? i : -EPERM;
	attached &= ~(1u << i);
	return 0;
}

int __wrap_evring_hook_state(struct evring *ev, const char *hook)
{
	int i = place(hook);

	(void)ev;
	if (i < 0)
		return i;
	return attached & 1u << i ? EVRING_HOOK_ATTACHED : EVRING_HOOK_DETACHED;
}

int __wrap_evring_owners(struct evring *ev, const char *hook)
{
	(void)ev, (void)hook;
	return 0;
}

/* Does the start of such a connector succeed? The group has these hooks before. */
static bool starts(const char *settings, unsigned int before)
{
	struct source src = { .lanes = EVRING_LANES_ALL, .file = "t" };
	struct problems problems = { .file = "test" };
	char text[512], why[300] = "";
	struct config *cfg;
	bool good;

	snprintf(text, sizeof(text), "{\"name\": \"t\", \"config\": {%s, \"topic\": \"t\", "
		 "\"kafka.bootstrap.servers\": \"127.0.0.1:1\"}}", settings);
	cfg = config_parse(text, strlen(text), &problems);
	problems_print(&problems, stderr);
	if (!cfg || problems.nr)
		exit(1);
	attached = before;
	src.cfg = cfg;
	src.filters = filters_new(cfg);
	good = source_attach(&src, NULL, why, sizeof(why));
	if (!good)
		check(*why, "no reason");
	filters_free(src.filters);
	config_free(cfg);
	return good;
}

#define PROCESS	(1u << EXEC | 1u << EXIT | 1u << FORK)
#define SNAPSHOT "\"hooks\": \"process.*\", \"hooks.snapshot\": \"true\""

static void no_snapshots(void)
{
	tells = true;
	CHECK(starts("\"hooks\": \"process.*\"", 0) && attached == PROCESS);
	CHECK(!starts(SNAPSHOT, 0));
	check(!attached, "attached: %x", attached);
}

/* They may be those of a configuration that has run. */
static void had_before(void)
{
	tells = true;
	CHECK(!starts(SNAPSHOT, 1u << EXIT | 1u << NET));
	check(attached == (1u << EXIT | 1u << NET), "attached: %x", attached);
}

/* evringd --attach may run at the same time, and does not run again. */
static void by_others(void)
{
	tells = true;
	broken = 1u << FORK;
	others = 1u << NET;
	CHECK(!starts("\"hooks\": \"process.*,net.*\"", 0));
	check(attached == 1u << NET, "attached: %x", attached);
	broken = 0;
	others = 0;
}

/* Of these nobody knows whether the group had them. */
static void old_module(void)
{
	tells = false;
	CHECK(!starts(SNAPSHOT, 1u << EXIT));
	check(attached == PROCESS, "attached: %x", attached);
}

static void cannot_detach(void)
{
	tells = true;
	stuck = true;
	CHECK(!starts(SNAPSHOT, 0) && attached == PROCESS);
	stuck = false;
}

int main(void)
{
	test_case(no_snapshots, "a start that fails detaches the hooks that it has attached");
	test_case(had_before, "... and not those that the group had before");
	test_case(by_others, "... nor those that another process attaches meanwhile");
	test_case(old_module, "a module that does not tell who had them keeps them all");
	test_case(cannot_detach, "what cannot be detached stays");
	return tap_end();
}
