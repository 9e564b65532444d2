/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The events of net_state.c. The packet or the timer interrupts any task: the process
 * in the record's header has nothing to do with the connection, and there is no common
 * part of a task.
 */
#ifndef _KMOD_HOOKS_NET_STATE_H
#define _KMOD_HOOKS_NET_STATE_H

#include <linux/evring.h>

#include "net.h"

#define OWNER_FIELDS(F, S)							\
	F(S, U32, owner_pid, PID, "the process that connected; 0: the other side did, or not known") \
	F(S, U32, owner_uid, UID, "the socket's user")				\
	F(S, U64, owner_start_time, BOOTTIME, "when that process began")	\
	F(S, U64, cgroup, NONE, "id of the cgroup (v2) that made the socket")

#define CONNECTED_FIELDS(F, S)							\
	SOCKET_FIELDS(F, S)							\
	OWNER_FIELDS(F, S)							\
	F(S, S32, result, ERRNO, "0, or why not; ECANCELED: its process gave up, or the kernel sent nothing") \
	F(S, U64, latency, DURATION, "since the first packet; 0: not known")

EVRING_EVENT(net_connected, "net.connected", 1, "bulk",
	     "a TCP connection that this host began stands, or has failed", CONNECTED_FIELDS);

#define CLOSE_FIELDS(F, S)							\
	SOCKET_FIELDS(F, S)							\
	OWNER_FIELDS(F, S)							\
	F(S, U16, state, ENUM, "the state before", .names = &evring_tcp_states)	\
	F(S, S32, result, ERRNO, "0, or the error that ended it")		\
	F(S, U64, duration, DURATION, "since the connection stood; 0: not known") \
	F(S, U64, bytes_sent, NONE, "of payload, once each", .unit = "bytes")	\
	F(S, U64, bytes_received, NONE, "of payload, once each", .unit = "bytes") \
	F(S, U32, packets_sent, NONE, "all, repeated ones too")		\
	F(S, U32, packets_received, NONE, "all, repeated ones too")		\
	F(S, U32, retransmits, NONE, "packets that were sent again")		\
	F(S, U64, rtt, DURATION, "smoothed time to the other side and back")	\
	F(S, U16, direction, ENUM, "which side began the connection",		\
	  .names = &evring_directions)

EVRING_EVENT(net_close, "net.close", 1, "bulk", "a TCP socket was closed", CLOSE_FIELDS);

#endif /* _KMOD_HOOKS_NET_STATE_H */
