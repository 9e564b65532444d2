/* SPDX-License-Identifier: GPL-2.0-only */
/* The events of file_redirect.c. */
#ifndef _KMOD_HOOKS_FILE_REDIRECT_H
#define _KMOD_HOOKS_FILE_REDIRECT_H

#include <linux/evring.h>

#include "file_names.h"
#include "net_names.h"
#include "path.h"

#define REDIRECT_FIELDS(F, S)							\
	F(S, U32, fd, NONE, "the descriptor, 0 to 2")				\
	F(S, U16, file_type, ENUM, "a socket or a pipe", .names = &evring_file_types) \
	F(S, U16, family, ENUM, "the socket's address family", .names = &evring_socket_families) \
	F(S, U64, inode, NONE, "its inode")					\
	F(S, U16, socket_type, ENUM, "the socket's type", .names = &evring_socket_types) \
	F(S, U16, protocol, ENUM, "IP protocol; of other families, a number of theirs", \
	  .names = &evring_ip_protocols)					\
	F(S, U16, local_port, PORT, "the socket's own port")			\
	F(S, U16, remote_port, PORT, "its peer's port")				\
	F(S, FIXED16, local_address, IP, "the socket's own address")		\
	F(S, FIXED16, remote_address, IP, "its peer's address")		\
	F(S, TEXT, local_path, PATH,						\
	  "of a Unix socket: its own name, as bind() was given it; @name: an abstract one")

EVRING_TASK_EVENT(file_redirect, "file.redirect", 1, "bulk",
		  "a standard stream became a socket or a pipe", REDIRECT_FIELDS);

#define CLOSE_WRITE_FIELDS(F, S)						\
	F(S, TEXT, path, PATH, "the file, from the root of the task")		\
	F(S, U64, inode, NONE, "its inode")					\
	F(S, U64, size, NONE, "its size now", .unit = "bytes")			\
	F(S, U32, dev, DEV, "the filesystem that has the inode")		\
	F(S, U32, flags, FLAGS, "how it was opened", .names = &evring_open_flags) \
	F(S, U16, path_flags, FLAGS, "what path is", .names = &evring_path_flags)

EVRING_TASK_EVENT(file_close_write, "file.close_write", 1, "bulk",
		  "a regular file that was open for writing was closed; mntns is 0 if by an exit",
		  CLOSE_WRITE_FIELDS);

#endif /* _KMOD_HOOKS_FILE_REDIRECT_H */
