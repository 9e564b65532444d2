// SPDX-License-Identifier: GPL-2.0-only
/* From 6.13: task_newtask's clone_flags have 64 bits. */
#include <linux/mm.h>
#include <trace/events/task.h>

static void newtask_probe(void *data, struct task_struct *task, u64 clone_flags)
{
}

void probe(void);

void probe(void)
{
	check_trace_callback_type_task_newtask(newtask_probe);
}
