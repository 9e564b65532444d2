/* SPDX-License-Identifier: MIT */
/*
 * Configurations, good, bad and hostile. With the manual page as its argument
 * it checks that the page has every key with its default.
 */
#include "../harness/tap.h"

#include "evringd.h"

#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BROKERS "\"kafka.bootstrap.servers\": \"localhost:9092\""
#define BROKERS_ARE(list) \
	"{\"name\": \"n\", \"config\": {\"kafka.bootstrap.servers\": \"" list "\"}}"
#define WITH(settings) "{\"name\": \"n\", \"config\": {" BROKERS ", " settings "}}"

static bool has(const struct problems *problems, const char *part)
{
	size_t i;

	for (i = 0; i < problems->nr; i++)
		if (strstr(problems->lines[i], part))
			return true;
	return false;
}

static void show(const struct problems *problems)
{
	size_t i;

	for (i = 0; i < problems->nr; i++)
		printf("# %s\n", problems->lines[i]);
}

/* Exactly one problem, and it says @part. */
static void refuses_bytes(const char *text, size_t len, const char *part, const char *name)
{
	struct problems problems = { .file = "test" };
	struct config *cfg = config_parse(text, len, &problems);
	bool good = problems.nr == 1 && has(&problems, part);

	ok(good, name);
	if (!good)
		show(&problems);
	problems_free(&problems);
	config_free(cfg);
}

static void refuses(const char *text, const char *part, const char *name)
{
	refuses_bytes(text, strlen(text), part, name);
}

static struct config *takes(const char *text, const char *name)
{
	struct problems problems = { .file = "test" };
	struct config *cfg = config_parse(text, strlen(text), &problems);

	ok(cfg && !problems.nr, name);
	show(&problems);
	problems_free(&problems);
	return cfg;
}

#define A64	"abcdefghijklmnopqrstuvwxyz0123456789.-_ABCDEFGHIJKLMNOPQRSTUVWXY"

/* Is a list these names, with commas between? */
static bool names_are(char **names, const char *expected)
{
	char text[256] = "";
	size_t len = 0;

	for (; *names; names++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", len ? "," : "",
					*names);
	return !strcmp(text, expected);
}

static void defaults(void)
{
	struct config *cfg = takes("{\"name\": \"host-events\", \"config\": {" BROKERS "}}",
				   "the smallest configuration");

	ok(!strcmp(cfg->group, "host-events"), "the group is called as the connector");
	ok(cfg->start == EVRING_EARLIEST && cfg->policy == EVRING_HOLD &&
	   cfg->abandon_ms == 86400000 && !cfg->lanes && !cfg->hooks[0] &&
	   cfg->format == VALUE_JSON && !cfg->accept &&
	   cfg->inflight_bytes == 8 << 20 && cfg->inflight_events == 100000 &&
	   cfg->tolerance == TOLERATE_NONE && cfg->shutdown_ms == 10000 &&
	   !strcmp(cfg->device, "/dev/evring") && cfg->headers == HEADERS_ALL &&
	   cfg->timestamp == TIMESTAMP_EVENT && !cfg->pack_bytes, "defaults");
	config_free(cfg);
}

static void values(void)
{
	struct config *cfg = takes(WITH(
		"\"group.id\": \"g\", \"group.start\": \"latest\", \"group.policy\": \"follow\", "
		"\"group.abandon.ms\": \"2147483647\", \"lanes\": \" bulk , app\", "
		"\"hooks\": \"process.*,file.open\", \"topic\": \"a.${lane}\", \"key\": \"\", "
		"\"value.format\": \"raw\", \"watermark.bytes\": \"65536\", \"flush.ms\": \"5\", "
		"\"errors.tolerance\": \"all\", \"device\": \"/dev/x\", \"log.level\": \"debug\", "
		"\"hooks.filter.process.exec\": \"uid == 0\", "
		"\"kafka.compression.type\": \"lz4\", \"kafka.linger.ms\": \"50\""),
		"every kind of value");

	ok(!strcmp(cfg->group, "g") && cfg->start == EVRING_LATEST &&
	   cfg->policy == EVRING_FOLLOW && cfg->abandon_ms == INT32_MAX &&
	   names_are(cfg->lanes, "bulk,app"), "the group's values");
	ok(!strcmp(cfg->hooks[0], "process.*") && !strcmp(cfg->hooks[1], "file.open") &&
	   !cfg->hooks[2], "the list of hooks");
	ok(!cfg->key->nr && cfg->topic->nr == 2 && cfg->format == VALUE_RAW &&
	   cfg->watermark == 65536 && cfg->flush_ms == 5 && cfg->tolerance == TOLERATE_ALL &&
	   !strcmp(cfg->device, "/dev/x") && cfg->log_level == 3, "the other values");
	ok(cfg->nr_kafka == 3 && !strcmp(kafka_brokers(cfg), "localhost:9092"),
	   "kafka.* is kept");
	ok(cfg->nr_filters == 1 && !strcmp(cfg->filters[0].name, "process.exec") &&
	   !strcmp(cfg->filters[0].value, "uid == 0"), "hooks.filter.* is kept");
	config_free(cfg);
}

static void bare_values(void)
{
	struct config *cfg = takes(WITH("\"batch.events\": 12, \"kafka.linger.ms\": 0.5, "
					"\"kafka.socket.keepalive.enable\": true"),
				   "numbers and booleans without quotes");

	ok(cfg->batch == 12 && !strcmp(cfg->kafka[1].value, "0.5") &&
	   !strcmp(cfg->kafka[2].value, "true"), "they are what they would be in quotes");
	config_free(cfg);
}

