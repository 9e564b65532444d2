/* SPDX-License-Identifier: MIT */
/*
 * The keys of a connector, in one table: parsing, messages, `evringd --keys` and
 * the check of the manual page all come from it.
 */
#include "keys.h"

#include "config.h"
#include "connect.h"
#include "creation.h"
#include "describe.h"
#include "keytype.h"
#include "log.h"
#include "memory.h"
#include "pack.h"
#include "problem.h"
#include "provider.h"
#include "template.h"

#include <stdlib.h>
#include <string.h>

#define MEMBER(name) offsetof(struct config, name)
#define LETTERS_PREFIX "errors.deadletterqueue.topic."

static const struct key keys[] = {
	{ "name", KEY_NAME, NULL, "the connector's name", 0, 0, MEMBER(formal),
	  "the connector's name: needed where a file has the keys alone, else it may be repeated" },
	{ "connector.class", KEY_CLASS, "EvringSourceConnector", "EvringSourceConnector|EvringSource",
	  0, 0, MEMBER(formal), "evringd has one class, in any package" },
	{ "tasks.max", KEY_NUMBER, "1", NULL, 1, INT32_MAX, MEMBER(formal),
	  "one task runs, as a group has one reader" },
	{ "key.converter", KEY_CLASS, "StringConverter", "StringConverter", 0, 0, MEMBER(formal),
	  "a message's key is text, as \"key\" says" },
	{ "key.converter.schemas.enable", KEY_FALSE, "false", "false", 0, 0, MEMBER(formal),
	  "a key is text, and has no schema" },
	{ "group.id", KEY_GROUP, NULL, "1 to 127 of A-Z a-z 0-9 . _ -", 0, 0, MEMBER(group),
	  "the group in the kernel; default: the connector's name" },
	{ "group.start", KEY_CHOICE, "earliest", "earliest|latest", 0, 0, MEMBER(start),
	  "where a new group starts" },
	{ "group.policy", KEY_CHOICE, "hold", "hold|follow", 0, 0, MEMBER(policy),
	  "when a ring is full: hold drops new events, follow loses the oldest" },
	{ "group.abandon.ms", KEY_NUMBER, "86400000", NULL, 0, EVRING_ABANDON_MS_MAX,
	  MEMBER(abandon_ms), "how long the group holds events while no daemon runs; 0: for ever" },
	{ "lanes", KEY_LANES, NULL, "names of lanes", 0, 0, MEMBER(lanes),
	  "lanes to read, of those that the module has; default: all" },
	{ "hooks", KEY_LIST, "", "globs of hooks such as process.*, or sets: @security", 0, 0, MEMBER(hooks),
	  "hooks to attach at the start; see evring hooks" },
	{ "filter", KEY_TEXT, NULL, "an expression, see evring-filter(7)", 0, 0, MEMBER(filter),
	  "send only events that match, which evringd decides; default: all" },
	{ "hooks.snapshot", KEY_BOOLEAN, "false", "false|true", 0, 0, MEMBER(snapshot),
	  "then emit a process.state for each process that runs already" },
	{ FILTER_PREFIX "*", KEY_FILTER, NULL, "an expression, see evring-filter(7)", 0, 0, 0,
	  "of the hook with this name take only events that match; default: all" },
	{ "topic", KEY_TOPIC, "host.${type}",
	  "letters, digits, . _ - and ${type} ${lane} ${host} ${machine}", 0, 0, MEMBER(topic),
	  "topic of an event" },
	{ "key", KEY_TEMPLATE, "${machine}",
	  "text with ${type} ${lane} ${host} ${machine} ${boot} ${cpu} ${pid} ${tid} and any field",
	  0, 0, MEMBER(key),
	  "message key, cut at 1024 bytes; Kafka keeps the order of equal keys; empty: no key" },
	{ "transforms", KEY_LIST, "", "names", 0, 0, MEMBER(transforms),
	  "transforms of Kafka Connect's, in this order; see evringd(8)" },
	{ "transforms.*", KEY_SMT, NULL, "NAME.type, NAME.predicate, NAME.negate, and the type's", 0, 0,
	  0, "their types and options" },
	{ "predicates", KEY_LIST, "", "names", 0, 0, MEMBER(predicates),
	  "which events transforms are for" },
	{ "predicates.*", KEY_SMT, NULL, "NAME.type and the type's", 0, 0, 0, "their types and options" },
	{ "value.format", KEY_CHOICE, "json",
	  "json|raw|json-connect|json-schema|avro|protobuf|cloudevents", 0, 0, MEMBER(format),
	  "message value; raw: the record as it lies in the ring; see evringd(8)" },
	{ "value.converter", KEY_CLASS, NULL,
	  "JsonConverter|JsonSchemaConverter|AvroConverter|ProtobufConverter|ByteArrayConverter",
	  0, 0, MEMBER(converter), "the same by the name of Kafka Connect's class, in any package" },
	{ "value.converter.schemas.enable", KEY_BOOLEAN, "true", "false|true", 0, 0,
	  MEMBER(schemas_enable), "of JsonConverter: each message has its schema (json-connect)" },
	{ "value.converter.schema.registry.url", KEY_TEXT, NULL, "URLs with commas between", 0, 0,
	  MEMBER(registry_url),
	  "schema registry; then values begin with their schema's id; default: none" },
	{ "value.converter.auto.register.schemas", KEY_BOOLEAN, "true", "false|true", 0, 0,
	  MEMBER(auto_register), "register schemas; false: they must be there" },
	{ "value.converter.use.latest.version", KEY_BOOLEAN, "false", "false|true", 0, 0,
	  MEMBER(use_latest), "take the id of the subject's latest version, if it is this schema" },
	{ "value.converter.value.subject.name.strategy", KEY_CLASS, "TopicNameStrategy",
	  "TopicNameStrategy|RecordNameStrategy|TopicRecordNameStrategy", 0, 0, MEMBER(subject),
	  "subject of a schema: TOPIC-value, evring.process.exec, or both" },
	{ "value.converter.basic.auth.credentials.source", KEY_CHOICE, "USER_INFO", "USER_INFO", 0, 0,
	  MEMBER(formal), "where the registry's password is: in value.converter.basic.auth.user.info" },
	{ "value.converter.basic.auth.user.info", KEY_SECRET, NULL, "user:password", 0, 0,
	  MEMBER(registry_user), "for the schema registry; use a config provider" },
	{ "value.converter.schema.registry.ssl.ca.location", KEY_TEXT, NULL, "a PEM file", 0, 0,
	  MEMBER(registry_ca), "certificates of the authorities that may sign the registry's; default: the system's" },
	{ "json.layout", KEY_CHOICE, "evring", "evring|ecs|ocsf", 0, 0, MEMBER(layout),
	  "names of value.format=json: evring's, Elastic's or OCSF's; see evringd --layouts" },
	{ "data.flatten", KEY_BOOLEAN, "false", "false|true", 0, 0, MEMBER(flatten),
	  "json, avro, protobuf: the fields stand beside the envelope, not in \"data\"" },
	{ "headers", KEY_CHOICE, "evring.id,evring.type", "evring.id,evring.type|none|cloudevents",
	  0, 0, MEMBER(headers),
	  "message headers; cloudevents: in binary mode; without them a message can cost half as much" },
	{ "timestamp", KEY_CHOICE, "event", "event|send", 0, 0, MEMBER(timestamp),
	  "message time stamp: the event's, or when it was sent" },
	{ "pack.bytes", KEY_NUMBER, "0", NULL, 0, PACK_BYTES_MAX, MEMBER(pack_bytes),
	  "pack events of one topic and key into messages of up to so many bytes; 0: one event a message" },
	{ "watermark.bytes", KEY_NUMBER, "65536", NULL, 0, 1u << 30, MEMBER(watermark),
	  "when idle, wake up after so many bytes; 0: at the first event" },
	{ "flush.ms", KEY_NUMBER, "5", NULL, 0, EVRING_FLUSH_MS_MAX, MEMBER(flush_ms),
	  "... or so long after the first event; 0: at the first event" },
	{ "batch.events", KEY_NUMBER, "4096", NULL, 1, 1000000, MEMBER(batch),
	  "most events to read before looking at acknowledgements" },
	{ "inflight.max.bytes", KEY_NUMBER, "8388608", NULL, 1u << 20, 1ULL << 40,
	  MEMBER(inflight_bytes), "bound on the memory of events that are read and not acknowledged, bytes" },
	{ "inflight.max.events", KEY_NUMBER, "100000", NULL, 1, 100000000, MEMBER(inflight_events),
	  "... and events" },
	{ "errors.tolerance", KEY_CHOICE, "none", "none|all", 0, 0, MEMBER(tolerance),
	  "an event that Kafka, the registry or a transform refuses for good: none stops before it, all "
	  "declares it and goes on" },
	{ "errors.retry.timeout", KEY_TIMEOUT, "-1", "-1, or milliseconds", 0, 0,
	  MEMBER(retry_timeout_ms),
	  "how long a failed delivery is tried again before its events are refused; -1: for ever" },
	{ "errors.retry.delay.max.ms", KEY_NUMBER, "60000", NULL, 100, 3600000,
	  MEMBER(retry_delay_ms), "longest pause between two tries; the first is 100 ms" },
	{ "errors.log.enable", KEY_BOOLEAN, "false", "false|true", 0, 0, MEMBER(errors_log),
	  "log each refused event, with its identity; false: a few lines a minute" },
	{ "errors.log.include.messages", KEY_BOOLEAN, "false", "false|true", 0, 0,
	  MEMBER(errors_contents), "... with its key and the start of its value" },
	{ LETTERS_PREFIX "name", KEY_LETTERS, NULL, "letters, digits, . _ -", 0, 0, MEMBER(letters),
	  "topic for refused events, with errors.tolerance=all; default: none" },
	{ LETTERS_PREFIX "replication.factor", KEY_NUMBER, "3", NULL, 1, 32767,
	  MEMBER(letter_replicas), "its replicas, if it is not there and evringd makes it" },
	{ "errors.deadletterqueue.context.headers.enable", KEY_BOOLEAN, "true", "false|true", 0, 0,
	  MEMBER(letter_context), "give its messages headers __connect.errors.*, which tell the reason" },
	{ CREATION_PREFIX "default.partitions", KEY_CREATION, NULL, "1 to 100000, or -1", 0, 0, 0,
	  "make topics that are not there, with so many partitions; -1: the brokers' own number" },
	{ CREATION_PREFIX "default.replication.factor", KEY_CREATION, NULL, "1 to 32767, or -1", 0, 0, 0,
	  "... and replicas; both keys are needed" },
	{ CREATION_PREFIX "groups", KEY_LIST, "", "names", 0, 0, MEMBER(creation_groups),
	  "kinds of topics that are made in another way, in this order" },
	{ CREATION_PREFIX "*", KEY_CREATION, NULL,
	  "NAME.include, NAME.exclude, NAME.partitions, NAME.replication.factor, NAME.SETTING", 0, 0, 0,
	  "which topics they are and how these are made; also settings of \"default\"" },
	{ "exactly.once.support", KEY_CHOICE, "requested", "requested|required", 0, 0,
	  MEMBER(exactly_once), "requested: at least once all the same; required is refused" },
	{ "delivery.accept", KEY_WORDS, "", "loss|reordering", 0, 0, MEMBER(accept),
	  "promises that are given up, for kafka.* keys that need it" },
	{ "shutdown.timeout.ms", KEY_NUMBER, "10000", NULL, 0, 3600000, MEMBER(shutdown_ms),
	  "how long a stop waits for acknowledgements" },
	{ "device", KEY_TEXT, EVRING_DEVICE, "a path", 0, 0, MEMBER(device), "evring's device" },
	{ "machine.id", KEY_ID, NULL, "32 hex digits", 0, 0, MEMBER(machine_id),
	  "the machine in the events' identity; default: /etc/machine-id" },
	{ "log.level", KEY_CHOICE, "info", "error|warning|info|debug", 0, 0, MEMBER(log_level),
	  "least important lines to log" },
	{ "kafka.bootstrap.servers", KEY_KAFKA, NULL, "host:port[,host:port...]", 0, 0, 0,
	  "brokers to start from; required" },
	{ "kafka.*", KEY_KAFKA, NULL, "any producer property of librdkafka", 0, 0, 0,
	  "passed on; some have defaults of evringd's own, see evringd(8)" },
};

