/* SPDX-License-Identifier: MIT */
/* evring connectors: evringd's connectors, over its REST interface. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "file.h"
#include "memory.h"
#include "rest.h"
#include "text.h"

static const char help[] =
	"Usage: evring connectors [--json] [list]\n"
	"       evring connectors [--json] show|offsets NAME\n"
	"       evring connectors apply|validate FILE...\n"
	"       evring connectors pause|resume|stop|restart|delete NAME...\n"
	"List evringd's connectors, or show and change them.\n"
	"\n"
	"  list      each connector, its state, and why it has failed\n"
	"  show      its state and its configuration\n"
	"  offsets   the committed position in each ring\n"
	"  apply     have the connector of FILE as the file says; a new one starts\n"
	"  validate  check FILE, and change nothing\n"
	"  pause     read nothing; the group holds events back\n"
	"  resume    run again, after pause or stop\n"
	"  stop      leave the group, which keeps its position\n"
	"  restart   start anew at the committed position, also after a failure; one that\n"
	"            is STOPPED stays so\n"
	"  delete    remove it; its group and its hooks go once it has stopped\n"
	"\n"
	"  --socket PATH  of evringd --rest, instead of " REST_SOCKET "\n"
	"  --json         the answer as JSON, on one line\n"
	"  --help         this text\n";

struct ask {
	const char *socket;
	bool json;
};

/*
 * Requests
 */

static int unreachable(const struct ask *ask, int error)
{
	if (error == -ENOENT || error == -ECONNREFUSED)
		fprintf(stderr, "evring: no evringd serves %s: start one with --connectors and "
			"--rest ('systemctl start evringd'), or name its socket with --socket\n",
			ask->socket);
	else if (error == -EACCES)
		fprintf(stderr, "evring: %s: no permission: evringd.socket is root's, unless it "
			"sets SocketGroup= and SocketMode=\n",
			ask->socket);
	else if (error == -EPROTO)
		fprintf(stderr, "evring: %s: the answer is not evringd's\n", ask->socket);
	else
		fail(error, "%s", ask->socket);
	return EXIT_FAILURE;
}

static json_t *printable_text(const char *from)
{
	char *text = xstrdup(from);
	json_t *json;

	make_printable(text, ' ');
	json = must(json_string(text));
	free(text);
	return json;
}

/* A copy whose texts and keys no terminal obeys: evringd may be another user's. */
static json_t *printable(json_t *from)
{
	json_t *to, *value, *name;
	const char *key;
	size_t i;

	if (json_is_string(from))
		return printable_text(json_string_value(from));
	if (json_is_array(from)) {
		to = must(json_array());
		json_array_foreach(from, i, value) {
			json_array_append_new(to, printable(value));
		}
		return to;
	}
	if (!json_is_object(from))
		return json_incref(from);
	to = must(json_object());
	json_object_foreach(from, key, value) {
		name = printable_text(key);
		json_object_set_new(to, json_string_value(name), printable(value));
		json_decref(name);
	}
	return to;
}

/* EXIT_SUCCESS, and *@answer; else it was said why not. */
static int request(const struct ask *ask, const char *method, const char *path,
		   const json_t *body, json_t **answer)
{
	int status = rest_request(ask->socket, method, path, body, answer);
	const char *message;
	json_t *told = *answer;

	if (status < 0)
		return unreachable(ask, status);
	if (told && (!ask->json || status >= 300)) {
		*answer = printable(told);
		json_decref(told);
	}
	if (status < 300)
		return EXIT_SUCCESS;
	message = json_string_value(json_object_get(*answer, "message"));
	fflush(stdout);
	fprintf(stderr, "evring: %s\n", message ? message : "evringd refuses, without a reason");
	json_decref(*answer);
	*answer = NULL;
	return EXIT_FAILURE;
}

/* Of one connector; no other characters are in a name. */
static int request_of(const struct ask *ask, const char *method, const char *name,
		      const char *rest, const json_t *body, json_t **answer)
{
	char *path;
	int ret;

	*answer = NULL;
	if (!*name || name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					"0123456789._-")]) {
		fprintf(stderr, "evring: '%s' is no connector's name\n", name);
		return EXIT_FAILURE;
	}
	path = xprintf("/connectors/%s%s", name, rest);
	ret = request(ask, method, path, body, answer);
	free(path);
	return ret;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "-";
}