/* A file that is no JSON: the place and the fault are told, and no text of the file. */
static void no_secret_in_syntax(void)
{
	static const char *const texts[] = {
		"\\&x\"", "\" \"Secr", "\"\"Secr\"", "Secr", "\nSecr\"", "\tSecr\"",
		"\\u12G4Secr\"", "\\uD800Secr\"", "\\u0000Secr\"", "\", \"Secr\"}",
		"\", Secr", "\"}} Secr", "\"]",
		"\xff\"", "'", "\"; \"", "\" \\", "\"\"",
	};
	char text[200];
	size_t i, n;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct problems problems = { .file = "test" };
		struct config *cfg;
		bool good;

		n = (size_t)snprintf(text, sizeof(text), "{\"name\": \"n\", \"config\": "
				     "{\"kafka.sasl.password\": \"Secret%s", texts[i]);
		cfg = config_parse(text, n, &problems);
		good = problems.nr == 1 && has(&problems, "line ") && !has(&problems, "Secr") &&
		       !has(&problems, "is no JSON");
		ok(good, "a syntax error behind a password");
		if (!good)
			show(&problems);
		problems_free(&problems);
		config_free(cfg);
	}
}

/* Every key with a value that it does not take. */
static void no_value_in_errors(void)
{
	static const char *const keys[] = {
		"group.id", "group.start", "group.policy", "group.abandon.ms", "lanes", "hooks",
		"topic", "key", "value.format", "value.converter", "json.layout", "data.flatten",
		"headers", "timestamp", "pack.bytes",
		"watermark.bytes", "flush.ms", "batch.events", "inflight.max.bytes",
		"inflight.max.events", "errors.tolerance", "delivery.accept", "shutdown.timeout.ms",
		"machine.id", "log.level",
		"kafka.acks", "kafka.linger.ms", "kafka.security.protocol",
		"kafka.enable.idempotence", "kafka.no.such", "no.such",
	};
	char text[400];
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct problems problems = { .file = "test" };
		struct config *cfg;
		bool good;

		snprintf(text, sizeof(text), WITH("\"%s\": \"Secr3t /,,${Secr3t}\""), keys[i]);
		cfg = config_parse(text, strlen(text), &problems);
		good = problems.nr == 1 && has(&problems, keys[i]) && !has(&problems, "ecr3t");
		ok(good, "a value is not in the error");
		if (!good)
			show(&problems);
		problems_free(&problems);
		config_free(cfg);
	}
}

static void no_json(void)
{
	char deep[5000];

	refuses("", "line", "an empty file");
	refuses("{\"name\": \"n\", \"config\": {\"top", "line 1, column", "a truncated file");
	refuses("{\"name\": \"n\",\n\"config\": {},\n}", "line 3, column", "a comma too many");
	refuses(WITH("\"topic\": \"a\"") " x", "line 1, column", "text behind the end");
	refuses(WITH("\"topic\": \"a\", \"topic\": \"b\""), "duplicate", "a key twice");
	refuses(WITH("\"topic\": \"a\\u0000b\""), "line 1, column", "an escaped NUL");
	refuses(WITH("\"topic\": \"\xff\xfe\""), "line 1, column", "invalid UTF-8");
	refuses(WITH("\"topic\": 1e999999"), "line 1, column", "a number that is no double");
	refuses(WITH("\"topic\": 99999999999999999999999"), "line 1, column",
		"a number of 23 digits");
	refuses_bytes("{\"name\0\": 1}", 12, "line 1, column", "a NUL in the file");
	memset(deep, '[', sizeof(deep));
	refuses_bytes(deep, sizeof(deep), "line 1, column", "5000 arrays, one in the other");
	refuses(WITH("\"device\": \"${env:HOME}\""), "no config provider", "a secret that messages would show");
	refuses(WITH("\"hooks.filter.process.exec\": \"comm == '${env:HOME}'\""), "no config provider", "in a filter");
	refuses("[1]", "an array", "an array");
	refuses("\"text\"", "a string", "a string");
	refuses("12", "a number", "a number");
	refuses("null", "null", "null");
}

static void wrong_shape(void)
{
	char name[400];

	refuses("{\"config\": {" BROKERS ", \"group.id\": \"g\"}}", "\"name\": missing", "no name");
	refuses("{\"name\": \"n\"}", "\"config\": missing", "no config");
	refuses("{\"name\": \"n\", \"config\": []}", "\"config\": is an array",
		"config is an array");
	refuses("{\"name\": \"n\", \"config\": {" BROKERS "}, \"tasks\": []}",
		"\"tasks\": unknown", "an unknown key beside config");
	refuses("{\"name\": 1, \"config\": {" BROKERS ", \"group.id\": \"g\"}}",
		"\"name\": is a number", "a number as a name");
	refuses("{\"name\": \"\", \"config\": {" BROKERS ", \"group.id\": \"g\"}}",
		"\"name\": is empty", "an empty name");
	refuses("{\"name\": \"a b\", \"config\": {" BROKERS "}}", "group.id",
		"a name that is no group's and no group.id");
	snprintf(name, sizeof(name), "{\"name\": \"%0300d\", \"config\": {" BROKERS
		 ", \"group.id\": \"g\"}}", 1);
	refuses(name, "\"name\": is too long", "a name of 300 bytes");
}

