/* SPDX-License-Identifier: MIT */
/* hooks.c: the simulation's hooks, one a lane. */
#ifndef EVRING_SIM_HOOKS_H
#define EVRING_SIM_HOOKS_H

#include "../../harness/defaults.h"

struct evring_event_type;
struct evring_slot;

void sim_hook_register(unsigned int lane, struct evring_event_type *type);
void sim_hook_submit(unsigned int lane, struct evring_slot *slot);

#endif /* EVRING_SIM_HOOKS_H */