#define NR_KEYS (sizeof(keys) / sizeof(keys[0]))

static void allowed_text(const struct key *key, char *buf, size_t len)
{
	if (key->type == KEY_NUMBER)
		snprintf(buf, len, "%llu to %llu", (unsigned long long)key->min,
			 (unsigned long long)key->max);
	else
		snprintf(buf, len, "%s", key->allowed);
}

/* Kafka Connect's name of a type */
static const char *type_name(const struct key *key)
{
	switch (key->type) {
	case KEY_NUMBER:
		return key->max <= INT32_MAX ? "INT" : "LONG";
	case KEY_TIMEOUT:
		return "LONG";
	case KEY_BOOLEAN:
	case KEY_FALSE:
		return "BOOLEAN";
	case KEY_SECRET:
		return "PASSWORD";
	case KEY_LIST:
	case KEY_LANES:
	case KEY_WORDS:
		return "LIST";
	case KEY_CLASS:
		return "CLASS";
	default:
		return "STRING";
	}
}

static void fill(struct key_doc *doc, const struct key *key, const char *name)
{
	struct description is = describe(name);

	*doc = (struct key_doc){
		.name = name, .type = is.type ? is.type : type_name(key), .doc = key->doc,
		.def = key->def, .importance = is.importance, .width = is.width,
		.required = key->type == KEY_KAFKA && !strchr(key->name, '*'),
	};
	snprintf(doc->group, sizeof(doc->group), "%s", is.group);
	allowed_text(key, doc->allowed, sizeof(doc->allowed));
}

