/* SPDX-License-Identifier: MIT */
/* See rest.h and resource.h. */
#include "rest.h"

#include "memory.h"
#include "page.h"
#include "resource.h"

#include <evring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Clients look at the level of the interface, which is in front. */
#define LEVEL "4.1.0"

/*
 * The worker itself
 */

/* A worker of Kafka Connect has one cluster; here each connector can have its own. */
static const char *first_cluster(const struct connectors *cs)
{
	const char *cluster = NULL;
	size_t i;

	for (i = 0; !cluster && i < connectors_nr(cs); i++)
		cluster = connector_cluster(connectors_at(cs, i)->connector);
	return cluster;
}

static void show_worker(struct call *call)
{
	const char *cluster = first_cluster(call->rest->connectors);
	char version[64];

	snprintf(version, sizeof(version), LEVEL "-evring%s", evring_version());
	reply(call, 200, json_pack("{s:s, s:s, s:o}", "version", version, "commit",
				   evring_version(), "kafka_cluster_id",
				   cluster ? text_json(cluster) : json_null()));
}

/* People get the page. */
static void show_root(struct call *call)
{
	if (page_is_wanted(call->request))
		page_show(call->answer);
	else
		show_worker(call);
}

static void show_health(struct call *call)
{
	reply(call, 200, json_pack("{s:s, s:s}", "status", "healthy", "message",
				   "Worker has completed startup and is ready to handle requests."));
}

/* Each connector is in the state that is asked of it. */
static void show_ready(struct call *call)
{
	struct connectors *cs = call->rest->connectors;
	json_t *waiting = json_array();
	size_t i;

	for (i = 0; i < connectors_nr(cs); i++) {
		const struct entry *entry = connectors_at(cs, i);
		const struct connector *connector = entry->connector;

		if (!entry->removing && connector_state(connector) != connector_target(connector))
			json_array_append_new(waiting, json_string(connector_name(connector)));
	}
	if (json_array_size(waiting))
		reply(call, 503, json_pack("{s:s, s:o}", "status", "unready", "connectors", waiting));
	else
		reply(call, 200, json_pack("{s:s, s:o}", "status", "ready", "connectors", waiting));
}

/*
 * Paths. "*" stands for a connector's or a class's name, "#" for a task's number.
 */

#define NO_ENTRY	NULL
#define NOT_FOUND	"Connector %s not found"
#define NO_STATUS	"No status found for connector %s"
#define NO_TASK_STATUS	"No status found for task %s-%u"
#define UNKNOWN		"Unknown connector %s"
#define NO_RESTART	"Unknown connector: %s"

static const struct {
	const char *method, *path;
	handler *answer;		/* NULL: it is http's, which has no HEAD of it */
	const char *missing;		/* the message for a name without a connector */
} routes[] = {
	{ "GET",	"/",					show_root,	NO_ENTRY },
	{ "GET",	"/events",				NULL,		NO_ENTRY },
	{ "GET",	"/health",				show_health,	NO_ENTRY },
	{ "GET",	"/ready",				show_ready,	NO_ENTRY },
	{ "GET",	"/metrics",				show_metrics,	NO_ENTRY },
	{ "GET",	"/connectors",				list_connectors, NO_ENTRY },
	{ "POST",	"/connectors",				create_connector, NO_ENTRY },
	{ "GET",	"/connectors/*",			show_connector,	NOT_FOUND },
	{ "DELETE",	"/connectors/*",			delete_connector, NOT_FOUND },
	{ "GET",	"/connectors/*/config",			show_config,	NOT_FOUND },
	{ "PUT",	"/connectors/*/config",			put_config,	NO_ENTRY },
	{ "PATCH",	"/connectors/*/config",			patch_config,	NOT_FOUND },
	{ "GET",	"/connectors/*/status",			show_status,	NO_STATUS },
	{ "GET",	"/connectors/*/tasks",			list_tasks,	NOT_FOUND },
	{ "GET",	"/connectors/*/tasks/#/status",		show_task_status, NO_TASK_STATUS },
	{ "POST",	"/connectors/*/tasks/#/restart",	restart_task,	NO_RESTART },
	{ "POST",	"/connectors/*/restart",		restart_connector, NO_RESTART },
	{ "PUT",	"/connectors/*/pause",			pause_connector, UNKNOWN },
	{ "PUT",	"/connectors/*/resume",			resume_connector, UNKNOWN },
	{ "PUT",	"/connectors/*/stop",			stop_connector,	UNKNOWN },
	{ "GET",	"/connectors/*/topics",			show_topics,	NOT_FOUND },
	{ "PUT",	"/connectors/*/topics/reset",		reset_topics,	NOT_FOUND },
	{ "GET",	"/connectors/*/offsets",		show_offsets,	NOT_FOUND },
	{ "PATCH",	"/connectors/*/offsets",		patch_offsets,	NOT_FOUND },
	{ "DELETE",	"/connectors/*/offsets",		delete_offsets,	NOT_FOUND },
	{ "GET",	"/connector-plugins",			list_plugins,	NO_ENTRY },
	{ "GET",	"/connector-plugins/*/config",		show_plugin,	NO_ENTRY },
	{ "PUT",	"/connector-plugins/*/config/validate", validate_config, NO_ENTRY },
	{ "GET",	"/admin/loggers",			list_loggers,	NO_ENTRY },
	{ "GET",	"/admin/loggers/*",			show_logger,	NO_ENTRY },
	{ "PUT",	"/admin/loggers/*",			put_logger,	NO_ENTRY },
};

