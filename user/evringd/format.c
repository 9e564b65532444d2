/* SPDX-License-Identifier: MIT */
/* See format.h. */
#include "format.h"

#include "config.h"
#include "converter.h"
#include "file.h"
#include "problem.h"
#include "registry.h"
#include "template.h"

#include <jansson.h>
#include <string.h>
#include <unistd.h>

#define PREFIX	"value.converter"
#define URL	PREFIX ".schema.registry.url"

static bool is_set(const json_t *settings, const char *key)
{
	return json_object_get(settings, key);
}

/* As Kafka Connect's JsonConverter, it writes schemas unless it is told not to. */
static uint64_t format_of(const struct config *cfg)
{
	static const uint64_t formats[] = {
		[CLASS_JSON_SCHEMA] = VALUE_JSON_SCHEMA, [CLASS_AVRO] = VALUE_AVRO,
		[CLASS_PROTOBUF] = VALUE_PROTOBUF, [CLASS_BYTES] = VALUE_RAW,
	};

	if (cfg->converter == CLASS_JSON)
		return cfg->schemas_enable ? VALUE_CONNECT : VALUE_JSON;
	return formats[cfg->converter];
}

static void settle_class(struct config *cfg, const json_t *settings, struct problems *problems)
{
	uint64_t format;

	if (!cfg->converter) {
		if (is_set(settings, PREFIX ".schemas.enable"))
			problem(problems, "key \"" PREFIX ".schemas.enable\": is JsonConverter's; "
				"allowed: with \"" PREFIX "\", or \"value.format\" json-connect");
		return;
	}
	format = format_of(cfg);
	if (is_set(settings, "value.format") && cfg->format != format)
		problem(problems, "keys \"value.format\" and \"" PREFIX "\": say different formats; "
			"allowed: one of them");
	if (cfg->converter != CLASS_JSON && is_set(settings, PREFIX ".schemas.enable"))
		problem(problems, "key \"" PREFIX ".schemas.enable\": this converter has no such "
			"choice; allowed: to leave it out");
	cfg->format = format;
}

static bool has_type(const struct template *topic)
{
	size_t i;

	for (i = 0; i < topic->nr; i++)
		if (topic->pieces[i].what == VAR_TYPE)
			return true;
	return false;
}

static void check_registry(const struct config *cfg, struct problems *problems)
{
	const char *wrong = registry_url_wrong(cfg->registry_url);

	if (wrong)
		problem(problems, "key \"" URL "\": %s; allowed: http://host:port or "
			"https://host:port, several with commas between", wrong);
	if (!converter_of(cfg)->schema)
		problem(problems, "key \"" URL "\": this \"value.format\" goes without a registry; "
			"allowed: with avro, protobuf or json-schema");
	/* A subject has versions of one type's schema. */
	if (cfg->subject == SUBJECT_TOPIC && cfg->topic && !has_type(cfg->topic))
		problem(problems, "key \"topic\": events of several types would share a subject, and "
			"the registry would refuse the second; allowed: with ${type}, or another "
			"\"" PREFIX ".value.subject.name.strategy\" than TopicNameStrategy");
	if (cfg->registry_user && !strchr(cfg->registry_user, ':'))
		problem(problems, "key \"" PREFIX ".basic.auth.user.info\": has no password; allowed: "
			"user:password");
	wrong = cfg->registry_ca ? file_unfit(cfg->registry_ca, false) : NULL;
	if (wrong)
		problem(problems, "key \"" PREFIX ".schema.registry.ssl.ca.location\": %s; "
			"allowed: a PEM file", wrong);
}

/* Keys that would have no effect without a registry */
static void check_idle(const json_t *settings, struct problems *problems)
{
	static const char *const keys[] = {
		PREFIX ".auto.register.schemas", PREFIX ".use.latest.version",
		PREFIX ".value.subject.name.strategy", PREFIX ".basic.auth.user.info",
		PREFIX ".schema.registry.ssl.ca.location",
	};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (is_set(settings, keys[i]))
			problem(problems, "key \"%s\": there is no registry; allowed: with \"" URL "\"",
				keys[i]);
}

static void check_layout(const struct config *cfg, struct problems *problems)
{
	const bool flat = cfg->format == VALUE_AVRO || cfg->format == VALUE_PROTOBUF ||
			  (cfg->format == VALUE_JSON && cfg->layout == LAYOUT_EVRING);

	if (cfg->layout != LAYOUT_EVRING && cfg->format != VALUE_JSON)
		problem(problems, "key \"json.layout\": this \"value.format\" has names of its own; "
			"allowed: ecs and ocsf with \"value.format\" json, evring with all");
	if (cfg->flatten && cfg->layout != LAYOUT_EVRING)
		problem(problems, "key \"data.flatten\": this \"json.layout\" says where fields stand; "
			"allowed: false, or \"json.layout\" evring");
	else if (cfg->flatten && !flat)
		problem(problems, "key \"data.flatten\", or the transform Flatten: of this "
			"\"value.format\" the fields are nested; allowed: true with json, avro and protobuf");
}

void format_settle(struct config *cfg, struct json_t *settings, struct problems *problems)
{
	settle_class(cfg, settings, problems);
	if (cfg->registry_url)
		check_registry(cfg, problems);
	else
		check_idle(settings, problems);
	if (cfg->pack_bytes && !converter_of(cfg)->need)
		problem(problems, "key \"pack.bytes\": events of this \"value.format\" go one a message; "
			"allowed: 0, or more with json and raw");
	if (cfg->pack_bytes && cfg->headers == HEADERS_CLOUDEVENTS)
		problem(problems, "key \"pack.bytes\": a CloudEvent is one event; allowed: 0, or other "
			"\"headers\"");
	check_layout(cfg, problems);
}
