/* SPDX-License-Identifier: GPL-2.0-only */
/* The limits of this module; user space learns them from the meta page. */
#ifndef _KMOD_LIMITS_H
#define _KMOD_LIMITS_H

#include <linux/evring.h>
#include <linux/types.h>

#define EVRING_LANES_MAX	16
#define EVRING_GROUPS_MAX	64
#define EVRING_TYPES_MAX	1024
#define EVRING_FIELDS_MAX	256	/* of one type */
#define EVRING_VALUES_MAX	4096	/* of one table of names */
#define EVRING_CLOCK_PAST	64	/* lines of the clock that are kept */
#define EVRING_LOST_CAUSES	(EVRING_LOST_RATE + 1)
#define EVRING_SEQ_BITS		48
#define EVRING_SEQ_MASK		((1ULL << EVRING_SEQ_BITS) - 1)

#endif /* _KMOD_LIMITS_H */
