/* SPDX-License-Identifier: MIT */
/* See http.h. */
#include "http.h"

#include "auth.h"
#include "listener.h"
#include "live.h"
#include "log.h"
#include "loop.h"
#include "memory.h"
#include "page.h"
#include "rest.h"

#include <errno.h>
#include <jansson.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BODY_MAX	(1u << 20)
#define CONNECTIONS_MAX	256u
#define OF_ADDRESS_MAX	64u		/* of these, from one address of the network */
#define SILENT_S	10u
#define REQUEST_S	30		/* until all of a request has come */
#define MEMORY_MAX	(32u << 10)	/* of a connection: headers, and its buffers */
/* GnuTLS takes 1.0 and 1.1 by itself, which are deprecated (RFC 8996). */
#define TLS_VERSIONS	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define TICK_MS		1000
#define TURNS_MAX	16		/* without a look at the connectors */

/* A client's connection. libmicrohttpd limits how long it is silent, but not how long it takes. */
struct client {
	struct client *next, **at;
	struct MHD_Connection *connection;
	time_t since;			/* of the last answer, or the beginning; 0: a request is answered */
};

/* A daemon of libmicrohttpd's, on one socket */
struct server {
	struct client *clients;
	struct http *http;
	struct MHD_Daemon *daemon;
	struct loop_watch watch;
	bool local;			/* the socket's permissions control access */
};

struct http {
	struct rest rest;
	struct loop *loop;
	struct loop_timer timer;
	struct server servers[2];
	unsigned int nr;
	struct auth *auth;
	char *certificate, *key, *path, *worker;
	struct live *live;
	bool ready;
};

/* A request's body, as it comes */
struct exchange {
	char *body;
	size_t len;
	bool too_long;
};

static time_t monotonic_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void client_waits(struct MHD_Connection *connection, time_t since)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct client *client = info ? info->socket_context : NULL;

	if (client)
		client->since = since;
}

/*
 * The request as rest sees it
 */

struct search {
	const char *name, *value;
	bool found;
};

static enum MHD_Result look_at_parameter(void *arg, enum MHD_ValueKind kind, const char *key,
					 const char *value)
{
	struct search *search = arg;

	(void)kind;
	search->found = !strcmp(key, search->name) && !strcmp(value ? value : "", search->value);
	return search->found ? MHD_NO : MHD_YES;
}

static bool has_parameter(void *arg, const char *name, const char *value)
{
	struct search search = { .name = name, .value = value };

	MHD_get_connection_values(arg, MHD_GET_ARGUMENT_KIND, look_at_parameter, &search);
	return search.found;
}

static const char *get_parameter(void *arg, const char *name)
{
	return MHD_lookup_connection_value(arg, MHD_GET_ARGUMENT_KIND, name);
}

/*
 * Answers
 */

/* @type: of @text; NULL: JSON */
static enum MHD_Result send_text(struct MHD_Connection *connection, int status, const char *text,
				 const char *type, const char *header, const char *value)
{
	struct MHD_Response *response;
	enum MHD_Result ret;

	response = MHD_create_response_from_buffer(text ? strlen(text) : 0, (void *)text,
						   MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	if (text)
		MHD_add_response_header(response, "Content-Type", type ? type : "application/json");
	if (header)
		MHD_add_response_header(response, header, value);
	ret = MHD_queue_response(connection, (unsigned int)status, response);
	MHD_destroy_response(response);
	return ret;
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, const struct answer *answer)
{
	char *text = answer->body ? json_dumps(answer->body, JSON_COMPACT) : NULL;
	enum MHD_Result ret;

	if (answer->text)
		return send_text(connection, answer->status, answer->text, answer->type,
				 answer->policy ? "Content-Security-Policy" : NULL, answer->policy);
	ret = send_text(connection, answer->status, text, NULL,
			answer->allow ? "Allow" : answer->location ? "Location" : NULL,
			answer->allow ? answer->allow : answer->location);
	free(text);
	return ret;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, int status, const char *why,
			      const char *header, const char *value)
{
	char text[200];

	snprintf(text, sizeof(text), "{\"error_code\":%d,\"message\":\"%s\"}", status, why);
	return send_text(connection, status, text, NULL, header, value);
}

static enum MHD_Result answer_request(struct server *server, struct MHD_Connection *connection,
				      const char *path, const char *method,
				      const struct exchange *exchange)
{
	const struct request request = {
		.method = method, .path = path, .body = exchange->body ? exchange->body : "",
		.len = exchange->len,
		.accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept"),
		.parameter = get_parameter, .has = has_parameter,
		.arg = connection,
	};
	struct answer answer;
	enum MHD_Result ret;

	if (page_is_stream(&request)) {
		if (!live_serve(server->http->live, connection, &ret))
			ret = refuse(connection, 503, "There are too many streams", "Retry-After", "60");
		return ret;
	}
	rest_answer(&server->http->rest, &request, &answer);
	ret = send_answer(connection, &answer);
	answer_free(&answer);
	return ret;
}

/* Read on to its end, so that the client sees the answer. */
static void take_body(struct exchange *exchange, const char *data, size_t len)
{
	if (exchange->too_long || len > BODY_MAX - exchange->len) {
		exchange->too_long = true;
		free(exchange->body);
		exchange->body = NULL;
		exchange->len = 0;
		return;
	}
	exchange->body = xgrow(exchange->body, exchange->len, exchange->len + len, 1);
	memcpy(exchange->body + exchange->len, data, len);
	exchange->len += len;
}

static bool announces_too_much(struct MHD_Connection *connection)
{
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 "Content-Length");

	return length && strtoull(length, NULL, 10) > BODY_MAX;
}

