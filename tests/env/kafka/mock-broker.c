/* SPDX-License-Identifier: MIT */
/*
 * mock-broker: librdkafka's mock cluster as a program, for tests without Kafka.
 *
 * Prints the bootstrap address on one line of standard output and stays until
 * SIGTERM or SIGINT, or until a pipe or terminal on standard input is closed.
 * SIGUSR1 takes all brokers down, SIGUSR2 brings them back with their messages.
 * Errors of the options can also be set later, a line each on
 * standard input: "error 29:3", "leader t:0:-1", "down 2".
 */
#include <errno.h>
#include <getopt.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
	"usage: mock-broker [OPTION]...\n"
	"Topics that are not named come to be when they are used, with 4 partitions.\n"
	"\n"
	"  --brokers N               how many (1)\n"
	"  --topic NAME:PARTITIONS   create a topic\n"
	"  --error CODE:COUNT[:API]  so many requests of this kind (0: Produce) fail with\n"
	"                            this code, after those of earlier --error; code 0: they\n"
	"                            do not fail; count 0: from now on none does\n"
	"  --topic-error NAME:CODE   whatever is wanted of the topic fails; 0: no longer\n"
	"  --leader NAME:PARTITION:ID  the broker that leads it; -1: none\n"
	"  --rtt MS                  how long each answer takes\n"
	"  --down ID, --up ID        one broker goes, or comes back\n";

static const struct option options[] = {
	{ "brokers",		required_argument,	NULL,	'b' },
	{ "topic",		required_argument,	NULL,	't' },
	{ "error",		required_argument,	NULL,	'e' },
	{ "topic-error",	required_argument,	NULL,	'T' },
	{ "leader",		required_argument,	NULL,	'l' },
	{ "rtt",		required_argument,	NULL,	'r' },
	{ "down",		required_argument,	NULL,	'd' },
	{ "up",			required_argument,	NULL,	'u' },
	{ "help",		no_argument,		NULL,	'h' },
	{ NULL,			0,			NULL,	0 },
};

static rd_kafka_mock_cluster_t *cluster;
static int brokers = 1;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "mock-broker: %s: %s\n", what, why);
	exit(1);
}

static int number(const char *text, int min, int max)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (!*text || *end || n < min || n > max)
		die(text, "not a number that can be");
	return (int)n;
}

/* Cuts "A:B" behind A and returns B. */
static char *cut(char *spec, const char *form)
{
	char *colon = strchr(spec, ':');

	if (!colon)
		die(spec, form);
	*colon = '\0';
	return colon + 1;
}

static void check(rd_kafka_resp_err_t err, const char *what)
{
	if (err)
		die(what, rd_kafka_err2str(err));
}

static void create_topic(char *spec)
{
	char *partitions = cut(spec, "not NAME:PARTITIONS");

	check(rd_kafka_mock_topic_create(cluster, spec, number(partitions, 1, 1000), 1), spec);
}

static void push_errors(char *spec)
{
	char *count = cut(spec, "not CODE:COUNT"), *api = strchr(count, ':');
	rd_kafka_resp_err_t *codes;
	int nr, i;

	if (api)
		*api++ = '\0';
	nr = number(count, 0, 1000000);
	if (!nr) {
		rd_kafka_mock_clear_request_errors(cluster, (int16_t)(api ? number(api, 0, 100) : 0));
		return;
	}
	codes = calloc((size_t)nr, sizeof(*codes));
	if (!codes)
		die("errors", "out of memory");
	for (i = 0; i < nr; i++)
		codes[i] = (rd_kafka_resp_err_t)number(spec, -1, 1000);
	rd_kafka_mock_push_request_errors_array(cluster, (int16_t)(api ? number(api, 0, 100) : 0),
						(size_t)nr, codes);
	free(codes);
}

static void set_topic_error(char *spec)
{
	char *code = cut(spec, "not NAME:CODE");

	rd_kafka_mock_topic_set_error(cluster, spec, (rd_kafka_resp_err_t)number(code, -1, 1000));
}

static void set_leader(char *spec)
{
	char *partition = cut(spec, "not NAME:PARTITION:ID");
	char *id = cut(partition, "not NAME:PARTITION:ID");

	check(rd_kafka_mock_partition_set_leader(cluster, spec, number(partition, 0, 1000),
						 number(id, -1, brokers)), spec);
}

