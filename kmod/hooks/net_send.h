/* SPDX-License-Identifier: GPL-2.0-only */
/* The event of net_send.c. */
#ifndef _KMOD_HOOKS_NET_SEND_H
#define _KMOD_HOOKS_NET_SEND_H

#include <linux/evring.h>

#include "net.h"

#define SEND_FIELDS(F, S)							\
	SOCKET_FIELDS(F, S)							\
	F(S, S32, result, ERRNO, "0, or why it failed")			\
	F(S, U32, size, NONE, "of the payload", .unit = "bytes")		\
	F(S, TEXT, dns_name, NONE, "to port 53: the name that is asked for")	\
	F(S, U16, dns_type, ENUM, "the kind of record that is asked for; 0: it asks for none", \
	  .names = &evring_dns_types)

EVRING_TASK_EVENT(net_send, "net.send", 1, "bulk",
		  "a socket sent its first UDP datagram to an address, or could not", SEND_FIELDS);

#endif /* _KMOD_HOOKS_NET_SEND_H */
