/* SPDX-License-Identifier: GPL-2.0-only */
/* The events of module.c. */
#ifndef _KMOD_HOOKS_MODULE_H
#define _KMOD_HOOKS_MODULE_H

#include <linux/evring.h>

#include "path.h"

extern const struct evring_names_desc evring_module_taints;
extern const struct evring_names_desc evring_module_load_flags;
extern const struct evring_names_desc evring_module_unload_flags;

#define MODULE_LOAD_FIELDS(F, S)						\
	F(S, S32, result, ERRNO, "0, or why it failed")			\
	F(S, U32, flags, FLAGS, "how", .names = &evring_module_load_flags)	\
	F(S, U32, taints, FLAGS, "what the module makes of the kernel",		\
	  .names = &evring_module_taints)					\
	F(S, BOOL, from_memory, NONE, "from memory (init_module), not from a file") \
	F(S, BOOL, arguments_truncated, NONE, "arguments is not all of them")	\
	F(S, U16, path_flags, FLAGS, "what path is", .names = &evring_path_flags) \
	F(S, U32, dev, DEV, "the filesystem that has the inode")		\
	F(S, U64, inode, NONE, "of the file, 0: none")				\
	F(S, TEXT, name, NONE, "the module's name; empty: the kernel did not get that far") \
	F(S, TEXT, arguments, NONE, "parameters of the module")			\
	F(S, TEXT, path, PATH, "the module's file")

EVRING_TASK_EVENT(module_load, "module.load", 1, "critical",
		  "a kernel module was loaded, or could not be", MODULE_LOAD_FIELDS);

#define MODULE_UNLOAD_FIELDS(F, S)						\
	F(S, S32, result, ERRNO, "0, or why it failed")			\
	F(S, U32, flags, FLAGS, "how", .names = &evring_module_unload_flags)	\
	F(S, U32, taints, FLAGS, "what the module made of the kernel; 0 if it stays", \
	  .names = &evring_module_taints)					\
	F(S, TEXT, name, NONE, \
	  "the module's name; of a call that was refused at once as it was given, if that is in memory")

EVRING_TASK_EVENT(module_unload, "module.unload", 1, "critical",
		  "a kernel module was unloaded, or could not be", MODULE_UNLOAD_FIELDS);

#endif /* _KMOD_HOOKS_MODULE_H */
