/* SPDX-License-Identifier: MIT */
/* The one class of connectors, and its keys: see resource.h. */
#include "resource.h"

#include "config.h"
#include "keys.h"
#include "memory.h"
#include "problem.h"
#include "transform.h"

#include <evring.h>
#include <stdlib.h>
#include <string.h>

static void add_transforms(json_t *list)
{
	const char *name, *package;
	unsigned int i;
	bool predicate, own;
	char *class;

	for (i = 0; (name = transform_class(i, &predicate, &own)); i++) {
		package = own ? "io.evring.transforms." : predicate ?
			  "org.apache.kafka.connect.transforms.predicates." :
			  "org.apache.kafka.connect.transforms.";
		class = xprintf("%s%s", package, name);
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "class", class, "type",
						      predicate ? "predicate" : "transformation",
						      "version", evring_version()));
		free(class);
	}
}

/* Those of "value.converter" and "key.converter", by their classes' whole names */
static void add_converters(json_t *list)
{
	static const char *const classes[] = {
		"org.apache.kafka.connect.json.JsonConverter",
		"io.confluent.connect.json.JsonSchemaConverter",
		"io.confluent.connect.avro.AvroConverter",
		"io.confluent.connect.protobuf.ProtobufConverter",
		"org.apache.kafka.connect.converters.ByteArrayConverter",
		"org.apache.kafka.connect.storage.StringConverter",
	};
	size_t i;

	for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "class", classes[i], "type",
						      "converter", "version", evring_version()));
}

void list_plugins(struct call *call)
{
	const struct request *request = call->request;
	json_t *list = json_pack("[{s:s, s:s, s:s}]", "class", CLASS, "type", "source", "version",
				 evring_version());

	if (request->has(request->arg, "connectorsOnly", "false")) {
		add_transforms(list);
		add_converters(list);
	}
	reply(call, 200, list);
}

static bool is_class(struct call *call)
{
	const char *dot = strrchr(call->name, '.'), *last = dot ? dot + 1 : call->name;

	if (!strcmp(last, "EvringSource") || !strcmp(last, "EvringSourceConnector"))
		return true;
	reply_error(call, 404, "Failed to find any class that implements Connector and which name "
		    "matches %s, available connectors are: " CLASS, call->name);
	return false;
}

/* The definitions of @list that are of a group, counted from 1 for the next one */
static json_int_t order_in(const json_t *list, const char *group)
{
	const json_t *of;
	json_int_t order = 1;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		of = json_object_get(json_array_get(list, i), "definition");
		if (!of)
			of = json_array_get(list, i);
		order += !strcmp(json_string_value(json_object_get(of, "group")), group);
	}
	return order;
}

/* It will be the next one of @list. */
static json_t *definition_json(const struct key_doc *key, const json_t *list)
{
	json_int_t order = order_in(list, key->group);
	char *doc = xprintf("%s; %s", key->doc, key->allowed);
	json_t *json = json_pack("{s:o, s:s, s:b, s:s?, s:s, s:s, s:o, s:s, s:o, s:[], s:I, s:I}",
		"name", text_json(key->name), "type", key->type, "required", key->required,
		"default_value", key->def, "importance", key->importance, "documentation", doc,
		"group", text_json(key->group), "width", key->width,
		"display_name", text_json(key->name), "dependents", "order", order,
		"order_in_group", order);

	free(doc);
	return must(json);
}

void show_plugin(struct call *call)
{
	json_t *list = json_array();
	struct key_doc key;
	size_t i;

	if (is_class(call)) {
		for (i = 0; key_doc(i, &key); i++)
			json_array_append_new(list, definition_json(&key, list));
		reply(call, 200, list);
	} else {
		json_decref(list);
	}
}

/*
 * Validation: each problem belongs to the key that it begins with.
 */

static bool is_of_key(const char *line, const char *key)
{
	size_t len = strlen(key);

	return !strncmp(line, "key \"", 5) && !strncmp(line + 5, key, len) && line[5 + len] == '"';
}

