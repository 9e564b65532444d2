/* SPDX-License-Identifier: MIT */
/*
 * arrivals: the messages of a topic, as the broker counts them: the partitions' end
 * offsets, which depend on neither sender nor reader.
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
#define LOOK_NS 20000000

static const char usage[] =
	"usage: arrivals --brokers LIST --topic NAME [OPTION]...\n"
	"Prints one JSON object: how many messages the topic has, when the first and the\n"
	"last of them came (seconds of CLOCK_BOOTTIME, as in /proc/uptime; as far as it\n"
	"has seen them come) and how long a value near the end is, on average.\n"
	"\n"
	"  --partitions N       that the topic has (default: 1)\n"
	"  --wait N             wait until there are N\n"
	"  --quiet-ms N         ... or nothing has come for so long (default: 10000)\n"
	"  --values N           print the last N values instead, a line each\n"
	"  -X PROPERTY=VALUE    librdkafka's\n";

struct arrivals {
	rd_kafka_conf_t *conf;
	const char *topic;
	uint64_t partitions, wait, quiet_ms, values;

	rd_kafka_t *rk;
	int64_t first_ns;		/* when there were some, if not at once */
	int64_t last_ns;		/* when its number grew last */
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "arrivals: %s: %s\n", what, why);
	exit(1);
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static int64_t end_of(const struct arrivals *a, int32_t partition, int64_t *start)
{
	rd_kafka_resp_err_t err;
	int64_t end;

	err = rd_kafka_query_watermark_offsets(a->rk, a->topic, partition, start, &end, 10000);
	if (err)
		die(a->topic, rd_kafka_err2str(err));
	return end;
}

static uint64_t count(const struct arrivals *a)
{
	uint64_t sum = 0, i;
	int64_t start;

	for (i = 0; i < a->partitions; i++)
		sum += (uint64_t)end_of(a, (int32_t)i, &start);
	return sum;
}

static uint64_t wait_for(struct arrivals *a)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	uint64_t nr = count(a), before = nr;

	a->last_ns = now();
	a->first_ns = a->last_ns;
	while (nr < a->wait && now() - a->last_ns < (int64_t)a->quiet_ms * 1000000) {
		nanosleep(&pause, NULL);
		nr = count(a);
		if (nr != before)
			a->last_ns = now();
		if (nr && !before)
			a->first_ns = a->last_ns;
		before = nr;
	}
	return nr;
}

/*
 * The last @max values of the first partition that has some, or what the broker
 * keeps of them. Returns their bytes.
 */
static uint64_t read_values(const struct arrivals *a, uint64_t max, FILE *to, uint64_t *nr)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	int64_t start = 0, end = 0;
	rd_kafka_message_t *msg;
	uint64_t bytes = 0, i;

	for (i = 0; i < a->partitions && end == start; i++)
		end = end_of(a, (int32_t)i, &start);
	*nr = (uint64_t)(end - start) < max ? (uint64_t)(end - start) : max;
	rd_kafka_topic_partition_list_add(list, a->topic, (int32_t)(i - 1))->offset =
		end - (int64_t)*nr;
	if (*nr && rd_kafka_assign(a->rk, list))
		die("assign", a->topic);
	rd_kafka_topic_partition_list_destroy(list);
	for (i = 0; i < *nr; i++) {
		msg = rd_kafka_consumer_poll(a->rk, 10000);
		if (!msg || msg->err)
			die(a->topic, msg ? rd_kafka_message_errstr(msg) : "no message comes");
		bytes += msg->len;
		if (to) {
			fwrite(msg->payload, 1, msg->len, to);
			fputc('\n', to);
		}
		rd_kafka_message_destroy(msg);
	}
	return bytes;
}

static void report(struct arrivals *a)
{
	uint64_t nr = wait_for(a), sampled, bytes;

	bytes = read_values(a, 100, NULL, &sampled);
	printf("{\"messages\": %llu, \"first_s\": %.3f, \"last_s\": %.3f, \"value_bytes\": %.0f}\n",
	       (unsigned long long)nr, (double)a->first_ns / 1e9, (double)a->last_ns / 1e9,
	       sampled ? (double)bytes / (double)sampled : 0);
}

static void set(rd_kafka_conf_t *conf, const char *property, const char *text)
{
	char error[256];

	if (rd_kafka_conf_set(conf, property, text, error, sizeof(error)) != RD_KAFKA_CONF_OK)
		die(property, error);
}

static void set_property(struct arrivals *a, char *property)
{
	char *equals = strchr(property, '=');

	if (!equals)
		die(property, "is not PROPERTY=VALUE");
	*equals = '\0';
	set(a->conf, property, equals + 1);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (!*text || *end || n > 1ULL << 40)
		die(text, "is not a number that can be");
	return n;
}

static const struct option options[] = {
	{ "brokers",	required_argument,	NULL, 'b' },
	{ "topic",	required_argument,	NULL, 't' },
	{ "partitions",	required_argument,	NULL, 'p' },
	{ "wait",	required_argument,	NULL, 'w' },
	{ "quiet-ms",	required_argument,	NULL, 'q' },
	{ "values",	required_argument,	NULL, 'v' },
	{ "help",	no_argument,		NULL, 'h' },
	{ NULL,		0,			NULL, 0 },
};

static void set_option(struct arrivals *a, int option, char *text)
{
	switch (option) {
	case 'b':
		set(a->conf, "bootstrap.servers", text);
		break;
	case 't':
		a->topic = text;
		break;
	case 'p':
		a->partitions = number(text);
		break;
	case 'w':
		a->wait = number(text);
		break;
	case 'q':
		a->quiet_ms = number(text);
		break;
	case 'v':
		a->values = number(text);
		break;
	case 'X':
		set_property(a, text);
		break;
	}
}

int main(int argc, char **argv)
{
	struct arrivals a = {
		.conf = rd_kafka_conf_new(), .partitions = 1, .quiet_ms = 10000,
	};
	size_t brokers = 0;
	char error[512];
	uint64_t nr;
	int option;

	set(a.conf, "group.id", "arrivals");
	set(a.conf, "enable.auto.commit", "false");
	while ((option = getopt_long(argc, argv, "X:", options, NULL)) != -1) {
		if (option == '?' || option == 'h') {
			fputs(usage, option == '?' ? stderr : stdout);
			return option == '?' ? 2 : 0;
		}
		set_option(&a, option, optarg);
	}
	if (optind != argc || !a.topic || !a.partitions ||
	    rd_kafka_conf_get(a.conf, "bootstrap.servers", NULL, &brokers) || brokers < 2) {
		fputs(usage, stderr);
		return 2;
	}
	a.rk = rd_kafka_new(RD_KAFKA_CONSUMER, a.conf, error, sizeof(error));
	if (!a.rk)
		die("no consumer", error);
	rd_kafka_poll_set_consumer(a.rk);
	if (a.values)
		read_values(&a, a.values, stdout, &nr);
	else
		report(&a);
	rd_kafka_consumer_close(a.rk);
	rd_kafka_destroy(a.rk);
	return 0;
}
