/* SPDX-License-Identifier: MIT */
/*
 * evring verify: read topics back, and account for each event. It needs no device: any
 * machine that Kafka can be read from will do.
 */
#include "verify.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "memory.h"
#include "text.h"
#include "topics.h"

/*
 * A message can be older than its last event (a pack), and what was in front of it in its
 * partition can be of another host and younger. So with --from reading begins so much earlier,
 * to fill gaps; and where a partition begins, it has all events from so much later on.
 */
#define LEAD_MS		60000

static const char help[] =
	"Usage: evring verify [--brokers BROKERS] [-X PROPERTY=VALUE]... [--properties FILE]\n"
	"                     [--from TIME] [--machine-id ID] [--host NAME] [--wait SECONDS]\n"
	"                     [--timeout SECONDS] [--json] TOPIC...\n"
	"Read topics of Kafka back, up to where they end now, and account for each event of each\n"
	"ring: delivered, or declared lost; what is neither is missing. Name all topics that the\n"
	"connectors write, as a ring's events can be in several; '^host\\.' is a regular\n"
	"expression. No device is needed, nothing is committed.\n"
	"\n"
	"  -b, --brokers BROKERS    HOST:PORT[,HOST:PORT]..., as bootstrap.servers\n"
	"  -X PROPERTY=VALUE        of librdkafka, also as a connector has it (kafka.PROPERTY)\n"
	"  --properties FILE        the same, a line each; for passwords, which -X would show\n"
	"  --from TIME              earliest (default), 2h, 7d (so long ago), or\n"
	"                           2026-11-22T13:05:10 in local time, with a Z in UTC\n"
	"  --machine-id ID          only events of this host\n"
	"  --host NAME              ... by its name, which JSON tells and frames do not\n"
	"  --wait SECONDS           where something is missing, look so long whether it comes (5)\n"
	"  --timeout SECONDS        give up when Kafka tells nothing for so long (60)\n"
	"  --json                   one JSON object\n"
	"  --help                   this text\n"
	"\n"
	"Exit status 0: all is accounted for. 1: something is missing. 2: wrong usage, or not all\n"
	"could be read.\n";

struct request {
	rd_kafka_conf_t *conf;
	const char *machine_id, *host;
	int64_t from_ms;
	int64_t latest_ms;		/* the latest first message of a cut partition; 0: none */
	unsigned int latest;		/* the partition */
	unsigned int wait_s, timeout_s;
	bool json, debug;
	struct verify v;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	interrupted = number;
}

static bool is_interrupted(void)
{
	return interrupted;
}

/*
 * Options
 */

static bool wrong(const char *what, const char *value, const char *why)
{
	fprintf(stderr, "evring: %s '%s': %s\n", what, value, why);
	return false;
}

/* No value is shown: it can be a password. */
static bool set_property(struct request *request, const char *name, const char *value)
{
	static const char *const own[] = { "enable.auto.commit", "enable.partition.eof",
					   "auto.offset.reset" };
	char error[256];

	name += strncmp(name, "kafka.", 6) ? 0 : 6;
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (!strcmp(own[i], name))
			return wrong("the property", name, "evring verify sets it itself");
	request->debug = request->debug || !strcmp(name, "debug");
	switch (rd_kafka_conf_set(request->conf, name, value, error, sizeof(error))) {
	case RD_KAFKA_CONF_OK:
		return true;
	case RD_KAFKA_CONF_UNKNOWN:
		return wrong("the property", name, "librdkafka does not know it");
	default:
		return wrong("the property", name, "librdkafka refuses its value");
	}
}

/* "NAME=VALUE", which is changed; blanks around both do not count */
static bool read_property(struct request *request, char *text)
{
	char *value = strchr(text, '='), *end;

	text += strspn(text, " \t");
	if (!value)
		return wrong("the property", text, "is not NAME=VALUE");
	for (end = value; end > text && isspace((unsigned char)end[-1]); end--)
		;
	*end = '\0';
	value++;
	value += strspn(value, " \t");
	for (end = value + strlen(value); end > value && isspace((unsigned char)end[-1]); end--)
		;
	*end = '\0';
	return set_property(request, text, value);
}

