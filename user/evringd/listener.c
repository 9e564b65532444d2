/* SPDX-License-Identifier: MIT */
/* See listener.h. */
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG		128
#define INHERITED_FD	3		/* sd_listen_fds(3) */

static int failed(int fd, const char *of, char *why, size_t len)
{
	snprintf(why, len, "%s: %s", of, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

bool listener_inherited(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");

	return pid && fds && atol(pid) == (long)getpid() && atol(fds) >= 1;
}

static int socket_option(int option)
{
	int value = -1;
	socklen_t size = sizeof(value);

	return getsockopt(INHERITED_FD, SOL_SOCKET, option, &value, &size) ? -1 : value;
}

/* Its clients need no password, as its file's mode controls access: so it must have one. */
static int inherit(char *why, size_t len)
{
	long nr = atol(getenv("LISTEN_FDS"));
	int flags;

	if (nr != 1) {
		snprintf(why, len, "LISTEN_FDS: %ld sockets; allowed: one, in one ListenStream=", nr);
		return -1;
	}
	if (socket_option(SO_DOMAIN) != AF_UNIX || socket_option(SO_TYPE) != SOCK_STREAM ||
	    socket_option(SO_ACCEPTCONN) != 1) {
		snprintf(why, len, "LISTEN_FDS: descriptor %d is no Unix stream socket that listens; "
			 "TCP is served with --listen and --auth", INHERITED_FD);
		return -1;
	}
	flags = fcntl(INHERITED_FD, F_GETFL);
	if (flags < 0 || fcntl(INHERITED_FD, F_SETFL, flags | O_NONBLOCK) ||
	    fcntl(INHERITED_FD, F_SETFD, FD_CLOEXEC))
		return failed(-1, "the socket that systemd gave", why, len);
	return INHERITED_FD;
}

/* Somebody listens there: it is no left-over. */
static bool is_served(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool served = fd >= 0 && (!connect(fd, (const struct sockaddr *)address, sizeof(*address)) ||
				  errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return served;
}

int listener_local(const char *path, char *why, size_t len)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;
	mode_t mask;
	int fd, ret;

	if (listener_inherited())
		return inherit(why, len);
	if (strlen(path) >= sizeof(address.sun_path)) {
		snprintf(why, len, "%s: longer than a socket's path can be (%zu)", path,
			 sizeof(address.sun_path) - 1);
		return -1;
	}
	strcpy(address.sun_path, path);
	if (!lstat(path, &st) && S_ISSOCK(st.st_mode)) {
		if (is_served(&address)) {
			snprintf(why, len, "%s: another process serves it", path);
			return -1;
		}
		unlink(path);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mask = umask(0117);
	ret = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (ret || listen(fd, BACKLOG))
		return failed(fd, path, why, len);
	return fd;
}

/* "[::1]:8083" -> "::1" and "8083" */
static bool split(const char *address, char *host, size_t len, const char **port)
{
	const char *colon = strrchr(address, ':'), *begin = address, *end = colon;

	if (!colon || !colon[1])
		return false;
	if (*begin == '[' && end > begin + 1 && end[-1] == ']') {
		begin++;
		end--;
	}
	if (end == begin || (size_t)(end - begin) >= len)
		return false;
	memcpy(host, begin, (size_t)(end - begin));
	host[end - begin] = '\0';
	*port = colon + 1;
	return true;
}

bool listener_is_loopback(const char *address)
{
	const char *port;
	char host[256];

	return split(address, host, sizeof(host), &port) &&
	       (!strcmp(host, "127.0.0.1") || !strcmp(host, "::1"));
}

int listener_network(const char *address, char *why, size_t len)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *found = NULL;
	const char *port;
	int fd, ret, one = 1;
	char host[256];

	if (!split(address, host, sizeof(host), &port)) {
		snprintf(why, len, "%s: is no HOST:PORT", address);
		return -1;
	}
	ret = getaddrinfo(host, port, &hints, &found);
	if (ret) {
		snprintf(why, len, "%s: %s", address, gai_strerror(ret));
		return -1;
	}
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ret = fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	      bind(fd, found->ai_addr, found->ai_addrlen) || listen(fd, BACKLOG);
	freeaddrinfo(found);
	return ret ? failed(fd, address, why, len) : fd;
}
