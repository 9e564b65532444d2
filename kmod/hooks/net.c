// SPDX-License-Identifier: GPL-2.0-only
/*
 * Common to the events of sockets: both ends of a socket, as the kernel has them.
 * Nothing here takes a lock: an address that another thread is changing may be the old
 * one, the new one, or of IPv6 a part of each.
 */
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/net.h>
#include <linux/string.h>
#include <linux/un.h>
#include <net/af_unix.h>
#include <net/inet_sock.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "net.h"

#define V6_LEN	offsetofend(struct sockaddr_in6, sin6_addr)	/* its scope may be missing */

static void put_v4(struct evring_fixed16 *to, __be32 address)
{
	memset(to, 0, sizeof(*to));
	to->bytes[10] = 0xff;
	to->bytes[11] = 0xff;
	memcpy(to->bytes + 12, &address, sizeof(address));
}

static void put_v6(struct evring_fixed16 *to, const struct in6_addr *address)
{
	memcpy(to, address, sizeof(*to));
}

/* A path ends at its NUL; an abstract name begins with one, and is as long as it is. */
static void put_unix(struct evring_end *end, const struct sockaddr_un *address, u32 len)
{
	u32 start = offsetof(struct sockaddr_un, sun_path);

	if (len <= start)
		return;
	end->path = address->sun_path;
	end->path_len = min_t(u32, len - start, sizeof(address->sun_path));
	if (end->path[0])
		end->path_len = strnlen(end->path, end->path_len);
}

/* An address that a caller gave, in kernel memory; parts beyond its length are absent. */
struct evring_end evring_end_given(const struct sockaddr_storage *address, u32 len)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	struct evring_end end = { };

	if (len < sizeof(sa_family_t))
		return end;
	if (address->ss_family == AF_INET && len >= sizeof(*v4)) {
		put_v4(&end.address, v4->sin_addr.s_addr);
		end.port = ntohs(v4->sin_port);
	} else if (address->ss_family == AF_INET6 && len >= V6_LEN) {
		put_v6(&end.address, &v6->sin6_addr);
		end.port = ntohs(v6->sin6_port);
	} else if (address->ss_family == AF_UNIX) {
		put_unix(&end, (const struct sockaddr_un *)address, len);
	}
	return end;
}

/* A socket's address stays until the socket goes. */
static void local_unix(struct evring_end *end, const struct sock *sk)
{
	/* acquire: pairs with smp_store_release() in the kernel's __unix_set_addr() */
	const struct unix_address *address = smp_load_acquire(&((struct unix_sock *)sk)->addr);

	if (address)
		put_unix(end, address->name, address->len);
}

struct evring_end evring_end_local(const struct sock *sk)
{
	struct evring_end end = { };

	switch (sk->sk_family) {
	case AF_INET:
		put_v4(&end.address, sk->sk_rcv_saddr);
		end.port = ntohs(inet_sk(sk)->inet_sport);
		break;
#if IS_ENABLED(CONFIG_IPV6)
	case AF_INET6:
		put_v6(&end.address, &sk->sk_v6_rcv_saddr);
		end.port = ntohs(inet_sk(sk)->inet_sport);
		break;
#endif
	case AF_UNIX:
		local_unix(&end, sk);
		break;
	}
	return end;
}

/*
 * The end to which UDP sends for this address; NULL: the end that the socket is connected to.
 * AF_UNSPEC is IPv4 to an IPv4 socket, and no address to an IPv6 one.
 */
struct evring_end evring_end_sent_to(const struct sock *sk, const struct sockaddr_storage *address,
				     u32 len)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	struct evring_end end = { };

	if (!address || len < sizeof(sa_family_t))
		return evring_end_remote(sk);
	if (address->ss_family != AF_UNSPEC)
		return evring_end_given(address, len);
	if (sk->sk_family != AF_INET)
		return evring_end_remote(sk);
	if (len >= sizeof(*v4)) {
		put_v4(&end.address, v4->sin_addr.s_addr);
		end.port = ntohs(v4->sin_port);
	}
	return end;
}

/* Of a connection within the host the other end may be going: its name is not read. */
struct evring_end evring_end_remote(const struct sock *sk)
{
	struct evring_end end = { };

	switch (sk->sk_family) {
	case AF_INET:
		put_v4(&end.address, sk->sk_daddr);
		end.port = ntohs(sk->sk_dport);
		break;
#if IS_ENABLED(CONFIG_IPV6)
	case AF_INET6:
		put_v6(&end.address, &sk->sk_v6_daddr);
		end.port = ntohs(sk->sk_dport);
		break;
#endif
	}
	return end;
}

/*
 * A Unix socket's name, in @room of as many bytes as sun_path has: an abstract one has '@'
 * for each NUL, as /proc/net/unix has it.
 */
struct evring_text evring_end_name(const struct evring_end *end, char *room)
{
	u32 i;

	for (i = 0; i < end->path_len; i++)
		room[i] = end->path[i] ?: '@';
	return (struct evring_text){ .at = room, .len = end->path_len };
}

/* 0: nobody's any more. Under RCU, or with preemption off: RCU keeps the inode. */
u64 evring_socket_inode(const struct sock *sk)
{
	struct socket *socket = READ_ONCE(sk->sk_socket);

	return socket ? SOCK_INODE(socket)->i_ino : 0;
}

/* Context: likewise */
struct evring_socket_kind evring_socket_kind(const struct sock *sk)
{
	return (struct evring_socket_kind){
		.family = sk->sk_family,
		.type = sk->sk_type,
		.protocol = sk->sk_protocol,
		.netns = sock_net(sk)->ns.inum,
		.inode = evring_socket_inode(sk),
	};
}
