// SPDX-License-Identifier: GPL-2.0-only
/* Names of requests, outcomes and bits of processes */
#include <linux/capability.h>
#include <linux/mman.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/securebits.h>
#include <trace/events/signal.h>

#include "names.h"
#include "process_names.h"

static const struct evring_value_desc clone_flags[] = {
	{ CLONE_NEWTIME, "CLONE_NEWTIME", "a time namespace of its own" },
	{ CLONE_VM, "CLONE_VM", "it shares its memory" },
	{ CLONE_FS, "CLONE_FS", "it shares its root, its current folder and its umask" },
	{ CLONE_FILES, "CLONE_FILES", "it shares its descriptors" },
	{ CLONE_SIGHAND, "CLONE_SIGHAND", "it shares its handlers of signals" },
	{ CLONE_PIDFD, "CLONE_PIDFD", "the parent gets a descriptor of it" },
	{ CLONE_PTRACE, "CLONE_PTRACE", "who traces the parent traces it, too" },
	{ CLONE_VFORK, "CLONE_VFORK", "the parent waits until it executes a program or ends" },
	{ CLONE_PARENT, "CLONE_PARENT", "its parent is the caller's parent" },
	{ CLONE_THREAD, "CLONE_THREAD", "it is a thread of the caller's process" },
	{ CLONE_NEWNS, "CLONE_NEWNS", "mounts of its own" },
	{ CLONE_SYSVSEM, "CLONE_SYSVSEM", "it shares what semaphores are to undo" },
	{ CLONE_SETTLS, "CLONE_SETTLS", "memory for its thread is given" },
	{ CLONE_PARENT_SETTID, "CLONE_PARENT_SETTID", "its id is written to the parent's memory" },
	{ CLONE_CHILD_CLEARTID, "CLONE_CHILD_CLEARTID", "its id is cleared in memory at its end" },
	{ CLONE_DETACHED, "CLONE_DETACHED", "without effect" },
	{ CLONE_UNTRACED, "CLONE_UNTRACED", "nobody can force CLONE_PTRACE on it" },
	{ CLONE_CHILD_SETTID, "CLONE_CHILD_SETTID", "its id is written to its own memory" },
	{ CLONE_NEWCGROUP, "CLONE_NEWCGROUP", "a root of cgroups of its own" },
	{ CLONE_NEWUTS, "CLONE_NEWUTS", "a host's name of its own" },
	{ CLONE_NEWIPC, "CLONE_NEWIPC", "System V IPC and message queues of its own" },
	{ CLONE_NEWUSER, "CLONE_NEWUSER", "user and group ids of its own" },
	{ CLONE_NEWPID, "CLONE_NEWPID", "it is the first process of a pid namespace" },
	{ CLONE_NEWNET, "CLONE_NEWNET", "network devices of its own" },
	{ CLONE_IO, "CLONE_IO", "it shares its context of input and output" },
	{ CLONE_CLEAR_SIGHAND, "CLONE_CLEAR_SIGHAND", "its signals are handled by default" },
	{ CLONE_INTO_CGROUP, "CLONE_INTO_CGROUP", "it begins in a cgroup that is given" },
#ifdef CLONE_AUTOREAP
	{ CLONE_AUTOREAP, "CLONE_AUTOREAP", "its end leaves no zombie" },
#endif
#ifdef CLONE_NNP
	{ CLONE_NNP, "CLONE_NNP", "no program gives it more rights" },
#endif
#ifdef CLONE_PIDFD_AUTOKILL
	{ CLONE_PIDFD_AUTOKILL, "CLONE_PIDFD_AUTOKILL", "it is killed when its descriptor is closed" },
#endif
#ifdef CLONE_EMPTY_MNTNS
	{ CLONE_EMPTY_MNTNS, "CLONE_EMPTY_MNTNS", "a mount namespace without mounts" },
#endif
};

EVRING_NAMES(evring_clone_flags, "clone_flags", clone_flags);

static const struct evring_value_desc ptrace_requests[] = {
	{ PTRACE_TRACEME, "PTRACE_TRACEME", "the parent shall trace the caller" },
	{ PTRACE_ATTACH, "PTRACE_ATTACH", "trace another task, and stop it" },
	{ PTRACE_SEIZE, "PTRACE_SEIZE", "trace another task, and let it run" },
};

EVRING_NAMES(evring_ptrace_requests, "ptrace_request", ptrace_requests);