/* Before the body: without permission, or with too long a one, none is read. */
static enum MHD_Result begin(struct server *server, struct MHD_Connection *connection,
			     void **state)
{
	const char *given = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							"Authorization");

	if (!server->local && !auth_passes(server->http->auth, given))
		return refuse(connection, 401, "Unauthorized", "WWW-Authenticate",
			      "Basic realm=\"evringd\"");
	if (server->local && !page_host_is_local(MHD_lookup_connection_value(
				     connection, MHD_HEADER_KIND, "Host")))
		return refuse(connection, 421, "This socket is for clients of this host: ask for "
			      "http://localhost, or have the proxy do so", "Connection", "close");
	if (announces_too_much(connection))
		return refuse(connection, 413, "The body is longer than 1 MiB", "Connection",
			      "close");
	*state = xzalloc(sizeof(struct exchange));
	return MHD_YES;
}

static bool is_foreign(struct MHD_Connection *connection, const char *method)
{
	static const char *const names[] = { "Sec-Fetch-Site", "Origin", "Host" };
	const char *values[3];
	unsigned int i;

	for (i = 0; i < 3; i++)
		values[i] = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, names[i]);
	return page_is_foreign(method, values[0], values[1], values[2]);
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *path,
			      const char *method, const char *version, const char *data,
			      size_t *len, void **state)
{
	struct exchange *exchange = *state;

	(void)version;
	if (!exchange && is_foreign(connection, method))
		return refuse(connection, 403, "A page of another site may change nothing",
			      "Connection", "close");
	if (!exchange)
		return begin(arg, connection, state);
	if (*len) {
		take_body(exchange, data, *len);
		*len = 0;
		return MHD_YES;
	}
	if (exchange->too_long)
		return refuse(connection, 413, "The body is longer than 1 MiB", "Connection",
			      "close");
	client_waits(connection, 0);
	return answer_request(arg, connection, path, method, exchange);
}

static void completed(void *arg, struct MHD_Connection *connection, void **state,
		      enum MHD_RequestTerminationCode why)
{
	struct exchange *exchange = *state;

	(void)arg;
	(void)why;
	client_waits(connection, monotonic_s());
	if (!exchange)
		return;
	free(exchange->body);
	free(exchange);
	*state = NULL;
}

/*
 * Clients
 */

static void client_changed(void *arg, struct MHD_Connection *connection, void **state,
			   enum MHD_ConnectionNotificationCode what)
{
	struct server *server = arg;
	struct client *client = *state;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		client = xzalloc(sizeof(*client));
		client->connection = connection;
		client->since = monotonic_s();
		client->next = server->clients;
		client->at = &server->clients;
		if (client->next)
			client->next->at = &client->next;
		server->clients = client;
		*state = client;
	} else if (client) {
		*client->at = client->next;
		if (client->next)
			client->next->at = client->at;
		free(client);
		*state = NULL;
	}
}

/* Once a byte each nine seconds keeps libmicrohttpd content: a request has to come to its end. */
static void end_slow_clients(struct server *server)
{
	const union MHD_ConnectionInfo *info;
	time_t now = monotonic_s();
	struct client *client;

	for (client = server->clients; client; client = client->next) {
		if (!client->since || now - client->since < REQUEST_S)
			continue;
		info = MHD_get_connection_info(client->connection,
					       MHD_CONNECTION_INFO_CONNECTION_FD);
		/* libmicrohttpd finds it closed with its next turn. */
		if (info)
			shutdown(info->connect_fd, SHUT_RDWR);
	}
}

/*
 * The loop
 */

static void is_ready(void *arg)
{
	struct http *http = arg;

	http->ready = true;
}

static unsigned int connections_of(const struct server *server)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon,
		MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

	return info ? info->num_connections : 0;
}

/* True: it has more to do at once. */
static bool turn(struct server *server)
{
	MHD_UNSIGNED_LONG_LONG ms = 1;
	unsigned int i;

	for (i = 0; i < TURNS_MAX; i++) {
		MHD_run(server->daemon);
		if (MHD_get_timeout(server->daemon, &ms) != MHD_YES || ms)
			return false;
	}
	return true;
}

