/* SPDX-License-Identifier: MIT */
/* evring(1): shows the events of this host, and the module that collects them. */
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "log.h"
#include "text.h"

static const struct {
	const char *name;
	int (*run)(const struct cli *cli, int argc, char **argv);
} verbs[] = {
	{ "status", cmd_status },
	{ "tail", cmd_tail },
	{ "top", cmd_top },
	{ "types", cmd_types },
	{ "hooks", cmd_hooks },
	{ "groups", cmd_groups },
	{ "filter", cmd_filter },
	{ "redact", cmd_redact },
	{ "publish", cmd_publish },
	{ "connectors", cmd_connectors },
	{ "verify", cmd_verify },
};

static const char help[] =
	"Usage: evring [--device PATH] VERB [OPTION]...\n"
	"Look at the events of this host, and at the module that collects them; publish some.\n"
	"\n"
	"  status      lanes, rings, groups and losses\n"
	"  tail        print events as they happen\n"
	"  top         which events come now, how often, and how the groups keep up\n"
	"  types       the types of events and their fields\n"
	"  hooks       list, attach and detach the hooks that emit events\n"
	"  groups      list and drop the groups that the rings hold events for\n"
	"  filter      check an expression that says which events are wanted\n"
	"  redact      the rules that keep secrets out of events\n"
	"  publish     publish an event of a type of your own\n"
	"  connectors  list and change the connectors that evringd runs\n"
	"  verify      read topics of Kafka back, and account for each event\n"
	"\n"
	"  --device PATH   instead of " EVRING_DEVICE "\n"
	"  --help          this text; 'evring VERB --help' for one verb\n"
	"  --version       the version of this program\n";

static int run_verb(const struct cli *cli, int argc, char **argv)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(argv[0], verbs[i].name))
			continue;
		argv[0] = "evring";	/* in getopt's messages about the verb's options */
		optind = 0;
		return verbs[i].run(cli, argc, argv);
	}
	fprintf(stderr, "evring: there is no verb '%s'\n", argv[0]);
	return try_help(NULL);
}

static int print_version(void)
{
	printf("evring %s\n", evring_version());
	return fflush(stdout) ? fail(-errno, "cannot write") : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	struct cli cli = { 0 };
	int option, ret;

	setlocale(LC_CTYPE, "");	/* which characters the terminal can show */
	log_open("evring");
	argv[0] = "evring";
	while ((option = getopt_long(argc, argv, "+hV", options, NULL)) != -1) {
		if (option == 'h')
			return print_help(help);
		if (option == 'V')
			return print_version();
		if (option != 'd')
			return try_help(NULL);
		cli.device = optarg;
	}
	if (optind == argc) {
		fputs(help, stderr);
		return EXIT_USAGE;
	}
	ret = run_verb(&cli, argc - optind, argv + optind);
	if (!ret && (fflush(stdout) || ferror(stdout)))
		ret = fail(-errno, "cannot write");
	return ret;
}
