// SPDX-License-Identifier: GPL-2.0-only
/* What requests, outcomes and bits of processes are called. */
#include <linux/ptrace.h>
#include <linux/securebits.h>
#include <trace/events/signal.h>

#include "process_names.h"

#define TABLE(_id, _name, _values)						\
const struct evring_names_desc _id = {						\
	.name = (_name),							\
	.values = (_values),							\
	.nr_values = ARRAY_SIZE(_values),					\
}

static const struct evring_value_desc ptrace_requests[] = {
	{ PTRACE_TRACEME, "PTRACE_TRACEME", "the parent shall trace the caller" },
	{ PTRACE_ATTACH, "PTRACE_ATTACH", "trace another task, and stop it" },
	{ PTRACE_SEIZE, "PTRACE_SEIZE", "trace another task, and let it run" },
};

TABLE(evring_ptrace_requests, "ptrace_request", ptrace_requests);

static const struct evring_value_desc signal_outcomes[] = {
	{ TRACE_SIGNAL_DELIVERED, "delivered", "the target will see it" },
	{ TRACE_SIGNAL_IGNORED, "ignored", "the target ignores it" },
	{ TRACE_SIGNAL_ALREADY_PENDING, "already_pending", "one more would make no difference" },
	{ TRACE_SIGNAL_OVERFLOW_FAIL, "overflow_fail", "the target has too many that wait" },
	{ TRACE_SIGNAL_LOSE_INFO, "lose_info", "it comes without who sent it, and why" },
};

TABLE(evring_signal_outcomes, "signal_outcome", signal_outcomes);

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

TABLE(evring_securebits, "securebits", securebits);
