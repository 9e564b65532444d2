/* SPDX-License-Identifier: MIT */
/* See keytype.h. */
#include "keytype.h"

#include "config.h"
#include "memory.h"
#include "template.h"
#include "words.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool parse_text(const struct key *key, const char *value, union member *member, char *why,
		       size_t len)
{
	(void)key;
	if (!*value) {
		snprintf(why, len, "is empty");
		return false;
	}
	member->text = xstrdup(value);
	return true;
}

static bool parse_number(const struct key *key, const char *value, union member *member, char *why,
			 size_t len)
{
	uint64_t number;

	if (!*value || value[strspn(value, "0123456789")]) {
		snprintf(why, len, "is not a whole number");
		return false;
	}
	errno = 0;
	number = strtoull(value, NULL, 10);
	if (errno || number < key->min || number > key->max) {
		snprintf(why, len, "is out of range");
		return false;
	}
	member->number = number;
	return true;
}

static bool parse_timeout(const struct key *key, const char *value, union member *member, char *why,
			  size_t len)
{
	struct key any = *key;

	any.max = UINT64_MAX / 1000000;
	member->number = UINT64_MAX;
	return !strcmp(value, "-1") || parse_number(&any, value, member, why, len);
}

/* The number of the first @len bytes of @value among the @choices; -1 if it is none of them. */
static int choice_number(const char *choices, const char *value, size_t len)
{
	int number = 0;
	size_t n;

	for (;; choices += n + 1, number++) {
		n = strcspn(choices, "|");
		if (len == n && !memcmp(choices, value, n))
			return number;
		if (!choices[n])
			return -1;
	}
}

static bool parse_choice(const struct key *key, const char *value, union member *member, char *why,
			 size_t len)
{
	int number = choice_number(key->allowed, value, strlen(value));

	if (number < 0) {
		snprintf(why, len, "is none of its values");
		return false;
	}
	member->number = (uint64_t)number;
	return true;
}

/* The last word of a class's name, by its number; a class that may be left out counts from 1. */
static bool parse_class(const struct key *key, const char *value, union member *member, char *why,
			size_t len)
{
	const char *dot = strrchr(value, '.');

	if (!parse_choice(key, dot ? dot + 1 : value, member, why, len))
		return false;
	member->number += !key->def;
	return true;
}

/* It is compared with the connector's own where that is known. */
static bool parse_name(const struct key *key, const char *value, union member *member, char *why,
		       size_t len)
{
	(void)key;
	(void)value;
	(void)member;
	(void)why;
	(void)len;
	return true;
}

static bool parse_false(const struct key *key, const char *value, union member *member, char *why,
			size_t len)
{
	(void)member;
	if (!strcmp(value, "false"))
		return true;
	snprintf(why, len, "%s", strcmp(value, "true") ? "is none of its values" : key->doc);
	return false;
}