static bool read_properties(struct request *request, const char *name)
{
	FILE *file = fopen(name, "re");
	char *line = NULL;
	size_t room = 0;
	bool good = true;

	if (!file)
		return wrong("the file", name, strerror(errno));
	while (good && getline(&line, &room, file) > 0) {
		if (line[strspn(line, " \t\r\n")] && line[strspn(line, " \t")] != '#')
			good = read_property(request, line);
	}
	if (good && ferror(file))
		good = wrong("the file", name, strerror(errno));
	free(line);
	fclose(file);
	return good;
}

static bool read_seconds(const char *option, const char *text, unsigned int *seconds)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (!isdigit((unsigned char)*text) || *end || number > 86400)
		return wrong(option, text, "allowed: 0 to 86400");
	*seconds = (unsigned int)number;
	return true;
}

/* "2h" ago. False: it is none. */
static bool read_ago(const char *text, int64_t *ms)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = { { 's', 1000 }, { 'm', 60000 }, { 'h', 3600000 }, { 'd', 86400000 } };
	char *end;
	long number = strtol(text, &end, 10);

	if (!isdigit((unsigned char)*text) || number > 1000000)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (*end != units[i].unit || end[1])
			continue;
		*ms = (int64_t)time(NULL) * 1000 - number * units[i].ms;
		return true;
	}
	return false;
}

static bool read_from(const char *text, int64_t *ms)
{
	struct tm tm = { .tm_isdst = -1 };
	const char *end;
	time_t seconds;

	*ms = TOPICS_EARLIEST;
	if (!strcmp(text, "earliest"))
		return true;
	if (read_ago(text, ms))
		return *ms >= 0 || wrong("--from", text, "is before 1970");
	end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!end || (*end && strcmp(end, "Z")))
		return wrong("--from", text, "allowed: earliest, 90s, 30m, 2h, 7d, or "
			     "2026-11-22T13:05:10, with a Z in UTC");
	seconds = *end ? timegm(&tm) : mktime(&tm);
	if (seconds < 0)
		return wrong("--from", text, "is before 1970");
	*ms = (int64_t)seconds * 1000;
	return true;
}

static bool set_option(struct request *request, int option, char *value)
{
	switch (option) {
	case 'b':
		return set_property(request, "bootstrap.servers", value);
	case 'X':
		return read_property(request, value);
	case 'p':
		return read_properties(request, value);
	case 'f':
		return read_from(value, &request->from_ms);
	case 'm':
		request->machine_id = value;
		return true;
	case 'H':
		request->host = value;
		return true;
	case 'w':
		return read_seconds("--wait", value, &request->wait_s);
	case 't':
		return read_seconds("--timeout", value, &request->timeout_s);
	case 'j':
		request->json = true;
		return true;
	default:
		return false;
	}
}

/*
 * Events
 */

static void keep_host(struct verify *v, const struct arrival *arrival, size_t machine_len)
{
	char machine[ARRIVAL_RING_MAX];

	memcpy(machine, arrival->ring, machine_len);
	machine[machine_len] = '\0';
	if (arrival->host && !json_object_get(v->hosts, machine))
		json_object_set_new(v->hosts, machine, json_string(arrival->host));
}

static bool is_wanted(struct request *request, const struct arrival *arrival)
{
	struct verify *v = &request->v;
	size_t len = strcspn(arrival->ring, "/");

	if (request->machine_id && (strlen(request->machine_id) != len ||
				    memcmp(request->machine_id, arrival->ring, len))) {
		v->others++;
		return false;
	}
	if (request->host && !arrival->host) {
		v->nameless++;
		return false;
	}
	if (request->host && strcmp(request->host, arrival->host)) {
		v->others++;
		return false;
	}
	keep_host(v, arrival, len);
	return true;
}

/*
 * With --from: an event from before only fills gaps, and so does all that comes out of its
 * turn, as it says nothing about its neighbours.
 */
static bool is_early(const struct request *request, const struct arrival *arrival)
{
	if (request->from_ms == TOPICS_EARLIEST)
		return false;
	return arrival->late ||
	       (arrival->time_ns && arrival->time_ns / 1000000 < request->from_ms);
}

/* Events of all rings from before this may have been deleted, in some partition. */
static bool is_old(const struct request *request, const struct arrival *arrival)
{
	return request->latest_ms && arrival->time_ns &&
	       arrival->time_ns / 1000000 < request->latest_ms + LEAD_MS;
}

/* Where an arrival was */
struct place {
	struct request *request;
	unsigned int partition;
};