/* As in Kafka Connect */
#define HIDDEN "[hidden]"

static json_t *value_json(const char *name, const char *value, const struct problems *problems)
{
	json_t *errors = json_array();
	size_t i;

	for (i = 0; i < problems->nr; i++)
		if (is_of_key(problems->lines[i], name))
			json_array_append_new(errors, text_json(problems->lines[i]));
	return must(json_pack("{s:o, s:o, s:[], s:o, s:b}", "name", text_json(name), "value",
			      value ? text_json(value) : json_null(), "recommended_values",
			      "errors", errors, "visible", 1));
}

static void add_config(json_t *list, const struct key_doc *key, const json_t *setting,
		       const struct problems *problems)
{
	char *text = json_text(setting);
	const char *value = text ? text : key->def;

	if (value && !strcmp(key->type, "PASSWORD"))
		value = HIDDEN;
	json_array_append_new(list, json_pack("{s:o, s:o}", "definition", definition_json(key, list),
					      "value", value_json(key->name, value, problems)));
	free(text);
}

/* All keys, and behind them the settings for whose names a key has a "*" */
static json_t *configs_json(json_t *settings, const struct problems *problems)
{
	json_t *list = json_array(), *value;
	struct key_doc key;
	const char *name;
	size_t i;

	for (i = 0; key_doc(i, &key); i++)
		add_config(list, &key, json_object_get(settings, key.name), problems);
	json_object_foreach(settings, name, value) {
		if (key_doc_of(name, &key))
			add_config(list, &key, value, problems);
	}
	return list;
}

static bool is_listed(const json_t *list, const char *line)
{
	const json_t *value;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		value = json_object_get(json_array_get(list, i), "value");
		if (is_of_key(line, json_string_value(json_object_get(value, "name"))))
			return true;
	}
	return false;
}

/* Problems of keys that are in no table, such as misspelt ones */
static void add_others(json_t *list, const struct problems *problems)
{
	json_t *value, *errors;
	char *name;
	size_t i;

	for (i = 0; i < problems->nr; i++) {
		const char *line = problems->lines[i];

		if (is_listed(list, line))
			continue;
		name = strncmp(line, "key \"", 5) ? xstrdup("config") :
		       xprintf("%.*s", (int)strcspn(line + 5, "\""), line + 5);
		value = value_json(name, NULL, problems);
		errors = json_object_get(value, "errors");
		if (!json_array_size(errors))
			json_array_append_new(errors, text_json(line));
		json_array_append_new(list, json_pack("{s:n, s:o}", "definition", "value", value));
		free(name);
	}
}

/* In the order in which the definitions have them */
static json_t *groups_json(const json_t *list)
{
	json_t *groups = json_array(), *group;
	size_t i, k;

	for (i = 0; i < json_array_size(list); i++) {
		group = json_object_get(json_object_get(json_array_get(list, i), "definition"),
					"group");
		for (k = 0; k < json_array_size(groups); k++)
			if (json_equal(json_array_get(groups, k), group))
				break;
		if (k == json_array_size(groups))
			json_array_append(groups, group);
	}
	return groups;
}

void validate_config(struct call *call)
{
	struct problems problems = { .file = "" };
	struct definition def = { 0 };
	json_t *body, *configs, *groups;

	if (!is_class(call))
		return;
	body = call_body(call);
	if (!body)
		return;
	definition_of(&def, body, "validated.json", &problems);
	if (!problems.nr)
		config_free(connectors_check(call->rest->connectors, &def, &problems));
	configs = configs_json(json_is_object(body) ? body : NULL, &problems);
	groups = groups_json(configs);
	add_others(configs, &problems);
	reply(call, 200, json_pack("{s:s, s:I, s:o, s:o}", "name", CLASS, "error_count",
				   (json_int_t)problems.nr, "groups", groups, "configs", configs));
	json_decref(body);
	definition_free(&def);
	problems_free(&problems);
}
