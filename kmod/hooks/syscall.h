/* SPDX-License-Identifier: GPL-2.0-only */
/* The events of syscall.c. */
#ifndef _KMOD_HOOKS_SYSCALL_H
#define _KMOD_HOOKS_SYSCALL_H

#include <linux/evring.h>

extern const struct evring_names_desc evring_syscalls;
extern const struct evring_names_desc evring_syscall_abis;
extern const struct evring_names_desc evring_errors;

/* A name is the same call in each ABI; so is its number here, but for @nr. */
#define CALL_FIELDS(F, S)							\
	F(S, U32, syscall, ENUM, "the call, whatever its number in the ABI is", \
	  .names = &evring_syscalls)						\
	F(S, S32, nr, NONE, "its number in the ABI; -1: not known")		\
	F(S, U16, abi, ENUM, "whose numbers and arguments they are", .names = &evring_syscall_abis)

#define ENTER_FIELDS(F, S)							\
	CALL_FIELDS(F, S)							\
	F(S, U64, a0, HEX, "first argument; what the call does not have is not defined") \
	F(S, U64, a1, HEX, "second argument")					\
	F(S, U64, a2, HEX, "third argument")					\
	F(S, U64, a3, HEX, "fourth argument")					\
	F(S, U64, a4, HEX, "fifth argument")					\
	F(S, U64, a5, HEX, "sixth argument")

EVRING_TASK_EVENT(syscall_enter, "syscall.enter", 1, "bulk", "a system call begins", ENTER_FIELDS);

#define EXIT_CALL_FIELDS(F, S)							\
	CALL_FIELDS(F, S)							\
	F(S, U16, error, ENUM, "why it failed", .names = &evring_errors)	\
	F(S, S64, result, ERRNO, "what it returned; of a failure, the negative error") \
	F(S, U64, duration, DURATION, "since it began; 0: not known, as of a new process")

EVRING_TASK_EVENT(syscall_exit, "syscall.exit", 1, "bulk", "a system call ends", EXIT_CALL_FIELDS);

#endif /* _KMOD_HOOKS_SYSCALL_H */
