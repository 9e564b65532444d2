/* SPDX-License-Identifier: GPL-2.0-only */
/* The event of bpf.c. */
#ifndef _KMOD_HOOKS_BPF_H
#define _KMOD_HOOKS_BPF_H

#include <linux/evring.h>

extern const struct evring_names_desc evring_bpf_prog_types;
extern const struct evring_names_desc evring_bpf_attach_types;
extern const struct evring_names_desc evring_bpf_prog_flags;

#define BPF_LOAD_FIELDS(F, S)							\
	F(S, U32, prog_type, ENUM, "kind of the program", .names = &evring_bpf_prog_types) \
	F(S, S32, result, ERRNO, "0, or why it was refused")			\
	F(S, U32, id, NONE, "the program's id, 0: it has none")			\
	F(S, U32, instructions, NONE, "how many it has, as they were given")	\
	F(S, U32, attach_type, ENUM, "what it is for, where its kind needs to know", \
	  .names = &evring_bpf_attach_types)					\
	F(S, U32, flags, FLAGS, "how it is to be checked and run", .names = &evring_bpf_prog_flags) \
	F(S, U32, attach_btf_id, NONE, "the kernel's function or type that it is for, 0: none") \
	F(S, BOOL, by_kernel, NONE, "the kernel itself loads it, on behalf of the task") \
	F(S, BOOL, refused_at_once, NONE, \
	  "the kernel did not get to the program: it is told as it was given") \
	F(S, TEXT, name, NONE, "the program's name")

EVRING_TASK_EVENT(bpf_load, "bpf.load", 1, "critical",
		  "a BPF program was loaded, or could not be", BPF_LOAD_FIELDS);

#endif /* _KMOD_HOOKS_BPF_H */
