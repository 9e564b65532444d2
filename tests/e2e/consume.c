/* SPDX-License-Identifier: MIT */
/*
 * evring-consume: read events back from Kafka, from the beginning, and account
 * for every one of them. Exit status 0: no hole; 1: there is one, or something
 * else is wrong, as headers that are not their value's; 2: wrong usage.
 */
#include "arrival.h"
#include "consume.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000LL
#define LOOK_NS (NS_PER_S / 2)		/* how often to look for new topics */

static const char usage[] =
	"usage: evring-consume --brokers B --topics ^REGEX|LIST [OPTION]...\n"
	"Read events from the beginning of Kafka's topics and account for each.\n"
	"\n"
	"  --count N            wait for N distinct events; fewer are a failure\n"
	"  --expect-quiet-ms N  stop once nothing has come for so long (after the first)\n"
	"  --timeout S          stop in any case (default 60; 0: never)\n"
	"  --show N             print the first N events, a line each\n"
	"  --follow             print all, until SIGINT\n"
	"  --json               summary as JSON\n"
	"  --from-zero          what lies before a ring's first event is missing, too\n"
	"  --emitted FILE       what `evring status --json --rings` says: all of it must come\n"
	"  --strict             duplicates and reorderings are failures, too\n"
	"  --property K=V       a property for librdkafka\n";

enum {
	OPT_BROKERS = 1, OPT_TOPICS, OPT_COUNT, OPT_QUIET, OPT_TIMEOUT, OPT_SHOW, OPT_FOLLOW,
	OPT_JSON, OPT_ZERO, OPT_EMITTED, OPT_STRICT, OPT_PROPERTY, OPT_HELP,
};

static const struct option options[] = {
	{ "brokers",		required_argument,	NULL, OPT_BROKERS },
	{ "topics",		required_argument,	NULL, OPT_TOPICS },
	{ "count",		required_argument,	NULL, OPT_COUNT },
	{ "expect-quiet-ms",	required_argument,	NULL, OPT_QUIET },
	{ "timeout",		required_argument,	NULL, OPT_TIMEOUT },
	{ "show",		required_argument,	NULL, OPT_SHOW },
	{ "follow",		no_argument,		NULL, OPT_FOLLOW },
	{ "json",		no_argument,		NULL, OPT_JSON },
	{ "from-zero",		no_argument,		NULL, OPT_ZERO },
	{ "emitted",		required_argument,	NULL, OPT_EMITTED },
	{ "strict",		no_argument,		NULL, OPT_STRICT },
	{ "property",		required_argument,	NULL, OPT_PROPERTY },
	{ "help",		no_argument,		NULL, OPT_HELP },
	{ NULL,			0,			NULL, 0 },
};

static volatile sig_atomic_t interrupted;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "evring-consume: %s: %s\n", what, why);
	exit(1);
}

static void on_signal(int number)
{
	interrupted = number;
}

static int64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/*
 * Topics: assigned by hand, partition by partition, so that no rebalance and
 * no group comes between.
 */

static bool wanted(const struct consumer *c, const char *topic)
{
	size_t len = strlen(topic), n;
	const char *list = c->topics;

	if (*list == '^')
		return !regexec(&c->regex, topic, 0, NULL, 0);
	for (;; list += n + 1) {
		n = strcspn(list, ",");
		if (n == len && !memcmp(list, topic, n))
			return true;
		if (!list[n])
			return false;
	}
}

static void add_partitions(struct consumer *c, const rd_kafka_metadata_topic_t *topic,
			   rd_kafka_topic_partition_list_t *new)
{
	int i;

	for (i = 0; i < topic->partition_cnt; i++) {
		int32_t id = topic->partitions[i].id;

		if (rd_kafka_topic_partition_list_find(c->assigned, topic->topic, id))
			continue;
		rd_kafka_topic_partition_list_add(c->assigned, topic->topic, id)->offset = false;
		rd_kafka_topic_partition_list_add(new, topic->topic, id)->offset =
			RD_KAFKA_OFFSET_BEGINNING;
	}
}

