/* SPDX-License-Identifier: GPL-2.0-only */
/* stage.c: events that have rules are captured beside the ring; set.c: the rules. */
#ifndef _KMOD_REDACT_STAGE_H
#define _KMOD_REDACT_STAGE_H

#include <linux/evring.h>

struct evring_edge;
struct evring_event_type;

/* stage.c */

int evring_stages_init(void);
void evring_stages_exit(void);
bool evring_stage_add_cpu(unsigned int cpu);
void *evring_stage(struct evring_slot *slot, struct evring_event_type *type, u32 len, bool try);
bool evring_land(struct evring_slot *slot);
void evring_unstage(struct evring_slot *slot);
void evring_stage_edge(struct evring_slot *slot, const struct evring_edge *edge);

/* set.c */

int evring_redact_ctl(struct evring_event_type *type, struct evring_redact *arg);
int evring_redact_reset(struct evring_event_type *type);
void evring_redact_clear(struct evring_event_type *type);

/* default.c */

struct evring_redaction *evring_redact_default(const struct evring_event_type *type);

#endif /* _KMOD_REDACT_STAGE_H */