/*
 * list, show, offsets
 */

struct connector_row {
	const char *name, *state, *topic, *hooks, *trace;
};

static enum style state_style(const void *row)
{
	const char *state = ((const struct connector_row *)row)->state;

	if (!strcmp(state, "RUNNING"))
		return STYLE_GOOD;
	return !strcmp(state, "FAILED") || !strcmp(state, "RESTARTING") ? STYLE_BAD : STYLE_DIM;
}

static const struct column connector_columns[] = {
	COLUMN(struct connector_row, name, TEXT, "CONNECTOR"),
	COLUMN_STYLED(struct connector_row, state, TEXT, "STATE", state_style),
	COLUMN(struct connector_row, topic, TEXT, "TOPIC"),
	COLUMN(struct connector_row, hooks, TEXT, "HOOKS"),
	COLUMN(struct connector_row, trace, TEXT, NULL),
	{ 0 },
};

static struct connector_row row_of(const char *name, const json_t *both)
{
	const json_t *state = json_object_get(json_object_get(both, "status"), "connector");
	const json_t *config = json_object_get(json_object_get(both, "info"), "config");

	return (struct connector_row){
		.name = name, .state = text_of(state, "state"), .trace = text_of(state, "trace"),
		.topic = text_of(config, "topic"), .hooks = text_of(config, "hooks"),
	};
}

static void print_list(json_t *all)
{
	struct table *table = table_new(connector_columns, 0);
	struct connector_row row;
	const char *name;
	json_t *both;

	json_object_foreach(all, name, both) {
		row = row_of(name, both);
		table_row(table, &row);
	}
	table_print(table);
	if (!json_object_size(all))
		printf("No connector: 'evring connectors apply FILE' makes one.\n");
	json_object_foreach(all, name, both) {
		row = row_of(name, both);
		if (strcmp(row.trace, "-"))
			printf("\n%s: %s\n", name, row.trace);
	}
}

static int list(const struct ask *ask)
{
	json_t *all, *rows = json_array(), *both;
	struct connector_row row;
	const char *name;
	int ret = request(ask, "GET", "/connectors?expand=status&expand=info", NULL, &all);

	if (ret == EXIT_SUCCESS && !ask->json) {
		print_list(all);
	} else if (ret == EXIT_SUCCESS) {
		json_object_foreach(all, name, both) {
			row = row_of(name, both);
			json_array_append_new(rows, columns_json(connector_columns, &row));
		}
		json_print(json_incref(rows));
	}
	json_decref(all);
	json_decref(rows);
	return ret;
}

static void print_connector(const json_t *status, json_t *config)
{
	const json_t *state = json_object_get(status, "connector");
	const char *key;
	json_t *value;

	printf("%s: %s\n", text_of(status, "name"), text_of(state, "state"));
	if (json_object_get(state, "trace"))
		printf("  %s\n", text_of(state, "trace"));
	json_object_foreach(config, key, value) {
		printf("  %s = %s\n", key, json_is_string(value) ? json_string_value(value) : "null");
	}
}

static int show(const struct ask *ask, const char *name)
{
	json_t *status, *config = NULL;
	int ret = request_of(ask, "GET", name, "/status", NULL, &status);

	if (ret == EXIT_SUCCESS)
		ret = request_of(ask, "GET", name, "/config", NULL, &config);
	if (ret == EXIT_SUCCESS && ask->json) {
		json_object_set(status, "config", config);
		json_print(json_incref(status));
	} else if (ret == EXIT_SUCCESS) {
		print_connector(status, config);
	}
	json_decref(status);
	json_decref(config);
	return ret;
}

struct offset_row {
	const char *lane;
	uint64_t cpu, pos, seq;
};

static const struct column offset_columns[] = {
	COLUMN(struct offset_row, lane, TEXT, "LANE"),
	COLUMN(struct offset_row, cpu, COUNT, "CPU"),
	COLUMN(struct offset_row, pos, COUNT, "POSITION"),
	COLUMN(struct offset_row, seq, COUNT, "SEQ"),
	{ 0 },
};

