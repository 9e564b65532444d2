/* SPDX-License-Identifier: MIT */
/* The options of a transform or a predicate: keys behind "transforms.NAME.". */
#include "transforming.h"

#include <stdarg.h>

const char *option(const struct options *options, const char *name)
{
	size_t i, len = strlen(options->prefix);

	for (i = 0; i < options->cfg->nr_smts; i++) {
		const struct property *smt = &options->cfg->smts[i];

		if (!strncmp(smt->name, options->prefix, len) && !strcmp(smt->name + len, name))
			return smt->value;
	}
	return NULL;
}

/* The name that stands in the list is not told: any value can be a secret. */
void option_no_type(const struct options *options, const char *list)
{
	problem(options->problems, "key \"%s\": entry %zu has no \"%s.NAME.type\"", list,
		options->entry, list);
}

const char *option_needed(const struct options *options, const char *name)
{
	const char *value = option(options, name);

	if (!value)
		problem(options->problems, "key \"%.200s%s\": missing", options->prefix, name);
	return value;
}

void option_wrong(const struct options *options, const char *name, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	problem(options->problems, "key \"%.200s%s\": %s", options->prefix, name, text);
}

static const char *const packages[] = {
	"org.apache.kafka.connect.transforms.predicates.", "org.apache.kafka.connect.transforms.",
	"io.evring.transforms.", "",
};

const char *class_name(const char *class)
{
	size_t i, len;

	for (i = 0;; i++) {
		len = strlen(packages[i]);
		if (!strncmp(class, packages[i], len))
			return class + len;
	}
}

const struct transform_kind *kind_find(const struct transform_kind *const *list, const char *class)
{
	const char *name = class_name(class);
	size_t len;

	for (; *list; list++) {
		len = strlen((*list)->name);
		if (!strncmp(name, (*list)->name, len) &&
		    (!name[len] || ((*list)->fields && !strcmp(name + len, "$Value"))))
			return *list;
	}
	return NULL;
}

/* Kafka Connect's others */
static const struct {
	const char *class;
	const char *instead;
} instead_of[] = {
	{ "Cast",		"\"value.format\", as types are the kernel's" },
	{ "ExtractField",	"\"key\"" },
	{ "HoistField",		"nothing, as the fields are in \"data\"" },
	{ "SetSchemaMetadata",	"nothing, as schemas are named after the types" },
	{ "TimestampConverter",	"the fields time and time_ns" },
	{ "ValueToKey",		"\"key\", such as ${uid}" },
};

#define NR_OTHERS (sizeof(instead_of) / sizeof(instead_of[0]))

void option_no_class(const struct options *options, const char *class)
{
	const char *name = class_name(class);
	size_t i, len = strcspn(name, "$");

	if (!strcmp(name + len, "$Key")) {
		option_wrong(options, "type", "evringd's keys are text; use \"key\"");
		return;
	}
	for (i = 0; i < NR_OTHERS; i++) {
		if (strlen(instead_of[i].class) == len && !strncmp(instead_of[i].class, name, len)) {
			option_wrong(options, "type", "evringd has no %s; use %s", instead_of[i].class,
				     instead_of[i].instead);
			return;
		}
	}
	option_wrong(options, "type", "is no transform of evringd's; allowed: RegexRouter, "
		     "TimestampRouter, Filter, ReplaceField, InsertField, MaskField, InsertHeader, "
		     "HeaderFrom, DropHeaders, Flatten, with or without the package and $Value; UserNames, "
		     "Container, Ancestors");
}