bool key_doc(size_t number, struct key_doc *doc)
{
	if (number >= NR_KEYS)
		return false;
	fill(doc, &keys[number], keys[number].name);
	return true;
}

void keys_print(FILE *to)
{
	char allowed[160];
	size_t i;

	for (i = 0; i < NR_KEYS; i++) {
		const struct key *key = &keys[i];

		allowed_text(key, allowed, sizeof(allowed));
		fprintf(to, "%s\n    %s\n    %s: %s\n", key->name, key->doc, key_kinds[key->type].name,
			allowed);
		if (key->def)
			fprintf(to, "    default: \"%s\"\n", key->def);
	}
}

#define NAME_CMP_MAX 48

/* Levenshtein's distance of the names' first characters. */
static size_t distance(const char *a, const char *b)
{
	size_t row[NAME_CMP_MAX + 1], len = strnlen(b, NAME_CMP_MAX), i, j, diagonal, above;

	for (j = 0; j <= len; j++)
		row[j] = j;
	for (i = 0; i < NAME_CMP_MAX && a[i]; i++) {
		diagonal = row[0];
		row[0] = i + 1;
		for (j = 0; j < len; j++) {
			above = row[j + 1];
			row[j + 1] = diagonal + (a[i] != b[j]);
			if (row[j + 1] > above + 1)
				row[j + 1] = above + 1;
			if (row[j + 1] > row[j] + 1)
				row[j + 1] = row[j] + 1;
			diagonal = above;
		}
	}
	return row[len];
}