/* A broker that is away is no failure: it may come. */
static void look_for_topics(struct consumer *c)
{
	rd_kafka_topic_partition_list_t *new;
	const struct rd_kafka_metadata *md;
	rd_kafka_error_t *error = NULL;
	int i;

	if (rd_kafka_metadata(c->rk, 1, NULL, &md, 1000))
		return;
	new = rd_kafka_topic_partition_list_new(8);
	for (i = 0; i < md->topic_cnt; i++)
		if (wanted(c, md->topics[i].topic))
			add_partitions(c, &md->topics[i], new);
	rd_kafka_metadata_destroy(md);
	if (new->cnt)
		error = rd_kafka_incremental_assign(c->rk, new);
	if (error)
		die("assign", rd_kafka_error_string(error));
	rd_kafka_topic_partition_list_destroy(new);
}

static void set_at_end(struct consumer *c, const rd_kafka_message_t *msg, bool at_end)
{
	rd_kafka_topic_partition_t *part;

	part = rd_kafka_topic_partition_list_find(c->assigned, rd_kafka_topic_name(msg->rkt),
						  msg->partition);
	if (part)
		part->offset = at_end;
}

/* Silence means nothing while a partition is still to be read. */
static bool all_at_end(const struct consumer *c)
{
	int i;

	for (i = 0; i < c->assigned->cnt; i++)
		if (!c->assigned->elems[i].offset)
			return false;
	return true;
}

/*
 * Events
 */

/* A message, while its events are taken */
struct taking {
	struct consumer *c;
	unsigned int partition;
	int64_t received_ns;
	bool impossible;	/* one has a number that cannot be */
};

static void take_event(const struct arrival *arrival, void *arg)
{
	struct taking *taking = arg;
	struct consumer *c = taking->c;
	const struct posting posting = {
		.ring = arrival->ring, .partition = taking->partition, .seq = arrival->seq,
		.count = arrival->count, .account = arrival->account, .open = arrival->open,
		.late = arrival->late,
	};
	enum posted posted = ledger_add(c->summary->ledger, &posting);
	bool event = arrival->account == ACCOUNT_DELIVERED || arrival->account == ACCOUNT_DISCARDED;

	if (posted == POSTED_NEVER || arrival->open) {
		taking->impossible = true;
		return;
	}
	c->summary->delivered += event;
	summary_type(c->summary, *arrival->type ? arrival->type : "?");
	if (event && posted == POSTED_NEW)
		summary_latency(c->summary, taking->received_ns - arrival->time_ns);
	if (arrival->json && (c->follow || c->show)) {
		print_event(arrival->json);
		c->show -= c->show > 0;
	}
}

static bool has(const rd_kafka_headers_t *headers, const char *name)
{
	const void *value;
	size_t len;

	return !rd_kafka_header_get_last(headers, name, &value, &len);
}

/*
 * It has two headers, and a third one if it was put back, or none: tests look for others
 * themselves.
 */
static bool has_headers(const rd_kafka_headers_t *headers)
{
	size_t nr = headers ? rd_kafka_header_cnt(headers) : 0;

	return !headers || (has(headers, "evring.id") &&
			    nr == 2u + has(headers, "evring.putback"));
}

static void tell(const rd_kafka_message_t *msg, const char *what)
{
	fprintf(stderr, "evring-consume: %s [%d] at %lld: %s\n", rd_kafka_topic_name(msg->rkt),
		msg->partition, (long long)msg->offset, what);
}

