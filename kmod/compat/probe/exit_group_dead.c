// SPDX-License-Identifier: GPL-2.0-only
/* From 6.16: sched_process_exit tells whether the process ends. */
#include <linux/mm.h>
#include <trace/events/sched.h>

static void exit_probe(void *data, struct task_struct *task, bool group_dead)
{
}

void probe(void);

void probe(void)
{
	check_trace_callback_type_sched_process_exit(exit_probe);
}
