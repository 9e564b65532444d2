/* SPDX-License-Identifier: MIT */
/* The one class of connectors, and its keys: see resource.h. */
#include "resource.h"

#include "config.h"
#include "keys.h"
#include "memory.h"
#include "permit.h"
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

static bool is_class(const char *name)
{
	const char *dot = strrchr(name, '.'), *last = dot ? dot + 1 : name;

	return !strcmp(last, "EvringSource") || !strcmp(last, "EvringSourceConnector");
}

/*
 * A list of configurations that is being made. Clients choose how long it gets, so nothing in
 * it is searched for one by one.
 */
struct listing {
	json_t *list;
	json_t *names;			/* of its values: a set */
	json_t *groups;			/* the definitions in each, in the order in which they came */
	json_t *errors;			/* of each key: its problems */
	json_t *others;			/* all other problems */
};

static void listing_begin(struct listing *listing)
{
	listing->list = must(json_array());
	listing->names = must(json_object());
	listing->groups = must(json_object());
	listing->errors = must(json_object());
	listing->others = must(json_array());
}

static void listing_free(struct listing *listing)
{
	json_decref(listing->names);
	json_decref(listing->groups);
	json_decref(listing->errors);
	json_decref(listing->others);
}

/* It will be the next one of the list. */
static json_t *definition_json(const struct key_doc *key, struct listing *listing)
{
	json_int_t order = json_integer_value(json_object_get(listing->groups, key->group)) + 1;
	char *doc = xprintf("%s; %s", key->doc, key->allowed);
	json_t *json = json_pack("{s:o, s:s, s:b, s:s?, s:s, s:s, s:o, s:s, s:o, s:[], s:I, s:I}",
		"name", text_json(key->name), "type", key->type, "required", key->required,
		"default_value", key->def, "importance", key->importance, "documentation", doc,
		"group", text_json(key->group), "width", key->width,
		"display_name", text_json(key->name), "dependents", "order", order,
		"order_in_group", order);

	json_object_set_new(listing->groups, key->group, json_integer(order));
	free(doc);
	return must(json);
}

void show_plugin(struct call *call)
{
	struct listing listing;
	struct key_doc key;
	size_t i;

	if (!is_class(call->name)) {
		reply_error(call, 404, "Unknown plugin %s.", call->name);
		return;
	}
	listing_begin(&listing);
	for (i = 0; key_doc(i, &key); i++)
		json_array_append_new(listing.list, definition_json(&key, &listing));
	reply(call, 200, listing.list);
	listing_free(&listing);
}

/*
 * Validation: each problem belongs to the key that it begins with.
 */

/* NULL: it is of no key. Free it. */
static char *key_of(const char *line)
{
	if (strncmp(line, "key \"", 5))
		return NULL;
	return xprintf("%.*s", (int)strcspn(line + 5, "\""), line + 5);
}

static void sort_problems(struct listing *listing, const struct problems *problems)
{
	json_t *errors;
	char *key;
	size_t i;

	for (i = 0; i < problems->nr; i++) {
		key = key_of(problems->lines[i]);
		errors = key ? json_object_get(listing->errors, key) : NULL;
		/* Fails where the key was cut within a character. */
		if (key && !errors &&
		    !json_object_set_new(listing->errors, key, must(json_array())))
			errors = json_object_get(listing->errors, key);
		if (!errors)
			errors = listing->others;
		json_array_append_new(errors, text_json(problems->lines[i]));
		free(key);
	}
}

/* As in Kafka Connect */
#define HIDDEN "[hidden]"

static json_t *value_json(struct listing *listing, const char *name, const char *value)
{
	json_t *errors = json_object_get(listing->errors, name);

	errors = errors ? json_incref(errors) : json_array();
	json_object_set_new(listing->names, name, json_true());
	return must(json_pack("{s:o, s:o, s:[], s:o, s:b}", "name", text_json(name), "value",
			      value ? text_json(value) : json_null(), "recommended_values",
			      "errors", errors, "visible", 1));
}

static void add_config(struct listing *listing, const struct key_doc *key, const json_t *setting)
{
	char *text = json_text(setting);
	const char *value = text ? text : key->def;

	if (value && !strcmp(key->type, "PASSWORD"))
		value = HIDDEN;
	json_array_append_new(listing->list,
			      json_pack("{s:o, s:o}", "definition", definition_json(key, listing),
					"value", value_json(listing, key->name, value)));
	free(text);
}

/* All keys, and behind them the settings for whose names a key has a "*" */
static void add_configs(struct listing *listing, json_t *settings)
{
	struct key_doc key;
	const char *name;
	json_t *value;
	size_t i;

	for (i = 0; key_doc(i, &key); i++)
		add_config(listing, &key, json_object_get(settings, key.name));
	json_object_foreach(settings, name, value) {
		if (key_doc_of(name, &key))
			add_config(listing, &key, value);
	}
}

/* Problems of keys that are in no table, such as misspelt ones */
static void add_others(struct listing *listing)
{
	const char *name;
	json_t *errors;

	json_object_foreach(listing->errors, name, errors) {
		if (!json_object_get(listing->names, name))
			json_array_append_new(listing->list,
					      json_pack("{s:n, s:o}", "definition", "value",
							value_json(listing, name, NULL)));
	}
	if (json_array_size(listing->others)) {
		json_object_set(listing->errors, "config", listing->others);
		json_array_append_new(listing->list,
				      json_pack("{s:n, s:o}", "definition", "value",
						value_json(listing, "config", NULL)));
	}
}

/* In the order in which the definitions have them */
static json_t *groups_json(const struct listing *listing)
{
	json_t *groups = json_array(), *nr;
	const char *group;

	json_object_foreach(listing->groups, group, nr) {
		json_array_append_new(groups, text_json(group));
	}
	return groups;
}

/* False: that was answered. */
static bool is_validated(struct call *call, const json_t *body)
{
	const char *class = json_string_value(json_object_get(body, "connector.class"));

	if (!json_is_object(body))
		reply_error(call, 400, "The body is %s; allowed: an object of keys", json_kind(body));
	else if (class && !is_class(class))
		reply_error(call, 400, "Included connector type %s does not match request type %s",
			    class, call->name);
	else
		return settings_fit(call, body);
	return false;
}

void validate_config(struct call *call)
{
	struct problems problems = { .file = "" };
	struct definition def = { 0 };
	const struct entry *before;
	struct listing listing;
	json_t *body;

	if (!is_class(call->name)) {
		reply_error(call, 404, "Failed to find any class that implements Connector and which "
			    "name matches %s, available connectors are: " CLASS, call->name);
		return;
	}
	body = call_body(call);
	if (!body || !is_validated(call, body)) {
		json_decref(body);
		return;
	}
	definition_of(&def, body, "validated.json", &problems);
	if (!problems.nr) {
		before = connectors_find(call->rest->connectors, def.name);
		permit_check(def.settings, before ? before->def.settings : NULL, &problems);
		config_free(connectors_check(call->rest->connectors, &def, &problems));
	}
	listing_begin(&listing);
	sort_problems(&listing, &problems);
	add_configs(&listing, body);
	add_others(&listing);
	reply(call, 200, json_pack("{s:o, s:I, s:o, s:o}", "name", text_json(call->name),
				   "error_count", (json_int_t)problems.nr, "groups", groups_json(&listing),
				   "configs", listing.list));
	listing_free(&listing);
	json_decref(body);
	definition_free(&def);
	problems_free(&problems);
}
