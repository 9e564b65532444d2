/* SPDX-License-Identifier: MIT */
/* evringd: ships the events of this host's /dev/evring to Apache Kafka. */
#include "attach.h"
#include "check.h"
#include "config.h"
#include "folder.h"
#include "host.h"
#include "keys.h"
#include "layout.h"
#include "log.h"
#include "memory.h"
#include "metrics.h"
#include "problem.h"
#include "putback.h"
#include "task.h"
#include "worker.h"

#include <errno.h>
#include <evring.h>
#include <getopt.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const char usage[] =
	"usage: evringd [--check | --put-back] FILE...\n"
	"       evringd --check --connectors FOLDER\n"
	"       evringd --connectors FOLDER [--rest SOCKET] [--listen HOST:PORT\n"
	"               --auth FILE [--certificate FILE --key FILE]]\n"
	"       evringd --attach [--user USER] {FILE... | --connectors FOLDER}\n"
	"Ship the kernel's events to Apache Kafka, as the connector in each FILE, or in\n"
	"each FOLDER/*.json, says. SIGHUP makes it read FOLDER again.\n"
	"\n"
	"  -d, --connectors FOLDER\n"
	"                 run all connectors of the folder, until a signal ends it\n"
	"  --rest SOCKET  Kafka Connect's REST interface on a Unix socket\n"
	"  --listen HOST:PORT, --auth FILE, --certificate FILE, --key FILE\n"
	"                 the same on TCP, for the users and tokens in --auth's FILE,\n"
	"                 with TLS\n"
	"  -c, --check    check each FILE, or each FOLDER/*.json, print all problems, and\n"
	"                 exit\n"
	"  --put-back     send the messages of each FILE's dead-letter topic to the\n"
	"                 topics that refused them, and exit\n"
	"  --attach       attach the hooks for an evringd that lacks the capability, and\n"
	"                 exit\n"
	"  --user USER    the user that this evringd runs as, by name or number\n"
	"                 (default: this one)\n"
	"  -k, --keys     print the keys that a FILE can have, and exit\n"
	"  --metrics      print the metrics that GET /metrics has, and exit\n"
	"  --layouts      print where json.layout=ecs and ocsf have fields, and exit\n"
	"  -V, --version  print the version, and exit\n"
	"  -h, --help     print this, and exit\n"
	"\n"
	"Exit status: 0 stopped by a signal, 1 failed, 2 wrong usage or configuration,\n"
	"3 Kafka refuses an event. See evringd(8).\n";

static const struct option options[] = {
	{ "check",	no_argument,	NULL,	'c' },
	{ "put-back",	no_argument,	NULL,	'p' },
	{ "attach",	no_argument,	NULL,	'a' },
	{ "user",	required_argument, NULL, 'u' },
	{ "connectors",	required_argument, NULL, 'd' },
	{ "rest",	required_argument, NULL, 'r' },
	{ "listen",	required_argument, NULL, 'l' },
	{ "certificate", required_argument, NULL, 'C' },
	{ "key",	required_argument, NULL, 'K' },
	{ "auth",	required_argument, NULL, 'A' },
	{ "keys",	no_argument,	NULL,	'k' },
	{ "metrics",	no_argument,	NULL,	'm' },
	{ "layouts",	no_argument,	NULL,	'L' },
	{ "version",	no_argument,	NULL,	'V' },
	{ "help",	no_argument,	NULL,	'h' },
	{ NULL,		0,		NULL,	0 },
};

enum verb { RUN, CHECK, PUT_BACK, ATTACH };

/* One connector's file */
struct file {
	struct config *cfg;
	struct problems problems, warnings;
};

/* The start opens the device anyway, so only --check looks at it before. */
static void check_device(const struct config *cfg, struct problems *problems)
{
	int error;

	if (!device_check(cfg, problems, &error))
		print_line(stdout, "%s: keys \"hooks\" and \"key\" are not checked against the device: "
			   "%s", problems->file, strerror(-error));
}

/* Takes over what is in @found but its path, which stays. */
static void load(struct file *file, struct folder_file *found, bool check)
{
	file->problems = found->problems;
	found->problems = (struct problems){ 0 };
	file->warnings.file = found->path;
	file->cfg = config_take(&found->def, &file->problems);
	if (!file->problems.nr) {
		host_check(file->cfg, &file->problems);
		kafka_warn(file->cfg, &file->warnings);
	}
	if (!file->problems.nr && check)
		check_device(file->cfg, &file->problems);
}

static void check_others(struct file *files, size_t nr)
{
	struct file *file = &files[nr];
	size_t i;

	for (i = 0; i < nr && !file->problems.nr; i++)
		if (!files[i].problems.nr)
			config_apart(file->cfg, files[i].cfg, files[i].problems.file, &file->problems);
}

/* Of file descriptors: some brokers and clients of REST need so many at least */
#define FILES_MIN 4096

/*
 * librdkafka has a socket and two pipes for each broker of each connector. The units have a
 * filter of system calls without this one, and set both limits themselves.
 */
static void raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit)) {
		if (errno != EPERM)
			warn("limit of open files: %s", strerror(errno));
		return;
	}
	if (limit.rlim_max < FILES_MIN)
		warn("at most %llu files can be open, and each broker of each connector needs five: "
		     "more than %d are advised (LimitNOFILE= of the unit, ulimit -Hn)",
		     (unsigned long long)limit.rlim_max, FILES_MIN);
	if (limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		warn("limit of open files: it stays as it is: %s", strerror(errno));
}

