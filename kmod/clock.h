/* SPDX-License-Identifier: GPL-2.0-only */
/* clock.c: the time, cheaply and in any context. */
#ifndef _KMOD_CLOCK_H
#define _KMOD_CLOCK_H

#include <linux/jump_label.h>
#include <linux/ktime.h>
#include "compat/tsc.h"

struct evring_meta_pages;

int evring_clock_init(struct evring_meta_pages *published);
void evring_clock_exit(void);
void evring_clock_snapshot(struct evring_meta_pages *to);

DECLARE_STATIC_KEY_FALSE(evring_clock_tsc);

/* The raw time stamp. Any context. */
static __always_inline u64 evring_clock_raw(void)
{
	if (static_branch_likely(&evring_clock_tsc))
		return evring_tsc();
	return ktime_get_boot_fast_ns();
}

/* The same, read after all that was done before. Any context. */
static __always_inline u64 evring_clock_raw_ordered(void)
{
	if (static_branch_likely(&evring_clock_tsc))
		return evring_tsc_ordered();
	return ktime_get_boot_fast_ns();
}

/* evring_clock_raw() where it takes no call. False: it does. */
static __always_inline bool evring_clock_inline(u64 *now)
{
	if (!static_branch_likely(&evring_clock_tsc))
		return false;
	*now = evring_tsc();
	return true;
}

#endif /* _KMOD_CLOCK_H */