static const struct evring_value_desc signal_outcomes[] = {
	{ TRACE_SIGNAL_DELIVERED, "delivered", "the target will see it" },
	{ TRACE_SIGNAL_IGNORED, "ignored", "the target ignores it" },
	{ TRACE_SIGNAL_ALREADY_PENDING, "already_pending", "one more would make no difference" },
	{ TRACE_SIGNAL_OVERFLOW_FAIL, "overflow_fail", "the target has too many that wait" },
	{ TRACE_SIGNAL_LOSE_INFO, "lose_info", "it comes without who sent it, and why" },
};

EVRING_NAMES(evring_signal_outcomes, "signal_outcome", signal_outcomes);

static const struct evring_value_desc securebits[] = {
	{ 1 << SECURE_NOROOT, "NOROOT", "user 0 gets no capabilities by exec" },
	{ 1 << SECURE_NOROOT_LOCKED, "NOROOT_LOCKED", "NOROOT stays as it is" },
	{ 1 << SECURE_NO_SETUID_FIXUP, "NO_SETUID_FIXUP",
	  "setuid() leaves the capabilities alone" },
	{ 1 << SECURE_NO_SETUID_FIXUP_LOCKED, "NO_SETUID_FIXUP_LOCKED",
	  "NO_SETUID_FIXUP stays as it is" },
	{ 1 << SECURE_KEEP_CAPS, "KEEP_CAPS", "capabilities survive the change to another user" },
	{ 1 << SECURE_KEEP_CAPS_LOCKED, "KEEP_CAPS_LOCKED", "KEEP_CAPS stays as it is" },
	{ 1 << SECURE_NO_CAP_AMBIENT_RAISE, "NO_CAP_AMBIENT_RAISE",
	  "no capability can be made ambient" },
	{ 1 << SECURE_NO_CAP_AMBIENT_RAISE_LOCKED, "NO_CAP_AMBIENT_RAISE_LOCKED",
	  "NO_CAP_AMBIENT_RAISE stays as it is" },
};

EVRING_NAMES(evring_securebits, "securebits", securebits);

/* The bits go to the first name that has them: a full set is one word, and not forty. */
static const struct evring_value_desc capabilities[] = {
	{ GENMASK_ULL(CAP_LAST_CAP, 0), "ALL", "every capability that this kernel has" },
#include "cap_table.h"
};

EVRING_NAMES(evring_capabilities, "capabilities", capabilities);

static const struct evring_value_desc ns_operations[] = {
	{ EVRING_NS_CLONE, "clone", "a new process or thread begins in others than its parent" },
	{ EVRING_NS_UNSHARE, "unshare", "a task leaves the ones that it shared" },
	{ EVRING_NS_SETNS, "setns", "a task enters ones that there are" },
};

EVRING_NAMES(evring_ns_operations, "namespace_operation", ns_operations);

static const struct evring_value_desc ns_kinds[] = {
	{ CLONE_NEWCGROUP, "CLONE_NEWCGROUP", "the root of the cgroups that it sees" },
	{ CLONE_NEWIPC, "CLONE_NEWIPC", "System V IPC and message queues" },
	{ CLONE_NEWNS, "CLONE_NEWNS", "mounts" },
	{ CLONE_NEWNET, "CLONE_NEWNET", "network devices, addresses and ports" },
	{ CLONE_NEWPID, "CLONE_NEWPID", "process ids, of its children" },
	{ CLONE_NEWTIME, "CLONE_NEWTIME", "offsets of clocks, of its children" },
	{ CLONE_NEWUSER, "CLONE_NEWUSER", "user and group ids, and capabilities" },
	{ CLONE_NEWUTS, "CLONE_NEWUTS", "the host's name" },
};

EVRING_NAMES(evring_ns_kinds, "namespace_kinds", ns_kinds);

static const struct evring_value_desc session_operations[] = {
	{ EVRING_SESSION_LOGIN, "login", "the user who logged in was set (/proc/self/loginuid)" },
	{ EVRING_SESSION_SETSID, "setsid", "the process leads a new session, without a terminal" },
};

EVRING_NAMES(evring_session_operations, "session_operation", session_operations);

static const struct evring_value_desc memory_operations[] = {
	{ EVRING_MEMORY_MMAP, "mmap", "new memory" },
	{ EVRING_MEMORY_MPROTECT, "mprotect", "memory that there was" },
	{ EVRING_MEMORY_SHMAT, "shmat", "new memory, shared by System V IPC" },
};

EVRING_NAMES(evring_memory_operations, "memory_operation", memory_operations);

static const struct evring_value_desc memory_prot[] = {
	{ PROT_READ, "PROT_READ", "it can be read" },
	{ PROT_WRITE, "PROT_WRITE", "it can be written" },
	{ PROT_EXEC, "PROT_EXEC", "it can be executed" },
};

EVRING_NAMES(evring_memory_prot, "memory_prot", memory_prot);
