/* SPDX-License-Identifier: MIT */
/*
 * connectors: all of the process. Each comes from a file on the command line, or from
 * a folder, to which changes by REST are written, too.
 */
#ifndef CONNECTORS_H
#define CONNECTORS_H

#include "connector.h"
#include "definition.h"

#include <stdbool.h>
#include <stddef.h>

struct connectors;
struct loop;
struct problems;

/* A level set by REST, until the process ends */
struct logger {
	int level;			/* of syslog(3); 0: nothing, so the configuration counts */
	uint64_t changed_ms;		/* since 1970 */
};

/* One of them */
struct entry {
	struct definition def;
	struct connector *connector;
	char *path;
	struct logger log;
	bool removing;			/* it stops, and is gone then */
	bool drop;			/* and so is its group */
	bool seen;			/* has a file; false only during a reload */
	bool refused;			/* the file has an error: it runs as before */
};

/* @folder: NULL, or where they are kept. */
struct connectors *connectors_new(struct loop *loop, const char *folder);
/* After loop_close() */
void connectors_free(struct connectors *cs);

/* It takes over @cfg, of a file on the command line. */
void connectors_add(struct connectors *cs, struct config *cfg, const char *file);
/* Have the folder's files as they are now. */
void connectors_reload(struct connectors *cs);

/* True: one of them has more to do at once. */
bool connectors_turn(struct connectors *cs);
void connectors_stop(struct connectors *cs, const char *why);
/* connectors_stop() was called: nothing is to change any more. */
bool connectors_ending(const struct connectors *cs);
/* A group of one that was removed is still to be dropped. */
bool connectors_dropping(const struct connectors *cs);
/* The process ends before: say so. */
void connectors_keep_groups(struct connectors *cs);
void connectors_tell(const struct connectors *cs);
bool connectors_done(const struct connectors *cs);
bool connectors_released(const struct connectors *cs);
/* That of the connectors that have failed, if it is the same for all of them. */
int connectors_status(const struct connectors *cs);

size_t connectors_nr(const struct connectors *cs);
/* In the order of their names */
struct entry *connectors_at(const struct connectors *cs, size_t i);
/* NULL: there is none, or it is being removed. */
struct entry *connectors_find(const struct connectors *cs, const char *name);
/* The connector of this name or @group (or NULL) that is being removed, and not gone yet; or NULL. */
const char *connectors_going(const struct connectors *cs, const char *name, const char *group);

/* The level of a connector's lines, or with NULL of all others. *@changed_ms: by REST, or 0 */
int connectors_level(const struct connectors *cs, const struct entry *entry, uint64_t *changed_ms);
/* With NULL of all lines */
void connectors_set_level(struct connectors *cs, struct entry *entry, int level);

/* A configuration that could be used, if there are no @problems. Free it. */
struct config *connectors_check(struct connectors *cs, const struct definition *def,
				struct problems *problems);

/*
 * The following functions write the folder first. 0, or -errno: then nothing has changed. -ESTALE:
 * the file is not as it was read or written last.
 */

/* Takes over @def and @cfg, as connectors_check() has made it. */
int connectors_put(struct connectors *cs, struct definition *def, struct config *cfg);
int connectors_ask(struct connectors *cs, struct entry *entry, enum connector_state target);
int connectors_remove(struct connectors *cs, struct entry *entry);

#endif /* CONNECTORS_H */
