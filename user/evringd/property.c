/* SPDX-License-Identifier: MIT */
/* The kafka.* keys as librdkafka's properties. No value of one is ever printed. */
#include "property.h"

#include "config.h"
#include "memory.h"
#include "problem.h"

#include <ctype.h>
#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

/* The user's properties come after these. */
static const struct {
	const char *name;
	const char *value;
} defaults[] = {
	{ "client.id",			"evringd" },
	{ "enable.idempotence",		"true" },
	{ "acks",			"all" },
	{ "message.timeout.ms",		"0" },
	{ "linger.ms",			"5" },
	{ "statistics.interval.ms",	"10000" },
};

#define NR_DEFAULTS (sizeof(defaults) / sizeof(defaults[0]))

/* Properties that evringd sets by itself, as it relies on them */
static const struct {
	const char *name;
	const char *why;
} refused[] = {
	{ "transactional.id", "evringd sends without transactions" },
	{ "delivery.report.only.error", "evringd commits by the delivery reports" },
	{ "enabled_events", "evringd chooses the events" },
	{ "log.queue", "evringd writes librdkafka's log to its own" },
};

#define NR_REFUSED (sizeof(refused) / sizeof(refused[0]))

/* Properties that have two names */
static const struct {
	const char *alias;
	const char *name;
} aliases[] = {
	{ "acks",		"request.required.acks" },
	{ "bootstrap.servers",	"metadata.broker.list" },
	{ "compression.type",	"compression.codec" },
	{ "delivery.timeout.ms", "message.timeout.ms" },
	{ "linger.ms",		"queue.buffering.max.ms" },
	{ "max.in.flight",	"max.in.flight.requests.per.connection" },
	{ "retries",		"message.send.max.retries" },
	{ "sasl.mechanism",	"sasl.mechanisms" },
};

#define NR_ALIASES (sizeof(aliases) / sizeof(aliases[0]))

const char *property_name(const char *name)
{
	size_t i;

	for (i = 0; i < NR_ALIASES; i++)
		if (!strcmp(aliases[i].alias, name))
			return aliases[i].name;
	return name;
}

const struct property *property_find(const struct config *cfg, const char *name)
{
	size_t i;

	for (i = 0; i < cfg->nr_kafka; i++)
		if (!strcmp(property_name(cfg->kafka[i].name), property_name(name)))
			return &cfg->kafka[i];
	return NULL;
}

const char *kafka_brokers(const struct config *cfg)
{
	const struct property *brokers = property_find(cfg, "bootstrap.servers");

	return brokers ? brokers->written : "";
}

static const char *refused_why(const char *name)
{
	size_t i;

	for (i = 0; i < NR_REFUSED; i++)
		if (!strcmp(refused[i].name, name))
			return refused[i].why;
	return NULL;
}

/* "0 .. 900000", from librdkafka's own table: a line a property, its third column. */
static void range_of(const char *name, char *buf, size_t size)
{
	char *table = NULL, *line, *rest, *range;
	size_t len, n = strlen(name);
	FILE *out = stream_begin(&table, &len);

	snprintf(buf, size, "see librdkafka's CONFIGURATION.md");
	rd_kafka_conf_properties_show(out);
	stream_end(out);
	for (line = strtok_r(table, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, name, n) || line[n] != ' ')
			continue;
		range = strchr(line, '|');
		range = range ? strchr(range + 1, '|') : NULL;
		if (!range)
			continue;
		range += 1 + strspn(range + 1, " ");
		len = strcspn(range, "|");
		while (len && range[len - 1] == ' ')
			len--;
		if (len)
			snprintf(buf, size, "%.*s", (int)len, range);
		break;
	}
	free(table);
}

static bool is_not_built(const char *error)
{
	return strstr(error, "not supported in this build") || strstr(error, "Unsupported value");
}

/* librdkafka's own messages have the value in them. */
static void set(rd_kafka_conf_t *conf, const char *name, const char *value,
		struct problems *problems)
{
	const char *why = refused_why(name);
	char error[512], range[256];