static void unknown_key(const char *name, struct problems *problems)
{
	size_t best = 1 + strlen(name) / 3, i, d;
	const char *nearest = NULL;

	for (i = 0; i < NR_KEYS; i++) {
		d = distance(name, keys[i].name);
		if (d <= best && !keys[i].name[strcspn(keys[i].name, "*")]) {
			best = d;
			nearest = keys[i].name;
		}
	}
	if (nearest)
		problem(problems, "key \"%.80s\": unknown; did you mean \"%s\"?", name, nearest);
	else
		problem(problems, "key \"%.80s\": unknown; \"evringd --keys\" lists all keys",
			name);
}

static void release(struct config *cfg, const struct key *key)
{
	union member *member = (void *)((char *)cfg + key->member);

	if (key_kinds[key->type].release)
		key_kinds[key->type].release(member);
}

static bool set_member(struct config *cfg, const struct key *key, const char *value, char *why,
		       size_t len)
{
	union member new = { 0 };

	if (!key_kinds[key->type].parse(key, value, &new, why, len))
		return false;
	release(cfg, key);
	memcpy((char *)cfg + key->member, &new, sizeof(new));
	return true;
}

static void add_property(struct property **properties, size_t *nr, const char *name,
			 const char *value, const char *written)
{
	struct property *property;

	*properties = xgrow(*properties, *nr, *nr + 1, sizeof(**properties));
	property = &(*properties)[(*nr)++];
	property->name = xstrdup(name);
	property->value = xstrdup(value);
	property->written = xstrdup(written);
}

