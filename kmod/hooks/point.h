/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Points: a hook has one or more, a tracepoint or the entry of a function each.
 *
 * Probes run where the kernel calls them: a tracepoint's in the context of its
 * caller, on 7.0 and later with preemption on; those of kprobes, kretprobes with
 * preemption off. A notifier's context is that of its chain.
 */
#ifndef _KMOD_HOOKS_POINT_H
#define _KMOD_HOOKS_POINT_H

#include <linux/atomic.h>
#include <linux/kprobes.h>
#include <linux/notifier.h>
#include <linux/types.h>

#include "source.h"

struct evring_event_hook;
struct tracepoint;

/* Called at a function's entry. Context: see above; NMI where the function runs there. */
typedef void evring_kprobe_fn(struct evring_event_hook *hook, struct pt_regs *regs);

/* At the entry, of a kretprobe: false if the return is of no interest. */
typedef bool evring_entry_fn(struct evring_event_hook *hook, void *data, struct pt_regs *regs);

/* At the return, with @data as the entry left it. */
typedef void evring_return_fn(struct evring_event_hook *hook, void *data, struct pt_regs *regs);

#define EVRING_HOLDERS	64

/**
 * struct evring_point - one place of a hook
 * @source: its kind
 * @optional: the hook can do without it, but not without all that are no @detail
 * @detail: it adds to events that come without it as well: a call that misses it is no
 *	lost event
 * @hook: the hook that it belongs to; set by hook.c
 * @error: result of @source->find; 0: the point is there
 * @attached: @source->attach has succeeded
 * @since: when @source->attach was last called, nanoseconds of CLOCK_BOOTTIME
 * @missed_told: how much of @source->missed was counted as lost
 * @tracepoint: its name, the probe, and the module that has it, NULL: the kernel.
 *	The probe gets the hook as its first argument
 * @kprobe: names of the function; the first that this kernel has is probed
 * @kretprobe: likewise; @data_size bytes of data go from entry to return.
 *	@active: calls that can be under way at once; more are missed, and counted.
 *	@held: how many of them users have, by a hash of the user; @held_all: all users;
 *	@refused: jiffies when a call was last left out, as its user has his share, all users
 *	have theirs, or all data was in use;
 *	@missed: the count of the latter, when last looked at
 * @notifier: how the chain takes and drops @block; evring_notifier_hook() of
 *	the block is the hook
 */
struct evring_point {
	const struct evring_source *source;
	bool optional;
	bool detail;

	struct evring_event_hook *hook;
	int error;
	bool attached;
	u64 since;
	atomic_long_t missed_told;

	union {
		struct {
			const char *name;
			const char *module;
			void *probe;
			struct tracepoint *at;
			struct module *in;
		} tracepoint;
		struct {
			const char *const *symbols;
			const char *symbol;
			evring_kprobe_fn *enter;
			struct kprobe probe;
		} kprobe;
		struct {
			const char *const *symbols;
			const char *symbol;
			evring_entry_fn *enter;
			evring_return_fn *leave;
			size_t data_size;
			unsigned int active;
			atomic_t held[EVRING_HOLDERS];
			atomic_t held_all;
			unsigned long refused;
			unsigned int missed;
			struct kretprobe probe;
		} kretprobe;
		struct {
			int (*add)(struct notifier_block *block);
			int (*del)(struct notifier_block *block);
			struct notifier_block block;
		} notifier;
	};
};

static inline struct evring_event_hook *evring_notifier_hook(struct notifier_block *block)
{
	return container_of(block, struct evring_point, notifier.block)->hook;
}

/*
 * Points as a family declares them; more members can follow (.optional = true). A point
 * of EVRING_DETAIL is one that adds details alone.
 * A kprobe's names are a list in parentheses: ("do_thing", "__do_thing").
 */
#define EVRING_DETAIL	.optional = true, .detail = true

#define __EVRING_SYMBOLS(...)	((const char *const []){ __VA_ARGS__, NULL })

#define EVRING_TRACEPOINT(_name, _probe, ...) {					\
	.source = &evring_source_tracepoint,					\
	.tracepoint = { .name = (_name), .probe = (_probe) }, ##__VA_ARGS__	\
}

/* Of a module: comes and goes with it. */
#define EVRING_MODULE_TRACEPOINT(_module, _name, _probe, ...) {			\
	.source = &evring_source_tracepoint,					\
	.tracepoint = { .name = (_name), .module = (_module), .probe = (_probe) }, \
	##__VA_ARGS__								\
}

#define EVRING_KPROBE(_symbols, _enter, ...) {					\
	.source = &evring_source_kprobe,					\
	.kprobe = { .symbols = __EVRING_SYMBOLS _symbols, .enter = (_enter) },	\
	##__VA_ARGS__								\
}

#define EVRING_KRETPROBE(_symbols, _enter, _leave, _data_size, _active, ...) {	\
	.source = &evring_source_kretprobe,					\
	.kretprobe = {								\
		.symbols = __EVRING_SYMBOLS _symbols, .enter = (_enter),	\
		.leave = (_leave), .data_size = (_data_size), .active = (_active), \
	}, ##__VA_ARGS__							\
}

#define EVRING_NOTIFIER(_add, _del, _call, ...) {				\
	.source = &evring_source_notifier,					\
	.notifier = {								\
		.add = (_add), .del = (_del), .block = { .notifier_call = (_call) }, \
	}, ##__VA_ARGS__							\
}

#endif /* _KMOD_HOOKS_POINT_H */