static void set_rtt(const char *ms)
{
	int id;

	for (id = 1; id <= brokers; id++)
		check(rd_kafka_mock_broker_set_rtt(cluster, id, number(ms, 0, 60000)), "rtt");
}

static void set_brokers(bool up)
{
	int id;

	for (id = 1; id <= brokers; id++)
		check(up ? rd_kafka_mock_broker_set_up(cluster, id) :
			   rd_kafka_mock_broker_set_down(cluster, id), "broker");
	fprintf(stderr, "mock-broker: %s\n", up ? "up" : "down");
}

/* False: there is no such thing to be done to a cluster. */
static bool act(int what, char *arg)
{
	switch (what) {
	case 't':
		create_topic(arg);
		return true;
	case 'e':
		push_errors(arg);
		return true;
	case 'T':
		set_topic_error(arg);
		return true;
	case 'l':
		set_leader(arg);
		return true;
	case 'r':
		set_rtt(arg);
		return true;
	case 'd':
		check(rd_kafka_mock_broker_set_down(cluster, number(arg, 1, brokers)), arg);
		return true;
	case 'u':
		check(rd_kafka_mock_broker_set_up(cluster, number(arg, 1, brokers)), arg);
		return true;
	}
	return false;
}

/* "error 29:3": an option, later. */
static void command(char *line)
{
	char *arg = strchr(line, ' ');
	size_t i;

	if (!arg)
		die(line, "no command with its argument");
	*arg++ = '\0';
	for (i = 0; options[i].name; i++)
		if (!strcmp(options[i].name, line) && act(options[i].val, arg))
			break;
	if (!options[i].name)
		die(line, "no such command");
	fprintf(stderr, "mock-broker: %s: done\n", line);
}

/* False: the other end is closed. A command is one write, so it comes whole. */
static bool read_commands(void)
{
	char buf[4096], *line, *end;
	ssize_t n = read(STDIN_FILENO, buf, sizeof(buf) - 1);

	if (n <= 0)
		return false;
	buf[n] = '\0';
	for (line = buf; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		command(line);
	}
	return true;
}

static int open_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		die("sigprocmask", strerror(errno));
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		die("signalfd", strerror(errno));
	return fd;
}

/* /dev/null or a file, as in "mock-broker &", has nobody at its other end. */
static bool has_other_end(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || isatty(fd));
}

static void serve(int signals)
{
	struct pollfd fds[2] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = has_other_end(STDIN_FILENO) ? STDIN_FILENO : -1, .events = POLLIN },
	};
	struct signalfd_siginfo si;

	for (;;) {
		if (poll(fds, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			die("poll", strerror(errno));
		}
		if (fds[1].revents && !read_commands())
			return;
		if (!fds[0].revents)
			continue;
		if (read(signals, &si, sizeof(si)) != (ssize_t)sizeof(si))
			die("signalfd", strerror(errno));
		if (si.ssi_signo != SIGUSR1 && si.ssi_signo != SIGUSR2)
			return;
		set_brokers(si.ssi_signo == SIGUSR2);
	}
}

static rd_kafka_t *open_cluster(void)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char error[512];
	rd_kafka_t *rk;

	/* Else it warns that it has no broker: it is about to be one. */
	if (rd_kafka_conf_set(conf, "log_level", "3", error, sizeof(error)) != RD_KAFKA_CONF_OK)
		die("log_level", error);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
	if (!rk)
		die("librdkafka", error);
	cluster = rd_kafka_mock_cluster_new(rk, brokers);
	if (!cluster)
		die("mock cluster", "cannot be made");
	return rk;
}

int main(int argc, char **argv)
{
	int signals, opt;
	rd_kafka_t *rk;

	while ((opt = getopt_long(argc, argv, "b:t:h", options, NULL)) != -1) {
		if (opt == 'b') {
			brokers = number(optarg, 1, 100);
		} else if (opt == 'h' || opt == '?') {
			fputs(usage, opt == 'h' ? stdout : stderr);
			return opt == 'h' ? 0 : 2;
		}
	}
	signals = open_signals();
	rk = open_cluster();
	optind = 1;
	while ((opt = getopt_long(argc, argv, "b:t:h", options, NULL)) != -1)
		if (opt != 'b')
			act(opt, optarg);
	printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
	fflush(stdout);
	serve(signals);
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(rk);
	return 0;
}