	if (why) {
		problem(problems, "key \"" KAFKA_PREFIX "%s\": %s; allowed: to leave it out", name,
			why);
		return;
	}
	switch (rd_kafka_conf_set(conf, name, value, error, sizeof(error))) {
	case RD_KAFKA_CONF_OK:
		break;
	case RD_KAFKA_CONF_UNKNOWN:
		problem(problems, "key \"" KAFKA_PREFIX "%.80s\": unknown; librdkafka %s has no "
			"such property", name, rd_kafka_version_str());
		break;
	default:
		if (is_not_built(error)) {
			problem(problems, "key \"" KAFKA_PREFIX "%.80s\": this build of librdkafka "
				"%s has no such thing", name, rd_kafka_version_str());
			break;
		}
		range_of(name, range, sizeof(range));
		problem(problems, "key \"" KAFKA_PREFIX "%.80s\": librdkafka %s does not take the "
			"value; allowed: %s", name, rd_kafka_version_str(), range);
	}
}

/* librdkafka's own queue must not be the bound: inflight.max.* is. */
static void set_queue(rd_kafka_conf_t *conf, const struct config *cfg, struct problems *problems)
{
	uint64_t messages = cfg->inflight_events, kbytes = cfg->inflight_bytes / 1024 + 1;
	char text[24];

	snprintf(text, sizeof(text), "%llu",
		 (unsigned long long)(messages > 100000 ? messages : 100000));
	set(conf, "queue.buffering.max.messages", text, problems);
	kbytes = kbytes > 1048576 ? kbytes : 1048576;
	snprintf(text, sizeof(text), "%llu",
		 (unsigned long long)(kbytes < INT32_MAX ? kbytes : INT32_MAX));
	set(conf, "queue.buffering.max.kbytes", text, problems);
}

/*
 * A trial runs no code and no command and opens no connection: without brokers there is none
 * to connect to, test.* makes some, a plugin or an engine is loaded when it is set, and
 * OpenSSL's providers with the producer.
 */
static bool on_trial(const char *name)
{
	return strcmp(property_name(name), "metadata.broker.list") && strncmp(name, "test.", 5) &&
	       strcmp(name, "plugin.library.paths") && strncmp(name, "ssl.engine.", 11) &&
	       strcmp(name, "ssl.providers");
}

struct rd_kafka_conf_s *property_conf(const struct config *cfg, bool trial,
				      struct problems *problems)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	size_t i;

	for (i = 0; i < NR_DEFAULTS; i++)
		set(conf, defaults[i].name, defaults[i].value, problems);
	set_queue(conf, cfg, problems);
	/* A topic that evringd may not make would be one of the brokers' kind. */
	if (cfg->nr_creation)
		set(conf, "allow.auto.create.topics", "false", problems);
	for (i = 0; i < cfg->nr_kafka; i++)
		if (!trial || on_trial(cfg->kafka[i].name))
			set(conf, cfg->kafka[i].name, cfg->kafka[i].value, problems);
	return conf;
}

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("._-", c));
}

/* Is the text at @at this value, and not, as "1" or "ssl" can be, a part of a word? */
static bool is_value(const char *text, const char *at, const char *value, size_t len)
{
	if (strncmp(at, value, len))
		return false;
	return len > 3 || ((at == text || !in_word(at[-1])) && !in_word(at[len]));
}

/* The length of the longest value that begins at @at, 0 if there is none. */
static size_t value_at(const struct config *cfg, const char *text, const char *at)
{
	size_t longest = 0, i, len;

	for (i = 0; i < cfg->nr_kafka; i++) {
		len = strlen(cfg->kafka[i].value);
		if (len > longest && is_value(text, at, cfg->kafka[i].value, len))
			longest = len;
	}
	return longest;
}

char *property_hide(const struct config *cfg, const char *text)
{
	char *hidden = NULL;
	const char *at;
	size_t len, n;
	FILE *out = stream_begin(&hidden, &len);

	for (at = text; *at; at += n ? n : 1) {
		n = value_at(cfg, text, at);
		if (n)
			fputs("(its value)", out);
		else
			fputc(*at, out);
	}
	stream_end(out);
	return hidden;
}
