/* SPDX-License-Identifier: MIT */
/*
 * resource: rest's inside, for its files alone: the handlers of each kind of path.
 *
 *	rest		which one a request is for
 *	instance	/connectors: list, make, show, change, remove
 *	control		.../status, pause, resume, stop, restart
 *	position	.../offsets
 *	alter		... and how they are changed
 *	plugin		/connector-plugins
 *	logger		/admin/loggers
 *	metrics		/metrics
 *	reply		for all of them: bodies, answers, errors
 */
#ifndef RESOURCE_H
#define RESOURCE_H

#include "connectors.h"
#include "rest.h"

#include <jansson.h>

#define CLASS "io.evring.EvringSourceConnector"

struct config;
struct evring;
struct evring_host;
struct snapshot;

/* One request on its way */
struct call {
	struct rest *rest;
	const struct request *request;
	struct answer *answer;
	char name[258];			/* at the path's "*": one byte longer than any can be */
	unsigned int task;		/* ... and at its "#" */
	struct entry *entry;		/* of that name, for handlers that need one */
};

typedef void handler(struct call *call);

/* Takes over @body. */
void reply(struct call *call, int status, json_t *body);
__attribute__((format(printf, 3, 4)))
void reply_error(struct call *call, int status, const char *fmt, ...);
/* A text of any bytes: those that are no UTF-8 are shown as "?". */
json_t *text_json(const char *text);
/* Of connectors_put() and the like */
void reply_errno(struct call *call, int error);
/* The request's body, or NULL: that was answered. */
json_t *call_body(struct call *call);
/* False: a configuration of that many keys is not looked at, and that was answered. */
bool settings_fit(struct call *call, const json_t *settings);

/* instance.c */
handler list_connectors, create_connector, show_connector, show_config, put_config, patch_config,
	delete_connector, list_tasks;
json_t *info_of(const struct entry *entry);
/* All keys as strings, and the name */
json_t *config_of(const struct entry *entry);

/* control.c */
handler show_status, show_task_status, pause_connector, resume_connector, stop_connector,
	restart_connector, restart_task, show_topics, reset_topics;
json_t *status_of(const struct rest *rest, const struct entry *entry);

/* position.c */
handler show_offsets, delete_offsets;
/* The device, its counters and the host's identity; NULL: that was answered. */
struct evring *call_device(struct call *call, const struct config *cfg, struct snapshot *snap,
			   struct evring_host *host);
/* False: that was answered. */
bool call_is_stopped(struct call *call);

/* alter.c */
handler patch_offsets;

/* logger.c */
handler list_loggers, show_logger, put_logger;

/* plugin.c */
handler list_plugins, show_plugin, validate_config;

/* metrics.c */
handler show_metrics;

#endif /* RESOURCE_H */
