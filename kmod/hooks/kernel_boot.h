/* SPDX-License-Identifier: GPL-2.0-only */
/* The events of kernel_boot.c. */
#ifndef _KMOD_HOOKS_KERNEL_BOOT_H
#define _KMOD_HOOKS_KERNEL_BOOT_H

#include <linux/evring.h>

#include "path.h"

extern const struct evring_names_desc evring_kexec_flags;
extern const struct evring_names_desc evring_kexec_file_flags;
extern const struct evring_names_desc evring_reboot_commands;

#define KEXEC_FIELDS(F, S)							\
	F(S, S32, result, ERRNO, "0, or why it was refused")			\
	F(S, U32, flags, FLAGS, "of kexec_load()", .names = &evring_kexec_flags) \
	F(S, U32, segments, NONE, "parts of the new kernel that the caller gave from memory") \
	F(S, BOOL, from_file, NONE, "from files (kexec_file_load), not from memory") \
	F(S, BOOL, on_crash, NONE, "it is to run when this kernel has crashed")	\
	F(S, BOOL, unload, NONE, "what was loaded is given up")			\
	F(S, BOOL, command_line_truncated, NONE, "command_line is not all of it") \
	F(S, U16, path_flags, FLAGS, "what path is", .names = &evring_path_flags) \
	F(S, U16, initrd_flags, FLAGS, "what initrd is", .names = &evring_path_flags) \
	F(S, TEXT, path, PATH, "the new kernel's file")				\
	F(S, TEXT, initrd, PATH, "the file that it finds its first programs in") \
	F(S, TEXT, command_line, NONE,						\
	  "its command line; of a call that was refused at once, if that is in the caller's memory") \
	F(S, U32, file_flags, FLAGS, "of kexec_file_load()", .names = &evring_kexec_file_flags)

EVRING_TASK_EVENT(kernel_kexec, "kernel.kexec", 1, "critical",
		  "another kernel was loaded to be run next, or could not be", KEXEC_FIELDS);

#define REBOOT_FIELDS(F, S)							\
	F(S, U32, command, ENUM, "what was asked for", .names = &evring_reboot_commands) \
	F(S, S32, result, ERRNO, "0, or why it was refused")			\
	F(S, BOOL, of_pidns, NONE, "of a pid namespace, whose processes end; the host goes on") \
	F(S, TEXT, argument, NONE, "what the firmware is told")

EVRING_TASK_EVENT(kernel_reboot, "kernel.reboot", 1, "critical",
		  "the host is about to restart, halt or sleep, or was asked to in vain",
		  REBOOT_FIELDS);

#endif /* _KMOD_HOOKS_KERNEL_BOOT_H */