static void wrong_values(void)
{
	refuses(WITH("\"group.star\": \"latest\""), "did you mean \"group.start\"?", "a typo");
	refuses(WITH("\"x\": \"1\""), "--keys", "a key like no other");
	refuses(WITH("\"batch.events\": 0"), "allowed: 1 to 1000000", "a JSON number too small");
	refuses(WITH("\"batch.events\": 12.5"), "whole number", "a JSON number with a fraction");
	refuses(WITH("\"group.start\": true"), "allowed: earliest|latest", "a boolean");
	refuses(WITH("\"group.start\": null"), "is null; allowed: a string", "null as a value");
	refuses(WITH("\"hooks\": [\"a\"]"), "is an array; allowed: a string",
		"an array as a value");
	refuses(WITH("\"group.start\": \"\""), "allowed: earliest|latest", "an empty choice");
	refuses(WITH("\"group.start\": \"earliest|latest\""), "none of its values", "both choices");
	refuses(WITH("\"batch.events\": \"\""), "whole number", "an empty number");
	refuses(WITH("\"batch.events\": \"-1\""), "whole number", "a negative number");
	refuses(WITH("\"batch.events\": \"1e3\""), "whole number", "an exponent");
	refuses(WITH("\"batch.events\": \" 1\""), "whole number", "a blank before a number");
	refuses(WITH("\"batch.events\": \"0\""), "allowed: 1 to 1000000", "a number too small");
	refuses(WITH("\"group.abandon.ms\": \"2147483648\""), "0 to 2147483647",
		"an abandonment that the kernel refuses");
	refuses(WITH("\"group.abandon.ms\": \"18446744073709551616\""), "out of range", "2^64 ms");
	refuses(WITH("\"group.id\": \"" A64 A64 "\""), "not a group's name",
		"a group's name of 128 bytes");
	refuses(WITH("\"machine.id\": \"\""), "is no machine id", "an empty machine id");
	refuses(WITH("\"machine.id\": \"0123456789abcdef0123456789abcdeg\""), "is no machine id",
		"a machine id with a letter too far");
	refuses(WITH("\"lanes\": \"\""), "names no lane", "no lane");
	refuses(WITH("\"lanes\": \"critical,no/lane\""), "entry 2 is no lane's name",
		"no lane's name");
	refuses(WITH("\"hooks\": \"a,,b\""), "empty entry", "an empty glob");
	refuses(WITH("\"topic\": \"host/${type}\""), "no topic may have", "a slash in a topic");
	refuses(WITH("\"key\": \"${pid\""), "without", "an open variable");
	refuses(WITH("\"device\": \"\""), "is empty", "no device");
	refuses(WITH("\"\": \"5\""), "unknown", "a key of no character");
}

static void connects_keys(void)
{
	static const char *const by_name[] = {
		"header.converter", "header.converter.a", "topics", "topics.regex",
		"tasks.max.enforce", "connector.plugin.version", "admin.override.a",
		"consumer.override.a", "transaction.boundary", "transaction.boundary.interval.ms",
		"offsets.storage.topic", "config.action.reload",
	};
	char text[1000];
	size_t i;

	config_free(takes(WITH("\"name\": \"n\", \"tasks.max\": 4, \"exactly.once.support\": "
			       "\"requested\", \"connector.class\": \"io.evring.EvringSource\""),
			  "keys of Kafka Connect's that change nothing"));
	config_free(takes("{\"name\": \"n\", \"config\": {\"bootstrap.servers\": \"h:1\", "
			  "\"producer.override.linger.ms\": 5}}", "brokers and producer.override"));
	config_free(takes("{\"name\": \"n\", " BROKERS "}", "keys without \"config\""));
	refuses("{" BROKERS "}", "\"name\": missing", "keys without \"config\", and no name");
	refuses(WITH("\"name\": \"other\""), "another one", "two names");
	refuses(WITH("\"tasks.max\": \"0\""), "out of range", "no task");
	config_free(takes(WITH("\"key.converter\": \"org.apache.kafka.connect.storage.StringConverter\", "
			       "\"key.converter.schemas.enable\": false, "
			       "\"value.converter.basic.auth.credentials.source\": \"USER_INFO\""),
			  "a key that is text, without a schema"));
	refuses(WITH("\"key.converter.schemas.enable\": true"), "a key is text, and has no schema",
		"a key with a schema");
	refuses(WITH("\"key.converter.schemas.enable\": \"perhaps\""), "none of its values",
		"a key with half a schema");
	refuses(WITH("\"value.converter.basic.auth.credentials.source\": \"SASL_INHERIT\""),
		"allowed: USER_INFO", "a password from elsewhere");
	refuses(WITH("\"connector.class\": \"FileStreamSource\""), "EvringSourceConnector",
		"another class");
	refuses(WITH("\"transforms\": \"a\""), "entry 1 has no \"transforms.NAME.type\"", "transforms");
	refuses(WITH("\"transforms.a.type\": \"b\""), "names no \"a\"", "a transform");
	refuses(WITH("\"value.converter\": \"b\""), "allowed: JsonConverter", "no converter");
	refuses(WITH("\"value.converter.enhanced.avro.schema.support\": \"true\""),
		"use \"value.format\", or", "a converter's key that is not known");
	refuses(WITH("\"key.converter\": \"a.AvroConverter\""), "StringConverter", "a key that is no text");
	for (i = 0; i < sizeof(by_name) / sizeof(by_name[0]); i++) {
		snprintf(text, sizeof(text), WITH("\"%s\": \"x\""), by_name[i]);
		refuses(text, "evringd does not support it; use", by_name[i]);
	}
	refuses(WITH("\"exactly.once.support\": \"required\""), "at least once", "exactly once");
	refuses(WITH("\"exactly.once.support\": \"maybe\""), "requested|required", "once or so");
	refuses(WITH("\"errors.deadletterqueue.topic.name\": \"d\""), "nothing would come there",
		"a dead-letter topic without tolerance");
	refuses(WITH("\"errors.tolerance\": \"all\", \"errors.deadletterqueue.topic.name\": \"a b\""),
		"not a name for a topic", "a dead-letter topic that cannot be");
	config_free(takes(WITH("\"errors.tolerance\": \"all\", \"errors.log.enable\": true, "
			       "\"errors.deadletterqueue.topic.name\": \"d\", "
			       "\"errors.deadletterqueue.topic.replication.factor\": 1, "
			       "\"errors.deadletterqueue.context.headers.enable\": false"),
			  "a dead-letter topic"));
	refuses("{\"name\": \"n\", \"config\": {" BROKERS "}, \"initial_state\": \"UP\"}",
		"initial_state\": is no state", "no state to start in");
}

