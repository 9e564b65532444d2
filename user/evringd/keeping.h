/* SPDX-License-Identifier: MIT */
/*
 * keeping: connectors' inside, for its files alone.
 *
 *	connectors	all of them, and changes by REST
 *	reload		the folder, as it is now
 */
#ifndef KEEPING_H
#define KEEPING_H

#include "connectors.h"

#define CONNECTORS_MAX 1024

struct config;

struct connectors {
	struct loop *loop;
	char *folder;
	struct entry **entries;		/* of a folder by name, else as on the command line */
	size_t nr;
	struct logger log;
	bool ending;
	bool again;			/* read the folder once what is being removed is gone */
};

/* connectors.c */

/* Also one that is being removed */
struct entry *entries_find(const struct connectors *cs, const char *name);
/* Takes over @connector. */
struct entry *entry_insert(struct connectors *cs, struct connector *connector,
			   const char *path);
/* Takes over @def and @cfg. */
struct entry *entry_apply(struct connectors *cs, struct definition *def, struct config *cfg,
			  const char *path);
/* The log's levels are those of the connectors that there are. */
void entries_level(const struct connectors *cs);
/* A configuration that could be used, if there are no @problems, and if it has its group alone */
struct config *definition_config(const struct definition *def, struct problems *problems);
/* True, and a problem: it goes with another connector, and is waited for. */
bool group_is_dropped(const struct connectors *cs, const struct config *cfg,
		      struct problems *problems);
/* A problem: it is the group of the connector of this name. */
void group_is_taken(const struct config *cfg, const char *name, struct problems *problems);

#endif /* KEEPING_H */