static void take(struct consumer *c, const rd_kafka_message_t *msg)
{
	struct taking taking = { .c = c, .received_ns = now(CLOCK_REALTIME) };
	rd_kafka_headers_t *headers = NULL;
	rd_kafka_timestamp_type_t kind;
	struct arrived_rest rest = { 0 };
	struct arrived arrived = {
		.value = msg->payload, .len = msg->len,
		.timestamp = rd_kafka_message_timestamp(msg, &kind),
	};

	taking.partition = (unsigned int)(rd_kafka_topic_partition_list_find(c->assigned,
		rd_kafka_topic_name(msg->rkt), msg->partition) - c->assigned->elems);
	rd_kafka_message_headers(msg, &headers);
	arrived.headers = headers;
	arrival_read(&arrived, take_event, &taking, &rest);
	c->summary->messages++;
	/* evringd's messages can be read whole. */
	if (rest.unread || rest.foreign || rest.by_headers || taking.impossible) {
		c->summary->foreign++;
		tell(msg, "no event");
	} else if (rest.mismatches || !has_headers(headers)) {
		c->summary->mismatches++;
		tell(msg, "its headers are not its value's");
	}
}

static void on_message(struct consumer *c, const rd_kafka_message_t *msg)
{
	if (msg->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		set_at_end(c, msg, true);
		return;
	}
	if (msg->err) {
		/* librdkafka goes on by itself, and the summary tells the gap. */
		fprintf(stderr, "evring-consume: %s\n", rd_kafka_message_errstr(msg));
		return;
	}
	set_at_end(c, msg, false);
	c->last_ns = now(CLOCK_MONOTONIC);
	take(c, msg);
}

static bool finished(const struct consumer *c, int64_t start_ns)
{
	bool complete = !c->count || ledger_distinct(c->summary->ledger) >= c->count;
	int64_t ns = now(CLOCK_MONOTONIC);

	if (interrupted || (c->timeout_s && ns - start_ns >= (int64_t)c->timeout_s * NS_PER_S))
		return true;
	if (c->quiet_ms)
		return complete && c->last_ns && all_at_end(c) &&
		       ns - c->last_ns >= (int64_t)c->quiet_ms * 1000000;
	return c->count && complete;
}

static void consume(struct consumer *c)
{
	int64_t start_ns = now(CLOCK_MONOTONIC), looked_ns = 0;
	rd_kafka_message_t *msg;

	while (!finished(c, start_ns)) {
		if (now(CLOCK_MONOTONIC) - looked_ns >= LOOK_NS) {
			look_for_topics(c);
			looked_ns = now(CLOCK_MONOTONIC);
		}
		msg = rd_kafka_consumer_poll(c->rk, 50);
		if (!msg)
			continue;
		on_message(c, msg);
		rd_kafka_message_destroy(msg);
	}
}

static void expect_emitted(struct consumer *c)
{
	json_t *status = json_load_file(c->emitted, 0, NULL), *rings, *ring;
	size_t i, nr;

	rings = json_object_get(status, "rings");
	nr = json_array_size(rings);
	if (!nr)
		die(c->emitted, "is not what `evring status --json --rings` prints");
	for (i = 0; i < nr; i++) {
		ring = json_array_get(rings, i);
		ledger_expect(c->summary->ledger, json_string_value(json_object_get(ring, "lane")),
			      (int)json_integer_value(json_object_get(ring, "cpu")),
			      (uint64_t)json_integer_value(json_object_get(ring, "emitted")));
	}
	json_decref(status);
}

