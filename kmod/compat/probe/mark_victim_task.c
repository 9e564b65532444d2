// SPDX-License-Identifier: GPL-2.0-only
/* From 6.9: mark_victim has the task, not its id alone. */
#include <linux/mm.h>
#include <trace/events/oom.h>

static void victim_probe(void *data, struct task_struct *task, uid_t uid)
{
}

void probe(void);

void probe(void)
{
	check_trace_callback_type_mark_victim(victim_probe);
}
