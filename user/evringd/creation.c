/* SPDX-License-Identifier: MIT */
/* See creation.h. */
#include "creation.h"

#include "config.h"
#include "memory.h"
#include "problem.h"
#include "transforming.h"
#include "words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT "default"
#define PARTITIONS_MAX 100000
#define REPLICAS_MAX 32767

struct patterns {
	struct pattern **list;
	size_t nr;
};

/* One name of topic.creation.groups, or "default" */
struct kind {
	struct plan plan;
	struct patterns include, exclude;
	bool includes;			/* "include" is set, even if it is wrong */
	const struct property **settings;
};

/* The groups in their order, and behind them the default */
struct creation {
	size_t nr;
	struct kind kinds[];
};

/* Keys of one group, while they are read */
struct reading {
	const struct config *cfg;
	struct problems *problems;
	const char *alias;
	struct kind *kind;
};

static const char *setting_of(const struct reading *r, const struct property *property)
{
	size_t len = strlen(r->alias);

	if (strncmp(property->name, CREATION_PREFIX, strlen(CREATION_PREFIX)) ||
	    strncmp(property->name + strlen(CREATION_PREFIX), r->alias, len) ||
	    property->name[strlen(CREATION_PREFIX) + len] != '.')
		return NULL;
	return property->name + strlen(CREATION_PREFIX) + len + 1;
}

static void read_number(const struct reading *r, const struct property *property, int max,
			int *number)
{
	const char *value = property->value;
	char *end;
	long n;

	errno = 0;
	n = strtol(value, &end, 10);
	*number = (int)n;
	if (!*value || *end || errno || n < -1 || !n || n > max) {
		*number = -1;
		problem(r->problems, "key \"%.200s\": is no such number; allowed: 1 to %d, or -1 for "
			"the brokers' own", property->name, max);
	}
}

static void read_patterns(const struct reading *r, const struct property *property,
			  struct patterns *patterns)
{
	const char *rest = property->value, *word;
	struct pattern *pattern;
	char why[200], *text;
	size_t len;

	while ((word = next_word(&rest, &len))) {
		text = xprintf("%.*s", (int)len, word);
		snprintf(why, sizeof(why), "is one too many");
		pattern = len && patterns->nr < WORDS_MAX ?
			  pattern_new(text, why, sizeof(why)) : NULL;
		free(text);
		if (!pattern) {
			problem(r->problems, "key \"%.200s\": entry %zu %s; allowed: regular "
				"expressions of topics, with commas between", property->name,
				patterns->nr + 1, len ? why : "is empty");
			return;
		}
		patterns->list = xgrow(patterns->list, patterns->nr, patterns->nr + 1,
				       sizeof(*patterns->list));
		patterns->list[patterns->nr++] = pattern;
	}
}

static void read_one(const struct reading *r, const struct property *property, const char *name)
{
	struct kind *kind = r->kind;
	bool is_default = !strcmp(r->alias, DEFAULT);

	if (!strcmp(name, "partitions")) {
		read_number(r, property, PARTITIONS_MAX, &kind->plan.partitions);
	} else if (!strcmp(name, "replication.factor")) {
		read_number(r, property, REPLICAS_MAX, &kind->plan.replicas);
	} else if (is_default && (!strcmp(name, "include") || !strcmp(name, "exclude"))) {
		problem(r->problems, "key \"%.200s\": the default is for all topics that are in no "
			"group; allowed: for a name of \"topic.creation.groups\"", property->name);
	} else if (!strcmp(name, "include")) {
		kind->includes = true;
		read_patterns(r, property, &kind->include);
	} else if (!strcmp(name, "exclude")) {
		read_patterns(r, property, &kind->exclude);
	} else {
		kind->settings = xgrow(kind->settings, kind->plan.nr_settings,
				       kind->plan.nr_settings + 1, sizeof(*kind->settings));
		kind->settings[kind->plan.nr_settings++] = property;
		kind->plan.settings = kind->settings;
		kind->plan.skip = (size_t)(name - property->name);
	}
}

static void read_kind(const struct reading *r)
{
	size_t i;

	for (i = 0; i < r->cfg->nr_creation; i++) {
		const struct property *property = &r->cfg->creation[i];
		const char *name = setting_of(r, property);

		if (name && *name)
			read_one(r, property, name);
	}
}