static void enter(const struct arrival *arrival, void *arg)
{
	const struct place *place = arg;
	struct request *request = place->request;
	const struct posting posting = {
		.ring = arrival->ring, .partition = place->partition, .seq = arrival->seq,
		.count = arrival->count, .account = arrival->account, .open = arrival->open,
		.late = arrival->late, .old = is_old(request, arrival),
		.early = is_early(request, arrival),
	};
	enum posted posted;

	if (!is_wanted(request, arrival))
		return;
	posted = ledger_add(request->v.ledger, &posting);
	request->v.never += posted == POSTED_NEVER;
	for (unsigned int i = 0; posted == POSTED_NEW && !posting.early && i < VERIFY_CAUSES; i++)
		if (arrival->causes & 1u << i)
			request->v.causes[i] += arrival->count;
}

static void read_message(const rd_kafka_message_t *message, arrival_fn *fn, void *arg,
			 struct arrived_rest *rest)
{
	rd_kafka_timestamp_type_t kind;
	rd_kafka_headers_t *headers = NULL;
	struct arrived arrived = {
		.value = message->payload, .len = message->len,
		.timestamp = rd_kafka_message_timestamp(message, &kind),
	};

	if (rd_kafka_message_headers(message, &headers))
		headers = NULL;
	arrived.headers = headers;
	arrival_read(&arrived, fn, arg, rest);
}

static void take(const rd_kafka_message_t *message, unsigned int partition, void *arg)
{
	struct request *request = arg;
	struct place place = { .request = request, .partition = partition };

	request->v.messages++;
	read_message(message, enter, &place, &request->v.rest);
}

/* Later messages fill gaps, and count for nothing else of this run. */
static void take_later(const rd_kafka_message_t *message, unsigned int partition, void *arg)
{
	struct request *request = arg;
	struct verify before = request->v;

	take(message, partition, arg);
	before.ledger = request->v.ledger;
	request->v = before;
}

static struct ledger *reading;

static bool is_settled(void)
{
	return interrupted || !ledger_has_gaps(reading);
}

/*
 * Beginnings
 */

static void note_time(struct request *request, unsigned int partition, int64_t ms)
{
	/* In nanoseconds it is a number, too. */
	ms = ms < INT64_MAX / 1000000 ? ms : INT64_MAX / 1000000;
	if (ms <= request->latest_ms)
		return;
	request->latest_ms = ms;
	request->latest = partition;
}

/* The youngest event of the message, or when it came */
static void note_arrival(const struct arrival *arrival, void *arg)
{
	const struct place *place = arg;

	note_time(place->request, place->partition, arrival->came_ms);
	note_time(place->request, place->partition, arrival->time_ns / 1000000);
}

static void note_first(const rd_kafka_message_t *message, unsigned int partition, void *arg)
{
	struct place place = { .request = arg, .partition = partition };
	struct arrived_rest rest = { 0 };
	rd_kafka_timestamp_type_t kind;
	int64_t ms;

	read_message(message, note_arrival, &place, &rest);
	if (rest.events)
		return;
	ms = rd_kafka_message_timestamp(message, &kind);
	note_time(arg, partition, ms);
	/* From when on the partition has all, nothing tells. */
	if (ms <= 0)
		ledger_doubt(place.request->v.ledger);
}

static void note_latest(struct request *request, const struct topics *topics)
{
	const struct partition *p = &topics->list[request->latest];
	time_t seconds = request->latest_ms / 1000;
	char text[sizeof("2026-11-22T13:05:10Z")];
	struct tm tm;

	if (!request->latest_ms)
		return;
	strftime(text, sizeof(text), "%FT%TZ", gmtime_r(&seconds, &tm));
	ledger_skip_old(request->v.ledger);
	request->v.is_short = request->v.asked && request->latest_ms > request->from_ms;
	request->v.latest = must(json_pack("{s:s, s:i, s:s}", "topic", p->topic, "partition",
					   (int)p->id, "time", text));
}

/* False: not all could be read. */
static bool begin_partitions(struct request *request, struct topics *topics)
{
	if (!topics_read_first(topics, note_first, request, is_interrupted))
		return false;
	note_latest(request, topics);
	for (size_t i = 0; i < topics->nr; i++) {
		const struct partition *p = &topics->list[i];

		if (partition_is_emptied(p) || (partition_is_cut(p) && !p->begun)) {
			ledger_doubt(request->v.ledger);
			json_array_append_new(request->v.emptied,
					      must(json_pack("{s:s, s:i}", "topic", p->topic,
							     "partition", (int)p->id)));
		} else if (partition_is_cut(p)) {
			ledger_cut(request->v.ledger, (unsigned int)i);
		}
	}
	return true;
}

