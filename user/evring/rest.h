/* SPDX-License-Identifier: MIT */
/* rest: one request to evringd's REST interface, on its Unix socket. */
#ifndef EVRING_CLI_REST_H
#define EVRING_CLI_REST_H

#include <jansson.h>

#define REST_SOCKET "/run/evring/rest.sock"

/*
 * Returns the status, or -errno. @body: NULL for none. *@answer: the body of
 * the answer, NULL if it is empty; the caller's. -EPROTO: it is no answer.
 */
int rest_request(const char *socket, const char *method, const char *path, const json_t *body,
		 json_t **answer);

#endif /* EVRING_CLI_REST_H */
