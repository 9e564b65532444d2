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

#define GROUP "Common"

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

static json_t *definition_json(const struct key_doc *key, size_t order)
{
	char *doc = xprintf("%s; %s", key->doc, key->allowed);
	json_t *json = json_pack("{s:s, s:s, s:b, s:s?, s:s, s:s, s:s, s:s, s:s, s:[], s:I, s:I}",
		"name", key->name, "type", key->type, "required", key->required,
		"default_value", key->def, "importance", key->required ? "HIGH" : "MEDIUM",
		"documentation", doc, "group", GROUP, "width", "MEDIUM", "display_name", key->name,
		"dependents", "order", (json_int_t)order, "order_in_group", (json_int_t)order);

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
			json_array_append_new(list, definition_json(&key, i + 1));
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

static json_t *value_json(const char *name, const char *value, const struct problems *problems)
{
	json_t *errors = json_array();
	size_t i;

	for (i = 0; i < problems->nr; i++)
		if (is_of_key(problems->lines[i], name))
			json_array_append_new(errors, text_json(problems->lines[i]));
	return json_pack("{s:s, s:s?, s:[], s:o, s:b}", "name", name, "value", value,
			 "recommended_values", "errors", errors, "visible", 1);
}

static json_t *configs_json(const json_t *settings, const struct problems *problems)
{
	json_t *list = json_array();
	struct key_doc key;
	char *value;
	size_t i;

	for (i = 0; key_doc(i, &key); i++) {
		value = json_text(json_object_get(settings, key.name));
		json_array_append_new(list, json_pack("{s:o, s:o}", "definition",
			definition_json(&key, i + 1), "value",
			value_json(key.name, value ? value : key.def, problems)));
		free(value);
	}
	return list;
}

/* Problems of keys that are in no table, such as misspelt ones */
static void add_others(json_t *list, const struct problems *problems)
{
	struct key_doc key;
	char *name;
	size_t i, k;

	for (i = 0; i < problems->nr; i++) {
		const char *line = problems->lines[i];

		for (k = 0; key_doc(k, &key) && !is_of_key(line, key.name); k++)
			;
		if (key_doc(k, &key))
			continue;
		name = strncmp(line, "key \"", 5) ? xstrdup("config") :
		       xprintf("%.*s", (int)strcspn(line + 5, "\""), line + 5);
		json_array_append_new(list, json_pack("{s:n, s:o}", "definition", "value",
			json_pack("{s:o, s:n, s:[], s:[o], s:b}", "name", text_json(name), "value",
				  "recommended_values", "errors", text_json(line), "visible", 1)));
		free(name);
	}
}

void validate_config(struct call *call)
{
	struct problems problems = { .file = "" };
	struct definition def = { 0 };
	json_t *body, *configs;

	if (!is_class(call))
		return;
	body = call_body(call);
	if (!body)
		return;
	definition_of(&def, body, "validated.json", &problems);
	if (!problems.nr)
		config_free(connectors_check(call->rest->connectors, &def, &problems));
	configs = configs_json(json_is_object(body) ? body : NULL, &problems);
	add_others(configs, &problems);
	reply(call, 200, json_pack("{s:s, s:I, s:[s], s:o}", "name", CLASS, "error_count",
				   (json_int_t)problems.nr, "groups", GROUP, "configs", configs));
	json_decref(body);
	definition_free(&def);
	problems_free(&problems);
}
