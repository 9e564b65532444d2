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
	{ "header.converter.", "\"headers\"" },
	{ "topics", "\"topic\"" },
	{ "topics.regex", "\"topic\"" },
	{ "tasks.max.enforce", "to leave it out: there is one task, whatever tasks.max is" },
	{ "connector.plugin.version", "to leave it out: there is one plug-in, of evringd's version" },
	{ "admin.override.", "\"kafka.*\", librdkafka's properties of the one client" },
	{ "consumer.override.", "to leave it out: a source does not consume" },
	{ "transaction.boundary", "to leave it out: there are no transactions" },
	{ "transaction.boundary.", "to leave it out: there are no transactions" },
	{ "offsets.storage.topic", "to leave it out: the kernel keeps the positions" },
	{ "config.action.reload", "SIGHUP or PUT /connectors/NAME/config" },
};

bool connect_refuse(const char *name, struct problems *problems)
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