/* A client that is silent for too long is seen by a look each second. */
bool http_turn(struct http *http)
{
	unsigned int connections = 0, i;
	bool more = false;

	if (!http->ready)
		return false;
	http->ready = false;
	for (i = 0; i < http->nr; i++) {
		more = turn(&http->servers[i]) || more;
		end_slow_clients(&http->servers[i]);
		connections += connections_of(&http->servers[i]);
	}
	http->ready = more;
	if (connections && !http->timer.op.busy)
		loop_timer(http->loop, &http->timer, TICK_MS);
	return more;
}

/*
 * The start
 */

/* A path that is cut at a NUL would be another one. */
static size_t unescape(void *arg, struct MHD_Connection *connection, char *text)
{
	char *at = text;

	(void)arg;
	(void)connection;
	while ((at = strstr(at, "%00")))
		at[2] = '1';
	return MHD_http_unescape(text);
}

/* Drop libmicrohttpd's messages: clients' errors do not concern the operator. */
static void log_nothing(void *arg, const char *fmt, va_list ap)
{
	(void)arg;
	(void)fmt;
	(void)ap;
}

static bool start(struct http *http, int fd, bool local, char *why, size_t len)
{
	struct server *server = &http->servers[http->nr];
	bool tls = !local && http->certificate;
	const struct MHD_OptionItem plain[] = { { MHD_OPTION_END, 0, NULL } };
	const struct MHD_OptionItem secure[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, http->certificate },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, http->key },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (char *)TLS_VERSIONS },
		{ MHD_OPTION_END, 0, NULL },
	};
	const union MHD_DaemonInfo *info;

	server->http = http;
	server->local = local;
	server->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | (tls ? MHD_USE_TLS : 0), 0, NULL, NULL, handle, server,
		MHD_OPTION_EXTERNAL_LOGGER, log_nothing, NULL,
		MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL,
		MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, SILENT_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_MAX,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, local ? 0 : OF_ADDRESS_MAX,
		MHD_OPTION_NOTIFY_COMPLETED, completed, NULL,
		MHD_OPTION_NOTIFY_CONNECTION, client_changed, server,
		MHD_OPTION_ARRAY, tls ? secure : plain,
		MHD_OPTION_END);
	if (!server->daemon) {
		snprintf(why, len, "libmicrohttpd does not start%s",
			 tls ? ": are certificate and key right?" : "");
		close(fd);
		return false;
	}
	http->nr++;
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	server->watch = (struct loop_watch){
		.fd = info->epoll_fd, .ready = is_ready, .arg = http,
	};
	loop_watch(http->loop, &server->watch);
	return true;
}

static bool start_local(struct http *http, const struct http_setup *setup, char *why, size_t len)
{
	int fd = listener_local(setup->socket, why, len);

	if (fd < 0)
		return false;
	if (!listener_inherited())
		http->path = xstrdup(setup->socket);
	return start(http, fd, true, why, len);
}

static bool start_network(struct http *http, const struct http_setup *setup, char *why,
			  size_t len)
{
	int fd = -1;

	if (!setup->auth || !!setup->certificate != !!setup->key)
		snprintf(why, len, "--listen needs --auth, and with --certificate a --key");
	else if (!setup->certificate && !listener_is_loopback(setup->listen))
		snprintf(why, len, "--listen of another address than 127.0.0.1 or [::1] needs TLS: "
			 "--certificate and --key");
	else if ((setup->certificate && !MHD_is_feature_supported(MHD_FEATURE_TLS)))
		snprintf(why, len, "this build of libmicrohttpd has no TLS");
	else if (auth_load(&http->auth, setup->auth, why, len) &&
		 (!setup->certificate ||
		  (pem_load(&http->certificate, setup->certificate, why, len) &&
		   pem_load(&http->key, setup->key, why, len))))
		fd = listener_network(setup->listen, why, len);
	return fd >= 0 && start(http, fd, false, why, len);
}

static char *worker_of(const struct http_setup *setup)
{
	const char *port = setup->listen ? strrchr(setup->listen, ':') : NULL;
	char name[256] = "localhost";

	gethostname(name, sizeof(name) - 1);
	return xprintf("%s%s", name, port ? port : ":0");
}

struct http *http_open(const struct http_setup *setup, struct connectors *connectors,
		       struct monitor *monitor, struct loop *loop, char *why, size_t len)
{
	struct http *http = xzalloc(sizeof(*http));

	http->loop = loop;
	http->worker = worker_of(setup);
	http->rest.connectors = connectors;
	http->rest.worker = http->worker;
	http->rest.monitor = monitor;
	http->live = live_new(loop, connectors, monitor, is_ready, http);
	http->timer = (struct loop_timer){ .expired = is_ready, .arg = http };
	if ((setup->socket && !start_local(http, setup, why, len)) ||
	    (setup->listen && !start_network(http, setup, why, len))) {
		http_close(http);
		return NULL;
	}
	return http;
}

void http_close(struct http *http)
{
	unsigned int i;

	live_end(http->live);
	for (i = 0; i < http->nr; i++)
		MHD_stop_daemon(http->servers[i].daemon);
	live_free(http->live);
	if (http->path)
		unlink(http->path);
	auth_free(http->auth);
	free(http->certificate);
	free(http->key);
	free(http->path);
	free(http->worker);
	free(http);
}
