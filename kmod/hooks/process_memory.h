/* SPDX-License-Identifier: GPL-2.0-only */
/* The event of process_memory.c. */
#ifndef _KMOD_HOOKS_PROCESS_MEMORY_H
#define _KMOD_HOOKS_PROCESS_MEMORY_H

#include <linux/evring.h>

#include "path.h"
#include "process_names.h"

#define MEMORY_FIELDS(F, S)							\
	F(S, U32, operation, ENUM, "how", .names = &evring_memory_operations)	\
	F(S, S32, result, ERRNO, "0, or why it was refused")			\
	F(S, U64, address, HEX, \
	  "where the memory begins; of a refused mmap() as it was asked for") \
	F(S, U64, length, NONE, "how much it is", .unit = "bytes")		\
	F(S, U32, prot, FLAGS, "what may be done with it", .names = &evring_memory_prot) \
	F(S, U32, old_prot, FLAGS, "what could be done with it before, with any part of it", \
	  .names = &evring_memory_prot)						\
	F(S, BOOL, was_written, NONE, \
	  "the process had written to some of it, or, where it is shared, could") \
	F(S, BOOL, is_shared, NONE, "others see what is written there")		\
	F(S, U16, path_flags, FLAGS, "what path is", .names = &evring_path_flags) \
	F(S, U32, dev, DEV, "the filesystem that has the inode")		\
	F(S, U64, inode, NONE, "of the file that is mapped, 0: none")		\
	F(S, TEXT, path, PATH, "the file that is mapped, empty: none")

EVRING_TASK_EVENT(process_memory, "process.memory", 1, "bulk",
		  "memory becomes executable that is or was writable, or could not", MEMORY_FIELDS);

#endif /* _KMOD_HOOKS_PROCESS_MEMORY_H */