static int start(struct file *files, char **paths, size_t nr, struct worker_setup *setup)
{
	struct config **cfgs = xgrow(NULL, 0, nr, sizeof(*cfgs));
	int status;
	size_t i;

	setup->cfgs = cfgs;
	setup->files = paths;
	setup->nr = nr;
	log_open("evringd");
	raise_files();
	for (i = 0; i < nr; i++) {
		cfgs[i] = files[i].cfg;
		files[i].cfg = NULL;
	}
	for (i = 0; i < nr; i++)
		problems_warn(&files[i].warnings);
	status = worker_run(setup);
	free(cfgs);
	return status;
}

static int put_back_all(const struct file *files, size_t nr)
{
	int status = STATUS_OK, each;
	size_t i;

	log_open("evringd");
	for (i = 0; i < nr; i++) {
		each = put_back(files[i].cfg, files[i].problems.file);
		status = status > each ? status : each;
	}
	return status;
}

static void print_checked(const struct file *file)
{
	problems_print(&file->warnings, stdout);
	if (!file->problems.nr)
		print_line(stdout, "%s: ok", file->problems.file);
}

/* @paths: of the command line's files; those of a folder the worker reads itself. */
static int run_files(struct folder *folder, char **paths, enum verb verb,
		     struct worker_setup *setup)
{
	struct file *files = xgrow(NULL, 0, folder->nr, sizeof(*files));
	int status = STATUS_OK;
	size_t nr = folder->nr, i;

	for (i = 0; i < nr; i++) {
		if (setup->folder)
			folder_check_name(&folder->files[i]);
		load(&files[i], &folder->files[i], verb == CHECK);
		check_others(files, i);
		problems_print(&files[i].problems, stderr);
		if (verb == CHECK)
			print_checked(&files[i]);
		if (files[i].problems.nr)
			status = STATUS_MISUSED;
	}
	if (verb == RUN && status == STATUS_OK)
		status = start(files, paths, nr, setup);
	if (verb == PUT_BACK && status == STATUS_OK)
		status = put_back_all(files, nr);
	for (i = 0; i < nr; i++) {
		problems_free(&files[i].problems);
		problems_free(&files[i].warnings);
		config_free(files[i].cfg);
	}
	free(files);
	return status;
}

static int run(char **paths, size_t nr, enum verb verb, struct worker_setup *setup)
{
	struct folder folder;
	int status, ret = 0;

	if (verb == CHECK && setup->folder)
		ret = folder_read(&folder, setup->folder);
	else
		folder_of(&folder, paths, nr);
	if (ret) {
		print_line(stderr, "%s: %s", setup->folder, strerror(-ret));
		return STATUS_MISUSED;
	}
	if (verb == CHECK && !folder.nr)
		print_line(stdout, "%s: there is no *.json in it, so no connector", setup->folder);
	status = run_files(&folder, paths, verb, setup);
	folder_free(&folder);
	return status;
}

/* False: there is no such user. */
static bool find_user(const char *name, uid_t *uid)
{
	const struct passwd *user = getpwnam(name);
	unsigned long number;
	char *end;

	number = strtoul(name, &end, 10);
	*uid = user ? user->pw_uid : (uid_t)number;
	if (user || (*name >= '0' && *name <= '9' && !*end && number < UINT32_MAX))
		return true;
	print_line(stderr, "evringd: there is no user %s", name);
	return false;
}

/* @user: NULL, or a name or a number */
static int attach(char **files, size_t nr, const char *folder, const char *user)
{
	uid_t uid = geteuid();

	if (user && !find_user(user, &uid))
		return STATUS_MISUSED;
	log_open("evringd");
	return attach_hooks(files, nr, folder, uid);
}

/* True: it was said. @files: there are files on the command line. */
static bool is_misused(const struct worker_setup *setup, bool files, enum verb verb,
		       const char *user)
{
	const struct http_setup *http = &setup->http;

	if (!http->listen && (http->auth || http->certificate || http->key)) {
		fputs("evringd: --auth, --certificate and --key need --listen: a Unix socket has no use "
		      "for them\n", stderr);
		return true;
	}
	if (files != !setup->folder || (setup->folder && verb == PUT_BACK) ||
	    (user && verb != ATTACH)) {
		fputs(usage, stderr);
		return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	struct worker_setup setup = { 0 };
	const char *user = NULL;
	enum verb verb = RUN;
	int opt;

	while ((opt = getopt_long(argc, argv, "cd:kVh", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			verb = CHECK;
			break;
		case 'p':
			verb = PUT_BACK;
			break;
		case 'a':
			verb = ATTACH;
			break;
		case 'u':
			user = optarg;
			break;
		case 'd':
			setup.folder = optarg;
			break;
		case 'r':
			setup.http.socket = optarg;
			break;
		case 'l':
			setup.http.listen = optarg;
			break;
		case 'C':
			setup.http.certificate = optarg;
			break;
		case 'K':
			setup.http.key = optarg;
			break;
		case 'A':
			setup.http.auth = optarg;
			break;
		case 'k':
			keys_print(stdout);
			return STATUS_OK;
		case 'm':
			metrics_print();
			return STATUS_OK;
		case 'L':
			layouts_print();
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
	if (is_misused(&setup, optind < argc, verb, user))
		return STATUS_MISUSED;
	if (verb == RUN)
		worker_block_signals();
	if (verb == ATTACH)
		return attach(argv + optind, (size_t)(argc - optind), setup.folder, user);
	return run(argv + optind, (size_t)(argc - optind), verb, &setup);
}