static uint64_t number_of(const json_t *object, const char *key)
{
	const json_t *number = json_object_get(object, key);

	return json_is_integer(number) ? (uint64_t)json_integer_value(number) : COLUMN_NONE;
}

static void print_offsets(const json_t *list, const char *name)
{
	struct table *table = table_new(offset_columns, 0);
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		const json_t *partition = json_object_get(one, "partition");
		const json_t *offset = json_object_get(one, "offset");
		const struct offset_row row = {
			.lane = text_of(partition, "lane"), .cpu = number_of(partition, "cpu"),
			.pos = number_of(offset, "pos"), .seq = number_of(offset, "seq"),
		};

		table_row(table, &row);
	}
	table_print(table);
	if (!json_array_size(list))
		printf("%s has no group yet, so no positions.\n", name);
}

static int offsets(const struct ask *ask, const char *name)
{
	json_t *answer;
	int ret = request_of(ask, "GET", name, "/offsets", NULL, &answer);

	if (ret == EXIT_SUCCESS && ask->json)
		json_print(json_incref(answer));
	else if (ret == EXIT_SUCCESS)
		print_offsets(json_object_get(answer, "offsets"), name);
	json_decref(answer);
	return ret;
}

/*
 * apply, validate: FILE in either shape of Kafka Connect
 */

/* NULL: that was said. *@name is in it, or the file's. */
static json_t *read_file(const char *file, char **name)
{
	const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file, *given;
	json_error_t error;
	json_t *root = json_load_file(file, JSON_REJECT_DUPLICATES, &error);
	size_t len;

	if (!root && error.line < 0) {
		fprintf(stderr, "evring: %s: %s\n", file, error.text);
		return NULL;
	}
	/* jansson quotes the text at the error, which can be a part of a secret. */
	if (!json_is_object(root)) {
		fprintf(stderr, "evring: %s: is no JSON object%s\n", file, root ? "" :
			": 'evringd --check' says where it goes wrong");
		json_decref(root);
		return NULL;
	}
	given = json_string_value(json_object_get(root, "name"));
	/* As evringd names it: "web.prod.json" is web.prod. */
	len = strlen(base);
	if (len > 5 && !strcmp(base + len - 5, ".json"))
		len -= 5;
	*name = given ? xstrdup(given) : xprintf("%.*s", (int)len, base);
	return root;
}

static json_t *config_in(json_t *root)
{
	json_t *config = json_object_get(root, "config");

	return json_is_object(config) ? config : root;
}

/* A connector that there is not is made as the file says, its initial state included. */
static int apply(const struct ask *ask, const char *file)
{
	char *name = NULL;
	json_t *root = read_file(file, &name), *answer = NULL, *known = NULL;
	bool found;
	int ret;

	if (!root)
		return EXIT_FAILURE;
	ret = request(ask, "GET", "/connectors?expand=info", NULL, &known);
	found = json_object_get(known, name);
	if (ret == EXIT_SUCCESS && !found && json_object_get(root, "config"))
		ret = request(ask, "POST", "/connectors", root, &answer);
	else if (ret == EXIT_SUCCESS)
		ret = request_of(ask, "PUT", name, "/config", config_in(root), &answer);
	if (ret == EXIT_SUCCESS && ask->json)
		json_print(json_incref(answer));
	else if (ret == EXIT_SUCCESS)
		printf("%s: %s\n", name, found ? "configured" : "created");
	json_decref(known);
	json_decref(answer);
	json_decref(root);
	free(name);
	return ret;
}

static unsigned int print_errors(const char *file, const json_t *configs)
{
	unsigned int nr = 0;
	size_t i, k;

	for (i = 0; i < json_array_size(configs); i++) {
		const json_t *value = json_object_get(json_array_get(configs, i), "value");
		const json_t *errors = json_object_get(value, "errors");

		for (k = 0; k < json_array_size(errors); k++, nr++)
			fprintf(stderr, "%s: %s\n", file,
				json_string_value(json_array_get(errors, k)));
	}
	return nr;
}

