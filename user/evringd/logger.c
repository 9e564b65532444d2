/* SPDX-License-Identifier: MIT */
/* /admin/loggers: "root", whose level all have, and "connector.NAME": see resource.h. */
#include "resource.h"

#include "log.h"
#include "memory.h"

#include <string.h>
#include <strings.h>

#define ROOT "root"
#define PREFIX "connector."

static const struct {
	const char *name;
	int level;
} levels[] = {
	{ "ERROR", LOG_ERR }, { "WARN", LOG_WARNING }, { "INFO", LOG_INFO }, { "DEBUG", LOG_DEBUG },
};

#define NR_LEVELS (sizeof(levels) / sizeof(levels[0]))

static json_t *logger_json(const struct connectors *cs, const struct entry *entry)
{
	uint64_t changed_ms;
	int level = connectors_level(cs, entry, &changed_ms);
	size_t i = 0;

	while (i < NR_LEVELS - 1 && levels[i].level != level)
		i++;
	return must(json_pack("{s:s, s:o}", "level", levels[i].name, "last_modified",
			      changed_ms ? json_integer((json_int_t)changed_ms) : json_null()));
}

static char *logger_name(const struct entry *entry)
{
	return xprintf(PREFIX "%s", connector_name(entry->connector));
}

void list_loggers(struct call *call)
{
	struct connectors *cs = call->rest->connectors;
	json_t *all = json_object();
	char *name;
	size_t i;

	json_object_set_new(all, ROOT, logger_json(cs, NULL));
	for (i = 0; i < connectors_nr(cs); i++) {
		name = logger_name(connectors_at(cs, i));
		json_object_set_new(all, name, logger_json(cs, connectors_at(cs, i)));
		free(name);
	}
	reply(call, 200, all);
}

/* False: it was answered that there is no such logger. *@entry: NULL for the root */
static bool find_logger(struct call *call, struct entry **entry)
{
	*entry = NULL;
	if (!strcmp(call->name, ROOT))
		return true;
	if (!strncmp(call->name, PREFIX, strlen(PREFIX)))
		*entry = connectors_find(call->rest->connectors, call->name + strlen(PREFIX));
	if (!*entry)
		reply_error(call, 404, "Logger %s not found.", call->name);
	return *entry;
}

void show_logger(struct call *call)
{
	struct entry *entry;

	if (find_logger(call, &entry))
		reply(call, 200, logger_json(call->rest->connectors, entry));
}

/* 0: that was answered. */
static int wanted_level(struct call *call)
{
	json_t *body = call_body(call);
	const char *text = json_string_value(json_object_get(body, "level"));
	int level = 0;
	size_t i;

	for (i = 0; text && i < NR_LEVELS; i++)
		if (!strcasecmp(text, levels[i].name))
			level = levels[i].level;
	if (body && !text)
		reply_error(call, 400, "Desired 'level' parameter was not specified in request.");
	else if (body && !level)
		reply_error(call, 404, "invalid log level '%s'; allowed: ERROR, WARN, INFO, DEBUG",
			    text);
	json_decref(body);
	return level;
}

/*
 * As in Kafka Connect, the root's level goes to all of them, and a change of the whole cluster,
 * which evringd is by itself, tells no names.
 */
void put_logger(struct call *call)
{
	const struct request *request = call->request;
	const char *scope = request->parameter(request->arg, "scope");
	struct connectors *cs = call->rest->connectors;
	json_t *changed = json_array();
	struct entry *entry;
	int level = 0;
	char *name;
	size_t i;

	if (find_logger(call, &entry))
		level = wanted_level(call);
	if (!level) {
		json_decref(changed);
		return;
	}
	connectors_set_level(cs, entry, level);
	if (!entry)
		json_array_append_new(changed, json_string(ROOT));
	for (i = 0; i < connectors_nr(cs); i++) {
		if (entry && connectors_at(cs, i) != entry)
			continue;
		name = logger_name(connectors_at(cs, i));
		json_array_append_new(changed, json_string(name));
		free(name);
	}
	if (scope && !strcasecmp(scope, "cluster")) {
		json_decref(changed);
		reply(call, 204, NULL);
	} else {
		reply(call, 200, changed);
	}
}
