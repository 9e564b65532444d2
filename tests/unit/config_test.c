/* SPDX-License-Identifier: MIT */
/*
 * Configurations, good, bad and hostile. With the manual page as its argument
 * it checks that the page has every key with its default.
 */
#include "evringd.h"

#include <stdlib.h>
#include <string.h>

static int tests, failures;

static void ok(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, name);
	failures += !good;
}

#define BROKERS "\"kafka.bootstrap.servers\": \"localhost:9092\""
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
	ok(cfg->start == EVRING_EARLIEST && cfg->policy == EVRING_HOLD && !cfg->abandon_ms &&
	   names_are(cfg->lanes, "critical,bulk,app") && !cfg->hooks[0] &&
	   cfg->format == VALUE_JSON &&
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
	config_free(cfg);
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
	refuses(WITH("\"tasks.max\": \"1\""), "unknown", "a key of Kafka Connect's");
	refuses(WITH("\"x\": \"1\""), "--keys", "a key like no other");
	refuses(WITH("\"batch.events\": 12"), "is a number; allowed: a string", "a number");
	refuses(WITH("\"group.start\": true"), "is a boolean", "a boolean");
	refuses(WITH("\"group.start\": \"\""), "allowed: earliest|latest", "an empty choice");
	refuses(WITH("\"group.start\": \"earliest|latest\""), "no such value", "both choices");
	refuses(WITH("\"batch.events\": \"\""), "whole number", "an empty number");
	refuses(WITH("\"batch.events\": \"-1\""), "whole number", "a negative number");
	refuses(WITH("\"batch.events\": \"1e3\""), "whole number", "an exponent");
	refuses(WITH("\"batch.events\": \" 1\""), "whole number", "a blank before a number");
	refuses(WITH("\"batch.events\": \"0\""), "allowed: 1 to 1000000", "a number too small");
	refuses(WITH("\"group.abandon.ms\": \"2147483648\""), "out of range", "2^31 ms");
	refuses(WITH("\"group.abandon.ms\": \"18446744073709551616\""), "out of range", "2^64 ms");
	refuses(WITH("\"group.id\": \"" A64 A64 "\""), "not a group's name",
		"a group's name of 128 bytes");
	refuses(WITH("\"lanes\": \"\""), "names no lane", "no lane");
	refuses(WITH("\"lanes\": \"critical,no/lane\""), "\"no/lane\"", "no lane's name");
	refuses(WITH("\"hooks\": \"a,,b\""), "empty entry", "an empty glob");
	refuses(WITH("\"topic\": \"host/${type}\""), "no topic may have", "a slash in a topic");
	refuses(WITH("\"key\": \"${pid\""), "without", "an open variable");
	refuses(WITH("\"device\": \"\""), "is empty", "no device");
	refuses(WITH("\"\": \"5\""), "unknown", "a key of no character");
}

static void wrong_kafka(void)
{
	refuses("{\"name\": \"n\", \"config\": {}}", "bootstrap.servers\": missing", "no brokers");
	refuses(WITH("\"kafka.no.such\": \"1\""), "No such configuration property",
		"a property that librdkafka does not know");
	refuses(WITH("\"kafka.\": \"1\""), "unknown", "a property without a name");
	refuses(WITH("\"kafka.linger.ms\": \"soon\""), "linger.ms", "a word as a number");
	refuses(WITH("\"kafka.transactional.id\": \"t\""), "without transactions", "transactions");
	refuses(WITH("\"kafka.delivery.report.only.error\": \"true\""), "delivery reports",
		"no delivery reports");
	refuses(WITH("\"kafka.acks\": \"1\""), "acks", "properties that do not fit together");
}

static void all_at_once(void)
{
	static const char text[] = "{\"nam\": \"n\", \"config\": {\"topic\": \"a b\", "
		"\"key\": 1, \"lanes\": \"x y\", \"hoks\": \"y\", \"kafka.foo\": \"1\", "
		"\"kafka.sasl.password\": \"geheim\", \"group.id\": \"a\\nb\"}}";
	struct problems problems = { .file = "test" };
	struct config *cfg = config_parse(text, strlen(text), &problems);
	size_t i;

	ok(problems.nr == 9, "all nine problems at once");
	if (problems.nr != 9)
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
	no_json();
	wrong_shape();
	wrong_values();
	wrong_kafka();
	all_at_once();
	mutilated();
	if (argc > 1)
		manual(argv[1]);
	printf("1..%d\n", tests);
	return failures != 0;
}
