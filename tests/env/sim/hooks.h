/* SPDX-License-Identifier: MIT */
/* hooks.c: the simulation's hooks, one a lane. */
#ifndef EVRING_SIM_HOOKS_H
#define EVRING_SIM_HOOKS_H

#include "../../harness/defaults.h"

struct evring_event_type;
struct evring_slot;

/* The hook of each lane's type has the lane's number; these are process.exec's and .state's. */
#define SIM_HOOK_EXEC	LANES
#define SIM_HOOK_STATE	(LANES + 1)
#define SIM_HOOKS	(LANES + 2)

void sim_hook_register(unsigned int hook, struct evring_event_type *type);
void sim_hook_submit(unsigned int hook, struct evring_slot *slot);

#endif /* EVRING_SIM_HOOKS_H */