static void quiet(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	(void)level;
	(void)facility;
	(void)text;
}

/* False: nothing could be read at all. */
static bool read_topics(struct request *request, char **names, int nr)
{
	int64_t from_ms = request->from_ms;
	struct topics topics;
	bool good;

	/* Its errors come as messages, too, and are told if nothing else comes. */
	if (!request->debug)
		rd_kafka_conf_set_log_cb(request->conf, quiet);
	if (!topics_open(&topics, request->conf, request->timeout_s))
		return false;
	if (from_ms != TOPICS_EARLIEST)
		from_ms = from_ms > LEAD_MS ? from_ms - LEAD_MS : 0;
	good = topics_find(&topics, names, nr, from_ms);
	if (good) {
		request->v.complete = begin_partitions(request, &topics) &&
				      topics_read(&topics, take, request, is_interrupted);
		ledger_close(request->v.ledger);
		reading = request->v.ledger;
		if (request->v.complete && request->wait_s && ledger_has_gaps(reading))
			topics_read_on(&topics, request->wait_s, take_later, request, is_settled);
	}
	topics_close(&topics);
	return good;
}

static bool prepare(struct request *request)
{
	static const struct {
		const char *name, *value;
	} own[] = {
		{ "enable.auto.commit", "false" },
		{ "enable.partition.eof", "true" },
		/* Retention that deletes unread messages is an error, and no gap. */
		{ "auto.offset.reset", "error" },
	};
	char error[256];

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (rd_kafka_conf_set(request->conf, own[i].name, own[i].value, error,
				      sizeof(error)) != RD_KAFKA_CONF_OK)
			return wrong("the property", own[i].name, error);
	/* librdkafka wants one to assign partitions; nobody joins it. */
	return set_property(request, "group.id", "evring-verify") &&
	       set_property(request, "client.id", "evring-verify");
}

static bool has_brokers(const struct request *request)
{
	size_t size = 0;

	return rd_kafka_conf_get(request->conf, "bootstrap.servers", NULL, &size) ==
	       RD_KAFKA_CONF_OK && size > 1;
}

/* EXIT_SUCCESS: go on. *@done: end with this. */
static int read_options(struct request *request, int argc, char **argv, bool *done)
{
	static const struct option options[] = {
		{ "brokers", required_argument, NULL, 'b' },
		{ "properties", required_argument, NULL, 'p' },
		{ "from", required_argument, NULL, 'f' },
		{ "machine-id", required_argument, NULL, 'm' },
		{ "host", required_argument, NULL, 'H' },
		{ "wait", required_argument, NULL, 'w' },
		{ "timeout", required_argument, NULL, 't' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	*done = true;
	while ((option = getopt_long(argc, argv, "b:X:h", options, NULL)) != -1) {
		if (option == 'h')
			return print_help(help);
		if (!set_option(request, option, optarg))
			return try_help("verify");
	}
	if (optind == argc || !has_brokers(request)) {
		fputs(optind == argc ? "evring: verify takes the names of topics\n" :
				       "evring: verify needs --brokers\n", stderr);
		return try_help("verify");
	}
	*done = false;
	return EXIT_SUCCESS;
}

int cmd_verify(const struct cli *cli, int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };
	struct request request = {
		.conf = rd_kafka_conf_new(), .from_ms = TOPICS_EARLIEST, .wait_s = 5,
		.timeout_s = 60,
	};
	bool done = true;
	int ret = EXIT_USAGE;

	(void)cli;
	if (prepare(&request))
		ret = read_options(&request, argc, argv, &done);
	if (done) {
		rd_kafka_conf_destroy(request.conf);
		return ret;
	}
	/* A second signal ends it at once. */
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	request.v.asked = request.from_ms != TOPICS_EARLIEST;
	request.v.ledger = ledger_new();
	request.v.hosts = must(json_object());
	request.v.emptied = must(json_array());
	ret = read_topics(&request, argv + optind, argc - optind) ?
	      verify_report(&request.v, request.json) : EXIT_USAGE;
	json_decref(request.v.hosts);
	json_decref(request.v.emptied);
	json_decref(request.v.latest);
	ledger_free(request.v.ledger);
	return ret;
}
