/* SPDX-License-Identifier: MIT */
/*
 * See registry.h. One request at a time, by libcurl's multi interface: its sockets are in
 * one epoll descriptor, which the loop watches, and its timeouts are a timer of the loop.
 * Names are looked up in libcurl's own threads; one whose name server is silent is left
 * behind, and ends by itself. An answer is not trusted: its size, its time and its form are
 * bounded.
 */
#include "registry.h"

#include "config.h"
#include "delay.h"
#include "log.h"
#include "loop.h"
#include "memory.h"
#include "text.h"
#include "words.h"

#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX	(4u << 20)
#define ANSWER_MS	10000L
#define CONNECT_MS	5000L
#define RETRY_MS	100		/* the first time; twice as long each time */
#define WHY_MAX		300
#define TURNS_MAX	16
#define ACCEPT		"Accept: application/vnd.schemaregistry.v1+json, application/json"
#define CONTENT_TYPE	"Content-Type: application/vnd.schemaregistry.v1+json"

/*
 * CURLMOPT_QUICK_EXIT: from libcurl 8.20 on the threads that look names up are the multi
 * handle's, and its end waits for them without it. The library may be newer than the headers,
 * so this is its number; an older library refuses it, and ends without waiting.
 */
#define QUICK_EXIT	((CURLMoption)21)

struct registry {
	const struct config *cfg;
	struct loop *loop;
	void (*wake)(void *arg);
	void *arg;
	struct registry_ask *first;		/* that wait; the first one is being asked */
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	int epoll;
	struct loop_watch watch;
	struct loop_timer timer;
	uint64_t curl_at, retry_at;		/* ns, when curl or the next try is due; 0: not */
	unsigned int server;			/* of the list of URLs */
	unsigned int failures;
	uint64_t since;				/* of the first failure; 0: there is none */
	char *body, *answer;
	size_t answer_len;
	char error[CURL_ERROR_SIZE];
	bool busy;				/* a transfer is under way */
	bool stopped;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static uint64_t next_time(const struct registry *r)
{
	if (!r->curl_at || (r->retry_at && r->retry_at < r->curl_at))
		return r->retry_at;
	return r->curl_at;
}

/* The one timer is set to the first deadline. If it runs already it is hurried, and set anew. */
static void set_timer(struct registry *r)
{
	uint64_t at = next_time(r), now = now_ns();

	if (r->timer.op.busy)
		loop_hurry(r->loop, &r->timer);
	else if (at && !r->stopped)
		loop_timer(r->loop, &r->timer, at > now ? (at - now) / 1000000 + 1 : 1);
}

/*
 * The request
 */

static size_t take_answer(char *data, size_t size, size_t nr, void *arg)
{
	struct registry *r = arg;
	size_t len = size * nr;

	if (len > ANSWER_MAX - r->answer_len)
		return 0;
	r->answer = xgrow(r->answer, r->answer_len, r->answer_len + len + 1, 1);
	memcpy(r->answer + r->answer_len, data, len);
	r->answer_len += len;
	return len;
}

/* The URL of the server whose turn it is, without a slash at its end */
static char *server_url(struct registry *r)
{
	const char *rest = r->cfg->registry_url, *word;
	unsigned int i = 0, nr = 0;
	size_t len;

	while (next_word(&rest, &len))
		nr++;
	rest = r->cfg->registry_url;
	while ((word = next_word(&rest, &len)) && i++ < r->server % nr)
		;
	while (len && word[len - 1] == '/')
		len--;
	return xprintf("%.*s", (int)len, word);
}

/* Registering a schema that is there gives its id; looking one up registers nothing. */
static char *request_url(struct registry *r, const struct registry_ask *ask)
{
	char *subject = must(curl_easy_escape(r->easy, ask->subject, 0)), *server = server_url(r);
	const char *path = r->cfg->use_latest ? "/versions/latest" :
			   r->cfg->auto_register ? "/versions" : "";
	char *url = xprintf("%s/subjects/%s%s", server, subject, path);

	curl_free(subject);
	free(server);
	return url;
}

/* Registries before Confluent's 5.5 know Avro alone, and no "schemaType". */
static char *request_body(const struct registry_ask *ask)
{
	json_t *json = must(json_pack("{s:s}", "schema", ask->schema));
	char *text;

	if (strcmp(ask->type, "AVRO"))
		json_object_set_new(json, "schemaType", json_string(ask->type));
	text = must(json_dumps(json, JSON_COMPACT));
	json_decref(json);
	return text;
}

static void set_options(struct registry *r, const char *url)
{
	const struct config *cfg = r->cfg;
	CURL *easy = r->easy;

	curl_easy_reset(easy);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* Else a request's end waits for getaddrinfo(), which may take as long as a name server. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, ANSWER_MS);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, r->headers);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "evringd");
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, r);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, r->error);
	if (cfg->registry_user) {
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(easy, CURLOPT_USERPWD, cfg->registry_user);
	}
	if (cfg->registry_ca)
		curl_easy_setopt(easy, CURLOPT_CAINFO, cfg->registry_ca);
	if (!cfg->use_latest)
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, r->body);
}

