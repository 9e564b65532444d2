/* SPDX-License-Identifier: MIT */
/*
 * latency: how old events are when a consumer has them: the time in the message
 * (time_ns of evring-json(7)) against this machine's clock, message by message.
 */
#include <errno.h>
#include <getopt.h>
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000LL

static const char usage[] =
	"usage: latency --brokers LIST --topic NAME --messages N [OPTION]...\n"
	"Reads N messages of the topic, in JSON with a field \"time_ns\"; prints samples.\n"
	"\n"
	"  --partitions N       that the topic has (default: 1)\n"
	"  --skip-ms N          leave out the events of so long after the first (default: 0)\n"
	"  --timeout S          fail after so long (default: 60)\n"
	"  --who TEXT, --case TEXT\n"
	"                       of the samples\n"
	"  -X PROPERTY=VALUE    librdkafka's\n";

struct latency {
	rd_kafka_conf_t *conf;
	const char *topic, *who, *name;
	uint64_t messages, partitions, skip_ms, timeout_s;

	rd_kafka_t *rk;
	int64_t *ns;			/* one for each message that counts */
	uint64_t nr, seen;
	int64_t first_ns;		/* the first event's time */
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "latency: %s: %s\n", what, why);
	exit(1);
}

static int64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* The field stands near the front: no parser, so that this program adds no delay of its own. */
static int64_t time_of(const rd_kafka_message_t *msg)
{
	static const char field[] = "\"time_ns\":";
	const char *at = memmem(msg->payload, msg->len, field, sizeof(field) - 1), *end;
	int64_t ns = 0;

	if (!at)
		die("message", "has no time_ns");
	end = (const char *)msg->payload + msg->len;
	for (at += sizeof(field) - 1; at < end && *at >= '0' && *at <= '9'; at++)
		ns = ns * 10 + (*at - '0');
	return ns;
}

static void take(struct latency *l, const rd_kafka_message_t *msg)
{
	int64_t received = now(CLOCK_REALTIME), sent = time_of(msg);

	l->seen++;
	if (!l->first_ns)
		l->first_ns = sent;
	if (sent - l->first_ns >= (int64_t)l->skip_ms * 1000000)
		l->ns[l->nr++] = received - sent;
}

static void read_all(struct latency *l)
{
	int64_t deadline = now(CLOCK_MONOTONIC) + (int64_t)l->timeout_s * NS_PER_S;
	rd_kafka_message_t *msg;

	while (l->seen < l->messages) {
		if (now(CLOCK_MONOTONIC) > deadline) {
			fprintf(stderr, "latency: %llu of %llu messages came\n",
				(unsigned long long)l->seen, (unsigned long long)l->messages);
			exit(1);
		}
		msg = rd_kafka_consumer_poll(l->rk, 100);
		if (!msg)
			continue;
		if (msg->err)
			fprintf(stderr, "latency: %s\n", rd_kafka_message_errstr(msg));
		else
			take(l, msg);
		rd_kafka_message_destroy(msg);
	}
}

static int ascending(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Nearest rank: the smallest latency that so many of the events do not exceed. */
static void sample(const struct latency *l, const char *metric, double share)
{
	uint64_t rank = (uint64_t)(share * (double)l->nr);

	rank -= rank == l->nr;
	printf("{\"part\": \"evringd\", \"env\": \"sim\", \"who\": \"%s\", \"case\": \"%s\", "
	       "\"metric\": \"latency %s ms\", \"value\": %.3f}\n", l->who, l->name, metric,
	       (double)l->ns[rank] / 1e6);
}

static void report(struct latency *l)
{
	if (!l->nr)
		die("messages", "none is left to count");
	qsort(l->ns, l->nr, sizeof(*l->ns), ascending);
	sample(l, "p50", 0.5);
	sample(l, "p99", 0.99);
	sample(l, "p99.9", 0.999);
	sample(l, "max", 1);
}

static void set(rd_kafka_conf_t *conf, const char *property, const char *text)
{
	char error[256];

	if (rd_kafka_conf_set(conf, property, text, error, sizeof(error)) != RD_KAFKA_CONF_OK)
		die(property, error);
}

static void set_property(struct latency *l, char *property)
{
	char *equals = strchr(property, '=');

	if (!equals)
		die(property, "is not PROPERTY=VALUE");
	*equals = '\0';
	set(l->conf, property, equals + 1);
}

/* Assigned by hand: no group, no rebalance. */
static void open_consumer(struct latency *l)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(4);
	char error[512];
	uint64_t i;

	l->ns = calloc(l->messages, sizeof(*l->ns));
	if (!l->ns)
		die("calloc", strerror(errno));
	l->rk = rd_kafka_new(RD_KAFKA_CONSUMER, l->conf, error, sizeof(error));
	if (!l->rk)
		die("no consumer", error);
	rd_kafka_poll_set_consumer(l->rk);
	for (i = 0; i < l->partitions; i++)
		rd_kafka_topic_partition_list_add(list, l->topic, (int32_t)i)->offset =
			RD_KAFKA_OFFSET_BEGINNING;
	if (rd_kafka_assign(l->rk, list))
		die("assign", l->topic);
	rd_kafka_topic_partition_list_destroy(list);
}

