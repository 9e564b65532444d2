/* SPDX-License-Identifier: MIT */
/*
 * Values of kafka.* keys that would break evringd's promise: that an event is in the ring or in
 * the topic, that equal keys keep their order, and that it says why nothing arrives. Each is a
 * rule with its reason. Nothing here runs a command or opens a connection.
 */
#include "check.h"

#include "config.h"
#include "converter.h"
#include "file.h"
#include "message.h"
#include "problem.h"
#include "property.h"
#include "transform.h"
#include "words.h"

#include <ctype.h>
#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Bytes of a message beside its value: key, headers, and their framing */
#define MESSAGE_OVERHEAD (MESSAGE_KEY_MAX + 1024u)
struct trial {
	const struct config *cfg;
	rd_kafka_conf_t *conf;
	struct problems *problems;
};

/* A property's value as librdkafka has understood it, whichever of its names was used */
static const char *value_of(const struct trial *trial, const char *name, char *buf, size_t len)
{
	if (rd_kafka_conf_get(trial->conf, name, buf, &len) != RD_KAFKA_CONF_OK)
		*buf = '\0';
	return buf;
}

static bool is(const struct trial *trial, const char *name, const char *value)
{
	char buf[512];

	return !strcasecmp(value_of(trial, name, buf, sizeof(buf)), value);
}

static unsigned long long number_of(const struct trial *trial, const char *name)
{
	char buf[512];

	return strtoull(value_of(trial, name, buf, sizeof(buf)), NULL, 10);
}

static bool all_replicas(const struct trial *trial, const char *name)
{
	return is(trial, name, "-1") || is(trial, name, "all");
}

static bool is_zero(const struct trial *trial, const char *name)
{
	return is(trial, name, "0");
}

static bool is_endless(const struct trial *trial, const char *name)
{
	return number_of(trial, name) == INT32_MAX;
}

static bool is_true(const struct trial *trial, const char *name)
{
	return is(trial, name, "true");
}

static bool is_fifo(const struct trial *trial, const char *name)
{
	return is(trial, name, "fifo");
}

static bool is_empty(const struct trial *trial, const char *name)
{
	return !*property_find(trial->cfg, name)->value;
}

static bool by_key(const struct trial *trial, const char *name)
{
	return !is(trial, name, "random");
}

static bool five_in_flight(const struct trial *trial, const char *name)
{
	return number_of(trial, name) <= 5 || !is_true(trial, "enable.idempotence");
}

static bool message_fits(const struct trial *trial, const char *name)
{
	const struct config *cfg = trial->cfg;
	uint64_t longest = converter_of(cfg)->longest;

	/* A record that transforms have made longer becomes longer by as much again, written out. */
	longest += transforms_bytes(cfg, false) * (longest / RECORD_LONGEST + 1);
	if (longest < cfg->pack_bytes)
		longest = cfg->pack_bytes;
	return number_of(trial, name) >= longest + MESSAGE_OVERHEAD + transforms_bytes(cfg, true);
}

static bool events_fit(const struct trial *trial, const char *name)
{
	return is_zero(trial, name) || number_of(trial, name) >= trial->cfg->inflight_events;
}

static bool bytes_fit(const struct trial *trial, const char *name)
{
	return number_of(trial, name) >= trial->cfg->inflight_bytes / 1024;
}

/*
 * The rules. The word of delivery.accept that @accept stands for allows to break the rule.
 */