#define CREATION(rest) WITH("\"topic.creation.default.partitions\": 3, " \
			      "\"topic.creation.default.replication.factor\": -1" rest)

static void creation_is(const struct creation *creation, const char *topic, int partitions,
			int replicas, size_t settings, const char *name)
{
	const struct plan *plan = creation_plan(creation, topic);

	ok(plan && plan->partitions == partitions && plan->replicas == replicas &&
	   plan->nr_settings == settings, name);
}

static void topic_creation(void)
{
	const char *text = CREATION(", \"topic.creation.default.cleanup.policy\": \"delete\", "
		"\"topic.creation.groups\": \"a, b\", \"topic.creation.a.include\": \"x, a.*\", "
		"\"topic.creation.a.exclude\": \"ab\", \"topic.creation.a.partitions\": \"1\", "
		"\"topic.creation.b.include\": \"a[bc]\", \"topic.creation.b.replication.factor\": 2");
	struct problems problems = { .file = "test" };
	struct config *cfg = config_parse(text, strlen(text), &problems);
	struct creation *creation = creation_new(cfg);

	ok(!problems.nr, "topic.creation.*");
	show(&problems);
	creation_is(creation, "other", 3, -1, 1, "the default, with a setting");
	creation_is(creation, "x", 1, -1, 0, "a group's topic, by its regular expressions");
	creation_is(creation, "ac", 1, -1, 0, "the first group of two");
	creation_is(creation, "ab", 3, 2, 0, "but not one that it excludes");
	creation_is(creation, "xx", 3, -1, 1, "an expression is of the whole topic");
	creation_free(creation);
	config_free(cfg);
	problems_free(&problems);
	ok(!creation_plan(NULL, "x"), "without keys no topic is made");
	refuses(WITH("\"topic.creation.default.partitions\": 3"),
		"replication.factor\": missing", "half of them");
	refuses(CREATION(", \"topic.creation.g.partitions\": 3"), "names no \"g\"", "a group without a name");
	refuses(CREATION(", \"topic.creation.groups\": \"g\""), "entry 1 has no \"topic.creation.GROUP.include", "a group of nothing");
	refuses(CREATION(", \"topic.creation.groups\": \"g\", \"topic.creation.g.include\": \"(\""),
		"entry 1 is no regular expression", "no regular expression");
	refuses(CREATION(", \"topic.creation.default.include\": \"x\""), "in no group", "the default is for all");
	refuses(CREATION(", \"topic.creation.enable\": \"true\""), "is a worker's", "a worker's key");
	refuses(CREATION(", \"topic.creation.default\": \"true\""), "names no \"default\"", "no option");
	refuses(WITH("\"topic.creation.default.partitions\": 0, "
		       "\"topic.creation.default.replication.factor\": 1"), "1 to 100000", "no partition");
	refuses(CREATION(", \"topic.creation.groups\": \"default\", \"topic.creation.default.x\": 1"),
		"no group's name", "the default as a group");
}

static void format_is(const char *text, uint64_t format, const char *name)
{
	struct config *cfg = takes(text, name);

	ok(cfg->format == format, name);
	config_free(cfg);
}

#define CONVERTER(class) "\"value.converter\": \"" class "\""
#define REGISTRY "\"value.converter.schema.registry.url\": \"http://r:8081\""