static bool parse_id(const struct key *key, const char *value, union member *member, char *why,
		     size_t len)
{
	char *c;

	if (strlen(value) != 32 || strspn(value, "0123456789abcdefABCDEF") != 32) {
		snprintf(why, len, "is no machine id");
		return false;
	}
	parse_text(key, value, member, why, len);
	for (c = member->text; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return true;
}

static bool parse_group(const struct key *key, const char *value, union member *member, char *why,
			size_t len)
{
	if (evring_name_ok(value))
		return parse_text(key, value, member, why, len);
	snprintf(why, len, "is not a group's name");
	return false;
}

/* A bit for each word */
static bool parse_words(const struct key *key, const char *value, union member *member, char *why,
			size_t len)
{
	const char *rest = *value ? value : NULL, *word;
	unsigned int entry = 0;
	uint64_t words = 0;
	size_t n;
	int number;

	while ((word = next_word(&rest, &n))) {
		entry++;
		number = choice_number(key->allowed, word, n);
		if (number < 0) {
			snprintf(why, len, "entry %u is none of its words", entry);
			return false;
		}
		words |= 1u << number;
	}
	member->number = words;
	return true;
}

static void free_list(char **list)
{
	size_t i;

	for (i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

static bool parse_list(const struct key *key, const char *value, union member *member, char *why,
		       size_t len)
{
	char **list = xgrow(NULL, 0, 1, sizeof(*list));
	const char *rest = *value ? value : NULL, *word;
	size_t nr = 0, n;

	(void)key;
	while ((word = next_word(&rest, &n))) {
		if (!n || nr == WORDS_MAX) {
			snprintf(why, len, n ? "has more than %d entries" : "has an empty entry",
				 WORDS_MAX);
			free_list(list);
			return false;
		}
		list = xgrow(list, nr + 1, nr + 2, sizeof(*list));
		list[nr] = xalloc(n + 1);
		memcpy(list[nr], word, n);
		list[nr++][n] = '\0';
	}
	member->list = list;
	return true;
}

/* Which lanes there are is known once the device is open. */
static bool parse_lanes(const struct key *key, const char *value, union member *member, char *why,
			size_t len)
{
	char **lane;

	if (!parse_list(key, value, member, why, len))
		return false;
	for (lane = member->list; *lane && evring_name_ok(*lane); lane++)
		;
	if (!*lane && lane > member->list)
		return true;
	if (*lane)
		snprintf(why, len, "entry %u is no lane's name",
			 (unsigned int)(lane - member->list) + 1);
	else
		snprintf(why, len, "names no lane");
	free_list(member->list);
	return false;
}

static bool parse_template(const struct key *key, const char *value, union member *member,
			   char *why, size_t len)
{
	struct template *tmpl;
	const char *wrong;

	tmpl = template_parse(value, key->type == KEY_TOPIC ? TEMPLATE_TOPIC : TEMPLATE_ANY, why,
			      len);
	if (!tmpl)
		return false;
	wrong = key->type == KEY_TOPIC ? topic_template_wrong(tmpl) : NULL;
	if (wrong) {
		snprintf(why, len, "%s", wrong);
		template_free(tmpl);
		return false;
	}
	member->tmpl = tmpl;
	return true;
}

/* As in Kafka Connect, an empty one is none. */
static bool parse_letters(const struct key *key, const char *value, union member *member, char *why,
			  size_t len)
{
	if (!*value)
		return true;
	if (topic_name_ok(value, strlen(value)))
		return parse_text(key, value, member, why, len);
	snprintf(why, len, "is not a name for a topic");
	return false;
}

static void release_text(union member *member)
{
	free(member->text);
}

static void release_list(union member *member)
{
	free_list(member->list);
}

static void release_template(union member *member)
{
	template_free(member->tmpl);
}

const struct key_kind key_kinds[] = {
	[KEY_TEXT]	= { "text",	parse_text,	release_text },
	[KEY_NUMBER]	= { "number",	parse_number,	NULL },
	[KEY_TIMEOUT]	= { "number",	parse_timeout,	NULL },
	[KEY_CHOICE]	= { "choice",	parse_choice,	NULL },
	[KEY_GROUP]	= { "name",	parse_group,	release_text },
	[KEY_ID]	= { "id",	parse_id,	release_text },
	[KEY_LANES]	= { "list",	parse_lanes,	release_list },
	[KEY_LIST]	= { "list",	parse_list,	release_list },
	[KEY_WORDS]	= { "list",	parse_words,	NULL },
	[KEY_TOPIC]	= { "template",	parse_template,	release_template },
	[KEY_TEMPLATE]	= { "template",	parse_template,	release_template },
	[KEY_LETTERS]	= { "topic",	parse_letters,	release_text },
	[KEY_KAFKA]	= { "property",	NULL,		NULL },
	[KEY_FILTER]	= { "filter",	NULL,		NULL },
	[KEY_SMT]	= { "options",	NULL,		NULL },
	[KEY_CLASS]	= { "class",	parse_class,	NULL },
	[KEY_CREATION]	= { "topics",	NULL,		NULL },
	[KEY_NAME]	= { "name",	parse_name,	NULL },
	[KEY_FALSE]	= { "boolean",	parse_false,	NULL },
	[KEY_BOOLEAN]	= { "boolean",	parse_choice,	NULL },
	[KEY_SECRET]	= { "password",	parse_text,	release_text },
};