static const struct key *key_by_name(const char *name)
{
	size_t i;

	for (i = 0; i < NR_KEYS; i++)
		if (key_kinds[keys[i].type].parse && !strcmp(keys[i].name, name))
			return &keys[i];
	return NULL;
}

/* Kafka Connect has the key, and evringd behaves the same with any value of it. */
static bool is_formal(const struct key *key)
{
	return key && key->member == MEMBER(formal);
}

static bool is_template(const struct key *key)
{
	return key && (key->type == KEY_TOPIC || key->type == KEY_TEMPLATE);
}

/* The log shows a template as it is written, without the values that a provider gave. */
static void keep_written(struct config *cfg, const struct key *key, const char *written)
{
	struct template **tmpl = (void *)((char *)cfg + key->member);

	free((*tmpl)->text);
	(*tmpl)->text = xstrdup(written);
}

/* The name's rest behind the prefix; NULL: it has another prefix, or no rest. */
static const char *behind(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);

	return !strncmp(name, prefix, len) && name[len] ? name + len : NULL;
}

/* Kafka Connect's names for them are understood, too. */
static const char *kafka_property(const char *name)
{
	const char *property = behind(name, KAFKA_PREFIX);

	if (!property)
		property = behind(name, "producer.override.");
	return !property && !strcmp(name, "bootstrap.servers") ? name : property;
}

/* Messages show these keys' values, in the log, by REST, and in the errors of filters. */
static bool is_shown(const char *name)
{
	static const char *const shown[] = { "device", "lanes", "hooks", "filter" };
	size_t i;

	for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		if (!strcmp(shown[i], name))
			return true;
	return behind(name, FILTER_PREFIX);
}

/* The row whose "*" stands for a part of the name, which is not empty */
static const struct key *key_by_prefix(const char *name)
{
	size_t i, len;

	if (kafka_property(name))
		return &keys[NR_KEYS - 1];
	for (i = 0; i < NR_KEYS; i++) {
		len = strlen(keys[i].name) - 1;
		if (keys[i].name[len] == '*' && !strncmp(keys[i].name, name, len) && name[len])
			return &keys[i];
	}
	return NULL;
}

/* As in Kafka Connect each transform and each predicate has a group of its own. */
static void fill_smt(struct key_doc *doc, const char *name)
{
	const char *of = strchr(name, '.') + 1, *option = strrchr(name, '.');
	size_t len = strlen(doc->group);

	snprintf(doc->group + len, sizeof(doc->group) - len, ": %.*s", (int)strcspn(of, "."), of);
	if (!strcmp(option, ".type"))
		doc->type = "CLASS";
	else if (!strcmp(option, ".negate"))
		doc->type = "BOOLEAN";
}

