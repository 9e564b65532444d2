/* SPDX-License-Identifier: MIT */
/* Deeds with sockets: addresses, and a socket's own ends. */
#ifndef EVRING_TEST_NET_DEED_H
#define EVRING_TEST_NET_DEED_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "file_deed.h"

/* Any family's address */
union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un un;
	struct sockaddr_storage storage;
};

static inline union address ip(const char *text, int port)
{
	union address a = { };

	if (inet_pton(AF_INET, text, &a.v4.sin_addr) == 1) {
		a.v4.sin_family = AF_INET;
		a.v4.sin_port = htons((uint16_t)port);
	} else if (inet_pton(AF_INET6, text, &a.v6.sin6_addr) == 1) {
		a.v6.sin6_family = AF_INET6;
		a.v6.sin6_port = htons((uint16_t)port);
	} else {
		abort();
	}
	return a;
}

static inline socklen_t ip_len(const union address *a)
{
	return a->any.sa_family == AF_INET ? sizeof(a->v4) : sizeof(a->v6);
}

static inline int port_of(const union address *a)
{
	return ntohs(a->any.sa_family == AF_INET ? a->v4.sin_port : a->v6.sin6_port);
}

/* Does a field have this address, as v4 mapped into v6? */
static inline bool has_address(const struct evring_event *event, const char *name,
			       const union address *a)
{
	uint8_t want[16] = { [10] = 0xff, [11] = 0xff };
	const char *str;
	size_t len;

	if (a->any.sa_family == AF_INET)
		memcpy(want + 12, &a->v4.sin_addr, 4);
	else
		memcpy(want, &a->v6.sin6_addr, 16);
	if (evring_get_string(event, told_field(event, name), &str, &len))
		abort();
	return len == 16 && !memcmp(str, want, 16);
}

static inline uint64_t inode_of(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		abort();
	return st.st_ino;
}

static inline uint64_t netns_now(void)
{
	struct stat st;

	if (stat("/proc/thread-self/ns/net", &st))
		abort();
	return st.st_ino;
}

/* Does the event have the ends that the socket itself has? */
static inline bool is_socket(const struct evring_event *event, int fd, bool has_peer)
{
	union address local = { }, remote = { };
	socklen_t len = sizeof(local);

	if (getsockname(fd, &local.any, &len))
		abort();
	len = sizeof(remote);
	if (has_peer && getpeername(fd, &remote.any, &len))
		abort();
	return told_number(event, "family") == local.any.sa_family &&
	       told_number(event, "socket") == inode_of(fd) &&
	       told_number(event, "netns") == netns_now() &&
	       has_address(event, "local_address", &local) &&
	       told_number(event, "local_port") == port_of(&local) &&
	       (!has_peer || (has_address(event, "remote_address", &remote) &&
			      told_number(event, "remote_port") == port_of(&remote)));
}

static inline const struct evring_event *only(struct told *told)
{
	if (told->n != 1) {
		printf("# %u events, not one\n", told->n);
		fflush(stdout);
		abort();
	}
	return told_at(told, 0);
}

/* A listening socket of TCP; its address is in @a then. */
static inline int listener(const char *text, union address *a)
{
	socklen_t len = sizeof(*a);
	int fd;

	*a = ip(text, 0);
	fd = socket(a->any.sa_family, SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, &a->any, ip_len(a)) || listen(fd, 5) ||
	    getsockname(fd, &a->any, &len))
		abort();
	return fd;
}

static inline void read_past(struct evring *ev)
{
	free(told_read(ev, "net.", -1));
}

#endif /* EVRING_TEST_NET_DEED_H */
