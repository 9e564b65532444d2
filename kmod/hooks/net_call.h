/* SPDX-License-Identifier: GPL-2.0-only */
/* The events of net_call.c. */
#ifndef _KMOD_HOOKS_NET_CALL_H
#define _KMOD_HOOKS_NET_CALL_H

#include <linux/evring.h>

#include "net.h"
#include "path.h"

#define CALL_FIELDS(F, S)							\
	SOCKET_FIELDS(F, S)							\
	F(S, TEXT, path, PATH, "of a Unix socket: the one that is bound; @name: an abstract one") \
	F(S, U16, path_flags, FLAGS, "what path is", .names = &evring_path_flags) \
	F(S, S32, result, ERRNO, "0, or why it failed")

#define CONNECT_FIELDS(F, S)							\
	CALL_FIELDS(F, S)							\
	F(S, U16, given_port, PORT, "the port that the task gave")		\
	F(S, FIXED16, given_address, IP, "the address that the task gave")	\
	F(S, TEXT, path_given, PATH, "of a Unix socket that has a path: the one that the task gave")

EVRING_TASK_EVENT(net_connect, "net.connect", 1, "bulk",
		  "a socket was connected, began to be (EINPROGRESS), or could not be",
		  CONNECT_FIELDS);

#define ACCEPT_FIELDS(F, S)							\
	CALL_FIELDS(F, S)							\
	F(S, U32, peer_pid, PID, "of a Unix socket: the process that connected") \
	F(S, U32, peer_uid, UID, "of a Unix socket: its effective user")

EVRING_TASK_EVENT(net_accept, "net.accept", 1, "bulk",
		  "a connection was accepted, or could not be", ACCEPT_FIELDS);

EVRING_TASK_EVENT(net_bind, "net.bind", 1, "bulk",
		  "a socket got its local address, or could not", CALL_FIELDS);

#define LISTEN_FIELDS(F, S)							\
	CALL_FIELDS(F, S)							\
	F(S, U32, backlog, NONE, "connections that may wait; no more than net.core.somaxconn")

EVRING_TASK_EVENT(net_listen, "net.listen", 1, "bulk",
		  "a socket waits for connections, or could not", LISTEN_FIELDS);

#define SOCKET_EVENT_FIELDS(F, S)						\
	F(S, U16, family, ENUM, "the socket's family", .names = &evring_socket_families) \
	F(S, U16, type, ENUM, "the socket's type", .names = &evring_socket_types) \
	F(S, U16, protocol, HEX, "a number of the family: of packet sockets, the Ethernet type") \
	F(S, U32, netns, NONE, "inode of the network namespace")		\
	F(S, U64, socket, NONE, "the socket's inode; 0: there is none")		\
	F(S, S32, result, ERRNO, "0, or why it failed")

EVRING_TASK_EVENT(net_socket, "net.socket", 1, "bulk",
		  "a packet, XDP, raw, key, netlink, vsock or alg socket was made, or could not be",
		  SOCKET_EVENT_FIELDS);

#endif /* _KMOD_HOOKS_NET_CALL_H */