static void failed(struct registry *r, const char *why);

static void start(struct registry *r)
{
	char *url;

	if (!r->first || r->busy || r->retry_at || r->stopped)
		return;
	free(r->body);
	r->body = request_body(r->first);
	r->answer_len = 0;
	r->error[0] = '\0';
	url = request_url(r, r->first);
	set_options(r, url);
	free(url);
	r->busy = true;
	if (curl_multi_add_handle(r->multi, r->easy)) {
		r->busy = false;
		failed(r, "libcurl takes no request");
	}
	set_timer(r);
}

/*
 * The answer
 */

static void finish(struct registry *r, enum ask_state state)
{
	struct registry_ask *ask = r->first;

	r->first = ask->next;
	ask->state = state;
	r->failures = 0;
	r->since = 0;
	r->wake(r->arg);
}

static void done(struct registry *r, int32_t id)
{
	if (r->since)
		info("schema registry: answers again, after %llu s",
		     (unsigned long long)((now_ns() - r->since) / 1000000000));
	free(r->first->why);
	r->first->why = NULL;
	r->first->id = id;
	finish(r, ASK_DONE);
}

/* Why the first question has no answer */
static void say_why(struct registry *r, const char *why)
{
	free(r->first->why);
	r->first->why = xprintf("schema registry: subject %s: %s", r->first->subject, why);
}

static void refused(struct registry *r, const char *why)
{
	say_why(r, why);
	finish(r, ASK_REFUSED);
}

/* For the moment. The next try is with the next server of the list. */
static void failed(struct registry *r, const char *why)
{
	uint64_t ms = RETRY_MS << (r->failures < 16 ? r->failures : 16), now = now_ns();
	char text[WHY_MAX + 100];

	ms = ms < r->cfg->retry_delay_ms ? ms : r->cfg->retry_delay_ms;
	ms = delay_jittered(ms);
	if (!r->since) {
		r->since = now;
		warn("schema registry: %s; events wait in the ring until it answers", why);
	}
	if ((now - r->since) / 1000000 > r->cfg->retry_timeout_ms) {
		snprintf(text, sizeof(text), "errors.retry.timeout is over: %s", why);
		say_why(r, text);
		finish(r, ASK_GIVEN_UP);
		return;
	}
	say_why(r, why);
	r->failures++;
	r->server++;
	r->retry_at = now + ms * 1000000;
	set_timer(r);
}

/* Its own words, on one line, if it has some; they may be anything. */
static void error_text(const json_t *json, long status, char *to, size_t room)
{
	const char *message = json_string_value(json_object_get(json, "message"));
	json_int_t code = json_integer_value(json_object_get(json, "error_code"));
	size_t len;

	len = (size_t)snprintf(to, room, "it answers %ld", status);
	if (code && code != status)
		len += (size_t)snprintf(to + len, room - len, " (%lld)", (long long)code);
	if (message && len + 3 < room)
		snprintf(to + len, room - len, ": %.*s",
			 (int)whole_characters(message, strlen(message), room - len - 3), message);
	make_printable(to, ' ');
}

/* Trying again would get the same answer. A redirection is to be written into the URL. */
static bool is_final(long status)
{
	return status >= 300 && status < 500 && status != 408 && status != 425 && status != 429;
}

