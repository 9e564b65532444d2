/* SPDX-License-Identifier: MIT */
/* See permit.h. */
#include "permit.h"

#include "config.h"
#include "definition.h"
#include "memory.h"
#include "problem.h"
#include "property.h"
#include "provider.h"
#include "words.h"

#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KINIT "sasl.kerberos.kinit.cmd"
#define KERBEROS "sasl.kerberos."
#define OAUTHBEARER "sasl.oauthbearer."

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

	if (!strncmp(property, KERBEROS, strlen(KERBEROS)))
		return true;
	json_object_foreach((json_t *)settings, key, value) {
		const char *other = property_of(key), *command = json_string_value(value);

		if (!other || !command || strcmp(other, KINIT))
			continue;
		/* What a provider gives is not looked at here, and can have any of them. */
		if (provider_refers(command) || has_variable(command, property))
			return true;
	}
	return false;
}

/* A reference to a config provider is not. */
static bool is_plain_value(const json_t *value)
{
	char *text = json_text(value);
	bool plain = text && is_plain_word(text);

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
	else if (value && is_in_command(settings, property) && !is_plain_value(value))
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

static bool is_roots(const char *path, bool sticky)
{
	struct stat st;

	/* A link could lead elsewhere by now. */
	if (lstat(path, &st) || st.st_uid || S_ISLNK(st.st_mode))
		return false;
	return !(st.st_mode & (S_IWGRP | S_IWOTH)) || (sticky && st.st_mode & S_ISVTX);
}

/*
 * The first part of the path that another user can write, or put something in its place: NULL if
 * there is none. Folders such as /tmp lead to folders that nobody but root can replace.
 */
static char *others_part(const char *file)
{
	char here[PATH_MAX] = "", *path, *end;

	if (*file != '/' && !getcwd(here, sizeof(here)))
		return xstrdup(file);
	path = *here ? xprintf("%s/%s", here, file) : xstrdup(file);
	end = path;
	while ((end = strchr(end + 1, '/'))) {
		*end = '\0';
		if (!is_roots(path, strchr(end + 1, '/')))
			return path;
		*end = '/';
	}
	if (!is_roots(path, false))
		return path;
	free(path);
	return NULL;
}

static bool ends_in(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len >= n && !strcmp(text + len - n, end);
}

/* What the setting does that only root may have root do; NULL: nothing */
static const char *roots_alone(const struct property *set)
{
	const char *property = property_of(set->name);

	if (property && (runs_code(property) || (!strncmp(property, KERBEROS, strlen(KERBEROS)) &&
						 !is_plain_word(set->value))))
		return "runs a command or loads code";
	/* The value goes to a broker, a topic or a registry that the same file names. */
	if (provider_refers(set->written))
		return "asks a config provider";
	/* Newer librdkafka's assertion: it sends the file to token.endpoint.url. */
	if (property && !strncmp(property, OAUTHBEARER, strlen(OAUTHBEARER)) &&
	    ends_in(property, ".file"))
		return "sends what is in a file";
	return NULL;
}

void permit_root(const struct config *cfg, const char *file, struct problems *problems)
{
	char *part = geteuid() ? NULL : others_part(file);
	const char *deed;
	size_t i;

	for (i = 0; part && i < cfg->nr_settings; i++) {
		deed = roots_alone(&cfg->settings[i]);
		if (deed)
			problem(problems, "key \"%.80s\": %s, which root takes only from a file that no "
				"other user can change, and %s is not root's alone; run this as evringd's "
				"user: runuser -u evring-connect -g evring-connect -G evring -- evringd ... "
				"(for --attach: systemctl restart evring-hooks.service)",
				cfg->settings[i].name, deed, part);
	}
	free(part);
}
