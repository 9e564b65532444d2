/* SPDX-License-Identifier: MIT */
/*
 * Shared by the verbs of evring(1). Each verb has a file and a function, which
 * gets the verb's own arguments and returns an EXIT_* for the shell.
 */
#ifndef EVRING_CLI_H
#define EVRING_CLI_H

#include "columns.h"
#include "snapshot.h"

#include <evring.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define EXIT_USAGE	2

/* Options before the verb */
struct cli {
	const char *device;	/* NULL: EVRING_DEVICE */
};

/*
 * status.c tail.c top.c types.c hooks.c groups.c filter.c redact.c publish.c connectors.c
 * verify.c
 */
int cmd_status(const struct cli *cli, int argc, char **argv);
int cmd_tail(const struct cli *cli, int argc, char **argv);
int cmd_top(const struct cli *cli, int argc, char **argv);
int cmd_types(const struct cli *cli, int argc, char **argv);
int cmd_hooks(const struct cli *cli, int argc, char **argv);
int cmd_groups(const struct cli *cli, int argc, char **argv);
int cmd_filter(const struct cli *cli, int argc, char **argv);
int cmd_redact(const struct cli *cli, int argc, char **argv);
int cmd_publish(const struct cli *cli, int argc, char **argv);
int cmd_connectors(const struct cli *cli, int argc, char **argv);
int cmd_verify(const struct cli *cli, int argc, char **argv);

/* metrics.c: 'status --prometheus' and '--openmetrics'. @output: NULL, or a file to replace */
int status_metrics(const struct cli *cli, bool openmetrics, const char *output);

/* groups.c: status prints the groups too */
void groups_print(const struct snapshot *snap);
json_t *groups_json(const struct snapshot *snap);

/* filter.c: print the error in an expression, and where it is */
void filter_print_error(const char *type, const char *expression,
			const struct evring_filter_error *error);
/* The same of any line with such an error; @what names the line, before the column. */
void expression_print_error(const char *what, const char *expression,
			    const struct evring_filter_error *error);
/*
 * The owners of a hook with filters and limits, one object each: {"group": ...,
 * "filter": ..., "limits": {...}}. The administrator's group is null.
 */
json_t *filters_of(struct evring *ev, const char *hook);

/* typefile.c: a type out of a file, the newest of that name; NULL, which was said. Free it. */
struct evring_type *type_from_file(const char *file, const char *name);

/* Each type of a file, or the one that it is; ends where @fn or the file is no EXIT_SUCCESS. */
int types_in_file(const char *file, int (*fn)(const struct evring_type *type, void *arg),
		  void *arg);

/* types.c: a type as 'types --json' prints it. @lane: where its events go */
json_t *type_json(const struct evring_type *type, const char *lane);

/* typeschema.c: 'types --schema' */
struct types_schema {
	const char *format, *name;
	const char *file;	/* with the type; NULL: the module's */
	bool flat;
};
int types_schema(const struct cli *cli, const struct types_schema *how);

/* register.c: 'types register' and 'types unregister' */
int types_register(const struct cli *cli, const char *file, bool json);
int types_unregister(const struct cli *cli, const char *name);

/* Open the device for publishing. NULL: it failed, and stderr has the reason. */
struct evring_publisher *open_publisher(const struct cli *cli);

/*
 * util.c
 */

/* One line on stderr: the message, the error and a hint. Returns EXIT_FAILURE. */
int fail(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Behind the message about wrong arguments. Returns EXIT_USAGE. */
int try_help(const char *verb);
/* The table, or with @json the array. Takes both. */
void report_print(struct table *table, json_t *array, bool json);
/* "critical", "bulk" as an array. @lanes has a bit for each lane. */
json_t *lane_words(const struct evring *ev, uint64_t lanes);
/* For --help. Returns EXIT_SUCCESS. */
int print_help(const char *text);

/* Open the device. NULL: it failed, and stderr has the reason. */
struct evring *open_device(const struct cli *cli);

#endif /* EVRING_CLI_H */
