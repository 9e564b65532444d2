// SPDX-License-Identifier: GPL-2.0-only
/* From 6.2, and 6.1.84 */
#include <linux/timer.h>

void probe(struct timer_list *timer);

void probe(struct timer_list *timer)
{
	timer_delete_sync(timer);
}