#define NR_ROUTES (sizeof(routes) / sizeof(routes[0]))

static bool take_name(struct call *call, const char *begin, size_t len)
{
	if (!len)
		return false;
	/* Cut, it is still longer than any that there is. */
	if (len >= sizeof(call->name))
		len = sizeof(call->name) - 1;
	memcpy(call->name, begin, len);
	call->name[len] = '\0';
	return true;
}

static bool take_number(struct call *call, const char *begin, size_t len)
{
	size_t i;

	call->task = 0;
	for (i = 0; i < len; i++) {
		if (begin[i] < '0' || begin[i] > '9')
			return false;
		call->task = call->task * 10 + (unsigned int)(begin[i] - '0');
	}
	return len && len < 9;
}

/* Segment by segment; a slash at the end is none. */
static bool matches(struct call *call, const char *pattern, const char *path)
{
	size_t a, b;

	for (;;) {
		pattern += *pattern == '/';
		path += *path == '/';
		a = strcspn(pattern, "/");
		b = strcspn(path, "/");
		if (!a || !b)
			return a == b && !pattern[a] && !path[b];
		if (*pattern == '*' ? !take_name(call, path, b) :
		    *pattern == '#' ? !take_number(call, path, b) :
		    a != b || memcmp(pattern, path, a))
			return false;
		pattern += a;
		path += b;
	}
}

/* The table's texts each have one %s, or are a task's. */
static void reply_missing(struct call *call, const char *missing)
{
	if (!strcmp(missing, NO_TASK_STATUS))
		reply_error(call, 404, NO_TASK_STATUS, call->name, call->task);
	else if (!strcmp(missing, NO_RESTART))
		reply_error(call, 404, NO_RESTART, call->name);
	else
		reply_error(call, 404, !strcmp(missing, NOT_FOUND) ? NOT_FOUND :
			    !strcmp(missing, NO_STATUS) ? NO_STATUS : UNKNOWN, call->name);
}

static void answer_route(struct call *call, size_t route)
{
	const char *missing = routes[route].missing;

	call->entry = *call->name ? connectors_find(call->rest->connectors, call->name) : NULL;
	if (connectors_ending(call->rest->connectors) && strcmp(routes[route].method, "GET"))
		reply_error(call, 503, "evringd is stopping");
	else if (missing && !call->entry)
		reply_missing(call, missing);
	else
		routes[route].answer(call);
}

static void allow(struct answer *answer, size_t route)
{
	const char *head = strcmp(routes[route].method, "GET") || !routes[route].answer ? "" :
										 ", HEAD";
	char *before = answer->allow;

	answer->allow = xprintf("%s%s%s%s", before ? before : "", before ? ", " : "",
				routes[route].method, head);
	free(before);
}

void rest_answer(struct rest *rest, const struct request *request, struct answer *answer)
{
	struct call call = { .rest = rest, .request = request, .answer = answer };
	const char *method = strcmp(request->method, "HEAD") ? request->method : "GET";
	size_t i;

	*answer = (struct answer){ 0 };
	for (i = 0; i < NR_ROUTES; i++) {
		*call.name = '\0';
		if (!matches(&call, routes[i].path, request->path))
			continue;
		if (strcmp(routes[i].method, method) || !routes[i].answer) {
			allow(answer, i);
			continue;
		}
		free(answer->allow);
		answer->allow = NULL;
		answer_route(&call, i);
		return;
	}
	if (answer->allow)
		reply_error(&call, 405, "HTTP 405 Method Not Allowed");
	else
		reply_error(&call, 404, "HTTP 404 Not Found");
}

void answer_free(struct answer *answer)
{
	json_decref(answer->body);
	free(answer->text);
	free(answer->policy);
	free(answer->location);
	free(answer->allow);
}