static int report(struct consumer *c)
{
	struct summary *summary = c->summary;
	struct sums sums;
	uint64_t distinct;
	bool ok;
	json_t *json;

	if (c->from_zero)
		ledger_from_zero(summary->ledger);
	if (c->emitted)
		expect_emitted(c);
	ledger_sums(summary->ledger, &sums);
	distinct = ledger_distinct(summary->ledger);
	ok = !summary_lost(&sums) && !sums.overlaps && !summary->foreign && !summary->mismatches &&
	     distinct >= c->count;
	if (c->strict)
		ok = ok && !sums.duplicates && !sums.reordered;
	if (c->json) {
		json = summary_json(summary);
		json_dumpf(json, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(json);
	} else {
		summary_print(summary, stdout);
	}
	if (distinct < c->count)
		fprintf(stderr, "evring-consume: %llu distinct events came, not %llu\n",
			(unsigned long long)distinct, (unsigned long long)c->count);
	return !ok;
}

/*
 * Start
 */

static void set(struct consumer *c, const char *name, const char *value)
{
	char error[256];

	if (rd_kafka_conf_set(c->conf, name, value, error, sizeof(error)) != RD_KAFKA_CONF_OK)
		die(name, error);
}

static void set_property(struct consumer *c, char *property)
{
	char *equals = strchr(property, '=');

	if (!equals)
		die(property, "is not K=V");
	*equals = '\0';
	set(c, property, equals + 1);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (!isdigit((unsigned char)*text) || *end || n > 1ULL << 40)
		die(text, "is not a number that can be");
	return n;
}

static void set_option(struct consumer *c, int option, char *value)
{
	switch (option) {
	case OPT_BROKERS:
		set(c, "bootstrap.servers", value);
		break;
	case OPT_TOPICS:
		c->topics = value;
		break;
	case OPT_COUNT:
		c->count = number(value);
		break;
	case OPT_QUIET:
		c->quiet_ms = number(value);
		break;
	case OPT_TIMEOUT:
		c->timeout_s = number(value);
		break;
	case OPT_SHOW:
		c->show = number(value);
		break;
	case OPT_FOLLOW:
		c->follow = true;
		c->timeout_s = 0;
		break;
	case OPT_JSON:
		c->json = true;
		break;
	case OPT_ZERO:
		c->from_zero = true;
		break;
	case OPT_EMITTED:
		c->emitted = value;
		break;
	case OPT_STRICT:
		c->strict = true;
		break;
	case OPT_PROPERTY:
		set_property(c, value);
		break;
	}
}

static void set_up(struct consumer *c)
{
	const struct sigaction action = { .sa_handler = on_signal };
	char error[256];

	if (*c->topics == '^' && regcomp(&c->regex, c->topics, REG_EXTENDED | REG_NOSUB))
		die(c->topics, "is not a regular expression");
	if (sigaction(SIGINT, &action, NULL) || sigaction(SIGTERM, &action, NULL))
		die("sigaction", strerror(errno));
	c->rk = rd_kafka_new(RD_KAFKA_CONSUMER, c->conf, error, sizeof(error));
	if (!c->rk)
		die("librdkafka", error);
	rd_kafka_poll_set_consumer(c->rk);
	c->assigned = rd_kafka_topic_partition_list_new(16);
	c->summary = summary_new();
}

static void tear_down(struct consumer *c)
{
	rd_kafka_consumer_close(c->rk);
	rd_kafka_topic_partition_list_destroy(c->assigned);
	rd_kafka_destroy(c->rk);
	summary_free(c->summary);
	if (*c->topics == '^')
		regfree(&c->regex);
}

static int misused(struct consumer *c, bool wrong)
{
	rd_kafka_conf_destroy(c->conf);
	fputs(usage, wrong ? stderr : stdout);
	return wrong ? 2 : 0;
}

int main(int argc, char **argv)
{
	struct consumer c = { .conf = rd_kafka_conf_new(), .timeout_s = 60 };
	size_t brokers = 0;
	int option, status;

	set(&c, "group.id", "evring-consume");
	set(&c, "enable.auto.commit", "false");
	set(&c, "enable.partition.eof", "true");
	set(&c, "fetch.wait.max.ms", "10");
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == '?' || option == OPT_HELP)
			return misused(&c, option == '?');
		set_option(&c, option, optarg);
	}
	if (optind != argc || !c.topics || !*c.topics ||
	    rd_kafka_conf_get(c.conf, "bootstrap.servers", NULL, &brokers) || brokers < 2)
		return misused(&c, true);
	set_up(&c);
	consume(&c);
	status = report(&c);
	tear_down(&c);
	return status;
}
