// SPDX-License-Identifier: GPL-2.0-only
/* Names of families, types and protocols of sockets: user space's own. */
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/net.h>
#include <linux/socket.h>
#include <net/tcp_states.h>

#include "names.h"
#include "net_names.h"

static const struct evring_value_desc families[] = {
	{ AF_UNSPEC, "AF_UNSPEC", "none: a connected socket is let go" },
	{ AF_UNIX, "AF_UNIX", "within this host" },
	{ AF_INET, "AF_INET", "IPv4" },
	{ AF_AX25, "AF_AX25", "amateur radio" },
	{ AF_X25, "AF_X25", "X.25" },
	{ AF_INET6, "AF_INET6", "IPv6" },
	{ AF_KEY, "AF_KEY", "keys of IPsec" },
	{ AF_NETLINK, "AF_NETLINK", "to the kernel" },
	{ AF_PACKET, "AF_PACKET", "frames of network devices" },
	{ AF_RDS, "AF_RDS", "reliable datagrams" },
	{ AF_PPPOX, "AF_PPPOX", "PPP" },
	{ AF_CAN, "AF_CAN", "Controller Area Network" },
	{ AF_TIPC, "AF_TIPC", "within a cluster" },
	{ AF_BLUETOOTH, "AF_BLUETOOTH", "Bluetooth" },
	{ AF_RXRPC, "AF_RXRPC", "remote calls of AFS" },
	{ AF_PHONET, "AF_PHONET", "modems" },
	{ AF_IEEE802154, "AF_IEEE802154", "low-rate wireless" },
	{ AF_ALG, "AF_ALG", "the kernel's ciphers" },
	{ AF_NFC, "AF_NFC", "near field" },
	{ AF_VSOCK, "AF_VSOCK", "between a virtual machine and its host" },
	{ AF_KCM, "AF_KCM", "messages over TCP" },
	{ AF_QIPCRTR, "AF_QIPCRTR", "Qualcomm's processors" },
	{ AF_SMC, "AF_SMC", "shared memory" },
	{ AF_XDP, "AF_XDP", "frames of network devices, past the stack" },
	{ AF_MCTP, "AF_MCTP", "management controllers" },
};

EVRING_NAMES(evring_socket_families, "socket_family", families);

static const struct evring_value_desc types[] = {
	{ SOCK_STREAM, "SOCK_STREAM", "a stream of bytes" },
	{ SOCK_DGRAM, "SOCK_DGRAM", "datagrams" },
	{ SOCK_RAW, "SOCK_RAW", "the protocol's own headers" },
	{ SOCK_RDM, "SOCK_RDM", "reliable datagrams" },
	{ SOCK_SEQPACKET, "SOCK_SEQPACKET", "a stream of messages" },
	{ SOCK_DCCP, "SOCK_DCCP", "datagrams with congestion control" },
	{ SOCK_PACKET, "SOCK_PACKET", "frames, as long ago" },
};

EVRING_NAMES(evring_socket_types, "socket_type", types);

static const struct evring_value_desc protocols[] = {
	{ IPPROTO_IP, "default", "that of the type, or none" },
	{ IPPROTO_ICMP, "ICMP", "control messages of IPv4" },
	{ IPPROTO_IGMP, "IGMP", "groups of multicast" },
	{ IPPROTO_IPIP, "IPIP", "IPv4 in IP" },
	{ IPPROTO_TCP, "TCP", "streams" },
	{ IPPROTO_UDP, "UDP", "datagrams" },
	{ IPPROTO_DCCP, "DCCP", "datagrams with congestion control" },
	{ IPPROTO_IPV6, "IPV6", "IPv6 in IP" },
	{ IPPROTO_GRE, "GRE", "tunnels" },
	{ IPPROTO_ESP, "ESP", "encrypted" },
	{ IPPROTO_AH, "AH", "signed" },
	{ IPPROTO_ICMPV6, "ICMPV6", "control messages of IPv6" },
	{ IPPROTO_SCTP, "SCTP", "streams of messages" },
	{ IPPROTO_UDPLITE, "UDPLITE", "datagrams that may be damaged" },
	{ IPPROTO_RAW, "RAW", "the sender makes the IP header too" },
	{ IPPROTO_MPTCP, "MPTCP", "TCP over several paths" },
};

EVRING_NAMES(evring_ip_protocols, "ip_protocol", protocols);

static const struct evring_value_desc states[] = {
	{ TCP_ESTABLISHED, "ESTABLISHED", "connected" },
	{ TCP_SYN_SENT, "SYN_SENT", "asked, and not answered yet" },
	{ TCP_SYN_RECV, "SYN_RECV", "was asked, and its answer not confirmed yet" },
	{ TCP_FIN_WAIT1, "FIN_WAIT1", "closed here, and not confirmed yet" },
	{ TCP_FIN_WAIT2, "FIN_WAIT2", "closed here, not there" },
	{ TCP_TIME_WAIT, "TIME_WAIT", "closed; waits for what is late" },
	{ TCP_CLOSE, "CLOSE", "not connected" },
	{ TCP_CLOSE_WAIT, "CLOSE_WAIT", "closed there, not here" },
	{ TCP_LAST_ACK, "LAST_ACK", "closed there, and then here" },
	{ TCP_LISTEN, "LISTEN", "waits for connections" },
	{ TCP_CLOSING, "CLOSING", "closed on both sides at once" },
};

EVRING_NAMES(evring_tcp_states, "tcp_state", states);

static const struct evring_value_desc directions[] = {
	{ EVRING_DIRECTION_UNKNOWN, "unknown", "it stood before the hook was attached, or its note gave way to newer ones, or it never stood" },
	{ EVRING_DIRECTION_OUTBOUND, "outbound", "this side" },
	{ EVRING_DIRECTION_INBOUND, "inbound", "the other side; also of a socket that listens" },
};

EVRING_NAMES(evring_directions, "direction", directions);

static const struct evring_value_desc dns_types[] = {
	{ 1, "A", "an IPv4 address" },
	{ 2, "NS", "a name server" },
	{ 5, "CNAME", "another name" },
	{ 6, "SOA", "a zone's authority" },
	{ 12, "PTR", "the name of an address" },
	{ 15, "MX", "a mail server" },
	{ 16, "TXT", "text" },
	{ 28, "AAAA", "an IPv6 address" },
	{ 33, "SRV", "a service" },
	{ 35, "NAPTR", "a rule to make names" },
	{ 43, "DS", "a key of the zone below" },
	{ 48, "DNSKEY", "a key" },
	{ 64, "SVCB", "how to reach a service" },
	{ 65, "HTTPS", "how to reach a web server" },
	{ 252, "AXFR", "the whole zone" },
	{ 255, "ANY", "all there is" },
};

EVRING_NAMES(evring_dns_types, "dns_type", dns_types);
