/* SPDX-License-Identifier: MIT */
/* evringd: ships the events of this host's /dev/evring to Apache Kafka. */
#include "evringd.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

static const char usage[] =
	"usage: evringd [--check] FILE\n"
	"Ship the kernel's events to Apache Kafka, as the connector in FILE says.\n"
	"\n"
	"  -c, --check    check FILE, print what is wrong with it, and exit\n"
	"  -k, --keys     print the keys that FILE can have, and exit\n"
	"  -V, --version  print the version, and exit\n"
	"  -h, --help     print this, and exit\n"
	"\n"
	"Exit status: 0 stopped as asked, 1 failed, 2 wrong usage or configuration.\n"
	"See evringd(8).\n";

static const struct option options[] = {
	{ "check",	no_argument,	NULL,	'c' },
	{ "keys",	no_argument,	NULL,	'k' },
	{ "version",	no_argument,	NULL,	'V' },
	{ "help",	no_argument,	NULL,	'h' },
	{ NULL,		0,		NULL,	0 },
};

static void start_log(const struct config *cfg)
{
	static const int levels[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

	log_open("evringd");
	log_level(levels[cfg->log_level]);
}

/* What only --check looks at before the start: the start itself opens the device anyway. */
static void check_device(const struct config *cfg, const char *file, struct problems *problems)
{
	int error;

	if (!device_check(cfg, problems, &error))
		printf("%s: keys \"hooks\" and \"key\" are not checked against the device: %s\n",
		       file, strerror(-error));
}

static int run(const char *file, bool check)
{
	struct problems problems = { .file = file }, warnings = { .file = file };
	struct config *cfg = config_load(file, &problems);
	int status = STATUS_OK;

	if (!problems.nr) {
		host_check(cfg, &problems);
		kafka_warn(cfg, &warnings);
	}
	if (!problems.nr && check) {
		check_device(cfg, file, &problems);
		problems_print(&warnings, stdout);
	} else if (!problems.nr) {
		start_log(cfg);
		problems_warn(&warnings);
		status = worker_run(cfg, &problems);
	}
	if (problems.nr) {
		problems_print(&problems, stderr);
		status = STATUS_MISUSED;
	} else if (check) {
		printf("%s: ok\n", file);
	}
	problems_free(&problems);
	problems_free(&warnings);
	config_free(cfg);
	return status;
}

int main(int argc, char **argv)
{
	bool check = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "ckVh", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			check = true;
			break;
		case 'k':
			keys_print(stdout);
			return STATUS_OK;
		case 'V':
			printf("evringd %s\n", evring_version());
			return STATUS_OK;
		case 'h':
			fputs(usage, stdout);
			return STATUS_OK;
		default:
			fputs(usage, stderr);
			return STATUS_MISUSED;
		}
	}
	if (argc - optind != 1) {
		fputs(usage, stderr);
		return STATUS_MISUSED;
	}
	return run(argv[optind], check);
}
