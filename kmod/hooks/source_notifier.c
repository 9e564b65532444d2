// SPDX-License-Identifier: GPL-2.0-only
/* Notifier chains. No knob disarms them. */
#include <linux/notifier.h>
#include <linux/string.h>

#include "point.h"

static int notifier_find(struct evring_point *point, struct module *mod)
{
	return point->notifier.add ? 0 : -ENOENT;
}

static int notifier_attach(struct evring_point *point)
{
	return point->notifier.add(&point->notifier.block);
}

/* The chain's own lock, or RCU, sees to it that the call has returned. */
static void notifier_detach(struct evring_point *point)
{
	point->notifier.del(&point->notifier.block);
}

static bool notifier_armed(const struct evring_point *point)
{
	return true;
}

static void notifier_absent(const struct evring_point *point, char *why, size_t room)
{
	strscpy(why, "this kernel has no such notifier chain", room);
}

const struct evring_source evring_source_notifier = {
	.name = "notifier",
	.find = notifier_find,
	.attach = notifier_attach,
	.detach = notifier_detach,
	.armed = notifier_armed,
	.disarmed = "the notifier chain is off",
	.absent = notifier_absent,
};