/* Without documentation and other attributes, which change nothing that is written */
static json_t *canonical(const json_t *json)
{
	static const char *const kept[] = {
		"type", "name", "namespace", "fields", "items", "default", "logicalType",
		"properties", "const", "required",
	};
	json_t *copy, *value, *property;
	const char *key;
	size_t i;

	if (json_is_array(json)) {
		copy = json_array();
		json_array_foreach(json, i, value) {
			json_array_append_new(copy, canonical(value));
		}
		return copy;
	}
	if (!json_is_object(json))
		return json_deep_copy(json);
	copy = json_object();
	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		value = json_object_get(json, kept[i]);
		if (!value)
			continue;
		if (strcmp(kept[i], "properties")) {
			json_object_set_new(copy, kept[i], canonical(value));
			continue;
		}
		json_object_set_new(copy, kept[i], json_object());
		json_object_foreach(value, key, property) {
			json_object_set_new(json_object_get(copy, "properties"), key,
					    canonical(property));
		}
	}
	return copy;
}

/* The next word of a .proto file, without comments; "" at its end */
static size_t proto_word(const char **at)
{
	const char *s = *at;
	size_t len;

	for (;;) {
		s += strspn(s, " \t\r\n");
		if (s[0] == '/' && s[1] == '/')
			s += strcspn(s, "\n");
		else
			break;
	}
	*at = s;
	len = strcspn(s, " \t\r\n;{}=/");
	return len || !*s ? len : 1;
}

static bool same_proto(const char *a, const char *b)
{
	size_t n, m;

	do {
		n = proto_word(&a);
		m = proto_word(&b);
		if (n != m || memcmp(a, b, n))
			return false;
		a += n;
		b += m;
	} while (n);
	return true;
}

/* Consumers read a value by the schema of its id: so it must be the one that it was written by. */
static bool same_schema(const struct registry_ask *ask, const char *schema)
{
	json_t *a, *b, *x, *y;
	bool same;

	if (!strcmp(ask->type, "PROTOBUF"))
		return same_proto(ask->schema, schema);
	a = json_loads(ask->schema, 0, NULL);
	b = json_loads(schema, 0, NULL);
	x = a ? canonical(a) : NULL;
	y = b ? canonical(b) : NULL;
	same = x && y && json_equal(x, y);
	json_decref(a);
	json_decref(b);
	json_decref(x);
	json_decref(y);
	return same;
}

static void judge_found(struct registry *r, const json_t *json)
{
	const json_t *id = json_object_get(json, "id");
	const char *schema = json_string_value(json_object_get(json, "schema"));

	if (!json_is_integer(id) || json_integer_value(id) < 0 ||
	    json_integer_value(id) > INT32_MAX)
		failed(r, "its answer has no id");
	else if (r->cfg->use_latest && (!schema || !same_schema(r->first, schema)))
		refused(r, "its latest version is another schema than that of the events; register "
			"the one that evring types --schema prints");
	else
		done(r, (int32_t)json_integer_value(id));
}

static void judge(struct registry *r, CURLcode code)
{
	char why[WHY_MAX], *url = server_url(r);
	long status = 0;
	json_t *json;

	curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	json = code ? NULL : json_loadb(r->answer ? r->answer : "", r->answer_len, 0, NULL);
	if (code) {
		snprintf(why, sizeof(why), "%s: %s", url,
			 code == CURLE_WRITE_ERROR ? "its answer has no end" :
			 r->error[0] ? r->error : curl_easy_strerror(code));
		make_printable(why, ' ');
		failed(r, why);
	} else if (status == 200 && json_is_object(json)) {
		judge_found(r, json);
	} else if (status == 200) {
		failed(r, "its answer is no JSON object");
	} else {
		error_text(json, status, why, sizeof(why));
		if (is_final(status))
			refused(r, why);
		else
			failed(r, why);
	}
	free(url);
	json_decref(json);
}

static void look(struct registry *r)
{
	CURLMsg *message;
	CURLcode code;
	int left;

	while ((message = curl_multi_info_read(r->multi, &left))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		code = message->data.result;
		curl_multi_remove_handle(r->multi, r->easy);
		r->busy = false;
		judge(r, code);
	}
	start(r);
}

/*
 * libcurl in the loop
 */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct registry *r = arg;
	struct epoll_event event = {
		.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) |
			  (what & CURL_POLL_OUT ? EPOLLOUT : 0u),
		.data.fd = fd,
	};

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		/* libcurl may have closed it already, which has removed it. */
		epoll_ctl(r->epoll, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	if (epoll_ctl(r->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) &&
	    epoll_ctl(r->epoll, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event))
		return -1;
	curl_multi_assign(r->multi, fd, r);
	return 0;
}