static void formats(void)
{
	format_is(WITH(CONVERTER("org.apache.kafka.connect.json.JsonConverter")), VALUE_CONNECT,
		  "JsonConverter writes schemas");
	format_is(WITH(CONVERTER("JsonConverter") ", \"value.converter.schemas.enable\": false"),
		  VALUE_JSON, "... unless it is told not to");
	format_is(WITH(CONVERTER("io.confluent.connect.avro.AvroConverter") ", " REGISTRY),
		  VALUE_AVRO, "AvroConverter");
	format_is(WITH(CONVERTER("io.confluent.connect.protobuf.ProtobufConverter")), VALUE_PROTOBUF,
		  "ProtobufConverter");
	refuses(WITH(CONVERTER("AvroConverter") ", \"value.format\": \"json\""),
		"say different formats", "two formats");
	refuses(WITH("\"value.converter.schemas.enable\": \"true\""), "JsonConverter's",
		"schemas.enable of no converter");
	refuses(WITH("\"value.converter.use.latest.version\": \"true\""), "there is no registry",
		"a registry's key without one");
	refuses(WITH(REGISTRY), "goes without a registry", "a registry for plain JSON");
	refuses(WITH("\"value.format\": \"avro\", \"topic\": \"t\", " REGISTRY),
		"would share a subject", "a subject of several types");
	refuses(WITH("\"value.format\": \"avro\", "
		     "\"value.converter.schema.registry.url\": \"http://a:Secr3t@r\""),
		"has a name or a password in it", "a password in the URL");
	refuses(WITH("\"value.format\": \"avro\", \"pack.bytes\": \"4000\""), "go one a message",
		"packs of Avro");
	refuses(WITH("\"value.format\": \"json-connect\", \"data.flatten\": \"true\""),
		"the fields are nested; allowed: true with json, avro and protobuf",
		"json-connect that is flat");
	refuses(WITH("\"value.format\": \"avro\", \"json.layout\": \"ecs\""),
		"key \"json.layout\": this \"value.format\" has names of its own; allowed: ecs and "
		"ocsf with \"value.format\" json", "a layout of Avro");
	refuses(WITH("\"json.layout\": \"ocsf\", \"data.flatten\": \"true\""),
		"this \"json.layout\" says where fields stand", "a flat layout");
	refuses(WITH("\"json.layout\": \"cef\""), "evring|ecs|ocsf", "another layout");
	config_free(takes(WITH("\"data.flatten\": \"true\""), "flat JSON"));
	config_free(takes(WITH("\"json.layout\": \"ecs\", \"pack.bytes\": \"4000\""),
			  "packs of a layout"));
}

/* @with as one more key: same, live or anew */
static void change(const char *one, const char *other, enum config_change expected,
		   const char *name)
{
	struct config *a = takes(one, "before"), *b = takes(other, "after");

	ok(a && b && config_compare(a, b) == expected && config_compare(b, a) == expected, name);
	config_free(a);
	config_free(b);
}

static void changes(void)
{
	struct config *a = takes(WITH("\"batch.events\": 5"), "before");
	struct config *b = takes(WITH("\"batch.events\": 6"), "after");

	ok(config_compare(NULL, a) == CONFIG_ANEW, "without one before");
	config_adopt(a, b);
	ok(a->batch == 6, "a number is adopted");
	b = takes(WITH("\"batch.events\": 5"), "the first again");
	ok(config_compare(a, b) == CONFIG_LIVE, "to go back is a change, too");
	config_free(b);
	b = takes(WITH("\"batch.events\": 6"), "the same again");
	ok(config_compare(a, b) == CONFIG_SAME, "what was adopted is the same");
	config_free(b);
	config_free(a);
	change(WITH("\"batch.events\": 5"), WITH("\"batch.events\": \"5\""), CONFIG_SAME,
	       "a number and its text are the same");
	change(WITH("\"batch.events\": 5"), WITH("\"batch.events\": 6"), CONFIG_LIVE,
	       "a number that can change in place");
	change(WITH("\"batch.events\": 5"), WITH("\"tasks.max\": 1"), CONFIG_LIVE,
	       "or go");
	change(WITH("\"batch.events\": 5"), WITH("\"pack.bytes\": 5"), CONFIG_ANEW,
	       "one that cannot");
	change(WITH("\"kafka.linger.ms\": 5"), WITH("\"kafka.linger.ms\": 6"), CONFIG_ANEW,
	       "a property");
	setenv("CHANGES", "5", 1);
	a = takes(WITH("\"kafka.linger.ms\": \"${env:CHANGES}\""), "a value from elsewhere");
	setenv("CHANGES", "6", 1);
	b = takes(WITH("\"kafka.linger.ms\": \"${env:CHANGES}\""), "and another one there");
	ok(config_compare(a, b) == CONFIG_ANEW, "which is a change");
	config_free(a);
	config_free(b);
}

static void names(void)
{
	static const char *const good[] = { "a", "A.b_c-9", "a..b" };
	static const char *const bad[] = { "", ".", "..", ".a", "a/b", "../a", "a b", "a\n", "\xc3\xa4" };
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++)
		ok(definition_name_ok(good[i]), "a name that a file can have");
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(!definition_name_ok(bad[i]), "and one that it cannot");
}

static bool folder_fails;
static unsigned int folder_syncs;

/* In place of libc's: of a folder it can fail. */
int fsync(int fd)
{
	struct stat st = { 0 };

	if (!fstat(fd, &st) && S_ISDIR(st.st_mode))
		folder_syncs++;
	if (folder_fails && S_ISDIR(st.st_mode)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fsync, fd);
}

