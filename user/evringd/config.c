/* SPDX-License-Identifier: MIT */
/* A connector's settings are read and checked as a whole, and all problems are told at once. */
#include "config.h"

#include "check.h"
#include "creation.h"
#include "definition.h"
#include "format.h"
#include "keys.h"
#include "memory.h"
#include "problem.h"
#include "template.h"
#include "transform.h"

#include <evring.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* A number or a boolean is the string that it would be in quotes, as in Kafka Connect. */
static void read_setting(struct config *cfg, const char *name, const json_t *value,
			 struct problems *problems)
{
	char *text = json_text(value);

	if (text)
		keys_set(cfg, name, text, problems);
	else
		problem(problems, "key \"%.80s\": is %s; allowed: a string, a number or a boolean",
			name, json_kind(value));
	free(text);
}

static bool is_own_topic(const struct config *cfg, const char *name)
{
	return cfg->topic && !strcmp(cfg->topic->text, name);
}

static void errors_check(const struct config *cfg, struct problems *problems)
{
	if (cfg->exactly_once == ONCE_REQUIRED)
		problem(problems, "key \"exactly.once.support\": evringd delivers at least once, "
			"without transactions: an event that was in flight when it was killed comes "
			"twice, with the same evring.id; allowed: requested");
	if (!cfg->letters)
		return;
	if (cfg->tolerance != TOLERATE_ALL)
		problem(problems, "key \"errors.deadletterqueue.topic.name\": nothing would come "
			"there, as evringd stops before an event that is refused; allowed: with "
			"\"errors.tolerance\": \"all\"");
	if (is_own_topic(cfg, cfg->letters))
		problem(problems, "key \"errors.deadletterqueue.topic.name\": is \"topic\" too, which "
			"has refused the event; allowed: another topic");
}

/* The group has the connector's name, if "group.id" gives it none. */
static void settle_group(struct config *cfg, json_t *settings, struct problems *problems)
{
	if (!cfg->name || json_object_get(settings, "group.id"))
		return;
	if (evring_name_ok(cfg->name))
		cfg->group = xstrdup(cfg->name);
	else
		problem(problems, "key \"name\": is not a group's name, so \"group.id\" is "
			"needed; allowed: 1 to %d of A-Z a-z 0-9 . _ -", EVRING_NAME_MAX - 1);
}

static void name_check(const struct config *cfg, json_t *settings, struct problems *problems)
{
	char *again = json_text(json_object_get(settings, "name"));

	if (cfg->name && again && strcmp(cfg->name, again))
		problem(problems, "key \"name\": in \"config\" is another one than the connector's; "
			"allowed: to leave it out");
	free(again);
}

/* Checks that need more than one key */
static void check_together(struct config *cfg, json_t *settings, struct problems *problems)
{
	name_check(cfg, settings, problems);
	settle_group(cfg, settings, problems);
	errors_check(cfg, problems);
	cfg->flatten = cfg->flatten || transforms_flatten(cfg);
	format_settle(cfg, settings, problems);
	transforms_check(cfg, problems);
	creation_check(cfg, problems);
	kafka_check(cfg, problems);
}

struct config *config_new(const char *name, json_t *settings, struct problems *problems)
{
	struct config *cfg = xgrow(NULL, 0, 1, sizeof(*cfg));
	const char *key;
	json_t *value;

	keys_default(cfg);
	cfg->name = name ? xstrdup(name) : NULL;
	if (!settings)
		return cfg;
	json_object_foreach(settings, key, value) {
		read_setting(cfg, key, value, problems);
	}
	check_together(cfg, settings, problems);
	return cfg;
}

static bool is_of_source(const char *key)
{
	static const char *const keys[] = {
		"group.id", "group.start", "group.policy", "group.abandon.ms", "lanes", "hooks",
		"hooks.snapshot", "device", "machine.id",
	};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (!strcmp(key, keys[i]))
			return true;
	return !strncmp(key, FILTER_PREFIX, strlen(FILTER_PREFIX));
}

struct config *config_of_source(const char *name, json_t *settings, struct problems *problems)
{
	struct config *cfg = xgrow(NULL, 0, 1, sizeof(*cfg));
	const char *key;
	json_t *value;

	keys_default(cfg);
	cfg->name = xstrdup(name);
	json_object_foreach(settings, key, value) {
		if (is_of_source(key))
			read_setting(cfg, key, value, problems);
	}
	settle_group(cfg, settings, problems);
	return cfg;
}

void config_apart(const struct config *cfg, const struct config *other, const char *file,
		  struct problems *problems)
{
	if (!strcmp(other->name, cfg->name))
		problem(problems, "key \"name\": \"%s\" is the connector of %s too", other->name, file);
	else if (!strcmp(other->group, cfg->group))
		problem(problems, "key \"group.id\": \"%s\" is the group of %s too; a group has one "
			"reader", other->group, file);
}

struct config *config_take(struct definition *def, struct problems *problems)
{
	struct config *cfg = NULL;

	if (def->name || def->settings)
		cfg = config_new(def->name, def->settings, problems);
	definition_free(def);
	return cfg;
}

struct config *config_parse(const char *text, size_t len, struct problems *problems)
{
	struct definition def;

	definition_parse(&def, text, len, NULL, problems);
	return config_take(&def, problems);
}

/*
 * Changes
 */

static bool has_setting(const struct config *cfg, const struct property *setting)
{
	size_t i;

	for (i = 0; i < cfg->nr_settings; i++)
		if (!strcmp(cfg->settings[i].name, setting->name))
			return !strcmp(cfg->settings[i].value, setting->value);
	return false;
}

/* What it takes to change the keys of @one that @other lacks or has another value for */
static enum config_change differences(const struct config *one, const struct config *other)
{
	enum config_change change = CONFIG_SAME;
	size_t i;

	for (i = 0; i < one->nr_settings; i++) {
		if (has_setting(other, &one->settings[i]))
			continue;
		if (!key_is_live(one->settings[i].name))
			return CONFIG_ANEW;
		change = CONFIG_LIVE;
	}
	return change;
}

enum config_change config_compare(const struct config *old, const struct config *new)
{
	enum config_change gone, come;

	if (!old)
		return CONFIG_ANEW;
	gone = differences(old, new);
	come = differences(new, old);
	return gone > come ? gone : come;
}

void config_adopt(struct config *cfg, struct config *from)
{
	struct property *settings = cfg->settings;
	size_t nr = cfg->nr_settings;

	keys_adopt(cfg, from);
	/* The next configuration is compared with these. */
	cfg->settings = from->settings;
	cfg->nr_settings = from->nr_settings;
	from->settings = settings;
	from->nr_settings = nr;
	config_free(from);
}

void config_free(struct config *cfg)
{
	if (!cfg)
		return;
	free(cfg->name);
	keys_free(cfg);
	free(cfg);
}