static int on_timeout(CURLM *multi, long ms, void *arg)
{
	struct registry *r = arg;

	(void)multi;
	r->curl_at = ms < 0 ? 0 : now_ns() + (uint64_t)ms * 1000000 + 1;
	set_timer(r);
	return 0;
}

/* False: no socket is ready. */
static bool serve_sockets(struct registry *r)
{
	struct epoll_event events[8];
	int nr = epoll_wait(r->epoll, events, 8, 0), i, running, mask;

	for (i = 0; i < nr; i++) {
		mask = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
		       (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
		       (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
		curl_multi_socket_action(r->multi, events[i].data.fd, mask, &running);
	}
	return nr > 0;
}

/*
 * The loop tells that something has come, once, and libcurl need not read all of it: so
 * the sockets are served until none is ready, or soon again.
 */
static void is_ready(void *arg)
{
	struct registry *r = arg;
	int turns = TURNS_MAX;

	if (r->stopped)
		return;
	while (turns && serve_sockets(r))
		turns--;
	if (!turns) {
		r->curl_at = now_ns() + 1;
		set_timer(r);
	}
	look(r);
}

static void expired(void *arg)
{
	struct registry *r = arg;
	uint64_t now = now_ns();
	int running;

	if (r->stopped)
		return;
	if (r->curl_at && r->curl_at <= now) {
		r->curl_at = 0;
		curl_multi_socket_action(r->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
	if (r->retry_at && r->retry_at <= now)
		r->retry_at = 0;
	is_ready(r);
	if (!r->timer.op.busy)
		set_timer(r);
}

/*
 * From start to end
 */

struct registry *registry_new(const struct config *cfg, struct loop *loop,
			      void (*wake)(void *arg), void *arg)
{
	struct registry *r = xzalloc(sizeof(*r));

	r->cfg = cfg;
	r->loop = loop;
	r->wake = wake;
	r->arg = arg;
	r->multi = must(curl_multi_init());
	r->easy = must(curl_easy_init());
	r->headers = must(curl_slist_append(NULL, ACCEPT));
	r->headers = must(curl_slist_append(r->headers, CONTENT_TYPE));
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (r->epoll < 0) {
		registry_free(r);
		return NULL;
	}
	curl_multi_setopt(r->multi, QUICK_EXIT, 1L);
	curl_multi_setopt(r->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(r->multi, CURLMOPT_SOCKETDATA, r);
	curl_multi_setopt(r->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
	curl_multi_setopt(r->multi, CURLMOPT_TIMERDATA, r);
	r->timer = (struct loop_timer){ .expired = expired, .arg = r };
	r->watch = (struct loop_watch){ .fd = r->epoll, .ready = is_ready, .arg = r };
	loop_watch(loop, &r->watch);
	return r;
}

void registry_ask(struct registry *r, struct registry_ask *ask)
{
	struct registry_ask **end = &r->first;

	while (*end)
		end = &(*end)->next;
	*end = ask;
	start(r);
}

void registry_ask_release(struct registry_ask *ask)
{
	free(ask->subject);
	free(ask->schema);
	free(ask->why);
}

void registry_stop(struct registry *r)
{
	if (r->stopped)
		return;
	r->stopped = true;
	loop_unwatch(&r->watch);
	loop_hurry(r->loop, &r->timer);
}

bool registry_idle(const struct registry *r)
{
	return !r->watch.op.busy && !r->timer.op.busy;
}

void registry_free(struct registry *r)
{
	if (r->busy)
		curl_multi_remove_handle(r->multi, r->easy);
	curl_easy_cleanup(r->easy);
	curl_multi_cleanup(r->multi);
	curl_slist_free_all(r->headers);
	if (r->epoll >= 0)
		close(r->epoll);
	free(r->body);
	free(r->answer);
	free(r);
}

const char *registry_url_wrong(const char *urls)
{
	const char *word, *rest = urls;
	size_t len;

	while ((word = next_word(&rest, &len))) {
		if ((len <= 7 || strncmp(word, "http://", 7)) &&
		    (len <= 8 || strncmp(word, "https://", 8)))
			return "has an entry that is no http:// or https:// URL";
		if (memchr(word, '@', len))
			return "has a name or a password in it, which logs would show";
		if (memchr(word, '?', len) || memchr(word, '#', len) || memchr(word, ' ', len))
			return "has an entry that is no base URL";
	}
	return NULL;
}