bool key_doc_of(const char *name, struct key_doc *doc)
{
	const struct key *key = key_by_prefix(name);
	size_t i;

	for (i = 0; key && i < NR_KEYS; i++)
		if (!strcmp(keys[i].name, name))
			return false;
	if (!key)
		return false;
	fill(doc, key, name);
	if (key->type == KEY_SMT)
		fill_smt(doc, name);
	if (key->type == KEY_KAFKA && property_is_secret(kafka_property(name)))
		doc->type = "PASSWORD";
	return true;
}

void keys_set(struct config *cfg, const char *name, const char *value, struct problems *problems)
{
	const char *property = kafka_property(name), *type = behind(name, FILTER_PREFIX);
	const struct key *key = key_by_name(name);
	bool smt = behind(name, "transforms.") || behind(name, "predicates.");
	bool creation = !key && behind(name, CREATION_PREFIX);
	char why[400], allowed[160], *resolved;

	if (!property && !type && !smt && !creation && !key) {
		if (!connect_refuse(name, problems))
			unknown_key(name, problems);
		return;
	}
	if (is_shown(name) && provider_refers(value)) {
		problem(problems, "key \"%.80s\": no config provider is asked for it, as messages show "
			"its value", name);
		return;
	}
	resolved = provider_resolve(value, is_template(key), why, sizeof(why));
	if (!resolved) {
		problem(problems, "key \"%.80s\": %s", name, why);
		return;
	}
	if (!is_formal(key))
		add_property(&cfg->settings, &cfg->nr_settings, name, resolved, value);
	if (property) {
		add_property(&cfg->kafka, &cfg->nr_kafka, property, resolved, value);
	} else if (smt) {
		add_property(&cfg->smts, &cfg->nr_smts, name, resolved, value);
	} else if (creation) {
		add_property(&cfg->creation, &cfg->nr_creation, name, resolved, value);
	} else if (type) {
		add_property(&cfg->filters, &cfg->nr_filters, type, resolved, value);
	} else if (!set_member(cfg, key, resolved, why, sizeof(why))) {
		allowed_text(key, allowed, sizeof(allowed));
		problem(problems, "key \"%s\": %s; allowed: %s", name, why, allowed);
	} else if (is_template(key)) {
		keep_written(cfg, key, value);
	}
	free(resolved);
}

/* Numbers that are looked at each time that they are needed */
static const char *const live[] = {
	"watermark.bytes", "flush.ms", "batch.events", "errors.tolerance", "errors.retry.timeout",
	"errors.retry.delay.max.ms", "errors.log.enable", "errors.log.include.messages", "shutdown.timeout.ms", "log.level",
};

#define NR_LIVE (sizeof(live) / sizeof(live[0]))

bool key_is_live(const char *name)
{
	size_t i;

	for (i = 0; i < NR_LIVE && strcmp(live[i], name); i++)
		;
	return i < NR_LIVE;
}

void keys_adopt(struct config *cfg, const struct config *from)
{
	size_t i, at;

	for (i = 0; i < NR_LIVE; i++) {
		at = key_by_name(live[i])->member;
		memcpy((char *)cfg + at, (const char *)from + at, sizeof(uint64_t));
	}
}

void keys_default(struct config *cfg)
{
	char why[160];
	size_t i;

	for (i = 0; i < NR_KEYS; i++)
		if (keys[i].def && !set_member(cfg, &keys[i], keys[i].def, why, sizeof(why)))
			fatal("default of %s: %s", keys[i].name, why);
}

static void free_properties(struct property *properties, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		free(properties[i].name);
		free(properties[i].value);
		free(properties[i].written);
	}
	free(properties);
}

void keys_free(struct config *cfg)
{
	size_t i;

	for (i = 0; i < NR_KEYS; i++)
		release(cfg, &keys[i]);
	free_properties(cfg->kafka, cfg->nr_kafka);
	free_properties(cfg->filters, cfg->nr_filters);
	free_properties(cfg->smts, cfg->nr_smts);
	free_properties(cfg->creation, cfg->nr_creation);
	free_properties(cfg->settings, cfg->nr_settings);
}