/* A written file is read again as it was; an error leaves the old file. */
static void files(void)
{
	char folder[] = "/tmp/config_test.XXXXXX", path[64], text[4096];
	struct problems problems = { .file = "test" };
	const struct stamp none = { 0 };
	struct definition def, back;
	struct stamp back_stamp;
	size_t len;
	FILE *file;

	if (!mkdtemp(folder))
		return;
	snprintf(path, sizeof(path), "%s/n.json", folder);
	snprintf(text, sizeof(text), "{\"name\": \"n\", \"config\": {\"topic\": \"${file:/x:y}\"}, "
		 "\"initial_state\": \"PAUSED\"}");
	definition_parse(&def, text, strlen(text), NULL, &problems);
	ok(!problems.nr && !definition_write(&def, path, &none), "a definition is written");
	definition_load(&back, path, &problems);
	ok(!problems.nr && !strcmp(back.name, "n") && !strcmp(back.state, "PAUSED"), "and read");
	back_stamp = back.stamp;
	definition_free(&back);
	file = fopen(path, "r");
	len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	text[len] = '\0';
	if (file)
		fclose(file);
	ok(strstr(text, "${file:/x:y}") != NULL, "without the value of a provider");
	ok(definition_write(&def, path, &none) == -ESTALE, "a file that has come meanwhile stays");
	ok(stamp_holds(&def.stamp, path), "what was written is known again");
	ok(!definition_write(&def, path, &back_stamp), "and replaced");
	ok(definition_write(&def, path, &back_stamp) == -ESTALE, "a file that is another one is not");
	back_stamp = def.stamp;
	folder_fails = true;
	ok(!definition_write(&def, path, &back_stamp) && stamp_holds(&def.stamp, path),
	   "a file that is replaced is, though a power failure may bring the old one back");
	folder_fails = false;
	ok(definition_write(&def, "/nonexistent/n.json", &none) == -ENOENT, "a folder that there is not");
	folder_syncs = 0;
	ok(!definition_remove(path) && access(path, F_OK) && folder_syncs == 1,
	   "a file is removed for good");
	ok(!definition_remove(path) && folder_syncs == 1, "one that is gone is removed already");
	ok(definition_remove("/proc/self/stat") < 0, "one that cannot be removed stays");
	ok(!rmdir(folder), "nothing else is left there");
	definition_free(&def);
	problems_free(&problems);
}

static void wrong_kafka(void)
{
	refuses("{\"name\": \"n\", \"config\": {}}", "bootstrap.servers\": missing", "no brokers");
	refuses(WITH("\"kafka.no.such\": \"1\""), "has no such property",
		"a property that librdkafka does not know");
	refuses(WITH("\"kafka.\": \"1\""), "unknown", "a property without a name");
	refuses(WITH("\"kafka.linger.ms\": \"soon\""), "linger.ms", "a word as a number");
	refuses(WITH("\"kafka.transactional.id\": \"t\""), "without transactions", "transactions");
	refuses(WITH("\"kafka.delivery.report.only.error\": \"true\""), "delivery reports",
		"no delivery reports");
	refuses(WITH("\"kafka.linger.ms\": 9999999"), "allowed: 0 .. 900000",
		"a property out of the range that librdkafka gives it");
	refuses(WITH("\"kafka.compression.type\": \"lz5\""), "zstd",
		"a word that is none of its words");
	refuses(WITH("\"kafka.ssl.ca.location\": \"/Secr3t/x\", "
		     "\"kafka.security.protocol\": \"ssl\""),
		"ssl.ca.location failed", "what only a producer can tell");
}

