/* SPDX-License-Identifier: GPL-2.0-only */
/* timer_delete_sync(), by its old name where the kernel has no other. */
#ifndef _KMOD_COMPAT_TIMER_H
#define _KMOD_COMPAT_TIMER_H

#include <linux/timer.h>

#ifndef EVRING_HAVE_TIMER_DELETE_SYNC
static inline int timer_delete_sync(struct timer_list *timer)
{
	return del_timer_sync(timer);
}
#endif
#endif /* _KMOD_COMPAT_TIMER_H */