static void strays_check(const struct config *cfg, struct problems *problems)
{
	size_t i, len;
	char **group;

	for (i = 0; i < cfg->nr_creation; i++) {
		const char *alias = cfg->creation[i].name + strlen(CREATION_PREFIX);

		len = strcspn(alias, ".");
		if (alias[len] && alias[len + 1] && len == strlen(DEFAULT) &&
		    !strncmp(alias, DEFAULT, len))
			continue;
		for (group = cfg->creation_groups; group && *group; group++)
			if (strlen(*group) == len && !strncmp(*group, alias, len))
				break;
		if (!strcmp(alias, "enable"))
			problem(problems, "key \"" CREATION_PREFIX "enable\": is a worker's; allowed: to "
				"leave it out, as evringd makes topics if \"topic.creation.default.*\" "
				"is set");
		else if (!group || !*group || !alias[len] || !alias[len + 1])
			problem(problems, "key \"%.200s\": \"topic.creation.groups\" names no \"%.*s\"",
				cfg->creation[i].name, (int)len, alias);
	}
}

/* As in Kafka Connect, the default is a must, and groups inherit partitions and replicas. */
static struct creation *make(const struct config *cfg, struct problems *problems)
{
	size_t nr = 0, i;
	struct creation *creation;
	struct kind *kind, *last;

	while (cfg->creation_groups && cfg->creation_groups[nr])
		nr++;
	creation = xzalloc(sizeof(*creation) + (nr + 1) * sizeof(creation->kinds[0]));
	creation->nr = nr + 1;
	last = &creation->kinds[nr];
	for (i = nr + 1; i--;) {
		const struct reading r = {
			.cfg = cfg, .problems = problems, .kind = &creation->kinds[i],
			.alias = i < nr ? cfg->creation_groups[i] : DEFAULT,
		};

		kind = r.kind;
		kind->plan.partitions = last->plan.partitions;
		kind->plan.replicas = last->plan.replicas;
		read_kind(&r);
		if (i < nr && (!strcmp(r.alias, DEFAULT) || strchr(r.alias, '.')))
			problem(problems, "key \"topic.creation.groups\": entry %zu is no group's name; "
				"allowed: names without a dot, but not " DEFAULT, i + 1);
		else if (i < nr && !kind->includes)
			problem(problems, "key \"topic.creation.groups\": entry %zu has no \""
				CREATION_PREFIX "GROUP.include\", so no topic is in the group", i + 1);
	}
	if (!last->plan.partitions)
		problem(problems, "key \"" CREATION_PREFIX DEFAULT ".partitions\": missing");
	if (!last->plan.replicas)
		problem(problems, "key \"" CREATION_PREFIX DEFAULT ".replication.factor\": missing");
	return creation;
}

static bool is_wanted(const struct config *cfg)
{
	return cfg->nr_creation || (cfg->creation_groups && cfg->creation_groups[0]);
}

void creation_check(const struct config *cfg, struct problems *problems)
{
	if (!is_wanted(cfg))
		return;
	strays_check(cfg, problems);
	creation_free(make(cfg, problems));
}

struct creation *creation_new(const struct config *cfg)
{
	struct problems none = { 0 };
	struct creation *creation = is_wanted(cfg) ? make(cfg, &none) : NULL;

	problems_free(&none);
	return creation;
}

static void patterns_free(struct patterns *patterns)
{
	while (patterns->nr)
		pattern_free(patterns->list[--patterns->nr]);
	free(patterns->list);
}

void creation_free(struct creation *creation)
{
	size_t i;

	for (i = 0; creation && i < creation->nr; i++) {
		patterns_free(&creation->kinds[i].include);
		patterns_free(&creation->kinds[i].exclude);
		free(creation->kinds[i].settings);
	}
	free(creation);
}

static bool matches(const struct patterns *patterns, const char *topic)
{
	size_t i;

	for (i = 0; i < patterns->nr; i++)
		if (pattern_match(patterns->list[i], topic, strlen(topic)) > 0)
			return true;
	return false;
}

const struct plan *creation_plan(const struct creation *creation, const char *topic)
{
	size_t i;

	if (!creation)
		return NULL;
	for (i = 0; i + 1 < creation->nr; i++)
		if (matches(&creation->kinds[i].include, topic) &&
		    !matches(&creation->kinds[i].exclude, topic))
			break;
	return &creation->kinds[i].plan;
}
