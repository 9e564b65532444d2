/* SPDX-License-Identifier: MIT */
/* keytype: the types of keys: how a value is read, and how it is freed. */
#ifndef KEYTYPE_H
#define KEYTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct template;

enum key_type {
	KEY_TEXT, KEY_NUMBER, KEY_TIMEOUT, KEY_CHOICE, KEY_GROUP, KEY_ID, KEY_LANES, KEY_LIST, KEY_WORDS,
	KEY_TOPIC, KEY_TEMPLATE, KEY_LETTERS, KEY_KAFKA, KEY_FILTER, KEY_CLASS, KEY_SMT, KEY_CREATION,
	KEY_NAME, KEY_FALSE, KEY_BOOLEAN, KEY_SECRET,
};

struct key {
	const char *name;
	enum key_type type;
	const char *def;		/* as it would stand in the file; NULL: see @doc */
	const char *allowed;		/* of a choice or words the values, by their number */
	uint64_t min, max;
	size_t member;			/* offset in struct config */
	const char *doc;
};

/* A member of struct config, as the table sees it */
union member {
	uint64_t number;
	char *text;
	char **list;
	struct template *tmpl;
};

_Static_assert(sizeof(union member) == sizeof(uint64_t) && sizeof(void *) == sizeof(uint64_t),
	       "members of struct config have one size");

struct key_kind {
	const char *name;		/* as evringd --keys has it */
	/* Fills in the member, or says @why not. NULL: not a member's. */
	bool (*parse)(const struct key *key, const char *value, union member *member, char *why,
		      size_t len);
	void (*release)(union member *member);	/* NULL: there is nothing to free */
};

/* By type */
extern const struct key_kind key_kinds[];

#endif /* KEYTYPE_H */