static const struct rule {
	const char *name;	/* not an alias */
	bool (*holds)(const struct trial *trial, const char *name);
	uint64_t accept;
	const char *why;
	const char *allowed;
} rules[] = {
	{ "request.required.acks", all_replicas, 0,
	  "an event that not all replicas have can be lost with a broker, after it is committed",
	  "all, -1" },
	{ "message.timeout.ms", is_zero, ACCEPT_LOSS,
	  "an event that is not delivered in that time is given up",
	  "0, or any with \"loss\" in \"delivery.accept\"" },
	{ "message.send.max.retries", is_endless, ACCEPT_LOSS,
	  "an event that is not delivered after so many tries is given up",
	  "2147483647, or any with \"loss\" in \"delivery.accept\"" },
	{ "enable.idempotence", is_true, ACCEPT_REORDERING,
	  "without it Kafka reorders and duplicates events when it retries",
	  "true, or false with \"reordering\" in \"delivery.accept\"" },
	{ "max.in.flight.requests.per.connection", five_in_flight, 0,
	  "an idempotent producer keeps the order of five requests at most", "1 to 5" },
	{ "queuing.strategy", is_fifo, ACCEPT_REORDERING,
	  "it reorders events",
	  "fifo, or lifo with \"reordering\" in \"delivery.accept\"" },
	{ "partitioner", by_key, ACCEPT_REORDERING,
	  "events with equal keys would go to several partitions and lose their order",
	  "any but random, or random with \"reordering\" in \"delivery.accept\"" },
	{ "topic.blacklist", is_empty, 0,
	  "an event for a topic in it would never be delivered", "to leave it out" },
	{ "test.mock.num.brokers", is_empty, ACCEPT_LOSS,
	  "such brokers are in this process, and the events that they acknowledge end with it",
	  "to leave it out, or any with \"loss\" in \"delivery.accept\"" },
	{ "message.max.bytes", message_fits, ACCEPT_LOSS,
	  "a message of pack.bytes, or the longest event, does not fit into it",
	  "room for both and 2048 more (276000 is enough without packs and transforms), to leave it "
	  "out, or less with \"loss\" in \"delivery.accept\"" },
	{ "queue.buffering.max.messages", events_fit, 0,
	  "inflight.max.events does not fit into it, and librdkafka's queue would be the bound",
	  "0, or at least inflight.max.events, or to leave it out" },
	{ "queue.buffering.max.kbytes", bytes_fit, 0,
	  "inflight.max.bytes does not fit into it, and librdkafka's queue would be the bound",
	  "at least inflight.max.bytes / 1024, or to leave it out" },
};

#define NR_RULES (sizeof(rules) / sizeof(rules[0]))

static void check_rules(const struct trial *trial)
{
	const struct config *cfg = trial->cfg;
	const struct property *property;
	size_t i;

	for (i = 0; i < NR_RULES; i++) {
		property = property_find(cfg, rules[i].name);
		if (property && !(rules[i].accept & cfg->accept) &&
		    !rules[i].holds(trial, rules[i].name))
			problem(trial->problems, "key \"" KAFKA_PREFIX "%s\": %s; allowed: %s",
				property->name, rules[i].why, rules[i].allowed);
	}
}

/* The one that was set last would win, without a word. */
static void check_aliases(const struct trial *trial)
{
	const struct config *cfg = trial->cfg;
	const struct property *first;
	size_t i;

	for (i = 0; i < cfg->nr_kafka; i++) {
		first = property_find(cfg, cfg->kafka[i].name);
		if (first != &cfg->kafka[i])
			problem(trial->problems, "keys \"" KAFKA_PREFIX "%s\" and \"" KAFKA_PREFIX
				"%s\": two names of one property; allowed: one of them",
				first->name, cfg->kafka[i].name);
	}
}

/*
 * Brokers: librdkafka only logs an entry that it cannot use, and goes on without it.
 */

static const char *port_wrong(const char *port, size_t len)
{
	unsigned long number = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		if (!isdigit((unsigned char)port[i]) || i == 5)
			return "has a port that is no number from 1 to 65535";
		number = number * 10 + (unsigned long)(port[i] - '0');
	}
	return number && number <= 65535 ? NULL : "has a port that is no number from 1 to 65535";
}

/* [PROTOCOL://]HOST[:PORT] */
static const char *broker_wrong(const struct trial *trial, const char *broker, size_t len)
{
	const char *end = broker + len, *host = broker, *at;
	const char *scheme = memmem(broker, len, "://", 3);
	char protocol[32];

	if (!len)
		return "is empty";
	if (scheme) {
		value_of(trial, "security.protocol", protocol, sizeof(protocol));
		if (strlen(protocol) != (size_t)(scheme - broker) ||
		    strncasecmp(protocol, broker, strlen(protocol)))
			return "names another protocol than security.protocol does";
		host = scheme + 3;
	}
	at = host;
	if (host < end && *host == '[') {
		while (at < end && *at != ']')
			at++;
		if (at == end || at == host + 1 || strspn(host + 1, "0123456789abcdefABCDEF:.%") <
						    (size_t)(at - host - 1))
			return "is no IPv6 address in brackets";
		at++;
	} else {
		while (at < end && (isalnum((unsigned char)*at) || strchr("._-", *at)))
			at++;
		if (at == host)
			return "has no host";
	}
	if (at < end && *at != ':')
		return "has characters that no host name has";
	return at < end ? port_wrong(at + 1, (size_t)(end - at - 1)) : NULL;
}

#define BROKERS_MAX 100

