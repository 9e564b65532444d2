/* SPDX-License-Identifier: MIT */
/*
 * rest: Kafka Connect's REST interface to the connectors: a request and its
 * answer, without the network (http.h has that).
 */
#ifndef REST_H
#define REST_H

#include <stdbool.h>
#include <stddef.h>

struct connectors;
struct json_t;
struct monitor;

struct request {
	const char *method;
	const char *path;		/* decoded, without the query */
	const char *body;
	size_t len;
	const char *accept;		/* or NULL */
	/* The value of one parameter of the query, "" if it has none, NULL if it is not there */
	const char *(*parameter)(void *arg, const char *name);
	/* Has the query NAME=VALUE, maybe among others of the name? */
	bool (*has)(void *arg, const char *name, const char *value);
	void *arg;
};

struct answer {
	int status;
	struct json_t *body;		/* NULL: empty */
	char *text;			/* of @type, in place of @body */
	const char *type;
	char *policy;			/* Content-Security-Policy of @text, or NULL */
	char *location;			/* NULL: none */
	char *allow;			/* of 405: the methods that there are, or NULL */
};

struct rest {
	struct connectors *connectors;
	struct monitor *monitor;
	const char *worker;		/* HOST:PORT, as clients show it */
};

void rest_answer(struct rest *rest, const struct request *request, struct answer *answer);
void answer_free(struct answer *answer);

#endif /* REST_H */
