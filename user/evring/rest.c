/* SPDX-License-Identifier: MIT */
/* See rest.h. One connection a request, which the daemon closes behind its answer. */
#include "rest.h"

#include "memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MAX (64u << 20)
#define SILENT_S 60

static int connect_to(const char *path)
{
	const struct timeval silent = { .tv_sec = SILENT_S };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silent, sizeof(silent)) ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address))) {
		int ret = -errno;

		close(fd);
		return ret;
	}
	return fd;
}

static int send_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	while (len) {
		n = send(fd, text, len, MSG_NOSIGNAL);
		/* It may have answered, and closed, before it had read all. */
		if (n < 0 && errno == EPIPE)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* NUL-terminated */
static int receive_all(int fd, char **text, size_t *len)
{
	size_t room = 0;
	ssize_t n;

	*text = NULL;
	for (*len = 0; *len < ANSWER_MAX; *len += (size_t)n) {
		if (room - *len < 4096) {
			*text = xgrow(*text, room, room + 65536, 1);
			room += 65536;
		}
		do {
			n = recv(fd, *text + *len, room - *len - 1, 0);
		} while (n < 0 && errno == EINTR);
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (!n) {
			(*text)[*len] = '\0';
			return 0;
		}
	}
	return -EMSGSIZE;
}

static int parse(const char *text, size_t len, json_t **answer)
{
	const char *body = strstr(text, "\r\n\r\n");
	int status;

	if (sscanf(text, "HTTP/1.%*d %d", &status) != 1 || !body)
		return -EPROTO;
	body += 4;
	len -= (size_t)(body - text);
	*answer = len ? json_loadb(body, len, JSON_DECODE_ANY, NULL) : NULL;
	return len && !*answer ? -EPROTO : status;
}

int rest_request(const char *socket, const char *method, const char *path, const json_t *body,
		 json_t **answer)
{
	char *text = body ? must(json_dumps(body, JSON_ENCODE_ANY)) : xstrdup(""), *request;
	int fd = connect_to(socket), ret = fd;
	size_t len;

	*answer = NULL;
	request = xprintf("%s %s HTTP/1.1\r\nHost: evringd\r\nConnection: close\r\n"
			  "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
			  method, path, strlen(text), text);
	free(text);
	if (fd >= 0)
		ret = send_all(fd, request, strlen(request));
	free(request);
	if (!ret) {
		ret = receive_all(fd, &text, &len);
		if (!ret)
			ret = parse(text, len, answer);
		free(text);
	}
	if (fd >= 0)
		close(fd);
	return ret;
}
