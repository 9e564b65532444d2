/* SPDX-License-Identifier: MIT */
/* evring publish: events of a registered type, from the command line or as lines of JSON. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "payload.h"

static const char help[] =
	"Usage: evring publish TYPE [FIELD=VALUE]...\n"
	"       evring publish TYPE --stdin\n"
	"Publish an event of a type that you have registered ('evring types register').\n"
	"A field that is not given is 0 or empty. An array is given as JSON: ids=[1,2].\n"
	"\n"
	"  --stdin   an event for each line of the standard input, a JSON object\n"
	"  --help    this text\n";

struct publishing {
	struct evring_publisher *pub;
	const struct evring_type *type;
};

static int publish(const struct publishing *to, const struct payload *p)
{
	int ret = evring_publish(to->pub, to->type, p->bytes, p->len);

	return ret ? fail(ret, "cannot publish %s", to->type->name) : EXIT_SUCCESS;
}

/* "FIELD=VALUE" */
static bool set_word(struct payload *p, char *word)
{
	char *equals = strchr(word, '=');
	bool good;

	if (!equals) {
		snprintf(p->error, sizeof(p->error), "'%.64s' is not FIELD=VALUE", word);
		return false;
	}
	*equals = '\0';
	good = payload_set_text(p, word, equals + 1);
	*equals = '=';
	return good;
}

static int publish_words(const struct publishing *to, int argc, char **argv)
{
	struct payload p;
	int ret = EXIT_SUCCESS;

	payload_begin(&p, to->type);
	for (int i = 0; i < argc && !ret; i++) {
		if (set_word(&p, argv[i]))
			continue;
		fprintf(stderr, "evring: %s\n", p.error);
		ret = EXIT_USAGE;
	}
	if (!ret)
		ret = publish(to, &p);
	payload_free(&p);
	return ret;
}

static bool set_object(struct payload *p, json_t *object)
{
	const char *name;
	json_t *value;

	if (!json_is_object(object)) {
		snprintf(p->error, sizeof(p->error), "it is no JSON object");
		return false;
	}
	json_object_foreach(object, name, value)
		if (!payload_set_json(p, name, value))
			return false;
	return true;
}

static int publish_line(const struct publishing *to, const char *line, unsigned long number)
{
	json_error_t error = { .text = "" };
	json_t *object = json_loads(line, 0, &error);
	struct payload p;
	int ret;

	payload_begin(&p, to->type);
	if (!object) {
		fprintf(stderr, "evring: line %lu: %s\n", number, error.text);
		ret = EXIT_FAILURE;
	} else if (!set_object(&p, object)) {
		fprintf(stderr, "evring: line %lu: %s\n", number, p.error);
		ret = EXIT_FAILURE;
	} else {
		ret = publish(to, &p);
	}
	json_decref(object);
	payload_free(&p);
	return ret;
}

/* The first line that is wrong ends it: those before it are published. */
static int publish_stdin(const struct publishing *to)
{
	unsigned long number = 0;
	char *line = NULL;
	size_t room = 0;
	int ret = EXIT_SUCCESS;

	while (!ret && getline(&line, &room, stdin) >= 0) {
		number++;
		if (line[strspn(line, " \t\r\n")])
			ret = publish_line(to, line, number);
	}
	if (!ret && ferror(stdin))
		ret = fail(-errno, "cannot read the standard input");
	free(line);
	return ret;
}

static int no_such_type(const char *name, int err)
{
	if (err != -ENOENT)
		return fail(err, "cannot look for the type %s", name);
	fprintf(stderr, "evring: you have no type '%s' registered: 'evring types register FILE' "
		"does that\n", name);
	return EXIT_FAILURE;
}

int cmd_publish(const struct cli *cli, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "stdin", no_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct publishing to = { 0 };
	bool lines = false;
	int option, ret;

	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (option == 'h')
			return print_help(help);
		if (option != 's')
			return try_help("publish");
		lines = true;
	}
	if (optind == argc || (lines && optind + 1 != argc)) {
		fputs("evring: publish takes a type, and fields or --stdin\n", stderr);
		return try_help("publish");
	}
	to.pub = open_publisher(cli);
	if (!to.pub)
		return EXIT_FAILURE;
	ret = evring_publisher_type(to.pub, argv[optind], &to.type);
	if (ret)
		ret = no_such_type(argv[optind], ret);
	else if (lines)
		ret = publish_stdin(&to);
	else
		ret = publish_words(&to, argc - optind - 1, argv + optind + 1);
	evring_publisher_close(to.pub);
	return ret;
}