/* A file with these settings, quotes for apostrophes */
static const char *settings(const char *apostrophes)
{
	static char text[800];
	char *c;

	snprintf(text, sizeof(text), WITH("%s"), apostrophes);
	for (c = text; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	return text;
}

static void promises_kept(void)
{
	static const char *const taken[] = {
		"'kafka.acks': 'all'",
		"'kafka.acks': '-1'",
		"'kafka.message.timeout.ms': '0'",
		"'kafka.retries': '2147483647'",
		"'kafka.enable.idempotence': true",
		"'kafka.max.in.flight': '5'",
		"'kafka.partitioner': 'murmur2_random'",
		"'kafka.message.max.bytes': '276000'",
		"'kafka.message.max.bytes': '35000', 'value.format': 'raw'",
		"'kafka.message.max.bytes': '340000', 'transforms': 'a', 'transforms.a.type': 'Ancestors'",
		"'kafka.message.max.bytes': '302048', 'pack.bytes': '300000'",
		"'pack.bytes': '900000'",
		"'kafka.queue.buffering.max.messages': '0'",
		"'kafka.queue.buffering.max.messages': '50', 'inflight.max.events': 50",
		"'kafka.queue.buffering.max.kbytes': '8192'",
		"'kafka.batch.size': '1'",
		"'delivery.accept': 'loss, reordering'",
	};
	size_t i;

	for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		config_free(takes(settings(taken[i]), taken[i]));
}

static void promises_broken(void)
{
	static const struct {
		const char *settings;
		const char *part;	/* of the problem */
	} broken[] = {
		{ "'kafka.acks': '0'", "key \"kafka.acks\": an event that not all" },
		{ "'kafka.acks': 1", "key \"kafka.acks\": an event that not all" },
		{ "'kafka.request.required.acks': '0'", "\"kafka.request.required.acks\": an event" },
		{ "'kafka.acks': 'all', 'kafka.request.required.acks': 'all'", "two names" },
		{ "'kafka.linger.ms': '1', 'kafka.queue.buffering.max.ms': '1'", "two names" },
		{ "'kafka.message.timeout.ms': '300000'", "given up" },
		{ "'kafka.delivery.timeout.ms': '120000'", "\"kafka.delivery.timeout.ms\"" },
		{ "'kafka.retries': '10'", "so many tries" },
		{ "'kafka.message.send.max.retries': '3'", "so many tries" },
		{ "'kafka.test.mock.num.brokers': 1", "in this process" },
		{ "'kafka.enable.idempotence': false", "reorders and duplicates" },
		{ "'kafka.max.in.flight': '6'", "five requests" },
		{ "'kafka.queuing.strategy': 'lifo'", "reorders" },
		{ "'kafka.partitioner': 'random'", "equal keys" },
		{ "'kafka.topic.blacklist': 'host.*'", "never be delivered" },
		{ "'kafka.message.max.bytes': '1000'", "does not fit" },
		{ "'kafka.message.max.bytes': '276000', 'transforms': 'a', "
		  "'transforms.a.type': 'Ancestors'", "does not fit" },
		{ "'kafka.message.max.bytes': '300000', 'pack.bytes': '300000'", "does not fit" },
		{ "'kafka.queue.buffering.max.messages': '99999'", "inflight.max.events" },
		{ "'kafka.queue.buffering.max.kbytes': '1'", "inflight.max.bytes" },
		{ "'kafka.queue.buffering.max.kbytes': '8191'", "inflight.max.bytes" },
		{ "'delivery.accept': 'loss,all'", "entry 2 is none of its words" },
	};
	size_t i;

	for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		refuses(settings(broken[i].settings), broken[i].part, broken[i].settings);
}

static void promises_done_without(void)
{
	static const struct {
		const char *settings;
		const char *accept;
	} waived[] = {
		{ "'kafka.message.timeout.ms': '300000'", "loss" },
		{ "'kafka.delivery.timeout.ms': '120000'", "loss" },
		{ "'kafka.retries': '10'", "loss" },
		{ "'kafka.retries': '0', 'kafka.enable.idempotence': 'false'", "loss,reordering" },
		{ "'kafka.message.send.max.retries': '3'", "loss" },
		{ "'kafka.test.mock.num.brokers': 1", "loss" },
		{ "'kafka.enable.idempotence': false", "reordering" },
		{ "'kafka.partitioner': 'random'", "reordering" },
		{ "'kafka.queuing.strategy': 'lifo', 'kafka.enable.idempotence': false",
		  "reordering" },
	};
	struct problems warnings = { .file = "test" };
	struct config *cfg;
	char text[400];
	size_t i;

	for (i = 0; i < sizeof(waived) / sizeof(waived[0]); i++) {
		snprintf(text, sizeof(text), "%s, 'delivery.accept': '%s'", waived[i].settings,
			 waived[i].accept);
		cfg = takes(settings(text), text);
		kafka_warn(cfg, &warnings);
		ok(warnings.nr == (strchr(waived[i].accept, ',') ? 2 : 1) &&
		   has(&warnings, "delivery.accept"), "it is warned of");
		problems_free(&warnings);
		config_free(cfg);
	}
}

static void brokers(void)
{
	static const char *const taken[] = {
		"a", "a:1", "a:65535", "a-b.c_d:9092, e:1", "10.0.0.1:9092",
		"[::1]:9092", "[fe80::1]", "plaintext://a:9092", "PLAINTEXT://a",
	};
	static const struct {
		const char *list;
		const char *part;	/* of the problem */
	} wrong[] = {
		{ "", "is empty" },
		{ ",", "entry 1 is empty" },
		{ "a:1,", "entry 2 is empty" },
		{ "a:1,,b:1", "entry 2 is empty" },
		{ "a:", "port" },
		{ "a:x", "port" },
		{ "a:0", "port" },
		{ "a:65536", "port" },
		{ "a:9092x", "port" },
		{ "a:99999999999999999999", "port" },
		{ "a:-1", "port" },
		{ "a:1:2", "port" },
		{ ":9092", "no host" },
		{ "http://a:9092", "another protocol" },
		{ "ssl://a:9092", "another protocol" },
		{ "://a", "another protocol" },
		{ "a:9092/x", "port" },
		{ "a/b", "characters" },
		{ "a b:1", "characters" },
		{ "[::1", "brackets" },
		{ "[]:1", "brackets" },
		{ "[x]:1", "brackets" },
		{ "::1", "no host" },
	};
	char text[300];
	size_t i;

	for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		snprintf(text, sizeof(text), BROKERS_ARE("%s"), taken[i]);
		config_free(takes(text, taken[i]));
	}
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), BROKERS_ARE("%s"), wrong[i].list);
		refuses(text, wrong[i].part, wrong[i].list);
	}
	refuses("{\"name\": \"n\", \"config\": {\"kafka.metadata.broker.list\": \",a\"}}",
		"\"kafka.metadata.broker.list\": entry 1",
		"brokers by librdkafka's own name for them");
}

#define SASL(protocol, mechanism) \
	"\"kafka.security.protocol\": \"" protocol "\", \"kafka.sasl.mechanism\": \"" mechanism "\""

/* Debian 12's librdkafka is built without it. */
static void oidc(void)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	bool have = rd_kafka_conf_set(conf, "sasl.oauthbearer.method", "oidc", NULL, 0) ==
		    RD_KAFKA_CONF_OK;

	rd_kafka_conf_destroy(conf);
	refuses(WITH(SASL("sasl_plaintext", "OAUTHBEARER")
		     ", \"kafka.sasl.oauthbearer.method\": \"oidc\""),
		/* Which key it misses first differs from version to version. */
		have ? "` is mandatory when `sasl.oauthbearer.method=" : "this build of librdkafka",
		"OIDC without a client");
	if (have)
		config_free(takes(WITH(SASL("sasl_plaintext", "OAUTHBEARER")
				       ", \"kafka.sasl.oauthbearer.method\": \"oidc\""
				       ", \"kafka.sasl.oauthbearer.client.id\": \"c\""
				       ", \"kafka.sasl.oauthbearer.client.secret\": \"s\""
				       ", \"kafka.sasl.oauthbearer.token.endpoint.url\": "
				       "\"http://127.0.0.1:1/\""), "OIDC with what it needs"));
}