static int validate(const struct ask *ask, const char *file)
{
	char *name = NULL;
	json_t *root = read_file(file, &name), *config, *answer = NULL;
	int ret;

	if (!root)
		return EXIT_FAILURE;
	config = config_in(root);
	json_object_set_new(config, "name", json_string(name));
	ret = request(ask, "PUT", "/connector-plugins/EvringSourceConnector/config/validate", config,
		      &answer);
	if (ret == EXIT_SUCCESS) {
		if (json_integer_value(json_object_get(answer, "error_count")))
			ret = EXIT_FAILURE;
		if (ask->json)
			json_print(json_incref(answer));
		else if (!print_errors(file, json_object_get(answer, "configs")))
			printf("%s: ok\n", file);
	}
	json_decref(answer);
	json_decref(root);
	free(name);
	return ret;
}

/*
 * The verbs
 */

static const struct action {
	const char *verb, *method, *path, *done;
} actions[] = {
	{ "pause", "PUT", "/pause", "PAUSED is asked for: its group holds events back" },
	{ "resume", "PUT", "/resume", "RUNNING is asked for" },
	{ "stop", "PUT", "/stop", "STOPPED is asked for: its group keeps its position" },
	{ "restart", "POST", "/restart?includeTasks=true", "restarting" },
	{ "delete", "DELETE", "",
	  "deleted; its group and its hooks go once it has stopped (the log says so, or why not)" },
};

/* As in Kafka Connect, a restart of what is STOPPED is accepted, and changes nothing. */
static int stays(const char *name, const json_t *state)
{
	const char *is = text_of(state, "state");

	fflush(stdout);
	if (!strcmp(is, "STOPPED"))
		fprintf(stderr, "evring: %s: stays STOPPED: 'evring connectors resume %s' starts it\n",
			name, name);
	else
		fprintf(stderr, "evring: %s: stays %s: %s\n", name, is, text_of(state, "trace"));
	return EXIT_FAILURE;
}

static int act(const struct ask *ask, const struct action *action, const char *name)
{
	json_t *answer;
	int ret = request_of(ask, action->method, name, action->path, NULL, &answer);
	/* Of a restart only. It goes to the terminal with --json, too. */
	json_t *state = printable(json_object_get(answer, "connector"));

	if (ask->json && json_is_object(answer))
		json_print(json_incref(answer));
	if (state && strcmp(text_of(state, "state"), "RESTARTING"))
		ret = stays(name, state);
	else if (ret == EXIT_SUCCESS && !ask->json)
		printf("%s: %s\n", name, action->done);
	json_decref(state);
	json_decref(answer);
	return ret;
}

static const struct {
	const char *verb;
	int (*run)(const struct ask *ask, const char *argument);
	bool many;
} verbs[] = {
	{ "show", show, false },
	{ "offsets", offsets, false },
	{ "apply", apply, true },
	{ "validate", validate, true },
};

/* Each of the arguments, though one fails; -1: there is no such verb. */
static int run_verb(const struct ask *ask, const char *verb, int argc, char **argv)
{
	const struct action *action = NULL;
	int (*run)(const struct ask *ask, const char *argument) = NULL;
	int ret = EXIT_SUCCESS;
	bool many = true;

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (!strcmp(verb, actions[i].verb))
			action = &actions[i];
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verb, verbs[i].verb))
			continue;
		run = verbs[i].run;
		many = verbs[i].many;
	}
	if ((!action && !run) || !argc || (argc > 1 && !many))
		return -1;
	for (int i = 0; i < argc; i++)
		if ((action ? act(ask, action, argv[i]) : run(ask, argv[i])) != EXIT_SUCCESS)
			ret = EXIT_FAILURE;
	return ret;
}

int cmd_connectors(const struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct ask ask = { .socket = REST_SOCKET };
	int option, ret;

	(void)cli;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h')
			return print_help(help);
		if (option == 'j')
			ask.json = true;
		else if (option == 's')
			ask.socket = optarg;
		else
			return try_help("connectors");
	}
	argc -= optind;
	argv += optind;
	if (!argc || (argc == 1 && !strcmp(*argv, "list")))
		return list(&ask);
	ret = run_verb(&ask, *argv, argc - 1, argv + 1);
	if (ret >= 0)
		return ret;
	fprintf(stderr, "evring: connectors takes nothing, or a verb with names or files\n");
	return try_help("connectors");
}
