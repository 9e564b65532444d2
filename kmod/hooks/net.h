/* SPDX-License-Identifier: GPL-2.0-only */
/* net.c: the parts that are common to the events of sockets. */
#ifndef _KMOD_HOOKS_NET_H
#define _KMOD_HOOKS_NET_H

#include <linux/evring.h>
#include <linux/socket.h>

#include "file.h"
#include "net_names.h"

struct sockaddr_storage;

struct sock;
struct socket;

/* One end of a connection. @path points to the kernel's own copy, or to the caller's. */
struct evring_end {
	struct evring_fixed16 address;
	u16 port;
	const char *path;
	u32 path_len;
};

/* The names of a socket's family, type and protocol */
struct evring_socket_kind {
	u16 family;
	u16 type;
	u16 protocol;
	u32 netns;
	u64 inode;
};

/* The first fields of most events of sockets */
#define SOCKET_FIELDS(F, S)							\
	F(S, U16, family, ENUM, "the socket's family", .names = &evring_socket_families) \
	F(S, U16, type, ENUM, "the socket's type", .names = &evring_socket_types) \
	F(S, U16, protocol, ENUM, "IP protocol; of other families, a number of theirs", \
	  .names = &evring_ip_protocols)					\
	F(S, U16, local_port, PORT, "port on this side; 0: none")		\
	F(S, U16, remote_port, PORT, "port on the other side; 0: none")		\
	F(S, U32, netns, NONE, "inode of the socket's network namespace")	\
	F(S, FIXED16, local_address, IP, "address on this side; ::: none")	\
	F(S, FIXED16, remote_address, IP, "address on the other side; ::: none") \
	F(S, U64, socket, NONE, "the socket's inode, as /proc/net has it; 0: it has none")

struct evring_end evring_end_given(const struct sockaddr_storage *address, u32 len);
struct evring_end evring_end_sent_to(const struct sock *sk, const struct sockaddr_storage *address,
				     u32 len);
struct evring_end evring_end_local(const struct sock *sk);
struct evring_end evring_end_remote(const struct sock *sk);
struct evring_text evring_end_name(const struct evring_end *end, char *room);
struct evring_socket_kind evring_socket_kind(const struct sock *sk);
u64 evring_socket_inode(const struct sock *sk);

#ifdef CONFIG_INET
void evring_net_init(void);
#else
static inline void evring_net_init(void)
{
}
#endif

#define evring_fill_socket(_e, _kind, _local, _remote) do {			\
	(_e)->family = (_kind)->family;						\
	(_e)->type = (_kind)->type;						\
	(_e)->protocol = (_kind)->protocol;					\
	(_e)->netns = (_kind)->netns;						\
	(_e)->socket = (_kind)->inode;						\
	(_e)->local_address = (_local)->address;				\
	(_e)->local_port = (_local)->port;					\
	(_e)->remote_address = (_remote)->address;				\
	(_e)->remote_port = (_remote)->port;					\
} while (0)

#endif /* _KMOD_HOOKS_NET_H */
