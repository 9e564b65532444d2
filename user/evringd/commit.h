/* SPDX-License-Identifier: MIT */
/* commit: tells the kernel the acknowledged position of each ring: one command for all rings. */
#ifndef COMMIT_H
#define COMMIT_H

#include "loop.h"

#include <evring.h>

struct deliveries;

struct committer {
	struct loop_op op;
	struct loop *loop;
	struct evring *ev;
	struct evring_commit_entry *entries;	/* stay where they are while busy, as does this: */
	struct evring_commit commit;
	unsigned int room;
	unsigned int nr;
	uint64_t events;		/* in the entries */
	uint64_t committed;		/* events, since the start */
	bool busy;
	bool by_ioctl;			/* the kernel has no such command */
	/* A commit is over. -errno: the kernel refused it, and nothing more can be committed. */
	void (*done)(void *arg, int ret);
	void *arg;
};

/* Set @done and @arg before. */
void commit_open(struct committer *com, struct loop *loop, struct evring *ev);
/* Commit all acknowledged prefixes, unless a commit is under way. False: nothing was to commit. */
bool commit_start(struct committer *com, struct deliveries *ds);
void commit_close(struct committer *com);

#endif /* COMMIT_H */
