/* SPDX-License-Identifier: MIT */
/* librdkafka's properties: evringd's defaults, the user's, and those that are refused. */
#include "evringd.h"

#include <librdkafka/rdkafka.h>
#include <string.h>

#define PREFIX "kafka."
/* The user's properties come after these. */
static const struct property defaults[] = {
	{ "client.id",			"evringd" },
	{ "enable.idempotence",		"true" },
	{ "acks",			"all" },
	{ "message.timeout.ms",		"0" },
	{ "linger.ms",			"5" },
};

#define NR_DEFAULTS (sizeof(defaults) / sizeof(defaults[0]))

/* Properties that would take away what evringd relies on */
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

bool kafka_has(const struct config *cfg, const char *name)
{
	size_t i;

	for (i = 0; i < cfg->nr_kafka; i++)
		if (!strcmp(cfg->kafka[i].name, name))
			return true;
	return false;
}

static bool is_brokers(const char *name)
{
	return !strcmp(name, "bootstrap.servers") || !strcmp(name, "metadata.broker.list");
}

static bool is_secret(const char *name)
{
	return strstr(name, "password") || strstr(name, "secret") || strstr(name, ".pem") ||
	       strstr(name, "oauthbearer.config") || strstr(name, "ssl_");
}

const char *kafka_brokers(const struct config *cfg)
{
	const char *brokers = "";
	size_t i;

	for (i = 0; i < cfg->nr_kafka; i++)
		if (is_brokers(cfg->kafka[i].name))
			brokers = cfg->kafka[i].value;
	return brokers;
}

static const char *refused_why(const char *name)
{
	size_t i;

	for (i = 0; i < NR_REFUSED; i++)
		if (!strcmp(refused[i].name, name))
			return refused[i].why;
	return NULL;
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value,
		struct problems *problems)
{
	const char *why = refused_why(name);
	char error[512];

	if (why) {
		problem(problems, "key \"" PREFIX "%s\": %s; allowed: to leave it out", name, why);
		return;
	}
	if (rd_kafka_conf_set(conf, name, value, error, sizeof(error)) == RD_KAFKA_CONF_OK)
		return;
	problem(problems, "key \"" PREFIX "%.80s\": %s; allowed: see librdkafka's CONFIGURATION.md",
		name, is_secret(name) ? "librdkafka refuses the value" : error);
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

/* Without the brokers nothing can be reached: for a trial. */
static rd_kafka_conf_t *make_conf(const struct config *cfg, bool brokers,
				  struct problems *problems)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	size_t i;

	for (i = 0; i < NR_DEFAULTS; i++)
		set(conf, defaults[i].name, defaults[i].value, problems);
	set_queue(conf, cfg, problems);
	for (i = 0; i < cfg->nr_kafka; i++)
		if (brokers || (!is_brokers(cfg->kafka[i].name) &&
				strncmp(cfg->kafka[i].name, "test.", 5)))
			set(conf, cfg->kafka[i].name, cfg->kafka[i].value, problems);
	return conf;
}

static void log_nothing(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	(void)level;
	(void)facility;
	(void)text;
}

/* Some properties only fit together or not at all, and only rd_kafka_new() tells. */
void kafka_check(const struct config *cfg, struct problems *problems)
{
	size_t before = problems->nr;
	rd_kafka_conf_t *conf;
	char error[512];
	rd_kafka_t *rk;

	if (!*kafka_brokers(cfg))
		problem(problems, "key \"" PREFIX "bootstrap.servers\": missing; "
			"allowed: host:port[,host:port...]");
	conf = make_conf(cfg, false, problems);
	rd_kafka_conf_set_log_cb(conf, log_nothing);
	rk = problems->nr > before ? NULL : rd_kafka_new(RD_KAFKA_PRODUCER, conf, error,
							 sizeof(error));
	if (rk) {
		rd_kafka_destroy(rk);
		return;
	}
	rd_kafka_conf_destroy(conf);
	if (problems->nr == before)
		problem(problems, "keys \"" PREFIX "*\": %s", error);
}

rd_kafka_conf_t *kafka_conf(const struct config *cfg, struct problems *problems)
{
	return make_conf(cfg, true, problems);
}
