/* SPDX-License-Identifier: MIT */
/* listener: sockets that clients connect to; each returns a descriptor, or -1 and @why tells. */
#ifndef LISTENER_H
#define LISTENER_H

#include <stdbool.h>
#include <stddef.h>

/* systemd has given the process a socket (LISTEN_FDS), which stands for any path. */
bool listener_inherited(void);
/* For the user and the group of the process. A socket that nobody listens on is replaced. */
int listener_local(const char *path, char *why, size_t len);
/* HOST:PORT, [IPV6]:PORT */
int listener_network(const char *address, char *why, size_t len);
/* Is it 127.0.0.1 or [::1]? */
bool listener_is_loopback(const char *address);

#endif /* LISTENER_H */