static void check_brokers(const struct trial *trial)
{
	const struct property *brokers = property_find(trial->cfg, "bootstrap.servers");
	const char *list = brokers ? brokers->value : "", *word, *wrong;
	unsigned int entry = 0;
	size_t len;

	if (!*list) {
		problem(trial->problems, "key \"" KAFKA_PREFIX "%s\": %s; "
			"allowed: host:port[,host:port...]",
			brokers ? brokers->name : "bootstrap.servers",
			brokers ? "is empty" : "missing");
		return;
	}
	/* librdkafka has a thread for each. */
	for (wrong = NULL; !wrong && (word = next_word(&list, &len)); entry++)
		wrong = entry < BROKERS_MAX ? broker_wrong(trial, word, len) : "is one too many";
	if (wrong)
		problem(trial->problems, "key \"" KAFKA_PREFIX "%s\": entry %u %s; "
			"allowed: host:port[,host:port...]", brokers->name, entry, wrong);
}

/*
 * Security: a property that is set must have an effect, and those that it needs must be set.
 */

static bool is_set(const struct trial *trial, const char *name)
{
	const struct property *property = property_find(trial->cfg, name);

	return property && *property->value;
}

static const struct property *first_of(const struct trial *trial, const char *a, const char *b)
{
	const struct config *cfg = trial->cfg;
	size_t i;

	for (i = 0; i < cfg->nr_kafka; i++)
		if (!strncmp(cfg->kafka[i].name, a, strlen(a)) ||
		    !strncmp(cfg->kafka[i].name, b, strlen(b)))
			return &cfg->kafka[i];
	return NULL;
}

static void check_idle(const struct trial *trial, bool sasl, bool tls)
{
	const struct property *idle = sasl ? NULL : first_of(trial, "sasl.", "enable.sasl.");

	if (idle)
		problem(trial->problems, "key \"" KAFKA_PREFIX "%s\": has no effect, as "
			"\"" KAFKA_PREFIX "security.protocol\" is without SASL; "
			"allowed: with sasl_plaintext or sasl_ssl there", idle->name);
	/* A token can come by TLS even if the brokers do not speak it. */
	if (tls || (sasl && is(trial, "sasl.mechanisms", "OAUTHBEARER")))
		return;
	idle = first_of(trial, "ssl.", "enable.ssl.");
	if (idle)
		problem(trial->problems, "key \"" KAFKA_PREFIX "%s\": has no effect, as "
			"\"" KAFKA_PREFIX "security.protocol\" is without TLS; "
			"allowed: with ssl or sasl_ssl there", idle->name);
}

static void check_needs(const struct trial *trial, const char *name, const char *with)
{
	if (!is_set(trial, name))
		problem(trial->problems, "key \"" KAFKA_PREFIX "%s\": missing, and needed with %s",
			name, with);
}

static void check_oauthbearer(const struct trial *trial)
{
	const struct property *method = property_find(trial->cfg, "sasl.oauthbearer.method");

	/* librdkafka itself checks the properties that oidc needs; they vary by version. */
	if (method && !strcasecmp(method->value, "oidc"))
		return;
	if (is_true(trial, "enable.sasl.oauthbearer.unsecure.jwt"))
		check_needs(trial, "sasl.oauthbearer.config", "an unsecured token");
	else
		problem(trial->problems, "key \"" KAFKA_PREFIX "sasl.oauthbearer.method\": "
			"OAUTHBEARER has no way to a token, so it would wait for ever; "
			"allowed: oidc, or for tests "
			"\"" KAFKA_PREFIX "enable.sasl.oauthbearer.unsecure.jwt\"");
}

static void check_sasl(const struct trial *trial)
{
	static const struct {
		const char *name;
		const char *feature;	/* of librdkafka's build */
		bool password;
	} mechanisms[] = {
		{ "GSSAPI",		"sasl_gssapi",		false },
		{ "PLAIN",		"sasl_plain",		true },
		{ "SCRAM-SHA-256",	"sasl_scram",		true },
		{ "SCRAM-SHA-512",	"sasl_scram",		true },
		{ "OAUTHBEARER",	"sasl_oauthbearer",	false },
	};
	char name[64], features[512];
	size_t i;

	value_of(trial, "sasl.mechanisms", name, sizeof(name));
	for (i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++)
		if (!strcmp(mechanisms[i].name, name))
			break;
	if (i == sizeof(mechanisms) / sizeof(mechanisms[0])) {
		problem(trial->problems, "key \"" KAFKA_PREFIX "sasl.mechanism\": unknown; "
			"allowed: GSSAPI, PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER");
		return;
	}
	value_of(trial, "builtin.features", features, sizeof(features));
	if (!strstr(features, mechanisms[i].feature))
		problem(trial->problems, "key \"" KAFKA_PREFIX "sasl.mechanism\": this build of "
			"librdkafka has no %s", name);
	if (mechanisms[i].password) {
		check_needs(trial, "sasl.username", name);
		check_needs(trial, "sasl.password", name);
	}
	if (!strcmp(name, "OAUTHBEARER"))
		check_oauthbearer(trial);
}

