/* SPDX-License-Identifier: MIT */
/* See connect.h. */
#include "connect.h"

#include "problem.h"

#include <stddef.h>
#include <string.h>

/* Refused by name; a name that ends with "." begins others. */
static const struct {
	const char *name;
	const char *instead;
} refused[] = {
	{ "key.converter.", "\"key\", whose value is text" },
	{ "value.converter.", "\"value.format\", or the keys of value.converter that "
			      "evringd --keys lists" },
	{ "header.converter", "\"headers\"" },
	{ "topics", "\"topic\"" },
	{ "transaction.boundary", "to leave it out: there are no transactions" },
	{ "transaction.boundary.", "to leave it out: there are no transactions" },
	{ "offsets.storage.topic", "to leave it out: the kernel keeps the positions" },
	{ "config.action.reload", "SIGHUP or PUT /connectors/NAME/config" },
};

static bool refuse(const char *name, struct problems *problems)
{
	size_t i, len;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		len = strlen(refused[i].name);
		if (strcmp(name, refused[i].name) &&
		    (refused[i].name[len - 1] != '.' || strncmp(name, refused[i].name, len)))
			continue;
		problem(problems, "key \"%.80s\": evringd does not support it; use %s", name,
			refused[i].instead);
		return true;
	}
	return false;
}

/* "EvringSource" or "EvringSourceConnector", in any package */
static bool is_class(const char *value)
{
	const char *dot = strrchr(value, '.'), *last = dot ? dot + 1 : value;

	return !strcmp(last, "EvringSource") || !strcmp(last, "EvringSourceConnector");
}

/* A key is the text of "key". */
static bool is_text_converter(const char *value)
{
	const char *dot = strrchr(value, '.');

	return !strcmp(dot ? dot + 1 : value, "StringConverter");
}

bool connect_key(const char *connector, const char *name, const char *value,
		 struct problems *problems)
{
	if (!strcmp(name, "name")) {
		if (connector && strcmp(connector, value))
			problem(problems, "key \"name\": in \"config\" is another one than the "
				"connector's; allowed: to leave it out");
	} else if (!strcmp(name, "connector.class")) {
		if (!is_class(value))
			problem(problems, "key \"connector.class\": evringd has one class; allowed: "
				"EvringSourceConnector");
	} else if (!strcmp(name, "key.converter")) {
		if (!is_text_converter(value))
			problem(problems, "key \"key.converter\": a key is text, as \"key\" says; "
				"allowed: StringConverter");
	} else if (!strcmp(name, "value.converter.basic.auth.credentials.source")) {
		if (strcmp(value, "USER_INFO"))
			problem(problems, "key \"%s\": is not supported; allowed: USER_INFO, with "
				"\"value.converter.basic.auth.user.info\"", name);
	} else if (!strcmp(name, "tasks.max")) {
		if (!*value || value[strspn(value, "0123456789")] || value[strspn(value, "0")] == '\0')
			problem(problems, "key \"tasks.max\": is no number of tasks; allowed: 1 or "
				"more, of which one runs, as a group has one reader");
	} else {
		return refuse(name, problems);
	}
	return true;
}
