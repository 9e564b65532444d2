/* SPDX-License-Identifier: MIT */
/* See describe.h. */
#include "describe.h"

#include <stddef.h>
#include <string.h>

#define COMMON		"Common"
#define SOURCE		"Source"
#define MESSAGES	"Messages"
#define REGISTRY	"Schema Registry"
#define DELIVERY	"Delivery"
#define ERRORS		"Error Handling"
#define CREATION	"Topic Creation"
#define KAFKA		"Kafka"

/* The first that fits counts: a name, or with "*" at its end how names begin. */
static const struct {
	const char *name;
	struct description is;
} table[] = {
	{ "name",			{ COMMON, "HIGH", "MEDIUM", NULL } },
	{ "connector.class",		{ COMMON, "HIGH", "LONG", "STRING" } },
	{ "tasks.max",			{ COMMON, "HIGH", "SHORT", NULL } },
	{ "key.converter*",		{ COMMON, "LOW", "SHORT", NULL } },
	{ "value.converter",		{ COMMON, "LOW", "SHORT", NULL } },
	{ "value.converter.schemas.enable", { COMMON, "LOW", "SHORT", NULL } },
	{ "log.level",			{ COMMON, "LOW", "SHORT", NULL } },
	{ "value.converter.schema.registry.url", { REGISTRY, "HIGH", "LONG", NULL } },
	{ "value.converter.basic.*",	{ REGISTRY, "MEDIUM", "MEDIUM", NULL } },
	{ "value.converter.*",		{ REGISTRY, "LOW", "MEDIUM", NULL } },
	{ "transforms*",		{ "Transforms", "LOW", "LONG", NULL } },
	{ "predicates*",		{ "Predicates", "LOW", "LONG", NULL } },
	{ "errors.retry.*",		{ ERRORS, "MEDIUM", "MEDIUM", "LONG" } },
	{ "errors.deadletterqueue.*",	{ ERRORS, "MEDIUM", "MEDIUM", NULL } },
	{ "errors.*",			{ ERRORS, "MEDIUM", "SHORT", NULL } },
	{ "topic.creation.groups",	{ CREATION, "LOW", "LONG", NULL } },
	{ "topic.creation.default.partitions", { CREATION, "LOW", "SHORT", "INT" } },
	{ "topic.creation.default.replication.factor", { CREATION, "LOW", "SHORT", "INT" } },
	{ "topic.creation.*",		{ CREATION, "LOW", "LONG", NULL } },
	{ "exactly.once.support",	{ "Exactly Once Support", "MEDIUM", "SHORT", NULL } },
	{ "hooks",			{ SOURCE, "HIGH", "LONG", NULL } },
	{ "hooks.snapshot",		{ SOURCE, "MEDIUM", "SHORT", NULL } },
	{ "hooks.filter.*",		{ SOURCE, "MEDIUM", "LONG", NULL } },
	{ "filter",			{ SOURCE, "MEDIUM", "LONG", NULL } },
	{ "lanes",			{ SOURCE, "MEDIUM", "MEDIUM", NULL } },
	{ "group.*",			{ SOURCE, "MEDIUM", "MEDIUM", NULL } },
	{ "device",			{ SOURCE, "LOW", "MEDIUM", NULL } },
	{ "machine.id",			{ SOURCE, "LOW", "MEDIUM", NULL } },
	{ "topic",			{ MESSAGES, "HIGH", "LONG", NULL } },
	{ "key",			{ MESSAGES, "MEDIUM", "LONG", NULL } },
	{ "value.format",		{ MESSAGES, "MEDIUM", "SHORT", NULL } },
	{ "json.layout",		{ MESSAGES, "LOW", "SHORT", NULL } },
	{ "data.flatten",		{ MESSAGES, "MEDIUM", "SHORT", NULL } },
	{ "headers",			{ MESSAGES, "LOW", "MEDIUM", NULL } },
	{ "timestamp",			{ MESSAGES, "LOW", "SHORT", NULL } },
	{ "pack.bytes",			{ MESSAGES, "LOW", "SHORT", NULL } },
	{ "kafka.bootstrap.servers",	{ KAFKA, "HIGH", "LONG", NULL } },
	{ "bootstrap.servers",		{ KAFKA, "HIGH", "LONG", NULL } },
	{ "kafka.*",			{ KAFKA, "MEDIUM", "MEDIUM", NULL } },
	{ "producer.override.*",	{ KAFKA, "MEDIUM", "MEDIUM", NULL } },
	{ "delivery.accept",		{ DELIVERY, "MEDIUM", "MEDIUM", NULL } },
	{ "*",				{ DELIVERY, "LOW", "SHORT", NULL } },
};

static bool fits(const char *pattern, const char *name)
{
	size_t len = strlen(pattern);

	return pattern[len - 1] == '*' ? !strncmp(pattern, name, len - 1) : !strcmp(pattern, name);
}

struct description describe(const char *name)
{
	size_t i;

	for (i = 0; !fits(table[i].name, name); i++)
		;
	return table[i].is;
}

/* By words, as a later librdkafka has more: passwords, private keys, the makers of tokens */
bool property_is_secret(const char *property)
{
	static const char *const words[] = {
		"password", "secret", "passphrase", "key.pem", "sasl.oauthbearer.config",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(property, words[i]))
			return true;
	return false;
}
