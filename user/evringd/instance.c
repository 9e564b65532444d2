/* SPDX-License-Identifier: MIT */
/* /connectors and each of them: see resource.h. */
#include "resource.h"

#include "config.h"
#include "memory.h"
#include "permit.h"
#include "problem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Descriptions of connectors
 */

static json_t *strings_of(const json_t *settings)
{
	json_t *config = json_object(), *value;
	const char *key;
	char *text;

	json_object_foreach((json_t *)settings, key, value) {
		text = json_text(value);
		json_object_set_new(config, key, text ? json_string(text) : json_null());
		free(text);
	}
	return config;
}

json_t *config_of(const struct entry *entry)
{
	json_t *config = strings_of(entry->def.settings);

	json_object_set_new(config, "name", json_string(connector_name(entry->connector)));
	return config;
}

static json_t *task_id(const struct entry *entry)
{
	return json_pack("{s:s, s:i}", "connector", connector_name(entry->connector), "task", 0);
}

json_t *info_of(const struct entry *entry)
{
	json_t *tasks = json_array();

	if (connector_has_task(entry->connector))
		json_array_append_new(tasks, task_id(entry));
	return json_pack("{s:s, s:o, s:o, s:s}", "name", connector_name(entry->connector),
			 "config", config_of(entry), "tasks", tasks, "type", "source");
}

static json_t *expanded(const struct call *call, const struct entry *entry)
{
	const struct request *request = call->request;
	json_t *object = json_object();

	if (request->has(request->arg, "expand", "status"))
		json_object_set_new(object, "status", status_of(call->rest, entry));
	if (request->has(request->arg, "expand", "info"))
		json_object_set_new(object, "info", info_of(entry));
	return object;
}

void list_connectors(struct call *call)
{
	const struct request *request = call->request;
	bool expand = request->parameter(request->arg, "expand");
	json_t *list = expand ? json_object() : json_array();
	struct entry *entry;
	const char *name;
	size_t i;

	for (i = 0; i < connectors_nr(call->rest->connectors); i++) {
		entry = connectors_at(call->rest->connectors, i);
		name = connector_name(entry->connector);
		if (entry->removing)
			continue;
		if (expand)
			json_object_set_new(list, name, expanded(call, entry));
		else
			json_array_append_new(list, json_string(name));
	}
	reply(call, 200, list);
}

void show_connector(struct call *call)
{
	reply(call, 200, info_of(call->entry));
}

void show_config(struct call *call)
{
	reply(call, 200, config_of(call->entry));
}

void list_tasks(struct call *call)
{
	json_t *list = json_array();

	if (connector_has_task(call->entry->connector))
		json_array_append_new(list, json_pack("{s:o, s:o}", "id", task_id(call->entry),
						      "config", config_of(call->entry)));
	reply(call, 200, list);
}

/*
 * Changes
 */

/* Clients take the text apart. */
static void reply_invalid(struct call *call, const struct problems *problems)
{
	size_t len, i;
	char *list;
	FILE *out = stream_begin(&list, &len);

	for (i = 0; i < problems->nr; i++)
		fprintf(out, "%s\n", problems->lines[i]);
	stream_end(out);
	reply_error(call, 400, "Connector configuration is invalid and contains the following %zu "
		    "error(s):\n%sYou can also find the above list of errors at the endpoint "
		    "`/connector-plugins/{connectorType}/config/validate`", problems->nr, list);
	free(list);
}

/* Many times the number of keys. Some checks compare each setting with all others. */
#define SETTINGS_MAX 1000

bool settings_fit(struct call *call, const json_t *settings)
{
	if (json_object_size(settings) <= SETTINGS_MAX)
		return true;
	reply_error(call, 400, "The configuration has %zu keys; allowed by REST: at most %d",
		    json_object_size(settings), SETTINGS_MAX);
	return false;
}

