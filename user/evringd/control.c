/* SPDX-License-Identifier: MIT */
/* A connector's state, and requests to change it: see resource.h. */
#include "resource.h"

#include "log.h"

#include <evring.h>
#include <string.h>

static json_t *state_of(const struct rest *rest, const struct entry *entry)
{
	const struct connector *connector = entry->connector;
	enum connector_state state = connector_state(connector);
	const char *trace = connector_trace(connector);
	json_t *object = json_pack("{s:s, s:s, s:s}", "state", connector_state_name(state),
				   "worker_id", rest->worker, "version", evring_version());

	if (trace && (state == CONNECTOR_FAILED || state == CONNECTOR_RESTARTING))
		json_object_set_new(object, "trace", text_json(trace));
	return object;
}

static json_t *task_state_of(const struct rest *rest, const struct entry *entry)
{
	json_t *object = json_pack("{s:i}", "id", 0), *state = state_of(rest, entry);

	json_object_update(object, state);
	json_decref(state);
	return object;
}

json_t *status_of(const struct rest *rest, const struct entry *entry)
{
	json_t *tasks = json_array();

	if (connector_has_task(entry->connector))
		json_array_append_new(tasks, task_state_of(rest, entry));
	return json_pack("{s:s, s:o, s:o, s:s}", "name", connector_name(entry->connector),
			 "connector", state_of(rest, entry), "tasks", tasks, "type", "source");
}

void show_status(struct call *call)
{
	reply(call, 200, status_of(call->rest, call->entry));
}

static bool has_task(const struct call *call)
{
	return !call->task && connector_has_task(call->entry->connector);
}

void show_task_status(struct call *call)
{
	if (has_task(call))
		reply(call, 200, task_state_of(call->rest, call->entry));
	else
		reply_error(call, 404, "No status found for task %s-%u", call->name, call->task);
}

static void ask(struct call *call, enum connector_state target, int status)
{
	int ret = connectors_ask(call->rest->connectors, call->entry, target);

	if (ret)
		reply_errno(call, ret);
	else
		reply(call, status, NULL);
}

void pause_connector(struct call *call)
{
	ask(call, CONNECTOR_PAUSED, 202);
}

void resume_connector(struct call *call)
{
	ask(call, CONNECTOR_RUNNING, 202);
}

void stop_connector(struct call *call)
{
	ask(call, CONNECTOR_STOPPED, 204);
}

static void restart(struct call *call)
{
	log_context(connector_name(call->entry->connector));
	connector_restart(call->entry->connector, "restart");
	log_context(NULL);
}

void restart_task(struct call *call)
{
	if (!has_task(call)) {
		reply_error(call, 404, "Unknown task: %s-%u", call->name, call->task);
		return;
	}
	restart(call);
	reply(call, 204, NULL);
}

static bool is_true(const struct call *call, const char *name)
{
	const char *value = call->request->parameter(call->request->arg, name);

	return value && !strcmp(value, "true");
}

void restart_connector(struct call *call)
{
	if (!is_true(call, "onlyFailed") ||
	    connector_state(call->entry->connector) == CONNECTOR_FAILED)
		restart(call);
	if (is_true(call, "includeTasks") || is_true(call, "onlyFailed"))
		reply(call, 202, status_of(call->rest, call->entry));
	else
		reply(call, 204, NULL);
}

static void add_topic(void *arg, const char *name)
{
	json_array_append_new(arg, json_string(name));
}

void reset_topics(struct call *call)
{
	connector_forget_topics(call->entry->connector);
	reply(call, 202, NULL);
}

void show_topics(struct call *call)
{
	json_t *topics = json_array();

	connector_topics(call->entry->connector, add_topic, topics);
	reply(call, 200, json_pack("{s:{s:o}}", call->name, "topics", topics));
}
