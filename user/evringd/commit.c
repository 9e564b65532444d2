/* SPDX-License-Identifier: MIT */
/* See commit.h. */
#include "commit.h"

#include "delivery.h"
#include "log.h"
#include "memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct evring_uring_cmd) == 16, "fits into a submission entry");

static void committed(struct committer *com, int ret)
{
	if (!ret)
		com->committed += com->events;
	com->done(com->arg, ret);
}

static void commit_done(struct loop_op *op, int res, unsigned int flags)
{
	struct committer *com = (struct committer *)op;

	(void)flags;
	com->busy = false;
	if (res == -EOPNOTSUPP || res == -EINVAL) {
		/* The kernel lacks the command, or the ioctl will say EINVAL too. */
		com->by_ioctl = true;
		log_line(LOG_DEBUG, "commits go by ioctl from now on: %s", strerror(-res));
		res = evring_commit_at(com->ev, com->entries, com->nr);
	}
	committed(com, res);
}

static void submit(struct committer *com)
{
	const struct evring_uring_cmd cmd = {
		.arg = (uintptr_t)&com->commit,
		.size = sizeof(com->commit),
	};

	if (com->by_ioctl) {
		committed(com, evring_commit_at(com->ev, com->entries, com->nr));
		return;
	}
	com->commit = (struct evring_commit){
		.entries = (uintptr_t)com->entries,
		.nr = com->nr,
		.entry_size = sizeof(*com->entries),
	};
	com->busy = true;
	loop_command(com->loop, &com->op, evring_fd(com->ev), EVRING_CMD_COMMIT, &cmd);
}

void commit_open(struct committer *com, struct loop *loop, struct evring *ev)
{
	com->op.done = commit_done;
	com->loop = loop;
	com->ev = ev;
	com->by_ioctl = evring_lacks(ev, EVRING_FEATURE_URING);
}

static bool prepare(struct committer *com, struct deliveries *ds)
{
	unsigned int rings = evring_rings(com->ev);

	if (rings > EVRING_COMMIT_MAX)
		rings = EVRING_COMMIT_MAX;
	if (rings > com->room) {
		com->entries = xgrow(com->entries, com->room, rings, sizeof(*com->entries));
		com->room = rings;
	}
	com->nr = deliveries_take(ds, com->entries, com->room, &com->events);
	return com->nr;
}

bool commit_start(struct committer *com, struct deliveries *ds)
{
	if (com->busy)
		return true;
	if (!prepare(com, ds))
		return false;
	submit(com);
	return true;
}

void commit_close(struct committer *com)
{
	free(com->entries);
}
