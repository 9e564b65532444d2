/* SPDX-License-Identifier: MIT */
/* names: of lanes, kinds, causes, features and hooks; "unknown" if the library has no name for one. */
#ifndef EVRING_NAMES_H
#define EVRING_NAMES_H

#include <evring.h>
#include <stdbool.h>
#include <stdint.h>

const char *lane_name(const struct evring *ev, unsigned int lane);
const char *kind_name(unsigned int kind);
const char *format_name(unsigned int format);
const char *cause_name(unsigned int cause);
const char *policy_name(unsigned int policy);
const char *clock_source_name(unsigned int source);
/* Of one bit, EVRING_FEATURE_* */
const char *feature_name(uint64_t feature);
/* "filters, limits"; the caller frees it. */
char *feature_list(uint64_t features);
/* "critical,bulk"; the caller frees it. @lanes has a bit for each lane. */
char *lane_list(const struct evring *ev, uint64_t lanes);

/* A type that can be attached; @type may be NULL. */
bool is_hook(const struct evring_type *type);
/* "attached", "detached", "disarmed", ...; "-" of a type that is no hook */
const char *hook_state(const struct evring_type *type);
/* "process.exec, process.exit"; "none" if there is no hook. The caller frees it. */
char *hook_list(struct evring *ev);

#endif /* EVRING_NAMES_H */