/* Takes over @def. */
static void put(struct call *call, struct definition *def)
{
	struct problems problems = { .file = "" };
	const struct entry *before = connectors_find(call->rest->connectors, def->name);
	bool existed = before;
	const char *going;
	struct config *cfg;
	int ret;

	snprintf(call->name, sizeof(call->name), "%s", def->name);
	if (!settings_fit(call, def->settings)) {
		definition_free(def);
		return;
	}
	permit_check(def->settings, before ? before->def.settings : NULL, &problems);
	cfg = connectors_check(call->rest->connectors, def, &problems);
	going = connectors_going(call->rest->connectors, call->name, cfg->group);
	ret = problems.nr || going ? 0 : connectors_put(call->rest->connectors, def, cfg);
	if (going)
		reply_error(call, 409, "Connector %s is being deleted; try again", going);
	else if (problems.nr)
		reply_invalid(call, &problems);
	else if (ret)
		reply_errno(call, ret);
	if (problems.nr || ret || going) {
		config_free(cfg);
	} else {
		reply(call, existed ? 200 : 201,
		      info_of(connectors_find(call->rest->connectors, call->name)));
		if (!existed)
			call->answer->location = xprintf("/connectors/%s", call->name);
	}
	problems_free(&problems);
	definition_free(def);
}

/* False: the configuration is another connector's, and that was answered. */
static bool names_agree(struct call *call, const char *name, const json_t *settings)
{
	const char *other = json_string_value(json_object_get(settings, "name"));

	if (!other || !strcmp(other, name))
		return true;
	reply_error(call, 400, "Connector name configuration (%s) doesn't match connector name in the "
		    "URL (%s)", other, name);
	return false;
}

static bool name_fits(struct call *call, const char *name)
{
	if (definition_name_ok(name))
		return true;
	reply_error(call, 400, "A connector's name is of letters, digits, \".\", \"_\" and \"-\", and "
		    "does not begin with \".\"");
	return false;
}

void create_connector(struct call *call)
{
	struct problems problems = { .file = "" };
	json_t *body = call_body(call);
	struct definition def;

	if (!body)
		return;
	definition_of(&def, body, NULL, &problems);
	json_decref(body);
	if (problems.nr) {
		reply_invalid(call, &problems);
	} else if (name_fits(call, def.name) && names_agree(call, def.name, def.settings)) {
		if (connectors_find(call->rest->connectors, def.name)) {
			reply_error(call, 409, "Connector %s already exists", def.name);
		} else {
			put(call, &def);
		}
	}
	problems_free(&problems);
	definition_free(&def);
}

/* Takes over @settings. An existing connector keeps its target state. */
static void put_settings(struct call *call, json_t *settings)
{
	struct definition def = { .name = xstrdup(call->name), .settings = settings };
	enum connector_state state = call->entry ? connector_target(call->entry->connector) :
						   CONNECTOR_RUNNING;

	def.state = xstrdup(connector_state_name(state));
	put(call, &def);
}

void put_config(struct call *call)
{
	json_t *body;

	if (!name_fits(call, call->name))
		return;
	body = call_body(call);
	if (!body)
		return;
	if (!json_is_object(body)) {
		reply_error(call, 400, "The body is %s; allowed: an object of keys",
			    json_kind(body));
	} else if (names_agree(call, call->name, body)) {
		put_settings(call, body);
		return;
	}
	json_decref(body);
}

/* null removes a key. */
static void merge(json_t *settings, json_t *patch)
{
	const char *key;
	json_t *value;

	json_object_foreach(patch, key, value) {
		if (json_is_null(value))
			json_object_del(settings, key);
		else
			json_object_set(settings, key, value);
	}
}

void patch_config(struct call *call)
{
	json_t *body = call_body(call), *settings;

	if (!body)
		return;
	if (call->entry->refused) {
		/* The file's are not those that it would be based on. */
		json_decref(body);
		reply_errno(call, -EBADMSG);
		return;
	}
	if (!json_is_object(body)) {
		reply_error(call, 400, "The body is no object of keys");
	} else if (!call->entry->def.settings) {
		/* It is of the command line. */
		reply_errno(call, -EROFS);
	} else {
		settings = must(json_deep_copy(call->entry->def.settings));
		merge(settings, body);
		put_settings(call, settings);
	}
	json_decref(body);
}

void delete_connector(struct call *call)
{
	int ret = connectors_remove(call->rest->connectors, call->entry);

	if (ret)
		reply_errno(call, ret);
	else
		reply(call, 204, NULL);
}