static void check_security(const struct trial *trial)
{
	bool sasl = is(trial, "security.protocol", "sasl_plaintext") ||
		    is(trial, "security.protocol", "sasl_ssl");
	bool tls = is(trial, "security.protocol", "ssl") ||
		   is(trial, "security.protocol", "sasl_ssl");
	bool key = is_set(trial, "ssl.key.location") || is_set(trial, "ssl.key.pem");
	bool cert = is_set(trial, "ssl.certificate.location") ||
		    is_set(trial, "ssl.certificate.pem");

	check_idle(trial, sasl, tls);
	if (sasl)
		check_sasl(trial);
	if (tls && key != cert)
		problem(trial->problems, "key \"" KAFKA_PREFIX "ssl.%s.location\": missing, and "
			"needed with a %s", key ? "certificate" : "key",
			key ? "private key" : "certificate");
}

static void log_nothing(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	(void)level;
	(void)facility;
	(void)text;
}

/* rd_kafka_new() reads them. One that is not there it tells itself. */
static void check_files(const struct trial *trial)
{
	static const char *const names[] = {
		"ssl.ca.location", "ssl.certificate.location", "ssl.crl.location",
		"ssl.key.location", "ssl.keystore.location",
	};
	const struct property *property;
	const char *wrong;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		property = property_find(trial->cfg, names[i]);
		if (!property || access(property->value, F_OK))
			continue;
		wrong = file_unfit(property->value, !i);
		if (wrong)
			problem(trial->problems, "key \"" KAFKA_PREFIX "%s\": %s; allowed: a file",
				property->name, wrong);
	}
}

/*
 * Some properties only fit together or not at all, and only rd_kafka_new() tells. With SASL it
 * would run kinit or fetch a token: it is left out, and check_sasl() has looked at it.
 */
static void try_producer(const struct trial *trial)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_dup(trial->conf);
	char error[512] = "", *hidden;
	rd_kafka_t *rk = NULL;

	if (is(trial, "security.protocol", "sasl_plaintext"))
		rd_kafka_conf_set(conf, "security.protocol", "plaintext", NULL, 0);
	if (is(trial, "security.protocol", "sasl_ssl"))
		rd_kafka_conf_set(conf, "security.protocol", "ssl", NULL, 0);
	/* Later versions have it, and would wait for a second to push their metrics. */
	rd_kafka_conf_set(conf, "enable.metrics.push", "false", NULL, 0);
	rd_kafka_conf_set_log_cb(conf, log_nothing);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
	if (rk) {
		rd_kafka_destroy(rk);
		return;
	}
	rd_kafka_conf_destroy(conf);
	hidden = property_hide(trial->cfg, error);
	problem(trial->problems, "keys \"" KAFKA_PREFIX "*\": %s", hidden);
	free(hidden);
}

void kafka_check(const struct config *cfg, struct problems *problems)
{
	struct trial trial = { .cfg = cfg, .problems = problems };
	size_t before = problems->nr;

	trial.conf = property_conf(cfg, true, problems);
	check_aliases(&trial);
	check_rules(&trial);
	check_brokers(&trial);
	check_security(&trial);
	check_files(&trial);
	if (problems->nr == before)
		try_producer(&trial);
	rd_kafka_conf_destroy(trial.conf);
}

/* librdkafka 2.0.2 and before */
#define OAUTHBEARER_CRASHES 0x020002ff

void kafka_warn(const struct config *cfg, struct problems *warnings)
{
	const struct property *mechanism = property_find(cfg, "sasl.mechanisms");

	if (cfg->accept & ACCEPT_LOSS)
		problem(warnings, "key \"delivery.accept\": events can be given up and lost");
	if (cfg->accept & ACCEPT_REORDERING)
		problem(warnings,
			"key \"delivery.accept\": events can be reordered and duplicated");
	if (mechanism && !strcmp(mechanism->value, "OAUTHBEARER") &&
	    rd_kafka_version() <= OAUTHBEARER_CRASHES)
		problem(warnings, "key \"" KAFKA_PREFIX "%s\": librdkafka %s is known to crash "
			"when it renews a token; a later version is needed", mechanism->name,
			rd_kafka_version_str());
}