static void security(void)
{
	static const char key[] = "\"kafka.security.protocol\": \"ssl\", "
				  "\"kafka.ssl.key.location\": \"/nowhere\"";
	char text[400];

	refuses(WITH("\"kafka.sasl.username\": \"u\""), "without SASL", "a user name and no SASL");
	refuses(WITH("\"kafka.ssl.ca.location\": \"/x\""), "without TLS", "a CA and no TLS");
	refuses(WITH(SASL("sasl_plaintext", "PLAIN") ", \"kafka.sasl.username\": \"u\""),
		"\"kafka.sasl.password\": missing", "PLAIN without a password");
	refuses(WITH(SASL("sasl_ssl", "SCRAM-SHA-512") ", \"kafka.sasl.password\": \"p\""),
		"\"kafka.sasl.username\": missing", "SCRAM without a user name");
	config_free(takes(WITH(SASL("SASL_PLAINTEXT", "PLAIN") ", \"kafka.sasl.username\": \"u\", "
			       "\"kafka.sasl.password\": \"p\""), "PLAIN with both"));
	refuses(WITH(SASL("sasl_plaintext", "PLAIM")), "allowed: GSSAPI",
		"a mechanism that there is not");
	refuses(WITH(SASL("sasl_plaintext", "OAUTHBEARER")), "no way to a token",
		"OAUTHBEARER without a method");
	oidc();
	snprintf(text, sizeof(text), WITH("%s"), key);
	refuses(text, "ssl.certificate.location\": missing", "a private key without a certificate");
}

/* A check that ran something would leave the file. */
static void runs_nothing(void)
{
	char dir[] = "/tmp/config_test.XXXXXX", file[64], text[600];
	struct problems problems = { .file = "test" };
	struct config *cfg;

	if (!mkdtemp(dir)) {
		ok(false, "a temporary directory");
		return;
	}
	snprintf(file, sizeof(file), "%s/ran", dir);
	snprintf(text, sizeof(text), WITH(SASL("sasl_plaintext", "GSSAPI")
		 ", \"kafka.sasl.kerberos.kinit.cmd\": \"touch %s\""), file);
	cfg = config_parse(text, strlen(text), &problems);
	ok(!problems.nr || has(&problems, "this build of librdkafka"),
	   "Kerberos with a command of its own");
	show(&problems);
	problems_free(&problems);
	config_free(cfg);
	ok(access(file, F_OK), "the command is not run by a check");
	unlink(file);
	rmdir(dir);
}

static void all_at_once(void)
{
	static const char text[] = "{\"nam\": \"n\", \"config\": {\"topic\": \"a b\", "
		"\"key\": [], \"lanes\": \"x y\", \"hoks\": \"y\", \"kafka.foo\": \"1\", "
		"\"kafka.sasl.password\": \"geheim\", \"group.id\": \"a\\nb\"}}";
	struct problems problems = { .file = "test" };
	struct config *cfg = config_parse(text, strlen(text), &problems);
	size_t i;

	ok(problems.nr == 10, "all ten problems at once");
	if (problems.nr != 10)
		show(&problems);
	ok(!has(&problems, "geheim"), "no secret in them");
	for (i = 0; i < problems.nr; i++)
		if (strchr(problems.lines[i], '\n'))
			break;
	ok(i == problems.nr, "each on one line");
	problems_free(&problems);
	config_free(cfg);
}

/* Every prefix of a good file, and every single byte of it changed. */
static void mutilated(void)
{
	static const char text[] = "{\"name\": \"n\", \"config\": {\"topic\": \"a.${lane}\", "
		"\"hooks\": \"a,b\", \"lanes\": \"bulk\", \"key\": \"${comm}\"}}";
	char copy[sizeof(text)];
	size_t len = strlen(text), i;
	bool refused = true;

	for (i = 0; i < 2 * len; i++) {
		struct problems problems = { .file = "test" };
		struct config *cfg;

		memcpy(copy, text, sizeof(text));
		copy[i % len] = (char)(i * 37);
		cfg = config_parse(copy, i < len ? i : len, &problems);
		/* There are no brokers in it, so there is a problem in any case. */
		refused = refused && problems.nr;
		problems_free(&problems);
		config_free(cfg);
	}
	ok(refused, "truncated and changed files are refused");
}

static char *read_all(const char *path)
{
	char *text = xgrow(NULL, 0, 1 << 20, 1);
	FILE *file = fopen(path, "r");

	if (file) {
		if (!fread(text, 1, (1 << 20) - 1, file))
			printf("# %s is empty\n", path);
		fclose(file);
	}
	return text;
}

/* evringd --keys begins a key's lines at the margin and indents the others. */
static void manual(const char *path)
{
	char *page = read_all(path), *keys = NULL, *line, *rest, entry[128];
	size_t len;
	FILE *out = open_memstream(&keys, &len);
	bool all = true;

	keys_print(out);
	fclose(out);
	for (line = strtok_r(keys, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (*line == ' ')
			continue;
		snprintf(entry, sizeof(entry), "\n.BR %s ", line);
		if (strstr(page, entry))
			continue;
		snprintf(entry, sizeof(entry), "\n.B %s\n", line);
		if (strstr(page, entry))
			continue;
		printf("# %s has no %s\n", path, line);
		all = false;
	}
	ok(all, "the manual page has every key");
	free(keys);
	free(page);
}

int main(int argc, char **argv)
{
	defaults();
	values();
	bare_values();
	no_secret_in_syntax();
	no_value_in_errors();
	no_json();
	wrong_shape();
	wrong_values();
	connects_keys();
	topic_creation();
	formats();
	changes();
	names();
	files();
	wrong_kafka();
	promises_kept();
	promises_broken();
	promises_done_without();
	brokers();
	security();
	runs_nothing();
	all_at_once();
	mutilated();
	if (argc > 1)
		manual(argv[1]);
	return tap_end();
}
