/* SPDX-License-Identifier: MIT */
/* The module as the tests load it: its default lanes, and its limits. */
#ifndef EVRING_TESTS_DEFAULTS_H
#define EVRING_TESTS_DEFAULTS_H

enum { LANE_CRITICAL, LANE_BULK, LANE_APP, LANES };

#define GROUPS_MAX	64
#define SEQ_BITS	48
#define CLOCK_PAST	64
#define TYPES_MAX	1024

#endif /* EVRING_TESTS_DEFAULTS_H */
