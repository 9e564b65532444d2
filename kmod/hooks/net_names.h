/* SPDX-License-Identifier: GPL-2.0-only */
/* net_names.c: names of families, types and protocols of sockets. */
#ifndef _KMOD_HOOKS_NET_NAMES_H
#define _KMOD_HOOKS_NET_NAMES_H

#include <linux/evring.h>

enum evring_direction {
	EVRING_DIRECTION_UNKNOWN,	/* 0, as in a socket's note that is not there */
	EVRING_DIRECTION_OUTBOUND,
	EVRING_DIRECTION_INBOUND,
};

extern const struct evring_names_desc evring_socket_families;
extern const struct evring_names_desc evring_socket_types;
extern const struct evring_names_desc evring_ip_protocols;
extern const struct evring_names_desc evring_tcp_states;
extern const struct evring_names_desc evring_directions;
extern const struct evring_names_desc evring_dns_types;

#endif /* _KMOD_HOOKS_NET_NAMES_H */
