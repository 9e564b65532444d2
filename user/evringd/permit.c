/* SPDX-License-Identifier: MIT */
/* See permit.h. */
#include "permit.h"

#include "config.h"
#include "definition.h"
#include "problem.h"
#include "property.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define KINIT "sasl.kerberos.kinit.cmd"

/* kinit's command is a shell's, an engine and a provider are OpenSSL's modules. */
static bool runs_code(const char *property)
{
	return !strcmp(property, KINIT) || !strcmp(property, "plugin.library.paths") ||
	       !strcmp(property, "ssl.providers") || !strncmp(property, "ssl.engine.", 11);
}

/* NULL: the key is no property of librdkafka's. */
static const char *property_of(const char *key)
{
	static const char *const prefixes[] = { KAFKA_PREFIX, "producer.override." };
	size_t i;

	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(key, prefixes[i], strlen(prefixes[i])))
			return key + strlen(prefixes[i]);
	return strcmp(key, "bootstrap.servers") ? NULL : key;
}

/* Does the command have %{NAME} of this property, under any of its names? */
static bool has_variable(const char *command, const char *property)
{
	char name[80];
	size_t len;

	while ((command = strstr(command, "%{"))) {
		command += 2;
		len = strcspn(command, "}");
		if (len >= sizeof(name))
			continue;
		memcpy(name, command, len);
		name[len] = '\0';
		if (!strcmp(property_name(name), property_name(property)))
			return true;
	}
	return false;
}

/* librdkafka's own command has the principal and the keytab in it. */
static bool is_in_command(const json_t *settings, const char *property)
{
	const char *key;
	json_t *value;

	if (!strncmp(property, "sasl.kerberos.", 14))
		return true;
	json_object_foreach((json_t *)settings, key, value) {
		const char *other = property_of(key), *command = json_string_value(value);

		if (other && command && !strcmp(other, KINIT) && has_variable(command, property))
			return true;
	}
	return false;
}

/* One word for a shell, and no option. So a reference to a config provider is not plain. */
static bool is_plain(const json_t *value)
{
	char *text = json_text(value);
	bool plain = text && *text != '-' &&
		     !text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					"0123456789._/@:+=,-")];

	free(text);
	return plain;
}

static void look_at(const json_t *settings, const char *key, const json_t *value,
		    struct problems *problems)
{
	const char *property = property_of(key);

	if (!property)
		return;
	if (runs_code(property))
		problem(problems, "key \"%.80s\": runs a command or loads code, which REST may not "
			"choose; allowed: to leave it as it is, and an administrator sets it in the "
			"connector's file and sends SIGHUP", key);
	else if (value && is_in_command(settings, property) && !is_plain(value))
		problem(problems, "key \"%.80s\": becomes a part of kinit's command, which a shell "
			"runs; allowed by REST: A-Z a-z 0-9 . _ / @ : + = , - with no - at the "
			"beginning, and any in the connector's file", key);
}

void permit_check(const json_t *settings, const json_t *before, struct problems *problems)
{
	const char *key;
	json_t *value, *old;

	json_object_foreach((json_t *)settings, key, value) {
		old = json_object_get(before, key);
		if (!old || !json_equal(old, value))
			look_at(settings, key, value, problems);
	}
	json_object_foreach((json_t *)before, key, old) {
		if (!json_object_get(settings, key))
			look_at(settings, key, NULL, problems);
	}
}
