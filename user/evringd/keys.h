/* SPDX-License-Identifier: MIT */
/* keys: the table of a connector's keys. They are declared there and nowhere else. */
#ifndef KEYS_H
#define KEYS_H

#include <stdbool.h>
#include <stdio.h>

struct config;
struct problems;

/* A key as clients are told of it */
struct key_doc {
	const char *name, *doc;
	const char *type;		/* as Kafka Connect calls it; PASSWORD: its value is not shown */
	const char *def;		/* NULL: none */
	char allowed[160];
	const char *importance, *width;
	char group[320];
	bool required;
};

/* False: there is no key of this number. */
bool key_doc(size_t number, struct key_doc *doc);
/* Of a setting that one of the names with "*" stands for, and no other. @name stays. */
bool key_doc_of(const char *name, struct key_doc *doc);
void keys_print(FILE *to);
/* Give a zeroed configuration its defaults. */
void keys_default(struct config *cfg);
/* Set one key's member; a bad value is a problem. */
void keys_set(struct config *cfg, const char *name, const char *value, struct problems *problems);
/* Can it change while the connector runs? */
bool key_is_live(const char *name);
/* All that can is as in @from. */
void keys_adopt(struct config *cfg, const struct config *from);
void keys_free(struct config *cfg);

#endif /* KEYS_H */
