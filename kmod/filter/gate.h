/* SPDX-License-Identifier: GPL-2.0-only */
/* gate.c: the filters and limits of a hook's owners decide whether an event is published. */
#ifndef _KMOD_FILTER_GATE_H
#define _KMOD_FILTER_GATE_H

#include <linux/evring.h>
#include <linux/types.h>

struct evring_gate;
struct evring_want;

struct evring_want *evring_want_load(u64 filter, u64 limits, const struct evring_event_type *type);
bool evring_want_filters(const struct evring_want *want);
int evring_want_copy(const struct evring_want *want, struct evring_program **copy);
void evring_want_limits(const struct evring_want *want, struct evring_limits *limits);
void evring_want_free(struct evring_want *want);
struct evring_gate *evring_gate_make(struct evring_want *const *wants,
				     const unsigned long *owners, unsigned int nr);
void evring_gate_free(struct evring_gate *gate);
void evring_suppressed_tell(struct evring_event_type *type);
void evring_gate_submit(const struct evring_gate *gate, struct evring_event_type *type,
			struct evring_slot *slot);

#endif /* _KMOD_FILTER_GATE_H */
