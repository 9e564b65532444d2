/* SPDX-License-Identifier: MIT */
/* A connector's file is read and checked as a whole, and all problems are told at once. */
#include "config.h"

#include "check.h"
#include "file.h"
#include "keys.h"
#include "memory.h"
#include "problem.h"

#include <errno.h>
#include <evring.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (1u << 20)
#define NAME_MAX_LEN 255

static const char *kind_of(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
	case JSON_REAL:
		return "a number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a boolean";
	default:
		return "null";
	}
}

/* A number or a boolean is the string that it would be in quotes, as in Kafka Connect. */
static void read_setting(struct config *cfg, const char *name, const json_t *value,
			 struct problems *problems)
{
	char *text;

	if (json_is_string(value)) {
		keys_set(cfg, name, json_string_value(value), problems);
	} else if (json_is_number(value) || json_is_boolean(value)) {
		text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
		keys_set(cfg, name, must(text), problems);
		free(text);
	} else {
		problem(problems, "key \"%.80s\": is %s; allowed: a string, a number or a boolean",
			name, kind_of(value));
	}
}

static void read_settings(struct config *cfg, json_t *settings, struct problems *problems)
{
	const char *name;
	json_t *value;

	if (!settings) {
		problem(problems, "key \"config\": missing; allowed: an object of keys");
		return;
	}
	if (!json_is_object(settings)) {
		problem(problems, "key \"config\": is %s; allowed: an object of keys",
			kind_of(settings));
		return;
	}
	json_object_foreach(settings, name, value) {
		read_setting(cfg, name, value, problems);
	}
}

static void read_name(struct config *cfg, const json_t *name, struct problems *problems)
{
	size_t len = json_string_length(name);

	if (!name)
		problem(problems, "key \"name\": missing; allowed: a string");
	else if (!json_is_string(name))
		problem(problems, "key \"name\": is %s; allowed: a string", kind_of(name));
	else if (!len || len > NAME_MAX_LEN)
		problem(problems, "key \"name\": is %s; allowed: 1 to %d bytes",
			len ? "too long" : "empty", NAME_MAX_LEN);
	else
		cfg->name = xstrdup(json_string_value(name));
}

/* Checks that need more than one key */
static void check_together(struct config *cfg, json_t *settings, struct problems *problems)
{
	if (cfg->name && !json_object_get(settings, "group.id")) {
		if (evring_name_ok(cfg->name))
			cfg->group = xstrdup(cfg->name);
		else
			problem(problems, "key \"name\": is not a group's name, so \"group.id\" is "
				"needed; allowed: 1 to %d of A-Z a-z 0-9 . _ -",
				EVRING_NAME_MAX - 1);
	}
	kafka_check(cfg, problems);
}

static void read_connector(struct config *cfg, json_t *root, struct problems *problems)
{
	json_t *settings = json_object_get(root, "config");
	const char *key;
	json_t *value;

	json_object_foreach(root, key, value)
		if (strcmp(key, "name") && strcmp(key, "config"))
			problem(problems,
				"key \"%.80s\": unknown; allowed: \"name\" and \"config\"", key);
	read_name(cfg, json_object_get(root, "name"), problems);
	read_settings(cfg, settings, problems);
	if (json_is_object(settings))
		check_together(cfg, settings, problems);
}

/*
 * jansson's messages about a text that is no JSON quote a part of the text, which can be a part of
 * a password: so they are told apart by how they begin, and replaced by messages of our own.
 */
static const char *syntax(const json_error_t *error)
{
	static const struct {
		const char *begins;
		const char *text;
	} errors[] = {
		{ "string or '}' expected", "a key in quotes or \"}\" is expected here" },
		{ "':' expected", "a \":\" is expected between a key and its value" },
		{ "'}' expected", "a \",\" or \"}\" is expected behind a value" },
		{ "']' expected", "a \",\" or \"]\" is expected behind a value" },
		{ "invalid escape", "a \"\\\" in a string that escapes nothing (a backslash is "
				    "written \"\\\\\")" },
		{ "invalid Unicode", "a \"\\u\" in a string that is no character" },
		{ "unexpected newline", "a string has no closing quote on its line" },
		{ "control character", "a control character in a string (write it \"\\uXXXX\")" },
		{ "\\u0000 is not allowed", "a NUL in a string" },
		{ "NUL byte", "a NUL in a key" },
		{ "unable to decode byte", "a byte that is no UTF-8" },
		{ "invalid token", "a word without quotes (strings take them)" },
		{ "unexpected token", "a value is expected here" },
		{ "end of file expected", "text behind the end of the object" },
		{ "too big", "a number that is too big" },
		{ "real number overflow", "a number that is too big" },
		{ "maximum parsing depth", "too many brackets inside each other" },
	};
	size_t i;

	if (json_error_code(error) == json_error_premature_end_of_input)
		return "the text ends too early: a quote or a bracket is not closed";
	if (json_error_code(error) == json_error_duplicate_key)
		return error->text;	/* names the key and nothing else */
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (!strncmp(error->text, errors[i].begins, strlen(errors[i].begins)))
			return errors[i].text;
	return "is no JSON";
}

struct config *config_parse(const char *text, size_t len, struct problems *problems)
{
	struct config *cfg;
	json_error_t error;
	json_t *root;

	root = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!root) {
		problem(problems, "line %d, column %d: %s", error.line, error.column,
			syntax(&error));
		return NULL;
	}
	if (!json_is_object(root)) {
		problem(problems, "is %s; allowed: {\"name\": ..., \"config\": {...}}",
			kind_of(root));
		json_decref(root);
		return NULL;
	}
	cfg = xgrow(NULL, 0, 1, sizeof(*cfg));
	keys_default(cfg);
	read_connector(cfg, root, problems);
	json_decref(root);
	return cfg;
}

struct config *config_load(const char *path, struct problems *problems)
{
	char *text = xalloc(FILE_MAX);
	ssize_t len = file_read(path, text, FILE_MAX);
	struct config *cfg = NULL;

	if (len < 0)
		problem(problems, "cannot be read: %s%s", strerror(errno), errno == EACCES ?
			" (the unit runs in the group evring: chown root:evring, chmod 640)" : "");
	else
		cfg = config_parse(text, (size_t)len, problems);
	free(text);
	return cfg;
}

void config_free(struct config *cfg)
{
	if (!cfg)
		return;
	free(cfg->name);
	keys_free(cfg);
	free(cfg);
}