static rd_kafka_conf_t *new_conf(void)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	set(conf, "group.id", "latency");
	set(conf, "enable.auto.commit", "false");
	/* The broker answers as soon as there is anything at all. */
	set(conf, "fetch.min.bytes", "1");
	/*
	 * The time that a fetch may wait. Kafka wakes a waiting fetch when a message
	 * comes; librdkafka's mock broker waits to the end in any case.
	 */
	set(conf, "fetch.wait.max.ms", "1");
	/* No pause after an error, such as the topic's leader not being known yet. */
	set(conf, "fetch.error.backoff.ms", "0");
	/* A fetch goes out at once, though an earlier segment is not acknowledged. */
	set(conf, "socket.nagle.disable", "true");
	return conf;
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (!*text || *end || n > 1ULL << 32)
		die(text, "is not a number that can be");
	return n;
}

static const struct option options[] = {
	{ "brokers",	required_argument,	NULL, 'b' },
	{ "topic",	required_argument,	NULL, 't' },
	{ "messages",	required_argument,	NULL, 'm' },
	{ "partitions",	required_argument,	NULL, 'p' },
	{ "skip-ms",	required_argument,	NULL, 's' },
	{ "timeout",	required_argument,	NULL, 'T' },
	{ "who",	required_argument,	NULL, 'w' },
	{ "case",	required_argument,	NULL, 'c' },
	{ "help",	no_argument,		NULL, 'h' },
	{ NULL,		0,			NULL, 0 },
};

static void set_option(struct latency *l, int option, char *text)
{
	switch (option) {
	case 'b':
		set(l->conf, "bootstrap.servers", text);
		break;
	case 't':
		l->topic = text;
		break;
	case 'm':
		l->messages = number(text);
		break;
	case 'p':
		l->partitions = number(text);
		break;
	case 's':
		l->skip_ms = number(text);
		break;
	case 'T':
		l->timeout_s = number(text);
		break;
	case 'w':
		l->who = text;
		break;
	case 'c':
		l->name = text;
		break;
	case 'X':
		set_property(l, text);
		break;
	}
}

int main(int argc, char **argv)
{
	struct latency l = {
		.conf = new_conf(), .who = "evringd", .name = "latency", .partitions = 1,
		.timeout_s = 60,
	};
	size_t brokers = 0;
	int option;

	while ((option = getopt_long(argc, argv, "X:", options, NULL)) != -1) {
		if (option == '?' || option == 'h') {
			fputs(usage, option == '?' ? stderr : stdout);
			return option == '?' ? 2 : 0;
		}
		set_option(&l, option, optarg);
	}
	if (optind != argc || !l.topic || !l.messages || !l.partitions ||
	    rd_kafka_conf_get(l.conf, "bootstrap.servers", NULL, &brokers) || brokers < 2) {
		fputs(usage, stderr);
		return 2;
	}
	open_consumer(&l);
	read_all(&l);
	report(&l);
	free(l.ns);
	rd_kafka_consumer_close(l.rk);
	rd_kafka_destroy(l.rk);
	return 0;
}
