/* SPDX-License-Identifier: MIT */
/*
 * mock-broker: librdkafka's mock cluster as a program, for tests without Kafka.
 *
 * Prints the bootstrap address on one line of standard output and stays until
 * SIGTERM or SIGINT, or until a pipe or terminal on standard input is closed.
 * SIGUSR1 takes all brokers down, SIGUSR2 brings them back with what they had.
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
	"usage: mock-broker [--brokers N] [--topic NAME:PARTITIONS]...\n"
	"Topics that are not named come to be when they are used, with 4 partitions.\n";

static const struct option options[] = {
	{ "brokers",	required_argument,	NULL,	'b' },
	{ "topic",	required_argument,	NULL,	't' },
	{ "help",	no_argument,		NULL,	'h' },
	{ NULL,		0,			NULL,	0 },
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "mock-broker: %s: %s\n", what, why);
	exit(1);
}

static int number(const char *text, int max)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (!*text || *end || n < 1 || n > max)
		die(text, "not a number that can be");
	return (int)n;
}

static void create_topic(rd_kafka_mock_cluster_t *cluster, char *spec)
{
	char *colon = strchr(spec, ':');
	rd_kafka_resp_err_t err;

	if (!colon)
		die(spec, "not NAME:PARTITIONS");
	*colon = '\0';
	err = rd_kafka_mock_topic_create(cluster, spec, number(colon + 1, 1000), 1);
	if (err)
		die(spec, rd_kafka_err2str(err));
}

static void set_brokers(rd_kafka_mock_cluster_t *cluster, int brokers, bool up)
{
	int id;

	for (id = 1; id <= brokers; id++) {
		if (up)
			rd_kafka_mock_broker_set_up(cluster, id);
		else
			rd_kafka_mock_broker_set_down(cluster, id);
	}
	fprintf(stderr, "mock-broker: %s\n", up ? "up" : "down");
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

static void serve(rd_kafka_mock_cluster_t *cluster, int brokers, int signals)
{
	struct pollfd fds[2] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = has_other_end(STDIN_FILENO) ? STDIN_FILENO : -1, .events = POLLIN },
	};
	struct signalfd_siginfo si;
	char buf[256];

	for (;;) {
		if (poll(fds, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			die("poll", strerror(errno));
		}
		if (fds[1].revents && read(STDIN_FILENO, buf, sizeof(buf)) <= 0)
			return;
		if (!fds[0].revents)
			continue;
		if (read(signals, &si, sizeof(si)) != (ssize_t)sizeof(si))
			die("signalfd", strerror(errno));
		if (si.ssi_signo != SIGUSR1 && si.ssi_signo != SIGUSR2)
			return;
		set_brokers(cluster, brokers, si.ssi_signo == SIGUSR2);
	}
}

int main(int argc, char **argv)
{
	rd_kafka_mock_cluster_t *cluster;
	int brokers = 1, signals, opt;
	rd_kafka_conf_t *conf;
	char error[512];
	rd_kafka_t *rk;

	while ((opt = getopt_long(argc, argv, "b:t:h", options, NULL)) != -1) {
		if (opt == 'b') {
			brokers = number(optarg, 100);
		} else if (opt != 't') {
			fputs(usage, opt == 'h' ? stdout : stderr);
			return opt == 'h' ? 0 : 2;
		}
	}
	signals = open_signals();
	conf = rd_kafka_conf_new();
	/* Else it warns that it has no broker: it is about to be one. */
	if (rd_kafka_conf_set(conf, "log_level", "3", error, sizeof(error)) != RD_KAFKA_CONF_OK)
		die("log_level", error);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
	if (!rk)
		die("librdkafka", error);
	cluster = rd_kafka_mock_cluster_new(rk, brokers);
	if (!cluster)
		die("mock cluster", "cannot be made");
	optind = 1;
	while ((opt = getopt_long(argc, argv, "b:t:h", options, NULL)) != -1)
		if (opt == 't')
			create_topic(cluster, optarg);
	printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
	fflush(stdout);
	serve(cluster, brokers, signals);
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(rk);
	return 0;
}
